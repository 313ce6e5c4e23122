"""Whom a mass send is for, and whom of them it reaches.

Documented: a list has 2 to 10,000 openids; a follower of a service account who had four this
month is filtered. From memory: an openid that is nobody's refuses the whole call (40003), one
that left counts as an error.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wx_archive.simulator.config import AccountKind
from wx_archive.simulator.errors import ApiError
from wx_archive.simulator.platform import Platform
from wx_archive.simulator.standing import StandingDesk, crowd_openid, crowd_place
from wx_archive.simulator.tags import TagDesk

LEAST_OPENIDS: Final = 2
MOST_OPENIDS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Audience:
    """Everybody, a tag (``tag_id`` is not 0), or a list (``openids`` is not empty)."""

    is_to_all: bool = False
    tag_id: int = 0
    openids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reach:
    """What becomes of an audience.

    ``phones`` show the message; ``counted`` are those for whom it counts this month, without
    the crowd when it went to everybody. ``filtered`` is how many of all are left without those
    who had enough this month, ``sent`` how many of these it reached.
    """

    phones: tuple[str, ...]
    counted: tuple[str, ...]
    total: int
    filtered: int
    sent: int


class Crew:
    """Knows all followers: those with phones, and the crowd."""

    def __init__(self, platform: Platform, standing: StandingDesk, tags: TagDesk) -> None:
        self._platform = platform
        self._standing = standing
        self._tags = tags

    @property
    def is_service(self) -> bool:
        """Tell whether the account is a service account."""
        return self._platform.config.account == AccountKind.SERVICE

    def check(self, audience: Audience) -> None:
        """Refuse an audience that WeChat does not take with an `ApiError`."""
        if audience.openids:
            if len(audience.openids) < LEAST_OPENIDS:
                raise ApiError(40130, "invalid openid list size, at least two openid")
            if len(audience.openids) > MOST_OPENIDS:
                raise ApiError(40032, "invalid openid list size")
            if not all(map(self._is_somebody, audience.openids)):
                raise ApiError(40003, "invalid openid")
        elif not audience.is_to_all:
            self._tags.get(audience.tag_id)

    def follows(self, openid: str) -> bool:
        """Tell whether somebody, with a phone or without, follows the account."""
        if self._platform.knows(openid):
            return self._platform.is_following(openid)
        return crowd_place(openid, self._standing.now.crowd) is not None

    def _is_somebody(self, openid: str) -> bool:
        crowd = self._standing.now.crowd
        return self._platform.knows(openid) or crowd_place(openid, crowd) is not None

    def reach(self, audience: Audience, *, month: str, per_month: int) -> Reach:
        """Tell whom a message reaches."""
        if audience.is_to_all:
            return self._reach_all(month=month, per_month=per_month)
        asked = list(audience.openids or self._tags.members(audience.tag_id))
        standing = self._standing.now
        had, crowd_had = self._standing.had(month)
        places = {openid: crowd_place(openid, standing.crowd) for openid in asked}
        fresh = [
            openid
            for openid in asked
            if not self.is_service
            or had[openid] + (crowd_had if places[openid] is not None else 0) < per_month
        ]
        reached = [openid for openid in fresh if self._gets(openid, places[openid])]
        phones = tuple(openid for openid in reached if places[openid] is None)
        return Reach(phones, tuple(reached), len(asked), len(fresh), len(reached))

    def _gets(self, openid: str, place: int | None) -> bool:
        if place is not None:
            return place >= self._standing.now.failing
        return self._platform.knows(openid) and self._platform.is_following(openid)

    def _reach_all(self, *, month: str, per_month: int) -> Reach:
        followers = self._platform.follower_openids()
        standing = self._standing.now
        had, crowd_had = self._standing.had(month)
        phones = [openid for openid in followers if not self.is_service or had[openid] < per_month]
        crowd = standing.crowd
        if self.is_service:
            tired = [
                openid
                for openid, count in had.items()
                if crowd_place(openid, crowd) is not None and count + crowd_had >= per_month
            ]
            crowd = 0 if crowd_had >= per_month else crowd - len(tired)
        fresh = len(phones) + crowd
        reached = fresh - min(standing.failing, crowd)
        return Reach(tuple(phones), tuple(phones), len(followers) + standing.crowd, fresh, reached)

    def crowd_openids(self) -> Sequence[str]:
        """Return the openids of the followers without phones."""
        return [crowd_openid(place) for place in range(self._standing.now.crowd)]
