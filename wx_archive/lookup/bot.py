"""档案查询 in the chat."""

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final

from wx_archive.catalogue import search
from wx_archive.catalogue.query import MAX_LENGTH
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.search import COUNT_BOUND, Hit
from wx_archive.chat.replies import standing
from wx_archive.chat.router import Router, Stage
from wx_archive.chat.turn import Turn
from wx_archive.core.ids import is_pid
from wx_archive.core.text import fold
from wx_archive.lookup import rules, service, texts, usage
from wx_archive.wechat.inbound import MenuClick, Text
from wx_archive.wechat.replies import TEXT_LIMIT_BYTES, NewsReply, Reply, TextReply

router = Router("lookup")

CONTEXT: Final = "list"
NOTHING: Final = "nothing"
"""Where the words are kept that found nothing last: 「帮我查」 makes a request of them."""
CONTEXT_LASTS: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class ShownList:
    """The list a follower saw last: what a typed number, 下一页 and 0 refer to.

    Attributes:
        pids: the entries shown so far, from number 1 on; None where a page was skipped.
        is_open: an entry was opened since; 0 leads back to the list.
    """

    text: str
    kind: str | None
    page: int
    pids: list[str | None]
    is_open: bool = False


@router.on_click("lookup.start")
def start(turn: Turn[MenuClick]) -> Reply:
    """档案查询: say how to ask."""
    return TextReply(standing(turn.site, "lookup_start"))


@router.on_prefix("查", "查询", "搜", "搜索")
def look_up_asked(turn: Turn[Text]) -> Reply:
    """查 X: the same as X, whatever X else might mean."""
    text, kind = rules.split_scope(turn.argument)
    return _look_up(turn, text, kind)


@router.on_prefix(*rules.SCOPES)
def look_up_scoped(turn: Turn[Text]) -> Reply:
    """文件 X, 档案 X: one kind only."""
    text, kind = rules.split_scope(turn.words)
    return _look_up(turn, text, kind)


@router.on_prefix(rules.IN_FORCE, rules.TOPIC)
def look_up_narrowed(turn: Turn[Text]) -> Reply:
    """有效 X, 主题 X: what is in force, what belongs to a matter of daily life."""
    group = rules.take_word(turn.words, rules.TOPIC)
    topics = service.topics(turn.site).get(group or "")
    if group and topics:
        return TextReply(texts.topics_of(group, topics))
    return _look_up(turn, turn.words, None)


@router.on_command(rules.TOPIC, "分类")
def show_topics(turn: Turn[Text]) -> Reply:
    """主题: the matters of daily life, each a tap away."""
    return TextReply(texts.topics(service.topics(turn.site)))


@router.on_tap("open")
def open_tapped(turn: Turn[Text]) -> Reply:
    """Open the entry that a link names, however old its list is."""
    return _open(turn, turn.argument)


@router.on_tap("page")
def turn_tapped(turn: Turn[Text]) -> Reply:
    """Turn the list that a link names."""
    asked = texts.unpack(turn.argument)
    if asked is None:
        return TextReply(standing(turn.site, "list_gone"))
    text, kind, page = asked
    return _look_up(turn, text, kind, page=page)


@router.on_command("下一页", "下页", "n", "next")
def next_page(turn: Turn[Text]) -> Reply:
    """下一页: go on in the list shown last."""
    shown = _shown(turn)
    if shown is None:
        return TextReply(standing(turn.site, "list_gone"))
    return _look_up(turn, shown.text, _kind(shown.kind), page=shown.page + 1)


@router.on_command("0", "返回", "上一页")
def back(turn: Turn[Text]) -> Reply:
    """0: from an entry to its list, from a page to the one before."""
    shown = _shown(turn)
    if shown is None or (shown.page == 1 and not shown.is_open):
        return TextReply(standing(turn.site, "back_nothing"))
    page = shown.page if shown.is_open else shown.page - 1
    return _look_up(turn, shown.text, _kind(shown.kind), page=page)


@router.on_command(texts.REPHRASE)
def rephrase(turn: Turn[Text]) -> Reply:
    """换个说法: near words with what they find, and how to find good ones."""
    shown = _shown(turn)
    if shown is None:
        return TextReply(standing(turn.site, "lookup_start"))
    kind = _kind(shown.kind)
    with turn.reads() as connection:
        others = service.other_words(connection, turn.site, shown.text, today=turn.today)
    advice = standing(turn.site, "rephrase")
    return TextReply(texts.other_ways(shown.text, kind, others, advice))


@router.on_words(Stage.CONTEXT)
def open_numbered(turn: Turn[Text]) -> Reply | None:
    """Open the entry of the list shown last that has the typed number."""
    number = fold(turn.words)
    if not (number.isascii() and number.isdigit() and len(number) <= 3):
        return None
    shown = _shown(turn)
    if shown is None:
        return TextReply(standing(turn.site, "list_gone"))
    index = int(number) - 1
    pid = shown.pids[index] if 0 <= index < len(shown.pids) else None
    if pid is None:
        return TextReply(standing(turn.site, "bad_number"))
    return _open(turn, pid)


