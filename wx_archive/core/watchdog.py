"""A watchdog for calls that may never come back: a frozen server, a query that does not end.

No timeout of a driver covers a server that keeps the line open and says nothing. One thread of a
process watches all such calls and breaks those that are overdue; the caller sees its own error.
"""

import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

TICK_S: Final = 0.1

Abort = Callable[[], None]

_watched: dict[int, tuple[float, Abort]] = {}
_lock = threading.Lock()
_awake = threading.Condition(_lock)
_thread: threading.Thread | None = None


@contextmanager
def limited(seconds: float, abort: Abort) -> Iterator[None]:
    """Call ``abort`` from another thread if the block is not left within ``seconds``."""
    overdue_at = time.monotonic() + seconds
    token = _watch(overdue_at, abort)
    try:
        yield
    finally:
        _watched.pop(token, None)


def broken_off(driver: Any) -> Abort:
    """Return what breaks off whatever a driver's connection is waiting for; its caller sees why."""
    if isinstance(driver, sqlite3.Connection):
        return _interrupting(driver)
    return _cutting(driver)


def _interrupting(driver: sqlite3.Connection) -> Abort:
    def interrupt() -> None:
        with suppress(sqlite3.Error):
            driver.interrupt()

    return interrupt


def _cutting(driver: Any) -> Abort:
    """Shut the socket: the driver's wait ends, and the pool throws the connection away."""

    def cut() -> None:
        with suppress(Exception), socket.socket(fileno=os.dup(driver.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)

    return cut


def _watch(overdue_at: float, abort: Abort) -> int:
    global _thread  # noqa: PLW0603 -- one watchdog for the process
    entry = (overdue_at, abort)
    token = id(entry)
    with _awake:
        _watched[token] = entry
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_run, name="watchdog", daemon=True)
            _thread.start()
        elif len(_watched) == 1:
            _awake.notify()
    return token


def _run() -> None:
    while True:
        with _awake:
            while not _watched:
                _awake.wait()
        time.sleep(TICK_S)
        now = time.monotonic()
        for token, (overdue_at, abort) in list(_watched.items()):
            if now >= overdue_at and _watched.pop(token, None) is not None:
                abort()
