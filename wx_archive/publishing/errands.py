"""A push in its sender's hands: every step of it is a transaction that only the holder commits."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.errors import ArchiveError
from wx_archive.core.jobs import Work
from wx_archive.publishing import plans, releases
from wx_archive.publishing.preparing import Ready
from wx_archive.publishing.push_models import Push
from wx_archive.publishing.rules import AudienceKind, Delivery, PushState


class EndedError(ArchiveError):
    """The push is no longer this job's: it has ended, waits for a person, or has another plan."""


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
            yield session, push

    def require_lease(self) -> None:
        """Do nothing if the job is still ours: the last look before WeChat is spoken to.

        Raises:
            LostLeaseError: this process was stopped for longer than its lease.
        """
        with self.work.begin():
            pass
