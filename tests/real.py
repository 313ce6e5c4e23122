"""The real documents, where they are beside this checkout."""

from datetime import date
from pathlib import Path

import pytest

from tests.builders import SECRET
from wx_archive.catalogue import words
from wx_archive.catalogue.rules import Disclosure
from wx_archive.catalogue.service import Importer
from wx_archive.core.database import Database

REAL = Path(__file__).parents[2] / "shared" / "data" / "current_documents.jsonl.gz"
TODAY = date(2026, 11, 24)


def take_in(database: Database) -> None:
    """Import the real documents and build their vocabulary."""
    if not REAL.exists():
        pytest.skip("the real documents are not beside this checkout")
    report = Importer(database, SECRET, openness=Disclosure.FULL).documents(REAL)
    assert (report.added, report.bad) == (3_536, [])
    words.rebuild(database, today=TODAY)
