"""What a lookup says in the chat: one list, one card, one way on, within 2,048 bytes."""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from wx_archive.catalogue.query import MAX_LENGTH
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.search import COUNT_BOUND, Found, Hit
from wx_archive.catalogue.topics import Topic
from wx_archive.core.text import clip_bytes, escape_label, tap_link
from wx_archive.lookup import rules
from wx_archive.lookup.service import OtherWords, badge
from wx_archive.wechat.replies import TEXT_LIMIT_BYTES, Article

TITLE_BYTES: Final = (120, 90, 60)
"""How long a title may be, if the lines and the first step then fit."""
ALSO_BYTES: Final = 60
ONE_CHARACTER: Final = "只打一个字，列出的是题名以它开头的；再添一个字会更准。"
NOTHING: Final = "没有查到“{text}”。"
MEANT: Final = "您要找的是不是 {words}？"
NEAR: Final = "相近的词：{words}"
END_OF_LIST: Final = "已经是最后一页了。回复 0 返回上一页，或者直接打别的词。"
ANY_NUMBER: Final = "回数字看那一条；想查别的，直接打字。"
REPHRASE: Final = "换个说法"
ASK_FOR_ME: Final = "帮我查"


_CATEGORIES: Final = {
    "WS": "文书",
    "KJ": "科技",
    "RS": "人事",
    "KU": "会计",
    "ZY": "专业",
    "ZP": "照片",
    "LY": "录音",
    "LX": "录像",
    "SJ": "业务数据",
    "YJ": "公务电子邮件",
    "WY": "网页信息",
    "MT": "社交媒体",
    "SW": "实物",
}
"""门类 of DA/T 13; any other word is the fonds' own."""


def chinese_date(day: date) -> str:
    """Write a day as citizens read it: 2004年4月2日."""
    return f"{day.year}年{day.month}月{day.day}日"


def written(first: date | None, precision: str = "day", last: date | None = None) -> str:
    """Write a date as far as it is known: 1969年, 1969年5月; [1945年8月15日] where inferred.

    Args:
        first: its first day; None gives an empty text.
        precision: ``day``, ``month``, ``year`` or ``inferred``, as catalogued.
        last: its last day, if it is a period. Of an inferred date it tells how much is known.
    """
    if first is None:
        return ""
    if precision == "inferred":
        return f"[{_period(first, last or first)}]"
    if precision in ("year", "month"):
        write = _year if precision == "year" else _month
        begin, end = write(first), write(last or first)
        return begin if begin == end else f"{begin}—{end}"
    return _period(first, last or first)


def _period(first: date, last: date) -> str:
    """Write a period by its days; a whole month or year by its name."""
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31):
        return _year(first) if first.year == last.year else f"{_year(first)}—{_year(last)}"
    begin, end = chinese_date(first), chinese_date(last)
    return begin if begin == end else f"{begin}—{end}"


def _year(day: date) -> str:
    return f"{day.year}年"


def _month(day: date) -> str:
    return f"{day.year}年{day.month}月"


def retention(code: str) -> str:
    """Write a retention period: Y 永久, D30 30年; one that awaits review says so."""
    plain = code.rstrip("?")
    years = f"{plain[1:]}年" if plain[:1] == "D" and plain[1:].isdigit() else plain
    told = "永久" if plain == "Y" else years
    return f"{told}（待复核）" if code.endswith("?") else told


def category(code: str) -> str:
    """Write a 门类 as citizens read it; a code the standard does not know stays as it is."""
    return _CATEGORIES.get(code, code)


def total(found: Found) -> str:
    """Write the count, or its bound: 「共 23 条」, 「共 1000+ 条」."""
    return f"共 {COUNT_BOUND}+ 条" if found.is_capped else f"共 {found.total} 条"


def understood(found: Found) -> str:
    """Say what was looked for."""
    query = found.query
    parts = [f"“{escape_label(query.text)}”"]
    if query.kind:
        parts.append("只看现行文件" if query.kind is Kind.DOCUMENT else "只看开放档案")
    if query.years:
        first, last = query.years
        if str(first) not in query.text:
            parts.append(f"{first}年" if first == last else f"{first}—{last}年")
    also = [other for word in query.words for other in word.alternatives]
    if also:
        parts.append("含" + "、".join(clip_bytes(word, ALSO_BYTES) for word in also[:2]))
    return "，".join(parts)


