"""The stock of a facsimile: on the shelf, promised, free; moved only together with its ledger."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from wx_archive.quiz.rules import StockAction
from wx_archive.quiz.voucher_models import Facsimile, StockMove

_SIGNS: Final = {
    StockAction.RECEIVE: (1, 0),
    StockAction.WRITE_OFF: (-1, 0),
    StockAction.RESERVE: (0, 1),
    StockAction.RETURN: (0, -1),
    StockAction.HAND_OUT: (-1, -1),
    StockAction.TAKE_BACK: (1, 1),
}
"""What one piece changes: on the shelf, promised."""


@dataclass(frozen=True, slots=True)
class Level:
    """How many pieces there are."""

    on_hand: int
    reserved: int

    @property
    def left(self) -> int:
        """Pieces that nobody was promised."""
        return self.on_hand - self.reserved


def move(  # noqa: PLR0913 -- a line of the ledger has so many columns
    session: Session,
    facsimile_id: int,
    action: StockAction,
    *,
    pieces: int = 1,
    voucher_id: int | None = None,
    actor: str,
    now: datetime,
    note: str = "",
) -> bool:
    """Change a facsimile's stock and write it into the ledger; False when there is not enough.

    Args:
        session: of the effect: the stock and what it is moved for commit as one fact.
        facsimile_id: whose stock.
        action: why.
        pieces: how many, 1 or more.
        voucher_id: for which voucher.
        actor: `reader`, `clock`, `erasure`, or a login.
        now: the present instant.
        note: the reason, where one was given.

    Raises:
        ValueError: ``pieces`` is below 1.
    """
    if not change(session, facsimile_id, action, pieces=pieces):
        return False
    _record(
        session,
        StockMove(
            facsimile_id=facsimile_id,
            at=now,
            action=action,
            on_hand=_SIGNS[action][0] * pieces,
            reserved=_SIGNS[action][1] * pieces,
            voucher_id=voucher_id,
            actor=actor,
            note=note[:200],
        ),
    )
    return True


def change(session: Session, facsimile_id: int, action: StockAction, *, pieces: int = 1) -> bool:
    """Change a facsimile's stock; a line of the ledger must follow. False when there is not enough.

    One conditional UPDATE: of many at once only as many succeed as there are pieces.
    """
    if pieces < 1:
        raise ValueError(f"not a number of pieces: {pieces}")
    shelf, promised = (sign * pieces for sign in _SIGNS[action])
    on_hand, reserved = Facsimile.on_hand + shelf, Facsimile.reserved + promised
    changed = (
        update(Facsimile)
        .where(Facsimile.id == facsimile_id, reserved >= 0, reserved <= on_hand)
        .values(on_hand=on_hand, reserved=reserved)
    )
    if action is StockAction.RESERVE:
        changed = changed.where(Facsimile.is_offered)
    # A row that this session has read must tell the new numbers too.
    done = session.execute(
        changed.returning(Facsimile.id).execution_options(synchronize_session="fetch")
    )
    return done.scalar_one_or_none() is not None


def note_reserved(
    session: Session, facsimile_id: int, voucher_id: int, *, actor: str, now: datetime
) -> None:
    """Write into the ledger for which voucher `change` has reserved a piece."""
    values = {"facsimile_id": facsimile_id, "voucher_id": voucher_id, "at": now, "actor": actor}
    _record(session, StockMove(action=StockAction.RESERVE, on_hand=0, reserved=1, **values))


def _record(session: Session, row: StockMove) -> None:
    session.add(row)
    session.flush()


def level(connection: Connection, facsimile_id: int) -> Level:
    """Return how many pieces of a facsimile there are."""
    row = connection.execute(
        select(Facsimile.on_hand, Facsimile.reserved).where(Facsimile.id == facsimile_id)
    ).one()
    return Level(row.on_hand, row.reserved)


def lock_all(session: Session) -> None:
    """Lock every facsimile, in order: for whoever frees a piece of one and takes one of another."""
    session.execute(select(Facsimile.id).order_by(Facsimile.id).with_for_update()).all()
