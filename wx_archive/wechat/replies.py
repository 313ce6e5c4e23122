"""What the account answers, and its XML: CDATA-safe, within WeChat's byte limits.

Source of shapes and limits: docs/sources.md#passive-replies.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, assert_never

from wx_archive.core.text import clip_bytes, escape_label, xml_safe
from wx_archive.wechat.inbound import Header

TEXT_LIMIT_BYTES: Final = 2_048
MAX_ARTICLES: Final = 8
TITLE_LIMIT_BYTES: Final = 128
DESCRIPTION_LIMIT_BYTES: Final = 512
SUCCESS: Final = b"success"
"""The answer that shows nothing; sent unsealed in every mode."""
_CUT_TAG: Final = re.compile(r"<a?\Z")


@dataclass(frozen=True, slots=True)
class TextReply:
    """Words, perhaps with live links; longer than the limit is cut at a character."""

    text: str


@dataclass(frozen=True, slots=True)
class Article:
    """One card that opens a page."""

    title: str
    description: str
    url: str
    picture_url: str = ""


@dataclass(frozen=True, slots=True)
class NewsReply:
    """One to eight cards; in answer to a message, not an event, WeChat takes only the first."""

    articles: tuple[Article, ...]


@dataclass(frozen=True, slots=True)
class ImageReply:
    """A picture the account has uploaded."""

    media_id: str


@dataclass(frozen=True, slots=True)
class NoReply:
    """Nothing to show: the event is taken note of."""


Reply = TextReply | NewsReply | ImageReply | NoReply


@lru_cache(maxsize=1_024)
def render(reply: Reply, *, is_event: bool) -> bytes:
    """Return the reply's body, or `success` where there is nothing to show.

    A body names nobody, so it can be kept for the other deliveries of its message, and here for
    everybody who asks the same.
    """
    match reply:
        case NoReply():
            return SUCCESS
        case TextReply(text):
            kind, body = "text", f"<Content>{_cdata(fit_text(text))}</Content>"
        case ImageReply(media_id):
            kind, body = "image", f"<Image><MediaId>{_cdata(media_id)}</MediaId></Image>"
        case NewsReply(articles):
            shown = articles[: MAX_ARTICLES if is_event else 1]
            kind, body = "news", _news(shown)
        case _:
            assert_never(reply)
    return f"<MsgType>{_cdata(kind)}</MsgType>{body}</xml>".encode()


def in_words(reply: Reply) -> str:
    """Return what a reply says as text, for where only text can go; empty when it says nothing."""
    match reply:
        case TextReply(text):
            return text
        case NewsReply(articles):
            links = (f'<a href="{one.url}">{escape_label(one.title)}</a>' for one in articles)
            return "\n".join(links)
        case ImageReply() | NoReply():
            return ""
        case _:
            assert_never(reply)


def address(body: bytes, to: Header) -> bytes:
    """Return the XML that answers ``to`` with a rendered body.

    Stamped with the question's second: every delivery of a message renders the same bytes.
    """
    if body == SUCCESS:
        return body
    head = (
        f"<xml><ToUserName>{_cdata(to.openid)}</ToUserName>"
        f"<FromUserName>{_cdata(to.to_user)}</FromUserName>"
        f"<CreateTime>{to.created_at}</CreateTime>"
    )
    return head.encode() + body


def _news(articles: tuple[Article, ...]) -> str:
    items = "".join(
        f"<item><Title>{_clipped(article.title, TITLE_LIMIT_BYTES)}</Title>"
        f"<Description>{_clipped(article.description, DESCRIPTION_LIMIT_BYTES)}</Description>"
        f"<PicUrl>{_cdata(article.picture_url)}</PicUrl>"
        f"<Url>{_cdata(article.url)}</Url></item>"
        for article in articles
    )
    return f"<ArticleCount>{len(articles)}</ArticleCount><Articles>{items}</Articles>"


def fit_text(text: str) -> str:
    """Cut an over-long text, never inside a character nor inside a live link."""
    safe = xml_safe(text)
    if len(safe.encode()) <= TEXT_LIMIT_BYTES:
        return safe
    kept = clip_bytes(safe, TEXT_LIMIT_BYTES - len("…".encode()), ellipsis="")
    if kept.rfind("<a ") > kept.rfind("</a>"):
        kept = kept[: kept.rfind("<a ")]
    return _CUT_TAG.sub("", kept) + "…"


def _clipped(text: str, limit: int) -> str:
    return _cdata(clip_bytes(xml_safe(text), limit))


def _cdata(text: str) -> str:
    """Wrap hostile or innocent text so that it reads back as exactly itself."""
    return "<![CDATA[" + xml_safe(text).replace("]]>", "]]]]><![CDATA[>") + "]]>"
