"""What counts in the quiz: kinds, states, levels, when a card is earned. No I/O.

Source: docs/sources.md#quiz (十堰档案: ten right answers a card, ten cards a facsimile).
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

RIGHT_FOR_CARD: Final = 10
CARDS: Final = 10
"""A season has ten different cards; the n-th that somebody earns is the n-th for everybody."""
LEVEL: Final = 10
"""Questions of a level."""
LETTERS: Final = "ABCD"
PICK_UP_DAYS: Final = 60
"""A voucher holds for so long, and never longer than the season's last day of pick-up."""
REMIND_BEFORE: Final = timedelta(days=3)
UNDO_WITHIN: Final = timedelta(minutes=15)
"""For so long a redemption may be undone, by another person."""


class Kind(StrEnum):
    """How a question is answered."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    JUDGE = "judge"
    FILL = "fill"
    YEAR = "year"


KIND_NAMES: Final[Mapping[Kind, str]] = {
    Kind.SINGLE: "单选题",
    Kind.MULTIPLE: "多选题",
    Kind.JUDGE: "判断题",
    Kind.FILL: "填空题",
    Kind.YEAR: "年份题",
}
DIFFICULTIES: Final[Mapping[int, str]] = {1: "容易", 2: "适中", 3: "较难"}


class VersionState(StrEnum):
    """How a question that staff wrote or imported stands; only what is released is asked."""

    DRAFT = "draft"
    WAITING = "waiting"
    RELEASED = "released"
    REFUSED = "refused"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


VERSION_STATES: Final[Mapping[VersionState, str]] = {
    VersionState.DRAFT: "草稿",
    VersionState.WAITING: "等放行",
    VersionState.RELEASED: "在用",
    VersionState.REFUSED: "退回",
    VersionState.REPLACED: "已换新",
    VersionState.WITHDRAWN: "已撤下",
}


class SeasonState(StrEnum):
    """How a season stands; whether it is on, its days tell."""

    DRAFT = "draft"
    WAITING = "waiting"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"


SEASON_STATES: Final[Mapping[SeasonState, str]] = {
    SeasonState.DRAFT: "草稿",
    SeasonState.WAITING: "等放行",
    SeasonState.RELEASED: "已放行",
    SeasonState.WITHDRAWN: "已撤销",
}


class DrawState(StrEnum):
    """How a question dealt to somebody stands: follows from its rows, is stored nowhere."""

    OPEN = "open"
    RIGHT = "right"
    WRONG = "wrong"
    LAPSED = "lapsed"
    """Closed without an answer: the question was withdrawn, or its season is over."""


DRAW_STATES: Final[Mapping[DrawState, str]] = {
    DrawState.OPEN: "等回答",
    DrawState.RIGHT: "答对",
    DrawState.WRONG: "答错",
    DrawState.LAPSED: "撤下",
}
DRAW_MOVES: Final[Mapping[DrawState, frozenset[DrawState]]] = {
    DrawState.OPEN: frozenset({DrawState.RIGHT, DrawState.WRONG, DrawState.LAPSED}),
    DrawState.RIGHT: frozenset(),
    DrawState.WRONG: frozenset(),
    DrawState.LAPSED: frozenset(),
}


def draw_state(*, is_closed: bool, is_right: bool | None) -> DrawState:
    """Return how a question dealt stands.

    Args:
        is_closed: it can be answered no more.
        is_right: what became of its answer; None where there is none.
    """
    if is_right is not None:
        return DrawState.RIGHT if is_right else DrawState.WRONG
    return DrawState.LAPSED if is_closed else DrawState.OPEN


class VoucherState(StrEnum):
    """How a voucher stands."""

    ISSUED = "issued"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    VOID = "void"
    """Its owner had everything about them erased before it was redeemed."""


VOUCHER_STATES: Final[Mapping[VoucherState, str]] = {
    VoucherState.ISSUED: "可领取",
    VoucherState.REDEEMED: "已领取",
    VoucherState.EXPIRED: "已过期",
    VoucherState.VOID: "已作废",
}
VOUCHER_MOVES: Final[Mapping[VoucherState, frozenset[VoucherState]]] = {
    VoucherState.ISSUED: frozenset(
        {VoucherState.REDEEMED, VoucherState.EXPIRED, VoucherState.VOID}
    ),
    VoucherState.REDEEMED: frozenset({VoucherState.ISSUED}),  # undone within minutes
    VoucherState.EXPIRED: frozenset(),
    VoucherState.VOID: frozenset(),
}
STANDING: Final = (VoucherState.ISSUED, VoucherState.REDEEMED)
"""One entry has at most one voucher in these states: an expired one may be asked for anew."""


class VoucherAction(StrEnum):
    """A step of a voucher, as its ledger keeps it."""

    ISSUE = "issue"
    REDEEM = "redeem"
    UNDO = "undo"
    EXPIRE = "expire"
    VOID = "void"


class StockAction(StrEnum):
    """Why the stock of a facsimile moved."""

    RECEIVE = "receive"
    WRITE_OFF = "write_off"
    RESERVE = "reserve"
    RETURN = "return"
    """A voucher has expired or was voided."""
    HAND_OUT = "hand_out"
    TAKE_BACK = "take_back"
    """A redemption was undone: the piece is on the shelf again, and still promised."""


STOCK_ACTIONS: Final[Mapping[StockAction, str]] = {
    StockAction.RECEIVE: "入库",
    StockAction.WRITE_OFF: "核减",
    StockAction.RESERVE: "预留",
    StockAction.RETURN: "退回预留",
    StockAction.HAND_OUT: "交付",
    StockAction.TAKE_BACK: "撤回交付",
}


class Reason(StrEnum):
    """What somebody finds wrong with a question."""

    ANSWER = "answer"
    WORDING = "wording"
    SOURCE = "source"


REASONS: Final[Mapping[Reason, str]] = {
    Reason.ANSWER: "答案不对",
    Reason.WORDING: "题目看不懂",
    Reason.SOURCE: "出处对不上",
}

TITLES: Final = (
    "见习档案员",
    "立卷能手",
    "编目能手",
    "查档能手",
    "修裱能手",
    "辨章学士",
    "考镜学士",
    "秘阁校理",
    "石室典籍",
    "兰台令史",
)
"""What somebody may call themselves after each level, the last one for good."""


def level_of(place: int) -> tuple[int, int]:
    """Return the level, from 1, and the number within it, of the n-th question dealt."""
    return (place - 1) // LEVEL + 1, (place - 1) % LEVEL + 1


def title_after(level: int) -> str:
    """Return the title of somebody who has been through so many levels, 1 or more."""
    return TITLES[min(level, len(TITLES)) - 1]


def card_at(credit: int) -> int | None:
    """Return which card this right answer earns, 1–10; None where it earns none.

    Args:
        credit: right answers of the season, those carried over included, this one too.
    """
    cards, rest = divmod(credit, RIGHT_FOR_CARD)
    return cards if rest == 0 and 1 <= cards <= CARDS else None


def towards_next(credit: int) -> int:
    """Return how many right answers count towards the next card, 0–9."""
    return credit % RIGHT_FOR_CARD
