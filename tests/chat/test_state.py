"""Conversation state: kept with the effect, gone when expired, outdated or of another shape."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import ClassVar

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tests.chat.talks import Asking
from tests.wechat.deliveries import NOW, OPENID
from wx_archive.chat import known, state
from wx_archive.chat.models import Conversation
from wx_archive.chat.state import State
from wx_archive.core.database import Database
from wx_archive.followers import service as followers


@dataclass(frozen=True)
class Newer:
    """The same state in the next version of the product, where its number means another thing."""

    number: int
    name: ClassVar[str] = "asking"
    version: ClassVar[int] = 2
    lasts: ClassVar[timedelta] = timedelta(minutes=10)


@dataclass(frozen=True)
class Uploading:
    """Another state altogether."""

    words: list[str]
    name: ClassVar[str] = "uploading"
    version: ClassVar[int] = 1
    lasts: ClassVar[timedelta] = timedelta(minutes=1)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.begin() as session:
        yield session


@pytest.fixture
def one(session: Session) -> int:
    other = followers.ensure(session, "oSomebodyElse", now=NOW)
    state.keep(session, other, Asking(99), now=NOW)
    return followers.ensure(session, OPENID, now=NOW)


def loaded(
    session: Session,
    *kinds: type[State],
    later: timedelta = timedelta(0),
) -> State | None:
    return state_of(session, OPENID, *kinds, later=later)


def state_of(
    session: Session, openid: str, *kinds: type[State], later: timedelta = timedelta(0)
) -> State | None:
    known_kinds = known.by_name(kinds)
    found = known.look_up(session.connection(), "key", openid, known_kinds, now=NOW + later)
    return found.state


def test_a_kept_state_is_there_for_this_follower_only(session: Session, one: int) -> None:
    assert loaded(session, Asking) is None
    state.keep(session, one, Asking(3), now=NOW)
    assert loaded(session, Asking, Uploading) == Asking(3)


def test_a_new_state_replaces_the_old_one(session: Session, one: int) -> None:
    state.keep(session, one, Asking(3), now=NOW)
    state.keep(session, one, Uploading(["一", "二"]), now=NOW)
    assert loaded(session, Asking, Uploading) == Uploading(["一", "二"])
    assert session.scalar(select(func.count()).select_from(Conversation)) == 2


def test_a_state_lasts_as_long_as_it_says(session: Session, one: int) -> None:
    state.keep(session, one, Asking(3), now=NOW)
    assert loaded(session, Asking, later=timedelta(minutes=10, seconds=-1)) == Asking(3)
    assert loaded(session, Asking, later=timedelta(minutes=10)) is None


def test_keeping_a_state_again_starts_its_time_again(session: Session, one: int) -> None:
    state.keep(session, one, Asking(3), now=NOW)
    state.keep(session, one, Asking(4), now=NOW + timedelta(minutes=9))
    assert loaded(session, Asking, later=timedelta(minutes=15)) == Asking(4)


def test_a_state_of_another_version_is_dropped(session: Session, one: int) -> None:
    state.keep(session, one, Asking(3), now=NOW)
    assert loaded(session, Newer) is None
    state.keep(session, one, Newer(3), now=NOW)
    assert loaded(session, Asking) is None


def test_a_state_nobody_knows_any_more_is_dropped(session: Session, one: int) -> None:
    state.keep(session, one, Uploading([]), now=NOW)
    assert loaded(session, Asking) is None


def test_a_state_of_another_shape_is_dropped(session: Session, one: int) -> None:
    state.keep(session, one, Asking(3), now=NOW)
    for payload in ("{}", '{"number": 3, "more": 1}', '{"other": 3}'):
        session.execute(
            update(Conversation).where(Conversation.follower_id == one).values(payload=payload)
        )
        assert loaded(session, Asking) is None


def test_leaving_takes_only_this_follower_out(session: Session, one: int) -> None:
    state.keep(session, one, Asking(3), now=NOW)
    state.leave(session, one)
    assert loaded(session, Asking) is None
    assert state_of(session, "oSomebodyElse", Asking) == Asking(99)


def test_a_state_is_plain_values(session: Session, one: int) -> None:
    state.keep(session, one, Uploading(["档"]), now=NOW)
    payload = session.scalars(
        select(Conversation.payload).where(Conversation.follower_id == one)
    ).one()
    assert payload == '{"words": ["档"]}'
    assert asdict(Uploading(["档"])) == {"words": ["档"]}
