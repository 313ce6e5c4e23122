"""Fixtures: a store of one's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from wx_archive.core.database import Database
from wx_archive.core.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The SQL store, empty."""
    database = Database(f"sqlite:///{tmp_path / 'store' / 'archive.db'}")
    opened, close = open_store(database, "")
    yield opened
    close()
    database.dispose()
