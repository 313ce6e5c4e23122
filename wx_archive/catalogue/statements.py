"""The statements of a lookup: built once for each shape of question, run by the driver.

The same on SQLite and PostgreSQL but for the index and two peculiarities that comments explain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import chain
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Date,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    case,
    column,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
    text,
    true,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CTE

from wx_archive.catalogue import index
from wx_archive.catalogue.models import Document, ImportBatch, Record, SearchEntry
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.visibility import is_current, public_documents, public_records
from wx_archive.core.lines import Prepared

COUNT_BOUND: Final = 1_000
_FTS: Final = table("search_fts", column("rowid"))
DIALECTS: Final = {
    "sqlite": sqlite.dialect(),
    "postgresql": psycopg.dialect(),  # type: ignore[no-untyped-call]
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What tells one statement from another.

    Attributes:
        dialect: the database's.
        spellings: for each word, how many.
        tested: for each word, whether the text must prove it.
        in_force: documents in force only.
        is_exact: only what is titled just as typed.
        by_years: years are all that is asked for, and PostgreSQL has them in the order of its key.
    """

    dialect: str
    spellings: tuple[int, ...]
    tested: tuple[bool, ...]
    in_force: bool = False
    is_exact: bool = False
    by_years: bool = False

    def places(self, text_column: Any, word: int) -> list[ColumnElement[bool]]:
        """Return, for each spelling of a word, whether a text contains it."""
        place = func.instr if self.dialect == "sqlite" else func.strpos
        names = (f"w{word}_{other}" for other in range(self.spellings[word]))
        return [place(text_column, bindparam(name, type_=Text())) > 0 for name in names]

    @property
    def is_plain_sqlite(self) -> bool:
        """One word of one pair of characters: SQLite's index alone can prove and count it."""
        return self == Shape("sqlite", (1,), (False,))


_TODAY: Final = bindparam("today", type_=Date())
_UNSETTLED: Final = select(ImportBatch.id).where(ImportBatch.is_settled.is_(False)).exists()
_IS_SHOWN: Final = or_(~_UNSETTLED, is_current(SearchEntry))
"""Only while an import is on its way must each entry be looked at."""
_BYTE: Final = 256
"""Room for each part of the merit: a question has at most 64 characters."""


@cache
def ranked(shape: Shape, *, in_title: bool) -> Prepared:
    """Return the statement for the best candidates, with how many candidates there are.

    Candidates are the newest matches; they carry no text: their merit is one number, and what is
    shown is joined to the best alone. Parameters: the shape's words, ``typed``, ``match``,
    ``most`` candidates, ``limit`` of them shown, ``today``.

    Returns:
        Rows of candidates in all, least and greatest kind among them, merit, id, `SHOWN`; one row
        of empty columns where nothing is shown.
    """
    candidate = _weighed(shape, in_title=in_title).cte("candidate")
    best = (
        select(candidate)
        .order_by(*_order(candidate))
        .limit(bindparam("limit", type_=Integer()))
        .cte("best")
    )
    told = select(
        func.count().label("total"),
        func.min(_is_record(candidate.c.id)).label("least"),
        func.max(_is_record(candidate.c.id)).label("greatest"),
    ).cte("told")
    entries = told.outerjoin(best, true()).outerjoin(SearchEntry, SearchEntry.id == best.c.id)
    statement = (
        select(told.c.total, told.c.least, told.c.greatest, best.c.merit, best.c.id, *SHOWN)
        .select_from(_with_targets(entries))
        .order_by(*_order(best))
    )
    return Prepared(statement, DIALECTS[shape.dialect])


@cache
def counted(shape: Shape) -> Prepared:
    """Return the statement that counts candidates, ``most`` at most, and tells their kinds."""
    candidates = _candidates(shape, (SearchEntry.id,), in_title=False).subquery()
    is_record = _is_record(candidates.c.id)
    statement = select(func.count(), func.min(is_record), func.max(is_record)).select_from(
        candidates
    )
    return Prepared(statement, DIALECTS[shape.dialect])


def _is_record(entry_id: Any) -> ColumnElement[int]:
    """Tell records from documents by the bit in their ids (`index.first_id`)."""
    shifted: ColumnElement[int] = entry_id.op(">>")(literal_column(str(index.SLOT_BITS)))
    return shifted.op("&")(literal_column("1"))


