"""Which question comes when: never twice, in proportion, by the seed alone."""

import math
import random
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.quiz.making import PROJECT, TODAY, a_question
from wx_archive.quiz import drawing
from wx_archive.quiz.bank import of_files
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import LETTERS, Kind

MOST_OFF = 1.5
"""So many questions more or fewer than its part a theme has had, at any moment."""
MOST_OFF_OF_TWO = 2.0
"""The same for a difficulty, where the theme that is due leaves less to choose from."""
SEEDS = st.integers(min_value=0, max_value=2**62 - 1)
THEMES = ("laws", "papers", "places", "people", "things")


def question_of(theme: str, number: int, difficulty: int) -> Question:
    return a_question(number, id=f"{theme}-{number:03}", theme=theme, difficulty=difficulty)


@st.composite
def banks(draw: st.DrawFn) -> list[Question]:
    """A bank of some themes, none of them tiny, of whatever difficulties."""
    sizes = draw(st.lists(st.integers(4, 12), min_size=1, max_size=len(THEMES)))
    return [
        question_of(theme, number, draw(st.sampled_from((1, 1, 2, 2, 3))))
        for theme, size in zip(THEMES, sizes, strict=False)
        for number in range(1, size + 1)
    ]


def dealt(askable: Sequence[Question], seed: int, most: int | None = None) -> list[Question]:
    """Return the questions in the order in which they are dealt."""
    found: list[Question] = []
    for _ in range(len(askable) + 1 if most is None else most):
        one = drawing.choose(askable, {each.id for each in found}, seed=seed)
        if one is None:
            break
        found.append(one)
    return found


def most_off(
    askable: Sequence[Question], sequence: Sequence[Question], group: Callable[[Question], Hashable]
) -> float:
    """Return by how many questions a group was off its part, at the worst moment."""
    sizes, had = Counter(map(group, askable)), Counter[Hashable]()
    worst = 0.0
    for number, one in enumerate(sequence, start=1):
        had[group(one)] += 1
        parts = (abs(had[each] - number * size / len(askable)) for each, size in sizes.items())
        worst = max(worst, *parts)
    return worst


def theme_of(one: Question) -> str:
    return one.theme


def difficulty_of(one: Question) -> int:
    return one.difficulty


@pytest.fixture(scope="module")
def shipped() -> Sequence[Question]:
    return of_files(PROJECT).askable((), TODAY)


@given(askable=banks(), seed=SEEDS)
def test_every_question_is_dealt_once_and_then_none(askable: list[Question], seed: int) -> None:
    sequence = dealt(askable, seed)
    assert Counter(one.id for one in sequence) == Counter(one.id for one in askable)
    assert drawing.choose(askable, {one.id for one in askable}, seed=seed) is None


@given(askable=banks(), seed=SEEDS)
def test_at_every_moment_each_theme_has_had_its_part(askable: list[Question], seed: int) -> None:
    assert most_off(askable, dealt(askable, seed), theme_of) <= MOST_OFF


@given(sizes=st.lists(st.integers(4, 12), min_size=3, max_size=3), seed=SEEDS)
def test_at_every_moment_each_difficulty_of_one_theme_has_had_its_part(
    sizes: list[int], seed: int
) -> None:
    levels = [level for level, size in enumerate(sizes, start=1) for _ in range(size)]
    askable = [question_of("laws", number, level) for number, level in enumerate(levels, start=1)]
    assert most_off(askable, dealt(askable, seed), difficulty_of) <= MOST_OFF


@pytest.mark.parametrize("seed", [1, 2**31, 2**61 + 7, 987_654_321_987])
def test_the_shipped_bank_is_dealt_in_proportion_from_the_first_question_to_the_last(
    shipped: Sequence[Question], seed: int
) -> None:
    sequence = dealt(shipped, seed)
    assert len(sequence) == len(shipped)
    assert most_off(shipped, sequence, theme_of) <= MOST_OFF
    assert most_off(shipped, sequence, difficulty_of) <= MOST_OFF_OF_TWO


@given(askable=banks(), seed=SEEDS, shuffle=st.randoms(use_true_random=False))
def test_the_same_seed_deals_the_same_however_the_bank_is_ordered(
    askable: list[Question], seed: int, shuffle: random.Random
) -> None:
    again = list(askable)
    shuffle.shuffle(again)
    assert dealt(askable, seed) == dealt(again, seed)


