"""What a lookup says in the chat: one list, one card, within 2,048 bytes."""

import base64
import binascii
from datetime import date
from typing import Final

from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.search import COUNT_BOUND, Found, Hit
from wx_archive.core.text import clip_bytes, escape_label, tap_link
from wx_archive.lookup import rules
from wx_archive.lookup.service import badge
from wx_archive.wechat.replies import TEXT_LIMIT_BYTES, Article

TITLE_BYTES: Final = 120
ONE_CHARACTER: Final = "只打一个字，列出的是题名以它开头的；再添一个字会更准。"
NOTHING: Final = "没有查到“{text}”。"
END_OF_LIST: Final = "已经是最后一页了。回复 0 返回上一页，或者直接打别的词。"


def chinese_date(day: date) -> str:
    """Write a day as citizens read it: 2004年4月2日."""
    return f"{day.year}年{day.month}月{day.day}日"


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
        parts.append("含" + "、".join(also[:2]))
    return "，".join(parts)


def listing(found: Found, *, page: int, instead: bool = False) -> str:
    """Return one page of a list, its links for the next step as far as they fit.

    Args:
        found: the page's entries.
        page: its number, from 1.
        instead: the words are not those that were typed but what they are likely about.
    """
    first = (page - 1) * rules.PAGE + 1
    last = first + len(found.hits) - 1
    pages = -(-found.total // rules.PAGE)
    position = f"，先看 {first}–{last}" if page == 1 and pages > 1 else f"，第 {page}/{pages} 页"
    asked = ("没有整句的，改查" if instead else "") + understood(found)
    head = f"〔档案查询〕{asked} {total(found)}{position if pages > 1 else ''}："
    lines = [head, *(_line(number, hit) for number, hit in enumerate(found.hits, first))]
    if found.query.single_character:
        lines.insert(1, ONE_CHARACTER)
    return _fit(lines, _next_steps(found, page, pages))


def card(hit: Hit, origin: str) -> Article:
    """Return the card that opens an entry's page."""
    facts = [hit.number, chinese_date(hit.dated) if hit.dated else "", badge(hit)]
    path = "documents" if hit.kind is Kind.DOCUMENT else "records"
    return Article(
        title=hit.title,
        description=" · ".join(fact for fact in facts if fact) + "\n点开看全文和出处",
        url=f"{origin}/h5/{path}/{hit.pid}",
    )


def pack(text: str, kind: Kind | None, page: int) -> str:
    """Return the id of a link that turns a list to ``page``; it holds all it needs to do so."""
    told = f"{kind.value[0] if kind else '-'}{text}".encode()
    return f"page.{page}." + base64.urlsafe_b64encode(told).decode().rstrip("=")


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


def _line(number: int, hit: Hit) -> str:
    label = clip_bytes(escape_label(hit.title), TITLE_BYTES)
    title = tap_link(label, str(number), f"open.{hit.pid}")
    facts = [str(hit.dated.year) if hit.dated else "", badge(hit)]
    return f"{number} {title} · " + " · ".join(fact for fact in facts if fact)


def _next_steps(found: Found, page: int, pages: int) -> list[str]:
    query = found.query
    steps = []
    if page < pages:
        steps.append("▸" + tap_link("下一页", "下一页", pack(query.text, query.kind, page + 1)))
    if page > 1:
        steps.append("▸" + tap_link("上一页", "0", pack(query.text, query.kind, page - 1)))
    if len(found.kinds) > 1 and pages > 1:
        steps += [
            "▸" + tap_link(label, f"{rules.scope_word(kind)} {query.text}")
            for label, kind in (("只看现行文件", Kind.DOCUMENT), ("只看开放档案", Kind.RECORD))
        ]
    return steps or ["回数字看那一条；想查别的，直接打字。"]


def _fit(lines: list[str], steps: list[str]) -> str:
    """Join the lines and as many next steps as WeChat's limit leaves room for."""
    text = "\n".join(lines)
    for step in steps:
        longer = f"{text}\n{step}"
        if len(longer.encode()) <= TEXT_LIMIT_BYTES:
            text = longer
    return text
