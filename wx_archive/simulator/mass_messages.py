"""What a mass send says: from its JSON to the bubble that followers see.

Source: reference sections 1.8 and 1.13. Documented: the kinds and their fields. From memory: the
length of a text, and that several pictures come as one card.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from wx_archive.simulator.articles import NewsItem
from wx_archive.simulator.bubbles import Article, Bubble, Kind, Sender, text_bubble
from wx_archive.simulator.editions import Edition
from wx_archive.simulator.errors import ApiError
from wx_archive.simulator.library import READY_VIDEO
from wx_archive.simulator.media import Media
from wx_archive.simulator.replies import MAX_TEXT_BYTES, media_url
from wx_archive.simulator.service_messages import FindMedia, Json, text_of

NEWS: Final = "mpnews"
MOST_PICTURES: Final = 20
_MEDIA_KIND: Final = {"voice": "voice", "mpvideo": READY_VIDEO}


@dataclass(frozen=True, slots=True)
class MassMessage:
    """One message of a kind: a text, or the media it shows (of mpnews the draft)."""

    kind: str
    text: str = ""
    media_ids: tuple[str, ...] = ()
    title: str = ""
    introduction: str = ""
    seconds: int = 0


def read_mass_message(payload: Json, find_media: FindMedia) -> MassMessage:
    """Return the message of a call; whether its draft is there is seen when it is taken.

    Raises:
        ApiError: WeChat would not send it.
    """
    kind = text_of(payload, "msgtype")
    match kind:
        case "text":
            return MassMessage(kind, text=_text(_inside(payload, "text")))
        case "mpnews":
            return MassMessage(kind, media_ids=(text_of(_inside(payload, NEWS), "media_id"),))
        case "image":
            return _pictures(payload, find_media)
        case "voice" | "mpvideo":
            media_id = text_of(_inside(payload, kind), "media_id")
            _find(media_id, _MEDIA_KIND[kind], find_media)
            return MassMessage(kind, media_ids=(media_id,))
        case _:
            raise ApiError(40008, "invalid message type")


def _inside(payload: Json, name: str) -> Json:
    inside = payload.get(name)
    if not isinstance(inside, dict):
        raise ApiError(44004, f"empty content: {name} is missing")
    return inside


def _text(inside: Json) -> str:
    content = text_of(inside, "content")
    if not content:
        raise ApiError(44004, "empty content")
    if len(content.encode()) > MAX_TEXT_BYTES:
        raise ApiError(45002, "content size out of limit")
    return content


def _pictures(payload: Json, find_media: FindMedia) -> MassMessage:
    # The older shape names one picture: {"image": {"media_id": …}}.
    inside = _inside(payload, "images" if "images" in payload else "image")
    listed = inside.get("media_ids", [text_of(inside, "media_id")])
    media_ids = tuple(map(str, listed)) if isinstance(listed, list) else ()
    if not 1 <= len(media_ids) <= MOST_PICTURES:
        raise ApiError(40007, f"invalid media_id: media_ids takes 1 to {MOST_PICTURES}")
    for media_id in media_ids:
        _find(media_id, "image", find_media)
    return MassMessage("image", text=text_of(inside, "recommend"), media_ids=media_ids)


def picture_set(message: MassMessage) -> tuple[NewsItem, ...]:
    """Return several pictures as the one article they are read as; nothing for another message."""
    if message.kind != "image" or len(message.media_ids) == 1:
        return ()
    item = NewsItem(
        article_type="newspic",
        title=message.text or "分享图片",
        author="",
        digest="",
        content="",
        content_source_url="",
        thumb_media_id="",
        need_open_comment=0,
        only_fans_can_comment=0,
        pictures=message.media_ids,
    )
    return (item,)


def _find(media_id: str, kind: str, find_media: FindMedia) -> Media:
    found = find_media(media_id)
    if found is None or found.kind != kind:
        raise ApiError(40007, "invalid media_id")
    return found


def bubbles_of(
    message: MassMessage, edition: Edition | None, describe: Callable[[str], tuple[str, int]]
) -> tuple[Bubble, ...]:
    """Return what followers see; ``describe`` tells a media file's title and seconds."""
    if edition is not None:
        return (news_bubble(edition),)
    if message.kind == "text":
        return (text_bubble(Sender.ACCOUNT, message.text),)
    media_id = message.media_ids[0]
    title, seconds = describe(media_id)
    url = media_url(media_id)
    match message.kind:
        case "image":
            return (Bubble(Sender.ACCOUNT, Kind.IMAGE, url=url),)
        case "voice":
            return (Bubble(Sender.ACCOUNT, Kind.VOICE, url=url, seconds=seconds),)
        case _:
            return (Bubble(Sender.ACCOUNT, Kind.VIDEO, url=url, title=title or None),)


def news_bubble(edition: Edition) -> Bubble:
    """Return the card of an edition: its cover and title, and a line for each further article."""
    articles = tuple(
        Article(
            title=item.title,
            description=item.digest,
            picurl=edition.base_url + media_url(item.cover) if item.cover else "",
            url=edition.url(place),
        )
        for place, item in enumerate(edition.items)
        if not item.is_deleted
    )
    return Bubble(Sender.ACCOUNT, Kind.NEWS, articles=articles)


def mass_message(saved: dict[str, Any]) -> MassMessage:
    """Read a message that a shelf kept."""
    return MassMessage(**{**saved, "media_ids": tuple(saved["media_ids"])})