@router.on_words(Stage.NUMBER)
def by_number(turn: Turn[Text]) -> Reply | None:
    """Answer a known document number or 档号 with the entry itself."""
    if len(turn.words) > MAX_LENGTH:
        return None
    with turn.reads() as connection:
        hits = service.by_number(connection, turn.words, today=turn.today)
    if not hits:
        return None
    if len(hits) == 1:
        usage.note_asked(turn, turn.words, None, found=1)
        return _card(turn, hits[0])
    return _look_up(turn, turn.words, None)


@router.on_words(Stage.LOOKUP)
def look_up(turn: Turn[Text]) -> Reply | None:
    """Look up whatever else was typed or said."""
    return _found(turn, turn.words, None)


@router.on_words(Stage.INSTEAD)
def look_up_instead(turn: Turn[Text]) -> Reply:
    """Look up what a sentence that found nothing is likely about."""
    return _nothing(turn, turn.words, None)


def _look_up(turn: Turn[Any], text: str, kind: Kind | None, *, page: int = 1) -> Reply:
    return _found(turn, text, kind, page=page) or _nothing(turn, text, kind)


def _found(turn: Turn[Any], text: str, kind: Kind | None, *, page: int = 1) -> Reply | None:
    """Return the list of what was found; None when nothing was."""
    if len(text) > MAX_LENGTH:
        return TextReply(standing(turn.site, "too_long"))
    page = min(page, COUNT_BOUND // rules.PAGE)
    with turn.reads() as connection:
        found = service.find(
            connection,
            turn.site,
            text,
            today=turn.today,
            kind=kind,
            offset=(page - 1) * rules.PAGE,
        )
    if found.query.is_empty:
        return TextReply(standing(turn.site, "unanswered"))
    if found.total == 0:
        return None
    if not found.hits:
        return TextReply(texts.END_OF_LIST)
    usage.note_asked(turn, text, kind, found=found.total, page=page)
    _remember(turn, _extended(turn, found.query.text, kind, page, found.hits))
    answer = texts.listing(found, page=page)
    if rules.touches_livelihood(text) and page == 1:
        answer = _with_hint(answer, turn)
    return TextReply(answer)


def _nothing(turn: Turn[Any], text: str, kind: Kind | None) -> Reply:
    """Say so and lead on; matters of private life get the way to the desk, found or not."""
    usage.note_asked(turn, text, kind, found=0)
    if rules.touches_livelihood(text) and kind is not Kind.DOCUMENT:
        return TextReply(standing(turn.site, "livelihood"))
    if len(text) == 1:
        return TextReply(standing(turn.site, "ask_more"))
    turn.remember(NOTHING, text.encode(), ttl=CONTEXT_LASTS)
    with turn.reads() as connection:
        found = service.find_instead(connection, turn.site, text, today=turn.today, kind=kind)
        if found is None:
            others = service.other_words(connection, turn.site, text, today=turn.today)
            advice = standing(turn.site, "nothing_found")
            return TextReply(texts.nothing(text, kind, others, advice))
    _remember(turn, _extended(turn, found.query.text, kind, 1, found.hits))
    return TextReply(texts.listing(found, page=1, instead_of=text))


def _with_hint(answer: str, turn: Turn[Any]) -> str:
    longer = f"{answer}\n{standing(turn.site, 'livelihood_hint')}"
    return longer if len(longer.encode()) <= TEXT_LIMIT_BYTES else answer


def _open(turn: Turn[Any], pid: str) -> Reply:
    with turn.reads() as connection:
        hit = search.by_pid(connection, pid, today=turn.today) if is_pid(pid) else None
    if hit is None:
        return TextReply(standing(turn.site, "list_gone"))
    return _card(turn, hit)


def _card(turn: Turn[Any], hit: Hit) -> Reply:
    usage.note_opened(turn, hit.kind, hit.pid)
    if (shown := _shown(turn)) is not None and hit.pid in shown.pids:
        _remember(turn, ShownList(shown.text, shown.kind, shown.page, shown.pids, is_open=True))
    return NewsReply((texts.card(hit, turn.site.origin),))


def _extended(
    turn: Turn[Any], text: str, kind: Kind | None, page: int, hits: tuple[Hit, ...]
) -> ShownList:
    """Return the list with this page added, so that earlier numbers of it still work."""
    before = _shown(turn)
    same = before is not None and (before.text, before.kind) == (text, _value(kind))
    start_at = (page - 1) * rules.PAGE
    known = (before.pids if before and same else [])[:start_at]
    padding: list[str | None] = [None] * (start_at - len(known))
    return ShownList(text, _value(kind), page, known + padding + [hit.pid for hit in hits])


def _shown(turn: Turn[Any]) -> ShownList | None:
    raw = turn.recall(CONTEXT)
    return ShownList(**json.loads(raw)) if raw else None


def _remember(turn: Turn[Any], shown: ShownList) -> None:
    turn.remember(CONTEXT, json.dumps(asdict(shown)).encode(), ttl=CONTEXT_LASTS)


def _kind(value: str | None) -> Kind | None:
    return Kind(value) if value else None


def _value(kind: Kind | None) -> str | None:
    return kind.value if kind else None
