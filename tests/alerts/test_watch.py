"""Looking: every minute, by the scheduler or without it, and whatever a check of one's own does."""

import logging
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from sqlalchemy import Connection, select

from tests.alerts.watches import Watch, an_alert, later
from wx_archive.alerts import jobs as alerts_jobs
from wx_archive.alerts import rules, service
from wx_archive.core import clock
from wx_archive.core.jobs import Job
from wx_archive.core.jobs.schedule import insert_due
from wx_archive.staff.plugs import Alert


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def dues(watch: Watch) -> list[datetime]:
    with watch.database.reads() as connection:
        query = select(Job.run_after).where(Job.kind == alerts_jobs.WATCH, Job.state == "waiting")
        return list(connection.scalars(query))


def looked_at(watch: Watch) -> datetime | None:
    with watch.database.reads() as connection:
        return service.last_look(connection)


def test_the_schedule_asks_every_minute(watch: Watch) -> None:
    watch.found = [an_alert()]
    now = clock.now()
    insert_due(watch.database, alerts_jobs.SCHEDULES, now=now)
    for minutes in (1, 2):
        inserted = insert_due(
            watch.database, alerts_jobs.SCHEDULES, now=now + timedelta(minutes=minutes)
        )
        assert inserted == 1
    later(minutes=2)
    watch.works()
    assert watch.open_keys == ["pump"]


def test_without_a_scheduler_the_worker_looks_by_itself(watch: Watch) -> None:
    watch.looks()
    for _ in range(3):
        before = looked_at(watch)
        (due,) = dues(watch)
        assert rules.LOOK_AGAIN - timedelta(seconds=5) < due - clock.now() <= rules.LOOK_AGAIN
        later(minutes=10)
        watch.works()
        assert looked_at(watch) != before


def test_looks_of_the_scheduler_do_not_pile_up_others(watch: Watch) -> None:
    for _ in range(8):
        watch.looks()
        later(seconds=20)
    assert len(dues(watch)) <= 2


def test_a_look_that_comes_late_by_itself_judges_nobody_and_is_taken_again(watch: Watch) -> None:
    watch.looks()
    watch.found = [an_alert()]
    later(days=3)  # the demo's clock was moved
    watch.works()
    assert watch.raised == []
    later(minutes=1)
    watch.works()
    assert watch.open_keys == ["pump"]


def test_a_check_that_fails_hides_nothing_and_is_told(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_connection: Connection, _now: datetime) -> list[Alert]:
        raise LookupError("what a check stumbled over")

    watch.found = [an_alert("pump"), an_alert("lamp")]
    watch.looks()
    watch.found = [an_alert("lamp"), an_alert("fan")]
    watch.sources.insert(0, ("broken", fails))
    with caplog.at_level(logging.ERROR):
        watch.looks()
    # Nobody knows whether the pump was the broken check's: it stays.
    assert sorted(watch.open_keys) == ["check:broken", "fan", "lamp", "pump"]
    assert "alerts.check_failed name=broken" in caplog.text
    watch.sources.pop(0)
    watch.looks()
    assert sorted(watch.open_keys) == ["fan", "lamp"]


def test_a_disk_that_is_nearly_full_is_told_until_there_is_room_again(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    for free, expected in (
        (700_000_000, []),
        (499_000_000, ["disk"]),
        (550_000_000, ["disk"]),
        (601_000_000, []),
        (550_000_000, []),
    ):
        monkeypatch.setattr("shutil.disk_usage", lambda _path, free=free: Usage(10**12, 0, free))
        watch.looks()
        assert watch.open_keys == expected, free
