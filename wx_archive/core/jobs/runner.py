"""The runner: lanes that claim jobs, a heartbeat that keeps their leases, an orderly end."""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.database import Database, is_transient
from wx_archive.core.errors import ArchiveError, RefusedError
from wx_archive.core.jobs import queue
from wx_archive.core.jobs.queue import Claim, LostLeaseError

log = logging.getLogger(__name__)

LANES: Final = 4
IDLE_S: Final = 0.4
HEARTBEAT_S: Final = 8.0
DRAIN_WITHIN_S: Final = 8.0
ATTEMPTS: Final = 8
FIRST_PAUSE_S: Final = 2.0
LONGEST_PAUSE_S: Final = 3_600.0


class LaterError(ArchiveError):
    """A handler asks to be called again later; that is no failure.

    Attributes:
        after: how long to wait.
    """

    def __init__(self, after: timedelta) -> None:
        super().__init__(f"again in {after}")
        self.after = after


class Work:
    """A job in its handler's hands."""

    def __init__(self, job: Claim, database: Database) -> None:
        self.job = job
        self._database = database
        self._is_finished = False

    @property
    def payload(self) -> dict[str, Any]:
        """The values that the job was inserted with."""
        return self.job.payload

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """Open a transaction that only the job's holder can commit.

        Raises:
            LostLeaseError: another worker has taken the job.
        """
        with self._database.begin() as session:
            queue.hold(session, self.job, now=clock.now())
            yield session

    @contextmanager
    def finishing(self) -> Iterator[Session]:
        """Open the transaction that ends the job together with its effect."""
        with self._database.begin() as session:
            queue.finish(session, self.job, now=clock.now())
            yield session
        self._is_finished = True

    def record(self, step: str, *, fact: Any = True) -> None:
        """Commit that a step was reached; before and after whatever cannot be taken back."""
        self.job = replace(self.job, steps={**self.job.steps, step: fact})
        with self._database.begin() as session:
            queue.record(session, self.job, now=clock.now())

    def recorded(self, step: str) -> Any:
        """Return what this or an earlier attempt recorded for a step, or None."""
        return self.job.steps.get(step)

    @property
    def is_finished(self) -> bool:
        """Whether the handler has ended the job itself."""
        return self._is_finished


Handler = Callable[[Work], None]


@dataclass(frozen=True, slots=True)
class _Kind:
    handler: Handler
    attempts: int


class Jobs:
    """The kinds of job that a part of the product does."""

    def __init__(self) -> None:
        self.kinds: dict[str, _Kind] = {}

    def handles(self, kind: str, *, attempts: int = ATTEMPTS) -> Callable[[Handler], Handler]:
        """Register the handler of a kind; it may run more than once for one job."""

        def register(handler: Handler) -> Handler:
            if kind in self.kinds:
                message = f"{kind} has two handlers"
                raise RuntimeError(message)
            self.kinds[kind] = _Kind(handler, attempts)
            return handler

        return register

    def take_in(self, other: "Jobs") -> None:
        """Add the kinds of another part."""
        for kind, entry in other.kinds.items():
            self.handles(kind, attempts=entry.attempts)(entry.handler)


