"""What the conversation writes beside its turns: last-seen moments in batches, and tidying up.

At most a second of last-seen moments may be lost.
"""

import logging
import threading
import time
from datetime import datetime
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from wx_archive.chat import dedupe
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.followers import service as followers

log = logging.getLogger(__name__)

FLUSH_EVERY_S: Final = 1.0
SWEEP_EVERY_S: Final = 600.0
BOUND: Final = 10_000


class Activity:
    """A bounded buffer in front of the follower table."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: dict[str, datetime] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, openid: str, now: datetime) -> None:
        """Remember that the follower was here; dropped when the buffer is full."""
        with self._lock:
            if len(self._seen) < BOUND or openid in self._seen:
                self._seen[openid] = now
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="activity", daemon=True)
                self._thread.start()

    def flush(self) -> None:
        """Write what was noted; what cannot be written now is tried with the next batch."""
        with self._lock:
            batch, self._seen = self._seen, {}
        if not batch:
            return
        try:
            with self._database.begin() as session:
                followers.note_seen(session.connection(), batch)
        except SQLAlchemyError as err:
            log.warning("activity.not_written count=%d cause=%s", len(batch), type(err).__name__)
            with self._lock:
                self._seen = batch | self._seen if len(self._seen) < BOUND else self._seen

    def sweep(self) -> None:
        """Forget the replies to messages that WeChat can no longer repeat."""
        try:
            with self._database.begin() as session:
                dedupe.sweep(session, now=clock.now())
        except SQLAlchemyError as err:
            log.warning("activity.not_swept cause=%s", type(err).__name__)

    def close(self) -> None:
        """Stop, writing what is left."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        self.flush()

    def _run(self) -> None:
        sweep_at = time.monotonic()
        while not self._stop.wait(FLUSH_EVERY_S):
            self.flush()
            if time.monotonic() >= sweep_at:
                self.sweep()
                sweep_at = time.monotonic() + SWEEP_EVERY_S
