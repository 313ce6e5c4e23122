"""Followers at play over the wire: each message posted three times at once, some again later."""

import asyncio
import random
import re
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from tests.faults.caller import Told
from tests.faults.messages import Kind, Message
from tests.faults.wire import deliver, present, sealed_now
from tests.wechat.deliveries import Delivery, xml
from wx_archive.simulator.bubbles import MenuChoice, spans_of

ROUNDS: Final = 3
PAUSE_S: Final = 1.5
"""Before trying again: sooner than WeChat, so that more messages are never acknowledged."""
MESSAGES: Final = 20
"""Under way at once, each with its three lines."""
GIVES_UP_AFTER: Final = 200
"""Messages that say the same; a tree is not down for so long."""
REPEATED: Final = 0.1
"""Of the acknowledged messages, so many are posted once more much later."""


@dataclass(frozen=True, slots=True)
class Words(Message):
    """Words that a follower types, or a link of an answer that they tap."""

    menu_id: str = ""

    @property
    def has_effect(self) -> bool:
        """Every message of the play changes something, or keeps that one plays."""
        return True

    @property
    def inner(self) -> str:
        """The message as XML, before sealing."""
        told = {"FromUserName": self.openid, "MsgId": str(self.number)}
        told |= {"bizmsgmenuid": self.menu_id, "Content": escape(self.subject)}
        return xml(created_at=self.created_at, **told)


class Line:
    """Posts every message three times at once to the account at a port; keeps what came back."""

    def __init__(self, port: int, *, seed: int = 9) -> None:
        self.told: list[Told] = []
        self._port = port
        self._gate = asyncio.Semaphore(MESSAGES)
        self._rng = random.Random(seed)  # noqa: S311 -- repeatable on purpose
        self._number = 80_000_000_000

    async def tell(self, openid: str, words: str, menu_id: str) -> Told:
        """Deliver a message until it is acknowledged, or has been refused in every round."""
        self._number += 1
        told = Told(Words(Kind.LOOKUP, openid, present(), words, self._number, menu_id))
        self.told.append(told)
        one, other = self._sealed(told), self._sealed(told)
        for number in range(ROUNDS):
            if number:
                told.retries += 1
                await asyncio.sleep(PAUSE_S)
            async with self._gate, asyncio.TaskGroup() as group:
                for delivery in (one, one, other):  # the same bytes, and sealed anew
                    group.create_task(self._deliver(told, delivery))
            if told.is_acknowledged:
                break
        if self._rng.random() < REPEATED:
            await self._repeat(self._rng.choice(self.told))
        return told

    async def _repeat(self, old: Told) -> None:
        """Post a message once more that was acknowledged, be it minutes ago."""
        if old.is_acknowledged:
            async with self._gate:
                await self._deliver(old, self._sealed(old))

    async def _deliver(self, told: Told, delivery: Delivery) -> None:
        told.outcomes.append(await deliver(self._port, delivery))

    def _sealed(self, told: Told) -> Delivery:
        return sealed_now(told.message.inner, self._rng.randrange(10**10))


@dataclass(slots=True)
class Player:
    """Somebody who answers everything rightly but the last questions of the bank.

    Attributes:
        right: questions numbered up to this are answered rightly.
        verdicts: the first characters of what the answers brought: ✔ or ✘, or of other words.
    """

    line: Line
    openid: str
    right: int
    text: str = ""
    verdicts: list[str] = field(default_factory=list)

    async def says(self, words: str, menu_id: str = "") -> str:
        """Say something until there is an answer, as a person would; return what it says.

        Raises:
            TimeoutError: there never is one.
        """
        silent: list[Told] = []
        for _ in range(GIVES_UP_AFTER):
            told = await self.line.tell(self.openid, words, menu_id)
            for before in silent:
                before.instead = told
            if told.is_acknowledged:
                self.text = content(told)
                return self.text
            silent.append(told)
            await asyncio.sleep(PAUSE_S)
        raise TimeoutError(f"never acknowledged: {words}")

    async def presses(self, choice: MenuChoice) -> str:
        return await self.says(choice.content, choice.id)

    async def plays(self) -> None:
        """Agree, and answer until there is no question left."""
        await self.says("答题")
        while "全都答过" not in self.text:
            choices = self._choices()
            agree = [choice for label, choice in choices if "同意并开始" in label]
            options = [one for one in choices if re.match("[A-D] [甲乙丙丁]", one[0])]
            if agree:
                await self.presses(agree[0])
            elif options:
                await self._answers(options)
            else:
                onward = [choice for label, choice in choices if "下一题" in label]
                await (self.presses(onward[0]) if onward else self.says("下一题"))

    async def _answers(self, options: list[tuple[str, MenuChoice]]) -> None:
        number = int(options[0][0][3:])
        wanted = "乙" if number <= self.right else "丙"
        letter, choice = next((label[0], choice) for label, choice in options if label[2] == wanted)
        if number % 3 == 0:
            await self.says(letter.lower() if number % 2 else letter)
        else:
            await self.presses(choice)
        self.verdicts.append(self.text[:1])

    def _choices(self) -> list[tuple[str, MenuChoice]]:
        return [(span.text, span.menu) for span in spans_of(self.text) if span.menu]


def content(told: Told) -> str:
    """Return what the answer to a message says; empty where it shows nothing."""
    reply = next((one.reply for one in told.outcomes if one.reply), "") or ""
    if not reply.startswith("<xml>"):
        return ""
    return ET.fromstring(reply).findtext("Content") or ""  # noqa: S314 -- what we posted to
