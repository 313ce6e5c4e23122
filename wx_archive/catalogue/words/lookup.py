"""Asking the vocabulary: one statement for each question, so that it sees one generation whole."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Dialect,
    Integer,
    String,
    any_,
    bindparam,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import NullType

from wx_archive.catalogue.words.build import STATE
from wx_archive.catalogue.words.models import Term, TermVariant, WordsState
from wx_archive.core.lines import Prepared

_LAST: Final = "\U0010ffff"
DIALECTS: Final[dict[str, Dialect]] = {
    "sqlite": sqlite.dialect(),
    "postgresql": psycopg.dialect(),  # type: ignore[no-untyped-call]
}


@dataclass(frozen=True, slots=True)
class Found:
    """A word of the vocabulary and the variant that led to it."""

    variant: str
    text: str
    weight: int
    from_text: bool
    syllables: tuple[str, ...]


def by_variants(connection: Connection, variants: Collection[str]) -> list[Found]:
    """Return the words that have one of the variants (`spelling.variants`, `sounds.sound`)."""
    listed = _listed(connection, variants)
    rows = _variants(connection.dialect.name).rows(connection, listed=listed)
    return [
        Found(variant, word, weight, bool(from_text), tuple(pinyin.split(" ")))
        for variant, word, weight, from_text, pinyin in rows
    ]


def known(connection: Connection, words: Collection[str]) -> dict[str, int]:
    """Return those of ``words`` that are in the vocabulary, with their weights."""
    listed = _listed(connection, words)
    return dict(_words(connection.dialect.name).rows(connection, listed=listed))


def spoken(connection: Connection, letters: str, *, most: int = 8) -> list[str]:
    """Return the words that are read ``letters``, then those of which they are the initials."""
    rows = _spoken(connection.dialect.name).rows(connection, letters=letters, most=most)
    return [word for (word,) in rows]


def beginning(
    connection: Connection, start: str, *, most: int, from_texts: bool = True
) -> list[str]:
    """Return the heaviest words that begin with ``start``: characters, or pinyin or its initials.

    Words of titles, offices and keywords come before those that only texts have.
    """
    kind = "letters" if start.isascii() else "text"
    statement = _beginning(connection.dialect.name, kind)
    rows = statement.rows(connection, start=start, end=start + _LAST, most=most)
    return [word for word, from_text in rows if from_texts or not from_text]


def _listed(connection: Connection, values: Collection[str]) -> object:
    """Return a list of any length as one parameter, so that there is one statement."""
    is_sqlite = connection.dialect.name == "sqlite"
    return json.dumps(list(values), ensure_ascii=False) if is_sqlite else list(values)


def _is_listed(column: InstrumentedAttribute[str], dialect: str) -> ColumnElement[bool]:
    listed = bindparam("listed", type_=NullType())
    if dialect == "sqlite":
        return column.in_(select(func.json_each(listed).table_valued("value").c.value))
    return column == any_(listed)


def _current() -> Any:
    return select(WordsState.number).where(WordsState.name == text(f"'{STATE}'")).scalar_subquery()


@cache
def _variants(dialect: str) -> Prepared:
    term = (Term.generation == TermVariant.generation) & (Term.number == TermVariant.number)
    columns = (TermVariant.variant, Term.text, Term.weight, Term.from_text, Term.pinyin)
    statement = select(*columns).join(Term, term).where(TermVariant.generation == _current())
    return Prepared(statement.where(_is_listed(TermVariant.variant, dialect)), DIALECTS[dialect])


@cache
def _words(dialect: str) -> Prepared:
    statement = select(Term.text, Term.weight).where(Term.generation == _current())
    return Prepared(statement.where(_is_listed(Term.text, dialect)), DIALECTS[dialect])


@cache
def _beginning(dialect: str, kind: str) -> Prepared:
    columns = (Term.text,) if kind == "text" else (Term.letters, Term.initials)
    start, end = bindparam("start", type_=String()), bindparam("end", type_=String())
    statement = (
        select(Term.text, Term.from_text)
        .where(Term.generation == _current())
        .where(or_(*((column >= start) & (column < end) for column in columns)))
        .order_by(Term.from_text, Term.weight.desc(), Term.text)
        .limit(bindparam("most", type_=Integer()))
    )
    return Prepared(statement, DIALECTS[dialect])


@cache
def _spoken(dialect: str) -> Prepared:
    letters = bindparam("letters", type_=String())
    statement = (
        select(Term.text)
        .where(Term.generation == _current())
        .where(or_(Term.letters == letters, Term.initials == letters))
        .order_by((Term.letters == letters).desc(), Term.from_text, Term.weight.desc(), Term.text)
        .limit(bindparam("most", type_=Integer()))
    )
    return Prepared(statement, DIALECTS[dialect])
