"""What the platform tells of phones, followers and exchanges."""

from dataclasses import dataclass

from wx_archive.simulator.wire import Delivery


@dataclass(frozen=True, slots=True)
class PhoneCard:
    """What the phones page lists of one phone."""

    openid: str
    nickname: str
    following: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """What the API tells the account about a follower."""

    openid: str
    following: bool
    subscribed_at: int
    scene: str | None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One message with all its deliveries and the reply, for the inspector.

    ``id`` is given when the exchange has ended; ``fault`` says why a reply was not shown.
    """

    at: str
    openid: str
    kind: str
    request_xml: str
    request_body: str
    query: str
    deliveries: tuple[Delivery, ...]
    reply_body: str | None
    reply_xml: str | None
    fault: str | None
    id: int = 0
