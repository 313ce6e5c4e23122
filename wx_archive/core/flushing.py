"""A thread of its own for what is written beside answers: every second, and once more at the end.

Buffers that answers and pages note things in hand theirs to a `Flusher`. It starts with the first
note, outlives whatever goes wrong, and never holds up who notes.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

log = logging.getLogger(__name__)

EVERY_S: Final = 1.0
"""So much is lost with a process that is killed."""
ENDS_WITHIN_S: Final = 5.0


class Flusher:
    """Calls a buffer's `flush` for as long as the process lives; safe to share."""

    def __init__(self, name: str, flush: Callable[[], None]) -> None:
        self._name = name
        self._flush = flush
        self._starting = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, if it has not begun. Never waits, never fails."""
        if self._thread is not None:
            return
        with self._starting, suppress(RuntimeError):  # no thread to be had: the next note tries
            if self._thread is None:
                thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                thread.start()
                self._thread = thread

    def close(self) -> None:
        """Stop, and flush what is left."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=ENDS_WITHIN_S)
        self._flush()

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            try:
                self._flush()
            except Exception:  # the border of this thread: the next batch is written again
                log.exception("%s.failed", self._name)
