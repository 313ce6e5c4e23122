"""A push in its sender's hands: every step of it is a transaction that only the holder commits."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.database import is_transient
from wx_archive.core.errors import ArchiveError
from wx_archive.core.jobs import Work
from wx_archive.publishing import plans, releases
from wx_archive.publishing.preparing import Ready
from wx_archive.publishing.push_models import Push
from wx_archive.publishing.rules import AudienceKind, Delivery, PushState

log = logging.getLogger(__name__)

FRESH_S: Final = 5.0
"""So long the last transaction proves that the lease is ours; it lasts for half a minute."""

KEEP_WITHIN_S: Final = 20.0
PAUSE_S: Final = 0.2


class EndedError(ArchiveError):
    """The push is no longer this job's: it has ended, waits for a person, or has another plan."""


@dataclass(slots=True)
class _Lease:
    """When the database said last that the job is ours, by a clock that goes on while we stop."""

    _since: float = field(default_factory=time.monotonic)

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() - self._since < FRESH_S

    def was_ours(self) -> None:
        self._since = time.monotonic()


@dataclass(frozen=True, slots=True)
class Errand:
    """What one job has to carry out.

    Attributes:
        latest_at: after it nothing is begun.
        media_id: of its draft at WeChat; empty: there is none yet.
        pieces: with the words that were approved.
    """

    work: Work
    push_id: int
    plan: int
    delivery: Delivery
    audience: AudienceKind
    topic: str
    latest_at: datetime
    media_id: str
    stops_at_reprint: bool
    pieces: tuple[Ready, ...]
    _lease: _Lease = field(default_factory=_Lease, repr=False)

    @classmethod
    def of(cls, session: Session, push: Push, work: Work) -> Self:
        """Return a push's, as it stands in this transaction."""
        return cls(
            work,
            push.id,
            push.plan,
            Delivery(push.delivery),
            AudienceKind(push.audience),
            push.topic,
            push.latest_at or clock.now(),
            push.media_id,
            push.stops_at_reprint,
            Ready.of_push(session.connection(), push.id),
        )

    @contextmanager
    def opened(self) -> Iterator[tuple[Session, Push]]:
        """Open a transaction with the push and its pieces locked.

        Raises:
            LostLeaseError: another worker has the job.
            EndedError: the push is not being sent by this plan any more.
        """
        with self.work.begin() as session:
            releases.lock_pieces(session, self.push_id)
            push = plans.locked_by_id(session, self.push_id)
            if push is None or push.plan != self.plan or push.state != PushState.SENDING:
                raise EndedError(f"push {self.push_id} is not sent by plan {self.plan} any more")
            self._lease.was_ours()
            yield session, push

    def keep_surely(self, write: Callable[[Session, Push], None]) -> None:
        """Commit what WeChat has just answered: alone, and again while the database is away.

        Were it lost, the call would have to be made once more to hear the same.

        Raises:
            LostLeaseError: another worker has the job, and hears it himself.
            EndedError: the push is not being sent by this plan any more.
        """
        until = time.monotonic() + KEEP_WITHIN_S
        while True:
            try:
                with self.opened() as (session, push):
                    write(session, push)
            except SQLAlchemyError as err:
                if not is_transient(err) or time.monotonic() > until:
                    raise
                log.warning(
                    "publishing.not_kept push=%d cause=%s", self.push_id, type(err).__name__
                )
                time.sleep(PAUSE_S)
            else:
                return

    def require_lease(self) -> None:
        """Do nothing if the job is still ours: the last look before WeChat is spoken to.

        Raises:
            LostLeaseError: this process was stopped for longer than its lease.
        """
        if self._lease.is_fresh:
            return
        with self.work.begin():
            self._lease.was_ours()
