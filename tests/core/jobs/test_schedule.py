"""Schedules: by the Shanghai wall clock, each firing once, however many tick and clocks go."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.core.jobs.works import KIND, keys
from wx_archive.core.database import Database
from wx_archive.core.jobs import Job, Late, Schedule
from wx_archive.core.jobs.schedule import MOST_AT_ONCE, insert_due

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
START = datetime(2026, 11, 23, 2, 0, 30, tzinfo=UTC)
EACH = Schedule("test.each", "* * * * *", KIND, Late.EACH)
ONCE = Schedule("test.once", "* * * * *", KIND)


def tick(database: Database, schedule: Schedule, now: datetime) -> int:
    return insert_due(database, [schedule], now=now)


def fired(database: Database) -> list[str]:
    """Return for when each job was, in the order of their insertion."""
    with database.reads() as connection:
        payloads = connection.scalars(select(Job.payload).order_by(Job.id))
        return [json.loads(payload)["fired_for"] for payload in payloads]


def test_at_first_sight_nothing_fires(database: Database) -> None:
    assert tick(database, EACH, START) == 0
    assert tick(database, EACH, START + timedelta(seconds=29)) == 0
    assert tick(database, EACH, START + timedelta(seconds=30)) == 1


def test_the_hours_are_those_of_shanghai(database: Database) -> None:
    nightly = Schedule("test.nightly", "20 3 * * *", KIND)
    at = datetime(2026, 11, 23, 19, 20, tzinfo=UTC)
    tick(database, nightly, at - DAY / 2)
    assert tick(database, nightly, at - timedelta(seconds=1)) == 0
    assert tick(database, nightly, at) == 1
    assert fired(database) == ["2026-11-24T03:20:00+08:00"]
    assert keys(database) == ["test.nightly@2026-11-24T03:20:00+08:00"]
    assert tick(database, nightly, at + DAY - timedelta(seconds=1)) == 0
    assert tick(database, nightly, at + DAY) == 1


def test_the_days_of_the_week_are_named(database: Database) -> None:
    weekly = Schedule("test.weekly", "0 9 * * mon", KIND)
    tick(database, weekly, START)
    tick(database, weekly, START + 8 * DAY)
    assert [datetime.fromisoformat(moment).isoweekday() for moment in fired(database)] == [1]
    with pytest.raises(ValueError, match="name the days"):
        Schedule("test.sunday", "0 9 * * 0", KIND)
    Schedule("test.every", "0 9 * * */2", KIND)


def test_the_job_is_due_at_once_and_says_for_when_it_is(database: Database) -> None:
    tick(database, EACH, START)
    tick(database, EACH, START + MINUTE)
    with database.reads() as connection:
        ((kind, run_after),) = connection.execute(select(Job.kind, Job.run_after)).all()
    assert (kind, run_after) == (KIND, START + MINUTE)
    assert fired(database) == ["2026-11-23T10:01:00+08:00"]


def test_what_was_missed_is_caught_up_once(database: Database) -> None:
    tick(database, ONCE, START)
    assert tick(database, ONCE, START + 10 * MINUTE) == 1
    assert fired(database) == ["2026-11-23T10:10:00+08:00"]
    assert tick(database, ONCE, START + 10 * MINUTE) == 0


def test_or_each_in_order_if_each_matters(database: Database) -> None:
    tick(database, EACH, START)
    assert tick(database, EACH, START + 3 * MINUTE) == 3
    assert fired(database) == [f"2026-11-23T10:0{minute}:00+08:00" for minute in (1, 2, 3)]


def test_of_too_many_missed_ones_the_newest_are_caught_up(database: Database) -> None:
    tick(database, EACH, START)
    assert tick(database, EACH, START + 120 * MINUTE) == MOST_AT_ONCE
    assert fired(database)[-1] == "2026-11-23T12:00:00+08:00"


def test_a_clock_that_is_moved_back_doubles_nothing(database: Database) -> None:
    tick(database, EACH, START)
    for minutes in (3, 1, 2, 0, 3, 4, 3, 4):
        tick(database, EACH, START + minutes * MINUTE)
    told = fired(database)
    assert told == [f"2026-11-23T10:0{minute}:00+08:00" for minute in (1, 2, 3, 4)]


@pytest.mark.parametrize("schedule", [ONCE, EACH])
def test_a_clock_that_is_moved_by_years_ends_quickly_and_goes_on_from_there(
    database: Database, schedule: Schedule
) -> None:
    tick(database, schedule, START)
    started = time.monotonic()
    inserted = tick(database, schedule, START + 3_650 * DAY)
    assert time.monotonic() - started < 4
    assert inserted == (1 if schedule is ONCE else MOST_AT_ONCE)
    assert tick(database, schedule, START + 3_650 * DAY + MINUTE) == 1


def test_a_changed_cron_is_taken_over_and_fires_nothing_by_itself(database: Database) -> None:
    tick(database, EACH, START)
    hourly = Schedule(EACH.name, "0 * * * *", KIND, Late.EACH)
    assert tick(database, hourly, START + 5 * MINUTE) == 0
    assert tick(database, hourly, START + 30 * MINUTE) == 0
    assert tick(database, hourly, START + 60 * MINUTE) == 1
    assert fired(database) == ["2026-11-23T11:00:00+08:00"]


def test_nothing_is_written_while_nothing_is_due(sqlite_url: str) -> None:
    database, other = Database(sqlite_url), Database(sqlite_url)
    tick(database, EACH, START)
    with other.begin() as session:
        session.connection()
        assert tick(database, EACH, START) == 0
    for each in (database, other):
        each.dispose()


@pytest.mark.parametrize("many", [2, 3])
def test_several_schedulers_at_once_insert_each_firing_once(database: Database, many: int) -> None:
    url = database.url.render_as_string(hide_password=False)
    schedulers = [Database(url) for _ in range(many)]
    together = threading.Barrier(many)

    def run(scheduler: Database) -> int:
        inserted = 0
        for minute in range(9):
            together.wait()
            inserted += insert_due(scheduler, [EACH, ONCE], now=START + minute * MINUTE)
        return inserted

    with ThreadPoolExecutor(many) as pool:
        assert sum(pool.map(run, schedulers)) == 16
    assert sorted(fired(database)) == sorted(
        f"2026-11-23T10:0{minute}:00+08:00" for minute in range(1, 9) for _ in (EACH, ONCE)
    )
    for scheduler in schedulers:
        scheduler.dispose()


def test_schedulers_whose_clocks_disagree_insert_each_firing_once(database: Database) -> None:
    def run(ahead_s: float) -> None:
        for minute in range(6):
            tick(database, EACH, START + timedelta(seconds=ahead_s) + minute * MINUTE)

    tick(database, EACH, START)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, (0, 100)))
    told = fired(database)
    assert sorted(set(told)) == sorted(told)
    assert len(told) == 7
