"""What must be true after every fault: pure functions; each returns the breaches it found."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from tests.faults.caller import Told
from tests.faults.ledger import Books, Cell
from tests.faults.messages import Kind

ANSWERS_WITHIN_S: Final = 4.9
NEAR_DEADLINE_S: Final = 4.0
CHOSEN_WORDS: Final = "已选上"
DROPPED_WORDS: Final = "已取消"


def unanswered(told: Iterable[Told]) -> list[str]:
    """Messages that got no answer, and whose repetition by the follower got none either."""
    return [
        f"unanswered: {one.message.kind} {one.message.key[:12]}"
        for one in told
        if not one.is_acknowledged and (one.instead is None or not one.instead.is_acknowledged)
    ]


def unequal(told: Iterable[Told]) -> list[str]:
    """Messages whose deliveries got different answers."""
    return [
        f"unequal answers: {one.message.kind} {one.message.key[:12]}"
        for one in told
        if len({outcome.reply for outcome in one.outcomes if outcome.is_acknowledged}) > 1
    ]


def unreadable(told: Iterable[Told]) -> list[str]:
    """Answers that WeChat could not have opened."""
    return [
        f"unreadable answer: {one.message.kind}"
        for one in told
        if not all(outcome.is_readable for outcome in one.outcomes)
    ]


def failed(told: Iterable[Told]) -> list[str]:
    """Answers that declare a fault of ours other than a passing one."""
    return [
        f"status {outcome.status}: {one.message.kind}"
        for one in told
        for outcome in one.outcomes
        if outcome.status not in (None, 200, 503)
    ]


def lost(told: Iterable[Told], books: Books) -> list[str]:
    """Effects that were acknowledged and are not there."""
    return [
        f"lost: {one.message.kind} {one.message.key[:12]}"
        for one in told
        if one.message.has_effect
        and one.is_acknowledged
        and one.message.key not in books.handled - books.unfinished
    ]


def invented(told: Iterable[Told], books: Books) -> list[str]:
    """Effects that nobody asked for, or that were left half done."""
    known = {one.message.key for one in told}
    breaches = [f"invented: {key[:12]}" for key in sorted(books.handled - known)]
    breaches += [f"unfinished: {key[:12]}" for key in sorted(books.unfinished)]
    return breaches + (["dead letters"] if books.buried else [])


def doubled(told: Iterable[Told], books: Books) -> list[str]:
    """Topics whose state is not what the taps that were handled make of it, each once."""
    taps = Counter(
        (one.message.openid, one.message.subject)
        for one in told
        if one.message.kind is Kind.TAP and one.message.key in books.handled
    )
    expected = {cell for cell, number in taps.items() if number % 2}
    return [f"not once: {cell[1]} of {cell[0][:12]}" for cell in sorted(expected ^ books.chosen)]


def misworded(told: Iterable[Told], books: Books) -> list[str]:
    """Topics whose answers do not alternate: n effects, half of them «chosen», half «dropped»."""
    taps: Counter[Cell] = Counter()
    said: dict[Cell, list[bool]] = defaultdict(list)
    for one in told:
        if one.message.kind is not Kind.TAP or one.message.key not in books.handled:
            continue
        cell = (one.message.openid, one.message.subject)
        taps[cell] += 1
        reply = next((outcome.reply for outcome in one.outcomes if outcome.reply), None)
        if reply is not None:
            said[cell].append(CHOSEN_WORDS in reply)
            if (CHOSEN_WORDS in reply) == (DROPPED_WORDS in reply):
                return [f"an answer to a tap that is none: {reply[:80]}"]
    return [
        f"answers do not alternate: {cell[1]} of {cell[0][:12]}"
        for cell, chosen in said.items()
        if sum(chosen) > math.ceil(taps[cell] / 2)
        or len(chosen) - sum(chosen) > math.floor(taps[cell] / 2)
    ]


def misplaced(told: Iterable[Told], books: Books) -> list[str]:
    """Followers whose state is not that of the newest event that was handled."""
    newest: dict[str, tuple[int, bool]] = {}
    for one in told:
        message = one.message
        if message.kind in (Kind.ARRIVAL, Kind.DEPARTURE) and message.key in books.handled:
            event = (message.created_at, message.kind is Kind.ARRIVAL)
            newest[message.openid] = max(event, newest.get(message.openid, event))
    return [
        f"state of an older event: {openid[:12]}"
        for openid, (at, follows) in newest.items()
        if books.following.get(openid) != follows or books.changed_at.get(openid) != at
    ]


def late(told: Iterable[Told], limit_s: float = ANSWERS_WITHIN_S) -> list[str]:
    """Answers that came when WeChat had all but hung up."""
    return [
        f"late: {one.message.kind} after {outcome.took_s:.2f} s"
        for one in told
        for outcome in one.outcomes
        if outcome.status is not None and outcome.took_s > limit_s
    ]


def silent(told: Iterable[Told]) -> list[str]:
    """Deliveries that got no answer although the account was up."""
    return [
        f"silence: {one.message.kind} after {outcome.took_s:.2f} s"
        for one in told
        for outcome in one.outcomes
        if outcome.status is None
    ]


def hasty(told: Iterable[Told], near_s: float = NEAR_DEADLINE_S) -> list[str]:
    """Answers of 503 that came early: WeChat's tries would be gone within a second."""
    return [
        f"early 503: {one.message.kind} after {outcome.took_s:.2f} s"
        for one in told
        for outcome in one.outcomes
        if outcome.status == 503 and outcome.took_s < near_s
    ]


def after_all(told: Sequence[Told], books: Books) -> list[str]:
    """Everything that must hold after every fault."""
    return [
        *unanswered(told),
        *unequal(told),
        *unreadable(told),
        *failed(told),
        *lost(told, books),
        *invented(told, books),
        *doubled(told, books),
        *misworded(told, books),
        *misplaced(told, books),
    ]


def firing_breaches(expected: Iterable[str], attempts: Mapping[str, int]) -> list[str]:
    """Firings of a schedule that were not inserted, or done more often than once.

    Args:
        expected: the keys of the jobs that had to be inserted.
        attempts: how often each job that is there was begun.
    """
    wanted = set(expected)
    breaches = [f"never fired: {key}" for key in sorted(wanted - set(attempts))]
    breaches += [f"fired beside: {key}" for key in sorted(set(attempts) - wanted)]
    return breaches + [f"done {n} times: {key}" for key, n in attempts.items() if n > 1]


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value below which ``share`` of the values lie; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
