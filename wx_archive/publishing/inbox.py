"""来稿: what correspondents send in, who takes it over, and how each of them is doing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Connection, and_, case, func, select
from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.publishing import drafts, pieces, reviewing
from wx_archive.publishing.models import Piece, PieceReview
from wx_archive.publishing.rules import PieceState, ReviewKind, WrongStateError
from wx_archive.staff.models import Member, MemberRole
from wx_archive.staff.rules import Person, Role


@dataclass(frozen=True, slots=True)
class Doing:
    """How a correspondent is doing in a month.

    Attributes:
        sent: pieces sent in in the month.
        late: of these, later than the day they were wanted for.
        approved: of these, approved by now.
        unsent: pieces whose day has passed and that were never sent in, of any month.
        last: when they last sent something in.
    """

    login: str
    name: str
    sent: int
    late: int
    approved: int
    unsent: int
    last: datetime | None


def send_in(session: Session, piece: Piece, *, person: Person, now: datetime) -> None:
    """Hand one's own piece to the editors.

    Raises:
        NotYoursError: it is somebody else's, or an editor has it.
        RefusedError: there is nothing in it.
        WrongStateError: it does not go from this state.
    """
    drafts.require_writer(person, piece)
    if why := reviewing.blocked_by(piece):
        raise RefusedError(f"还不能交：{'，'.join(why)}")
    pieces.move(piece, PieceState.INBOX, now=now)
    piece.sent_in_at = piece.sent_in_at or now
    session.flush()


def take_over(session: Session, piece: Piece, *, person: Person, now: datetime) -> None:
    """Take a piece out of the inbox onto one's own desk.

    Raises:
        WrongStateError: somebody else was quicker.
    """
    _require_in_inbox(piece)
    pieces.move(piece, PieceState.DRAFT, now=now)
    piece.owner = person.login
    session.flush()


def give_back(session: Session, piece: Piece, word: str, *, person: Person, now: datetime) -> None:
    """Give a piece back to its correspondent with a word.

    Raises:
        RefusedError: without a word nobody knows what to mend.
        WrongStateError: it is not in the inbox.
    """
    _require_in_inbox(piece)
    said = word.strip()
    if not said:
        raise RefusedError("退回要写一句话，联络员才知道改哪里")
    session.add(
        PieceReview(
            piece_id=piece.id,
            content_hash=piece.content_hash,
            kind=ReviewKind.REVIEW,
            is_approval=False,
            note=said[: reviewing.NOTE_LENGTH],
            made_by=person.login,
            name=person.name,
            made_at=now,
        )
    )
    pieces.move(piece, PieceState.RETURNED, now=now)
    session.flush()


def waiting(connection: Connection) -> Sequence[Piece]:
    """Return what waits in the inbox, the longest first."""
    with Session(bind=connection) as session:
        wanted = select(Piece).where(Piece.state == PieceState.INBOX)
        return session.scalars(wanted.order_by(Piece.changed_at, Piece.id)).all()


def doings(connection: Connection, month: date, *, now: datetime) -> Sequence[Doing]:
    """Return how each correspondent is doing, whoever sent in least first.

    Args:
        connection: for reading.
        month: any day of it (Shanghai calendar).
        now: the present instant.
    """
    first, after = month_bounds(month)
    in_month = and_(Piece.sent_in_at >= first, Piece.sent_in_at < after)
    is_late = and_(in_month, Piece.wanted_at < Piece.sent_in_at)
    is_done = and_(in_month, Piece.state == PieceState.APPROVED)
    is_unsent = and_(Piece.sent_in_at.is_(None), Piece.wanted_at < now)
    counted = [func.sum(case((told, 1), else_=0)) for told in (in_month, is_late, is_done)]
    counted.append(func.sum(case((is_unsent, 1), else_=0)))
    rows = connection.execute(
        select(Member.login, Member.name, *counted, func.max(Piece.sent_in_at))
        .join(MemberRole, MemberRole.member_id == Member.id)
        .outerjoin(Piece, Piece.made_by == Member.login)
        .where(MemberRole.role == Role.CORRESPONDENT, Member.is_disabled.is_(False))
        .group_by(Member.login, Member.name)
    )
    found = [_doing(row) for row in rows]
    return sorted(found, key=lambda one: (one.sent, one.login))


def _doing(row: Any) -> Doing:
    login, name, sent, late, approved, unsent, last = row
    return Doing(
        login, name, int(sent or 0), int(late or 0), int(approved or 0), int(unsent or 0), last
    )


def month_bounds(month: date) -> tuple[datetime, datetime]:
    """Return a month's first instant and the one after its last."""
    first = month.replace(day=1)
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    start, end = (datetime.combine(day, time.min, clock.SHANGHAI) for day in (first, after))
    return start, end


def _require_in_inbox(piece: Piece) -> None:
    if piece.state != PieceState.INBOX:
        raise WrongStateError("这篇稿子已经不在来稿里了，可能别人刚接走")
