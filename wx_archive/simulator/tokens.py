"""Access tokens: the plain kind, the stable kind, and when each one ends.

Source: reference sections 1.11 and 1.13.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Final

from wx_archive.simulator.errors import ApiError

LIFETIME: Final = timedelta(seconds=7200)
RENEWAL: Final = timedelta(minutes=5)
"""A stable token is renewed this early, and a replaced plain token lives on this long."""
DAY: Final = timedelta(days=1)
FORCE_PAUSE: Final = timedelta(seconds=30)
FORCED_PER_DAY: Final = 20


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and the instant it ends."""

    value: str
    until: datetime

    def seconds_left(self, now: datetime) -> int:
        """Return what the API calls ``expires_in``."""
        return int((self.until - now).total_seconds())


class TokenDesk:
    """Issues and checks tokens. The platform's lock guards it.

    Attributes:
        stable: the stable token, which outlives a restart of the simulator.
    """

    def __init__(self, stable: Token | None = None) -> None:
        self._valid = {stable.value: stable.until} if stable else {}
        self._plain: Token | None = None
        self.stable = stable
        self._forced: list[datetime] = []

    def issue_plain(self, *, now: datetime) -> Token:
        """Issue a new plain token; the one before it ends within five minutes."""
        if self._plain is not None:
            self._valid[self._plain.value] = min(self._plain.until, now + RENEWAL)
        self._plain = self._new(now)
        return self._plain

    def issue_stable(self, *, force: bool, now: datetime) -> Token:
        """Return the stable token; a new one near its end or when forced.

        Raises:
            ApiError: forced again within 30 seconds, or more than 20 times a day.
        """
        if force:
            self._count_forced(now)
            if self.stable is not None:
                self._valid[self.stable.value] = now
        if force or self.stable is None or self.stable.until - now <= RENEWAL:
            self.stable = self._new(now)
        return self.stable

    def check(self, value: str, *, now: datetime) -> None:
        """Accept a token that is in force.

        Raises:
            ApiError: 41001 when it is missing, 40001 when unknown, 42001 when it has ended.
        """
        if not value:
            raise ApiError(41001, "access_token missing")
        until = self._valid.get(value)
        if until is None:
            raise ApiError(40001, "invalid credential, access_token is invalid or not latest")
        if now >= until:
            raise ApiError(42001, "access_token expired")

    def _new(self, now: datetime) -> Token:
        token = Token(token_urlsafe(96), now + LIFETIME)
        # Long-ended tokens turn from "expired" into "invalid", as they do at WeChat.
        self._valid = {value: end for value, end in self._valid.items() if now - end < DAY}
        self._valid[token.value] = token.until
        return token

    def _count_forced(self, now: datetime) -> None:
        self._forced = [at for at in self._forced if now - at < DAY]
        if self._forced and now - self._forced[-1] < FORCE_PAUSE:
            raise ApiError(45011, "api minute-quota reach limit, force_refresh is too frequent")
        if len(self._forced) >= FORCED_PER_DAY:
            raise ApiError(45009, "reach max api daily quota limit of force_refresh")
        self._forced.append(now)
