"""Events of one second, late ones and shuffled ones: each is handled, the newest decides."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from itertools import permutations

import pytest

from tests.faults import invariants, ledger
from tests.faults.caller import WeChat
from tests.faults.conftest import Place, Size, Tell
from tests.faults.messages import Double, Kind, Message, a_message
from tests.faults.report import summed
from tests.faults.tree import Tree, account
from tests.faults.wire import present

AT_ONCE = 12
EVENTS = 4


def orders(number: int) -> Sequence[Sequence[int]]:
    """Return orders in which four events may arrive: every one of them, over and over."""
    every = list(permutations(range(EVENTS)))
    return [every[index % len(every)] for index in range(number)]


def comings_and_goings(number: int, start: int) -> list[list[Message]]:
    """Return the events of so many followers, each follower's in the order of their arrival.

    Every second follower ends as one who left.
    """
    told = []
    for index, order in enumerate(orders(number)):
        openid = f"oOrder{index:022d}"
        kinds = [(Kind.ARRIVAL, Kind.DEPARTURE)[(index + place) % 2] for place in range(EVENTS)]
        events = [a_message(kind, openid, start + place) for place, kind in enumerate(kinds)]
        told.append([events[place] for place in order])
    return told


def in_one_second(number: int, second: int) -> list[Message]:
    """Return different messages that followers sent within the same second."""
    told = []
    for index in range(number):
        openid = f"oSecond{index:021d}"
        told += [a_message(Kind.TAP, openid, second, "city") for _ in range(3)]
        told += [a_message(kind, openid, second) for kind in (Kind.ARRIVAL, Kind.CLICK)]
    return told


async def tell_in_order(wechat: WeChat, events: Sequence[Message], gate: asyncio.Semaphore) -> None:
    """Deliver one after the other, or, for every third follower, all at once."""
    rng = random.Random(events[0].openid)  # noqa: S311 -- repeatable on purpose
    async with gate, asyncio.TaskGroup() as group:
        at_once = rng.random() < 0.33
        for event in events:
            double = Double(0.0, is_fresh=rng.random() < 0.5) if rng.random() < 0.3 else None
            if at_once:
                group.create_task(wechat.tell(event, double))
            else:
                await wechat.tell(event, double)


async def shuffled(tree: Tree, followers: int, start: int) -> WeChat:
    wechat = WeChat(tree.port)
    gate = asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as group:
        for events in comings_and_goings(followers, start):
            group.create_task(tell_in_order(wechat, events, gate))
    return wechat


async def at_one_second(tree: Tree, followers: int) -> WeChat:
    wechat = WeChat(tree.port)
    gate = asyncio.Semaphore(AT_ONCE)

    async def send(message: Message) -> None:
        async with gate:
            await wechat.tell(message, Double(0.0, is_fresh=True))

    async with asyncio.TaskGroup() as group:
        for message in in_one_second(followers, present()):
            group.create_task(send(message))
    return wechat


@pytest.mark.timeout(180)
def test_late_and_shuffled_events_end_in_the_newest_state_and_those_of_one_second_are_all_handled(
    place: Place, size: Size, tell: Tell
) -> None:
    followers = size.count(240, 48)
    start = present() - 60

    async def run(tree: Tree) -> tuple[WeChat, WeChat]:
        await tree.ready()
        late = await shuffled(tree, followers, start)
        return late, await at_one_second(tree, size.count(60, 12))

    with account(place.settings) as tree:
        late, at_once = asyncio.run(run(tree))
    books = ledger.read(place.settings)
    breaches = invariants.after_all(late.told + at_once.told, books)
    breaches += invariants.silent(late.told + at_once.told)
    tell(summed("shuffled comings and goings", place.name, late.told, books, breaches))
    tell(summed("one second", place.name, at_once.told, books, breaches))
    assert not breaches
    newest = start + EVENTS - 1
    shown = books.about({one.message.openid for one in late.told})
    assert Counter(shown.changed_at.values()) == {newest: followers}
    assert Counter(shown.following.values()) == {True: followers // 2, False: followers // 2}
    effects = sum(one.message.has_effect for one in late.told + at_once.told)
    assert len(books.handled) == effects
