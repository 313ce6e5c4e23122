"""What happened, numbered: the API's calls and the service messages that were sent."""

from collections import Counter, deque
from dataclasses import dataclass
from threading import Lock
from typing import Final, Generic, TypeVar

KEPT: Final = 5000

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API; ``errcode`` is None when the account could not read one.

    ``fault`` names the fault that it met; ``at`` is ISO 8601.
    """

    path: str
    errcode: int | None
    fault: str | None
    at: str


@dataclass(frozen=True, slots=True)
class Sent:
    """One service message that was sent, whether or not the account heard so."""

    openid: str
    kind: str
    text: str
    at: str


class Journal(Generic[Entry]):
    """Entries by number, the oldest forgotten at some point; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._entries: deque[tuple[int, Entry]] = deque(maxlen=KEPT)
        self._last = 0

    def add(self, entry: Entry) -> None:
        """Write an entry down."""
        with self._lock:
            self._last += 1
            self._entries.append((self._last, entry))

    def after(self, number: int) -> tuple[list[tuple[int, Entry]], int]:
        """Return the entries with a higher number, and the highest number."""
        with self._lock:
            return [each for each in self._entries if each[0] > number], self._last

    def clear(self) -> None:
        """Forget the entries; numbers go on."""
        with self._lock:
            self._entries.clear()


class CallJournal(Journal[Call]):
    """The API's calls, and how many there were of each path since the start."""

    def __init__(self) -> None:
        super().__init__()
        self._totals: Counter[str] = Counter()

    def add(self, entry: Call) -> None:
        """Write a call down and count it."""
        super().add(entry)
        with self._lock:
            self._totals[entry.path] += 1

    def totals(self) -> dict[str, int]:
        """Return how often each path was called."""
        with self._lock:
            return dict(self._totals)

    def clear(self) -> None:
        """Forget the calls and their totals."""
        super().clear()
        with self._lock:
            self._totals.clear()
