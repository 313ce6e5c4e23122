"""Where publishing stands: numbers given out, who had how much this month, the crowd.

Followers without phones are the crowd: so many more, of whom some are never reached.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import RLock
from typing import Any, Final

from wx_archive.simulator.shelf import Shelf

DEFAULT_SPEED: Final = 3
_KEY: Final = "standing"
_CROWD: Final = "oCrowd"
_PLACES: Final = 22


@dataclass(frozen=True, slots=True)
class Standing:
    """What outlives a restart.

    Attributes:
        last_number: of sends, publications and previews together.
        protected: sends to everybody wait for the account's administrator.
        crowd: followers without phones.
        failing: those of the crowd whom nothing reaches.
        month: `received` and `crowd_received` are of this month, such as ``2026-11``.
    """

    last_number: int = 0
    speed: int = DEFAULT_SPEED
    protected: bool = False
    crowd: int = 0
    failing: int = 0
    month: str = ""
    received: tuple[tuple[str, int], ...] = ()
    crowd_received: int = 0


class StandingDesk:
    """Keeps the standing; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._lock = RLock()
        self._shelf: Shelf[Standing] = Shelf(folder, _standing)

    @property
    def now(self) -> Standing:
        """The present standing."""
        with self._lock:
            return self._shelf.get(_KEY) or Standing()

    def change(self, **changes: int | bool) -> Standing:
        """Change a part of it."""
        with self._lock:
            self._shelf.put(_KEY, changed := replace(self.now, **changes))  # type: ignore[arg-type]  # names carry their types
            return changed

    def next_number(self) -> int:
        """Return a number that was never given out, not even before a reset."""
        with self._lock:
            return self.change(last_number=self.now.last_number + 1).last_number

    def clear(self) -> None:
        """Begin anew, but for the numbers."""
        with self._lock:
            self._shelf.put(_KEY, Standing(last_number=self.now.last_number))

    # How many mass messages each follower had this month.

    def had(self, month: str) -> tuple[Counter[str], int]:
        """Return how many each follower had in a month, and everyone in the crowd beside that."""
        standing = self.now
        if standing.month != month:
            return Counter(), 0
        return Counter(dict(standing.received)), standing.crowd_received

    def give(self, month: str, openids: Iterable[str], *, crowd_too: bool) -> None:
        """Count a mass message for followers, and for the whole crowd if it went there."""
        with self._lock:
            received, crowd = self.had(month)
            received.update(openids)
            changed = replace(
                self.now,
                month=month,
                received=tuple(received.items()),
                crowd_received=crowd + crowd_too,
            )
            self._shelf.put(_KEY, changed)


def _standing(saved: dict[str, Any]) -> Standing:
    return Standing(**{**saved, "received": tuple((o, n) for o, n in saved["received"])})


# The crowd.


def crowd_openid(place: int) -> str:
    """Return the openid of a follower without a phone, the first at place 0."""
    return f"{_CROWD}{place:0{_PLACES}d}"


def crowd_place(openid: str, size: int) -> int | None:
    """Return the place of a follower in a crowd of that size, or None."""
    digits = openid.removeprefix(_CROWD)
    if digits == openid or len(digits) != _PLACES or not digits.isdecimal():
        return None
    return int(digits) if int(digits) < size else None
