"""A conversation and a database of both kinds; requests as people make them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.talk import Talk, a_talk
from wx_archive.core.database import Database

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def talk(database: Database) -> Iterator[Talk]:
    with a_talk(database, PROJECT) as talk:
        yield talk
