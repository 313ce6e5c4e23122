"""Whether a scheduled push may leave: each piece approved, signed for, and not a word changed."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from wx_archive.publishing import reviewing
from wx_archive.publishing.models import Piece
from wx_archive.publishing.push_models import PushPiece
from wx_archive.publishing.reviewing import NotApprovedError
from wx_archive.publishing.rules import HoldReason


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a push may not leave as it was scheduled."""

    reason: HoldReason
    sentence: str


def objection(connection: Connection, push_id: int, *, steps: int) -> Objection | None:
    """Return why a scheduled push may not leave, or None: every piece is the one approved.

    Args:
        connection: of the change.
        push_id: whose pieces.
        steps: by how many people a piece is reviewed.
    """
    rows = connection.execute(
        select(
            Piece.id,
            Piece.title,
            Piece.withdrawn_at,
            Piece.content_hash,
            PushPiece.content_hash.label("pinned"),
        )
        .join(PushPiece, PushPiece.piece_id == Piece.id)
        .where(PushPiece.push_id == push_id)
        .order_by(PushPiece.place)
    ).all()
    for row in rows:
        if row.content_hash != row.pinned:
            return Objection(HoldReason.CHANGED, f"《{row.title}》排期以后改过，请看过再发")
        if row.withdrawn_at is not None:
            return Objection(HoldReason.UNAPPROVED, f"《{row.title}》已经撤下，不能再发")
        try:
            reviewing.require_approved(connection, row.id, row.content_hash, steps=steps)
        except NotApprovedError as err:
            return Objection(HoldReason.UNAPPROVED, str(err))
    return None
