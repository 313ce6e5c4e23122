"""Jobs of the tests' own: what was done, how a job stands, one more process on the same queue."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from tests.wechat.deliveries import NOW
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Job, Jobs, JobState, Runner, Work, enqueue
from wx_archive.core.schema import installation

PROJECT = Path(__file__).parents[3]
KIND = "test.note"


def leave(
    database: Database,
    key: str = "k1",
    *,
    kind: str = KIND,
    payload: dict[str, Any] | None = None,
    **options: Any,
) -> bool:
    """Insert a job in a transaction of its own."""
    with database.begin() as session:
        return enqueue(session, kind, payload or {}, key=key, **({"now": clock.now()} | options))


def job_of(database: Database, key: str = "k1") -> Job:
    """Return a job as it stands."""
    with database.begin() as session:
        return session.scalars(select(Job).where(Job.key == key)).one()


def keys(database: Database) -> list[str]:
    with database.reads() as connection:
        return list(connection.scalars(select(Job.key).order_by(Job.id)))


def orphan(database: Database, key: str = "k1", *, since: datetime = NOW) -> None:
    """Make the job one whose holder has died."""
    with database.begin() as session:
        session.execute(update(Job).where(Job.key == key).values(lease_until=since))


def overdue(database: Database, key: str = "k1") -> None:
    """Let a job that was put back be due at once."""
    with database.begin() as session:
        session.execute(
            update(Job).where(Job.key == key).values(run_after=clock.now() - timedelta(seconds=1))
        )


def note(work: Work, text: str | None = None) -> None:
    """End the job with an effect: a row that a second effect of the same job could not insert."""
    with work.finishing() as session:
        session.execute(insert(installation).values(name=work.job.key, value=text or "done"))


def notes(database: Database) -> dict[str, str]:
    with database.reads() as connection:
        rows = connection.execute(select(installation.c.name, installation.c.value))
        return {name: value for name, value in rows if name != "demo"}  # noqa: C416, RUF100


def a_runner(
    database: Database, handler: Callable[[Work], None] = note, *, kind: str = KIND, **how: Any
) -> Runner:
    """Return a runner that knows one kind of job."""
    lanes = how.pop("lanes", 1)
    jobs = Jobs()
    jobs.handles(kind, **how)(handler)
    return Runner(database, jobs, lanes=lanes)


@contextmanager
def running(runner: Runner) -> Iterator[Runner]:
    runner.start()
    try:
        yield runner
    finally:
        runner.close()


def until(so: Callable[[], bool], within_s: float = 15) -> None:
    """Wait for something that another thread or process does."""
    deadline = time.monotonic() + within_s
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_in(database: Database, state: JobState, key: str = "k1") -> bool:
    return job_of(database, key).state == state


def a_process(program: str, database: Database, *arguments: str) -> subprocess.Popen[str]:
    """Start Python on a program of the tests' own, with the database's address."""
    url = database.url.render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, "-c", program, url, *arguments],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
