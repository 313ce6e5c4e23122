"""Finding entries: newest-first candidates up to a bound, verified, re-ranked, one page shown.

The cost follows the bound, not the number of hits. Ranking: exact title, title, number, body;
in force before repealed; newest first. The same tokens on SQLite and PostgreSQL.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Integer,
    Text,
    bindparam,
    column,
    func,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.sql.elements import ColumnElement

from wx_archive.catalogue import tokens
from wx_archive.catalogue.index import kind_of
from wx_archive.catalogue.models import SearchEntry, SearchText
from wx_archive.catalogue.query import Query, Word
from wx_archive.catalogue.rules import Kind, Period, Validity, validity
from wx_archive.catalogue.visibility import is_current
from wx_archive.core.lines import Prepared, Row

_FTS: Final = table("search_fts", column("rowid"))
COUNT_BOUND: Final = 1_000
RANKED: Final = 300
"""How many candidates are re-ranked; the rest follow newest first."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One found entry as lists show it.

    Attributes:
        validity: for documents, on the day of the search; None for records.
    """

    id: int
    kind: Kind
    pid: str
    title: str
    number: str
    dated: date | None
    validity: Validity | None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of hits and how many there are in all.

    Attributes:
        total: exact up to `COUNT_BOUND`.
        is_capped: there are more than `COUNT_BOUND`.
        kinds: which kinds there are among all of them.
    """

    query: Query
    total: int
    is_capped: bool
    hits: tuple[Hit, ...]
    kinds: frozenset[Kind] = frozenset()


def search(
    connection: Connection, query: Query, *, today: date, offset: int = 0, limit: int = 5
) -> Found:
    """Return one page of what the public may see of ``query``."""
    if query.is_empty:
        return Found(query, 0, is_capped=False, hits=())
    everything = _candidate_ids(connection, query, COUNT_BOUND + 1)
    ordered = _ranked(connection, query, everything, today)
    page = ordered[:COUNT_BOUND][offset : offset + limit]
    total = min(len(everything), COUNT_BOUND)
    is_capped = len(everything) > COUNT_BOUND
    kinds = frozenset(map(kind_of, everything))
    return Found(query, total, is_capped, _hits(connection, page, today), kinds)


def by_number(connection: Connection, key: str, *, today: date) -> tuple[Hit, ...]:
    """Return the entries that bear a document number, in force first; one over the bound."""
    statement = (
        select(SearchEntry.id)
        .where(SearchEntry.number_key == key, is_current(SearchEntry))
        .order_by(SearchEntry.id.desc())
        .limit(COUNT_BOUND + 1)
    )
    ids = list(connection.execute(statement).scalars())
    hits = _hits(connection, ids, today)
    return tuple(sorted(hits, key=lambda hit: _standing(hit.validity) if hit.validity else 0))


def by_reference_code(connection: Connection, key: str, *, today: date) -> tuple[Hit, ...]:
    """Return the records whose 档号 is ``key`` or begins with it; one over the bound."""
    column = SearchEntry.reference_key
    statement = (
        select(SearchEntry.id)
        .where(column >= key, column < key + "\U0010ffff", is_current(SearchEntry))
        .order_by(column)
        .limit(COUNT_BOUND + 1)
    )
    return _hits(connection, list(connection.execute(statement).scalars()), today)


def by_pid(connection: Connection, pid: str, *, today: date) -> Hit | None:
    """Return the visible entry with a public id; hidden and missing are the same."""
    statement = select(SearchEntry.id).where(SearchEntry.pid == pid, is_current(SearchEntry))
    hits = _hits(connection, list(connection.execute(statement).scalars()), today)
    return hits[0] if hits else None


def is_in_a_title(connection: Connection, word: str) -> bool:
    """Tell whether a public title or number contains the normalised ``word``."""
    query = Query(word, (Word(word),))
    return bool(_candidate_ids(connection, query, 1, in_title=True))


