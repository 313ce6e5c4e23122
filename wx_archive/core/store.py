"""The small store for short-lived state: replies to repeat, the list shown last, tokens, locks.

It may be emptied at any time without losing anything that was promised. Two implementations of
one interface: SQL tables (default; several processes, measured faster than Redis on one machine)
and Redis, which falls back to SQL while it is away.
"""

import logging
import random
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from sqlalchemy import (
    Column,
    Float,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    select,
)

from wx_archive.core import clock
from wx_archive.core.database import Database, insert_into, sqlite_engines
from wx_archive.core.lines import Lines

if TYPE_CHECKING:
    from redis import Redis

log = logging.getLogger(__name__)
T = TypeVar("T")
Lasting = tuple[bytes, timedelta]
"""A value and how long it holds."""

REDIS_TIMEOUT_S = 0.25
TRY_AGAIN_S = 1.0
_PROBE = bytes(128 * 1024)
"""So large that a Redis which is nearly full refuses it, and does not come back for one value."""
_PURGE_ONE_IN = 50

state_metadata = MetaData()
entries = Table(
    "state_entry",
    state_metadata,
    Column("key", String(200), primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("expires_at", Float, nullable=False, index=True),
)
"""Seconds since the epoch in ``expires_at``; disposable (UNLOGGED on PostgreSQL)."""


class KeyValues(Protocol):
    """Short-lived values by key; every value expires."""

    def get(self, key: str) -> bytes | None:
        """Return the value, or None if there is none (any more)."""

    def put(self, values: Mapping[str, Lasting]) -> None:
        """Keep all ``values``, each for its time, replacing what was there."""

    def add(self, key: str, value: bytes, *, ttl: timedelta) -> bytes:
        """Keep ``value`` unless the key is taken; return the value that now stands there."""

    def add_all(self, values: Mapping[str, Lasting]) -> None:
        """Keep those of ``values`` whose keys are not taken."""

    def drop(self, key: str) -> None:
        """Forget the key."""


class Store(KeyValues, Protocol):
    """An installation's short-lived values, with Redis in front or without."""

    @property
    def steady(self) -> "SqlStore":
        """The part that outlives an accelerator; what a follower would miss goes there."""


class SqlStore:
    """The store as one table: `state.db` beside SQLite, an unlogged table in PostgreSQL."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        insert = insert_into(lines.engine, entries)
        self._get = lines.prepare(
            select(entries.c.value).where(
                entries.c.key == bindparam("k"), entries.c.expires_at > bindparam("now")
            )
        )
        newer = {"value": insert.excluded.value, "expires_at": insert.excluded.expires_at}
        is_over = entries.c.expires_at <= bindparam("now")
        put = insert.on_conflict_do_update(index_elements=["key"], set_=newer)
        self._put = lines.prepare(put.returning(entries.c.key))
        add = insert.on_conflict_do_update(index_elements=["key"], set_=newer, where=is_over)
        self._add = lines.prepare(add.returning(entries.c.key))
        self._drop = lines.prepare(delete(entries).where(entries.c.key == bindparam("k")))
        self._expired = lines.prepare(delete(entries).where(is_over))

    @property
    def steady(self) -> "SqlStore":
        """Itself."""
        return self

    def get(self, key: str) -> bytes | None:
        """Return the value, or None."""
        row = self._lines.run(self._get, {"k": key, "now": clock.now().timestamp()})
        return None if row is None else bytes(row[0])

    def put(self, values: Mapping[str, Lasting]) -> None:
        """Keep all values in one transaction."""
        rows = _rows(values, clock.now().timestamp())
        self._lines.run_all([(self._put, row) for row in rows])

    def add_all(self, values: Mapping[str, Lasting]) -> None:
        """Keep those of ``values`` whose keys are not taken, in one transaction."""
        now = clock.now().timestamp()
        self._lines.run_all([(self._add, row | {"now": now}) for row in _rows(values, now)])
        if _is_time_to_purge():
            self._purge(now)

    def add(self, key: str, value: bytes, *, ttl: timedelta) -> bytes:
        """Keep the value unless a live one is there; return what stands."""
        now = clock.now().timestamp()
        row = {"key": key, "value": value, "expires_at": now + ttl.total_seconds(), "now": now}
        if self._lines.run(self._add, row) is not None:
            if _is_time_to_purge():
                self._purge(now)
            return value
        standing = self.get(key)  # None when its time was up in between
        return self.add(key, value, ttl=ttl) if standing is None else standing

    def add_with(
        self, key: str, value: bytes, *, ttl: timedelta, along: Mapping[str, Lasting]
    ) -> bytes:
        """Keep the value unless a live one is there, and then ``along`` as one fact with it.

        Returns:
            what stands: ``value``, or the older one, in which case ``along`` is not kept.
        """
        now = clock.now().timestamp()
        row = {"key": key, "value": value, "expires_at": now + ttl.total_seconds(), "now": now}
        rest = [(self._put, each) for each in _rows(along, now)]
        if self._lines.run_together((self._add, row), rest) is not None:
            return value
        standing = self.get(key)
        if standing is None:
            return self.add_with(key, value, ttl=ttl, along=along)
        return standing

    def drop(self, key: str) -> None:
        """Forget the key."""
        self._lines.run(self._drop, {"k": key})

    def _purge(self, now: float) -> None:
        self._lines.run(self._expired, {"now": now})


class RedisStore:
    """The store on Redis: plain bytes under one prefix, short timeouts, no retry."""

    def __init__(self, client: "Redis", prefix: str = "wxa:") -> None:
        self._client = client
        self._prefix = prefix

    @classmethod
    def connect(cls, url: str) -> "RedisStore":
        """Return a store on the server at ``url`` (lazy: nothing is opened yet)."""
        from redis import Redis  # noqa: PLC0415 -- an optional extra
        from redis.backoff import NoBackoff  # noqa: PLC0415 -- an optional extra
        from redis.retry import Retry  # noqa: PLC0415 -- an optional extra

        return cls(
            Redis.from_url(
                url,
                socket_timeout=REDIS_TIMEOUT_S,
                socket_connect_timeout=REDIS_TIMEOUT_S,
                retry=Retry(NoBackoff(), 0),
            )
        )

    def get(self, key: str) -> bytes | None:
        """Return the value, or None."""
        value = self._client.get(self._prefix + key)
        return value if isinstance(value, bytes) else None

    def put(self, values: Mapping[str, Lasting]) -> None:
        """Keep all values in one round trip."""
        pipeline = self._client.pipeline(transaction=False)
        for key, (value, ttl) in values.items():
            pipeline.set(self._prefix + key, value, px=_milliseconds(ttl))
        pipeline.execute()

    def add(self, key: str, value: bytes, *, ttl: timedelta) -> bytes:
        """Keep the value unless one is there; return what stands."""
        if self._client.set(self._prefix + key, value, px=_milliseconds(ttl), nx=True):
            return value
        standing = self.get(key)
        return self.add(key, value, ttl=ttl) if standing is None else standing

    def add_all(self, values: Mapping[str, Lasting]) -> None:
        """Keep those of ``values`` whose keys are not taken, in one round trip."""
        pipeline = self._client.pipeline(transaction=False)
        for key, (value, ttl) in values.items():
            pipeline.set(self._prefix + key, value, px=_milliseconds(ttl), nx=True)
        pipeline.execute()

    def drop(self, key: str) -> None:
        """Forget the key."""
        self._client.delete(self._prefix + key)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class FallbackStore:
    """Redis while it answers, SQL while it does not: one log line for each change of state.

    The first failure turns every thread away from Redis at once. A thread of its own then tries it
    with a write (a full Redis still reads), so that no follower waits for a server that is gone.
    """

    def __init__(self, fast: RedisStore, safe: SqlStore) -> None:
        self._fast = fast
        self._safe = safe
        self._is_away = False
        self._lock = threading.Lock()
        self._closed = threading.Event()

    @property
    def steady(self) -> SqlStore:
        """The SQL store."""
        return self._safe

    def get(self, key: str) -> bytes | None:
        """Return the value, or None."""
        return self._run(lambda store: store.get(key))

    def put(self, values: Mapping[str, Lasting]) -> None:
        """Keep all values."""
        self._run(lambda store: store.put(values))

    def add(self, key: str, value: bytes, *, ttl: timedelta) -> bytes:
        """Keep the value unless one is there; return what stands."""
        return self._run(lambda store: store.add(key, value, ttl=ttl))

    def add_all(self, values: Mapping[str, Lasting]) -> None:
        """Keep those of ``values`` whose keys are not taken."""
        self._run(lambda store: store.add_all(values))

    def drop(self, key: str) -> None:
        """Forget the key."""
        self._run(lambda store: store.drop(key))
        self._safe.drop(key)  # written while Redis was away

    def close(self) -> None:
        """Stop trying; close the connections."""
        self._closed.set()
        self._fast.close()

    def _run(self, work: Callable[[RedisStore | SqlStore], T]) -> T:
        from redis.exceptions import RedisError  # noqa: PLC0415 -- an optional extra

        if not self._is_away:
            try:
                return work(self._fast)
            except RedisError as err:
                self._turn_away(type(err).__name__)
        return work(self._safe)

    def _turn_away(self, cause: str) -> None:
        with self._lock:
            if self._is_away:
                return
            self._is_away = True
        log.warning("store.redis_away cause=%s", cause)
        threading.Thread(target=self._try_again, name="redis", daemon=True).start()

    def _try_again(self) -> None:
        from redis.exceptions import RedisError  # noqa: PLC0415 -- an optional extra

        while not self._closed.wait(TRY_AGAIN_S):
            try:
                self._fast.put({"probe": (_PROBE, timedelta(seconds=TRY_AGAIN_S))})
                self._fast.drop("probe")
            except RedisError:
                continue
            self._is_away = False
            log.warning("store.redis_back")
            return


def open_store(database: Database, redis_url: str) -> tuple[Store, Callable[[], None]]:
    """Return the installation's store and the call that closes it."""
    if database.is_sqlite:
        path = Path(database.url.database or "").with_name("state.db")
        engine, _reads = sqlite_engines(path, synchronous="NORMAL")
        state_metadata.create_all(engine)
        engine.dispose()  # the pool's; lines have connections of their own
        lines = Lines(engine)
    else:
        lines = database.lines
    safe = SqlStore(lines)
    front = FallbackStore(RedisStore.connect(redis_url), safe) if redis_url else None

    def close() -> None:
        if front:
            front.close()
        lines.close()

    return front or safe, close


def _is_time_to_purge() -> bool:
    return random.randrange(_PURGE_ONE_IN) == 0  # noqa: S311 -- housekeeping, not a secret


def _rows(values: Mapping[str, Lasting], now: float) -> list[dict[str, object]]:
    return [
        {"key": key, "value": value, "expires_at": now + ttl.total_seconds()}
        for key, (value, ttl) in sorted(values.items())
    ]


def _milliseconds(ttl: timedelta) -> int:
    return max(1, int(ttl.total_seconds() * 1000))
