"""The only clock of the product: aware UTC instants and Shanghai calendar days.

In the demo and while developing it may stand apart from the machine's clock, and follow the
simulator's, so that an hour or three days pass at a click in every process at once.
"""

import json
import logging
import socket
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

POLL_S: Final = 20
"""How long the simulator may hold one question for its clock."""
RETRY_S: Final = 0.5
"""How long a follower waits before it asks a simulator again that was away."""

FIRST_S: Final = 1.0
"""How long a process that starts waits for the first answer."""

log = logging.getLogger(__name__)

_offset: timedelta | None = None


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    present = datetime.now(UTC)  # noqa: TID251 -- this is the clock the ban points to
    return present if _offset is None else present + _offset


def today() -> date:
    """Return the present day in the Shanghai calendar."""
    return day_of(now())


def day_of(instant: datetime) -> date:
    """Return the Shanghai calendar day an aware ``instant`` falls on."""
    return instant.astimezone(SHANGHAI).date()


def seconds(count: float) -> timedelta:
    """Return a duration of ``count`` seconds."""
    return timedelta(seconds=count)


def offset() -> timedelta:
    """Return how far this process's clock stands ahead of the machine's; zero in production."""
    return timedelta(0) if _offset is None else _offset


def move(offset: timedelta) -> None:
    """Set this process's clock ``offset`` ahead of the machine's (behind, when negative).

    It sets and never adds: processes that share this module may all follow one simulator.
    """
    global _offset  # noqa: PLW0603 -- one process, one clock
    _offset = offset or None


def follow(url: str) -> Callable[[], None]:
    """Keep this process's clock with a simulator's, in a thread; return a call that stops it.

    ``url`` is the simulator's own address, such as ``http://127.0.0.1:8001``. While the
    simulator is away the clock stands where it was put last. After stopping it stays there too.
    A simulator that is there has been heard when this returns: nothing is dated before it.

    Raises:
        ValueError: the address is not an HTTP one.
    """
    follower = _Follower(url)
    follower.thread.start()
    follower.tried.wait(FIRST_S)
    return follower.stop


class _Follower:
    """Asks `/sim/clock` over and over; the answer comes when the clock was moved."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise ValueError(f"not the address of a simulator: {url}")
        self._address = address
        self._version = ""
        self.tried = threading.Event()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._line: HTTPConnection | None = None
        self.thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def stop(self) -> None:
        """End the thread, also in the middle of a question."""
        self._stopped.set()
        with self._lock:
            if self._line is not None and self._line.sock is not None:
                # Closing alone would not wake the thread that reads from it.
                with suppress(OSError):
                    self._line.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join()

    def _run(self) -> None:
        was_there = True
        while not self._stopped.is_set():
            try:
                self._ask()
                self.tried.set()
                was_there = True
            except (OSError, HTTPException, ValueError, LookupError, TypeError) as err:
                if was_there and not self._stopped.is_set():
                    log.info("clock.simulator_away reason=%s", type(err).__name__)
                was_there = False
                self.tried.set()
                self._stopped.wait(RETRY_S)

    def _ask(self) -> None:
        path = f"{self._address.path.rstrip('/')}/sim/clock?after={self._version}&wait={POLL_S}"
        with closing(self._new_line()) as line:
            line.request("GET", path)
            with line.getresponse() as answer:
                told = json.loads(answer.read())
        # A simulator that is closing tells no offset; whatever else tells none is no simulator.
        ahead, version = seconds(float(told["offset_s"])), str(int(told["version"]))
        move(ahead)
        self._version = version

    def _new_line(self) -> HTTPConnection:
        kind = HTTPSConnection if self._address.scheme == "https" else HTTPConnection
        line = kind(self._address.hostname or "", self._address.port, timeout=POLL_S + 10)
        line.connect()
        with self._lock:
            self._line = line
            stopped = self._stopped.is_set()
        if stopped:
            line.close()
            raise HTTPException("stopped")
        return line
