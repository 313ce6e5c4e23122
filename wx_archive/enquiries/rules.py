"""Kinds of request, the states they go through, and how their numbers are spelled."""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

MOST_OPEN: Final = 5
"""Requests of one kind that a follower may have under way at a time."""
SHOWN: Final = 5
"""Requests that one answer lists."""


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
    FOUND = "found"
    NOT_FOUND = "not_found"
    NOT_HELD = "not_held"
    REFUSED = "refused"
    REFERRED = "referred"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


FIRST: Final = State.SUBMITTED
OPEN: Final = frozenset({State.SUBMITTED, State.NEED_FIX, State.ACCEPTED, State.SEARCHING})
"""Somebody still has to do something."""
ANSWERED: Final = frozenset(
    {State.FOUND, State.NOT_FOUND, State.NOT_HELD, State.REFUSED, State.REFERRED}
)
OVER: Final = frozenset({State.CLOSED, State.WITHDRAWN})
TOLD: Final = ANSWERED | {State.NEED_FIX}
"""States of which the follower is told without asking."""
NEEDS_NOTE: Final = frozenset({State.NEED_FIX, State.FOUND, State.REFUSED, State.REFERRED})
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
    State.SEARCHING: ANSWERED | {State.NEED_FIX, State.WITHDRAWN},
    **dict.fromkeys(sorted(ANSWERED), frozenset({State.CLOSED})),
    **dict.fromkeys(sorted(OVER), frozenset()),
}
"""What may follow what; drawn in docs/states/enquiries.mmd."""

SIGNS: Final[Mapping[Kind, str]] = {Kind.SEARCH: "查", Kind.CORRECTION: "纠"}
_LABELS: Final[Mapping[State, str]] = {
    State.SUBMITTED: "已收到",
    State.NEED_FIX: "等您补充",
    State.ACCEPTED: "已受理",
    State.SEARCHING: "正在查",
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
_WIDTH: Final = 6
_YEAR_WIDTH: Final = 4


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
