"""A store beside the test's database, and answerings that are closed with the test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.chat.talks import an_answering
from wx_archive.chat.answering import DEADLINE_S, Answering
from wx_archive.chat.router import Router
from wx_archive.core.database import Database
from wx_archive.core.store import Store, open_store

Start = Callable[..., Answering]


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    """A fresh SQLite database, where the other kind would tell nothing new."""
    opened = Database(sqlite_url)
    yield opened
    opened.dispose()


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def a_store(database: Database, held: ExitStack) -> Store:
    store, close = open_store(database, "")
    held.callback(close)
    return store


@pytest.fixture
def start(held: ExitStack) -> Start:
    """Start answering on a database, as another process would."""

    def start(
        database: Database,
        router: Router,
        *,
        store: Store | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> Answering:
        store = store or a_store(database, held)
        answering = an_answering(database, store, router, deadline_s=deadline_s)
        held.callback(database.dispose)  # closing writes once more what was buffered
        held.callback(answering.close)
        return answering

    return start
