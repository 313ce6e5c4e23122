"""How often a day each call of the API may be made.

Source: reference section 1.11, the daily limits of a verified account as of 2026. From memory:
`media/uploadimg`, `material/add_material`, `message/mass/preview` and `user/tag/get`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock
from typing import Final

from wx_archive.core import clock
from wx_archive.simulator.errors import ApiError

DAILY: Final[Mapping[str, int]] = {
    "token": 2_000,
    "stable_token": 500_000,
    "menu/create": 1_000,
    "menu/get": 10_000,
    "menu/delete": 1_000,
    "media/upload": 5_000,
    "media/get": 10_000,
    "message/custom/send": 500_000,
    "message/template/send": 100_000,
    "media/uploadimg": 5_000,
    "material/add_material": 1_000,
    "draft/add": 1_000,
    "draft/get": 500,
    "freepublish/submit": 100,
    "freepublish/get": 100,
    "freepublish/batchget": 100,
    "message/mass/sendall": 100,
    "message/mass/send": 100,
    "message/mass/preview": 100,
    "message/mass/delete": 10,
    "tags/create": 1_000,
    "tags/get": 1_000,
    "tags/members/batchtagging": 100_000,
    "tags/members/batchuntagging": 100_000,
    "user/get": 500,
    "user/tag/get": 500,
    "user/info": 5_000_000,
}
CLEARED_PER_MONTH: Final = 10


@dataclass(frozen=True, slots=True)
class Quota:
    """One path's day."""

    daily_limit: int
    used: int

    @property
    def remain(self) -> int:
        """How many calls are left today."""
        return max(0, self.daily_limit - self.used)


class QuotaDesk:
    """Counts calls by Shanghai day; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._limits = dict(DAILY)
        self._used: dict[date, Counter[str]] = {}
        self._cleared: Counter[tuple[int, int]] = Counter()

    def spend(self, path: str, *, now: datetime) -> None:
        """Count a call.

        Raises:
            ApiError: 45009, the day's calls are used up.
        """
        with self._lock:
            limit = self._limits.get(path)
            today = self._today(now)
            if limit is not None and today[path] >= limit:
                raise ApiError(45009, "reach max api daily quota limit")
            today[path] += 1

    def quota(self, path: str, *, now: datetime) -> Quota:
        """Return how a path's day stands.

        Raises:
            ApiError: 76021, there is no limit known for such a path.
        """
        with self._lock:
            if path not in self._limits:
                raise ApiError(76021, "cgi_path not found, please check")
            return Quota(self._limits[path], self._today(now)[path])

    def clear(self, *, now: datetime) -> None:
        """Begin the day anew, as an account may ten times a month.

        Raises:
            ApiError: 48006, it did so ten times already.
        """
        with self._lock:
            day = clock.day_of(now)
            month = (day.year, day.month)
            if self._cleared[month] >= CLEARED_PER_MONTH:
                raise ApiError(48006, "forbid to clear quota because of reaching the limit")
            self._cleared[month] += 1
            self._used.pop(day, None)

    def limit(self, path: str, limit: int | None) -> None:
        """Set another daily limit for a path; None brings WeChat's back."""
        with self._lock:
            if limit is not None:
                self._limits[path] = limit
            elif path in DAILY:
                self._limits[path] = DAILY[path]
            else:
                self._limits.pop(path, None)

    def all(self, *, now: datetime) -> dict[str, Quota]:
        """Return how the day stands for every path with a limit."""
        with self._lock:
            today = self._today(now)
            return {path: Quota(limit, today[path]) for path, limit in self._limits.items()}

    def reset(self) -> None:
        """Forget all counts and other limits."""
        with self._lock:
            self._limits = dict(DAILY)
            self._used.clear()
            self._cleared.clear()

    def _today(self, now: datetime) -> Counter[str]:
        return self._used.setdefault(clock.day_of(now), Counter())
