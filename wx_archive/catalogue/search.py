"""Finding entries: newest-first candidates up to a bound, verified, ranked, one page of them.

One statement does it all on either database: candidates from the index (newest years first, at
most one more than the bound), the substring test where the tokens are not proof, the merit of each,
the best, and for these once more the predicate of what the public may see. When there are more
than the bound, the newest that have every word in the title join in, and what is titled just so.
Ranking: exact title, title, number, body; in force before repealed; newest first. The cost
follows the bound, not the number of hits (docs/decisions/0008).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection

from wx_archive.catalogue import hints, index, statements, tokens
from wx_archive.catalogue.hints import Hints
from wx_archive.catalogue.hits import Hit, day_of, hits_of
from wx_archive.catalogue.query import Query, Word
from wx_archive.catalogue.rules import Kind, Validity
from wx_archive.catalogue.statements import COUNT_BOUND, Shape
from wx_archive.core.lines import Prepared, Row

__all__ = [
    "COUNT_BOUND",
    "Found",
    "Hit",
    "by_number",
    "by_pid",
    "by_reference_code",
    "count",
    "count_reference_codes",
    "is_in_a_title",
    "search",
]

_LAST: Final = "\U0010ffff"
TITLES: Final = 100
"""When there are too many hits, so many of the newest titles are ranked with the newest hits."""
_KINDS: Final = (Kind.DOCUMENT, Kind.RECORD)
"""As the least bit of an entry's year tells them (`index.first_id`)."""


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
    if (asked := _Asked.of(connection, query)) is None:
        return Found(query, 0, is_capped=False, hits=())
    return asked.page(today=today, offset=offset, limit=limit)


def count(
    connection: Connection,
    query: Query,
    *,
    today: date,
    bound: int = COUNT_BOUND,
) -> int:
    """Return how many entries ``query`` finds, at most one more than ``bound``."""
    asked = _Asked.of(connection, query)
    return asked.count(today=today, bound=bound) if asked else 0


def by_number(connection: Connection, key: str, *, today: date) -> tuple[Hit, ...]:
    """Return the entries that bear a document number, in force first; one over the bound."""
    dialect = connection.dialect.name
    hits = hits_of(
        statements.bearing(dialect, "number").rows(connection, key=key, today=today), today
    )
    return tuple(sorted(hits, key=lambda hit: _standing(hit.validity)))


def by_reference_code(
    connection: Connection, key: str, *, today: date, offset: int = 0, limit: int = 5
) -> tuple[Hit, ...]:
    """Return a page of the records whose 档号 is ``key`` or begins with it, in their order."""
    rows = statements.bearing(connection.dialect.name, "reference").rows(
        connection, key=key, end=key + _LAST, today=today, offset=offset, limit=limit
    )
    return hits_of(rows, today)


def count_reference_codes(connection: Connection, key: str) -> int:
    """Return how many records have a 档号 that begins with ``key``, at most one over the bound."""
    counted = statements.codes_counted(connection.dialect.name)
    total: int = counted.rows(connection, key=key, end=key + _LAST)[0][0]
    return total


def by_pid(connection: Connection, pid: str, *, today: date) -> Hit | None:
    """Return the visible entry with a public id; hidden and missing are the same."""
    for kind in Kind:
        rows = statements.bearing(connection.dialect.name, kind.value).rows(
            connection, pid=pid, today=today
        )
        if rows:
            return hits_of(rows, today)[0]
    return None


def is_in_a_title(connection: Connection, word: str) -> bool:
    """Tell whether a public title or number contains the normalised ``word``."""
    asked = _Asked.of(connection, Query(word, (Word(word),)))
    return asked is not None and asked.is_in_a_title()


_OVER: Final = (Validity.REPEALED, Validity.EXPIRED)


def _standing(state: Validity | None) -> int:
    """Rank a document's validity: what applies today first, what is over last."""
    return 2 if state in _OVER else int(state is Validity.NOT_YET)


# -- one question to one database --------------------------------------------------------------

_MERIT, _ID, _SHOWN_FROM, _DATED = 3, 4, 5, 11
"""Places in the rows of `statements.ranked`."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What a statement told: candidates in all, their kinds, the best of them."""

    total: int
    kinds: frozenset[Kind]
    rows: Sequence[Row]

    @classmethod
    def of(cls, row: Row) -> "_Told":
        """Return what a row of counts begins with: how many, the least and the greatest kind."""
        total, least, greatest = row[:_MERIT]
        return cls(total, frozenset(_KINDS[least : greatest + 1]) if total else frozenset(), ())


