"""What an account publishes and to whom, as values; each knows its shape in WeChat's JSON.

Source: docs/sources.md#publishing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wx_archive.core.errors import RefusedError
from wx_archive.wechat.limits import limits

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DraftArticle:
    """One article of a draft.

    Attributes:
        title: up to 32 characters.
        content: HTML with inline styles; of a picture set plain text.
        cover: media_id of a permanent picture; a picture set has none.
        digest: empty: WeChat takes the beginning of the content.
        source_url: 阅读原文.
        pictures: media_ids of permanent pictures: it is a picture set (newspic).
    """

    title: str
    content: str
    cover: str = ""
    author: str = ""
    digest: str = ""
    source_url: str = ""
    pictures: tuple[str, ...] = ()

    def as_json(self) -> Fields:
        """Return it as `draft/add` takes it; comments stay closed: nobody would answer them."""
        shared: Fields = {
            "title": self.title,
            "content": self.content,
            "need_open_comment": 0,
            "only_fans_can_comment": 0,
        }
        if self.pictures:
            listed = [{"image_media_id": one} for one in self.pictures]
            return {**shared, "article_type": "newspic", "image_info": {"image_list": listed}}
        named = {
            "author": self.author,
            "digest": self.digest,
            "content_source_url": self.source_url,
        }
        given = {name: value for name, value in named.items() if value}
        return {**shared, "article_type": "news", "thumb_media_id": self.cover, **given}


@dataclass(frozen=True, slots=True)
class MpNews:
    """A draft of articles; the send consumes it."""

    media_id: str

    def as_json(self) -> Fields:
        """Return the message's part of a call."""
        return {"msgtype": "mpnews", "mpnews": {"media_id": self.media_id}}


@dataclass(frozen=True, slots=True)
class TextMessage:
    """Plain words."""

    words: str

    def as_json(self) -> Fields:
        """Return the message's part of a call."""
        return {"msgtype": "text", "text": {"content": self.words}}


@dataclass(frozen=True, slots=True)
class Images:
    """Pictures, with a line that recommends them."""

    media_ids: tuple[str, ...]
    recommend: str = ""

    def as_json(self) -> Fields:
        """Return the message's part of a call."""
        said = {"recommend": self.recommend} if self.recommend else {}
        return {"msgtype": "image", "images": {"media_ids": list(self.media_ids), **said}}


@dataclass(frozen=True, slots=True)
class Voice:
    """A recording."""

    media_id: str

    def as_json(self) -> Fields:
        """Return the message's part of a call."""
        return {"msgtype": "voice", "voice": {"media_id": self.media_id}}


@dataclass(frozen=True, slots=True)
class MpVideo:
    """A film, by the media_id that `Publishing.prepare_video` gave."""

    media_id: str

    def as_json(self) -> Fields:
        """Return the message's part of a call."""
        return {"msgtype": "mpvideo", "mpvideo": {"media_id": self.media_id}}


MassMessage = MpNews | TextMessage | Images | Voice | MpVideo


@dataclass(frozen=True, slots=True)
class ToAll:
    """All who follow; the message enters the account's history."""

    def as_json(self) -> Fields:
        """Return the receivers' part of a call."""
        return {"filter": {"is_to_all": True}}


@dataclass(frozen=True, slots=True)
class ToTag:
    """Those who have a tag."""

    tag_id: int

    def as_json(self) -> Fields:
        """Return the receivers' part of a call."""
        return {"filter": {"is_to_all": False, "tag_id": self.tag_id}}


@dataclass(frozen=True, slots=True)
class ToList:
    """Followers by name: service accounts only.

    Raises:
        RefusedError: WeChat takes no list of so few or so many.
    """

    openids: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a list that WeChat would refuse, too."""
        known = limits().mass_send
        if not known.list_least <= len(self.openids) <= known.list_most:
            raise RefusedError(
                f"按名单群发一次要 {known.list_least} 到 {known.list_most} 人，"
                f"这一次有 {len(self.openids)} 人"
            )

    def as_json(self) -> Fields:
        """Return the receivers' part of a call."""
        return {"touser": list(self.openids)}


Receivers = ToAll | ToTag | ToList


def mass_call(
    message: MassMessage, to: Receivers, *, client_msg_id: str, stops_at_reprint: bool
) -> Mapping[str, Any]:
    """Return the body of a call that sends.

    Raises:
        ValueError: the number is empty or longer than WeChat takes.
    """
    longest = limits().mass_send.client_msg_id.longest_bytes
    if not 0 < len(client_msg_id.encode()) <= longest:
        message_text = f"a clientmsgid has 1 to {longest} bytes"
        raise ValueError(message_text)
    reprint = {"send_ignore_reprint": 0 if stops_at_reprint else 1}
    only_articles = reprint if isinstance(message, MpNews) else {}
    return {**to.as_json(), **message.as_json(), **only_articles, "clientmsgid": client_msg_id}
