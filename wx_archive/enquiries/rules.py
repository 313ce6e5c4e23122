"""Kinds of request, the states they go through, their clock, how their numbers are spelled.

Source: docs/sources.md#requests.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final, Protocol

from wx_archive.core.workdays import Calendar

MOST_OPEN: Final = 5
"""Requests of one kind that a follower may have under way at a time."""
SHOWN: Final = 5
"""Requests that one answer lists."""
MOST_ITEMS: Final = 5
"""Entries of the catalogue that one answer leads to."""
RATINGS: Final = range(1, 6)

ACCEPT_DAYS: Final = 2
"""Working days in which somebody should have accepted a new request."""
CONSULT_DAYS: Final = 15
"""Working days after which whoever is consulted is reminded."""
SILENT_DAYS: Final = 15
"""Working days of the citizen's silence after which a request closes by itself."""
MOST_EXTENDED: Final = 15
"""Working days by which a promise may be extended, once."""


class Kind(StrEnum):
    """What is asked of the archives."""

    SEARCH = "search"
    CORRECTION = "correction"


class State(StrEnum):
    """Where a request stands."""

    SUBMITTED = "submitted"
    NEED_FIX = "need_fix"
    ACCEPTED = "accepted"
    SEARCHING = "searching"
    CONSULTING = "consulting"
    FOUND = "found"
    NOT_FOUND = "not_found"
    NOT_HELD = "not_held"
    REFUSED = "refused"
    REFERRED = "referred"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Channel(StrEnum):
    """How a request came in."""

    CHAT = "chat"
    H5 = "h5"
    DESK = "desk"
    LETTER = "letter"
    PHONE = "phone"


BY_STAFF: Final = frozenset({Channel.DESK, Channel.LETTER, Channel.PHONE})
"""Channels of requests that staff write down for somebody."""


class Action(StrEnum):
    """What a step of a request was."""

    MOVE = "move"
    TAKE = "take"
    HAND = "hand"
    EXTEND = "extend"
    ATTACH = "attach"
    DETACH = "detach"
    CONTACT = "contact"
    RATE = "rate"


ACTIONS: Final[Mapping[Action, str]] = {
    Action.MOVE: "",
    Action.TAKE: "接手",
    Action.HAND: "转交",
    Action.EXTEND: "延长办结日",
    Action.ATTACH: "附上条目",
    Action.DETACH: "拿掉条目",
    Action.CONTACT: "记下联系方式",
    Action.RATE: "读者评价",
}
TOLD_ACTIONS: Final = frozenset({Action.MOVE, Action.EXTEND, Action.RATE})
"""Steps whose words were said to the citizen; the others are the staff's own."""


FIRST: Final = State.SUBMITTED
WORKED: Final = frozenset({State.ACCEPTED, State.SEARCHING, State.CONSULTING})
"""Somebody of the staff has it in hand."""
OPEN: Final = frozenset({State.SUBMITTED, State.NEED_FIX}) | WORKED
"""Somebody still has to do something."""
ANSWERED: Final = frozenset(
    {State.FOUND, State.NOT_FOUND, State.NOT_HELD, State.REFUSED, State.REFERRED}
)
OVER: Final = frozenset({State.CLOSED, State.WITHDRAWN})
PAUSED: Final = frozenset({State.NEED_FIX, State.CONSULTING})
"""States in which somebody else has the word: the clock stands."""
STAFF_ACTS: Final = WORKED | {State.SUBMITTED}
"""States that are late when their day has passed; the others end by themselves on theirs."""
TOLD: Final = ANSWERED | PAUSED
"""States of which the follower is told without asking."""
NEEDS_NOTE: Final = PAUSED | {State.FOUND, State.REFUSED, State.REFERRED}
"""States that say nothing without a word of where, why, or what is missing."""

TRANSITIONS: Final[Mapping[State, frozenset[State]]] = {
    State.SUBMITTED: frozenset(
        {
            State.ACCEPTED,
            State.NEED_FIX,
            State.NOT_HELD,
            State.REFUSED,
            State.REFERRED,
            State.WITHDRAWN,
        }
    ),
    State.NEED_FIX: frozenset({State.SUBMITTED, State.CLOSED, State.WITHDRAWN}),
    State.ACCEPTED: frozenset(
        {
            State.SEARCHING,
            State.NEED_FIX,
            State.NOT_HELD,
            State.REFUSED,
            State.REFERRED,
            State.WITHDRAWN,
        }
    ),
    State.SEARCHING: ANSWERED | {State.NEED_FIX, State.CONSULTING, State.WITHDRAWN},
    State.CONSULTING: ANSWERED | {State.SEARCHING, State.WITHDRAWN},
    **dict.fromkeys(sorted(ANSWERED), frozenset({State.CLOSED})),
    **dict.fromkeys(sorted(OVER), frozenset()),
}
"""What may follow what; drawn in docs/states/enquiries.mmd."""


