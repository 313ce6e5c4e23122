"""What the calendar ends, and what the sweeps find; on both databases."""

import io
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.treasures.fetching import PHOTO, Depot, a_depot, passes
from wx_archive.alerts.texts import JOBS
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.treasures import erase_jobs, files, queries, rules, uploads
from wx_archive.treasures.models import Treasure, TreasureContact, TreasureFile
from wx_archive.treasures.rules import (
    Action,
    Credit,
    FileState,
    Ownership,
    Scope,
    State,
    Wish,
)
from wx_archive.treasures.sealed import new_key
from wx_archive.treasures.steps import Doing, advance, locked
from wx_archive.treasures.uploads import Told, Wishes

DAY_S = 86_400
TOLD = Told("全家福", "爷爷站在左边", "大约 1975 年", "老县城", "张秀英")
WISHES = Wishes(Ownership.INHERITED, Wish.COPY, Scope.PUBLIC, Credit.NAME, "张秀英")


@pytest.fixture
def depot(database: Database, tmp_path: Path) -> Iterator[Depot]:
    with a_depot(database, tmp_path) as opened:
        opened.wechat.has |= {"m1": PHOTO, "m2": PHOTO + b"2"}
        yield opened


def handed_in(depot: Depot) -> int:
    """Hand in two photos with their story, wishes and contact; whose upload."""
    treasure_id = depot.sends("m1", "m2")
    depot.works()
    with depot.database.begin() as session:
        treasure = locked(session, treasure_id)
        uploads.describe(session, treasure, TOLD, depot.doing)
        uploads.state_wishes(session, treasure, WISHES, depot.doing)
        session.add(TreasureContact(treasure_id=treasure_id, sealed=b"sealed"))
    depot.finishes()
    return treasure_id


def moved(depot: Depot, treasure_id: int, *to: State, note: str = "为什么") -> None:
    """Have staff move an upload."""
    staff = Doing.of(depot.services.site, "wang", now=clock.now())
    with depot.database.begin() as session:
        for state in to:
            told = note if state in rules.NEEDS_NOTE else ""
            advance(session, locked(session, treasure_id), state, staff, note=told)


def has_form(depot: Depot, treasure_id: int) -> None:
    """Put a form beside the first file's object, as whoever shows it does."""
    key = depot.files(treasure_id)[0].object_key
    depot.store.put(f"{key}.view1", io.BytesIO(b"form"))


def nights(depot: Depot, count: int) -> None:
    for number in range(count):
        passes(DAY_S)
        depot.asks(erase_jobs.ERASE, f"{clock.now():%j}-{number}")


# -- drafts -----------------------------------------------------------------------------------


def test_a_draft_is_deleted_with_its_files_after_a_week(depot: Depot) -> None:
    treasure_id = depot.sends("m1", "m2")
    depot.works()
    has_form(depot, treasure_id)
    assert len(depot.objects) == 3
    nights(depot, rules.DRAFT_LASTS.days - 1)
    assert len(depot.objects) == 3
    nights(depot, 1)
    assert depot.objects == []
    with depot.database.reads() as connection:
        assert connection.execute(select(Treasure.id)).all() == []
        assert connection.execute(select(TreasureFile.id)).all() == []


def test_a_draft_that_is_added_to_lives_on(depot: Depot) -> None:
    depot.sends("m1")
    nights(depot, rules.DRAFT_LASTS.days - 1)
    depot.sends("m2")
    nights(depot, 2)
    assert len(depot.objects) == 2


# -- what was not taken -----------------------------------------------------------------------


@pytest.mark.parametrize("end", [State.DECLINED, State.WITHDRAWN, State.RETURNED])
def test_what_is_over_keeps_its_number_and_dates_and_nothing_else(depot: Depot, end: State) -> None:
    treasure_id = handed_in(depot)
    has_form(depot, treasure_id)
    ways = {State.RETURNED: (State.SCREENING, State.ACCEPTED, State.RETURNED)}
    moved(depot, treasure_id, *ways.get(end, (end,)))
    nights(depot, rules.ERASED_AFTER_DAYS - 1)
    assert depot.upload(treasure_id).title == TOLD.title
    assert len(depot.objects) == 3
    nights(depot, 1)
    upload = depot.upload(treasure_id)
    words = (upload.title, upload.story, upload.year_text, upload.place, upload.people)
    assert (*words, upload.note, upload.credit_name) == ("",) * 7
    assert (upload.state, upload.number) == (end, f"珍{clock.today().year}-000001")
    assert upload.erased_at is not None
    assert {file.state for file in depot.files(treasure_id)} == {FileState.ERASED}
    assert depot.objects == []
    with depot.database.reads() as connection:
        assert connection.execute(select(TreasureContact.treasure_id)).all() == []
        steps = queries.steps(connection, treasure_id)
    assert (steps[-1].actor, steps[-1].action) == ("clock", Action.NOTE)
    assert [step.note for step in steps[:-1]] == [""] * (len(steps) - 1)
    assert [step.to_state for step in steps if step.action is Action.MOVE][-1] is end


