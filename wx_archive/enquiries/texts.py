"""What the chat and the desk say of requests; standing sentences are in `replies.yaml`."""

from collections.abc import Sequence
from datetime import date, datetime
from html import escape
from typing import Final

from wx_archive.core import clock
from wx_archive.core.text import clip_bytes, escape_label, tap_link
from wx_archive.core.workdays import ESTIMATED
from wx_archive.enquiries import rules
from wx_archive.enquiries.entries import Item
from wx_archive.enquiries.queries import Request
from wx_archive.enquiries.rules import Clock, Kind, State
from wx_archive.wechat.replies import TEXT_LIMIT_BYTES

WORDS_BYTES: Final = 240
SHORT_BYTES: Final = 60
"""So many bytes of the words are left where the answer needs the room."""
LINE_BYTES: Final = 60
TITLE_BYTES: Final = 45
UNKNOWN_NUMBER: Final = "没有编号是“{asked}”的请求，用 wx-archive enquiries list 查"
NOTE_TOO_LONG: Final = "说明太长，最多 {bound} 个字；附的条目越多，能写的越短"
HIDDEN_ITEM: Final = "附的条目里有一条现在不公开，不能写进答复，请先拿掉"
NO_SUCH_ENTRY: Final = (
    "没有公开的条目叫“{named}”。请填文号、档号或网址里那一串编号；不公开的不能写进答复"
)
TOO_MANY_ITEMS: Final = f"一次答复最多附 {rules.MOST_ITEMS} 条，其余的请写在说明里"
ITEM_BEFORE: Final = "这一条已经附上了"
ITEM_GONE: Final = "这一条不在答复里了，请看看现在附了哪些"
ANSWERED_BEFORE: Final = "这件已经答复，不能再改附的条目"
OVER: Final = "这件已经办结或撤回，不用再办"
SAME_OWNER: Final = "这件本来就由{name}办"
HAND_NOTE_MISSING: Final = "从别人手里接过来，或者转给别人，要写一句为什么、办到哪里"
HANDED: Final = "转给{name}："
EXTEND_NOTE_MISSING: Final = "延长要写明原因，读者会看到"
EXTEND_DAYS: Final = f"一次可以延长 1 到 {rules.MOST_EXTENDED} 个工作日"
NOT_EXTENDABLE: Final = "受理以后、答复以前才能延长"
EXTENDED_BEFORE: Final = "已经延长过一次，不能再延"
EXTENDED_LATE: Final = "已经过了办结日，不能再延长，请尽快答复"
SUPPLY_MISSED: Final = (
    f"等了 {rules.SILENT_DAYS} 个工作日没有等到补充，这件先办结了。还要查的话，随时再提一次。"
)
CHANNELS: Final = {
    rules.Channel.CHAT: "微信",
    rules.Channel.H5: "网页",
    rules.Channel.DESK: "窗口",
    rules.Channel.LETTER: "来信",
    rules.Channel.PHONE: "电话",
}
KINDS: Final = {Kind.SEARCH: "代查", Kind.CORRECTION: "报错"}
STEPS: Final = {
    State.SUBMITTED: "读者已经补充，接着办",
    State.NEED_FIX: "请读者补充",
    State.ACCEPTED: "受理",
    State.SEARCHING: "开始查",
    State.CONSULTING: "征求意见",
    State.CLOSED: "办结",
    State.WITHDRAWN: "替读者撤回",
}
"""What staff do to bring a request there; an answer is called by what it says."""
SCORES: Final = {1: "很不满意", 2: "不满意", 3: "一般", 4: "满意", 5: "很满意"}


def date_of(moment: datetime) -> str:
    """Write a moment's day as citizens read it: 2004年4月2日."""
    return day_text(clock.day_of(moment))


def day_text(day: date) -> str:
    """Write a day as citizens read it."""
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


def status(request: Request, items: Sequence[Item] = (), origin: str = "") -> str:
    """Say where a request stands, who answers for it, until when, and what came of it."""

    def written(words_bytes: int, *, scores: bool) -> str:
        lines = [
            f"{request.number}：{request.label}",
            _asked(request, words_bytes),
            f"{dates(request)}。",
            *_promise(request),
            *_said(request),
            *_item_lines(items, origin),
        ]
        if request.may_be_rated:
            lines.append(_rating_line(request, scores=scores))
        lines.append(f"▸{_withdraw_link(request)}" if request.is_open else _NEXT)
        return "\n".join(lines)

    return _fitting(
        written(WORDS_BYTES, scores=True),
        written(SHORT_BYTES, scores=True),
        written(SHORT_BYTES, scores=False),
    )


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


def told(request: Request, items: Sequence[Item] = (), origin: str = "") -> str:
    """Tell of a step that the follower did not ask about; after an answer, ask how it was."""

    def written(words_bytes: int, *, scores: bool) -> str:
        lines = [
            f"{request.number} 有了新进展：{request.label}。",
            _asked(request, words_bytes),
            *_said(request),
            *_item_lines(items, origin),
            f"▸{_progress_link('看这一件', request)}",
        ]
        if request.may_be_rated:
            lines.append(_rating_line(request, scores=scores))
        return "\n".join(lines)

    return _fitting(
        written(WORDS_BYTES, scores=True),
        written(SHORT_BYTES, scores=True),
        written(SHORT_BYTES, scores=False),
    )


def extended(request: Request) -> str:
    """Tell that a promise was extended, and why."""
    lines = [
        f"{request.number} 要多办几天：最晚{_due(request.clock)}答复。",
        _asked(request, SHORT_BYTES),
        *_said(request),
        f"▸{_progress_link('看这一件', request)}",
    ]
    return "\n".join(lines)