class Deadline(StrEnum):
    """What the day means by which something must happen to a request."""

    ACCEPT = "accept"
    PROMISE = "promise"
    REMIND = "remind"
    CLOSE = "close"


DEADLINES: Final[Mapping[State, Deadline]] = {
    State.SUBMITTED: Deadline.ACCEPT,
    State.NEED_FIX: Deadline.CLOSE,
    State.ACCEPTED: Deadline.PROMISE,
    State.SEARCHING: Deadline.PROMISE,
    State.CONSULTING: Deadline.REMIND,
    **dict.fromkeys(sorted(ANSWERED), Deadline.CLOSE),
}
"""Nothing stands still for ever: each state that is not over has its day."""

SIGNS: Final[Mapping[Kind, str]] = {Kind.SEARCH: "查", Kind.CORRECTION: "纠"}
_LABELS: Final[Mapping[State, str]] = {
    State.SUBMITTED: "已收到",
    State.NEED_FIX: "等您补充",
    State.ACCEPTED: "已受理",
    State.SEARCHING: "正在查",
    State.CONSULTING: "正在征求意见",
    State.FOUND: "查到了",
    State.NOT_FOUND: "没有查到",
    State.NOT_HELD: "不在本馆",
    State.REFUSED: "不能提供",
    State.REFERRED: "已转有关单位",
    State.CLOSED: "已办结",
    State.WITHDRAWN: "已撤回",
}
_CORRECTION_LABELS: Final[Mapping[State, str]] = {
    State.SEARCHING: "正在核对",
    State.FOUND: "已更正",
    State.NOT_FOUND: "核对过，原样无误",
    State.NOT_HELD: "不是本馆编的目录",
    State.REFUSED: "不予更正",
}

_DASHES: Final = re.compile("[\u2010-\u2015\u2212\ufe58\uff0d_~～]")
_AROUND: Final = re.compile(r"[\s「」『』“”\"'《》〈〉【】〔〕\[\]()<>,.。、:：!！?？#]")
_NUMBER: Final = re.compile(r"(?:(查|纠)号?)?((?:19|20)[0-9]{2})-?([0-9]{1,9})")
_BARE: Final = re.compile(r"(?:进度|撤回|取消)?(查|纠)((?:19|20)[0-9]{2})-([0-9]{1,9})")
_RATING: Final = re.compile(
    "(?:(?P<number>(?:[查纠]号? ?)?(?:19|20)[0-9]{2} ?[^0-9 ]? ?[0-9]{1,9})"
    "(?:号| |$))? ?(?:(?P<score>[1-5])(?:分|星)?(?:[ ,，。]|$))?(?P<words>.*)"
)
_WIDTH: Final = 6
_YEAR_WIDTH: Final = 4


class Promised(Protocol):
    """What a request knows of its clock, however it was read."""

    accepted_on: date | None
    promise_days: int
    due_on: date | None
    is_due_known: bool
    paused_on: date | None
    paused_days: int
    extended_days: int


