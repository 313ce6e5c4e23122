"""An open record as its page shows it, and what belongs beside it: only what the public may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, select

from wx_archive.catalogue import search
from wx_archive.catalogue.models import Record
from wx_archive.catalogue.query import understand
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.visibility import public_records
from wx_archive.lookup.links import RELATED, Link

_HIGHEST: Final = 3
"""Fonds, series, file: no item lies deeper."""


@dataclass(frozen=True, slots=True)
class RecordView:
    """An open archive description as the public may read it.

    Attributes:
        level: fonds, series, file or item.
        above: the descriptions it lies in that the public may see, the highest first.
        below: the first of those that lie in it.
        has_more_below: there are others.
        related: from the same file, or about the same.
        fields: every other column that is for the public.
    """

    pid: str
    title: str
    level: str
    reference_code: str
    fonds_code: str
    author: str
    number: str
    dated: date | None
    date_end: date | None
    date_precision: str
    keywords: tuple[str, ...]
    abstract: str
    above: tuple[Link, ...]
    below: tuple[Link, ...]
    has_more_below: bool
    related: tuple[Link, ...]
    fields: "Description"


@dataclass(frozen=True, slots=True)
class Description:
    """The columns that are shown folded; never the place, the secrecy or why something is shut."""

    fonds_code: str
    catalogue_code: str
    file_code: str
    item_code: str
    page_code: str
    category: str
    year: int | None
    retention: str
    date_text: str
    genre: str
    carrier: str
    extent_pages: int | None
    extent_copies: int | None
    language: str
    note: str


def record(connection: Connection, pid: str, *, today: date) -> RecordView | None:
    """Return a visible record; hidden and missing are the same None."""
    row = connection.execute(
        select(Record.__table__).where(Record.pid == pid, public_records(today))
    ).one_or_none()
    if row is None:
        return None
    keywords = tuple(word.strip() for word in row.keywords.replace("；", ";").split(";"))
    above, below = _above(connection, row, today), _below(connection, row, today)
    return RecordView(
        pid=row.pid,
        title=row.title,
        level=row.level,
        reference_code=row.reference_code,
        fonds_code=row.fonds_code,
        author=row.author,
        number=row.number,
        dated=row.dated,
        date_end=row.date_end,
        date_precision=row.date_precision,
        keywords=tuple(word for word in keywords if word),
        abstract=row.abstract,
        above=above,
        below=below[:RELATED],
        has_more_below=len(below) > RELATED,
        related=_related_records(connection, row, keywords, (*above, *below), today),
        fields=Description(*(getattr(row, name) for name in Description.__slots__)),
    )


_RECORD_LINK: Final = (
    Record.pid,
    Record.title,
    Record.reference_code,
    Record.dated,
    Record.date_precision,
    Record.parent_key,
)


def _above(connection: Connection, row: Any, today: date) -> tuple[Link, ...]:
    """Follow the parents up, as far as the public may see them without a gap."""
    found: list[Link] = []
    key, seen = row.parent_key, {row.reference_key}
    while key and key not in seen and len(found) < _HIGHEST:
        seen.add(key)
        statement = select(*_RECORD_LINK).where(Record.reference_key == key, public_records(today))
        parent = connection.execute(statement.order_by(Record.id).limit(1)).one_or_none()
        if parent is None:
            break
        found.append(_record_link(parent))
        key = parent.parent_key
    return tuple(reversed(found))


def _below(connection: Connection, row: Any, today: date) -> tuple[Link, ...]:
    """Return the first descriptions that name this one as theirs; one more than are shown."""
    if row.level == "item":
        return ()
    inside = select(*_RECORD_LINK).where(Record.parent_key == row.reference_key)
    return tuple(_records(connection, inside, row, today, limit=RELATED + 1))


def _related_records(
    connection: Connection,
    row: Any,
    keywords: Sequence[str],
    shown: Sequence[Link],
    today: date,
) -> tuple[Link, ...]:
    """Return what lies in the same file, then what bears the same first keyword.

    Nothing of ``shown``, which stands elsewhere on the page.
    """
    known = {row.pid, *(link.pid for link in shown)}
    same_file = _records(connection, _beside(row), row, today, limit=RELATED)
    found = {link.pid: link for link in same_file if link.pid not in known}
    if keywords and keywords[0] and len(found) < RELATED:
        query = understand(keywords[0], kind=Kind.RECORD)
        hits = search.search(
            connection, query, today=today, limit=RELATED + len(known) + len(found)
        )
        found |= {
            hit.pid: _hit_link(hit)
            for hit in hits.hits
            if hit.pid not in known and hit.pid not in found
        }
    return tuple(islice(found.values(), RELATED))


def _beside(row: Any) -> Any:
    """Select what lies in the same file: by its parent, else by the code up to the last dash."""
    statement = select(*_RECORD_LINK)
    if row.parent_key:
        return statement.where(Record.parent_key == row.parent_key)
    start, dash, _last = row.reference_key.rpartition("-")
    if row.level != "item" or "-" not in start:
        return statement.where(Record.id == row.id)
    first = start + dash
    key = Record.reference_key
    return statement.where(key >= first, key < first + "\U0010ffff")


def _records(
    connection: Connection, statement: Any, row: Any, today: date, *, limit: int
) -> list[Link]:
    chosen = statement.where(Record.id != row.id, public_records(today))
    ordered = chosen.order_by(Record.reference_key).limit(limit)
    return [_record_link(one) for one in connection.execute(ordered)]


def _record_link(row: Any) -> Link:
    return Link(Kind.RECORD, row.pid, row.title, row.reference_code, row.dated, row.date_precision)


def _hit_link(hit: search.Hit) -> Link:
    number = hit.number if hit.kind is Kind.DOCUMENT else hit.reference_code
    return Link(hit.kind, hit.pid, hit.title, number, hit.dated, hit.date_precision)
