"""Writing the public search index: one entry for each visible document or record.

SQLite: a contentless FTS5 table beside `search_entry`, same row ids. PostgreSQL: a `tsvector`
column of the same tokens, without positions. Design and figures: docs/sources.md#search.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import Connection, delete, insert, select, text

from wx_archive.catalogue import tokens
from wx_archive.catalogue.models import Document, Record, SearchEntry, SearchText
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.visibility import may_be_indexed, public_text

_TARGET_BITS = 30
_FTS_INSERT = text("INSERT INTO search_fts(rowid, tokens) VALUES (:id, :tokens)")
_FTS_DELETE = text(
    "INSERT INTO search_fts(search_fts, rowid, tokens) VALUES ('delete', :id, :tokens)"
)
_PG_TOKENS = text("UPDATE search_entry SET tokens = CAST(:tokens AS tsvector) WHERE id = :id")

Target = Document | Record


def entry_id(kind: Kind, target_id: int, dated: date | None) -> int:
    """Return the entry's id: newer dates have larger ids, undated entries come last."""
    day = dated.year * 10_000 + dated.month * 100 + dated.day if dated else 0
    return (day << _TARGET_BITS) | (target_id << 1) | (kind is Kind.RECORD)


def kind_of(entry: int) -> Kind:
    """Return which kind of thing an entry's id stands for."""
    return Kind.RECORD if entry & 1 else Kind.DOCUMENT


def add(connection: Connection, targets: Sequence[Target], *, today: date) -> int:
    """Index what may be indexed of ``targets``; return how many entries were written."""
    built = [_build(target) for target in targets if may_be_indexed(target, today=today)]
    if not built:
        return 0
    built.sort(key=lambda pair: int(str(pair[0]["id"])))  # FTS5 flushes on a smaller row id
    connection.execute(insert(SearchEntry), [entry for entry, _hay in built])
    connection.execute(
        insert(SearchText), [{"entry_id": entry["id"], "hay": hay} for entry, hay in built]
    )
    rows = [{"id": entry["id"], "tokens": _tokens(entry, hay)} for entry, hay in built]
    statement = _FTS_INSERT if connection.dialect.name == "sqlite" else _PG_TOKENS
    connection.execute(statement, rows)
    return len(built)


def remove(connection: Connection, ids: Iterable[int]) -> None:
    """Take entries out of the index, their text included."""
    for chunk in _chunks(list(ids), 200):
        if connection.dialect.name == "sqlite":
            rows = connection.execute(
                select(SearchEntry.__table__, SearchText.hay)
                .join(SearchText, SearchText.entry_id == SearchEntry.id)
                .where(SearchEntry.id.in_(chunk))
            ).mappings()
            old = [{"id": row["id"], "tokens": _tokens(dict(row), row["hay"])} for row in rows]
            connection.execute(_FTS_DELETE, old) if old else None
        connection.execute(delete(SearchText).where(SearchText.entry_id.in_(chunk)))
        connection.execute(delete(SearchEntry).where(SearchEntry.id.in_(chunk)))


def _tokens(entry: dict[str, object], hay: str) -> str:
    year = entry["year"]
    return tokens.join(
        tokens.index_tokens(
            str(entry["title_key"]),
            hay,
            year=int(str(year)) if year is not None else None,
            kind=str(entry["kind"])[0],
        )
    )


def _build(target: Target) -> tuple[dict[str, object], str]:
    kind = Kind.DOCUMENT if isinstance(target, Document) else Kind.RECORD
    entry: dict[str, object] = {
        "id": entry_id(kind, target.id, target.dated),
        "batch_id": target.batch_id,
        "is_superseded": False,
        "kind": kind.value,
        "target_id": target.id,
        "pid": target.pid,
        "title": target.title,
        "title_key": tokens.normalise(f"{target.title}\n{target.number}"),
        "number": target.number,
        "number_key": target.number_key,
        "reference_key": None,
        "dated": target.dated,
        "year": target.dated.year if target.dated else None,
        "effective_from": None,
        "effective_to": None,
        "repealed_on": None,
    }
    if isinstance(target, Document):
        entry |= {
            "effective_from": target.effective_from,
            "effective_to": target.effective_to,
            "repealed_on": target.repealed_on,
        }
        fields = (target.issuer, target.topic, public_text(target))
    else:
        entry["reference_key"] = target.reference_key
        fields = (target.author, target.keywords, target.abstract)
    hay = "\n".join([str(entry["title_key"]), *map(tokens.normalise, fields)])
    return entry, hay


def _chunks(ids: list[int], size: int) -> Iterable[list[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))
