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
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any, Final

TICK_S: Final = 0.1

Abort = Callable[[], None]

_watched: dict[int, tuple[float, Abort]] = {}
_numbers = count(1)
_lock = threading.Lock()
_awake = threading.Condition(_lock)
_thread: threading.Thread | None = None
_own = threading.local()


@contextmanager
def limited(seconds: float, abort: Abort) -> Iterator[None]:
    """Call ``abort`` from another thread, over and over, once ``seconds`` are past in the block.

    After the block it is not called: what was broken off may be in another's hands by then.
    """
    overdue_at = time.monotonic() + seconds
    token = _watch(overdue_at, abort)
    try:
        yield
    finally:
        with _lock:
            _watched.pop(token, None)


@contextmanager
def hurried(seconds: float) -> Iterator[None]:
    """Have this thread open connections within ``seconds``, or not at all."""
    before: float | None = getattr(_own, "hurry_until", None)
    until = time.monotonic() + seconds
    _own.hurry_until = until if before is None else min(until, before)
    try:
        yield
    finally:
        _own.hurry_until = before


def hurry_s() -> float | None:
    """Return how many seconds this thread has to open a connection; None as long as it takes."""
    until: float | None = getattr(_own, "hurry_until", None)
    return None if until is None else until - time.monotonic()


def opened_within(seconds: float, connect: Callable[[], Any]) -> Any:
    """Return the connection that ``connect`` opens; one that comes too late is closed again.

    For servers that take a connection and then say nothing: drivers wait for whole seconds.

    Raises:
        TimeoutError: it did not come in time.
    """
    waiting: Future[Any] = Future()
    threading.Thread(target=_open, args=(waiting, connect), name="connect", daemon=True).start()
    try:
        return waiting.result(timeout=max(0.0, seconds))
    except TimeoutError:
        if waiting.cancel():
            raise
        return waiting.result()


def _open(waiting: "Future[Any]", connect: Callable[[], Any]) -> None:
    try:
        driver = connect()
    except Exception as err:  # noqa: BLE001 -- raised where it is waited for
        if waiting.set_running_or_notify_cancel():
            waiting.set_exception(err)
        return
    if waiting.set_running_or_notify_cancel():
        waiting.set_result(driver)
    else:
        driver.close()


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
    token = next(_numbers)
    with _awake:
        _watched[token] = (overdue_at, abort)
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
        with _lock:
            now = time.monotonic()
            for overdue_at, abort in _watched.values():
                if now >= overdue_at:
                    abort()
