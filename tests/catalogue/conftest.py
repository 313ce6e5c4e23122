"""Databases of both kinds at once, for results that must be the same."""

from collections.abc import Iterator

import pytest

from wx_archive.core.database import Database


@pytest.fixture
def both_databases(sqlite_url: str, postgres_url: str) -> Iterator[tuple[Database, Database]]:
    """A fresh SQLite and a fresh PostgreSQL database."""
    opened = Database(sqlite_url), Database(postgres_url)
    yield opened
    for database in opened:
        database.dispose()
