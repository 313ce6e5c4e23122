"""The movable clock: where it stands, and telling all who follow it.

The simulator has no clock of its own; it moves `core.clock`, by which its tokens, windows,
media and quotas expire too, and the account's processes follow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import randbits
from threading import Condition
from typing import Final

from wx_archive.core import clock
from wx_archive.simulator.errors import RefusedError

FARTHEST: Final = timedelta(days=36525)
"""How far the clock may be moved, a hundred years: archives think in such spans."""
CATCH_UP_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What the clock shows; ``version`` changes with every move and every start.

    ``followers`` is how many are waiting for the next move.
    """

    now: datetime
    offset: timedelta
    version: int
    followers: int


class ClockDesk:
    """Moves the clock and lets followers wait for that; safe to use from several threads."""

    def __init__(self, saved: timedelta, keep: Callable[[timedelta], None]) -> None:
        self._before = clock.offset()
        self._keep = keep
        self._changed = Condition()
        # Random, so that a follower of a simulator that was restarted notices.
        self._version = randbits(40)
        self._waiting = 0
        self._caught_up = 0
        self._closed = False
        if saved:
            clock.move(saved)

    def close(self) -> None:
        """Send all followers away and give this process its clock back."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            clock.move(self._before)

    def read(self, *, after: int | None, wait_s: float) -> Reading:
        """Return the reading, at once unless ``after`` is its version.

        Raises:
            RefusedError: the simulator is closing; followers keep what they have.
        """
        with self._changed:
            if after == self._version:
                self._wait_for_a_move(after, wait_s)
            if self._closed:
                raise RefusedError("模拟器正在关闭。", status=503)
            return self._reading()

    def _wait_for_a_move(self, after: int, wait_s: float) -> None:
        self._caught_up += 1
        self._waiting += 1
        self._changed.notify_all()
        try:
            self._changed.wait_for(lambda: self._closed or self._version != after, timeout=wait_s)
        finally:
            self._waiting -= 1

    def advance(self, step: timedelta) -> Reading:
        """Move the clock by a step, ahead or back."""
        return self.put(clock.offset() + step)

    def show(self, instant: datetime) -> Reading:
        """Move the clock to an aware instant."""
        return self.put(instant - (clock.now() - clock.offset()))

    def put(self, offset: timedelta) -> Reading:
        """Set the clock ``offset`` ahead of the machine's; return when its followers know.

        Raises:
            RefusedError: that is too far away.
        """
        if abs(offset) > FARTHEST:
            raise RefusedError("时钟最多前后拨 100 年。", status=400)
        self._keep(offset)
        with self._changed:
            clock.move(offset)
            self._version += 1
            # Whoever follows asks again as soon as its clock is moved, and so says that it is.
            followers, self._caught_up = self._waiting, 0
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: self._closed or self._caught_up >= followers, timeout=CATCH_UP_S
            )
            return self._reading()

    def _reading(self) -> Reading:
        return Reading(clock.now(), clock.offset(), self._version, self._waiting)
