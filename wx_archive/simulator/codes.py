"""The one-time codes that a page gets for its reader.

Source: reference sections 1.12 and 1.13: single use, five minutes.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import token_urlsafe
from threading import Lock
from typing import Final

from wx_archive.simulator.errors import ApiError

LIFETIME: Final = timedelta(minutes=5)
FORGOTTEN: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Grant:
    """Whom a code stands for, until when, and whether it was used."""

    openid: str
    scope: str
    until: datetime
    used: bool = False


class CodeDesk:
    """Issues and redeems codes; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._grants: dict[str, Grant] = {}

    def issue(self, openid: str, scope: str, *, now: datetime) -> str:
        """Return a new code for a reader."""
        code = "0" + token_urlsafe(24)
        with self._lock:
            fresh = {c: g for c, g in self._grants.items() if now - g.until < FORGOTTEN}
            self._grants = {**fresh, code: Grant(openid, scope, now + LIFETIME)}
        return code

    def redeem(self, code: str, *, now: datetime) -> Grant:
        """Return whom a code stands for, once.

        Raises:
            ApiError: 40029 unknown, 40163 used already, 42003 too old.
        """
        with self._lock:
            grant = self._grants.get(code)
            if grant is None:
                raise ApiError(40029, "invalid code")
            if grant.used:
                raise ApiError(40163, "code been used")
            if now >= grant.until:
                raise ApiError(42003, "oauth_code expired")
            self._grants[code] = replace(grant, used=True)
            return grant

    def clear(self) -> None:
        """Forget all codes."""
        with self._lock:
            self._grants.clear()
