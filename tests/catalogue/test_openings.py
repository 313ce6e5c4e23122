"""What the calendar brings: opening days to the day, reviews after 25 years, nothing by itself."""

import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.builders import (
    SECRET,
    Row,
    a_document,
    a_record,
    import_documents,
    import_records,
)
from wx_archive.catalogue import jobs, openings, search
from wx_archive.catalogue.models import Document, OpeningReview, Record, SearchEntry
from wx_archive.catalogue.query import understand
from wx_archive.catalogue.rules import Openness
from wx_archive.core import clock, schema
from wx_archive.core.database import Database
from wx_archive.core.ids import stable_pid
from wx_archive.core.jobs import Runner
from wx_archive.core.jobs.schedule import insert_due
from wx_archive.core.site import Site
from wx_archive.lookup import service

PROJECT = Path(__file__).parents[2]
DAY = date(2030, 1, 1)
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
WORD = "兰水大桥"


def a_deferred(key: str = "R1", **changes: object) -> Row:
    return a_record(key, open=None, openness="延期开放", open_on=DAY.isoformat()) | changes


def found(database: Database, today: date) -> int:
    """Return how many the public finds, after making sure that a page does not know more."""
    with database.reads() as connection:
        hits = search.search(connection, understand(WORD), today=today, limit=100).hits
        pages = [service.record(connection, hit.pid, today=today) for hit in hits]
    assert None not in pages
    return len(hits)


def page_of(database: Database, key: str, today: date) -> object:
    with database.reads() as connection:
        return service.record(connection, stable_pid("record", key, SECRET), today=today)


@pytest.mark.parametrize(
    "row", [a_deferred(), a_record(open_on=DAY.isoformat())], ids=["deferred", "open from a day on"]
)
def test_a_record_opens_on_its_day_and_not_before(
    database: Database, tmp_path: Path, row: Row
) -> None:
    import_records(database, tmp_path, row)
    assert openings.follow_calendar(database, today=BEFORE) == (0, 0)
    assert found(database, BEFORE) == 0
    assert page_of(database, "R1", BEFORE) is None
    assert openings.follow_calendar(database, today=DAY) == (1, 0)
    assert found(database, DAY) == 1
    assert page_of(database, "R1", DAY) is not None


def test_running_twice_changes_nothing_and_running_late_catches_up(
    database: Database, tmp_path: Path
) -> None:
    rows = [a_deferred(f"R{n}", open_on=(DAY + timedelta(days=n)).isoformat()) for n in range(4)]
    import_records(database, tmp_path, *rows)
    assert openings.follow_calendar(database, today=DAY + timedelta(days=2)) == (3, 0)
    assert openings.follow_calendar(database, today=DAY + timedelta(days=2)) == (0, 0)
    assert openings.follow_calendar(database, today=DAY + timedelta(days=9)) == (1, 0)
    assert found(database, DAY + timedelta(days=9)) == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"openness": "控制", "open": None},
        {"openness": "未审核", "open": None},
        {"livelihood": 1},
        {"secrecy": "内部"},
    ],
)
def test_the_day_opens_nothing_that_something_else_keeps_closed(
    database: Database, tmp_path: Path, changes: Row
) -> None:
    import_records(database, tmp_path, a_deferred(**changes))
    assert openings.follow_calendar(database, today=AFTER) == (0, 0)
    assert found(database, AFTER) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"openness": "controlled"},
        {"openness": "unreviewed"},
        {"openness": "deferred", "open_on": AFTER},
        {"open_on": AFTER},
        {"is_livelihood": True},
        {"is_closed_above": True},
        {"openness": "controlled", "secrecy": "internal"},
    ],
)
def test_an_entry_of_what_is_no_longer_public_is_taken_out(
    database: Database, tmp_path: Path, changes: Row
) -> None:
    import_records(database, tmp_path, a_record("R1"), a_record("R2"))
    with database.begin() as session:  # past every door that keeps the index right
        session.execute(update(Record).where(Record.source_key == "R1").values(**changes))
    assert openings.follow_calendar(database, today=DAY) == (0, 1)
    with database.reads() as connection:
        assert len(connection.scalars(select(SearchEntry.id)).all()) == 1
    assert found(database, DAY) == 1


def test_what_is_not_disclosed_is_taken_out_too(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, a_document("D1"), a_document("D2"))
    with database.begin() as session:
        session.execute(
            update(Document).where(Document.source_key == "D1").values(disclosure="none")
        )
    assert openings.follow_calendar(database, today=DAY) == (0, 1)


