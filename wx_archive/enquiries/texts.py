"""What the chat and the commands say of requests; standing sentences are in `replies.yaml`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from wx_archive.core import clock
from wx_archive.core.text import clip_bytes, escape_label, tap_link
from wx_archive.enquiries import rules
from wx_archive.enquiries.queries import Request
from wx_archive.enquiries.rules import Kind, State

WORDS_BYTES: Final = 240
LINE_BYTES: Final = 60
UNKNOWN_NUMBER: Final = "没有编号是“{asked}”的请求，用 wx-archive enquiries list 查"
NOTE_TOO_LONG: Final = "说明太长，最多 {bound} 个字"


def date_of(moment: datetime) -> str:
    """Write a moment's day as citizens read it: 2004年4月2日."""
    day = clock.day_of(moment)
    return f"{day.year}年{day.month}月{day.day}日"


def dates(request: Request) -> str:
    """Say when a request was made, and when it last moved if that was another day."""
    made, moved = date_of(request.created_at), date_of(request.changed_at)
    return f"{made}提出" if made == moved else f"{made}提出，{moved}更新"


def filed(request: Request, tail: str) -> str:
    """Say that a request was taken down, under which number."""
    return "\n".join(
        [
            f"替您记下了，编号 {request.number}。",
            _asked(request),
            tail,
            f"▸{_progress_link('看办到哪一步', request)}  ▸{_withdraw_link(request)}",
        ]
    )


def filed_before(request: Request) -> str:
    """Say that the same request is under way, under the number it has."""
    return "\n".join(
        [
            f"这件已经替您记着，编号 {request.number}，不用再提一次。",
            _asked(request),
            f"现在：{request.label}。",
            f"▸{_progress_link('看办到哪一步', request)}  ▸{_withdraw_link(request)}",
        ]
    )


def status(request: Request) -> str:
    """Say where a request stands."""
    lines = [
        f"{request.number}：{request.label}",
        _asked(request),
        f"{dates(request)}。",
    ]
    lines += _said(request)
    lines.append(f"▸{_withdraw_link(request)}" if request.is_open else _NEXT)
    return "\n".join(lines)


def mine(requests: Sequence[Request], total: int, address: str, *, is_signed: bool) -> str:
    """List a follower's requests, each a tap that says more, and the way to the page of all."""
    shown = f"，先看最近 {len(requests)} 件" if total > len(requests) else ""
    lines = [f"您的请求，共 {total} 件{shown}："]
    lines += [
        f"{_progress_link(request.number, request)} {request.label}"
        f" · {escape_label(clip_bytes(one_line(request.words), LINE_BYTES))}"
        for request in requests
    ]
    return "\n".join([*lines, page_line("打开“我的请求”", address, is_signed=is_signed)])


def page_line(label: str, address: str, *, is_signed: bool) -> str:
    """Return the way to a page of the follower's own."""
    lasts = "（只给您本人，30分钟内有效，请不要转发）" if is_signed else ""
    return f'<a href="{address}">{label}</a>{lasts}'


def withdrawn(request: Request) -> str:
    """Say that a request was withdrawn."""
    return f"{request.number} 已经撤回，不再查了。{_NEXT}"


def not_withdrawn(request: Request) -> str:
    """Say why a request cannot be withdrawn any more."""
    if request.state is State.WITHDRAWN:
        return f"{request.number} 先前已经撤回了。{_NEXT}"
    return f"{request.number} 已经有了结果（{request.label}），不用撤回。{_NEXT}"


def supplied(request: Request) -> str:
    """Say that what was missing has come."""
    return f"补上了，{request.number} 接着办。▸{_progress_link('看办到哪一步', request)}"


def not_supplied(request: Request) -> str:
    """Say that nothing is missing."""
    return f"{request.number} 现在是“{request.label}”，不用补充。{_NEXT}"


def how_to_supply(number: str) -> str:
    """Say how to add what is missing."""
    return f"请回“补充 {number} 要补的话”，中间空一格，200字以内。"


def told(request: Request) -> str:
    """Tell of a step that the follower did not ask about."""
    lines = [f"{request.number} 有了新进展：{request.label}。", _asked(request)]
    lines += _said(request)
    return "\n".join([*lines, f"▸{_progress_link('看这一件', request)}"])


def impossible(request: Request, to: State) -> str:
    """Tell staff where a request may go instead."""
    allowed = "、".join(f"{state.value}（{_name(request, state)}）" for state in _next(request))
    ways = f"可以改为：{allowed}" if allowed else "这件已经办完，不能再改"
    return f"{request.number} 现在是“{request.label}”，不能改为“{_name(request, to)}”；{ways}"


def note_missing(to: State) -> str:
    """Tell staff that a state needs a word to the follower."""
    name = rules.label(Kind.SEARCH, to)
    return f"改为“{name}”要写明原因或者去处，读者会看到：--note 说明"


def one_line(words: str) -> str:
    """Return words that may have several lines as one."""
    return " ".join(words.split())


_NEXT: Final = "还想查什么，直接打字就行。"


def _next(request: Request) -> list[State]:
    return [state for state in State if state in rules.TRANSITIONS[request.state]]


def _name(request: Request, state: State) -> str:
    return rules.label(request.kind, state)


def _said(request: Request) -> list[str]:
    lines = [f"馆里说：{escape_label(request.note)}"] if request.note else []
    if request.state is State.NEED_FIX:
        lines.append(how_to_supply(request.number))
    return lines


def _asked(request: Request) -> str:
    verb = "要查的" if request.kind is Kind.SEARCH else "您说的"
    words = escape_label(clip_bytes(one_line(request.words), WORDS_BYTES))
    return f"{verb}：“{words}”"


def _progress_link(label: str, request: Request) -> str:
    return tap_link(label, f"进度 {request.number}")


def _withdraw_link(request: Request) -> str:
    return tap_link("撤回这件", f"撤回 {request.number}")
