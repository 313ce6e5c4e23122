"""Many rows at once: what an import writes, the fastest way that each database has."""

from collections.abc import Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from wx_archive.core.lines import as_sqlalchemy


def insert_rows(connection: Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same columns, within the transaction of ``connection``.

    By the driver itself, which spares each row several times what the database needs for it:
    PostgreSQL copies them, SQLite executes one statement for all. Values are texts, numbers,
    booleans, days and None.

    Args:
        connection: has begun a transaction.
        table: its name, one of ours.
        rows: two columns or more.

    Raises:
        DBAPIError: as SQLAlchemy raises it.
    """
    if not rows:
        return
    columns = list(rows[0])
    quote = connection.dialect.identifier_preparer.quote
    named = f"{quote(table)} ({', '.join(map(quote, columns))})"
    values = itemgetter(*columns)
    driver: Any = connection.connection.dbapi_connection
    try:
        if connection.dialect.name == "sqlite":
            marks = ", ".join("?" * len(columns))
            driver.executemany(
                f"INSERT INTO {named} VALUES ({marks})",  # noqa: S608 -- our own names
                (tuple(map(_plain, values(row))) for row in rows),
            )
            return
        with driver.cursor() as cursor, cursor.copy(f"COPY {named} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(values(row))
    except connection.dialect.loaded_dbapi.Error as err:
        raise as_sqlalchemy(err, connection.dialect) from err


def _plain(value: Any) -> Any:
    """Return a value as SQLite keeps it: a day is a text."""
    return value.isoformat() if type(value) is date else value
