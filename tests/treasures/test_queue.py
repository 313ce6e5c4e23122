"""The queue on both databases: what is late first, its filters, its pages, its counts."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from tests.talk import NOON
from tests.treasures.desk_making import (
    a_colleague,
    an_upload,
    by_sender,
    by_staff,
    read,
)
from wx_archive.core.database import Database
from wx_archive.core.paging import Place
from wx_archive.treasures import queue, review, uploads
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.queue import Counts, Page, Wanted
from wx_archive.treasures.rules import Channel, State
from wx_archive.treasures.steps import locked

DAY = timedelta(days=1)
TODAY = date(2026, 12, 4)
ALL = Wanted()


def some(database: Database, count: int) -> list[Upload]:
    """Return uploads of one day after another."""
    return [
        an_upload(database, contents=((str(place).encode(), ""),), now=NOON + place * DAY)
        for place in range(count)
    ]


def moves(database: Database, one: Upload, *states: State) -> Upload:
    for state in states:
        with database.begin() as session:
            review.move(session, one.id, state, by_staff(), note="一句话")
    return read(database, one)


def stands(database: Database, one: Upload, state: State) -> None:
    """Put an upload into a state that comes after the review."""
    with database.begin() as session:
        treasure = locked(session, one.id)
        treasure.state, treasure.act_by = state.value, None


def page(database: Database, wanted: Wanted = ALL, **turn: Place | None) -> Page:
    with database.reads() as connection:
        return queue.page(connection, wanted, today=TODAY, **turn)


def numbers(found: Sequence[Upload]) -> list[int]:
    return [int((one.number or "0")[-6:]) for one in found]


def counts(database: Database, member_id: int = 0) -> Counts:
    with database.reads() as connection:
        return queue.counts(connection, member_id=member_id, today=TODAY)


def test_what_the_staff_must_do_comes_first_by_its_day_and_what_is_over_last(
    database: Database,
) -> None:
    every = some(database, 7)
    moves(database, every[0], State.SCREENING, State.APPRAISAL)  # its day is the last one
    moves(database, every[1], State.NEED_INFO)
    moves(database, every[2], State.DECLINED)
    moves(database, every[3], State.DECLINED)
    stands(database, every[4], State.PUBLISHED)
    assert numbers(page(database).uploads) == [6, 7, 1, 2, 5, 4, 3]


def test_a_draft_is_in_no_list_and_no_count(database: Database) -> None:
    with database.begin() as session:
        uploads.begin(session, Channel.H5, by_sender())
    assert page(database).uploads == []
    assert page(database, Wanted(states=frozenset({State.DRAFT}))).uploads == []
    assert counts(database).by_state == {}


def test_filters_leave_what_was_asked_for(database: Database) -> None:
    clerk = a_colleague(database)
    every = some(database, 4)
    with database.begin() as session:
        doing = by_staff(clerk)
        review.assign(session, every[1].id, clerk, doing, note="", version=None)
        session.get_one(Treasure, every[2].id).channel = Channel.DESK.value
    moves(database, every[3], State.DECLINED)

    def found(**wanted: object) -> list[int]:
        return numbers(page(database, Wanted(**wanted)).uploads)  # type: ignore[arg-type]

    assert found(states=frozenset({State.DECLINED})) == [4]
    assert found(owner_id=clerk.id) == [2]
    assert found(owner_id=0) == [1, 3, 4]
    assert found(channel=Channel.DESK) == [3]
    assert found(number=every[0].number) == [1]
    assert found(number="珍2026-999999") == []
    assert found(is_late=True) == [1, 2, 3]


def test_what_waits_for_its_sender_is_not_late(database: Database) -> None:
    (one,) = some(database, 1)
    asked = moves(database, one, State.NEED_INFO)
    assert asked.act_by is not None
    with database.reads() as connection:
        late = queue.page(connection, Wanted(is_late=True), today=asked.act_by + 9 * DAY)
    assert late.uploads == []


def test_pages_follow_one_another_without_a_gap_whatever_comes_between(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAGE", 2)
    every = some(database, 5)
    moves(database, every[1], State.DECLINED)
    first = page(database)
    assert (numbers(first.uploads), first.newer) == ([1, 3], None)
    an_upload(database, contents=((b"new", ""),), now=NOON - 9 * DAY)  # comes before them all
    second = page(database, after=first.older)
    third = page(database, after=second.older)
    assert (numbers(second.uploads), numbers(third.uploads)) == ([4, 5], [2])
    assert third.older is None
    back = page(database, before=third.newer)
    assert numbers(back.uploads) == [4, 5]
    assert numbers(page(database, before=back.newer).uploads) == [1, 3]


@pytest.mark.parametrize("text", ["", "x", "0.2026-13-01.1", "0.2026-01-01", "a.2026-01-01.1"])
def test_an_address_that_names_no_place_is_the_first_page(text: str) -> None:
    assert Place.read(text) is None


def test_a_place_is_read_as_it_was_written() -> None:
    place = Place(3, TODAY, -12)
    assert Place.read(str(place)) == place


def test_counts_are_of_what_stands_there(database: Database) -> None:
    clerk = a_colleague(database)
    every = some(database, 5)  # days of the first three are over
    for one in (every[1], every[4]):
        with database.begin() as session:
            doing = by_staff(clerk)
            review.assign(session, one.id, clerk, doing, note="", version=None)
    moves(database, every[3], State.NEED_INFO)
    told = counts(database, clerk.id)
    assert told.by_state == {State.RECEIVED: 4, State.NEED_INFO: 1}
    assert (told.new_late, told.mine, told.mine_late, told.late) == (4, 2, 2, 4)
    assert told.of(State.RECEIVED, State.NEED_INFO) == 5
    assert counts(database).mine == 0


def test_pieces_are_counted_as_they_stand(database: Database) -> None:
    two = an_upload(database, contents=((b"a", ""), (b"b", "")))
    one = an_upload(database, contents=((b"c", ""),))
    assert page(database).pieces == {two.id: 2, one.id: 1}
