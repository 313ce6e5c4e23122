"""Service messages: from the JSON of `message/custom/send` to the bubble a phone shows.

Source: reference sections 1.5, 1.7 and 1.13.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from wx_archive.simulator.bubbles import Article, Bubble, Kind, Sender, text_bubble
from wx_archive.simulator.errors import ApiError
from wx_archive.simulator.media import Media
from wx_archive.simulator.replies import MAX_TEXT_BYTES, media_url

FindMedia = Callable[[str], Media | None]
Json = Mapping[str, object]


def read_service_message(payload: Json, find_media: FindMedia) -> Bubble:
    """Return the bubble of a service message.

    Raises:
        ApiError: WeChat would not send it.
    """
    kind = text_of(payload, "msgtype")
    inside = payload.get(kind)
    if kind not in {"text", "image", "voice", "news", "msgmenu"}:
        raise ApiError(40008, "invalid message type")
    if not isinstance(inside, Mapping):
        raise ApiError(44004, f"empty content: {kind} is missing")
    match kind:
        case "text":
            return _text(text_of(inside, "content"))
        case "news":
            return _news(inside)
        case "msgmenu":
            return _text(_menu_text(inside))
        case _:
            return _media(kind, text_of(inside, "media_id"), find_media)


def text_of(payload: Json, name: str) -> str:
    """Return a text value, empty when it is missing or something else."""
    value = payload.get(name)
    return value if isinstance(value, str) else ""


def objects_of(payload: Json, name: str) -> list[Json]:
    """Return the objects of a list value, none when it is missing or something else."""
    value = payload.get(name)
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [each for each in value if isinstance(each, Mapping)]


def _text(content: str) -> Bubble:
    if not content:
        raise ApiError(44004, "empty content")
    if len(content.encode()) > MAX_TEXT_BYTES:
        raise ApiError(45002, "content size out of limit")
    return text_bubble(Sender.ACCOUNT, content)


def _news(inside: Json) -> Bubble:
    articles = tuple(
        Article(*(text_of(each, name) for name in ("title", "description", "picurl", "url")))
        for each in objects_of(inside, "articles")
    )
    if not articles:
        raise ApiError(44003, "empty news data")
    if len(articles) > _MAX_ARTICLES:
        raise ApiError(45008, "article size out of limit: one article")
    return Bubble(Sender.ACCOUNT, Kind.NEWS, articles=articles)


def _media(kind: str, media_id: str, find_media: FindMedia) -> Bubble:
    media = find_media(media_id)
    if media is None or media.kind != kind:
        raise ApiError(40007, "invalid media_id")
    return Bubble(Sender.ACCOUNT, Kind(kind), url=media_url(media_id))


def _menu_text(inside: Json) -> str:
    choices = [
        f'<a href="weixin://bizmsgmenu?msgmenucontent={quote(content, safe="")}'
        f'&msgmenuid={quote(text_of(each, "id"), safe="")}">{content}</a>'
        for each in objects_of(inside, "list")
        if (content := text_of(each, "content"))
    ]
    if not choices:
        raise ApiError(44004, "empty content: msgmenu has no list")
    lines = [text_of(inside, "head_content"), *choices, text_of(inside, "tail_content")]
    return "\n".join(line for line in lines if line)


_MAX_ARTICLES: Final = 1
