"""The real documents, taken in once for the whole run, on both databases."""

import fcntl
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.builders import SECRET
from wx_archive.catalogue import words
from wx_archive.catalogue.rules import Disclosure
from wx_archive.catalogue.service import Importer
from wx_archive.core import schema
from wx_archive.core.database import Database

PROJECT = Path(__file__).parents[2]
REAL = PROJECT.parent / "shared" / "data" / "current_documents.jsonl.gz"
TODAY = date(2026, 11, 24)


def take_in(database: Database) -> None:
    """Import the real documents and build their vocabulary."""
    if not REAL.exists():
        pytest.skip("the real documents are not beside this checkout")
    Importer(database, SECRET, openness=Disclosure.FULL).documents(REAL)
    words.rebuild(database, today=TODAY)


@pytest.fixture(scope="session")
def real_sqlite(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Database]:
    """SQLite with the real documents; the processes of one test run share it."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder if worker_id == "master" else folder.parent
    database = Database(f"sqlite:///{folder / 'real.db'}")
    with (folder / "real.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (done := folder / "real.done").exists():
            schema.upgrade(database)
            take_in(database)
            done.touch()
    yield database
    database.dispose()
