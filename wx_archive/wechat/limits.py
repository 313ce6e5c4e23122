"""What WeChat allows, as `limits.yaml` beside this file has it: windows, quotas, sizes."""

from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from wx_archive.core.yamlfile import FileModel, load

Text = Annotated[str, Field(min_length=1)]
ApiPath = Annotated[str, Field(pattern=r"^/[a-z0-9_/-]+(\?force_refresh=true)?$")]
HostName = Annotated[str, Field(pattern=r"^\.[a-z.]+$")]
Count = Annotated[int, Field(ge=1)]


class Occasion(StrEnum):
    """What a follower did that opens a window for service messages."""

    MESSAGE = "message"
    CLICK = "click"
    SUBSCRIBE = "subscribe"
    SCAN = "scan"


class Capability(StrEnum):
    """What an account may or may not be allowed to do, depending on its kind."""

    CUSTOM_MENU = "custom_menu"
    SERVICE_MESSAGES = "service_messages"
    OAUTH = "oauth"
    MASS_SEND_BY_TAG = "mass_send_by_tag"
    MASS_SEND_BY_LIST = "mass_send_by_list"
    FREE_PUBLISH = "free_publish"
    TEMPLATE_NOTICES = "template_notices"
    SUBSCRIBE_NOTICES = "subscribe_notices"
    SCENE_CODES = "scene_codes"
    USER_INFO = "user_info"
    USER_TAGS = "user_tags"
    MEDIA = "media"
    DRAFTS = "drafts"


class AccountType(StrEnum):
    """The kinds of account that WeChat tells apart."""

    SERVICE_VERIFIED = "service/verified"
    SERVICE_UNVERIFIED = "service/unverified"
    SUBSCRIPTION_VERIFIED = "subscription/verified"
    SUBSCRIPTION_UNVERIFIED = "subscription/unverified"


class Upload(StrEnum):
    """What a file is uploaded as."""

    IMAGE = "image"
    VOICE = "voice"
    VIDEO = "video"
    THUMB = "thumb"
    BODY_IMAGE = "body_image"
    """A picture in the body of an article, by `media/uploadimg`."""


class _Sourced(FileModel):
    """A fact of WeChat's, with the day it was looked up and where."""

    as_of: date
    source: Text
    from_memory: bool = False


class Window(_Sourced):
    """How many service messages an occasion allows, and for how long."""

    messages: Count
    seconds: Count

    @property
    def lasts(self) -> timedelta:
        """How long the window is open."""
        return timedelta(seconds=self.seconds)


class Quota(_Sourced):
    """How often a call may be made on one Shanghai calendar day."""

    name: Text
    per_day: Count


class Entitlement(_Sourced):
    """Which kinds of account may do something."""

    name: Text
    accounts: Annotated[tuple[AccountType, ...], Field(min_length=1)]


class VideoHosts(_Sourced):
    """Below which names WeChat keeps the videos it names by address."""

    names: tuple[HostName, ...]


class ClientMsgId(_Sourced):
    """The number that we give a mass send, so that WeChat does not send it twice."""

    longest_bytes: Count
    known_for_hours: Count

    @property
    def known_for(self) -> timedelta:
        """How long WeChat remembers it."""
        return timedelta(hours=self.known_for_hours)


class MassSend(_Sourced):
    """How often and to how many people at once an account may send.

    Attributes:
        subscription_per_day: of a subscription account, to all or to a tag.
        service_per_month: of a service account, to all; and what each of its followers gets.
        calls_per_minute: of all calls that send.
        list_least: openids in a call that sends to a list.
        list_most: and at most.
        articles: in one message.
    """

    subscription_per_day: Count
    service_per_month: Count
    calls_per_minute: Count
    list_least: Count
    list_most: Count
    articles: Count
    client_msg_id: ClientMsgId


class ArticleSize(_Sourced):
    """How long the parts of an article may be; `digest_default_chars` is what WeChat takes itself.

    Attributes:
        content_chars: fewer than so many.
        content_bytes: fewer than so many.
    """

    title_chars: Count
    author_chars: Count
    digest_chars: Count
    digest_default_chars: Count
    content_chars: Count
    content_bytes: Count
    source_url_bytes: Count


class PictureSet(_Sourced):
    """How many pictures a picture set may have."""

    most: Count


class MassText(_Sourced):
    """How long a text that is sent to all may be."""

    longest_bytes: Count


class FileSize(_Sourced):
    """What a file may be, by what it is uploaded as.

    Attributes:
        formats: as file names end, without the dot.
        longest_s: of recordings; None: no limit is known.
    """

    name: Text
    max_bytes: Count
    formats: Annotated[tuple[Text, ...], Field(min_length=1)]
    longest_s: Count | None = None


class Library(_Sourced):
    """How much an account may keep at WeChat for good."""

    images: Count
    others: Count


class UserTags(_Sourced):
    """How an account may tag its followers."""

    most: Count
    per_follower: Count
    name_bytes: Count
    openids_per_call: Count


class Limits(FileModel):
    """The whole file."""

    as_of: date
    windows: dict[Occasion, Window]
    quotas: dict[ApiPath, Quota]
    capabilities: dict[Capability, Entitlement]
    video_hosts: VideoHosts
    mass_send: MassSend
    mass_text: MassText
    article: ArticleSize
    picture_set: PictureSet
    uploads: dict[Upload, FileSize]
    library: Library
    user_tags: UserTags

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """Refuse a file that leaves something open."""
        missing = [
            *(one.value for one in Occasion if one not in self.windows),
            *(one.value for one in Capability if one not in self.capabilities),
            *(one.value for one in Upload if one not in self.uploads),
        ]
        if missing:
            message = f"缺 {'、'.join(missing)}"
            raise ValueError(message)
        return self


@cache
def limits() -> Limits:
    """Return the limits that this version knows."""
    return load(Path(__file__).with_name("limits.yaml"), Limits)
