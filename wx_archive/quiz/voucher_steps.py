"""What every step of a voucher shares: the order of locks, the step itself, its event."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from wx_archive.chat import held
from wx_archive.followers.models import Follower
from wx_archive.quiz import stock
from wx_archive.quiz.models import Entry
from wx_archive.quiz.rules import VOUCHER_MOVES, StockAction, VoucherAction, VoucherState
from wx_archive.quiz.voucher_models import Voucher, VoucherEvent

READER: Final = "reader"
CLOCK: Final = "clock"
ERASURE: Final = "erasure"
NOTE_LENGTH: Final = 200


@dataclass(frozen=True, slots=True)
class Doing:
    """Who takes a step, and when.

    Attributes:
        actor: `reader`, `clock`, `erasure`, or a login.
    """

    actor: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Owned:
    """A voucher and whose it is.

    Attributes:
        follower_id: None once its owner was erased.
    """

    id: int
    facsimile_id: int
    version: int
    follower_id: int | None


def owned(session: Session, condition: ColumnElement[bool], *, most: int) -> list[Owned]:
    """Return the vouchers that meet a condition, oldest first, with their owners kept.

    Everybody locks in the order follower, entry, voucher, facsimile. An erasure begins with the
    follower, and a message to one refers to the follower at the end: hence the owners first.
    """
    found = select(Voucher.id, Voucher.facsimile_id, Voucher.version, Entry.follower_id)
    found = found.outerjoin(Entry, Entry.id == Voucher.entry_id).where(condition)
    rows = session.execute(found.order_by(Voucher.id).limit(most)).all()
    keep_owners(session, {row.follower_id for row in rows if row.follower_id is not None})
    return [Owned(row.id, row.facsimile_id, row.version, row.follower_id) for row in rows]


def reminder_key(voucher_id: int) -> str:
    """Return the key under which an owner is reminded of a voucher's last day."""
    return f"quiz.remind:{voucher_id}"


def keep_owners(session: Session, follower_ids: Collection[int]) -> None:
    """Keep followers from being erased until this transaction ends."""
    wanted = select(Follower.id).where(Follower.id.in_(follower_ids)).order_by(Follower.id)
    session.execute(wanted.with_for_update(read=True, key_share=True)).all()


def lock(session: Session, voucher_ids: Collection[int]) -> None:
    """Lock several vouchers, always in the same order, before they are stepped one by one."""
    wanted = select(Voucher.id).where(Voucher.id.in_(voucher_ids)).order_by(Voucher.id)
    session.execute(wanted.with_for_update()).all()


def step(
    session: Session, one: Owned, old: VoucherState, new: VoucherState, at: datetime, **values: Any
) -> bool:
    """Move a voucher to another state; False when it is not as it was seen any more.

    One conditional UPDATE: of many at once one succeeds. A reminder that its owner has not read
    yet is dropped: there is nothing to be reminded of any more.
    """
    if new not in VOUCHER_MOVES[old]:
        raise ValueError(f"a voucher never goes from {old} to {new}")
    moved = (
        update(Voucher)
        .where(Voucher.id == one.id, Voucher.state == old, Voucher.version == one.version)
        .values(state=new, settled_at=at, version=Voucher.version + 1, **values)
        .returning(Voucher.id)
    )
    done = session.execute(moved.execution_options(synchronize_session="fetch"))
    if done.scalar_one_or_none() is None:
        return False
    if old is VoucherState.ISSUED:
        held.forget(session, reminder_key(one.id))
    return True


def note_event(
    session: Session,
    voucher_id: int,
    action: VoucherAction,
    doing: Doing,
    *,
    receipt: str = "",
    note: str = "",
) -> int:
    """Write a step into the ledger; return the event's number."""
    event = VoucherEvent(
        voucher_id=voucher_id,
        at=doing.now,
        action=action,
        actor=doing.actor,
        receipt=receipt,
        note=note[:NOTE_LENGTH],
    )
    session.add(event)
    session.flush()
    return event.id


def release(
    session: Session, one: Owned, new: VoucherState, action: VoucherAction, doing: Doing
) -> bool:
    """End a voucher that was not redeemed, and free its piece; False when it is not as seen."""
    if not step(session, one, VoucherState.ISSUED, new, doing.now):
        return False
    is_free = stock.move(
        session,
        one.facsimile_id,
        StockAction.RETURN,
        voucher_id=one.id,
        actor=doing.actor,
        now=doing.now,
    )
    if not is_free:
        raise RuntimeError(f"voucher {one.id} had no piece reserved")
    note_event(session, one.id, action, doing)
    return True