def _merged(some: Sequence[Row], others: Sequence[Row]) -> list[Row]:
    """Return the rows of both in order of merit, none twice."""
    rows = {row[_ID]: row for row in (*some, *others)}.values()
    return sorted(rows, key=lambda row: (row[_MERIT], -_ordinal(row[_DATED]), -row[_ID]))


def _ordinal(dated: Any) -> int:
    day = day_of(dated)
    return day.toordinal() if day else 0


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the index is asked for, and the shape of the statement that asks for it."""

    match: str
    shape: Shape
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question in the index's terms.

    Attributes:
        anywhere: what entries that have all words are found by.
        in_title: the same for titles and numbers.
        given: the spellings by parameter name, and the hash of the whole as a title.
        known: of the index, beforehand.
    """

    connection: Connection
    query: Query
    anywhere: _Wanted
    in_title: _Wanted
    given: dict[str, Any]
    known: Hints

    @classmethod
    def of(cls, connection: Connection, query: Query) -> "_Asked | None":
        known, dialect = hints.known(connection), connection.dialect.name
        anywhere = None if query.is_empty else _wanted(query, known, dialect)
        in_title = _wanted(query, known, dialect, prefix="t")
        if anywhere is None or in_title is None:
            return None
        spelled = {
            f"w{number}_{other}": spelling
            for number, word in enumerate(query.words)
            for other, spelling in enumerate(word.spellings)
        }
        typed = tokens.title_hash(tokens.exact_title(tokens.normalise(query.text)))
        first, last = query.years or (0, 0)
        low, high = index.first_id(Kind.DOCUMENT, first), index.first_id(Kind.DOCUMENT, last + 1)
        given = spelled | {"typed": typed, "low": low, "high": high - 1}
        return cls(connection, query, anywhere, in_title, given, known)

    def page(self, *, today: date, offset: int, limit: int) -> Found:
        """Return a page: all hits in order of merit, or as `_among_many` says."""
        until = min(offset + limit, COUNT_BOUND)
        told = self._glance()
        if told is None or told.total <= COUNT_BOUND:
            told = self._best(self.anywhere, today, limit=until)
        is_capped = told.total > COUNT_BOUND
        rows = self._among_many(told.rows, today, until) if is_capped else told.rows
        hits = hits_of((row[_SHOWN_FROM:] for row in rows[offset:until]), today)
        return Found(self.query, min(told.total, COUNT_BOUND), is_capped, hits, told.kinds)

    def count(self, *, today: date, bound: int) -> int:
        """Return how many there are, at most one more than ``bound``."""
        statement = statements.counted(self.anywhere.shape)
        total: int = self._newest_first(statement, self.anywhere, bound + 1, today=today)[0][0]
        return total

    def _among_many(self, newest: Sequence[Row], today: date, until: int) -> Sequence[Row]:
        """Return the first of too many hits: the best of some in order of merit.

        Those some are the newest, up to the bound, the newest with all words in the title, up to
        `TITLES`, and what is titled just so. Titles need no look where the newest are all as good
        as can be; the newest need none after a glance that found enough titles.
        """
        if not self.query.words:
            return newest
        rows = _merged(newest, self._best(self._exactly(), today, limit=until).rows)
        if self._are_best(newest, until):
            return rows
        titled = self._best(self.in_title, today, limit=until, most=TITLES, in_title=True).rows
        if not newest and not self._are_best(titled, until):
            newest = self._best(self.anywhere, today, limit=until).rows
        return _merged(_merged(rows, titled), newest)

    def _are_best(self, rows: Sequence[Row], until: int) -> bool:
        """Tell whether there are enough and nothing older can come before them."""
        least = statements.least_merit(self.anywhere.shape)
        return len(rows) >= until and all(row[_MERIT] <= least for row in rows[:until])

    def _exactly(self) -> _Wanted:
        """Return what the entries are found by whose title is just what was typed.

        So few bear the title's token that their texts prove the words more cheaply than the index.
        """
        titled_so = tokens.title_token(self.given["typed"])
        shape = replace(self.anywhere.shape, tested=(True,) * len(self.query.words), is_exact=True)
        return _Wanted(" AND ".join([titled_so, *_filters(self.query)]), shape)

    def _glance(self) -> "_Told | None":
        """Return how many there are of a common word, told by the index alone."""
        if not self.anywhere.shape.is_plain_sqlite:
            return None
        most = COUNT_BOUND + 1
        rows = statements.glance().rows(self.connection, match=self.anywhere.match, most=most)
        return _Told.of(rows[0])

    def _best(
        self,
        wanted: _Wanted,
        today: date,
        *,
        limit: int,
        most: int = COUNT_BOUND + 1,
        in_title: bool = False,
    ) -> "_Told":
        """Return how many of the newest matches there are, of which kinds, and the best of them."""
        statement = statements.ranked(wanted.shape, in_title=in_title)
        rows = self._newest_first(statement, wanted, most, limit=limit, today=today)
        return replace(_Told.of(rows[0]), rows=[row for row in rows if row[_ID] is not None])

    def _newest_first(
        self, statement: Prepared, wanted: _Wanted, most: int, *, today: date, **given: Any
    ) -> list[Row]:
        """Run a statement that counts up to ``most`` in its first column.

        PostgreSQL collects all matches before it shows the first. So it is asked for those of the
        newest years, then for those of so many years that they are likely enough, then for all.
        """
        asked = max(hints.WINDOW, self.known.enough(wanted.tokens, most))
        while True:
            window = ""
            if self._may_begin_with_the_newest(wanted):
                window = self.known.newest(asked, upto=today.year + 1)
            match = _spelled(wanted, window)
            rows = statement.rows(
                self.connection, **self.given, match=match, most=most, today=today, **given
            )
            if rows[0][0] >= most or not window:
                return rows
            asked *= max(2.0, 1.5 * most / max(rows[0][0], 1))

    def _may_begin_with_the_newest(self, wanted: _Wanted) -> bool:
        shape = wanted.shape
        return not (shape.dialect == "sqlite" or shape.is_exact or self.query.years)

    def is_in_a_title(self) -> bool:
        """Tell whether any title has all words."""
        statement = statements.exists(self.in_title.shape)
        return bool(statement.rows(self.connection, **self.given, match=_spelled(self.in_title)))