_OVER = (Validity.REPEALED, Validity.EXPIRED)


def _standing(state: Validity) -> int:
    """Rank a document's validity: what applies today first, what is over last."""
    return 2 if state in _OVER else int(state is Validity.NOT_YET)


def _hits(connection: Connection, ids: Sequence[int], today: date) -> tuple[Hit, ...]:
    """Fetch entries by id, in the order given."""
    if not ids:
        return ()
    rows = _shown_columns(connection.dialect.name).rows(connection, ids=_listed(connection, ids))
    found = {row[0]: _hit(row, today) for row in rows}
    return tuple(found[key] for key in ids if key in found)


def _hit(row: Row, today: date) -> Hit:
    key, kind_value, pid, title, number, dated, *period = row
    kind = Kind(kind_value)
    return Hit(
        key,
        kind,
        pid,
        title,
        number,
        _day(dated),
        _validity(period, today) if kind is Kind.DOCUMENT else None,
    )


def _validity(period: Sequence[Any], today: date) -> Validity:
    return validity(Period(*map(_day, period)), on=today)


def _day(value: date | str | None) -> date | None:
    """Return a day as a driver gives it: SQLite's is a text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


# -- statements: built once for each shape, run by the driver ----------------------------------

_DIALECTS: Final = {
    "sqlite": sqlite.dialect(),
    "postgresql": psycopg.dialect(),  # type: ignore[no-untyped-call]
}
_PERIOD: Final = (SearchEntry.effective_from, SearchEntry.effective_to, SearchEntry.repealed_on)


@cache
def _shown_columns(dialect: str) -> Prepared:
    columns = (
        SearchEntry.id,
        SearchEntry.kind,
        SearchEntry.pid,
        SearchEntry.title,
        SearchEntry.number,
        SearchEntry.dated,
        *_PERIOD,
    )
    return Prepared(select(*columns).where(_is_listed(dialect)), _DIALECTS[dialect])


@cache
def _ranked_columns(dialect: str) -> Prepared:
    columns = (SearchEntry.id, SearchEntry.title_key, *_PERIOD)
    return Prepared(select(*columns).where(_is_listed(dialect)), _DIALECTS[dialect])


def _is_listed(dialect: str) -> ColumnElement[bool]:
    """Compare ids with a list of any length in one parameter, so that there is one statement."""
    if dialect == "sqlite":
        return text("search_entry.id IN (SELECT value FROM json_each(:ids))")  # type: ignore[return-value]
    return text("search_entry.id = ANY(:ids)")  # type: ignore[return-value]


def _listed(connection: Connection, ids: Sequence[int]) -> object:
    return json.dumps(ids) if connection.dialect.name == "sqlite" else list(ids)


@cache
def _matching(dialect: str, checks: tuple[int, ...], *, in_title: bool) -> Prepared:
    """Return the statement for candidates, newest first: the index, the substring tests behind it.

    Args:
        dialect: the database's.
        checks: for each word that is tested, in how many spellings.
        in_title: test the title, not the whole text.
    """
    is_sqlite = dialect == "sqlite"
    key = _FTS.c.rowid if is_sqlite else SearchEntry.id
    statement = select(SearchEntry.id)
    if is_sqlite:
        statement = statement.select_from(_FTS).join(SearchEntry, SearchEntry.id == _FTS.c.rowid)
        matches = text("search_fts MATCH :match")
    else:
        matches = text("tokens @@ CAST(:match AS tsquery)")
    if checks and not in_title:
        statement = statement.join(SearchText, SearchText.entry_id == SearchEntry.id)
    hay = SearchEntry.title_key if in_title else SearchText.hay
    place = func.instr if is_sqlite else func.strpos
    tests = (
        or_(*(place(hay, bindparam(f"w{n}_{m}", type_=Text())) > 0 for m in range(spellings)))
        for n, spellings in enumerate(checks)
    )
    statement = statement.where(matches, is_current(SearchEntry), *tests)
    statement = statement.order_by(key.desc()).limit(bindparam("most", type_=Integer()))
    return Prepared(statement, _DIALECTS[dialect])


# -- candidates -------------------------------------------------------------------------------


def _candidate_ids(
    connection: Connection, query: Query, limit: int, *, in_title: bool = False, also: str = ""
) -> list[int]:
    """Return matching ids, newest first: the index first, the substring test behind it.

    ``also`` is one more token that they must have.
    """
    expression = _expression(query, in_title=in_title)
    if expression is None:
        return []
    if also:
        expression = f"{also} AND {expression}"
    dialect = connection.dialect.name
    if dialect != "sqlite":
        expression = expression.replace(" AND ", " & ").replace(" OR ", " | ")
    tested = [word.spellings for word in query.words if _needs_test(word)]
    statement = _matching(dialect, tuple(map(len, tested)), in_title=in_title)
    given = {
        f"w{n}_{m}": spelling
        for n, spellings in enumerate(tested)
        for m, spelling in enumerate(spellings)
    }
    rows = statement.rows(connection, match=expression, most=limit, **given)
    return [key for (key,) in rows]


def _expression(query: Query, *, in_title: bool) -> str | None:
    """Return the index expression; FTS5 reads it as it is, tsquery with & and |."""
    single = query.single_character
    parts = []
    if single:
        parts.append(f"b{single}")
    else:
        for word in query.words:
            spelled = [_all_of(spelling, in_title=in_title) for spelling in word.spellings]
            known = [part for part in spelled if part]
            if not known:
                return None
            parts.append("(" + " OR ".join(known) + ")")
    if query.years:
        first, last = query.years
        years = [f"y{year}" for year in range(first, last + 1)]
        if query.year_in_words:
            years.append(f"l{first}")
        parts.append("(" + " OR ".join(years) + ")")
    if query.kind:
        parts.append("k" + query.kind.value[0])
    return " AND ".join(parts)


def _all_of(spelling: str, *, in_title: bool) -> str:
    prefix = "t" if in_title else ""
    parts = [prefix + token for token in tokens.query_tokens(spelling)]
    return "(" + " AND ".join(parts) + ")" if parts else ""


def _needs_test(word: Word) -> bool:
    """Tell whether a word's tokens alone may let through an entry that does not contain it."""
    if tokens.is_single_character(word.text):
        return False
    return any(tokens.needs_verification(spelling) for spelling in word.spellings)


