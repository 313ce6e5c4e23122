"""What has been made of a media file here: pieces that show it, pushes that carried them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from wx_archive.publishing.models import Piece, PieceAsset
from wx_archive.publishing.push_models import Push, PushPiece
from wx_archive.publishing.rules import PushState

_SENT = (PushState.SENDING, PushState.SENT, PushState.PARTLY)


@dataclass(frozen=True, slots=True)
class Sent:
    """A push that is on people's phones, with a piece that shows the file."""

    push_pid: str
    title: str


def sent(connection: Connection, asset_pid: str) -> Sequence[Sent]:
    """Return the pushes that have carried a piece with this file: nobody can take them back.

    A piece that was changed since is named too: what was sent then is what it was then.
    """
    rows = connection.execute(
        select(Push.pid, Piece.title)
        .join(PushPiece, PushPiece.push_id == Push.id)
        .join(Piece, Piece.id == PushPiece.piece_id)
        .join(PieceAsset, PieceAsset.piece_id == Piece.id)
        .where(PieceAsset.asset_pid == asset_pid, Push.state.in_(sorted(_SENT)))
        .distinct()
        .order_by(Push.pid, Piece.title)
    )
    return [Sent(*row) for row in rows]
