"""What readers find wrong with questions, and who has looked into it; `play` takes it down."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update
from sqlalchemy.orm import Session

from wx_archive.core.errors import RefusedError
from wx_archive.quiz.models import Complaint, Draw
from wx_archive.quiz.rules import Reason


@dataclass(frozen=True, slots=True)
class Told:
    """A complaint; who it came from is nobody's business here.

    Attributes:
        question_hash: of the question as it was shown to them.
    """

    id: int
    reason: Reason
    made_at: datetime
    question_hash: str
    settled_by: str
    settled_at: datetime | None


def of_question(connection: Connection, question_id: str, *, limit: int = 100) -> list[Told]:
    """Return what was told of a question: first what nobody has looked into, then the newest."""
    rows = connection.execute(
        select(
            Complaint.id,
            Complaint.reason,
            Complaint.made_at,
            Draw.question_hash,
            Complaint.settled_by,
            Complaint.settled_at,
        )
        .join(Draw, Draw.id == Complaint.draw_id)
        .where(Complaint.question_id == question_id)
        .order_by(Complaint.settled_at.is_not(None), Complaint.id.desc())
        .limit(limit)
    )
    return [Told(row[0], Reason(row[1]), row[2], row[3], row[4], row[5]) for row in rows]


def open_counts(connection: Connection) -> Mapping[str, int]:
    """Return how many complaints nobody has looked into, by question."""
    rows = connection.execute(
        select(Complaint.question_id, func.count())
        .where(Complaint.settled_at.is_(None))
        .group_by(Complaint.question_id)
    )
    return {str(row[0]): int(row[1]) for row in rows}


def settle(session: Session, question_id: str, *, up_to: int, by: str, now: datetime) -> int:
    """Note that somebody has looked into a question's complaints; return how many.

    Args:
        session: of the change.
        question_id: the question.
        up_to: the newest that they have seen; later ones stay open.
        by: their login.
        now: when.

    Raises:
        RefusedError: there is none that nobody has looked into.
    """
    settled = session.scalars(
        update(Complaint)
        .where(
            Complaint.question_id == question_id,
            Complaint.settled_at.is_(None),
            Complaint.id <= up_to,
        )
        .values(settled_by=by, settled_at=now)
        .returning(Complaint.id)
    ).all()
    if not settled:
        raise RefusedError("这一题没有等处理的意见，别人可能已经处理了")
    return len(settled)
