"""What a push changes for readers: its pieces are out once it has left."""

from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from wx_archive.core.live import Live
from wx_archive.publishing import latest, ledger
from wx_archive.publishing.models import Piece
from wx_archive.publishing.push_models import Push, PushPiece
from wx_archive.publishing.rules import Delivery


def went_out(
    session: Session, push: Push, *, now: datetime, live: Live | None, is_out: bool = True
) -> None:
    """Note that WeChat has taken a push: its place is used, readers find its pieces.

    Nothing changes the second time.

    Args:
        session: of the change; the push is locked in it.
        push: what has left.
        now: the present instant.
        live: what this process knows of the newest pieces.
        is_out: False while somebody has still to confirm it at WeChat.
    """
    if push.sent_at is None:
        ledger.use(session, push)
        push.sent_at = now
    if is_out and push.delivery != Delivery.DRAFT:
        bring_out(session, push, live=live)


def bring_out(session: Session, push: Push, *, live: Live | None) -> None:
    """Have readers find the pieces of a push that has left; those they find already stay."""
    brought = session.execute(
        update(Piece)
        .where(Piece.id.in_(_pieces_of(push)), Piece.out_at.is_(None))
        .values(out_at=push.sent_at)
        .returning(Piece.id)
        .execution_options(synchronize_session=False)
    ).all()
    if brought:
        latest.changed(session, live)


def take_in(session: Session, push: Push, *, live: Live | None) -> None:
    """Undo `bring_out`: the push reached nobody. What another one brought out stays out."""
    taken = session.execute(
        update(Piece)
        .where(Piece.id.in_(_pieces_of(push)), Piece.out_at == push.sent_at)
        .values(out_at=None)
        .returning(Piece.id)
        .execution_options(synchronize_session=False)
    ).all()
    if taken:
        latest.changed(session, live)


def lock_pieces(session: Session, push_id: int) -> None:
    """Lock the pieces of a push, before the push itself: an editor who saves locks them so."""
    session.execute(
        select(Piece.id)
        .join(PushPiece, PushPiece.piece_id == Piece.id)
        .where(PushPiece.push_id == push_id)
        .order_by(Piece.id)
        .with_for_update()
    ).all()


def _pieces_of(push: Push) -> Select[int]:
    return select(PushPiece.piece_id).where(PushPiece.push_id == push.id)
