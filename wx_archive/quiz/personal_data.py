"""What the quiz knows of a follower: handed out in full, gone with them but for the stock's ledger.

A voucher that was redeemed stays in the ledger of the stock without its owner; one that was not is
void, and its piece is free again.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import InstrumentedAttribute

from wx_archive.core import clock
from wx_archive.followers.personal_data import Case, PersonalData, Row, shown
from wx_archive.quiz import vouchers
from wx_archive.quiz.models import Answer, Card, CardKind, Complaint, Draw, Entry, Season
from wx_archive.quiz.rules import (
    DRAW_STATES,
    REASONS,
    VOUCHER_STATES,
    Reason,
    VoucherAction,
    VoucherState,
    draw_state,
)
from wx_archive.quiz.voucher_models import Facsimile, Voucher, VoucherEvent

Erase = Callable[[Case], None]
_ACTIONS: Final = {
    VoucherAction.ISSUE: "发出",
    VoucherAction.REDEEM: "领取",
    VoucherAction.UNDO: "撤销领取",
    VoucherAction.EXPIRE: "过期",
    VoucherAction.VOID: "作废",
}
_KEPT: Final = "交付和库存的账不能缺：只留凭证号、领了什么、什么时候，不再知道是谁"


def _mine(case: Case) -> ColumnElement[bool]:
    return Entry.follower_id == case.follower_id


def _entries(case: Case) -> Sequence[Row]:
    rows = case.session.execute(
        select(Season.name, Entry.begun_at, Entry.carried)
        .join(Season, Season.id == Entry.season_id)
        .where(_mine(case))
        .order_by(Entry.id)
    )
    return [
        {"哪一季": row.name, "开始的时间": shown(row.begun_at), "上季带来的答对数": row.carried}
        for row in rows
    ]


def _draws(case: Case) -> Sequence[Row]:
    rows = case.session.execute(
        select(Draw.__table__, Answer.is_right)
        .join(Entry, Entry.id == Draw.entry_id)
        .outerjoin(Answer, Answer.draw_id == Draw.id)
        .where(_mine(case))
        .order_by(Draw.id)
    )
    return [
        {
            "第几题": row.place,
            "题号": row.question_id,
            "出题时间": shown(row.drawn_at),
            "点过的选项": row.picked,
            "怎么样了": DRAW_STATES[
                draw_state(is_closed=row.closed_at is not None, is_right=row.is_right)
            ],
            "了结时间": shown(row.closed_at),
        }
        for row in rows
    ]


def _answers(case: Case) -> Sequence[Row]:
    rows = case.session.execute(
        select(Draw.question_id, Answer.given, Answer.is_right, Answer.right_no, Answer.answered_at)
        .join(Draw, Draw.id == Answer.draw_id)
        .join(Entry, Entry.id == Answer.entry_id)
        .where(_mine(case))
        .order_by(Answer.id)
    )
    return [
        {
            "题号": row.question_id,
            "您的回答": row.given,
            "答对": row.is_right,
            "第几个答对": row.right_no,
            "时间": shown(row.answered_at),
        }
        for row in rows
    ]


def _cards(case: Case) -> Sequence[Row]:
    kind = (CardKind.season_id == Entry.season_id) & (CardKind.ordinal == Card.ordinal)
    rows = case.session.execute(
        select(Season.name, Card.ordinal, CardKind.title, Card.earned_at)
        .join(Entry, Entry.id == Card.entry_id)
        .join(Season, Season.id == Entry.season_id)
        .outerjoin(CardKind, kind)
        .where(_mine(case))
        .order_by(Card.id)
    )
    return [
        {
            "哪一季": row.name,
            "第几张": row.ordinal,
            "卡名": row.title or "",
            "得到的时间": shown(row.earned_at),
        }
        for row in rows
    ]


def _complaints(case: Case) -> Sequence[Row]:
    rows = case.session.execute(
        select(Complaint)
        .join(Draw, Draw.id == Complaint.draw_id)
        .join(Entry, Entry.id == Draw.entry_id)
        .where(_mine(case))
        .order_by(Complaint.id)
    ).scalars()
    return [
        {
            "题号": one.question_id,
            "说哪里不对": REASONS[Reason(one.reason)],
            "时间": shown(one.made_at),
            "核对过": one.settled_at is not None,
        }
        for one in rows
    ]


def _vouchers(case: Case) -> Sequence[Row]:
    rows = case.session.execute(
        select(Voucher.__table__, Facsimile.name)
        .join(Entry, Entry.id == Voucher.entry_id)
        .join(Facsimile, Facsimile.id == Voucher.facsimile_id)
        .where(_mine(case))
        .order_by(Voucher.id)
    )
    return [
        {
            "凭证号": row.code,
            "领什么": row.name,
            "状态": VOUCHER_STATES[VoucherState(row.state)],
            "发出的时间": shown(row.issued_at),
            "最后一天": row.expires_on.isoformat(),
            "领取号": row.receipt or "",
        }
        for row in rows
    ]


def _events(case: Case) -> Sequence[Row]:
    # Who of the staff it was is theirs; the reason may be about the clerk's own slip.
    rows = case.session.execute(
        select(Voucher.code, VoucherEvent.action, VoucherEvent.at, VoucherEvent.receipt)
        .join(Voucher, Voucher.id == VoucherEvent.voucher_id)
        .join(Entry, Entry.id == Voucher.entry_id)
        .where(_mine(case))
        .order_by(VoucherEvent.id)
    )
    return [
        {
            "凭证号": row.code,
            "做了什么": _ACTIONS[VoucherAction(row.action)],
            "时间": shown(row.at),
            "领取号": row.receipt,
        }
        for row in rows
    ]


def _void(case: Case) -> None:
    vouchers.void_of(case.session, case.follower_id, now=clock.now())


def _nothing_more(_case: Case) -> None:
    """Leave it: without its voucher's owner it leads to nobody."""


def _erase(model: type[Any], condition: Callable[[Case], ColumnElement[bool]]) -> Erase:
    def erase(case: Case) -> None:
        gone = delete(model).where(condition(case))
        case.session.execute(gone, execution_options={"synchronize_session": False})

    return erase


def _of_entry(column: InstrumentedAttribute[int]) -> Callable[[Case], ColumnElement[bool]]:
    return lambda case: column.in_(select(Entry.id).where(_mine(case)))


def _of_draw(case: Case) -> ColumnElement[bool]:
    draws = select(Draw.id).join(Entry, Entry.id == Draw.entry_id).where(_mine(case))
    return Complaint.draw_id.in_(draws)


RULES = (
    # In this order: what hangs on the vouchers' entries goes before the entries themselves.
    PersonalData("quiz_voucher", "领取凭证", _vouchers, _void, kept_because=_KEPT),
    PersonalData(
        "quiz_voucher_event", "领取凭证的经过", _events, _nothing_more, kept_because=_KEPT
    ),
    PersonalData("quiz_complaint", "您说有错的题", _complaints, _erase(Complaint, _of_draw)),
    PersonalData("quiz_card", "得到的卡", _cards, _erase(Card, _of_entry(Card.entry_id))),
    PersonalData("quiz_answer", "答题记录", _answers, _erase(Answer, _of_entry(Answer.entry_id))),
    PersonalData("quiz_draw", "出给您的题", _draws, _erase(Draw, _of_entry(Draw.entry_id))),
    PersonalData("quiz_entry", "参加过的答题", _entries, _erase(Entry, _mine)),
)
