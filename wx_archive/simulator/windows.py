"""How many service messages a follower may get, and until when."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from wx_archive.simulator.errors import ApiError


class Occasion(StrEnum):
    """What a follower did that opens a window."""

    MESSAGE = "message"
    CLICK = "click"
    SUBSCRIBE = "subscribe"
    SCAN = "scan"


@dataclass(frozen=True, slots=True)
class Window:
    """Leave to send ``left`` service messages before ``until``."""

    until: datetime
    left: int


# Source: reference section 1.7, the current rule (an older one allowed 20 after a message).
_ALLOWED: Final[Mapping[Occasion, tuple[int, timedelta]]] = {
    Occasion.MESSAGE: (5, timedelta(hours=48)),
    Occasion.CLICK: (3, timedelta(minutes=1)),
    Occasion.SUBSCRIBE: (3, timedelta(minutes=1)),
    Occasion.SCAN: (3, timedelta(minutes=1)),
}


def opened(occasion: Occasion, *, now: datetime) -> Window:
    """Return the window that an occasion opens; it replaces an earlier one of its kind."""
    messages, lasts = _ALLOWED[occasion]
    return Window(until=now + lasts, left=messages)


def spend(windows: dict[Occasion, Window], *, now: datetime) -> None:
    """Take one service message from the window that closes first.

    Raises:
        ApiError: 45015 when no window is open, 45047 when the open ones are used up.
    """
    still_open = {occ: window for occ, window in windows.items() if now < window.until}
    if not still_open:
        raise ApiError(45015, "response out of time limit or subscription is canceled")
    usable = [occasion for occasion, window in still_open.items() if window.left]
    if not usable:
        raise ApiError(45047, "out of response count limit")
    first = min(usable, key=lambda occasion: still_open[occasion].until)
    windows[first] = replace(windows[first], left=windows[first].left - 1)
