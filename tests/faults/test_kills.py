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
from tests.faults.report import summed
from tests.faults.tree import Role, Tree, account, end
from tests.faults.wire import present

EVERY_S = 2.0


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


@pytest.mark.timeout(300)
@pytest.mark.parametrize("killer", [kill_parents, kill_web_workers, kill_background])
def test_whatever_is_killed_every_message_has_one_effect_and_one_answer(
    place: Place, killer: Killer, size: Size, tell: Tell
) -> None:
    number = size.count(10_000, 600 if killer is kill_parents else 400)
    rate = size.of(400, 75)
    later = (5.0, 15.0) if size.is_full else (1.0, 3.0)
    crowd = plan(number=number, rate=rate, start=present(), later_s=later)
    kills = Kills(limit=size.count(10_000, 4))

    async def run(tree: Tree) -> WeChat:
        await tree.all_up()
        wechat = WeChat(tree.port)
        killing = asyncio.create_task(killer(tree, kills))
        await wechat.tell_all(crowd)
        killing.cancel()
        await asyncio.wait([killing])
        if not killing.cancelled():
            killing.result()
        await tree.ready()
        await wechat.tell_again()
        return wechat

    with account(place.settings) as tree:
        wechat = asyncio.run(run(tree))
    books = ledger.read(place.settings)
    breaches = invariants.after_all(wechat.told, books) + kills.orphans
    name = killer.__name__.replace("_", " ")
    note = f"({kills.number} kills)"
    tell(summed(name, place.name, wechat.told, books, breaches, note))
    assert not breaches
    assert kills.number >= size.count(5, 2)
