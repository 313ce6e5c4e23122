"""Do the ledgers add up: answers and cards, stock and its moves, vouchers and what is promised."""

from collections.abc import Callable, Iterator
from typing import Final

from sqlalchemy import Connection, and_, case, func, or_, select, text
from sqlalchemy.orm import Session

from wx_archive.quiz.models import Answer, Card, Entry
from wx_archive.quiz.rules import CARDS, RIGHT_FOR_CARD, STANDING, VoucherAction, VoucherState
from wx_archive.quiz.voucher_models import (
    Facsimile,
    ReceiptCounter,
    StockMove,
    Voucher,
    VoucherEvent,
)


def first_breach(session: Session) -> str:
    """Return the first thing that does not add up, in a sentence; empty where everything does.

    Args:
        session: at its beginning: all of it is seen as of one moment.
    """
    if session.get_bind().dialect.name != "sqlite":
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
    connection = session.connection()
    return next((told for look in _LOOKS for told in look(connection)), "")


def counted(connection: Connection) -> dict[str, int]:
    """Return how many rows each ledger has."""
    tables = {"entries": Entry, "answers": Answer, "cards": Card, "vouchers": Voucher}
    found = {
        name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for name, table in tables.items()
    }
    handed = select(func.count()).where(VoucherEvent.action == VoucherAction.REDEEM)
    return found | {"receipts": connection.execute(handed).scalar_one()}


def _answers(connection: Connection) -> Iterator[str]:
    right, last = func.count(Answer.right_no), func.coalesce(func.max(Answer.right_no), 0)
    rows = connection.execute(
        select(Answer.entry_id, right.label("right"), last.label("last"))
        .group_by(Answer.entry_id)
        .having(right != last)
        .order_by(Answer.entry_id)
        .limit(1)
    )
    for row in rows:
        yield f"参加 {row.entry_id}：答对 {row.right} 次，编号却到了 {row.last}"


def _cards(connection: Connection) -> Iterator[str]:
    right = select(func.count(Answer.right_no)).where(Answer.entry_id == Entry.id).scalar_subquery()
    cards = select(func.count()).where(Card.entry_id == Entry.id).scalar_subquery()
    last = (
        select(func.coalesce(func.max(Card.ordinal), 0))
        .where(Card.entry_id == Entry.id)
        .scalar_subquery()
    )
    whole = (Entry.carried + right) // RIGHT_FOR_CARD
    due = case((whole > CARDS, CARDS), else_=whole)
    told = select(Entry.id, due.label("due"), cards.label("cards"), last.label("last")).subquery()
    amiss = or_(told.c.cards != told.c.due, told.c.last != told.c.cards)
    rows = connection.execute(select(told).where(amiss).order_by(told.c.id).limit(1))
    for row in rows:
        yield f"参加 {row.id}：该有 {row.due} 张卡，有 {row.cards} 张，最后一张是第 {row.last} 张"


def _earning_answers(connection: Connection) -> Iterator[str]:
    fits = and_(
        Answer.entry_id == Card.entry_id,
        Entry.carried + Answer.right_no == Card.ordinal * RIGHT_FOR_CARD,
    )
    rows = connection.execute(
        select(Card.id, Card.ordinal)
        .join(Entry, Entry.id == Card.entry_id)
        .outerjoin(Answer, and_(Answer.id == Card.answer_id, fits))
        .where(Answer.id.is_(None))
        .order_by(Card.id)
        .limit(1)
    )
    for row in rows:
        yield f"卡 {row.id}：第 {row.ordinal} 张对不上得到它的那次回答"


