"""Text that leaves or enters the house: byte limits, XML safety, folding, tappable words."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from urllib.parse import quote

_XML_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAPPABLE = re.compile(r"\[\[([^\[\]|]+)(?:\|([^\[\]|]+))?\]\]")
_LINK = re.compile('<a href="[^"]*">([^<]*)</a>')
_WORD_TAP = "say"
"""Menu id of a tap that is exactly as if the words had been typed."""


def fold(text: str) -> str:
    """Return ``text`` as commands are compared: full width to half, lower case, trimmed."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def written_day(day: date) -> str:
    """Return a day as people write it: 2026年11月23日."""
    return f"{day.year}年{day.month}月{day.day}日"


def xml_safe(text: str) -> str:
    """Drop what XML 1.0 forbids (NUL, controls, lone surrogates); line ends as it reads them."""
    return _XML_ILLEGAL.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


def clip_bytes(text: str, limit: int, *, ellipsis: str = "…") -> str:
    """Shorten ``text`` to at most ``limit`` bytes of UTF-8, never inside a character."""
    raw = text.encode("utf-8")
    if len(raw) <= limit:
        return text
    room = limit - len(ellipsis.encode("utf-8"))
    if room < 0:
        return ""
    return raw[:room].decode("utf-8", errors="ignore") + ellipsis


def tap_link(label: str, says: str, menu_id: str = _WORD_TAP) -> str:
    """Render a live link: a tap sends ``says`` as if typed, carrying ``menu_id``.

    Source: `weixin://bizmsgmenu` in text replies, see docs/sources.md#bizmsgmenu.
    """
    target = f"weixin://bizmsgmenu?msgmenucontent={quote(says)}&msgmenuid={quote(menu_id, safe='')}"
    return f'<a href="{target}">{escape_label(label)}</a>'


def escape_label(label: str) -> str:
    """Keep the angle brackets of catalogue titles from reading as tags in a text reply."""
    return label.replace("<", "〈").replace(">", "〉")


def with_taps(text: str, link: Callable[[str, str], str] = tap_link) -> str:
    """Turn ``[[帮助]]`` and ``[[看开放时间|开放时间]]`` of the content files into live links."""

    def render(match: re.Match[str]) -> str:
        label = match.group(1).strip()
        return link(label, (match.group(2) or label).strip())

    return _TAPPABLE.sub(render, text)


def visible(text: str) -> str:
    """Return a text reply as it is read, its links between 「 and 」."""
    return _LINK.sub("「\\1」", text)


def plain_taps(text: str) -> str:
    """Show the tappable words of ``text`` as 「words」, for pages and terminals."""
    return with_taps(text, lambda label, _says: f"「{label}」")
