"""Replies to messages without an effect, kept so that every delivery of a message gets the same.

A first delivery costs no store at all: its reply stands in this process at once and is written out
with the next batch. Only what comes so late that it may be a repetition is asked for. A reply lost
with its process is simply computed again, which is why only replies that nothing but the content
decides may take this road; the others are kept before they are given (`keep_surely`).
"""

import logging
import threading
from collections.abc import Mapping
from typing import Final

from wx_archive.chat.turn import reply_key
from wx_archive.core import clock
from wx_archive.core.database import is_transient
from wx_archive.core.store import Lasting, Store

log = logging.getLogger(__name__)

KEPT: Final = clock.seconds(60)
REPEATED_AFTER_S: Final = 3.0
"""WeChat repeats what was not answered after five seconds, or at once what was refused."""
BOUND: Final = 20_000


class Memo:
    """What was answered in the last minute or two; safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._young: dict[str, bytes] = {}
        self._old: dict[str, bytes] = {}
        self._unwritten: dict[str, bytes] = {}
        self._turn_at = clock.now()
        self._lock = threading.Lock()

    def recall(self, key: str, *, age_s: float) -> bytes | None:
        """Return the reply that stands, as far as a message of this age can have one."""
        known = self._young.get(key) or self._old.get(key)
        if known is not None or age_s < REPEATED_AFTER_S:
            return known
        front, steady = self._store, self._store.steady
        found = front.get(reply_key(key))
        return steady.get(reply_key(key)) if found is None and steady is not front else found

    def keep(self, key: str, body: bytes) -> bytes:
        """Keep a reply that only the content decides; return the one that stands."""
        with self._lock:
            self._turn()
            standing = self._young.setdefault(key, body)
            if standing is body and len(self._unwritten) < BOUND:
                self._unwritten[key] = body
        return standing

    def keep_surely(self, key: str, body: bytes, *, along: Mapping[str, Lasting]) -> bytes:
        """Keep a reply before it is given, as one fact with ``along``, where it survives Redis."""
        standing = self._store.steady.add_with(reply_key(key), body, ttl=KEPT, along=along)
        with self._lock:
            self._turn()
            self._young[key] = standing
        return standing

    def flush(self) -> None:
        """Write out what was kept; what cannot be written now is left to being computed again."""
        with self._lock:
            batch, self._unwritten = self._unwritten, {}
        if not batch:
            return
        try:
            self._store.add_all({reply_key(key): (body, KEPT) for key, body in batch.items()})
        except Exception as err:
            if not is_transient(err):
                raise
            log.warning("chat.not_remembered count=%d cause=%s", len(batch), type(err).__name__)

    def _turn(self) -> None:
        """Forget the generation before the last one, every minute or when there is too much."""
        now = clock.now()
        if now - self._turn_at >= KEPT or len(self._young) >= BOUND or now < self._turn_at:
            self._old, self._young, self._turn_at = self._young, {}, now
