"""The clock: every engine is asked in turn, so that a noisy minute hurts all alike."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from benchmarks.looking.engines import Engine
from benchmarks.looking.questions import Question

Times = dict[str, dict[int, float]]
"""By engine: milliseconds of each question, by its place in the list."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was measured.

    Attributes:
        median: of the calls of each question.
        fastest: of them, which tells more where other work disturbs the clock.
    """

    median: Times = field(default_factory=dict)
    fastest: Times = field(default_factory=dict)

    def add(self, other: "Taken") -> None:
        """Take in what other engines took."""
        self.median.update(other.median)
        self.fastest.update(other.fastest)


@dataclass(frozen=True, slots=True)
class Summary:
    """Milliseconds over questions, each question's being its median."""

    questions: int
    mean: float
    p50: float
    p99: float
    worst: float


def take_times(
    engines: Sequence[Engine],
    questions: Sequence[Question],
    places: Sequence[int],
    *,
    rounds: int,
    warm: bool = True,
) -> Taken:
    """Ask every question ``rounds`` times after a round that does not count (unless not ``warm``).

    Args:
        engines: who goes first changes with every question.
        questions: all of them.
        places: which of them are asked.
        rounds: how often each.
        warm: whether a first round is run and forgotten.
    """
    calls = {
        (engine.name, place): engine.ready(questions[place])
        for engine in engines
        for place in places
    }
    taken: dict[tuple[str, int], list[float]] = {key: [] for key in calls}
    names = [engine.name for engine in engines]
    lent = {engine.name: engine.lent for engine in engines}
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        for number in range(rounds + warm):
            for place in places:
                first = (number + place) % len(names)
                for name in names[first:] + names[:first]:
                    passed_ms = _time(lent[name], calls[name, place])
                    if number >= warm:
                        taken[name, place].append(passed_ms)
    finally:
        gc.enable()
        gc.unfreeze()
    return Taken(
        {name: {at: statistics.median(taken[name, at]) for at in places} for name in names},
        {name: {at: min(taken[name, at]) for at in places} for name in names},
    )


def _time(lent: Callable[[], AbstractContextManager[object]], call: Callable[[], object]) -> float:
    with lent():
        started = time.perf_counter()
        call()
        return (time.perf_counter() - started) * 1000


def summary(times: Mapping[int, float], places: Sequence[int]) -> Summary | None:
    """Return the figures over those of ``places`` that were asked; None when there are none."""
    found = sorted(times[place] for place in places if place in times)
    if not found:
        return None
    return Summary(
        len(found),
        statistics.mean(found),
        nearest_rank(found, 50),
        nearest_rank(found, 99),
        found[-1],
    )


def nearest_rank(ordered: Sequence[float], percent: int) -> float:
    """Return the nearest rank of an ordered list."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def ratio(times: Times, one: str, other: str, places: Sequence[int]) -> float | None:
    """Return the mean of one ÷ the mean of the other over what both were asked."""
    both = [place for place in places if place in times[one] and place in times[other]]
    if not both:
        return None
    total = sum(times[one][place] for place in both)
    return total / sum(times[other][place] for place in both)
