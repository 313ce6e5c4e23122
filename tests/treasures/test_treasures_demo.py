"""The demo's treasures: every state once, invented and said to be so, with nobody behind them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from tests.conftest import PROJECT, SettingsFactory
from wx_archive import demo_treasures
from wx_archive.chat.models import HeldAnswer
from wx_archive.core import clock
from wx_archive.core.jobs import Job
from wx_archive.core.services import Services, open_services
from wx_archive.followers.models import Follower
from wx_archive.treasures import (
    certificates,
    console,
    keeping,
    queries,
    review,
    sealed,
    showing,
    views,
)
from wx_archive.treasures.models import Treasure, TreasureEvent
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.register_models import Accession
from wx_archive.treasures.rules import State

FOLDER = PROJECT / "content" / "demo" / "treasures"
FILE = demo_treasures.read(FOLDER.with_suffix(".yaml"))


@pytest.fixture
def services(demo_settings: SettingsFactory) -> Iterator[Services]:
    """A demo after its first start."""
    with open_services(demo_settings()) as opened:
        demo_treasures.invent(opened)
        yield opened


def uploads_of(services: Services) -> list[Upload]:
    with services.database.reads() as connection:
        ids = connection.scalars(select(Treasure.id).order_by(Treasure.id)).all()
        return [queries.by_id(connection, one) for one in ids]


def test_there_is_one_of_each_state_with_its_story_said_to_be_invented(services: Services) -> None:
    found = uploads_of(services)
    assert [one.state for one in found] == [piece.state for piece in FILE.pieces]
    assert len({one.state for one in found}) == 9
    for one in found:
        assert one.story.endswith("（虚构，仅供演示）")
        assert one.follower_id is None
    with services.database.reads() as connection:
        assert not connection.scalar(select(func.count()).select_from(HeldAnswer))
        assert not connection.scalar(select(func.count()).select_from(Follower))


def test_one_is_shown_one_waits_for_an_answer_and_one_was_declined(services: Services) -> None:
    by_state = {one.state: one for one in uploads_of(services)}
    shown = by_state[State.PUBLISHED]
    with services.database.reads() as connection:
        certificate = certificates.of_treasure(connection, shown.id)
        record = connection.scalar(
            select(Accession.record_pid).where(Accession.treasure_id == shown.id)
        )
        pieces = [
            showing.find(connection, pid, today=clock.today()) for pid in (shown.pid, record or "")
        ]
        (file,) = queries.files(connection, shown.id)
    assert certificate is not None
    (piece,) = [one for one in pieces if one is not None][:1]
    assert piece.credited == "张阿姨"
    assert len(piece.pictures) == 1
    with views.opened(sealed.open_sealed(services.settings), file, views.Form.THUMB) as thumb:
        assert thumb.read(2) == b"\xff\xd8"
    assert by_state[State.NEED_INFO].note == FILE.pieces[5].note
    assert by_state[State.DECLINED].erase_on is not None


def test_none_is_in_the_hands_of_somebody_who_may_not_see_it(services: Services) -> None:
    with services.database.reads() as connection:
        may_own = {one.id for one in review.colleagues(connection)}
    owners = {one.owner_id for one in uploads_of(services)} - {None}
    assert owners
    assert owners <= may_own


def test_it_is_written_once(services: Services) -> None:
    before = [one.version for one in uploads_of(services)]
    demo_treasures.invent(services)
    assert [one.version for one in uploads_of(services)] == before


def test_nothing_of_it_alarms_anybody_or_is_late(services: Services) -> None:
    with services.database.reads() as connection:
        assert [one.key for one in console.alerts(connection, clock.now())] == []
        kinds = connection.scalars(select(Job.kind).where(Job.kind.startswith("treasures.")))
        assert set(kinds) >= {"treasures.look", "treasures.certificate"}
        mine = Job.kind.startswith("treasures.")
        first = connection.scalar(select(func.min(Job.created_at)).where(mine))
    assert first is not None
    assert (clock.now() - first).total_seconds() < 600


def test_every_original_is_stored_as_it_came_and_its_steps_are_past(services: Services) -> None:
    store = sealed.open_sealed(services.settings)
    checked = keeping.check(services.database, store, until=clock.now())
    assert checked.is_whole
    assert checked.files == sum(len(piece.pictures) for piece in FILE.pieces)
    with services.database.reads() as connection:
        last = connection.scalar(select(func.max(TreasureEvent.at)))
    assert last is not None
    assert last <= clock.now()


def test_the_pictures_are_there_and_small() -> None:
    for piece in FILE.pieces:
        for name in piece.pictures:
            assert (FOLDER / name).stat().st_size < 60_000
