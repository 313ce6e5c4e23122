"""What becomes of a staged import: indexed while still hidden, published in one switch, swept.

Every step is short transactions and can be done again: an import that was cut short goes on where
it stopped. The new entries are indexed in the order of their dates, which keeps the ids of a year
in order and lets FTS5 append.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Final, cast

from sqlalchemy import Connection, and_, delete, exists, or_, select, text, update
from sqlalchemy.orm import Session, aliased

from wx_archive.catalogue import decisions, edits, hints, index, repeals
from wx_archive.catalogue.models import (
    IS_ABOVE,
    Document,
    DocumentRelation,
    ImportBatch,
    Record,
    SearchEntry,
)
from wx_archive.catalogue.rules import Kind, Openness
from wx_archive.catalogue.visibility import is_current, may_be_indexed
from wx_archive.core import clock
from wx_archive.core.batches import batches
from wx_archive.core.database import Database
from wx_archive.core.jobs import enqueue

CHUNK: Final = {Kind.DOCUMENT: 200, Kind.RECORD: 1_000}
"""Rows a transaction: a fraction of a second, so that the account answers on."""
WRITING_S: Final = 0.6
GAP_S: Final = 0.12
"""After so much writing the importer leaves the lock alone for so long. SQLite lines nobody up: a
waiter looks again every 100 ms and would find the lock taken again each time."""
VOCABULARY: Final = "catalogue.vocabulary"
"""The job that learns the words of what has come in."""
DEEPEST: Final = 3
"""Below a fonds lie series, files and items."""
MERGE_PAGES: Final = 500
"""How much of the index one transaction tidies up."""


class Turns:
    """Short transactions, with room for other writers between them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._held_s = 0.0

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Write for a moment; sleep first if the lock was ours for much of the time."""
        if self._held_s >= WRITING_S and self.database.is_sqlite:
            time.sleep(GAP_S)
            self._held_s = 0.0
        with self.database.begin(unhurried=True) as session:
            since = time.monotonic()
            yield session
        self._held_s += time.monotonic() - since


def table_of(kind: Kind) -> type[Document] | type[Record]:
    """Return the table of a kind."""
    return Document if kind is Kind.DOCUMENT else Record


def index_batch(turns: Turns, kind: Kind, batch_id: int, *, today: date) -> None:
    """Index what may be public of a staged batch, in the order of the dates."""
    table = table_of(kind)
    has_entry = exists().where(SearchEntry.kind == kind.value, SearchEntry.target_id == table.id)
    if kind is Kind.RECORD:
        _close_below(turns, batch_id)  # also where an import that was cut short goes on
    with turns.database.long_reads() as connection:
        waiting = list(
            connection.scalars(
                select(table.id)
                .where(table.batch_id == batch_id, ~has_entry)
                .order_by(table.dated, table.id)
            )
        )
    with index.bulk(turns.database, len(waiting)):
        for ids in batches(waiting, CHUNK[kind]):
            built = [index.build(target) for target in _allowed(turns.database, kind, ids, today)]
            with turns.write() as session:
                index.insert_entries(session.connection(), built)


def _close_below(turns: Turns, batch_id: int) -> None:
    """Mark what the batch has below closed descriptions, so that it need not be indexed first.

    Only to spare work: `decisions.settle` has the last word when the batch is published.
    """
    has_levels = select(Record.id).where(
        Record.parent_key.is_not(None), Record.batch_id == batch_id
    )
    with turns.database.long_reads() as connection:
        if connection.execute(has_levels.limit(1)).first() is None:
            return
    closed = select(Record.reference_key).where(
        IS_ABOVE,
        or_(is_current(Record), Record.batch_id == batch_id),
        or_(Record.openness == Openness.CONTROLLED.value, Record.is_closed_above.is_(True)),
    )
    below = update(Record).where(
        Record.batch_id == batch_id,
        Record.is_closed_above.is_(False),
        Record.parent_key.in_(closed),
        Record.parent_key != Record.reference_key,
    )
    for _level in range(DEEPEST):
        with turns.write() as session:
            session.execute(below.values(is_closed_above=True))


def _allowed(database: Database, kind: Kind, ids: Sequence[int], today: date) -> list[index.Target]:
    """Return the rows that may be indexed."""
    with database.reads() as connection:
        rows: Sequence[index.Target]
        if kind is Kind.DOCUMENT:
            rows = Session(connection).scalars(select(Document).where(Document.id.in_(ids))).all()
        else:  # a million of these: bare rows of the same names
            plain = select(*index.READ_OF_RECORD).where(Record.id.in_(ids))
            rows = cast("Sequence[index.Target]", connection.execute(plain).all())
    return [row for row in rows if may_be_indexed(row, today=today)]


def publish(turns: Turns, kind: Kind, batch_id: int) -> None:
    """Show the whole batch and hide what it replaces: one short transaction."""
    table = table_of(kind)
    replaced = _replaced(turns.database, kind, batch_id)
    with turns.write() as session:
        index.lock(session.connection())
        for ids in batches(replaced, 500):
            session.execute(update(table).where(table.id.in_(ids)).values(is_superseded=True))
            session.execute(
                update(SearchEntry)
                .where(SearchEntry.kind == kind.value, SearchEntry.target_id.in_(ids))
                .values(is_superseded=True)
            )
        session.execute(
            update(ImportBatch).where(ImportBatch.id == batch_id).values(published_at=clock.now())
        )
        session.flush()
        edits.settle(session, kind, batch_id, today=clock.today())
        decisions.settle(session, kind, batch_id, today=clock.today())
        if kind is Kind.DOCUMENT:
            repeals.resolve(session)
        key = f"{VOCABULARY}:{batch_id}"
        enqueue(session, VOCABULARY, {}, key=key, now=clock.now())


def _replaced(database: Database, kind: Kind, batch_id: int) -> list[int]:
    """Return what a batch replaces; nobody but the one import at a time changes that."""
    old, new = aliased(table_of(kind)), aliased(table_of(kind))
    same = and_(old.source_key == new.source_key, old.batch_id != new.batch_id)
    with database.long_reads() as connection:
        found = connection.scalars(
            select(old.id)
            .join(new, same)
            .where(new.batch_id == batch_id, old.is_superseded.is_(False))
            .order_by(old.id)
        )
        return list(found)


def sweep(turns: Turns, kind: Kind) -> None:
    """Remove replaced rows and the remains of imports that were given up, bit by bit."""
    table = table_of(kind)
    given_up = select(ImportBatch.id).where(
        ImportBatch.kind == kind.value, ImportBatch.published_at.is_(None)
    )
    waste = or_(table.is_superseded, table.batch_id.in_(given_up))
    with turns.database.long_reads() as connection:
        every = list(connection.scalars(select(table.id).where(waste).order_by(table.id)))
    for ids in batches(every, CHUNK[kind]):
        with turns.write() as session:
            index.remove_targets(session.connection(), kind, ids)
            if kind is Kind.DOCUMENT:
                session.execute(
                    delete(DocumentRelation).where(DocumentRelation.document_id.in_(ids))
                )
            session.execute(delete(table).where(table.id.in_(ids)))
    own = ImportBatch.kind == kind.value
    with turns.write() as session:
        session.execute(delete(ImportBatch).where(own, ImportBatch.published_at.is_(None)))
        session.execute(update(ImportBatch).where(own).values(is_settled=True))


def restore_index(database: Database) -> None:
    """Index what is published and has no entry: after an upgrade that changed the index."""
    turns = Turns(database)
    with database.long_reads() as connection:
        published = connection.execute(
            select(ImportBatch.kind, ImportBatch.id).where(ImportBatch.published_at.is_not(None))
        ).all()
        if not published or connection.execute(select(SearchEntry.id).limit(1)).first():
            return
    for kind, batch_id in published:
        index_batch(turns, Kind(kind), batch_id, today=clock.today())
    tidy(turns)


def tidy(turns: Turns) -> None:
    """Bring the index into the shape in which it is read fastest, bit by bit."""
    if turns.database.is_sqlite:
        pages = -MERGE_PAGES  # a negative number begins the merge of everything
        is_merging = True
        while is_merging:
            with turns.write() as session:
                is_merging = _merge(session.connection(), pages)
            pages = MERGE_PAGES
    else:
        with turns.database.long_reads() as connection:
            connection.execute(text("ANALYZE search_entry"))
    hints.measure(turns.database)


def _merge(connection: Connection, pages: int) -> bool:
    """Merge a part of the index; tell whether there was anything to do (sqlite.org/fts5, 6.8)."""
    changes = text("SELECT total_changes()")
    before = connection.execute(changes).scalar_one()
    connection.execute(
        text("INSERT INTO search_fts(search_fts, rank) VALUES ('merge', :pages)"), {"pages": pages}
    )
    return bool(connection.execute(changes).scalar_one() - before >= 2)
