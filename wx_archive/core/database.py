"""The database: SQLite or PostgreSQL, one write road and one read road.

Writes go through `Database.begin` (one `Session`, one commit; SQLite begins IMMEDIATE, so that a
concurrent writer waits instead of failing). Reads of turns without an effect go through
`Database.reads` (AUTOCOMMIT, query-only on SQLite): two round trips fewer on PostgreSQL.
"""

import fcntl
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    Table,
    create_engine,
    event,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql as postgresql_dialect
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from wx_archive.core.errors import TransientError
from wx_archive.core.lines import Lines
from wx_archive.core.watchdog import (
    Abort,
    broken_off,
    hurried,
    hurry_s,
    limited,
    opened_within,
)

BUSY_TIMEOUT_MS = 4_000
"""How long a writer waits for another: inside WeChat's five seconds."""
BUSY_OPTION = "archive_busy_timeout_ms"
STATEMENT_TIMEOUT_MS = 3_000
READ_TIMEOUT_S = 3.0
_SERVER_OPTIONS = " ".join(
    (
        f"-c statement_timeout={STATEMENT_TIMEOUT_MS}",
        "-c jit=off",
        # Planning a lookup anew each time would cost more than the lookup (docs/decisions/0008).
        "-c plan_cache_mode=force_generic_plan",
    )
)
POOL_TIMEOUT_S = 3.0
PING_AFTER_S = 5.0
"""A connection that was idle for so long may lead to a server that is no more."""
PING_TIMEOUT_S = 1.0
_CUT = "cut"
"""Under this name a connection remembers that it was broken off."""
PAGE_CACHE_KIB = 8_192
MAPPED_BYTES = 4 << 30

_SQLITE_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}

Key = BigInteger().with_variant(Integer(), "sqlite")
"""Surrogate keys: 64 bits everywhere (SQLite only counts up an INTEGER)."""


class Instant(TypeDecorator[datetime]):
    """An aware moment, stored in UTC; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments and store the others in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "naive datetime: use wx_archive.core.clock.now()"
            raise ValueError(message)
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware moment."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Root of every table that must survive."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Instant()}  # noqa: RUF012 -- read by SQLAlchemy


class Database:
    """Engines of one database; safe to share between threads, not across a fork."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            if not self.url.database or self.url.database == ":memory:":
                message = "SQLite needs a file: several processes must see the same database"
                raise ValueError(message)
            self._write, self._read = sqlite_engines(Path(self.url.database), synchronous="FULL")
        else:
            self._write = create_engine(
                url,
                hide_parameters=True,  # openids and words stay out of logs and dead letters
                pool_size=8,
                max_overflow=8,
                pool_timeout=POOL_TIMEOUT_S,
                connect_args={
                    "options": _SERVER_OPTIONS,
                    "connect_timeout": 3,
                    # A host that is gone says nothing either: not to be waited for for hours.
                    "keepalives_idle": 10,
                    "keepalives_interval": 5,
                    "keepalives_count": 3,
                    "tcp_user_timeout": 20_000,
                },
            )
            event.listen(self._write, "do_connect", _connect_in_time)
            event.listen(self._write, "checkin", _note_idle)
            event.listen(self._write, "checkout", _ping_if_idle)
            self._read = self._write.execution_options(isolation_level="AUTOCOMMIT")
        self.lines = Lines(self._read)
        """For prepared statements, each a transaction of its own; on SQLite they can only read."""

    @property
    def engine(self) -> Engine:
        """The engine that writes."""
        return self._write

    @contextmanager
    def begin(self, *, within_s: float | None = None, unhurried: bool = False) -> Iterator[Session]:
        """Open the one session of an effect; commits at the end, rolls back on any error.

        Args:
            within_s: how long at most it may take, waiting for other writers included; None waits
                as usual.
            unhurried: work of the bureau, not of a message: no statement timeout.
        """
        with Session(self._write, expire_on_commit=False) as session:
            if within_s is not None:
                with self._in_time(session, within_s):
                    yield session
                return
            with session.begin():
                if unhurried and not self.is_sqlite:
                    session.execute(text("SET LOCAL statement_timeout = 0"))
                yield session

    @contextmanager
    def _in_time(self, session: Session, within_s: float) -> Iterator[None]:
        """Keep all of it within the time: connecting, waiting for others, the commit."""
        until, patience_ms = time.monotonic() + within_s, max(1, int(within_s * 1000))
        transaction = session.begin()
        patient = {BUSY_OPTION: min(patience_ms, BUSY_TIMEOUT_MS)}
        with hurried(within_s):
            connection = session.connection(execution_options=patient)
        with limited(until - time.monotonic(), _breaker(connection)), transaction:
            if not self.is_sqlite and patience_ms < STATEMENT_TIMEOUT_MS:
                session.execute(text(f"SET LOCAL statement_timeout = {patience_ms}"))
            yield

    @contextmanager
    def long_reads(self) -> Iterator[Connection]:
        """Lend a connection for reads of background work that may take minutes; nobody waits."""
        with self._read.connect() as connection:
            if not self.is_sqlite:
                connection.execute(text("SET statement_timeout = 0"))
            try:
                yield connection
            finally:
                if not self.is_sqlite:
                    connection.execute(text("RESET statement_timeout"))

    @contextmanager
    def reads(self, *, within_s: float = READ_TIMEOUT_S) -> Iterator[Connection]:
        """Lend a connection for single statements that change nothing, for ``within_s`` at most."""
        until = time.monotonic() + min(within_s, READ_TIMEOUT_S)
        with hurried(until - time.monotonic()):
            connection = self._read.connect()
        with connection, limited(until - time.monotonic(), _breaker(connection)):
            try:
                yield connection
            finally:
                if not self.is_sqlite and time.monotonic() >= until:
                    connection.invalidate()  # its line was cut, perhaps after the last statement

    @contextmanager
    def exclusively(self, task: str) -> Iterator[bool]:
        """Hold a lock that only one process has at a time; yields False when another has it.

        The lock goes with its holder, however that dies: a session-level advisory lock on
        PostgreSQL, a file lock beside the SQLite file.
        """
        if self.is_sqlite:
            with Path(f"{self.url.database}.{task}.lock").open("w") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    yield False
                else:
                    yield True
            return
        with self._read.connect() as connection:
            number = zlib.crc32(task.encode())
            held = connection.execute(select(func.pg_try_advisory_lock(number))).scalar_one()
            try:
                yield bool(held)
            finally:
                if held:
                    connection.execute(select(func.pg_advisory_unlock(number)))

    def dispose(self) -> None:
        """Close every connection."""
        self.lines.close()
        self._read.dispose()
        self._write.dispose()


