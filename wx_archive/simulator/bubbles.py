"""What a phone shows: bubbles, their clickable spans, and both as JSON."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import unescape
from typing import cast
from urllib.parse import unquote, urlsplit

_ANCHOR = re.compile(
    r"""<a\s[^>]*?href\s*=\s*(["'])(.*?)\1[^>]*>(.*?)</a>""", flags=re.IGNORECASE | re.DOTALL
)
_MENU_LINK = "weixin://bizmsgmenu?"


class Sender(StrEnum):
    """Who a bubble comes from, seen from the phone."""

    ME = "me"
    ACCOUNT = "account"
    SYSTEM = "system"


class Kind(StrEnum):
    """What a bubble is."""

    TEXT = "text"
    IMAGE = "image"
    VOICE = "voice"
    VIDEO = "video"
    LOCATION = "location"
    LINK = "link"
    FILE = "file"
    NEWS = "news"
    MUSIC = "music"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class MenuChoice:
    """What tapping a `weixin://bizmsgmenu` link sends."""

    content: str
    id: str


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text, perhaps a link: to a page (``href``) or a choice (``menu``)."""

    text: str
    href: str | None = None
    menu: MenuChoice | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """One card of a news bubble."""

    title: str
    description: str
    picurl: str
    url: str


@dataclass(frozen=True, slots=True)
class Bubble:
    """One entry of a transcript; fields that its kind does not have are ``None`` or empty.

    ``seq`` and ``at`` (ISO 8601) are given when the bubble enters a transcript.
    """

    sender: Sender
    kind: Kind
    seq: int = 0
    at: str = ""
    text: str | None = None
    spans: tuple[Span, ...] = ()
    articles: tuple[Article, ...] = ()
    url: str | None = None
    title: str | None = None
    description: str | None = None
    seconds: int | None = None
    recognition: str | None = None
    label: str | None = None
    latitude: float | None = None
    longitude: float | None = None

    @property
    def visible_text(self) -> str:
        """Everything a person can read in this bubble, without link targets."""
        read = ["".join(span.text for span in self.spans) or (self.text or "")]
        read += [part for card in self.articles for part in (card.title, card.description)]
        read += [self.title or "", self.description or "", self.label or ""]
        return "\n".join(part for part in read if part)


_OPTIONAL = (
    "text",
    "url",
    "title",
    "description",
    "seconds",
    "recognition",
    "label",
    "latitude",
    "longitude",
)


def text_bubble(sender: Sender, text: str) -> Bubble:
    """Return a text bubble with its links found."""
    return Bubble(sender, Kind.TEXT, text=text, spans=spans_of(text))


def notice(text: str) -> Bubble:
    """Return a grey line from WeChat itself."""
    return Bubble(Sender.SYSTEM, Kind.NOTICE, text=text)


def spans_of(text: str) -> tuple[Span, ...]:
    """Cut a text into plain stretches and links; tags WeChat does not know stay as they are."""
    spans: list[Span] = []
    done = 0
    for anchor in _ANCHOR.finditer(text):
        link = _link(unescape(anchor[2]).strip(), anchor[3])
        if link is None:
            continue
        if anchor.start() > done:
            spans.append(Span(text[done : anchor.start()]))
        spans.append(link)
        done = anchor.end()
    if done < len(text):
        spans.append(Span(text[done:]))
    return tuple(spans)


def _link(href: str, text: str) -> Span | None:
    if href.startswith(_MENU_LINK):
        pairs = (pair.partition("=") for pair in href.removeprefix(_MENU_LINK).split("&"))
        values = {name: unquote(value) for name, _, value in pairs}
        choice = MenuChoice(values.get("msgmenucontent", ""), values.get("msgmenuid", ""))
        return Span(text, menu=choice)
    # The phone page turns a href into a real link, so `javascript:` must stay plain text.
    if href.lower().startswith(("http://", "https://")) and urlsplit(href).netloc:
        return Span(text, href=href)
    return None


def to_json(bubble: Bubble) -> dict[str, object]:
    """Return the bubble as the control interface and the snapshot write it."""
    shown: dict[str, object] = {
        "seq": bubble.seq,
        "at": bubble.at,
        "from": bubble.sender,
        "kind": bubble.kind,
    }
    shown |= {n: getattr(bubble, n) for n in _OPTIONAL if getattr(bubble, n) is not None}
    if bubble.kind is Kind.TEXT:
        shown["spans"] = [_span_json(span) for span in bubble.spans]
    if bubble.kind is Kind.NEWS:
        shown["articles"] = [_article_json(article) for article in bubble.articles]
    return shown


def from_json(shown: Mapping[str, object]) -> Bubble:
    """Read a bubble that `to_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: it was not written by `to_json`.
    """
    optional = {name: shown[name] for name in _OPTIONAL if name in shown}
    spans = cast("Sequence[Mapping[str, object]]", shown.get("spans", ()))
    articles = cast("Sequence[Mapping[str, str]]", shown.get("articles", ()))
    return Bubble(
        sender=Sender(cast("str", shown["from"])),
        kind=Kind(cast("str", shown["kind"])),
        seq=cast("int", shown["seq"]),
        at=cast("str", shown["at"]),
        spans=tuple(_span(span) for span in spans),
        articles=tuple(Article(**article) for article in articles),
        **optional,  # type: ignore[arg-type]  # each name carries its own type
    )


def _span_json(span: Span) -> dict[str, object]:
    if span.menu is not None:
        return {"text": span.text, "menu": {"content": span.menu.content, "id": span.menu.id}}
    if span.href is not None:
        return {"text": span.text, "href": span.href}
    return {"text": span.text}


def _span(span: Mapping[str, object]) -> Span:
    menu = cast("Mapping[str, str] | None", span.get("menu"))
    return Span(
        text=cast("str", span["text"]),
        href=cast("str | None", span.get("href")),
        menu=None if menu is None else MenuChoice(menu["content"], menu["id"]),
    )


def _article_json(article: Article) -> dict[str, str]:
    return {
        "title": article.title,
        "description": article.description,
        "picurl": article.picurl,
        "url": article.url,
    }
