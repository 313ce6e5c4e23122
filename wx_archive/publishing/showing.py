"""Which media files pieces show: what the public may see of the library, and what hangs on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_, select

from wx_archive.publishing.models import Piece, PieceAsset
from wx_archive.publishing.rules import PieceState


@dataclass(frozen=True, slots=True)
class Use:
    """A piece that shows a media file, as it stands or as it was approved."""

    pid: str
    title: str
    state: PieceState
    is_out: bool


def is_shown(connection: Connection, asset_pid: str, now: datetime) -> bool:
    """Tell whether a piece that is out shows this file, in the words that were approved."""
    row = connection.execute(
        select(Piece.id)
        .join(PieceAsset, PieceAsset.piece_id == Piece.id)
        .where(
            PieceAsset.asset_pid == asset_pid,
            PieceAsset.revision == Piece.approved_revision,
            Piece.out_at <= now,
            Piece.withdrawn_at.is_(None),
        )
        .limit(1)
    )
    return row.first() is not None


def uses(connection: Connection, asset_pid: str, *, now: datetime) -> Sequence[Use]:
    """Return every piece that shows this file, in the order of their ids."""
    rows = connection.execute(
        select(Piece.pid, Piece.title, Piece.state, Piece.out_at, Piece.withdrawn_at)
        .join(PieceAsset, PieceAsset.piece_id == Piece.id)
        .where(
            PieceAsset.asset_pid == asset_pid,
            or_(
                PieceAsset.revision == Piece.revision,
                PieceAsset.revision == Piece.approved_revision,
            ),
        )
        .distinct()
        .order_by(Piece.pid.desc())
    )
    return [
        Use(
            row.pid,
            row.title,
            PieceState(row.state),
            row.out_at is not None and row.out_at <= now and row.withdrawn_at is None,
        )
        for row in rows
    ]