def test_more_records_than_one_step_takes_open_all(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openings, "WINDOW", 7)
    rows = [a_deferred(f"R{n}", open_on="2029-12-01") for n in range(20)]
    import_records(database, tmp_path, *rows, a_deferred("last"))
    assert openings.follow_calendar(database, today=DAY) == (21, 0)


def test_two_workers_at_once_open_a_record_once(database: Database, tmp_path: Path) -> None:
    import_records(database, tmp_path, *(a_deferred(f"R{n}") for n in range(30)))
    opened: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: opened.append(openings.follow_calendar(database, today=DAY)[0])
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(opened) == 30
    assert len(opened) == 3


def test_midnight_in_shanghai_opens_and_a_late_start_too(
    database: Database, tmp_path: Path
) -> None:
    today = clock.today()
    tomorrow = (today + timedelta(days=1)).isoformat()
    import_records(database, tmp_path, a_deferred(open_on=tomorrow))
    insert_due(database, jobs.SCHEDULES, now=clock.now())
    midnight = datetime.combine(today + timedelta(days=1), datetime.min.time(), clock.SHANGHAI)
    runner = Runner(database, jobs.build(database, Site(PROJECT, "https://archive.example.org")))
    try:
        for second, expected in ((-1, 0), (0, 1), (3 * 3600, 1)):
            clock.move(clock.offset() + midnight - clock.now() + timedelta(seconds=second))
            insert_due(database, jobs.SCHEDULES, now=clock.now())
            while runner.run_next():
                pass
            assert found(database, clock.today()) == expected, second
            assert (page_of(database, "R1", clock.today()) is None) is (expected == 0)
    finally:
        clock.move(timedelta(0))


# -- reviews ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formed", "today", "is_due"),
    [
        ("2001-11-23", "2026-11-23", True),
        ("2001-11-24", "2026-11-23", False),
        ("2000-02-29", "2025-02-28", False),
        ("2000-02-29", "2025-03-01", True),
        ("2003-02-28", "2028-02-28", True),
        ("2003-03-01", "2028-02-29", False),
    ],
)
def test_a_review_is_due_on_the_day_that_twenty_five_years_are_full(
    database: Database, tmp_path: Path, formed: str, today: str, *, is_due: bool
) -> None:
    import_records(database, tmp_path, a_record(date=formed, open=None))
    day = date.fromisoformat(today)
    assert openings.make_reviews(database, today=day, now=NOW) == int(is_due)
    with database.reads() as connection:
        due = [review.due_on for review in openings.reviews(connection)]
    assert due == [day] * is_due
    assert found(database, day) == 0


def test_only_what_nobody_has_reviewed_makes_a_task_and_only_once(
    database: Database, tmp_path: Path
) -> None:
    levels = {"未审核": "a", "开放": "b", "控制": "c"}
    rows = [a_record(key, open=None, openness=word) for word, key in levels.items()]
    rows += [a_deferred("d"), a_record("no date", date="", open=None)]
    import_records(database, tmp_path, *rows)
    assert openings.make_reviews(database, today=DAY, now=NOW) == 1
    assert openings.make_reviews(database, today=AFTER, now=NOW) == 0
    with database.reads() as connection:
        (review,) = openings.reviews(connection)
    assert (review.reference_code, review.formed_on) == ("0001-1-a", date(1970, 5, 12))
    assert review.due_on == date(1995, 5, 12)
    with database.begin() as session:
        assert session.scalar(select(Record.openness).where(Record.pid == review.pid)) == (
            Openness.UNREVIEWED.value
        )


def test_a_record_formed_over_years_counts_from_the_last_day(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, a_record(open=None))
    with database.begin() as session:
        session.execute(update(Record).values(date_end=date(2010, 12, 31)))
    assert openings.make_reviews(database, today=date(2035, 12, 30), now=NOW) == 0
    assert openings.make_reviews(database, today=date(2035, 12, 31), now=NOW) == 1


def test_a_task_ends_when_the_record_was_reviewed_or_is_replaced(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, a_record("R1", open=None), a_record("R2", open=None))
    openings.make_reviews(database, today=DAY, now=NOW)
    import_records(database, tmp_path, a_record("R1", open=0), name="reviewed.jsonl")
    with database.reads() as connection:
        assert [each.reference_code for each in openings.reviews(connection)] == ["0001-1-R2"]
    openings.make_reviews(database, today=DAY, now=NOW)
    with database.reads() as connection:
        assert len(connection.scalars(select(OpeningReview.id)).all()) == 1


def test_a_fresh_database_has_nothing_to_do(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    schema.require_current(database, demo=True)
    assert openings.follow_calendar(database, today=DAY) == (0, 0)
    assert openings.make_reviews(database, today=DAY, now=NOW) == 0
    database.dispose()