class Runner:
    """Does jobs in threads until it is closed."""

    def __init__(self, database: Database, jobs: Jobs, *, lanes: int = LANES) -> None:
        self._database = database
        self._jobs = jobs
        self._stop = threading.Event()
        self._held: set[Work] = set()
        self._lock = threading.Lock()
        self._is_away = False
        self._threads = [
            threading.Thread(target=self._lane, name=f"lane-{number}", daemon=True)
            for number in range(lanes)
        ]
        self._threads.append(threading.Thread(target=self._beat, name="heartbeat", daemon=True))

    def start(self) -> None:
        """Begin to claim jobs."""
        for thread in self._threads:
            thread.start()

    def close(self, within_s: float = DRAIN_WITHIN_S) -> None:
        """Finish what is in hand if it ends in time; the rest goes back to the queue."""
        self._stop.set()
        deadline = time.monotonic() + within_s
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))
        for work in self._in_hand():
            try:
                with self._database.begin() as session:
                    queue.put_back(session, work.job, due=clock.now(), cause=None, counts=False)
            except Exception as err:  # noqa: BLE001 -- its lease runs out anyway
                log.warning("jobs.not_put_back job=%d cause=%s", work.job.id, type(err).__name__)

    def run_next(self) -> bool:
        """Claim and do one job; False when nothing was due."""
        now = clock.now()
        # After a failure only a write proves that the database is back: a locked one still reads.
        if not self._is_away and not queue.has_due(self._database, self._jobs.kinds, now=now):
            return False
        job = queue.claim(self._database, self._jobs.kinds, now=now)
        self._changed(away=False, cause="")
        if job is None:
            return False
        work = Work(job, self._database)
        with self._lock:
            self._held.add(work)
        try:
            self._do(work)
        finally:
            with self._lock:
                self._held.remove(work)
        return True

    def _do(self, work: Work) -> None:
        kind = self._jobs.kinds[work.job.kind]
        started = time.monotonic()
        try:
            _require_attempts_left(work.job, kind)
            kind.handler(work)
            if not work.is_finished:
                with work.finishing():
                    pass
        except LostLeaseError:
            log.warning("jobs.lost kind=%s job=%d", work.job.kind, work.job.id)
        except Exception as err:  # noqa: BLE001 -- the one border where a job's failure ends
            self._failed(work, kind, err)
        else:
            took_ms = (time.monotonic() - started) * 1000
            log.info("jobs.done kind=%s job=%d ms=%.0f", work.job.kind, work.job.id, took_ms)

    def _failed(self, work: Work, kind: _Kind, err: Exception) -> None:
        job, now = work.job, clock.now()
        try:
            with self._database.begin() as session:
                if isinstance(err, LaterError):
                    queue.put_back(session, job, due=now + err.after, cause=None, counts=False)
                elif isinstance(err, RefusedError) or job.attempts >= kind.attempts:
                    queue.bury(session, job, err, now=now)
                    log.error("jobs.dead kind=%s job=%d", job.kind, job.id, exc_info=err)
                else:
                    pause = timedelta(seconds=pause_s(job.attempts))
                    queue.put_back(session, job, due=now + pause, cause=err, counts=True)
                    log.warning(
                        "jobs.again kind=%s job=%d cause=%s", job.kind, job.id, type(err).__name__
                    )
        except LostLeaseError:
            log.warning("jobs.lost kind=%s job=%d", job.kind, job.id)

    def _lane(self) -> None:
        while not self._stop.is_set():
            try:
                found = self.run_next()
            except Exception as err:
                if not is_transient(err):
                    log.error("jobs.failed", exc_info=err)  # noqa: TRY400 -- with its trace
                self._changed(away=True, cause=type(err).__name__)
                found = False
            if not found:
                self._stop.wait(IDLE_S * random.uniform(0.8, 1.2))  # noqa: S311 -- spreads polls

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT_S):
            for work in self._in_hand():
                try:
                    with work.begin():
                        pass
                except LostLeaseError:
                    log.warning("jobs.lease_lost kind=%s job=%d", work.job.kind, work.job.id)
                except Exception as err:  # noqa: BLE001 -- tried again with the next beat
                    log.warning("jobs.no_heartbeat cause=%s", type(err).__name__)

    def _in_hand(self) -> list[Work]:
        with self._lock:
            return list(self._held)

    def _changed(self, *, away: bool, cause: str) -> None:
        with self._lock:
            if away == self._is_away:
                return
            self._is_away = away
        if away:
            log.warning("jobs.database_away cause=%s", cause)
        else:
            log.warning("jobs.database_back")


def _require_attempts_left(job: Claim, kind: _Kind) -> None:
    """Refuse a job whose every attempt ended with its process: it may be what kills it."""
    if job.attempts > kind.attempts:
        raise RefusedError("每一次都没能做完：执行它的进程中途没了")


def pause_s(attempts: int) -> float:
    """Return how long to wait after a failed attempt: doubling, with jitter, at most an hour."""
    pause = min(FIRST_PAUSE_S * 2.0 ** (attempts - 1), LONGEST_PAUSE_S)
    return pause * random.uniform(0.8, 1.2)  # noqa: S311 -- spreads retries, no secret
