"""What one would use instead: `LIKE`, and FTS5 with its trigram tokenizer."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Final

from benchmarks.looking.engines import BOUND, PAGE, SYNONYMS, Entry
from benchmarks.looking.questions import Question
from wx_archive.catalogue.query import Word
from wx_archive.catalogue.tokens import normalise, words

_PAGES: Final = "PRAGMA cache_size=-8192"  # as much as ours
_TRIGRAM: Final = """
    CREATE TABLE entry(id INTEGER PRIMARY KEY, key TEXT, title TEXT, hay TEXT, year INT, kind TEXT,
                       code TEXT);
    CREATE INDEX by_code ON entry(code);
    CREATE INDEX by_year ON entry(year);
    CREATE VIRTUAL TABLE found USING fts5(hay, content='entry', content_rowid='id',
                                          tokenize='trigram');
"""
Values = list[Any]


class Like:
    """`LIKE` on the table of ours that holds what the public may search."""

    name = "LIKE, sqlite"
    work = "up to 1,001 newest ids and titles"

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self._connection.execute(_PAGES)

    def ready(self, question: Question) -> Callable[[], object]:
        """Return the statement, ready to run."""
        conditions, values = _conditions(
            question, ("title_key", "number_text", "rest"), "CAST(substr(dated, 1, 4) AS INT)"
        )
        statement = (
            f"SELECT id, title_key FROM search_entry WHERE {' AND '.join(conditions)} "
            f"ORDER BY id DESC LIMIT {BOUND + 1}"
        ).replace("code LIKE", "reference_key LIKE")
        return lambda: self._connection.execute(statement, values).fetchall()

    def lent(self) -> AbstractContextManager[object]:
        """Nothing is needed."""
        return nullcontext()

    def top(self, question: Question, count: int) -> list[str]:
        """Not asked of it."""
        raise NotImplementedError


class Trigram:
    """Trigrams ordered by rank; words of two characters are below a trigram and are scanned for."""

    name = "trigram, sqlite"
    work = "total up to 1,001, ten ids and titles by rank"

    def __init__(self, path: Path, made_of: Iterable[Entry]) -> None:
        is_new = not path.exists()
        self._connection = sqlite3.connect(path)
        self._connection.execute(_PAGES)
        if is_new:
            self._build(made_of)
        self.entries: int = self._connection.execute("SELECT count(*) FROM entry").fetchone()[0]
        size = "SELECT sum(length(block)) FROM found_data"
        self.index_bytes: int = self._connection.execute(size).fetchone()[0]

    def _build(self, made_of: Iterable[Entry]) -> None:
        self._connection.execute("PRAGMA journal_mode=OFF")
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.executescript(_TRIGRAM)
        rows = (
            (
                *(one["id"], one["source_key"], one["title_key"]),
                "\n".join((one["title_key"], one["number_text"], one["rest"])),
                *(one["dated"].year if one["dated"] else 0, one["kind"], one["reference_key"]),
            )
            for one in made_of
        )
        self._connection.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        self._connection.execute("INSERT INTO found(found) VALUES ('rebuild')")
        self._connection.execute("INSERT INTO found(found) VALUES ('optimize')")
        self._connection.commit()
        self._connection.execute("ANALYZE")

    def ready(self, question: Question) -> Callable[[], object]:
        """Return both statements, ready to run."""
        source, order, conditions, values = self._plan(question)
        what = f"{source} WHERE {' AND '.join(conditions)}"
        page = f"SELECT entry.id, entry.title FROM {what} ORDER BY {order} LIMIT {PAGE}"
        count = f"SELECT count(*) FROM (SELECT 1 FROM {what} LIMIT {BOUND + 1})"
        run = self._connection.execute
        return lambda: (run(page, values).fetchall(), run(count, values).fetchone())

    def _plan(self, question: Question) -> tuple[str, str, list[str], Values]:
        asked = _words(question)
        long = [word for word in asked if min(map(len, word.spellings)) > 2]
        short = [word for word in asked if word not in long]
        conditions, values = _conditions(question, ("entry.hay",), "entry.year", among=short)
        if not long or question.code:
            return "entry", "entry.id DESC", conditions, values
        match = " AND ".join(
            "(" + " OR ".join(f'"{one}"' for one in word.spellings) + ")" for word in long
        )
        conditions = [one for one in conditions if one != "1"]
        source = "found JOIN entry ON entry.id = found.rowid"
        return source, "found.rank", ["found MATCH ?", *conditions], [match, *values]

    def lent(self) -> AbstractContextManager[object]:
        """Nothing is needed."""
        return nullcontext()

    def top(self, question: Question, count: int) -> list[str]:
        """Return the best."""
        source, order, conditions, values = self._plan(question)
        statement = (
            f"SELECT entry.key FROM {source} WHERE {' AND '.join(conditions)} "
            f"ORDER BY {order} LIMIT {count}"
        )
        return [key for (key,) in self._connection.execute(statement, values)]


def _words(question: Question) -> tuple[Word, ...]:
    """Return the words to look for; those of a number as they are typed."""
    if question.number:
        letters, year, serial = question.number
        return tuple(map(Word, words(normalise(f"{letters}〔{year}〕{serial}号"))))
    return question.understood(SYNONYMS).words


def _conditions(
    question: Question,
    columns: tuple[str, ...],
    year: str,
    *,
    among: Iterable[Word] | None = None,
) -> tuple[list[str], Values]:
    """Return SQL conditions for the words, the years, the scope and the code, and their values."""
    if question.code:
        return ["code LIKE ?"], [normalise(question.code) + "%"]
    conditions: list[str] = []
    values: Values = []
    for word in _words(question) if among is None else among:
        places = [f"{column} LIKE ?" for _ in word.spellings for column in columns]
        conditions.append(f"({' OR '.join(places)})")
        values += [f"%{one}%" for one in word.spellings for _ in columns]
    query = question.understood(SYNONYMS)
    if query.years and not question.number:
        conditions.append(f"{year} BETWEEN ? AND ?")
        values += query.years
    if query.kind:
        conditions.append("kind = ?")
        values.append(query.kind.value)
    return conditions or ["1"], values
