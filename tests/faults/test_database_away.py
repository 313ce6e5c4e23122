"""The database is locked, frozen, killed or cut off: no answer is lost, early or too late."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults import invariants, ledger
from tests.faults.caller import WeChat
from tests.faults.conftest import Make, Place, Size, Tell
from tests.faults.messages import TOPICS, Kind, a_message
from tests.faults.report import summed
from tests.faults.tree import Tree, account
from tests.faults.wire import present
from wx_archive.serving import THREADS

RECOVERS_WITHIN_S = 10.0
READS_WITHIN_S = 1.0
WAITING = THREADS - 1
"""So many effects may wait for the lock while reads go on: with one more, all of them in one
worker, nobody would be left there to read."""


async def busy(wechat: WeChat, seconds: float, *, kinds: tuple[Kind, ...], rate: float) -> None:
    """Let followers write for so long, evenly."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    async with asyncio.TaskGroup() as group:
        for index in range(round(seconds * rate)):
            await asyncio.sleep(start + index / rate - loop.time())
            kind = kinds[index % len(kinds)]
            subject = TOPICS[index % len(TOPICS)] if kind is Kind.TAP else "公积金"
            who = f"oBusy{kind.value[:3]}{wechat.seed:03d}{index % 7:05d}{len(wechat.told):06d}"
            group.create_task(wechat.tell(a_message(kind, who, present(), subject)))


async def recovery_s(wechat: WeChat, since: float) -> float:
    """Return how long after ``since`` the first effect succeeds."""
    loop = asyncio.get_running_loop()
    for index in range(200):
        message = a_message(Kind.TAP, f"oAfter{wechat.seed:03d}{index:019d}", present(), "city")
        told = await wechat.tell(message)
        if told.is_acknowledged:
            break
    return loop.time() - since


def untimely(wechat: WeChat, recovered_s: float, *, is_crowd: bool = False) -> list[str]:
    """Return what came early or late; of a crowd many stand in line for a thread meanwhile."""
    breaches = invariants.hasty(wechat.told)
    if not is_crowd:
        breaches += invariants.late(wechat.told) + invariants.silent(wechat.told)
    if recovered_s > RECOVERS_WITHIN_S:
        breaches.append(f"slow recovery: {recovered_s:.1f} s")
    return breaches


async def while_locked(tree: Tree, path: Path, held_s: float) -> tuple[WeChat, WeChat, float]:
    """Hold SQLite's one write lock while followers read and write."""
    await tree.all_up()
    writers, readers = WeChat(tree.port), WeChat(tree.port, seed=4)
    loop = asyncio.get_running_loop()
    holder = sqlite3.connect(path, isolation_level=None)
    try:
        holder.execute("BEGIN IMMEDIATE")
        async with asyncio.TaskGroup() as group:
            group.create_task(busy(writers, held_s, kinds=(Kind.TAP,), rate=WAITING / held_s))
            group.create_task(busy(readers, held_s - 1, kinds=(Kind.LOOKUP, Kind.CLICK), rate=10))
            await asyncio.sleep(held_s)
            holder.execute("ROLLBACK")
            released = loop.time()
            recovered_s = await recovery_s(writers, released)
    finally:
        holder.close()
    await writers.tell_again()
    return writers, readers, recovered_s


@pytest.mark.timeout(120)
def test_reads_go_on_while_sqlite_is_locked_and_nothing_is_lost(
    make: Make, size: Size, tell: Tell
) -> None:
    place = make("sqlite")
    held_s = size.of(10, 6)
    with account(place.settings) as tree:
        run = while_locked(tree, tree.folder / "archive.db", held_s)
        writers, readers, recovered_s = asyncio.run(run)
    books = ledger.read(place.settings)
    breaches = invariants.after_all(writers.told, books) + untimely(writers, recovered_s)
    took_s = [o.took_s for told in readers.told for o in told.outcomes]
    slow = [f"slow read: {one:.1f} s" for one in took_s if one > READS_WITHIN_S]
    slow += invariants.unanswered(readers.told) + invariants.silent(readers.told)
    note = f"(recovered in {recovered_s:.1f} s)"
    tell(summed(f"locked {held_s:.0f} s, writes", place.name, writers.told, books, breaches, note))
    tell(summed(f"locked {held_s:.0f} s, reads", place.name, readers.told, None, slow))
    assert not breaches + slow


async def freeze(place: Place, away_s: float) -> None:
    assert place.postgres is not None
    place.postgres.freeze(on=True)
    try:
        await asyncio.sleep(away_s)
    finally:
        place.postgres.freeze(on=False)


async def kill(place: Place, away_s: float) -> None:
    assert place.postgres is not None
    place.postgres.kill()
    await asyncio.sleep(away_s)
    await asyncio.to_thread(place.postgres.start)


async def cut(place: Place, away_s: float) -> None:
    """End every connection, once a second."""
    assert place.postgres is not None
    for _ in range(int(away_s)):
        place.postgres.cut()
        await asyncio.sleep(1)


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to PostgreSQL for a while, and whether a crowd writes meanwhile."""

    name: str
    happens: Callable[[Place, float], Awaitable[None]]
    is_crowd: bool


FAULTS = (
    Fault("freeze", freeze, is_crowd=False),
    Fault("freeze", freeze, is_crowd=True),
    Fault("kill", kill, is_crowd=True),
    Fault("cut", cut, is_crowd=True),
)


async def while_away(tree: Tree, place: Place, fault: Fault, away_s: float) -> tuple[WeChat, float]:
    """Let followers read and write while PostgreSQL is away; return how soon it was used again."""
    wechat = WeChat(tree.port, seed=10 + FAULTS.index(fault))
    loop = asyncio.get_running_loop()
    rate = 6 if fault.is_crowd else WAITING / away_s
    await busy(wechat, 1, kinds=(Kind.TAP, Kind.LOOKUP), rate=10)
    async with asyncio.TaskGroup() as group:
        everything = (Kind.TAP, Kind.LOOKUP, Kind.CLICK)
        group.create_task(busy(wechat, away_s - 1, kinds=everything, rate=rate))
        await fault.happens(place, away_s)
        recovered_s = await recovery_s(wechat, loop.time())
    await wechat.tell_again()
    return wechat, recovered_s


@pytest.mark.timeout(240)
def test_postgresql_away_for_a_while_loses_nothing_and_comes_back_by_itself(
    make: Make, size: Size, tell: Tell
) -> None:
    place = make("postgresql")
    away_s = size.of(10, 5)

    async def run(tree: Tree) -> list[tuple[WeChat, float]]:
        await tree.all_up()
        return [await while_away(tree, place, fault, away_s) for fault in FAULTS]

    with account(place.settings) as tree:
        seen = asyncio.run(run(tree))
    books = ledger.read(place.settings)
    lost = invariants.after_all(
        [one for wechat, _recovered_s in seen for one in wechat.told], books
    )
    slow: list[str] = []
    for fault, (wechat, recovered_s) in zip(FAULTS, seen, strict=True):
        breaches = untimely(wechat, recovered_s, is_crowd=fault.is_crowd)
        name = f"{fault.name} {away_s:.0f} s, {'many' if fault.is_crowd else 'few'}"
        unheard = len(invariants.late(wechat.told) + invariants.silent(wechat.told))
        note = f"(recovered in {recovered_s:.1f} s, {unheard} not answered within 4.9 s)"
        tell(summed(name, place.name, wechat.told, books, lost + breaches, note))
        slow += [f"{name}: {breach}" for breach in breaches]
    assert not lost + slow