def rate_which(requests: Sequence[Request]) -> str:
    """Ask which answer is to be rated, each with its taps."""
    if not requests:
        return f"眼下没有等您评价的。{_NEXT}"
    lines = ["请您评价，点一个就行："]
    for request in requests:
        lines += [f"{request.number} {request.label}", _rating_line(request, scores=True)]
    return _fitting(*("\n".join(lines[:end]) for end in range(len(lines), 2, -2)))


def how_to_rate(request: Request) -> str:
    """Say how to rate an answer."""
    way = f"回“评价 {request.number} 5”，后面还可以写一句话"
    asks = f"{request.number} 办得怎么样？点一个，或者{way}："
    return f"{asks}\n{_rating_line(request, scores=True)}"


def rated(request: Request) -> str:
    """Thank for a rating."""
    score = request.rating or 0
    return f"记下了：{request.number} {SCORES.get(score, '')}（{score}分），谢谢您。{_NEXT}"


def not_rated(request: Request) -> str:
    """Say why an answer cannot be rated."""
    if request.rating is not None:
        return f"{request.number} 您先前已经评过了（{request.rating}分），谢谢您。{_NEXT}"
    return f"{request.number} 现在是“{request.label}”，有了答复再请您评价。{_NEXT}"


def step(request: Request, to: State) -> str:
    """Return what staff do to bring a request somewhere."""
    if request.state is State.CONSULTING and to is State.SEARCHING:
        return "有回音了，接着查"
    return STEPS.get(to) or f"答复：{rules.label(request.kind, to)}"


def stale(request: Request, by: str) -> str:
    """Tell staff that somebody else was faster."""
    return (
        f"刚才{by or '别人'}已经动过这一件，现在是“{request.label}”。"
        "您写的还在下面，什么也没有发出；看过现在的情形再办"
    )


def promise(told: Clock) -> str:
    """Say until when an answer is promised, in one line; nothing before acceptance."""
    if told.due_on is None:
        return ""
    if told.paused_on is not None:
        return f"从{day_text(told.paused_on)}起停算工作日，接着办时办结日顺延。"
    return f"最晚{_due(told)}答复。"


def computation(told: Clock) -> str:
    """Say how the due day was computed, for staff and on receipts."""
    if told.accepted_on is None or told.due_on is None:
        return "受理以后才起算。"
    promised = f"{day_text(told.accepted_on)}受理，承诺 {told.promise_days} 个工作日"
    parts = [f"{promised}，从次日起算（周末和法定节假日不算，调休上班的算）"]
    if told.paused_days:
        parts.append(f"等补充、征求意见停了 {told.paused_days} 个工作日")
    if told.extended_days:
        parts.append(f"延长 {told.extended_days} 个工作日")
    if told.paused_on is not None:
        parts.append(f"{day_text(told.paused_on)}起又停着，接着办时顺延")
    return f"{'；'.join(parts)}；到{_due(told)}为止。"


def impossible(request: Request, to: State) -> str:
    """Tell staff where a request may go instead."""
    allowed = "、".join(f"{state.value}（{_name(request, state)}）" for state in _next(request))
    ways = f"可以改为：{allowed}" if allowed else "这件已经办完，不能再改"
    return f"{request.number} 现在是“{request.label}”，不能改为“{_name(request, to)}”；{ways}"


def not_there(request: Request, to: State) -> str:
    """Tell staff that a request cannot go there any more."""
    now = f"{request.number} 现在是“{request.label}”"
    return f"{now}，不能改为“{_name(request, to)}”，请回到这一件看看"


def note_missing(to: State) -> str:
    """Tell staff that a state needs a word to the follower."""
    name = rules.label(Kind.SEARCH, to)
    return f"改为“{name}”要写明原因或者去处，读者会看到"


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


def _asked(request: Request, words_bytes: int = WORDS_BYTES) -> str:
    verb = "要查的" if request.kind is Kind.SEARCH else "您说的"
    words = escape_label(clip_bytes(one_line(request.words), words_bytes))
    return f"{verb}：“{words}”"


def _due(told: Clock) -> str:
    if told.due_on is None:
        return ""
    return day_text(told.due_on) + ("" if told.is_due_known else f"（{ESTIMATED}）")


def _promise(request: Request) -> list[str]:
    lines = [promise(request.clock)] if request.is_open and request.clock.due_on else []
    if request.first_name:
        now = request.owner_name if request.is_open else ""
        by = f"，现在由{now}办" if now and now != request.first_name else ""
        lines.append(f"首问责任人：{request.first_name}{by}。")
    return lines


def _item_lines(items: Sequence[Item], origin: str) -> list[str]:
    return [
        f'<a href="{escape(origin + item.path)}">'
        f"{escape_label(clip_bytes(item.title, TITLE_BYTES))}</a>"
        for item in items
    ]


def _rating_line(request: Request, *, scores: bool) -> str:
    if not scores:
        return f"▸{tap_link('请您评价', f'评价 {request.number}')}"
    taps = (
        tap_link(str(score), f"评价 {request.number} {score}") for score in reversed(rules.RATINGS)
    )
    return f"请您评价（5最好）：{' '.join(taps)}"


def _fitting(*texts: str) -> str:
    """Return the first text that is one message; the last where none is."""
    fits = (text for text in texts if len(text.encode()) <= TEXT_LIMIT_BYTES)
    return next(fits, texts[-1])


def _progress_link(label: str, request: Request) -> str:
    return tap_link(label, f"进度 {request.number}")


def _withdraw_link(request: Request) -> str:
    return tap_link("撤回这件", f"撤回 {request.number}")
