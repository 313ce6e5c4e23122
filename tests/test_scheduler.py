"""`wx-archive scheduler`: several, frozen ones, and its end."""

import os
import signal
import time
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from tests.conftest import SettingsFactory
from tests.trees import Tree, a_tree
from wx_archive import features
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs.models import Job, ScheduleState
from wx_archive.core.settings import Settings

OFTEN = "chat.tidy"

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, demo_settings: SettingsFactory) -> Settings:
    if request.param == "sqlite":
        return demo_settings()
    chosen: Settings = request.getfixturevalue("postgres_redis_settings")
    return chosen


def jobs(database: Database) -> list[str]:
    """Return the jobs that schedulers inserted for the one schedule that is made due."""
    of_it = Job.key.startswith(f"{OFTEN}@")
    with database.reads() as connection:
        return list(connection.scalars(select(Job.key).where(of_it).order_by(Job.key)))


def fired_anew(words: str) -> int:
    """Return how many firings of it the schedulers say they inserted."""
    lines = (line for line in words.splitlines() if f"name={OFTEN} " in line)
    return sum("new=True" in line for line in lines)


def make_due(database: Database) -> None:
    """Let the next firing of the one that fires often lie in the past, as after a pause."""
    often = select(ScheduleState).where(ScheduleState.name == OFTEN)
    with database.begin() as session:
        for state in session.scalars(often):
            state.next_fire_at -= clock.seconds(1_500)


def forget_jobs(database: Database) -> None:
    with database.begin() as session:
        session.execute(delete(Job))


def known(database: Database) -> bool:
    """Tell whether the scheduler has begun all schedules: it holds no lock from then on."""
    with database.reads() as connection:
        begun = connection.scalar(select(func.count()).select_from(ScheduleState))
        return begun == len(features.schedules())


def test_real_schedulers_insert_each_firing_once_and_a_frozen_one_adds_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    database = Database(settings.database)
    with (
        a_tree(settings, tmp_path / "1", "scheduler") as one,
        a_tree(settings, tmp_path / "2", "scheduler") as two,
    ):
        for each in (one, two):
            each.wait_until("scheduler.ready")
        one.until(lambda: known(database))
        assert jobs(database) == []
        make_due(database)
        one.until(lambda: len(jobs(database)) == 1)
        assert fired_anew(one.words + two.words) == 1
        forget_jobs(database)
        os.kill(one.process.pid, signal.SIGSTOP)
        make_due(database)
        two.until(lambda: len(jobs(database)) == 1)
        forget_jobs(database)
        os.kill(one.process.pid, signal.SIGCONT)
        time.sleep(2.5)
        assert jobs(database) == []
        assert [each.end() for each in (one, two)] == [0, 0]
        for each in (one, two):
            assert "Traceback" not in each.words
    database.dispose()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("moment", ["at once", "when ready"])
def test_it_ends_when_told_to_whenever_that_is(
    demo_settings: SettingsFactory, tmp_path: Path, number: signal.Signals, moment: str
) -> None:
    settings = demo_settings()
    with a_tree(settings, tmp_path / "log", "scheduler") as scheduler:
        if moment == "when ready":
            scheduler.wait_until("scheduler.ready")
        else:
            wait_for_handlers(scheduler)
        started = time.monotonic()
        assert scheduler.end(number) == 0
        assert time.monotonic() - started < 10
        assert "Traceback" not in scheduler.words


def wait_for_handlers(tree: Tree) -> None:
    """Wait until the process minds SIGTERM itself; Ctrl+C Python minds from its beginning."""

    def minds() -> bool:
        status = Path(f"/proc/{tree.process.pid}/status").read_text(encoding="ascii")
        caught = int(status.partition("SigCgt:")[2].split()[0], 16)
        return bool(caught >> (signal.SIGTERM - 1) & 1)

    tree.until(minds)


def test_a_database_that_is_locked_for_a_while_is_told_of_once(
    demo_settings: SettingsFactory, tmp_path: Path
) -> None:
    settings = demo_settings()
    database = Database(settings.database)
    with a_tree(settings, tmp_path / "log", "scheduler") as scheduler:
        scheduler.until(lambda: known(database))
        os.kill(scheduler.process.pid, signal.SIGSTOP)
        make_due(database)
        with database.begin() as session:
            session.connection()
            os.kill(scheduler.process.pid, signal.SIGCONT)
            scheduler.wait_until("scheduler.database_away")
        scheduler.wait_until("scheduler.database_back")
        scheduler.until(lambda: len(jobs(database)) == 1)
        assert scheduler.words.count("database_away") == 1
        assert scheduler.end() == 0
    database.dispose()
