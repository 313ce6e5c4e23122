"""The queue: one table, conditional updates, leases with fencing numbers.

At least once: a job whose holder died is taken by another when its lease has run out. What must
not happen twice records its steps (`Work.record`) or commits together with the job's end.
"""

import json
import traceback
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from wx_archive.core.database import Database, insert_into
from wx_archive.core.errors import ArchiveError
from wx_archive.core.jobs.models import Job, JobState

LEASE: Final = timedelta(seconds=30)
KEPT_DONE: Final = timedelta(days=7)
KEPT_DEAD: Final = timedelta(days=90)
_CAUSE_LENGTH: Final = 8_000


class LostLeaseError(ArchiveError):
    """Another worker has taken this job: nothing that this one still writes may count."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A job as its holder sees it."""

    id: int
    kind: str
    key: str
    payload: dict[str, Any]
    attempts: int
    fence: int
    follower_id: int | None
    steps: dict[str, Any]


def enqueue(
    session: Session,
    kind: str,
    payload: Mapping[str, Any],
    *,
    key: str,
    now: datetime,
    due: datetime | None = None,
    follower_id: int | None = None,
) -> bool:
    """Insert a job in this transaction; False when one with this key is there already.

    Args:
        session: the effect's: job and effect commit as one fact.
        kind: which handler does it.
        payload: JSON values; no secrets.
        key: idempotency key, unique over all kinds.
        now: the present instant.
        due: when to begin, at once by default.
        follower_id: whom it is about.
    """
    added = session.execute(
        insert_into(session, Job)
        .values(
            kind=kind,
            key=key,
            payload=json.dumps(payload, ensure_ascii=False),
            follower_id=follower_id,
            run_after=due or now,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(Job.id)
    )
    return added.scalar_one_or_none() is not None


def has_due(database: Database, kinds: Collection[str], *, now: datetime) -> bool:
    """Tell by a mere read whether there is anything to claim."""
    with database.reads() as connection:
        return connection.execute(_due(kinds, now)).first() is not None


def claim(database: Database, kinds: Collection[str], *, now: datetime) -> Claim | None:
    """Take the job that has waited longest, under a lease and a new fencing number."""
    with database.begin() as session:
        first = _due(kinds, now)
        if not database.is_sqlite:
            first = first.with_for_update(skip_locked=True)
        taken = session.execute(
            update(Job)
            .where(Job.id == first.scalar_subquery())
            .values(
                state=JobState.RUNNING,
                attempts=Job.attempts + 1,
                fence=Job.fence + 1,
                lease_until=now + LEASE,
            )
            .returning(
                Job.id,
                Job.kind,
                Job.key,
                Job.payload,
                Job.attempts,
                Job.fence,
                Job.follower_id,
                Job.steps,
            )
            .execution_options(synchronize_session=False)
        ).one_or_none()
    if taken is None:
        return None
    number, kind, key, payload, attempts, fence, follower_id, steps = taken
    return Claim(
        number, kind, key, json.loads(payload), attempts, fence, follower_id, json.loads(steps)
    )


def hold(session: Session, job: Claim, *, now: datetime) -> None:
    """Extend the lease and lock the job's row for this transaction.

    Raises:
        LostLeaseError: the job is somebody else's by now, or gone with its follower.
    """
    _write(session, job, lease_until=now + LEASE)


def record(session: Session, job: Claim, *, now: datetime) -> None:
    """Write the holder's steps.

    Raises:
        LostLeaseError: the job is somebody else's by now.
    """
    steps = json.dumps(job.steps, ensure_ascii=False)
    _write(session, job, lease_until=now + LEASE, steps=steps)


def finish(session: Session, job: Claim, *, now: datetime) -> None:
    """End the job; commits together with what else the session writes.

    Raises:
        LostLeaseError: the job is somebody else's by now.
    """
    _write(session, job, state=JobState.DONE, lease_until=None, finished_at=now, cause="")


def put_back(
    session: Session, job: Claim, *, due: datetime, cause: BaseException | None, counts: bool
) -> None:
    """Let the job be tried again later; ``counts`` says whether this attempt was one.

    Raises:
        LostLeaseError: the job is somebody else's by now.
    """
    _write(
        session,
        job,
        state=JobState.WAITING,
        lease_until=None,
        run_after=due,
        cause=_told(cause),
        attempts=job.attempts if counts else job.attempts - 1,
    )


def bury(session: Session, job: Claim, cause: BaseException, *, now: datetime) -> None:
    """Give the job up; it waits for a person as a dead letter.

    Raises:
        LostLeaseError: the job is somebody else's by now.
    """
    _write(session, job, state=JobState.DEAD, lease_until=None, finished_at=now, cause=_told(cause))


def dead(session: Session) -> list[Job]:
    """Return the jobs that were given up, newest first."""
    return list(session.scalars(select(Job).where(Job.state == JobState.DEAD).order_by(-Job.id)))


def revive(session: Session, job_id: int, *, now: datetime) -> bool:
    """Let a job that was given up be tried anew; False when there is none of this number."""
    revived = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.state == JobState.DEAD)
        .values(state=JobState.WAITING, attempts=0, run_after=now, finished_at=None)
        .returning(Job.id)
    )
    return revived.scalar_one_or_none() is not None


def counts(session: Session) -> dict[str, int]:
    """Return how many jobs are in each state."""
    rows = session.execute(select(Job.state, func.count()).group_by(Job.state))
    return {state: number for state, number in rows}  # noqa: C416 -- rows are not pairs to mypy


def sweep(session: Session, *, now: datetime) -> None:
    """Forget what was done a week ago and what nobody looked after for ninety days."""
    for state, kept in ((JobState.DONE, KEPT_DONE), (JobState.DEAD, KEPT_DEAD)):
        session.execute(delete(Job).where(Job.state == state, Job.finished_at < now - kept))


def _due(kinds: Collection[str], now: datetime) -> Select[int]:
    waiting = and_(Job.state == JobState.WAITING, Job.run_after <= now)
    orphaned = and_(Job.state == JobState.RUNNING, Job.lease_until <= now)
    return (
        select(Job.id)
        .where(or_(waiting, orphaned), Job.kind.in_(sorted(kinds)))
        .order_by(Job.run_after, Job.id)
        .limit(1)
    )


def _mine(job: Claim) -> ColumnElement[bool]:
    return and_(Job.id == job.id, Job.fence == job.fence, Job.state == JobState.RUNNING)


def _write(session: Session, job: Claim, **values: object) -> None:
    written = session.execute(
        update(Job)
        .where(_mine(job))
        .values(**values)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    if written.scalar_one_or_none() is None:
        raise LostLeaseError(f"job {job.id} of kind {job.kind} is not held any more")


def _told(cause: BaseException | None) -> str:
    return "" if cause is None else "".join(traceback.format_exception(cause))[-_CAUSE_LENGTH:]
