"""The shortest way to the database: prepared single statements on a connection a thread keeps.

For the few statements of the hot path. Every one is a transaction of its own (AUTOCOMMIT), built
once with SQLAlchemy and then run by the driver itself: executing the same statement through
SQLAlchemy costs several times what the database needs for it (docs/decisions/0006).
"""

import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import ClauseElement, Connection, Dialect, Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.sql.compiler import SQLCompiler

from wx_archive.core.watchdog import broken_off, hurried, limited

Row = tuple[Any, ...]
WITHIN_S: Final = 3.0


class Prepared:
    """A statement as the driver runs it, with the values that never change."""

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        if not isinstance(compiled, SQLCompiler):
            message = "only statements can be prepared"
            raise TypeError(message)
        self.sql = compiled.string
        self._fixed = dict(compiled.params)
        self._positions = compiled.positiontup
        self._converters: dict[str, Callable[[Any], Any]] = {
            name: convert
            for bind, name in compiled.bind_names.items()
            if (convert := bind.type.dialect_impl(dialect).bind_processor(dialect))
        }

    def parameters(self, given: Mapping[str, Any]) -> Any:
        """Return the values in the driver's own shape."""
        values = {**self._fixed, **given}
        for name, convert in self._converters.items():
            values[name] = convert(values[name])
        return values if self._positions is None else [values[name] for name in self._positions]

    def rows(self, connection: Connection, **given: Any) -> list[Row]:
        """Run the statement on a connection that was lent, and return what the driver returns.

        Raises:
            DBAPIError: as SQLAlchemy raises it.
        """
        driver: Any = connection.connection.dbapi_connection
        try:
            found: list[Row] = driver.execute(self.sql, self.parameters(given)).fetchall()
        except connection.dialect.loaded_dbapi.Error as err:
            told = as_sqlalchemy(err, connection.dialect)
            if isinstance(told, OperationalError | InterfaceError) and not connection.invalidated:
                connection.invalidate(err)  # the pool did not see it happen
            raise told from err
        return found


Call = tuple[Prepared, Mapping[str, Any]]


class Lines:
    """Connections of one engine, one for each thread that asks; outside the engine's pool."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._own = threading.local()
        self._open: dict[threading.Thread, Any] = {}
        self._lock = threading.Lock()
        weakref.finalize(self, _close_all, self._open)

    def prepare(self, statement: ClauseElement) -> Prepared:
        """Return a statement ready to run here."""
        return Prepared(statement, self.engine.dialect)

    def run(
        self, prepared: Prepared, given: Mapping[str, Any], *, within_s: float = WITHIN_S
    ) -> Row | None:
        """Run a statement and return its first row.

        Raises:
            DBAPIError: as SQLAlchemy raises it; the connection is given up.
        """
        parameters = prepared.parameters(given)
        return self._drive(
            lambda driver: _first(driver.execute(prepared.sql, parameters)), within_s
        )

    def run_together(
        self, first: Call, then: Sequence[Call], *, within_s: float = WITHIN_S
    ) -> Row | None:
        """Run a statement and, if it returns a row, the others after it, as one transaction.

        Raises:
            DBAPIError: as SQLAlchemy raises it; nothing of it stands.
        """

        def work(driver: Any) -> Row | None:
            driver.execute("BEGIN IMMEDIATE" if isinstance(driver, sqlite3.Connection) else "BEGIN")
            row = _first(driver.execute(first[0].sql, first[0].parameters(first[1])))
            for prepared, given in then if row is not None else ():
                driver.execute(prepared.sql, prepared.parameters(given))
            driver.execute("COMMIT")
            return row

        return self._drive(work, within_s)

    def run_all(self, calls: Sequence[Call], *, within_s: float = WITHIN_S) -> None:
        """Run statements as one transaction.

        Raises:
            DBAPIError: as SQLAlchemy raises it; nothing of it stands.
        """
        if not calls:
            return

        def work(driver: Any) -> None:
            driver.execute("BEGIN IMMEDIATE" if isinstance(driver, sqlite3.Connection) else "BEGIN")
            for prepared, given in calls:
                driver.execute(prepared.sql, prepared.parameters(given)).fetchall()
            driver.execute("COMMIT")

        self._drive(work, within_s)

    def _drive(self, work: Callable[[Any], Row | None], within_s: float) -> Row | None:
        driver, until = None, time.monotonic() + within_s
        try:
            driver = self._line(within_s)
            if isinstance(driver, sqlite3.Connection):  # bounded by its busy timeout
                return work(driver)
            with limited(until - time.monotonic(), broken_off(driver)):
                return work(driver)
        except Exception as err:
            if driver is not None:
                self._give_up(driver)  # whatever it had begun is undone
            if isinstance(err, self.engine.dialect.loaded_dbapi.Error):
                raise as_sqlalchemy(err, self.engine.dialect) from err
            raise

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            self._own = threading.local()
            _close_all(self._open)

    def _line(self, within_s: float) -> Any:
        driver = getattr(self._own, "driver", None)
        if driver is not None:
            return driver
        with hurried(within_s):
            return self._new_line()

    def _new_line(self) -> Any:
        pooled = self.engine.raw_connection()
        driver: Any = pooled.dbapi_connection
        pooled.detach()
        if isinstance(driver, sqlite3.Connection):
            driver.isolation_level = None
        else:
            driver.autocommit = True
        with self._lock:
            for thread in [one for one in self._open if not one.is_alive()]:
                _close(self._open.pop(thread))
            self._open[threading.current_thread()] = driver
        self._own.driver = driver
        return driver

    def _give_up(self, driver: Any) -> None:
        self._own.driver = None
        with self._lock:
            self._open.pop(threading.current_thread(), None)
        _close(driver)


def as_sqlalchemy(err: Exception, dialect: Dialect) -> BaseException:
    """Return the error that SQLAlchemy would have raised."""
    root = dialect.loaded_dbapi.Error
    return DBAPIError.instance(None, None, err, root, hide_parameters=True, dialect=dialect)


def _first(cursor: Any) -> Row | None:
    row: Row | None = cursor.fetchone() if cursor.description else None
    cursor.close()
    return row


def _close_all(drivers: dict[threading.Thread, Any]) -> None:
    while drivers:
        _close(drivers.popitem()[1])


def _close(driver: Any) -> None:
    with suppress(Exception):
        driver.close()