@dataclass(frozen=True, slots=True)
class Clock:
    """A request's promise in working days, and what became of it.

    Attributes:
        accepted_on: Shanghai day of the first acceptance; None before it.
        promise_days: as the bureau promised then.
        due_on: last day of the promise; None before acceptance.
        is_due_known: the State Council has announced every year up to it.
        paused_on: the clock stands since this day.
        paused_days: working days that it stood before; they have moved the due day.
        extended_days: working days that were added, once.
    """

    accepted_on: date | None = None
    promise_days: int = 0
    due_on: date | None = None
    is_due_known: bool = True
    paused_on: date | None = None
    paused_days: int = 0
    extended_days: int = 0

    @classmethod
    def of(cls, row: Promised) -> "Clock":
        """Return what a row says."""
        return cls(
            row.accepted_on,
            row.promise_days,
            row.due_on,
            row.is_due_known,
            row.paused_on,
            row.paused_days,
            row.extended_days,
        )

    def started(self, days: int, *, today: date, calendar: Calendar) -> "Clock":
        """Return the clock of a request that is accepted; the first acceptance counts."""
        if self.accepted_on is not None:
            return self
        due = calendar.add_workdays(today, days)
        return Clock(today, days, due.day, due.is_known)

    def stopped(self, *, today: date) -> "Clock":
        """Return the clock of a request that waits for somebody else."""
        if self.due_on is None or self.paused_on is not None:
            return self
        return replace(self, paused_on=today)

    def resumed(self, *, today: date, calendar: Calendar) -> "Clock":
        """Return the clock going on: the due day moves by the working days it stood."""
        if self.due_on is None or self.paused_on is None:
            return self
        stood = calendar.count_workdays(self.paused_on, today)
        moved = replace(self, paused_on=None, paused_days=self.paused_days + stood)
        return _moved(moved, stood, calendar)

    def extended(self, days: int, *, calendar: Calendar) -> "Clock":
        """Return the clock of a promise that was extended."""
        return _moved(replace(self, extended_days=days), days, calendar)

    def used(self, *, today: date, calendar: Calendar) -> int | None:
        """Return how many working days it has run; None before acceptance."""
        if self.accepted_on is None:
            return None
        return max(0, calendar.count_workdays(self.accepted_on, today) - self.paused_days)


def _moved(clock: Clock, days: int, calendar: Calendar) -> Clock:
    if clock.due_on is None or clock.accepted_on is None:
        return clock
    due = calendar.add_workdays(clock.due_on, days).day
    return replace(clock, due_on=due, is_due_known=calendar.knows(clock.accepted_on, due))


def act_by(state: State, clock: Clock, *, since: date, calendar: Calendar) -> date | None:
    """Return the day by which something must happen to a request; None once it is over.

    Args:
        state: where it stands.
        clock: its promise.
        since: the day on which it came there.
        calendar: of the site.
    """
    match DEADLINES.get(state):
        case Deadline.ACCEPT:
            return clock.due_on or calendar.add_workdays(since, ACCEPT_DAYS).day
        case Deadline.PROMISE:
            return clock.due_on
        case Deadline.REMIND:
            return calendar.add_workdays(since, CONSULT_DAYS).day
        case Deadline.CLOSE:
            return calendar.add_workdays(since, SILENT_DAYS).day
        case None:
            return None


def label(kind: Kind, state: State) -> str:
    """Return the state in the citizen's words."""
    of_kind = _CORRECTION_LABELS if kind is Kind.CORRECTION else {}
    return of_kind.get(state, _LABELS[state])


def number(kind: Kind, year: int, running: int) -> str:
    """Return the number as printed: 查2026-000123."""
    return f"{SIGNS[kind]}{year}-{running:0{_WIDTH}d}"


def read_number(text: str) -> tuple[str, ...]:
    """Return the numbers a text may mean, as printed; none where it is not a number at all.

    Any width, spaces, dashes, brackets, missing zeros; without 查 or 纠 it may be either.
    """
    found = _NUMBER.fullmatch(_plain(text))
    if found is None:
        return ()
    sign, year, running = found.groups()
    kinds = [kind for kind, own in SIGNS.items() if sign in (None, own)]
    return tuple(number(kind, int(year), int(running)) for kind in kinds)


@dataclass(frozen=True, slots=True)
class Rating:
    """What somebody typed behind 评价.

    Attributes:
        numbers: the numbers it may be about; empty where none was named.
        score: 1 to 5; None where there is none.
        words: whatever follows.
    """

    numbers: tuple[str, ...]
    score: int | None
    words: str


def read_rating(text: str) -> Rating:
    """Return what a tidied text behind 评价 says: «查2026-123 5 很快», «5», «查2026-123»."""
    found = _RATING.fullmatch(text)
    if found is None:
        return Rating((), None, text)
    numbers = read_number(found["number"]) if found["number"] else ()
    score = int(found["score"]) if found["score"] else None
    return Rating(numbers, score, found["words"].strip(" ,，。"))


def read_bare_number(text: str) -> tuple[str, ...]:
    """Return the number that somebody typed alone, or none where it may be something else.

    «查2010-2019» asks for years.
    """
    found = _BARE.fullmatch(_plain(text))
    if found is None or len(found[3]) == _YEAR_WIDTH:
        return ()
    return read_number("".join((found[1], found[2], "-", found[3])))


def _plain(text: str) -> str:
    return _AROUND.sub("", _DASHES.sub("-", unicodedata.normalize("NFKC", text)))
