"""What the conversation writes beside its turns, in batches: who was here, windows, counts.

A bounded buffer, flushed every second: at most a second of *statistics* is lost with a process.
An opened window for service messages that is lost is one that we do not use.
"""

import logging
import statistics
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from wx_archive.chat import windows
from wx_archive.chat.models import Tally
from wx_archive.core import clock
from wx_archive.core.database import Database, insert_into
from wx_archive.core.flushing import Flusher
from wx_archive.followers import service as followers
from wx_archive.wechat.inbound import Inbound

log = logging.getLogger(__name__)

BOUND: Final = 10_000
SKEW_SAMPLE: Final = 101
SKEW_ALARM_S: Final = 100.0
"""A third of the window (300 s) past which WeChat's signatures are refused as stale."""

TallyKey = tuple[date, str, str]


class Activity:
    """A bounded buffer in front of the tables of followers, windows and counts."""

    def __init__(self, database: Database, also: tuple[Callable[[], None], ...] = ()) -> None:
        self._database = database
        self._also = also
        self._seen: dict[str, datetime] = {}
        self._opened: dict[windows.Opening, datetime] = {}
        self._tallies: Counter[TallyKey] = Counter()
        self._skews: deque[float] = deque(maxlen=SKEW_SAMPLE)
        self._skew_s = 0.0
        self._is_skewed = False
        self._lock = threading.Lock()
        self._flusher = Flusher("activity", self.flush)

    def note(self, message: Inbound, now: datetime) -> None:
        """Remember that the follower was here; dropped when the buffer is full."""
        openid, occasion = message.header.openid, windows.occasion_of(message)
        self._skews.append(now.timestamp() - message.header.created_at)
        with self._lock:
            if len(self._seen) < BOUND or openid in self._seen:
                self._seen[openid] = now
                if occasion is not None:
                    self._opened[openid, occasion] = now
            self._flusher.start()

    def forget(self, openid: str) -> None:
        """Drop what was noted of a follower who was erased just now."""
        with self._lock:
            self._seen.pop(openid, None)
            self._opened = {key: at for key, at in self._opened.items() if key[0] != openid}

    def count(self, name: str, label: str, now: datetime) -> None:
        """Count something that happened; labels are ours, never a follower's words."""
        with self._lock:
            self._tallies[clock.day_of(now), name, label] += 1
            self._flusher.start()

    @property
    def skew_s(self) -> float:
        """The median of our clock less WeChat's over the last messages, in seconds."""
        return self._skew_s

    def flush(self) -> None:
        """Write what was noted; what cannot be written now is tried with the next batch."""
        self._watch_skew()
        self._write()
        for each in self._also:
            each()

    def _write(self) -> None:
        with self._lock:
            seen, self._seen = self._seen, {}
            opened, self._opened = self._opened, {}
            tallies, self._tallies = self._tallies, Counter()
        if not seen and not tallies:
            return
        try:
            with self._database.begin() as session:
                connection = session.connection()
                followers.note_seen(connection, seen)
                windows.note_opened(connection, opened)
                _add(connection, tallies)
        except SQLAlchemyError as err:
            log.warning("activity.not_written count=%d cause=%s", len(seen), type(err).__name__)
            with self._lock:
                if len(self._seen) < BOUND:
                    self._seen = seen | self._seen
                    self._opened = opened | self._opened
                    self._tallies += tallies

    def close(self) -> None:
        """Stop, writing what is left."""
        self._flusher.close()

    def _watch_skew(self) -> None:
        """Tell once when the clocks drift apart: past the window the account falls silent."""
        sample = list(self._skews)
        self._skew_s = skew_s = statistics.median(sample) if sample else 0.0
        is_skewed = len(self._skews) == SKEW_SAMPLE and abs(skew_s) > SKEW_ALARM_S
        if is_skewed != self._is_skewed:
            self._is_skewed = is_skewed
            level = logging.ERROR if is_skewed else logging.WARNING
            log.log(level, "clock.skewed is=%s median_s=%.0f", is_skewed, skew_s)


def _add(connection: Connection, tallies: Mapping[TallyKey, int]) -> None:
    if not tallies:
        return
    insert = insert_into(connection, Tally)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["day", "name", "label"],
            set_={"count": Tally.count + insert.excluded.count},
        ),
        [
            {"day": day, "name": name, "label": label, "count": count}
            for (day, name, label), count in sorted(tallies.items())
        ],
    )
