"""What followers send, as frozen values: one class for each kind of message and event."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Header:
    """What every delivery carries.

    Attributes:
        to_user: the account's `gh_…` id.
        openid: who sent it.
        created_at: seconds since the epoch, WeChat's clock.
        identity: the same for every delivery of one message, different for any other message of
            the same follower.
        is_event: an event, not a message; WeChat shows more articles in answer to one.
    """

    to_user: str
    openid: str
    created_at: int
    identity: str
    is_event: bool = False


@dataclass(frozen=True, slots=True)
class Inbound:
    """Anything that arrives."""

    header: Header


@dataclass(frozen=True, slots=True)
class Text(Inbound):
    """Typed words, or a tap on a live link (then with its `menu_id`)."""

    content: str
    menu_id: str | None = None
    article_msg_id: str | None = None
    article_index: int | None = None


@dataclass(frozen=True, slots=True)
class Image(Inbound):
    """A photo; the bytes are fetched by `media_id` within three days."""

    media_id: str
    picture_url: str


@dataclass(frozen=True, slots=True)
class Voice(Inbound):
    """A voice message, with the recognised words when the account has recognition on."""

    media_id: str
    format: str
    recognition: str | None


@dataclass(frozen=True, slots=True)
class Video(Inbound):
    """A video, or a short video taken in the chat."""

    media_id: str
    thumb_media_id: str
    is_short: bool


@dataclass(frozen=True, slots=True)
class Location(Inbound):
    """A place the follower chose to send."""

    latitude: str
    longitude: str
    label: str


@dataclass(frozen=True, slots=True)
class Link(Inbound):
    """A shared link."""

    title: str
    description: str
    url: str


@dataclass(frozen=True, slots=True)
class File(Inbound):
    """A file sent from the chat (undocumented, seen in the wild)."""

    title: str
    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class Subscribe(Inbound):
    """The follower arrives, perhaps through a code with a scene."""

    scene: str | None
    ticket: str | None


@dataclass(frozen=True, slots=True)
class Unsubscribe(Inbound):
    """The follower leaves; nothing can be answered."""


@dataclass(frozen=True, slots=True)
class Scan(Inbound):
    """A follower scanned a code of the account."""

    scene: str
    ticket: str | None


@dataclass(frozen=True, slots=True)
class LocationReport(Inbound):
    """The follower's place on opening the chat, if the account asks for it."""

    latitude: str
    longitude: str


@dataclass(frozen=True, slots=True)
class MenuClick(Inbound):
    """A tap on a menu entry that asks for an answer."""

    key: str


@dataclass(frozen=True, slots=True)
class MenuView(Inbound):
    """A tap on a menu entry that opened an address or mini program."""

    url: str


@dataclass(frozen=True, slots=True)
class MenuScanCode(Inbound):
    """A menu entry's scanner read a code."""

    key: str
    result: str
    waits: bool


@dataclass(frozen=True, slots=True)
class MenuPictures(Inbound):
    """A menu entry's picture chooser; the photos follow as messages of their own."""

    key: str
    count: int


@dataclass(frozen=True, slots=True)
class MenuLocation(Inbound):
    """A menu entry's place chooser."""

    key: str
    latitude: str
    longitude: str
    label: str


@dataclass(frozen=True, slots=True)
class MassSendFinished(Inbound):
    """WeChat finished a mass send."""

    msg_id: str
    status: str
    total: int
    filtered: int
    sent: int
    failed: int


@dataclass(frozen=True, slots=True)
class PublishFinished(Inbound):
    """WeChat finished publishing a draft without notifying followers."""

    publish_id: str
    status: int
    article_id: str | None
    article_urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TemplateSent(Inbound):
    """WeChat delivered, or failed to deliver, a template message."""

    msg_id: str
    status: str


@dataclass(frozen=True, slots=True)
class NoticeConsent(Inbound):
    """A follower's choices about subscription notices: template id → status."""

    event: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class UnknownMessage(Inbound):
    """A kind of message this version does not know; it is answered all the same."""

    kind: str


@dataclass(frozen=True, slots=True)
class UnknownEvent(Inbound):
    """A kind of event this version does not know; counted, not answered."""

    event: str
    key: str
