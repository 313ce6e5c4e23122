"""Hostile input over real lines: no 5xx, no reply to a forgery, quick answers, flat memory."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.faults import invariants
from tests.faults.attacks import Attack, attacks, good, is_genuine
from tests.faults.caller import WeChat
from tests.faults.conftest import Make, Place, Size, Tell
from tests.faults.messages import Kind, a_message
from tests.faults.report import Row, summed, times_ms, verdict
from tests.faults.test_database_away import busy
from tests.faults.tree import Tree, account
from tests.faults.wire import HOST, Answer, deliver, exchange, present, request
from tests.wechat.deliveries import Delivery

QUICK_S = 0.2
LOOKS = 3
"""A slow answer is asked for again before it is judged: the machine has other things to do."""
AT_ONCE = 4
GROWS_AT_MOST = 1.25
GOOD_WITHIN_S = 1.0


@dataclass(slots=True)
class Seen:
    """What came back to attackers."""

    attacks: int = 0
    answers: int = 0
    took_s: list[float] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)


def judged(attack: Attack, answer: Answer) -> list[str]:
    """Return what is wrong with an answer to an attack."""
    if answer.status is not None and answer.status >= 500:
        return [f"status {answer.status}: {attack.name}"]
    if attack.is_forged and answer.status == 200 and answer.body not in (b"", b"success"):
        return [f"reply to a forgery: {attack.name}"]
    if answer.status not in (None, 200) and answer.body and b"<xml>" in answer.body:
        return [f"a refusal that tells something: {attack.name}"]
    return []


async def assault(port: int, planned: Iterator[Attack], seen: Seen) -> None:
    for attack in planned:
        took_s: list[float] = []
        while len(took_s) < LOOKS and (not took_s or took_s[-1] >= QUICK_S):
            answer = await exchange(port, attack.raw)
            seen.breaches += judged(attack, answer)
            seen.answers += answer.status is not None and not took_s
            took_s.append(answer.took_s)
        seen.attacks += 1
        seen.took_s.append(min(took_s))
        if min(took_s) >= QUICK_S:
            seen.breaches.append(f"slow: {attack.name} {min(took_s) * 1000:.0f} ms")


async def assaults(port: int, planned: Iterator[Attack]) -> Seen:
    seen = Seen()
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(assault(port, planned, seen))
    return seen


async def attacked(tree: Tree, mode: str, number: int) -> tuple[Seen, float]:
    """Attack; return what came back, and how much the account's memory grew."""
    await assaults(tree.port, attacks(number // 5, mode, seed=1))
    before = tree.memory_bytes()
    seen = await assaults(tree.port, attacks(number, mode))
    grown = tree.memory_bytes() / before
    outcome = await deliver(tree.port, good(random.Random(1), mode), mode)  # noqa: S311
    assert outcome.reply, "it does not answer the good any more"
    if grown > GROWS_AT_MOST:
        seen.breaches.append(f"memory: grew {grown:.2f} times")
    return seen, grown


def row_of(mode: str, place: Place, seen: Seen, grown: float) -> Row:
    note = f"(memory x {grown:.2f})"
    times = times_ms(seen.took_s)
    row = Row(f"hostile, {mode}", place.name, verdict(seen.breaches, note), times_ms=times)
    return Row(**{**row.fields, "messages": seen.attacks, "answered": seen.answers})


async def replayed(tree: Tree) -> list[str]:
    """Send other messages under the signatures of good ones; return what was wrong."""
    rng = random.Random(2)  # noqa: S311 -- repeatable on purpose
    breaches = []
    for _ in range(20):
        first, second = good(rng, "plain"), good(rng, "plain")
        if not (await deliver(tree.port, first, "plain")).reply:
            breaches.append("good message refused")
        again = await deliver(tree.port, first, "plain")
        if not again.reply:
            breaches.append("retry refused")
        other = await deliver(tree.port, Delivery(first.query, second.body), "plain")
        if other.status != 403:
            breaches.append(f"replay: {other.status}")
    return breaches


@pytest.mark.timeout(240)
def test_ten_thousand_plain_attacks_bounce_off_and_a_known_signature_opens_no_second_body(
    make: Make, size: Size, tell: Tell
) -> None:
    place = make("sqlite", wechat_encryption="plain")

    async def run(tree: Tree) -> tuple[tuple[Seen, float], list[str]]:
        await tree.all_up()
        return await attacked(tree, "plain", size.count(5_000, 500)), await replayed(tree)

    with account(place.settings) as tree:
        (seen, grown), breaches = asyncio.run(run(tree))
    tell(row_of("plain", place, seen, grown))
    tell(Row("replays, plain", place.name, verdict(breaches), messages=60))
    assert not seen.breaches + breaches


@asynccontextmanager
async def half_requests(port: int, pieces: Sequence[bytes]) -> AsyncIterator[None]:
    """Hold lines open on which the request never comes to its end."""
    lines = [await asyncio.open_connection(HOST, port) for _ in pieces]
    try:
        for (_reader, writer), piece in zip(lines, pieces, strict=True):
            writer.write(piece)
            await writer.drain()
        yield
    finally:
        for _reader, writer in lines:
            writer.close()


def half_a_body(*, is_signed: bool) -> bytes:
    """Return a request whose body stops after ten bytes."""
    delivery = good(random.Random(3), "safe")  # noqa: S311 -- repeatable on purpose
    query = delivery.query_string if is_signed else "signature=0&timestamp=0&nonce=0"
    return request("POST", f"/wechat?{query}", delivery.body[:10], length=2_000)


def half_a_head() -> bytes:
    return b"POST /wechat HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le"


async def good_beside(tree: Tree, pieces: Sequence[bytes], seconds: float) -> tuple[WeChat, float]:
    """Deliver good messages beside half requests; return how soon one is answered afterwards."""
    wechat = WeChat(tree.port)
    await busy(wechat, 1, kinds=(Kind.CLICK,), rate=5)
    wechat.told.clear()
    async with asyncio.TaskGroup() as group:
        async with half_requests(tree.port, pieces):
            sending = group.create_task(busy(wechat, seconds, kinds=(Kind.CLICK,), rate=5))
            await asyncio.wait([sending], timeout=seconds + 1)
        after = await WeChat(tree.port).tell(a_message(Kind.CLICK, "oAfterwards", present()))
    return wechat, after.outcomes[-1].took_s


@dataclass(frozen=True, slots=True)
class Half:
    """Requests that stop halfway.

    Attributes:
        is_cheap: nobody is to notice them at all.
    """

    name: str
    pieces: Sequence[bytes]
    is_cheap: bool = False


def breaches_beside(half: Half, wechat: WeChat, after_s: float) -> list[str]:
    """Return what was wrong with the answers to good messages.

    A buffering proxy keeps half bodies away in production; without one they cost time, no message.
    """
    breaches = invariants.unanswered(wechat.told) + invariants.failed(wechat.told)
    if half.is_cheap:
        breaches += invariants.late(wechat.told, GOOD_WITHIN_S) + invariants.silent(wechat.told)
    elif after_s > GOOD_WITHIN_S:
        breaches.append(f"slow afterwards: {after_s:.1f} s")
    return breaches


@pytest.mark.timeout(240)
def test_ten_thousand_attacks_bounce_off_and_beside_half_requests_everybody_is_answered(
    make: Make, size: Size, tell: Tell
) -> None:
    place = make("sqlite")
    halves = [
        Half("8 half bodies, unsigned", [half_a_body(is_signed=False)] * 8),
        Half("8 half bodies, signed", [half_a_body(is_signed=True)] * 8),
        Half("200 half-open lines", [half_a_head()] * 200, is_cheap=True),
    ]

    async def run(tree: Tree) -> tuple[tuple[Seen, float], list[tuple[WeChat, float]]]:
        await tree.all_up()
        attack = await attacked(tree, "safe", size.count(5_000, 500))
        seconds = size.of(6, 4)
        return attack, [await good_beside(tree, half.pieces, seconds) for half in halves]

    with account(place.settings) as tree:
        (seen, grown), beside = asyncio.run(run(tree))
    tell(row_of("safe", place, seen, grown))
    breaches: list[str] = []
    for half, (wechat, after_s) in zip(halves, beside, strict=True):
        found = breaches_beside(half, wechat, after_s)
        at_once = sum(
            told.outcomes[0].is_acknowledged and told.outcomes[0].took_s < GOOD_WITHIN_S
            for told in wechat.told
        )
        note = f"({at_once} of {len(wechat.told)} answered within 1 s meanwhile)"
        tell(summed(half.name, place.name, wechat.told, None, found, note))
        breaches += [f"{half.name}: {breach}" for breach in found]
    assert not seen.breaches + breaches


def test_the_judge_of_forgeries_knows_them() -> None:
    whole = good(random.Random(4), "safe")  # noqa: S311 -- repeatable on purpose
    query = whole.query_string
    assert is_genuine(whole, query, whole.body)
    assert is_genuine(whole, query.replace("openid=o", "openid=x"), whole.body)
    assert not is_genuine(whole, query.replace("nonce=", "nonce=1"), whole.body)
    assert not is_genuine(whole, query, whole.body.replace(b"CDATA[", b"CDATA[A"))
    assert not is_genuine(whole, query, b"<xml><Encrypt>")
    forged = Attack("spoilt", b"", is_forged=True)
    assert judged(forged, Answer(200, b"<xml>reply</xml>", 0.0))
    assert not judged(forged, Answer(200, b"success", 0.0))
    assert judged(Attack("odd", b"", is_forged=False), Answer(500, b"", 0.0))
