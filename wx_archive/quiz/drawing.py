"""Which question comes next, and in which order its options stand: decided by a seed, no luck.

Without replacement, and balanced: at every moment each theme, and each difficulty, has been asked
in proportion to what the bank has of it.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, TypeVar

from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import LETTERS, Kind

K = TypeVar("K", str, int)
EASY_START: Final = 3


def choose(askable: Sequence[Question], drawn: Collection[str], *, seed: int) -> Question | None:
    """Return the question to be dealt next; None when all have been.

    Args:
        askable: what may be dealt, those dealt already included.
        drawn: ids of those dealt already.
        seed: of the follower's part in the season.
    """
    left = [one for one in askable if one.id not in drawn]
    if not left:
        return None
    if len(drawn) < EASY_START:
        # Whoever begins finds something to tap.
        left = [one for one in left if one.kind in (Kind.SINGLE, Kind.JUDGE)] or left
    before = [one for one in askable if one.id in drawn]
    theme = _behind(lambda one: one.theme, askable, before, left, seed)
    of_theme = [one for one in left if one.theme == theme]
    difficulty = _behind(lambda one: one.difficulty, askable, before, of_theme, seed)
    fitting = (one for one in of_theme if one.difficulty == difficulty)
    return min(fitting, key=lambda one: _chance(seed, one.id))


def order_of(question: Question, *, seed: int) -> str:
    """Return the letters of the options as they are shown: CADB shows C as A.

    Empty where nothing is chosen.
    """
    letters = LETTERS[: len(question.shown_options)]
    if question.keep_order or question.kind is Kind.JUDGE:
        return letters
    return "".join(sorted(letters, key=lambda one: _chance(seed, f"{question.id}/{one}")))


def _behind(
    group: Callable[[Question], K],
    askable: Iterable[Question],
    before: Iterable[Question],
    left: Iterable[Question],
    seed: int,
) -> K:
    """Return the group that is furthest behind its share; the seed decides between equals."""
    sizes, asked = Counter(map(group, askable)), Counter(map(group, before))
    groups = {group(one) for one in left}
    return min(
        groups, key=lambda one: ((asked[one] + 0.5) / sizes[one], _chance(seed, f"group/{one}"))
    )


def _chance(seed: int, what: str) -> bytes:
    return hashlib.sha256(f"{seed}/{what}".encode()).digest()
