"""Redis killed, emptied, slow, full, or with another password: only the speed may change."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

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


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to Redis, and how it ends."""

    name: str
    begin: Act
    end: Act


FAULTS = (
    Fault("killed", killed, started),
    Fault("slow", slow, quick),
    Fault("full", full, emptied),
    Fault("wrong password", locked, unlocked),
)


async def next_page(wechat: WeChat, reader: str, page: int) -> list[str]:
    """Turn the page; the reader's list was shown before anything happened."""
    told = await wechat.tell(a_message(Kind.NEXT_PAGE, reader, present() + page))
    reply = told.outcomes[-1].reply or ""
    return [] if "第" in reply or "共" in reply else [f"list gone: {reply[-200:]}"]


async def reconnected_s(wechat: WeChat, redis: PrivateRedis, name: str) -> float:
    """Return how long it takes until the account uses Redis again, which is good by now."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    redis.ask("FLUSHALL")
    while not redis.ask("KEYS", "wxa:*"):
        who = f"oBack{name[:4]}{len(wechat.told):019d}"
        await wechat.tell(a_message(Kind.CLICK, who, present()))
        if loop.time() - start > 3 * RECONNECTS_WITHIN_S:
            break
        await asyncio.sleep(0.05)
    return loop.time() - start


@dataclass(slots=True)
class Seen:
    """What one fault's run saw: before, during and after it."""

    name: str
    warm: WeChat
    during: WeChat
    after: WeChat
    breaches: list[str] = field(default_factory=list)
    back_s: float = 0.0

    @property
    def told(self) -> list[Told]:
        return self.warm.told + self.during.told + self.after.told

    @property
    def all_breaches(self) -> list[str]:
        """Return what went wrong, apart from what the books say."""
        breaches = self.breaches + invariants.silent(self.told)
        breaches += invariants.hasty(self.told, near_s=60)
        took_s = [outcome.took_s for told in self.during.told for outcome in told.outcomes]
        if (p99_s := invariants.percentile(took_s, 0.99)) > P99_S:
            breaches.append(f"slow: p99 {p99_s:.2f} s")
        if self.back_s > RECONNECTS_WITHIN_S:
            breaches.append(f"not reconnected: within {self.back_s:.1f} s")
        return breaches


def crowd(messages: int, seed: int) -> Sequence[Planned]:
    return plan(number=messages, rate=40, start=present(), later_s=(1.0, 3.0), seed=seed)


def log_breaches(tree: Tree, before: Counter[str]) -> list[str]:
    """Return what the log has said too often: once a process for each change of state.

    Who seldom needs Redis may be back from the fault before only now.
    """
    processes = len(tree.of(Role.WEB, Role.WORKER))
    most = {AWAY: processes, BACK: processes + before[AWAY] - before[BACK]}
    said = changes_said(tree) - before
    breaches = [f"said too often: {word} {n} times" for word, n in said.items() if n > most[word]]
    return breaches + ["fault never noticed" for _ in range(1) if not said[AWAY]]


def changes_said(tree: Tree) -> Counter[str]:
    return Counter({word: tree.times_said(word) for word in (AWAY, BACK)})


async def run(tree: Tree, redis: PrivateRedis, line: SlowLine, fault: Fault, n: int) -> Seen:
    """Let followers write before, during and after a fault."""
    before, seed = changes_said(tree), 10 * FAULTS.index(fault)
    warm, during, after = (WeChat(tree.port, seed=seed + own) for own in (3, 4, 5))
    seen = Seen(fault.name, warm, during, after)
    reader = f"oReader{seed:020d}"
    await seen.warm.tell(a_message(Kind.LOOKUP, reader, present(), "公积金"))
    await seen.warm.tell_all(crowd(n // 4, seed + 1))
    await fault.begin(redis, line)
    seen.breaches += await next_page(seen.during, reader, 2)
    await seen.during.tell_all(crowd(n, seed + 2))
    seen.breaches += await next_page(seen.during, reader, 3)
    await fault.end(redis, line)
    seen.back_s = await reconnected_s(seen.after, redis, fault.name)
    seen.breaches += log_breaches(tree, before)
    return seen


async def one_by_one(tree: Tree, redis: PrivateRedis, port: int, n: int) -> list[Seen]:
    await tree.all_up()
    async with SlowLine(redis.port, port) as line:
        return [await run(tree, redis, line, fault, n) for fault in FAULTS]


@pytest.mark.timeout(240)
def test_a_redis_that_is_no_good_changes_nothing_but_speed(
    make: Make, size: Size, tell: Tell
) -> None:
    port = free_port()
    place = make("postgresql", redis_url=SecretStr(f"redis://127.0.0.1:{port}/0"))
    assert place.redis is not None
    with account(place.settings) as tree:
        every = asyncio.run(one_by_one(tree, place.redis, port, size.count(300, 80)))
    books = ledger.read(place.settings)
    for seen in every:
        note = f"(used again after {seen.back_s:.1f} s)"
        breaches = seen.all_breaches
        tell(summed(f"Redis {seen.name}", place.name, seen.told, books, breaches, note))
    assert not invariants.after_all([told for seen in every for told in seen.told], books)
    assert not [f"{seen.name}: {breach}" for seen in every for breach in seen.all_breaches]
