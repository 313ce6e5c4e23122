"""How often the first guess is right, over the real documents and over the demo's catalogue.

Goals: 95 of 100 for another character (of the same sound or any), 85 of 100 for a missing one,
within the vocabulary of titles, offices, keywords and topics.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, select

from tests.real import TODAY
from wx_archive.catalogue import words
from wx_archive.catalogue.words import sounds
from wx_archive.catalogue.words.build import STATE
from wx_archive.catalogue.words.correct import corrections
from wx_archive.catalogue.words.models import Term, WordsState
from wx_archive.core.database import Database

TRIED = 300


@dataclass(frozen=True)
class Typist:
    """Makes mistakes, the same ones in every run."""

    chance: random.Random
    table: Mapping[str, str]
    characters: list[str]

    def another_of_the_same_sound(self, word: str) -> str:
        at = self.chance.randrange(len(word))
        sound = self.table[word[at]]
        same = [char for char in self.characters if self.table[char] == sound != char]
        return word[:at] + self.chance.choice(same) + word[at + 1 :]

    def any_other(self, word: str) -> str:
        at = self.chance.randrange(len(word))
        return word[:at] + self.chance.choice(self.characters) + word[at + 1 :]

    def one_missing(self, word: str) -> str:
        at = self.chance.randrange(len(word))
        return word[:at] + word[at + 1 :]


def vocabulary(connection: Connection) -> tuple[list[str], frozenset[str]]:
    """Return the words of titles, offices, keywords and topics; and all words."""
    current = select(WordsState.number).where(WordsState.name == STATE).scalar_subquery()
    rows = connection.execute(
        select(Term.text, Term.from_text).where(Term.generation == current).order_by(Term.text)
    ).all()
    return [row.text for row in rows if not row.from_text], frozenset(row.text for row in rows)


def mistyped(
    main: list[str], known: frozenset[str], typist: Typist, slip: Callable[[Typist, str], str]
) -> Iterator[tuple[str, str]]:
    """Return words of three characters and more beside how they came out."""
    long_enough = [word for word in main if len(word) >= 3]
    while True:
        word = typist.chance.choice(long_enough)
        typed = slip(typist, word)
        if typed != word and typed not in known:
            yield word, typed


@pytest.fixture(params=["real", "demo"])
def stocked(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database with a vocabulary: the real documents' and the demo's."""
    if request.param == "real":
        yield request.getfixturevalue("real_sqlite")
        return
    make = request.getfixturevalue("demo_settings")
    database = Database(make().database)
    words.rebuild(database, today=TODAY)
    yield database
    database.dispose()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("slip", "goal"),
    [
        (Typist.another_of_the_same_sound, 0.95),
        (Typist.any_other, 0.95),
        (Typist.one_missing, 0.85),
    ],
)
def test_the_first_guess_is_nearly_always_right(
    stocked: Database,
    slip: Callable[[Typist, str], str],
    goal: float,
    record_property: Callable[[str, object], None],
) -> None:
    right, missed, took = 0, [], []
    with stocked.engine.connect() as connection:
        main, known = vocabulary(connection)
        table = sounds.table(connection)
        characters = sorted({char for word in known for char in word} & table.keys())
        typist = Typist(random.Random(20), table, characters)  # noqa: S311 -- a seeded sample
        for (word, typed), _time in zip(
            mistyped(main, known, typist, slip), range(TRIED), strict=False
        ):
            start = time.perf_counter()
            first = next(corrections(connection, typed), None)
            took.append(time.perf_counter() - start)
            right += (hit := first is not None and first.meant == word)
            missed += [] if hit else [(word, typed, first and first.meant)]
    told = f"{right / TRIED:.3f} of {TRIED}, median {statistics.median(took) * 1000:.2f} ms"
    record_property(slip.__name__, told)
    print(slip.__name__, len(known), told, missed[:5])  # noqa: T201 -- the report
    assert right >= goal * TRIED, (told, missed[:20])


@pytest.mark.timeout(300)
def test_most_guesses_lead_to_something_public(stocked: Database) -> None:
    with stocked.engine.connect() as connection:
        main, known = vocabulary(connection)
        table = sounds.table(connection)
        typist = Typist(random.Random(21), table, sorted(table))  # noqa: S311 -- a seeded sample
        told = [
            (word, words.did_you_mean(connection, typed, today=TODAY))
            for (word, typed), _time in zip(
                mistyped(main, known, typist, Typist.another_of_the_same_sound),
                range(60),
                strict=False,
            )
        ]
    assert sum(meant[:1] == (word,) for word, meant in told) >= 54, told
