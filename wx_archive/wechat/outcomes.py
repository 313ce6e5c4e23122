"""What WeChat says of material, drafts, sends and tags, as values.

Source: docs/sources.md#publishing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum


@dataclass(frozen=True, slots=True)
class Material:
    """A file that WeChat keeps for good; only pictures have an address."""

    media_id: str
    url: str


class PublishOutcome(IntEnum):
    """What became of a publication, by WeChat's numbers."""

    DONE = 0
    UNDER_WAY = 1
    NOT_ORIGINAL = 2
    FAILED = 3
    REFUSED = 4
    DELETED = 5
    BANNED = 6


@dataclass(frozen=True, slots=True)
class PublishStatus:
    """How a publication stands.

    Attributes:
        article_id: of the whole; empty until it is done.
        urls: where each article is shown, by its place; the first is 1.
        failed: the places that failed.
    """

    outcome: PublishOutcome
    article_id: str
    urls: Mapping[int, str]
    failed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FoundPublished:
    """A publication that was found among those that succeeded."""

    article_id: str
    urls: tuple[str, ...]
    updated_at: datetime


class MassStatus(StrEnum):
    """What became of a mass send, by WeChat's words."""

    DONE = "SEND_SUCCESS"
    UNDER_WAY = "SENDING"
    FAILED = "SEND_FAIL"
    DELETED = "DELETE"


@dataclass(frozen=True, slots=True)
class MassAccepted:
    """WeChat has taken a mass send.

    Attributes:
        msg_id: WeChat's number of the send.
        msg_data_id: of its articles, for statistics; empty where there are none.
        was_sent_before: the clientmsgid was known (45065). Accounts that sent one article to
            several lists have met this for a *new* clientmsgid, with the msg_id of another list:
            a msg_id that belongs to another call is not this call's.
    """

    msg_id: str
    msg_data_id: str
    was_sent_before: bool = False


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag for followers; ``count`` is how many have it."""

    id: int
    name: str
    count: int