def _spelled(wanted: _Wanted, window: str = "") -> str:
    """Return the expression as the database takes it; FTS5 reads it as it is."""
    if wanted.shape.dialect == "sqlite":
        return wanted.match
    whole = f"{wanted.match} AND {window}" if window else wanted.match
    return whole.replace(" AND ", " & ").replace(" OR ", " | ")


def _wanted(query: Query, known: Hints, dialect: str, prefix: str = "") -> _Wanted | None:
    """Return what the index is asked for, or None if some word has no token at all."""
    if query.single_character:
        parts, tested = [f"b{query.single_character}"], [False]
    else:
        spelled = [
            [[prefix + token for token in tokens.query_tokens(one)] for one in word.spellings]
            for word in query.words
        ]
        if not all(map(any, spelled)):
            return None
        parts, tested = _worded(query.words, spelled, known)
    parts += _filters(query)
    spellings = tuple(len(word.spellings) for word in query.words)
    shape = Shape(
        dialect,
        spellings,
        tuple(tested),
        in_force=query.in_force,
        by_years=dialect != "sqlite" and not query.words and query.kind is None,
    )
    return _Wanted(" AND ".join(parts), shape, tuple(filter(str.isalnum, parts)))


def _filters(query: Query) -> list[str]:
    """Return the parts of the expression that are no words."""
    parts = []
    if query.years:
        first, last = query.years
        years = [tokens.year_token(year) for year in range(first, last + 1)]
        parts.append(_any_of([*years, f"l{first}"] if query.year_in_words else years))
    kind = Kind.DOCUMENT if query.in_force else query.kind
    if kind:
        parts.append("k" + kind.value[0])
    return parts


def _worded(
    words: Sequence[Word], spelled: Sequence[Sequence[Sequence[str]]], known: Hints
) -> tuple[list[str], list[bool]]:
    """Return the parts of the expression for the words, and which of them the text must prove."""
    alone = [spellings[0] for spellings in spelled if len(spellings) == 1]
    parts = known.worth_asking(token for wanted in alone for token in wanted)
    asked, tested = set(parts), []
    for word, spellings in zip(words, spelled, strict=True):
        is_proof = not any(map(tokens.needs_verification, word.spellings))
        if len(spellings) == 1:
            tested.append(not (is_proof and asked.issuperset(spellings[0])))
            continue
        chosen = [known.worth_asking(wanted) for wanted in spellings if wanted]
        parts.append(_any_of(list(map(_all_of, chosen))))
        tested.append(
            not (is_proof and [*map(len, chosen)] == [*map(len, filter(None, spellings))])
        )
    return parts, tested


def _all_of(parts: Sequence[str]) -> str:
    return f"({' AND '.join(parts)})" if len(parts) > 1 else parts[0]


def _any_of(parts: Sequence[str]) -> str:
    return f"({' OR '.join(parts)})" if len(parts) > 1 else parts[0]
