"""The real documents on SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from wx_archive.core.database import Database


@pytest.fixture(scope="session")
def real_sqlite(real_documents: Path) -> Iterator[Database]:
    """SQLite with the real documents; nobody writes into it."""
    database = Database(f"sqlite:///{real_documents}")
    yield database
    database.dispose()
