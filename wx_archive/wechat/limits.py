"""What WeChat allows, as `limits.yaml` beside this file has it: windows, quotas, capabilities."""

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
    MEDIA = "media"


class AccountType(StrEnum):
    """The kinds of account that WeChat tells apart."""

    SERVICE_VERIFIED = "service/verified"
    SERVICE_UNVERIFIED = "service/unverified"
    SUBSCRIPTION_VERIFIED = "subscription/verified"
    SUBSCRIPTION_UNVERIFIED = "subscription/unverified"


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


class Limits(FileModel):
    """The whole file."""

    as_of: date
    windows: dict[Occasion, Window]
    quotas: dict[ApiPath, Quota]
    capabilities: dict[Capability, Entitlement]
    video_hosts: VideoHosts

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """Refuse a file that leaves something open."""
        missing = [
            *(one.value for one in Occasion if one not in self.windows),
            *(one.value for one in Capability if one not in self.capabilities),
        ]
        if missing:
            message = f"缺 {'、'.join(missing)}"
            raise ValueError(message)
        return self


@cache
def limits() -> Limits:
    """Return the limits that this version knows."""
    return load(Path(__file__).with_name("limits.yaml"), Limits)
