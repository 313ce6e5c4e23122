"""Building the vocabulary: gathered and counted outside any transaction, written in short ones.

A vocabulary is a generation. The new one is written beside the old, one row switches from the one
to the other, and only then is the old one removed: every statement of a reader sees one of them,
whole. What a killed build left behind is removed by the next.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import delete, func, insert, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session

from wx_archive.catalogue.words import sounds
from wx_archive.catalogue.words.gather import harvest
from wx_archive.catalogue.words.models import Term, TermVariant, WordsState
from wx_archive.catalogue.words.spelling import variants
from wx_archive.catalogue.words.vocabulary import Word, build
from wx_archive.core.batches import batches
from wx_archive.core.database import Base, Database, insert_into

log = logging.getLogger(__name__)

STATE: Final = "vocabulary"
_BATCH: Final = 500
"""Terms written in one transaction, with some five variants each."""
_SWEPT: Final = 2_000
_WRITING_S: Final = 0.2
_GAP_S: Final = 0.12
"""After so much writing the lock is left alone for so long: messages are not kept waiting."""


def rebuild(database: Database, *, today: date, also: Iterable[str] = ()) -> int:
    """Build the vocabulary of what is public on ``today``; return how many words it has.

    Somebody else's build that is under way is left to its end: then nothing is done and 0 returned.

    Args:
        database: holds the public index.
        today: Shanghai calendar.
        also: words of the bureau's own, such as its synonyms.
    """
    with database.exclusively("vocabulary") as alone:
        if not alone:
            return 0
        words = build(harvest(database, today=today), also=also)
        writer = _Writer(database)
        generation = writer.next_generation()
        writer.sweep(keep=generation - 1)
        for number, batch in enumerate(batches(words, _BATCH)):
            writer.write(generation, batch, first=number * _BATCH)
        writer.switch(generation, sounds.write(char for word in words for char in word.text))
        writer.sweep(keep=generation)
    log.info("words.rebuilt terms=%d", len(words))
    return len(words)


@dataclass(slots=True)
class _Writer:
    database: Database
    _since: float = 0.0

    def next_generation(self) -> int:
        with self.database.reads() as connection:
            current = connection.execute(
                select(WordsState.number).where(WordsState.name == STATE)
            ).scalar_one_or_none()
        return (current or 0) + 1

    def write(self, generation: int, batch: Sequence[Word], *, first: int) -> None:
        terms: list[dict[str, Any]] = []
        spelt: list[dict[str, Any]] = []
        for number, word in enumerate(batch, first):
            terms.append(_term(word) | {"generation": generation, "number": number})
            spelt += [
                {"generation": generation, "number": number, "variant": variant}
                for variant in _variants(word.text)
            ]

        def work(session: Session) -> None:
            _insert(session, Term, terms)
            _insert(session, TermVariant, spelt)

        self._in_short(work)

    def switch(self, generation: int, table: str) -> None:
        """Make a generation the current one: the moment at which readers see it."""

        def work(session: Session) -> None:
            for name, number, text in ((sounds.STATE, 1, table), (STATE, generation, "")):
                put = insert_into(session, WordsState).values(name=name, number=number, text=text)
                changed = {"number": put.excluded.number, "text": put.excluded.text}
                session.execute(put.on_conflict_do_update(index_elements=["name"], set_=changed))

        self._in_short(work)

    def sweep(self, *, keep: int) -> None:
        """Remove every other generation, bit by bit."""
        for key in (TermVariant.variant, Term.number):
            while self._sweep_some(key, keep):
                pass

    def _sweep_some(self, key: InstrumentedAttribute[Any], keep: int) -> bool:
        """Remove some rows of another generation; tell whether there were any."""
        table = key.class_
        with self.database.reads() as connection:
            other = connection.execute(
                select(table.generation).where(table.generation != keep).limit(1)
            ).scalar_one_or_none()
            if other is None:
                return False
            edge = connection.execute(
                select(key).where(table.generation == other).order_by(key).offset(_SWEPT).limit(1)
            ).scalar_one_or_none()
        rest = delete(table).where(table.generation == other)
        self._in_short(
            lambda session: session.execute(rest if edge is None else rest.where(key < edge))
        )
        return True

    def _in_short(self, work: Callable[[Session], object]) -> None:
        if self.database.is_sqlite and time.monotonic() - self._since >= _WRITING_S:
            if self._since:
                time.sleep(_GAP_S)
            self._since = time.monotonic()
        with self.database.begin(unhurried=True) as session:
            work(session)


def _insert(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert many rows at once; on PostgreSQL as arrays, several times faster than row by row."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(insert(table), rows)
        return
    columns = table.__table__.columns
    arrays = [
        func.unnest(literal([row[name] for row in rows], ARRAY(columns[name].type)))
        for name in rows[0]
    ]
    session.execute(insert(table).from_select(list(rows[0]), select(*arrays)))


def _term(word: Word) -> dict[str, Any]:
    syllables = sounds.spoken(word.text)
    return {
        "text": word.text,
        "weight": word.weight,
        "from_text": word.from_text,
        "pinyin": " ".join(syllables),
        "letters": "".join(syllables),
        "initials": "".join(syllable[0] for syllable in syllables),
    }


def _variants(text: str) -> set[str]:
    """Return what leads to a term: near spellings, its sound as read and character by character."""
    return {
        *variants(text),
        sounds.sound(sounds.spoken(text)),
        sounds.sound(sounds.syllables(text, sounds.common())),
    }