# -- ranking ----------------------------------------------------------------------------------


def _ranked(connection: Connection, query: Query, newest: list[int], today: date) -> list[int]:
    """Return all candidate ids, the best `RANKED` of them in order of merit."""
    if not query.words:
        return newest
    exact = tokens.title_token(tokens.exact_title(tokens.normalise(query.text)))
    best_known = _candidate_ids(connection, query, RANKED, also=exact)
    in_title = _candidate_ids(connection, query, RANKED, in_title=True)
    chosen = list(dict.fromkeys([*best_known, *in_title, *newest[:RANKED]]))
    listed = _listed(connection, chosen)
    rows = _ranked_columns(connection.dialect.name).rows(connection, ids=listed)
    typed = tokens.exact_title(tokens.normalise(query.text))
    best = [row[0] for row in sorted(rows, key=lambda row: _merit(row, query, typed, today))]
    seen = set(best)
    return best + [key for key in newest if key not in seen]


def _merit(row: Row, query: Query, typed: str, today: date) -> tuple[Any, ...]:
    """Return the sort key, smaller is better; the module says in which order."""
    key, title_key, *period = row
    title, _newline, number = title_key.partition("\n")
    words = query.words
    found = sum(
        2 * any(spelling in title for spelling in word.spellings) or word.text in number
        for word in words
    )
    as_typed = sum(word.text in title for word in words)
    return (
        tokens.exact_title(title) != typed,
        -found,
        _standing(_validity(period, today)),
        -as_typed,
        -key,
    )
