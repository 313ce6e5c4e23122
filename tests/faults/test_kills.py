"""kill -9 under load, every two seconds: one effect, one answer, nothing lost, nobody orphaned."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

import pytest

from tests.faults import invariants, ledger
from tests.faults.caller import WeChat
from tests.faults.conftest import Place, Size, Tell
from tests.faults.messages import plan
from tests.faults.report import Row, summed, times_ms, verdict
from tests.faults.tree import Role, Tree, account, end
from tests.faults.wire import present

EVERY_S = 2.0
READY_WITHIN_S = 10.0
"""On a machine of its own, as in the full form."""


@dataclass(slots=True)
class Kills:
    """How often was killed, how often at most, and what outlived its parent."""

    limit: int
    number: int = 0
    orphans: list[str] = field(default_factory=list)


Killer = Callable[[Tree, Kills], Coroutine[None, None, None]]


async def kill_parents(tree: Tree, kills: Kills) -> None:
    """Kill the whole tree by its head, and start it again as systemd would."""
    while kills.number < kills.limit:
        await tree.ready()
        await asyncio.sleep(EVERY_S)
        tree.kill_parent()
        kills.number += 1
        left = await tree.orphans()
        kills.orphans += [f"orphan: {process.role}" for process in left]
        tree.start()


async def kill_web_workers(tree: Tree, kills: Kills) -> None:
    """Kill one web worker, then all of them, and so on."""
    rng = random.Random(5)  # noqa: S311 -- repeatable on purpose
    while kills.number < kills.limit:
        await tree.ready()
        await asyncio.sleep(EVERY_S)
        victims = tree.of(Role.WEB)
        if kills.number % 2 == 0:
            victims = rng.sample(victims, min(1, len(victims)))
        for pid in victims:
            end(pid)
        kills.number += bool(victims)


async def kill_background(tree: Tree, kills: Kills) -> None:
    """Kill worker and scheduler."""
    while kills.number < kills.limit:
        await asyncio.sleep(EVERY_S)
        for pid in tree.of(Role.WORKER, Role.SCHEDULER):
            end(pid)
        kills.number += 1


KILLERS: tuple[Killer, ...] = (kill_parents, kill_web_workers, kill_background)


async def under_kills(tree: Tree, killer: Killer, size: Size) -> tuple[WeChat, Kills]:
    """Let a crowd write while processes are killed; who got no answer writes again."""
    seed = KILLERS.index(killer)
    number = size.count(10_000, 400 if killer is kill_parents else 270)
    later = (5.0, 15.0) if size.is_full else (1.0, 3.0)
    rate = size.of(400, 50)
    crowd = plan(number=number, rate=rate, start=present(), later_s=later, seed=seed)
    wechat, kills = WeChat(tree.port, seed=seed), Kills(limit=size.count(10_000, 2))
    killing = asyncio.create_task(killer(tree, kills))
    await wechat.tell_all(crowd)
    killing.cancel()
    await asyncio.wait([killing])
    if not killing.cancelled():
        killing.result()
    await tree.ready()
    await wechat.tell_again()
    return wechat, kills


async def starts_s(tree: Tree, times: int) -> list[float]:
    """Return how long the account takes to answer after its tree was killed, so many times."""
    took_s = []
    for _ in range(times):
        tree.kill_parent()
        assert not await tree.orphans()
        tree.start()
        took_s.append(await tree.ready())
    return took_s


@pytest.mark.timeout(900)
def test_whatever_is_killed_every_message_has_one_effect_and_one_answer_and_it_is_soon_back(
    place: Place, size: Size, tell: Tell
) -> None:
    async def run(tree: Tree) -> tuple[list[tuple[WeChat, Kills]], list[float]]:
        await tree.all_up()
        seen = [await under_kills(tree, killer, size) for killer in KILLERS]
        return seen, await starts_s(tree, size.count(5, 1))

    with account(place.settings) as tree:
        seen, took_s = asyncio.run(run(tree))
    books = ledger.read(place.settings)
    told = [one for wechat, _kills in seen for one in wechat.told]
    breaches = invariants.after_all(told, books)
    for killer, (wechat, kills) in zip(KILLERS, seen, strict=True):
        name = killer.__name__.replace("_", " ")
        note = f"({kills.number} kills)"
        tell(summed(name, place.name, wechat.told, books, breaches + kills.orphans, note))
    limit_s = READY_WITHIN_S * size.count(1, 3)
    slow = [f"slow start: {one:.1f} s" for one in took_s if one > limit_s]
    tell(Row("ready after kill", place.name, verdict(slow), times_ms=times_ms(took_s)))
    assert not breaches
    assert not [orphan for _wechat, kills in seen for orphan in kills.orphans]
    assert all(kills.number >= size.count(5, 2) for _wechat, kills in seen)
    assert not slow
