"""A WeChat that delivers: up to four times, five seconds apart, at once after a refusal."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.faults.messages import Double, Message, Planned, again
from tests.faults.wire import HANGS_UP_AFTER_S, Outcome, deliver, present, sealed_now
from tests.wechat.deliveries import Delivery

TRIES: Final = 4
LINES: Final = 40
"""Open at once: more would make a flood of the retries, and the flood is not the fault here."""


@dataclass(slots=True)
class Told:
    """A message and what became of its deliveries.

    Attributes:
        outcomes: one for each delivery, WeChat's tries and doubles alike.
        retries: tries after the first.
        instead: the message that the follower sent when this one was never acknowledged.
    """

    message: Message
    outcomes: list[Outcome] = field(default_factory=list)
    retries: int = 0
    instead: "Told | None" = None

    @property
    def is_acknowledged(self) -> bool:
        return any(outcome.is_acknowledged for outcome in self.outcomes)


class WeChat:
    """Delivers messages to the account at a port, and keeps what it saw."""

    def __init__(self, port: int, *, seed: int = 3, mode: str = "safe", lines: int = LINES) -> None:
        self.port, self.seed = port, seed
        self.told: list[Told] = []
        self._mode = mode
        self._lines = asyncio.Semaphore(lines)
        self._rng = random.Random(seed)  # noqa: S311 -- repeatable on purpose

    async def tell(self, message: Message, double: Double | None = None) -> Told:
        """Deliver a message the way WeChat does, with one delivery too many if asked for."""
        told = Told(message)
        self.told.append(told)
        first = sealed_now(message.inner, self._nonce(), self._mode)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._try(told, first))
            if double is not None:
                group.create_task(self._repeat(told, first, double))
        return told

    async def tell_all(self, planned: Sequence[Planned]) -> None:
        """Deliver a crowd's messages when they are due; who got no answer sends again at the end.

        Their first messages may have had their effect all the same, once at most.
        """
        loop = asyncio.get_running_loop()
        start = loop.time()
        async with asyncio.TaskGroup() as group:
            for one in planned:
                await asyncio.sleep(start + one.at_s - loop.time())
                group.create_task(self.tell(one.message, one.double))

    async def tell_again(self) -> None:
        """Let everybody who got no answer send the message once more."""
        silent = [told for told in self.told if not told.is_acknowledged and not told.instead]
        gate = asyncio.Semaphore(20)

        async def send(told: Told, second: int) -> None:
            async with gate:
                told.instead = await self.tell(again(told.message, second))

        # In the order of the first time: of one follower's coming and going the last one counts.
        newest = max((told.message.created_at for told in self.told), default=0)
        base = max(present(), newest) + 1
        async with asyncio.TaskGroup() as group:
            for index, told in enumerate(silent):
                group.create_task(send(told, base + index))

    async def _try(self, told: Told, first: Delivery) -> None:
        loop = asyncio.get_running_loop()
        delivery = first
        for attempt in range(TRIES):
            if attempt:
                told.retries += 1
                if self._rng.random() < 0.5:
                    delivery = sealed_now(told.message.inner, self._nonce(), self._mode)
            outcome = await self._deliver(delivery)
            began = loop.time() - outcome.took_s
            told.outcomes.append(outcome)
            if outcome.is_acknowledged:
                return
            if outcome.status is None:
                await asyncio.sleep(began + HANGS_UP_AFTER_S - loop.time())

    async def _repeat(self, told: Told, first: Delivery, double: Double) -> None:
        if double.after_s:
            await asyncio.sleep(double.after_s)
        if double.is_fresh:
            first = sealed_now(told.message.inner, self._nonce(), self._mode)
        told.outcomes.append(await self._deliver(first))

    async def _deliver(self, delivery: Delivery) -> Outcome:
        async with self._lines:
            return await deliver(self.port, delivery, self._mode)

    def _nonce(self) -> int:
        return self._rng.randrange(10**10)