def _weighed(shape: Shape, *, in_title: bool) -> Select[Any]:
    """Select the newest matches with the merit of each."""
    one: Any = SearchEntry
    if shape.dialect == "sqlite":
        columns = (one.id, one.dated, _merit(shape, one).label("merit"))
        return _candidates(shape, columns, in_title=in_title)
    # PostgreSQL would weigh all matches before it took the newest.
    newest = _candidates(shape, tuple(SearchEntry.__table__.columns), in_title=in_title)
    one = newest.subquery().c
    return select(one.id, one.dated, _merit(shape, one).label("merit"))


def _candidates(shape: Shape, columns: Sequence[Any], *, in_title: bool) -> Select[Any]:
    """Select the newest matches, the index first and the substring test behind it."""
    is_sqlite = shape.dialect == "sqlite"
    matches: Any
    statement = select(*columns)
    if is_sqlite:
        statement = statement.select_from(_FTS).join(SearchEntry, SearchEntry.id == _FTS.c.rowid)
        matches = text("search_fts MATCH :match")
    elif shape.by_years:
        low, high = (bindparam(name, type_=BigInteger()) for name in ("low", "high"))
        matches = SearchEntry.id.between(low, high)
    else:
        matches = text("tokens @@ CAST(:match AS tsquery)")
    texts = (SearchEntry.title_key, SearchEntry.number_text, SearchEntry.rest)  # a body comes last
    tests = (
        or_(*chain.from_iterable(shape.places(one, word) for one in texts[: 2 if in_title else 3]))
        for word, is_tested in enumerate(shape.tested)
        if is_tested
    )
    if shape.is_exact:
        typed = bindparam("typed", type_=BigInteger())
        statement = statement.where(SearchEntry.title_hash == typed)
    if shape.in_force:
        statement = statement.where(SearchEntry.effective_from <= _TODAY, ~_is_over(SearchEntry))
    # PostgreSQL must not walk down the primary key in hope of matches: "+ 0" keeps it to the index.
    by_key = SearchEntry.id if shape.by_years else SearchEntry.id + 0
    newest_first = _FTS.c.rowid.desc() if is_sqlite else by_key.desc()
    return (
        statement.where(matches, _IS_SHOWN, *tests)
        .order_by(newest_first)
        .limit(bindparam("most", type_=Integer()))
    )


def _is_over(one: Any) -> ColumnElement[bool]:
    """Tell documents that are repealed or have run out; for records it is unknown, which is no."""
    ended = func.coalesce(one.repealed_on <= _TODAY, false())
    return or_(ended, func.coalesce(one.effective_to < _TODAY, false()))


def _merit(shape: Shape, one: Any) -> ColumnElement[int]:
    """Return an entry's place among others as one number, the less the better.

    Its digits to the base of `_BYTE`: whether the title is just what was typed; words in the title
    (2) or number (1); whether it is still in force; words as typed, not by a synonym.
    """
    is_other = case((one.title_hash == bindparam("typed", type_=BigInteger()), 0), else_=1)
    worth: ColumnElement[int] = literal_column("0")
    as_typed: ColumnElement[int] = literal_column("0")
    for word, spellings in enumerate(shape.spellings):
        in_title = shape.places(one.title_key, word)
        in_number = shape.places(one.number_text, word)[0]
        worth = worth + case((or_(*in_title), 2), (in_number, 1), else_=0)
        if spellings > 1:
            as_typed = as_typed + case((in_title[0], 1), else_=0)
    standing = case((_is_over(one), 2), (one.effective_from > _TODAY, 1), else_=0)
    most: ColumnElement[int] = literal_column(str(_BYTE - 1))
    digits: tuple[ColumnElement[int], ...] = (is_other, most - worth, standing, most - as_typed)
    merit: ColumnElement[int] = literal_column("0")
    for digit in digits:
        merit = merit * literal_column(str(_BYTE)) + digit
    return merit


def least_merit(shape: Shape) -> int:
    """Return the merit of an entry in force that has all words in its title, as typed."""
    as_typed = sum(spellings > 1 for spellings in shape.spellings)
    digits = (1, (_BYTE - 1) - 2 * len(shape.spellings), 0, (_BYTE - 1) - as_typed)
    merit = 0
    for digit in digits:
        merit = merit * _BYTE + digit
    return merit


def _order(entries: CTE) -> list[ColumnElement[Any]]:
    newest_first = func.coalesce(entries.c.dated, literal(date.min, Date())).desc()
    return [entries.c.merit, newest_first, entries.c.id.desc()]