def _stock(connection: Connection) -> Iterator[str]:
    moved = (
        select(
            StockMove.facsimile_id,
            func.sum(StockMove.on_hand).label("on_hand"),
            func.sum(StockMove.reserved).label("reserved"),
        )
        .group_by(StockMove.facsimile_id)
        .subquery()
    )
    on_hand = func.coalesce(moved.c.on_hand, 0)
    reserved = func.coalesce(moved.c.reserved, 0)
    rows = connection.execute(
        select(
            Facsimile.id,
            Facsimile.on_hand,
            Facsimile.reserved,
            on_hand.label("moved"),
            reserved.label("promised"),
        )
        .outerjoin(moved, moved.c.facsimile_id == Facsimile.id)
        .where(or_(Facsimile.on_hand != on_hand, Facsimile.reserved != reserved))
        .order_by(Facsimile.id)
        .limit(1)
    )
    for row in rows:
        yield (
            f"复制件 {row.id}：库存 {row.on_hand}、预留 {row.reserved}，"
            f"流水加起来是 {row.moved} 和 {row.promised}"
        )


def _promised(connection: Connection) -> Iterator[str]:
    issued = func.count(Voucher.id)
    on = and_(Voucher.facsimile_id == Facsimile.id, Voucher.state == VoucherState.ISSUED)
    rows = connection.execute(
        select(Facsimile.id, Facsimile.reserved, issued.label("issued"))
        .outerjoin(Voucher, on)
        .group_by(Facsimile.id, Facsimile.reserved)
        .having(Facsimile.reserved != issued)
        .order_by(Facsimile.id)
        .limit(1)
    )
    for row in rows:
        yield f"复制件 {row.id}：预留 {row.reserved} 份，可领取的凭证却有 {row.issued} 张"


def _vouchers(connection: Connection) -> Iterator[str]:
    """A voucher's own moves and steps tell its state."""
    moves = and_(StockMove.voucher_id == Voucher.id)
    shelf = func.coalesce(func.sum(StockMove.on_hand), 0)
    promised = func.coalesce(func.sum(StockMove.reserved), 0)
    gone = case((Voucher.state == VoucherState.REDEEMED, -1), else_=0)
    held = case((Voucher.state == VoucherState.ISSUED, 1), else_=0)
    rows = connection.execute(
        select(Voucher.id, Voucher.state)
        .outerjoin(StockMove, moves)
        .group_by(Voucher.id, Voucher.state)
        .having(or_(shelf != gone, promised != held))
        .order_by(Voucher.id)
        .limit(1)
    )
    for row in rows:
        yield f"凭证 {row.id}：状态是 {row.state}，它的库存流水对不上"
    has_receipt = Voucher.receipt.is_not(None)
    is_redeemed = Voucher.state == VoucherState.REDEEMED
    amiss = select(Voucher.id).where(has_receipt != is_redeemed).order_by(Voucher.id).limit(1)
    for number in connection.scalars(amiss):
        yield f"凭证 {number}：领取号和状态对不上"


def _deserved(connection: Connection) -> Iterator[str]:
    cards = select(func.count()).where(Card.entry_id == Voucher.entry_id).scalar_subquery()
    rows = connection.execute(
        select(Voucher.id, cards.label("cards"))
        .where(Voucher.entry_id.is_not(None), Voucher.state.in_(STANDING), cards != CARDS)
        .order_by(Voucher.id)
        .limit(1)
    )
    for row in rows:
        yield f"凭证 {row.id}：只有 {row.cards} 张卡"


def _receipts(connection: Connection) -> Iterator[str]:
    for year, last in connection.execute(select(ReceiptCounter.year, ReceiptCounter.last)).all():
        given = connection.scalars(
            select(VoucherEvent.receipt)
            .where(
                VoucherEvent.action == VoucherAction.REDEEM,
                VoucherEvent.receipt.like(f"领{year}-%"),
            )
            .order_by(VoucherEvent.receipt)
        ).all()
        wanted = [f"领{year}-{number:06d}" for number in range(1, last + 1)]
        if list(given) != wanted:
            yield f"{year} 年的领取号发到 {last}，交付却有 {len(given)} 次，或者有缺号、重号"


_LOOKS: Final[tuple[Callable[[Connection], Iterator[str]], ...]] = (
    _answers,
    _cards,
    _earning_answers,
    _stock,
    _promised,
    _vouchers,
    _deserved,
    _receipts,
)
