"""How jobs at the platform end: after a while, with an event that may go astray.

What a test may switch: the event comes, is held back, is lost, comes twice or before the API has
answered; or the job itself stalls. Source: reliability.md, part 3 (events lost, late, twice).
"""

from collections.abc import Callable
from enum import StrEnum
from threading import Lock
from typing import Final

from wx_archive.simulator.messages import Nodes

Finish = Callable[[], Nodes | None]
"""Ends a job and returns its event; None when it had ended already."""
AFTER_S: Final = 0.3


class Manner(StrEnum):
    """What becomes of a job and of its event."""

    DELIVER = "deliver"
    HOLD = "hold"
    """The job ends, its event waits for `release`."""
    DROP = "drop"
    DOUBLE = "double"
    """The event comes twice, the second time a second later by its CreateTime."""
    EARLY = "early"
    """The event comes before the API has answered the call that began the job."""
    STALL = "stall"
    """The job goes on until `release`."""


class FinishDesk:
    """Ends jobs in the background; safe to use from several threads."""

    def __init__(
        self, tell: Callable[[Nodes], None], later: Callable[[float, Callable[[], None]], None]
    ) -> None:
        self._tell = tell
        self._later = later
        self._lock = Lock()
        self._manner = Manner.DELIVER
        self._after_s = AFTER_S
        self._held: list[Nodes] = []
        self._stalled: list[Finish] = []

    @property
    def manner(self) -> Manner:
        """What becomes of jobs that end from now on."""
        return self._manner

    @property
    def after_s(self) -> float:
        """How long a job takes, in real seconds."""
        return self._after_s

    @property
    def waiting(self) -> int:
        """How many events and jobs wait for `release`."""
        with self._lock:
            return len(self._held) + len(self._stalled)

    def set(self, manner: Manner, after_s: float) -> None:
        """Change how jobs end; those that have begun are judged when they end."""
        with self._lock:
            self._manner, self._after_s = manner, after_s

    def begin(self, finish: Finish) -> None:
        """Let a job run."""
        with self._lock:
            manner, after_s = self._manner, self._after_s
            if manner is Manner.STALL:
                self._stalled.append(finish)
                return
        if manner is Manner.EARLY:
            self._end(finish, Manner.EARLY)
        else:
            self._later(after_s, lambda: self._end(finish, self._manner))

    def release(self) -> int:
        """Deliver the events that were held back and end the jobs that stalled; return how many."""
        with self._lock:
            held, stalled = self._held, self._stalled
            self._held, self._stalled = [], []
        for event in held:
            self._tell(event)
        for finish in stalled:
            self._end(finish, Manner.DELIVER)
        return len(held) + len(stalled)

    def clear(self) -> None:
        """Forget what waits, and end jobs the ordinary way."""
        with self._lock:
            self._held, self._stalled = [], []
            self._manner, self._after_s = Manner.DELIVER, AFTER_S

    def _end(self, finish: Finish, manner: Manner) -> None:
        event = finish()
        if event is None:
            return
        match manner:
            case Manner.HOLD:
                with self._lock:
                    self._held.append(event)
            case Manner.DROP:
                return
            case Manner.DOUBLE:
                self._tell(event)
                self._tell(event)
            case _:
                self._tell(event)
