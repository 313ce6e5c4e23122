"""Faults of the platform's API that a test or a person switches on.

Source: reference sections 1.12 and 1.13 (what accounts have met).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Event, Lock
from typing import Final

EVERYWHERE: Final = "*"
LONGEST_S: Final = 300.0
TOKEN_PATHS: Final = frozenset({"token", "stable_token"})
_ABOUT_TOKENS: Final = frozenset({40001, 40014, 41001, 42001})
_ERRMSG: Final[Mapping[int, str]] = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40014: "invalid access_token",
    42001: "access_token expired",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    48001: "api unauthorized",
}


class Kind(StrEnum):
    """What goes wrong. The call has its effect from `DROP_AFTER` on, and with `SLOW`."""

    ERRCODE = "errcode"
    STATUS = "status"
    HTML = "html"
    HANG = "hang"
    DROP = "drop"
    SLOW = "slow"
    DROP_AFTER = "drop_after"
    TRUNCATED = "truncated"
    WRONG_TYPES = "wrong_types"
    DRIP = "drip"
    """The answer begins at once and comes in drops, for as long as the fault says."""
    CUT = "cut"
    """The line breaks in the middle of the answer, whose length had been told."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault; ``times`` is how often it will still strike, None for ever.

    ``path`` is as accounts name a call, such as ``message/custom/send``, or ``*`` for all.
    """

    path: str
    fault: Kind
    times: int | None = 1
    errcode: int = -1
    seconds: float = 6.0
    status: int = 502
    id: int = 0
    hits: int = 0

    @property
    def errmsg(self) -> str:
        """What WeChat says with the errcode."""
        return _ERRMSG.get(self.errcode, "simulated error")

    def strikes(self, path: str) -> bool:
        """Tell whether a call of ``path`` meets this fault."""
        if self.path != EVERYWHERE:
            return self.path == path
        # What carries no token cannot be refused for a bad one; a test may still name the path.
        no_token = path in TOKEN_PATHS or path.startswith("sns/")
        return not (no_token and self.fault is Kind.ERRCODE and self.errcode in _ABOUT_TOKENS)


def name_of(path: str) -> str:
    """Return a path as accounts name it: without `/cgi-bin/`."""
    return path.strip().strip("/").removeprefix("cgi-bin/")


class FaultDesk:
    """The faults that are on; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._faults: dict[int, Fault] = {}
        self._last_id = 0
        self._closed = Event()

    def close(self) -> None:
        """Let every slow and hanging call go on."""
        self._closed.set()

    def wait(self, seconds: float) -> None:
        """Wait, or until the simulator closes."""
        self._closed.wait(min(seconds, LONGEST_S))

    def add(self, fault: Fault) -> Fault:
        """Switch a fault on, and return it with its id."""
        with self._lock:
            self._last_id += 1
            self._faults[self._last_id] = replace(fault, id=self._last_id)
            return self._faults[self._last_id]

    def take(self, path: str) -> Fault | None:
        """Return the fault that a call meets, the oldest first, and count it."""
        with self._lock:
            found = next((each for each in self._faults.values() if each.strikes(path)), None)
            if found is None:
                return None
            left = None if found.times is None else found.times - 1
            if left == 0:
                del self._faults[found.id]
            else:
                self._faults[found.id] = replace(found, times=left, hits=found.hits + 1)
            return found

    def all(self) -> list[Fault]:
        """Return what is on, oldest first."""
        with self._lock:
            return list(self._faults.values())

    def remove(self, fault_id: int) -> bool:
        """Switch one fault off, and tell whether it was on."""
        with self._lock:
            return self._faults.pop(fault_id, None) is not None

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._faults.clear()