def test_other_seeds_deal_otherwise(shipped: Sequence[Question]) -> None:
    sequences = [tuple(one.id for one in dealt(shipped, seed, 10)) for seed in range(40)]
    assert len(set(sequences)) == len(sequences)
    firsts = Counter(sequence[0] for sequence in sequences)
    assert len(firsts) > 10


@given(askable=banks(), seed=SEEDS, before=st.integers(0, 20), added=st.integers(1, 3))
def test_a_question_added_later_changes_nothing_that_was_dealt(
    askable: list[Question], seed: int, before: int, added: int
) -> None:
    had = dealt(askable, seed, before)
    orders = [drawing.order_of(one, seed=seed) for one in had]
    more = [question_of(THEMES[n], 90 + n, n % 3 + 1) for n in range(added)]
    sequence = list(had)
    while one := drawing.choose([*askable, *more], {each.id for each in sequence}, seed=seed):
        sequence.append(one)
    assert Counter(one.id for one in sequence) == Counter(one.id for one in [*askable, *more])
    assert [drawing.order_of(one, seed=seed) for one in had] == orders


@given(askable=banks(), seed=SEEDS, gone=st.integers(0, 100))
def test_what_is_withdrawn_is_never_dealt_though_it_was_drawn_before(
    askable: list[Question], seed: int, gone: int
) -> None:
    drawn = {one.id for one in dealt(askable, seed, 3)}
    left = [one for number, one in enumerate(askable) if number != gone % len(askable)]
    one = drawing.choose(left, drawn, seed=seed)
    assert one is None or (one in left and one.id not in drawn)


# -- the order of the options -------------------------------------------------------------------

SPREAD = 10_000


def test_the_options_of_a_question_come_in_every_order_alike() -> None:
    """24 orders: chi-square of 23 degrees of freedom exceeds 60 about once in 30,000 times."""
    question = a_question()
    seen = Counter(drawing.order_of(question, seed=seed) for seed in range(SPREAD))
    expected = SPREAD / math.factorial(len(LETTERS))
    assert set(seen) == {"".join(order) for order in permutations(LETTERS)}
    assert sum((number - expected) ** 2 / expected for number in seen.values()) < 60


def test_the_right_option_stands_in_every_place_alike() -> None:
    question = a_question()
    places = Counter(drawing.order_of(question, seed=seed).index("B") for seed in range(SPREAD))
    assert all(abs(places[place] - SPREAD / 4) < SPREAD / 40 for place in range(4))


def test_orders_of_two_questions_of_one_follower_have_nothing_to_do_with_each_other() -> None:
    one, other = a_question(1), a_question(2)
    pairs = Counter(
        (drawing.order_of(one, seed=seed), drawing.order_of(other, seed=seed))
        for seed in range(SPREAD)
    )
    same = sum(number for (first, second), number in pairs.items() if first == second)
    assert abs(same - SPREAD / 24) < SPREAD / 100
    assert len(pairs) == 24 * 24


@given(seed=SEEDS)
def test_options_that_are_to_stand_as_they_are_are_not_shuffled(seed: int) -> None:
    assert drawing.order_of(a_question(keep_order=True), seed=seed) == "ABCD"
    judged = a_question(kind=Kind.JUDGE, options=(), answer=("对",))
    assert drawing.order_of(judged, seed=seed) == "AB"
    for kind in (Kind.FILL, Kind.YEAR):
        assert (
            drawing.order_of(a_question(kind=kind, options=(), answer=("1969",)), seed=seed) == ""
        )


@given(seed=SEEDS, options=st.integers(2, 4))
def test_an_order_names_every_option_once_and_always_the_same(seed: int, options: int) -> None:
    question = a_question(options=("甲", "乙", "丙", "丁")[:options])
    order = drawing.order_of(question, seed=seed)
    assert sorted(order) == list(LETTERS[:options])
    assert drawing.order_of(question, seed=seed) == order


def test_an_order_tells_nothing_of_the_answer() -> None:
    """Letters are shuffled by seed and id alone: another right option stands where it stood."""
    answers = [a_question(answer=(letter,)) for letter in LETTERS]
    for seed in range(50):
        assert len({drawing.order_of(one, seed=seed) for one in answers}) == 1