def listing(found: Found, *, page: int, instead_of: str = "") -> str:
    """Return one page of a list, its links for the next step as far as they fit.

    Args:
        found: the page's entries.
        page: its number, from 1.
        instead_of: the typed words, where the list is of what they are likely about.
    """
    first = (page - 1) * rules.PAGE + 1
    last = first + len(found.hits) - 1
    pages = -(-found.total // rules.PAGE)
    position = f"，先看 {first}–{last}" if page == 1 and pages > 1 else f"，第 {page}/{pages} 页"
    asked = ("没有整句的，改查" if instead_of else "") + understood(found)
    head = [f"〔档案查询〕{asked} {total(found)}{position if pages > 1 else ''}："]
    if found.query.single_character:
        head.append(ONE_CHARACTER)
    rows = _next_steps(found, page, pages)
    if instead_of:
        rows.append([f"▸{_ask_for_me(instead_of)}"])
    lines = [*head, *_lines(found.hits, first, TITLE_BYTES[-1])]
    for title_bytes in TITLE_BYTES:
        longer = [*head, *_lines(found.hits, first, title_bytes)]
        if _size([*longer, rows[0][0]]) <= TEXT_LIMIT_BYTES:
            lines = longer
            break
    return _fit(lines, rows)


def nothing(text: str, kind: Kind | None, others: OtherWords, advice: str) -> str:
    """Say that nothing was found and lead on: what was meant, near words, a request, advice."""
    head = NOTHING.format(text=escape_label(text))
    ask = f"▸{_ask_for_me(text)}：我们替您找，给您一个编号，随时能看进度"
    return _around(head, _other_words(others, kind), [ask, advice])


def other_ways(text: str, kind: Kind | None, others: OtherWords, advice: str) -> str:
    """Return other ways of saying ``text``, and how to find good words."""
    head = f"“{escape_label(text)}”还可以换个说法。"
    return _around(head, _other_words(others, kind), [advice])


def _around(head: str, middle: Iterable[str], end: Sequence[str]) -> str:
    """Join head, as much of the middle as there is room for, and the end."""
    kept = [head]
    for line in middle:
        if _size([*kept, line, *end]) <= TEXT_LIMIT_BYTES:
            kept.append(line)
    return "\n".join([*kept, *end])


def _other_words(others: OtherWords, kind: Kind | None) -> list[str]:
    lines = []
    if others.meant:
        links = (_words_link(word, word, kind) for word in others.meant)
        lines.append(MEANT.format(words="、".join(links)))
    if others.near:
        counted = (
            (near.term, f"{near.term} {near.total}{'+' if near.is_capped else ''} 条")
            for near in others.near
        )
        lines.append(NEAR.format(words="、".join(_words_link(a, b, kind) for a, b in counted)))
    return lines


def _words_link(words: str, label: str, kind: Kind | None) -> str:
    """Render words that look themselves up when tapped, whatever else they might mean."""
    return tap_link(label, words, pack(words, kind, 1))


def _ask_for_me(text: str) -> str:
    return tap_link(ASK_FOR_ME, ASK_FOR_ME, f"ask.{_packed(text)}")


def card(hit: Hit, origin: str) -> Article:
    """Return the card that opens an entry's page."""
    is_document = hit.kind is Kind.DOCUMENT
    number = hit.number if is_document else hit.reference_code
    facts = (number, written(hit.dated, hit.date_precision))
    standing = (hit.validity.value if hit.validity else "", badge(hit))
    lines = [" · ".join(filter(None, facts)), " · ".join(filter(None, standing))]
    lines.append("点开看全文和出处" if is_document else "点开看摘要、出处，怎样来馆看")
    return Article(
        title=hit.title,
        description="\n".join(filter(None, lines)),
        url=origin + address(hit.kind, hit.pid),
    )


def address(kind: Kind, pid: str) -> str:
    """Return the path of an entry's page."""
    return f"/h5/{kind.value}s/{pid}"


def topics(groups: Mapping[str, Sequence[Topic]]) -> str:
    """List the groups of topics, each a link, and what is in them: twenty links are too long."""
    lines = ["现行文件按大家办事的主题来看，点一类："]
    for group, topics in groups.items():
        link = tap_link(group, f"{rules.TOPIC} {group}")
        lines.append(f"{link}：" + "、".join(topic.name for topic in topics))
    return "\n".join(lines)


def topics_of(group: str, topics: Sequence[Topic]) -> str:
    """List the topics of a group, each a link."""
    lines = [f"{group}，点一个主题："]
    lines += ["▸" + tap_link(topic.name, f"{rules.TOPIC} {topic.name}") for topic in topics]
    example = f"{rules.TOPIC} {topics[0].name}"
    return "\n".join([*lines, f"也可以再添词，比如：{example} 办理。回“{rules.TOPIC}”看别的。"])


def pack(text: str, kind: Kind | None, page: int) -> str:
    """Return the id of a link that turns a list to ``page``; it holds all it needs to do so."""
    return f"page.{page}." + _packed(f"{kind.value[0] if kind else '-'}{text}")


def _packed(told: str) -> str:
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def unpack(argument: str) -> tuple[str, Kind | None, int] | None:
    """Read back what `pack` wrote; None for anything else."""
    number, _dot, packed = argument.partition(".")
    try:
        told = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    if not (number.isascii() and number.isdigit() and len(number) <= 4 and told):
        return None
    kinds = {kind.value[0]: kind for kind in Kind}
    return told[1:], kinds.get(told[0]), max(1, int(number))


def _lines(hits: Sequence[Hit], first: int, title_bytes: int) -> Iterable[str]:
    return (_line(number, hit, title_bytes) for number, hit in enumerate(hits, first))


def _line(number: int, hit: Hit, title_bytes: int) -> str:
    label = clip_bytes(escape_label(hit.title), title_bytes)
    title = tap_link(label, str(number), f"open.{hit.pid}")
    facts = [
        str(hit.dated.year) if hit.dated else "",
        hit.validity.value if hit.validity else "",
        badge(hit),
    ]
    return f"{number} {title} · " + " · ".join(fact for fact in facts if fact)


def _next_steps(found: Found, page: int, pages: int) -> list[list[str]]:
    """Return rows of links: where to turn, what to narrow to; words where there is nothing."""
    query = found.query
    turning: list[str] = []
    narrowing: list[str] = []
    if page < pages:
        turning.append(tap_link("下一页", "下一页", pack(query.text, query.kind, page + 1)))
    if page > 1:
        turning.append(tap_link("上一页", "0", pack(query.text, query.kind, page - 1)))
    if pages > 1 and found.kinds:
        turning.append(tap_link(REPHRASE, REPHRASE))
        narrowing += _narrower(found)
    rows = [[f"▸{link}" for link in row] for row in (turning, narrowing) if row]
    return rows or [[ANY_NUMBER]]


def _narrower(found: Found) -> Iterable[str]:
    query = found.query
    if len(found.kinds) > 1:
        for label, kind in (("只看现行文件", Kind.DOCUMENT), ("只看开放档案", Kind.RECORD)):
            yield tap_link(label, f"{rules.scope_word(kind)} {query.text}")
    in_force = f"{rules.IN_FORCE} {query.text}"
    if Kind.DOCUMENT in found.kinds and not query.in_force and len(in_force) <= MAX_LENGTH:
        yield tap_link("只看有效的", in_force, pack(in_force, None, 1))
    decade = rules.commonest_decade(hit.dated for hit in found.hits)
    words = f"{query.text} {decade}"
    if decade and query.years is None and len(words) <= MAX_LENGTH:
        yield tap_link(f"只看{decade}", words, pack(words, query.kind, 1))


def _fit(lines: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Join the lines and as many next steps as WeChat's limit leaves room for."""
    text = "\n".join(lines)
    for row in rows:
        gap = "\n"
        for step in row:
            longer = f"{text}{gap}{step}"
            if len(longer.encode()) <= TEXT_LIMIT_BYTES:
                text, gap = longer, "　"
    return text


def _size(lines: Iterable[str]) -> int:
    return len("\n".join(lines).encode())
