"""A conversation with the account on both databases, the invented catalogue loaded."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.talk import Talk, a_talk
from wx_archive.catalogue import words
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
def sqlite_template(request: pytest.FixtureRequest) -> Path:
    """An empty database, or one with the catalogue for those who talk about it."""
    name = "sqlite_catalogue" if "demo_talk" in request.fixturenames else "_sqlite_template"
    found: Path = request.getfixturevalue(name)
    return found


@pytest.fixture
def postgres_template(request: pytest.FixtureRequest) -> str:
    """The same on PostgreSQL."""
    name = "postgres_catalogue" if "demo_talk" in request.fixturenames else "_postgres_template"
    return str(request.getfixturevalue(name))


@pytest.fixture
def demo_talk(talk: Talk) -> Talk:
    """A follower of an account with the invented catalogue."""
    return talk
