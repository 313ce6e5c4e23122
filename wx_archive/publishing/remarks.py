"""Remarks on a piece: said by whoever reads it, settled before it goes out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from wx_archive.core.errors import RefusedError
from wx_archive.core.text import xml_safe
from wx_archive.publishing.models import Piece, PieceComment
from wx_archive.staff.rules import Person

LENGTH: Final = 1000


def add(
    session: Session, piece: Piece, words: str, *, person: Person, now: datetime
) -> PieceComment:
    """Add a remark to a piece as it stands.

    Raises:
        RefusedError: it says nothing, or too much.
    """
    said = xml_safe(words).strip()
    if not said:
        raise RefusedError("批注里还没有写字")
    if len(said) > LENGTH:
        raise RefusedError(f"批注最多 {LENGTH} 个字")
    remark = PieceComment(
        piece_id=piece.id,
        revision=piece.revision,
        words=said,
        made_by=person.login,
        name=person.name,
        made_at=now,
    )
    session.add(remark)
    session.flush()
    return remark


def settle(
    session: Session, piece: Piece, number: int, *, person: Person, now: datetime
) -> PieceComment:
    """Mark a remark as settled; the first who settles it counts.

    Raises:
        RefusedError: the piece has no such remark.
    """
    wanted = select(PieceComment).where(
        PieceComment.id == number, PieceComment.piece_id == piece.id
    )
    remark = session.scalars(wanted.with_for_update()).one_or_none()
    if remark is None:
        raise RefusedError("这篇稿子没有这条批注")
    if remark.settled_at is None:
        remark.settled_at, remark.settled_by = now, person.login
        session.flush()
    return remark


def of_piece(connection: Connection, piece_id: int) -> Sequence[PieceComment]:
    """Return the remarks on a piece: open ones first, then the newest."""
    with Session(bind=connection) as session:
        wanted = select(PieceComment).where(PieceComment.piece_id == piece_id)
        order = PieceComment.settled_at.is_not(None), PieceComment.id.desc()
        return session.scalars(wanted.order_by(*order)).all()


def open_count(connection: Connection, piece_id: int) -> int:
    """Return how many remarks still wait to be settled."""
    wanted = select(func.count()).where(
        PieceComment.piece_id == piece_id, PieceComment.settled_at.is_(None)
    )
    return connection.execute(wanted).scalar_one()
