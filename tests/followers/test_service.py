"""Arriving, leaving, being seen: the newest event decides, whatever arrives late."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.wechat.deliveries import NOW, OPENID, SECOND
from wx_archive.core.database import Database
from wx_archive.followers import service as followers
from wx_archive.followers.models import Follower
from wx_archive.followers.service import Arrival


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.begin() as session:
        yield session


@pytest.fixture
def one(session: Session) -> int:
    """A follower among others, who must not change with them."""
    followers.ensure(session, "oNoise", now=NOW)
    return followers.ensure(session, OPENID, now=NOW)


def row(session: Session, openid: str = OPENID) -> Follower:
    query = select(Follower).where(Follower.openid == openid)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def test_a_follower_has_one_row_however_often_they_come(session: Session, one: int) -> None:
    assert followers.ensure(session, OPENID, now=NOW + timedelta(days=1)) == one
    assert session.scalar(select(func.count()).select_from(Follower)) == 2
    assert row(session).first_seen_at == NOW
    assert row(session).last_seen_at == NOW + timedelta(days=1)
    assert row(session, "oNoise").last_seen_at == NOW


def test_being_seen_late_does_not_turn_back_the_clock(session: Session, one: int) -> None:
    assert one
    followers.note_seen(session.connection(), {OPENID: NOW - timedelta(days=1), "oNew": NOW})
    assert row(session).last_seen_at == NOW
    assert row(session, "oNew").first_seen_at == NOW
    followers.note_seen(session.connection(), {})


def test_being_seen_makes_nobody_follow_again(session: Session, one: int) -> None:
    followers.leave(session, one, at=SECOND)
    followers.note_seen(session.connection(), {OPENID: NOW + timedelta(hours=1)})
    assert not row(session).is_following


def test_the_first_arrival_is_no_return_and_keeps_its_scene(session: Session, one: int) -> None:
    arrival = followers.arrive(session, one, scene="reading-room", at=SECOND)
    assert arrival == Arrival(is_return=False, is_stale=False)
    assert row(session).scene == "reading-room"
    assert row(session, "oNoise").scene is None


def test_a_return_is_told_and_keeps_the_first_scene(session: Session, one: int) -> None:
    followers.arrive(session, one, scene="first", at=SECOND)
    followers.leave(session, one, at=SECOND + 1)
    arrival = followers.arrive(session, one, scene="second", at=SECOND + 2)
    assert arrival == Arrival(is_return=True, is_stale=False)
    assert row(session).is_following
    assert row(session).scene == "first"


def test_a_return_through_a_code_is_not_how_they_first_came(session: Session, one: int) -> None:
    followers.arrive(session, one, scene=None, at=SECOND)
    followers.arrive(session, one, scene="poster", at=SECOND + 1)
    assert row(session).scene is None


def test_a_late_arrival_after_a_departure_changes_nothing(session: Session, one: int) -> None:
    assert followers.leave(session, one, at=SECOND + 10)
    arrival = followers.arrive(session, one, scene="late", at=SECOND)
    assert arrival.is_stale
    after = row(session)
    assert (after.is_following, after.changed_at, after.scene) == (False, SECOND + 10, None)


def test_a_late_departure_after_a_return_changes_nothing(session: Session, one: int) -> None:
    followers.arrive(session, one, scene=None, at=SECOND + 10)
    assert not followers.leave(session, one, at=SECOND)
    assert row(session).is_following
    assert row(session).changed_at == SECOND + 10


def test_of_two_events_of_one_second_the_later_delivery_decides(session: Session, one: int) -> None:
    followers.arrive(session, one, scene=None, at=SECOND)
    assert followers.leave(session, one, at=SECOND)
    assert not row(session).is_following
    assert not followers.arrive(session, one, scene=None, at=SECOND).is_stale
    assert row(session).is_following


def test_a_very_long_scene_is_cut_to_its_column(session: Session, one: int) -> None:
    followers.arrive(session, one, scene="s" * 500, at=SECOND)
    assert row(session).scene == "s" * 128


def test_a_departure_of_somebody_unknown_leaves_them_not_following(session: Session) -> None:
    stranger = followers.ensure(session, "oStranger", now=NOW)
    assert followers.leave(session, stranger, at=SECOND)
    assert not row(session, "oStranger").is_following
