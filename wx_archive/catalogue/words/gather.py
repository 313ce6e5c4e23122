"""Reading the public index for its words, by sample: in short reads, never all of it.

30,000 entries, evenly drawn, tell which words a catalogue of millions uses, and bound both the time
and the memory.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import Integer, Row, case, cast, func, select

from wx_archive.catalogue import tokens
from wx_archive.catalogue.models import Document, Record, SearchEntry
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.visibility import is_current, public_documents, public_records
from wx_archive.catalogue.words import mining
from wx_archive.core.database import Database

ENTRIES: Final = 30_000
"""So many of each kind are read; of a larger index every n-th."""
TEXTS: Final = 4_000
"""So many full texts of documents."""
TEXT_LENGTH: Final = 1_000
"""Characters of a text, from a place in it that differs from text to text."""
_CHUNK: Final = 1_000
_LONGEST_FIELD: Final = 30
_SHORT_TITLE: Final = range(3, 15)
_PLACE: Final = re.compile("^(.{1,6}?(?:省|市|县|区|州|盟|旗|镇|乡|街道|村))")
_OFFICE: Final = re.compile(
    "(?:局|委|办|厅|院|部|社|厂|校|会|站|所|府|处|馆|司|行|队|室|科|团|中心)$"
)
_SEPARATORS: Final = re.compile("[;；,，、\\s]+")


@dataclass(slots=True)
class Harvest:
    """What the read entries of one kind are made of.

    Attributes:
        stride: one of them stands for so many.
        offices: issuers and authors that are offices, and the places in their names.
        subjects: topics of documents; keywords of records, which may be names of people.
        short_titles: of documents, without what people leave out of them.
        titles: their stretches.
        texts: likewise.
    """

    stride: int
    offices: Counter[str] = field(default_factory=Counter)
    subjects: Counter[str] = field(default_factory=Counter)
    short_titles: Counter[str] = field(default_factory=Counter)
    titles: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)


def harvest(database: Database, *, today: date) -> dict[Kind, Harvest]:
    """Read what is public on ``today`` of the index."""
    return {kind: _harvest(database, kind, today) for kind in Kind}


def _harvest(database: Database, kind: Kind, today: date) -> Harvest:
    with database.reads() as connection:
        of_kind = select(func.count()).where(SearchEntry.kind == kind.value)
        size = connection.execute(of_kind).scalar_one()
    found = Harvest(stride=max(1, -(-size // ENTRIES)))
    every = max(1, min(size, ENTRIES) // TEXTS) if kind is Kind.DOCUMENT else 1
    statement = _public(kind, today).where(SearchEntry.target_id % found.stride == 0)
    for number, row in enumerate(_rows(database, statement)):
        _take_fields(found, kind, row)
        found.titles.update(mining.stretches(row.title_key))
        if number % every == 0:
            found.texts.update(mining.stretches(row.piece))
    return found


def _take_fields(found: Harvest, kind: Kind, row: Row[Any]) -> None:
    office = tokens.normalise(row.office).strip()
    if len(office) <= _LONGEST_FIELD and _OFFICE.search(office):
        found.offices[office] += 1
        if place := _PLACE.match(office):
            found.offices[place.group()] += 1
    subjects = tokens.normalise(row.subjects)
    if kind is Kind.RECORD:
        found.subjects.update(filter(None, _SEPARATORS.split(subjects)))
        return
    found.subjects[subjects.strip()] += 1
    if len(short := tokens.exact_title(row.title_key)) in _SHORT_TITLE:
        found.short_titles[short] += 1


def _rows(database: Database, statement: Any) -> Iterator[Row[Any]]:
    """Return the rows of a statement in the order of their ids, read bit by bit."""
    last = -1
    while True:
        with database.reads() as connection:
            rows = connection.execute(
                statement.where(SearchEntry.id > last).order_by(SearchEntry.id).limit(_CHUNK)
            ).all()
        if not rows:
            return
        yield from rows
        last = rows[-1].id


def _public(kind: Kind, today: date) -> Any:
    rest, length = SearchEntry.rest, func.length(SearchEntry.rest)
    room = case((length > TEXT_LENGTH, length - TEXT_LENGTH), else_=1)
    scattered = cast(SearchEntry.target_id % 100_003, Integer) * 7_919
    piece = func.substr(rest, 1 + scattered % room, TEXT_LENGTH).label("piece")
    target: type[Document | Record]
    if kind is Kind.DOCUMENT:
        target, seen = Document, public_documents()
        fields = (Document.issuer.label("office"), Document.topic.label("subjects"))
    else:
        target, seen = Record, public_records(today)
        fields = (Record.author.label("office"), Record.keywords.label("subjects"))
    return (
        select(SearchEntry.id, SearchEntry.title_key, piece, *fields)
        .join(target, target.id == SearchEntry.target_id)
        .where(SearchEntry.kind == kind.value, is_current(SearchEntry), seen)
    )
