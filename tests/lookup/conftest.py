"""A conversation with the account on both databases, the invented catalogue loaded."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.builders import SECRET
from tests.talk import Talk, a_talk
from wx_archive.catalogue import words
from wx_archive.catalogue.service import Importer
from wx_archive.core.database import Database

PROJECT = Path(__file__).parents[2]


def learn(database: Database) -> int:
    """Let the account know the words of its catalogue and of the bureau, as its job does."""
    also = words.of_file(PROJECT / "content" / "synonyms.yaml")
    return words.rebuild(database, today=date(2026, 11, 23), also=also)


@pytest.fixture
def talk(database: Database) -> Iterator[Talk]:
    """A follower of an account whose catalogue is empty."""
    with a_talk(database, PROJECT) as talk:
        yield talk


@pytest.fixture
def demo_talk(talk: Talk, database: Database) -> Talk:
    """A follower of an account with the invented catalogue."""
    importer = Importer(database, SECRET)
    importer.documents(PROJECT / "content" / "demo" / "documents.jsonl")
    importer.records(PROJECT / "content" / "demo" / "records.jsonl")
    return talk
