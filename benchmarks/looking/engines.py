"""Ours, as the chat calls it; and what all engines have in common."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, Protocol, cast

from sqlalchemy import Connection, select

from benchmarks.looking.catalogue import PROJECT
from benchmarks.looking.questions import Question
from wx_archive.catalogue import words
from wx_archive.catalogue.models import Record, SearchEntry
from wx_archive.catalogue.search import Found
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.site import Site
from wx_archive.lookup import service

SITE: Final = Site(PROJECT, "http://127.0.0.1")
SYNONYMS: Final = dict(words.of_file(SITE.content / "synonyms.yaml"))
PAGE: Final = 10
"""How many a rival returns; the chat shows five."""
BOUND: Final = 1_000
"""How far LIKE and trigram count; tantivy counts all."""
_CHUNK: Final = 5_000

Entry = Mapping[str, Any]


class Engine(Protocol):
    """Something that finds records.

    Attributes:
        name: for tables.
        work: what it does for a question, in a few words.
    """

    name: str
    work: str

    def ready(self, question: Question) -> Callable[[], object]:
        """Return the call to be timed; what is done here is not timed."""

    def lent(self) -> AbstractContextManager[object]:
        """Hold what one call needs; to get it is not timed."""

    def top(self, question: Question, count: int) -> list[str]:
        """Return the sources' keys of the best so many, in order."""


class Ours:
    """The chat's real call on one database."""

    work = "understands, capped total, page of 5 as shown, ranked by merit"

    def __init__(self, database: Database) -> None:
        self.name = f"ours, {database.engine.dialect.name}"
        self._database = database
        self._connection: Connection | None = None

    @contextmanager
    def lent(self) -> Iterator[Connection]:
        """Hold a connection as a turn does: for three seconds at most."""
        with self._database.reads() as connection:
            self._connection = connection
            yield connection

    def ready(self, question: Question) -> Callable[[], Found]:
        """Return the whole call: nothing is prepared but the connection."""
        return lambda: self._find(question, 0, 5)

    def find(self, question: Question, *, offset: int = 0, limit: int = 5) -> Found:
        """Return a page."""
        with self.lent():
            return self._find(question, offset, limit)

    def _find(self, question: Question, offset: int, limit: int) -> Found:
        return service.find(
            cast("Connection", self._connection),
            SITE,
            question.text,
            today=clock.today(),
            kind=question.scope,
            offset=offset,
            limit=limit,
        )

    def top(self, question: Question, count: int) -> list[str]:
        """Return the best."""
        return self.keys([hit.pid for hit in self.find(question, limit=count).hits])

    def keys(self, pids: list[str]) -> list[str]:
        """Return the sources' keys of public ids, in the same order."""
        statement = select(Record.pid, Record.source_key).where(Record.pid.in_(pids))
        with self.lent() as connection:
            known: dict[str, str] = dict(connection.execute(statement).tuples().all())
        return [known[pid] for pid in pids]


def entries(database: Database) -> Iterator[Entry]:
    """Yield every line of the index with its source's key, in the order of the ids."""
    last = -1 << 62
    statement = select(SearchEntry.__table__, Record.source_key).join(
        Record, Record.id == SearchEntry.target_id
    )
    while True:
        after = statement.where(SearchEntry.id > last).order_by(SearchEntry.id).limit(_CHUNK)
        with database.long_reads() as connection:
            rows = connection.execute(after).mappings().all()
        if not rows:
            return
        yield from (dict(row) for row in rows)
        last = rows[-1]["id"]