SHOWN: Final[tuple[Any, ...]] = (
    case((or_(Record.id.is_not(None), Document.id.is_not(None)), SearchEntry.id)),
    SearchEntry.kind,
    func.coalesce(Record.pid, Document.pid),
    func.coalesce(Record.title, Document.title),
    func.coalesce(Record.number, Document.number),
    func.coalesce(Record.reference_code, ""),
    SearchEntry.dated,
    func.coalesce(Record.date_precision, "day"),
    Document.disclosure,
    SearchEntry.effective_from,
    SearchEntry.effective_to,
    SearchEntry.repealed_on,
    SearchEntry.amended_on,
)
"""What a hit is made of; the first is empty if the public may not see what the entry is of."""


def _with_targets(entries: Any) -> Any:
    """Join what entries stand for, if the public may see it today."""
    one = SearchEntry
    is_record = and_(one.kind == Kind.RECORD.value, one.target_id == Record.id)
    is_document = and_(one.kind == Kind.DOCUMENT.value, one.target_id == Document.id)
    seen: Any = _TODAY
    return entries.outerjoin(Record, and_(is_record, public_records(seen))).outerjoin(
        Document, and_(is_document, public_documents())
    )


@cache
def exists(shape: Shape) -> Prepared:
    """Return the statement that tells whether a title has all words."""
    statement = _candidates(shape, (SearchEntry.id,), in_title=True)
    return Prepared(statement.limit(literal_column("1")), DIALECTS[shape.dialect])


@cache
def glance() -> Prepared:
    """Return SQLite's statement that counts matches in the index alone, and tells their kinds.

    Nothing while an import is on its way: the index alone cannot tell then what may be counted.
    """
    matches = (
        select(_is_record(_FTS.c.rowid).label("is_record"))
        .where(text("search_fts MATCH :match"))
        .order_by(_FTS.c.rowid.desc())
        .limit(bindparam("most", type_=Integer()))
        .subquery()
    )
    record = matches.c.is_record
    statement = select(func.count(), func.min(record), func.max(record)).where(~_UNSETTLED)
    return Prepared(statement, DIALECTS["sqlite"])


@cache
def bearing(dialect: str, what: str) -> Prepared:
    """Return the statement for entries with a number, a beginning of a 档号, or a public id."""
    statement = select(*SHOWN).select_from(_with_targets(SearchEntry.__table__))
    shown = or_(Record.id.is_not(None), Document.id.is_not(None))
    statement = statement.where(is_current(SearchEntry), shown)
    match what:
        case "number":
            number = SearchEntry.number_key == bindparam("key", type_=Text())
            newest_first = SearchEntry.id.desc()
            statement = statement.where(number).order_by(newest_first).limit(COUNT_BOUND + 1)
        case "reference":
            limit, offset = (bindparam(name, type_=Integer()) for name in ("limit", "offset"))
            statement = statement.where(_begins()).order_by(SearchEntry.reference_key)
            statement = statement.limit(limit).offset(offset)
        case kind:
            statement = _of_pid(Kind(kind))
    return Prepared(statement, DIALECTS[dialect])


@cache
def codes_counted(dialect: str) -> Prepared:
    """Return the statement that counts the 档号 with a beginning, one over the bound at most."""
    codes = select(SearchEntry.id).where(_begins(), _IS_SHOWN).limit(COUNT_BOUND + 1).subquery()
    return Prepared(select(func.count()).select_from(codes), DIALECTS[dialect])


def _begins() -> ColumnElement[bool]:
    code = SearchEntry.reference_key
    begin, end = (bindparam(name, type_=Text()) for name in ("key", "end"))
    return and_(code >= begin, code < end)


def _of_pid(kind: Kind) -> Select[Any]:
    """Select the entry of a public id, from what it stands for."""
    target, other = (Record, Document) if kind is Kind.RECORD else (Document, Record)
    entry = and_(SearchEntry.kind == kind.value, SearchEntry.target_id == target.id)
    seen: Any = _TODAY
    shown = public_records(seen) if kind is Kind.RECORD else public_documents()
    return (
        select(*SHOWN)
        .select_from(target)
        .join(SearchEntry, entry)
        .outerjoin(other, false())
        .where(target.pid == bindparam("pid", type_=Text()), shown, is_current(SearchEntry))
    )