def insert_into(
    where: Session | Connection | Engine, table: type[Base] | Table
) -> sqlite_dialect.Insert | postgresql_dialect.Insert:
    """Return an INSERT that can say what to do ON CONFLICT, in the words of this database."""
    dialect = (where.get_bind() if isinstance(where, Session) else where).dialect
    return insert_of(dialect.name, table)


def insert_of(
    dialect: str, table: type[Base] | Table
) -> sqlite_dialect.Insert | postgresql_dialect.Insert:
    """Return the same for a dialect's name: for statements that are built once and kept."""
    if dialect == "sqlite":
        return sqlite_dialect.insert(table)
    return postgresql_dialect.insert(table)


def _breaker(connection: Connection) -> Abort:
    """Return what breaks off a connection's work; whoever comes next gets another line.

    The cut may come when the last statement has been answered: then nobody sees an error, and the
    line would go back into the pool as if it were whole.
    """
    abort, info = broken_off(connection.connection.dbapi_connection), connection.info

    def cut() -> None:
        info[_CUT] = True
        abort()

    return cut


def _connect_in_time(dialect: Dialect, _record: object, arguments: Any, options: Any) -> Any | None:
    """Open a connection for somebody in a hurry; None leaves it to SQLAlchemy."""
    left_s = hurry_s()
    if left_s is None:
        return None
    try:
        return opened_within(left_s, lambda: dialect.connect(*arguments, **options))
    except TimeoutError as err:
        raise dialect.loaded_dbapi.OperationalError("no connection in time") from err


def _note_idle(_driver: object, record: ConnectionPoolEntry) -> None:
    record.info["idle_since"] = time.monotonic()


def _ping_if_idle(driver: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Try a connection that has been idle, so that a restarted server costs nobody an error."""
    if record.info.pop(_CUT, False):
        raise DisconnectionError("this line was cut")
    idle_since = record.info.get("idle_since")
    if idle_since is None or time.monotonic() - idle_since < PING_AFTER_S:
        return
    left_s = hurry_s()
    try:
        with limited(min(PING_TIMEOUT_S, left_s or PING_TIMEOUT_S), broken_off(driver)):
            driver.execute("SELECT 1")
            driver.rollback()
    except Exception as err:
        raise DisconnectionError("the server of an idle connection is gone") from err


def is_transient(err: BaseException) -> bool:
    """Tell whether ``err`` means that the database is busy, full or away."""
    if isinstance(err, TransientError | PoolTimeoutError):
        return True
    if not isinstance(err, DBAPIError):
        return False
    if isinstance(err.orig, sqlite3.Error):
        # SQLite calls a missing table an operational error too: the code decides.
        return getattr(err.orig, "sqlite_errorcode", 0) & 0xFF in _SQLITE_PASSING
    return isinstance(err, OperationalError | InterfaceError) or err.connection_invalidated


def sqlite_file_engine(path: Path, *, synchronous: str, **options: Any) -> Engine:
    """Return an engine on a SQLite file in WAL mode with the house's pragmas."""
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{path}", hide_parameters=True, **options)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={synchronous}")
        cursor.execute(f"PRAGMA cache_size=-{PAGE_CACHE_KIB}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA temp_store=MEMORY")
        # What is erased is overwritten, not merely forgotten: a follower's rows above all.
        cursor.execute("PRAGMA secure_delete=ON")
        cursor.close()

    return engine


def sqlite_engines(path: Path, *, synchronous: str) -> tuple[Engine, Engine]:
    """Return the engine that writes `path` and the one that only reads it.

    Every write transaction takes the lock at its start (IMMEDIATE): a read that turns into a write
    later would fail at once, without waiting for the busy timeout.
    """
    write = sqlite_file_engine(path, synchronous=synchronous, pool_size=8)

    @event.listens_for(write, "begin")
    def begin(connection: Connection) -> None:
        patience_ms = connection.get_execution_options().get(BUSY_OPTION, BUSY_TIMEOUT_MS)
        connection.exec_driver_sql(f"PRAGMA busy_timeout={patience_ms}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    read = sqlite_file_engine(
        path, synchronous=synchronous, pool_size=16, isolation_level="AUTOCOMMIT"
    )

    @event.listens_for(read, "connect")
    def query_only(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA query_only=ON")
        # Reads of a large catalogue hop about in the file: pages of the system's cache, uncopied.
        connection.execute(f"PRAGMA mmap_size={MAPPED_BYTES}")

    return write, read
