"""Whether a record that somebody has in mind is where they will see it."""

import random
from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.looking.catalogue import Raw
from benchmarks.looking.engines import Engine
from benchmarks.looking.questions import Question, fragment
from wx_archive.catalogue.query import MAX_LENGTH

PLACES: Final = (1, 5, 10)
Shares = dict[str, float]


def known_items(
    engines: Sequence[Engine],
    sample: Sequence[Raw],
    title_of: Callable[[str], str],
    *,
    seed: int,
) -> dict[str, dict[str, Shares]]:
    """Return how often a record is among the first one, five and ten, by engine and way of asking.

    Asked for by its full title, and by two fragments of 2 to 4 characters of it and its year.
    ``itself`` counts the very record; many bear the same title, so ``or its like`` counts those.

    Args:
        engines: whom to ask.
        sample: the records in mind.
        title_of: gives a record's normalised title by its key.
        seed: of the fragments.
    """
    ways = {"full title": _by_title(sample), "fragments and year": _by_fragments(sample, seed)}
    found: dict[str, dict[str, Shares]] = {}
    for engine in engines:
        for way, questions in ways.items():
            tops = [engine.top(question, max(PLACES)) for question in questions]
            found.setdefault(engine.name, {})[way] = _shares(tops, sample, title_of)
    return found


def _by_title(sample: Sequence[Raw]) -> list[Question]:
    return [Question("full title", str(row["title"])[:MAX_LENGTH]) for row in sample]


def _by_fragments(sample: Sequence[Raw], seed: int) -> list[Question]:
    chance = random.Random(seed)  # noqa: S311 -- a seeded sample
    return [
        Question(
            "fragments and year",
            f"{fragment(row, chance, 2, 4, only_title=True)} "
            f"{fragment(row, chance, 2, 4, only_title=True)} {row['year']}年",
        )
        for row in sample
    ]


def _shares(
    tops: Sequence[Sequence[str]], sample: Sequence[Raw], title_of: Callable[[str], str]
) -> Shares:
    shares: Shares = {}
    for most in PLACES:
        itself = like = 0
        for top, row in zip(tops, sample, strict=True):
            key = str(row["id"])
            itself += key in top[:most]
            like += title_of(key) in map(title_of, top[:most])
        shares[f"itself@{most}"] = itself / len(sample)
        shares[f"or its like@{most}"] = like / len(sample)
    return shares
