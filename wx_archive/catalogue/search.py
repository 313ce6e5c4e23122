"""Finding entries: newest-first candidates up to a bound, verified, re-ranked, one page shown.

The cost follows the bound, not the number of hits. Ranking: exact title, title, number, body;
in force before repealed; newest first. The same tokens on SQLite and PostgreSQL.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Select,
    column,
    func,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.sql.elements import ColumnElement

from wx_archive.catalogue import tokens
from wx_archive.catalogue.index import kind_of
from wx_archive.catalogue.models import SearchEntry, SearchText
from wx_archive.catalogue.query import Query, Word
from wx_archive.catalogue.rules import Kind, Period, Validity, validity
from wx_archive.catalogue.visibility import is_current

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
    rows = connection.execute(
        select(
            SearchEntry.id,
            SearchEntry.kind,
            SearchEntry.pid,
            SearchEntry.title,
            SearchEntry.number,
            SearchEntry.dated,
            SearchEntry.effective_from,
            SearchEntry.effective_to,
            SearchEntry.repealed_on,
        ).where(SearchEntry.id.in_(ids))
    )
    found = {row.id: _hit(row, today) for row in rows}
    return tuple(found[key] for key in ids if key in found)


def _hit(row: Any, today: date) -> Hit:
    kind = Kind(row.kind)
    period = Period(row.effective_from, row.effective_to, row.repealed_on)
    return Hit(
        row.id,
        kind,
        row.pid,
        row.title,
        row.number,
        row.dated,
        validity(period, on=today) if kind is Kind.DOCUMENT else None,
    )


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
    statement = _matching(connection, expression).limit(limit)
    checks = [_contains(connection, word, in_title=in_title) for word in query.words]
    wanted = [check for check in checks if check is not None]
    if wanted and not in_title:
        statement = statement.join(SearchText, SearchText.entry_id == SearchEntry.id)
    return list(connection.execute(statement.where(*wanted)).scalars())


def _matching(connection: Connection, expression: str) -> Select[int]:
    if connection.dialect.name == "sqlite":
        return (
            select(SearchEntry.id)
            .select_from(_FTS)
            .join(SearchEntry, SearchEntry.id == _FTS.c.rowid)
            .where(text("search_fts MATCH :match").bindparams(match=expression))
            .where(is_current(SearchEntry))
            .order_by(_FTS.c.rowid.desc())
        )
    expression = expression.replace(" AND ", " & ").replace(" OR ", " | ")
    return (
        select(SearchEntry.id)
        .where(text("tokens @@ CAST(:match AS tsquery)").bindparams(match=expression))
        .where(is_current(SearchEntry))
        .order_by(SearchEntry.id.desc())
    )


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


def _contains(connection: Connection, word: Word, *, in_title: bool) -> ColumnElement[bool] | None:
    """Return the substring test for a word, or None where its tokens are already exact."""
    if tokens.is_single_character(word.text):
        return None
    if not any(tokens.needs_verification(spelling) for spelling in word.spellings):
        return None
    column = SearchEntry.title_key if in_title else SearchText.hay
    place = func.instr if connection.dialect.name == "sqlite" else func.strpos
    return or_(*[place(column, spelling) > 0 for spelling in word.spellings])


# -- ranking ----------------------------------------------------------------------------------


def _ranked(connection: Connection, query: Query, newest: list[int], today: date) -> list[int]:
    """Return all candidate ids, the best `RANKED` of them in order of merit."""
    if not query.words:
        return newest
    exact = tokens.title_token(tokens.exact_title(tokens.normalise(query.text)))
    best_known = _candidate_ids(connection, query, RANKED, also=exact)
    in_title = _candidate_ids(connection, query, RANKED, in_title=True)
    chosen = list(dict.fromkeys([*best_known, *in_title, *newest[:RANKED]]))
    rows = connection.execute(
        select(
            SearchEntry.id,
            SearchEntry.title_key,
            SearchEntry.effective_from,
            SearchEntry.effective_to,
            SearchEntry.repealed_on,
        ).where(SearchEntry.id.in_(chosen))
    )
    best = [row.id for row in sorted(rows, key=lambda row: _merit(row, query, today))]
    seen = set(best)
    return best + [key for key in newest if key not in seen]


def _merit(row: Any, query: Query, today: date) -> tuple[Any, ...]:
    """Return the sort key, smaller is better; the module says in which order."""
    title, _newline, number = row.title_key.partition("\n")
    words = query.words
    typed = tokens.exact_title(tokens.normalise(query.text))
    found = sum(
        2 * any(spelling in title for spelling in word.spellings) or word.text in number
        for word in words
    )
    as_typed = sum(word.text in title for word in words)
    period = Period(row.effective_from, row.effective_to, row.repealed_on)
    return (
        tokens.exact_title(title) != typed,
        -found,
        _standing(validity(period, on=today)),
        -as_typed,
        -row.id,
    )
