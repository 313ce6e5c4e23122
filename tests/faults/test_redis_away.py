"""Redis killed, emptied, slow, full, or with another password: only the speed may change."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr
from redis.exceptions import RedisError

from tests.faults import invariants, ledger
from tests.faults.caller import Told, WeChat
from tests.faults.conftest import Make, Size, Tell
from tests.faults.messages import Kind, Planned, a_message, plan
from tests.faults.report import summed
from tests.faults.servers import PrivateRedis, SlowLine
from tests.faults.tree import Role, Tree, account
from tests.faults.wire import present
from wx_archive.demo import free_port

P99_S = 1.0
RECONNECTS_WITHIN_S = 5.0
SLOW_S = 0.3
READER = "oReader00000000000000000000"
AWAY, BACK = "store.redis_away", "store.redis_back"


async def killed(redis: PrivateRedis, _line: SlowLine) -> None:
    redis.kill()


async def started(redis: PrivateRedis, _line: SlowLine) -> None:
    await asyncio.to_thread(redis.start)


async def slow(_redis: PrivateRedis, line: SlowLine) -> None:
    line.delay_s = SLOW_S


async def quick(_redis: PrivateRedis, line: SlowLine) -> None:
    line.delay_s = 0


async def full(redis: PrivateRedis, _line: SlowLine) -> None:
    redis.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
    redis.ask("CONFIG", "SET", "maxmemory", "1mb")
    for number in range(1_000):
        try:
            redis.ask("SET", f"filler:{number}", "x" * 100_000)
        except RedisError:
            return
    pytest.fail("Redis did not fill up")


async def emptied(redis: PrivateRedis, _line: SlowLine) -> None:
    redis.ask("CONFIG", "SET", "maxmemory", "0")


async def locked(redis: PrivateRedis, line: SlowLine) -> None:
    redis.ask("CONFIG", "SET", "requirepass", "another")
    await line.cut()


async def unlocked(redis: PrivateRedis, _line: SlowLine) -> None:
    redis.ask("CONFIG", "SET", "requirepass", "", password="another")


Act = Callable[[PrivateRedis, SlowLine], Awaitable[None]]


async def next_page(wechat: WeChat, page: int) -> list[str]:
    """Turn the page; the reader's list was shown before anything happened."""
    told = await wechat.tell(a_message(Kind.NEXT_PAGE, READER, present() + page))
    reply = told.outcomes[-1].reply or ""
    return [] if "第" in reply or "共" in reply else [f"list gone: {reply[-200:]}"]


async def reconnected_s(wechat: WeChat, redis: PrivateRedis) -> float:
    """Return how long it takes until the account uses Redis again, which is good by now."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    redis.ask("FLUSHALL")
    while not redis.ask("KEYS", "wxa:*"):
        await wechat.tell(a_message(Kind.CLICK, f"oBack{len(wechat.told):023d}", present()))
        if loop.time() - start > 3 * RECONNECTS_WITHIN_S:
            break
        await asyncio.sleep(0.05)
    return loop.time() - start


@dataclass(slots=True)
class Seen:
    """What the run saw: before, during and after the fault."""

    warm: WeChat
    during: WeChat
    after: WeChat
    breaches: list[str] = field(default_factory=list)
    back_s: float = 0.0

    @property
    def told(self) -> list[Told]:
        return self.warm.told + self.during.told + self.after.told


def crowd(messages: int, seed: int) -> Sequence[Planned]:
    return plan(number=messages, rate=40, start=present(), later_s=(1.0, 3.0), seed=seed)


def log_breaches(tree: Tree) -> list[str]:
    """Return what the log says too often: once a process for each change of state."""
    most = len(tree.of(Role.WEB, Role.WORKER))
    said = {word: tree.times_said(word) for word in (AWAY, BACK)}
    breaches = [f"said too often: {word} {n} times" for word, n in said.items() if n > most]
    return breaches + ["fault never noticed" for _ in range(1) if not said[AWAY]]


async def run(
    tree: Tree, redis: PrivateRedis, line: SlowLine, act: tuple[Act, Act], n: int
) -> Seen:
    await tree.all_up()
    seen = Seen(WeChat(tree.port), WeChat(tree.port, seed=4), WeChat(tree.port, seed=5))
    await seen.warm.tell(a_message(Kind.LOOKUP, READER, present(), "公积金"))
    await seen.warm.tell_all(crowd(n // 4, seed=1))
    fault, end = act
    await fault(redis, line)
    seen.breaches += await next_page(seen.during, 2)
    await seen.during.tell_all(crowd(n, seed=2))
    seen.breaches += await next_page(seen.during, 3)
    await end(redis, line)
    seen.back_s = await reconnected_s(seen.after, redis)
    seen.breaches += log_breaches(tree)
    return seen


async def through_a_line(tree: Tree, redis: PrivateRedis, port: int, *rest: Any) -> Seen:
    async with SlowLine(redis.port, port) as line:
        return await run(tree, redis, line, *rest)


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "act",
    [(killed, started), (slow, quick), (full, emptied), (locked, unlocked)],
    ids=["killed", "slow", "full", "wrong password"],
)
def test_a_redis_that_is_no_good_changes_nothing_but_speed(
    make: Make, act: tuple[Act, Act], size: Size, tell: Tell
) -> None:
    port = free_port()
    place = make("postgresql", redis_url=SecretStr(f"redis://127.0.0.1:{port}/0"))
    assert place.redis is not None
    with account(place.settings) as tree:
        running = through_a_line(tree, place.redis, port, act, size.count(300, 120))
        seen = asyncio.run(running)
    books = ledger.read(place.settings)
    breaches = invariants.after_all(seen.told, books) + seen.breaches
    breaches += invariants.silent(seen.told) + invariants.hasty(seen.told, near_s=60)
    took_s = [outcome.took_s for told in seen.during.told for outcome in told.outcomes]
    if (p99_s := invariants.percentile(took_s, 0.99)) > P99_S:
        breaches.append(f"slow: p99 {p99_s:.2f} s")
    if seen.back_s > RECONNECTS_WITHIN_S:
        breaches.append(f"not reconnected: within {seen.back_s:.1f} s")
    name, note = f"Redis {act[0].__name__}", f"(used again after {seen.back_s:.1f} s)"
    tell(summed(name, place.name, seen.told, books, breaches, note))
    assert not breaches