def test_it_is_erased_once(depot: Depot) -> None:
    treasure_id = handed_in(depot)
    moved(depot, treasure_id, State.DECLINED)
    nights(depot, rules.ERASED_AFTER_DAYS)
    erased = depot.upload(treasure_id)
    nights(depot, 2)
    assert depot.upload(treasure_id) == erased


def test_what_is_taken_on_again_is_not_erased(depot: Depot) -> None:
    treasure_id = handed_in(depot)
    moved(depot, treasure_id, State.DECLINED, State.SCREENING)
    nights(depot, rules.ERASED_AFTER_DAYS + 1)
    assert depot.upload(treasure_id).title == TOLD.title
    assert len(depot.objects) == 2


# -- questions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "back"),
    [
        ((State.NEED_INFO,), State.SCREENING),
        ((State.SCREENING, State.NEED_INFO), State.SCREENING),
        ((State.SCREENING, State.APPRAISAL, State.NEED_INFO), State.APPRAISAL),
        ((State.SCREENING, State.ACCEPTED, State.NEED_INFO), State.ACCEPTED),
    ],
)
def test_silence_takes_nothing_from_anybody(
    depot: Depot, way: tuple[State, ...], back: State
) -> None:
    treasure_id = handed_in(depot)
    moved(depot, treasure_id, *way, note="背面有字吗")
    asked, told = depot.upload(treasure_id), depot.told
    assert asked.act_by is not None
    while clock.today() < asked.act_by:
        nights(depot, 1)
    assert depot.upload(treasure_id).state is State.NEED_INFO
    nights(depot, 1)
    upload = depot.upload(treasure_id)
    assert upload.state is back
    assert upload.title == TOLD.title
    with depot.database.reads() as connection:
        last = queries.steps(connection, treasure_id)[-1]
    assert (last.actor, last.from_state, last.to_state) == ("clock", State.NEED_INFO, back)
    assert depot.told == told[:-1]  # no news to them; the question itself is asked no more


# -- the sweeps -------------------------------------------------------------------------------


def age(depot: Depot, key: str, *, hours: float) -> None:
    at = (clock.now() - clock.offset() - timedelta(hours=hours)).timestamp()
    os.utime(depot.store.path(key), (at, at))


def test_an_object_without_a_row_is_swept_after_an_hour_with_its_forms(depot: Depot) -> None:
    kept = depot.sends("m1")
    depot.works()
    has_form(depot, kept)
    orphan = new_key()
    for key in (orphan, f"{orphan}.thumb1"):
        depot.store.put(key, io.BytesIO(b"nobody's"))
    for key in depot.objects:
        age(depot, key, hours=0.9)
    depot.asks(erase_jobs.SWEEP_OBJECTS, "1")
    assert len(depot.objects) == 4
    for key in depot.objects:
        age(depot, key, hours=1.1)
    depot.asks(erase_jobs.SWEEP_OBJECTS, "2")
    own = depot.files(kept)[0].object_key
    assert depot.objects == [own, f"{own}.view1"]


def test_whoever_died_between_commit_and_deletion_is_swept_after(depot: Depot) -> None:
    treasure_id = handed_in(depot)
    with depot.database.begin() as session:  # and nobody deletes what this returns
        files.erase(session, [file.id for file in depot.files(treasure_id)], now=clock.now())
    assert len(depot.objects) == 2
    for key in depot.objects:
        age(depot, key, hours=2)
    depot.asks(erase_jobs.SWEEP_OBJECTS)
    assert depot.objects == []


def test_a_file_that_is_awaited_owns_the_object_that_came_before_its_commit(depot: Depot) -> None:
    treasure_id = depot.sends("m1")
    key = depot.files(treasure_id)[0].object_key
    assert key is not None
    depot.store.put(key, io.BytesIO(b"half done"))
    age(depot, key, hours=48)
    depot.asks(erase_jobs.SWEEP_OBJECTS)
    assert depot.store.exists(key)


def test_what_a_dead_writer_left_is_swept_within_the_minute(depot: Depot) -> None:
    waiting = depot.store.folder / ".waiting"
    waiting.mkdir(parents=True)
    (waiting / "left").write_bytes(b"half")
    depot.asks(erase_jobs.SWEEP)
    assert depot.waiting == []


def test_what_somebody_still_sends_is_left_alone(depot: Depot) -> None:
    with depot.store.waiting(io.BytesIO(PHOTO), most_bytes=99_999) as waiting:
        os.utime(waiting.path, (0, 0))
        depot.asks(erase_jobs.SWEEP, "1")
        assert waiting.path.exists()
        depot.store.place(waiting, new_key())
    assert len(depot.objects) == 1


def test_every_schedule_has_its_kind_and_its_name(depot: Depot) -> None:
    kinds = erase_jobs.build(depot.services, depot.platform).kinds
    for schedule in erase_jobs.SCHEDULES:
        assert schedule.kind in kinds
        assert schedule.kind in JOBS
