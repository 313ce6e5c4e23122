"""What the search knows beforehand: which tokens are frequent, which years the newest entries have.

Only hints of where to look first: a wrong one costs time, never a result. Frequencies are counted
after an import (`measure`); a process reads them anew every few minutes.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, delete, insert, select, text

from wx_archive.catalogue import index, tokens
from wx_archive.catalogue.models import SearchFrequency
from wx_archive.catalogue.statements import DIALECTS
from wx_archive.core.database import Database
from wx_archive.core.lines import Prepared

WINDOW: Final = 2_000
"""PostgreSQL collects all hits before it shows the first: it is asked for this many of the newest
entries or more before it is asked for all."""
_SPARE: Final = 1.3
FREQUENT: Final = 500
"""A token in one of so many entries is frequent, but not in small catalogues: `LEAST`."""
LEAST: Final = 100
TOO_FREQUENT: Final = 20
KEPT: Final = 2
"""Reading a posting takes 10 ns, looking at an entry's text 2 µs; and neighbours in a word leave
out so little of each other's entries that the more tokens the fewer texts (measured)."""
_KNOWN_FOR_S: Final = 120.0
_SAMPLED: Final = 50_000


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known of an index.

    Attributes:
        entries: how many there are, nearly.
        frequent: in how many entries frequent tokens stand; others stand in fewer than ``least``.
        years: how many entries each year has, newest first.
    """

    entries: int = 0
    least: int = 0
    frequent: Mapping[str, int] = field(default_factory=dict)
    years: Sequence[tuple[int, int]] = ()

    def newest(self, entries: float, *, upto: int) -> str:
        """Return an expression for the newest years of so many entries; empty for nearly all.

        Every year from the oldest of them to ``upto`` is named, whatever was counted: what has
        come in since belongs to the newest.
        """
        oldest, inside = 0, 0
        for year, number in self.years:
            oldest, inside = year, inside + number
            if inside >= entries:
                break
        if not oldest or inside * 3 > self.entries:
            return ""
        named = range(max(upto, self.years[0][0]), oldest - 1, -1)
        return f"({' OR '.join(map(tokens.year_token, named))})"

    def worth_asking(self, wanted: Iterable[str]) -> list[str]:
        """Return the tokens that the index is asked for; the text proves the others more cheaply.

        Left out are tokens that are far more frequent than the rarest, but for two at least: to
        read all entries of 关于 and 人民 takes longer than to look at those of 对外.
        """
        rarest_first = sorted(set(wanted), key=lambda token: (self._entries_of(token), token))
        if not self.frequent or len(rarest_first) <= KEPT:
            return rarest_first
        most = self._entries_of(rarest_first[0]) * TOO_FREQUENT
        further = (token for token in rarest_first[KEPT:] if self._entries_of(token) <= most)
        return [*rarest_first[:KEPT], *further]

    def enough(self, wanted: Iterable[str], most: int) -> float:
        """Return of how many of the newest entries ``most`` likely have all of these tokens.

        All of them, where some token is not frequent: then there are few matches in any case.
        """
        counts = [self.frequent.get(token, 0) for token in wanted]
        rarest = min(counts, default=self.entries)
        return _SPARE * most * self.entries / rarest if rarest else float("inf")

    def _entries_of(self, token: str) -> int:
        return self.frequent.get(token, self.least)


_KNOWN: WeakKeyDictionary[Engine, tuple[float, Hints]] = WeakKeyDictionary()


def known(connection: Connection) -> Hints:
    """Return the hints of a database, a few minutes old at most."""
    held = _KNOWN.get(connection.engine)
    if held is None or held[0] < time.monotonic():
        held = time.monotonic() + _KNOWN_FOR_S, _read(connection)
        _KNOWN[connection.engine] = held
    return held[1]


def measure(database: Database) -> None:
    """Count the frequent tokens anew: a long read and a short write."""
    with database.long_reads() as connection:
        sizes = index.sizes(connection)
        entries = sum(number for _year, number in sizes)
        least = max(LEAST, entries // FREQUENT)
        counted = dict(_counted(connection, entries, least))
    counted = {token: number for token, number in counted.items() if not _is_year(token)}
    counted |= {tokens.year_token(year): number for year, number in sizes}
    with database.begin(unhurried=True) as session:
        session.execute(delete(SearchFrequency))
        if counted:
            rows = [{"token": token, "entries": number} for token, number in counted.items()]
            session.execute(insert(SearchFrequency), rows)
    _KNOWN.clear()


def _read(connection: Connection) -> Hints:
    told: dict[str, int] = dict(_all(connection.dialect.name).rows(connection))
    frequent = {token: number for token, number in told.items() if not _is_year(token)}
    years = sorted(((int(y[1:]), n) for y, n in told.items() if _is_year(y)), reverse=True)
    entries = sum(number for _year, number in years)
    return Hints(entries, min(frequent.values(), default=0), frequent, years)


@cache
def _all(dialect: str) -> Prepared:
    columns = select(SearchFrequency.token, SearchFrequency.entries)
    return Prepared(columns, DIALECTS[dialect])


def _is_year(token: str) -> bool:
    return token[0] == "y" and token[1:].isdecimal()


def _counted(connection: Connection, entries: int, least: int) -> list[tuple[str, int]]:
    """Return the tokens of ``least`` entries or more; on PostgreSQL as a sample has them."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only=OFF")  # a temporary table is no change
        connection.exec_driver_sql(
            "CREATE VIRTUAL TABLE IF NOT EXISTS temp.token_count "
            "USING fts5vocab(main, search_fts, row)"
        )
        statement = text("SELECT term, doc FROM temp.token_count WHERE doc >= :least")
        rows = connection.execute(statement, {"least": least}).all()
        connection.exec_driver_sql("DROP TABLE temp.token_count")
        connection.exec_driver_sql("PRAGMA query_only=ON")
        return [(str(token), int(number)) for token, number in rows]
    share = min(1.0, _SAMPLED / max(1, entries))
    sample = f"SELECT tokens FROM search_entry TABLESAMPLE SYSTEM ({share * 100:.4f})"  # noqa: S608
    statement = text(
        "SELECT word, CAST(ndoc / :share AS bigint) FROM ts_stat(:sample) WHERE ndoc >= :least"
    )
    given = {"sample": sample, "share": share, "least": max(1, int(least * share))}
    return [(str(token), int(number)) for token, number in connection.execute(statement, given)]
