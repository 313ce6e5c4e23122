"""Writing the public search index: one entry for each visible document or record.

SQLite: a contentless FTS5 table beside `search_entry`, same row ids. PostgreSQL: a `tsvector`
column of the same tokens, without positions. Design and figures: docs/decisions/0008.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select, text

from wx_archive.catalogue import tokens
from wx_archive.catalogue.models import Document, Record, SearchEntry
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.visibility import may_be_indexed, public_text
from wx_archive.core.batches import batches
from wx_archive.core.bulk import insert_rows
from wx_archive.core.database import Database

SLOT_BITS: Final = 24
"""Room for 16 million entries of one kind in one year."""
_CHUNK: Final = 500
_BULK: Final = 200
"""From so many new entries on it is worth telling PostgreSQL."""
_LOCK: Final = 0x77780001
_NEVER: Final = date.min
_FTS_DELETE = text(
    "INSERT INTO search_fts(search_fts, rowid, tokens) VALUES ('delete', :id, :tokens)"
)

Target = Document | Record
"""Or a row of the same columns."""
READ_OF_RECORD: Final = (
    *(Record.id, Record.batch_id, Record.title, Record.number, Record.number_key, Record.dated),
    *(Record.reference_key, Record.author, Record.keywords, Record.abstract),
    *(Record.openness, Record.secrecy, Record.open_on),
    *(Record.is_livelihood, Record.is_closed_above),
)
"""What an entry is built from, and what decides whether there is one."""
Entry = dict[str, Any]


def first_id(kind: Kind, year: int | None) -> int:
    """Return the least id of the entries of a kind and year; undated entries come last."""
    return ((year or 0) * 2 + (kind is Kind.RECORD)) << SLOT_BITS


def year_of(entry_id: int) -> int | None:
    """Return the year in an entry's id."""
    return entry_id >> (SLOT_BITS + 1) or None


def add(connection: Connection, targets: Iterable[Target], *, today: date) -> int:
    """Index what may be indexed of ``targets``; return how many entries were written."""
    built = [build(target) for target in targets if may_be_indexed(target, today=today)]
    insert_entries(connection, built)
    return len(built)


def insert_entries(connection: Connection, built: Sequence[tuple[Entry, str]]) -> None:
    """Write entries and their tokens, in ascending order: FTS5 flushes on a smaller row id."""
    if not built:
        return
    lock(connection)
    entries = (entry for entry, _tokens in built)
    by_day = sorted(entries, key=lambda one: (one["dated"] or _NEVER, one["target_id"]))
    _number(connection, by_day)
    ordered = sorted(built, key=_id_of)
    if connection.dialect.name == "sqlite":
        insert_rows(connection, "search_entry", [entry for entry, _tokens in ordered])
        rows = [{"rowid": entry["id"], "tokens": joined} for entry, joined in ordered]
        insert_rows(connection, "search_fts", rows)
    else:
        insert_rows(
            connection, "search_entry", [entry | {"tokens": joined} for entry, joined in ordered]
        )


def remove_targets(connection: Connection, kind: Kind, target_ids: Iterable[int]) -> int:
    """Take the entries of documents or records out of the index; return how many there were."""
    removed = 0
    for chunk in batches(target_ids, _CHUNK):
        chosen = (SearchEntry.kind == kind.value, SearchEntry.target_id.in_(chunk))
        if connection.dialect.name == "sqlite":
            rows = connection.execute(select(SearchEntry.__table__).where(*chosen)).mappings()
            old = [{"id": row["id"], "tokens": joined_tokens(dict(row))} for row in rows]
            connection.execute(_FTS_DELETE, old) if old else None
        removed += connection.execute(delete(SearchEntry).where(*chosen)).rowcount
    return removed


def build(target: Target) -> tuple[Entry, str]:
    """Return the entry of a document or record, not yet numbered, and its tokens."""
    kind = Kind.DOCUMENT if isinstance(target, Document) else Kind.RECORD
    title = tokens.normalise(target.title)
    entry: Entry = {
        "id": first_id(kind, target.dated.year if target.dated else None),
        "batch_id": target.batch_id,
        "is_superseded": False,
        "kind": kind.value,
        "target_id": target.id,
        "dated": target.dated,
        "effective_from": None,
        "effective_to": None,
        "repealed_on": None,
        "amended_on": None,
        "number_key": target.number_key,
        "reference_key": None,
        "title_hash": tokens.title_hash(tokens.exact_title(title)),
        "title_key": title,
        "number_text": tokens.normalise(target.number),
    }
    if isinstance(target, Document):
        fields = (target.issuer, target.topic, public_text(target))
        for name in ("effective_from", "effective_to", "repealed_on", "amended_on"):
            entry[name] = getattr(target, name)
    else:
        fields = (target.author, target.keywords, target.abstract)
        entry["reference_key"] = target.reference_key
    entry["rest"] = tokens.normalise("\n".join(fields))
    return entry, joined_tokens(entry)


def joined_tokens(entry: Mapping[str, Any]) -> str:
    """Return the tokens of an entry as both databases take them."""
    dated: date | None = entry["dated"]
    marks = [
        tokens.title_token(entry["title_hash"]),
        tokens.year_token(dated.year if dated else None),
        "k" + entry["kind"][0],
    ]
    title = f"{entry['title_key']}\n{entry['number_text']}"
    return tokens.join([*tokens.text_tokens(title, entry["rest"]), *marks])


@contextmanager
def bulk(database: Database, entries: int) -> Iterator[None]:
    """Let PostgreSQL collect many new entries before it sorts them in; lookups see them all."""
    if database.is_sqlite or entries < _BULK:
        yield
        return
    with database.engine.connect() as connection:
        connection.execute(text("ALTER INDEX ix_search_entry_tokens SET (fastupdate = on)"))
        connection.commit()
        try:
            yield
        finally:
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("ALTER INDEX ix_search_entry_tokens SET (fastupdate = off)"))
            connection.execute(text("SELECT gin_clean_pending_list('ix_search_entry_tokens')"))
            connection.commit()


def sizes(connection: Connection) -> list[tuple[int, int]]:
    """Return how many entries each year has, newest year first, nearly: gaps are counted too."""
    found: dict[int, int] = {}
    top: int | None = connection.execute(select(func.max(SearchEntry.id))).scalar()
    while top is not None:
        bucket = top >> SLOT_BITS << SLOT_BITS
        year = year_of(top) or 0
        found[year] = found.get(year, 0) + top - bucket + 1
        below = select(func.max(SearchEntry.id)).where(SearchEntry.id < bucket)
        top = connection.execute(below).scalar()
    return list(found.items())


def lock(connection: Connection) -> None:
    """Let one transaction at a time hand out ids; SQLite has but one writer anyway."""
    if connection.dialect.name != "sqlite":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def _number(connection: Connection, entries: Iterable[Entry]) -> None:
    """Give each entry the next id of its kind and year."""
    following: dict[int, int] = {}
    for entry in entries:
        bucket = entry["id"]
        if bucket not in following:
            inside = SearchEntry.id.between(bucket, bucket + (1 << SLOT_BITS) - 1)
            last = connection.execute(select(func.max(SearchEntry.id)).where(inside)).scalar()
            following[bucket] = bucket if last is None else last + 1
        entry["id"] = following[bucket]
        following[bucket] += 1
        if following[bucket] >= bucket + (1 << SLOT_BITS):
            message = f"more than {1 << SLOT_BITS} entries in one year"
            raise OverflowError(message)


def _id_of(built: tuple[Entry, str]) -> int:
    entry_id: int = built[0]["id"]
    return entry_id
