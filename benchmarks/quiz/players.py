"""What players send, sealed beforehand: the next question, and the tap on its right option."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from benchmarks.webhook.messages import Message, Postbox
from wx_archive.core import clock
from wx_archive.core.settings import DEMO_CREDENTIALS
from wx_archive.simulator.bubbles import MenuChoice, spans_of

RIGHT: Final = "乙"
"""How the right option of every question begins."""
_ACCOUNT: Final = DEMO_CREDENTIALS["wechat_original_id"]
_TYPED: Final = re.compile(rf"^([A-D]) {RIGHT}", re.MULTILINE)


def openids(count: int) -> list[str]:
    """Return whom the messages are from."""
    return [f"oQuiz{number:023d}" for number in range(count)]


class Players(Postbox):
    """Everybody who plays: each sends one message, then the next."""

    def __init__(self, project: Path, count: int) -> None:
        super().__init__(project)
        self.openids = openids(count)
        self._number = 25_000_000_000_000_001

    def ask(self) -> list[Message]:
        """Return everybody's request for a question."""
        return [self._says(one, MenuChoice("下一题", ""), "") for one in self.openids]

    def answer(self, replies: Sequence[tuple[int, bytes] | None]) -> list[Message]:
        """Return everybody's right answer to the question that they were shown.

        Raises:
            ValueError: one was shown none.
        """
        return [
            self._says(one, _right(self._words(reply)), "✔")
            for one, reply in zip(self.openids, replies, strict=True)
        ]

    def _words(self, reply: tuple[int, bytes] | None) -> str:
        if reply is None or reply[0] != 200:
            raise ValueError(f"no question: status {reply and reply[0]}")
        return self._opened(reply[1]).findtext("Content") or ""

    def _says(self, openid: str, said: MenuChoice, words: str) -> Message:
        self._number += 1
        now = int(clock.now().timestamp())
        tapped = f"<bizmsgmenuid>{escape(said.id)}</bizmsgmenuid>" if said.id else ""
        inner = (
            f"<xml><ToUserName><![CDATA[{_ACCOUNT}]]></ToUserName>"
            f"<FromUserName><![CDATA[{openid}]]></FromUserName><CreateTime>{now}</CreateTime>"
            f"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{said.content}]]></Content>"
            f"<MsgId>{self._number}</MsgId>{tapped}</xml>"
        )
        return self._sealed(inner, openid, now, words)


def _right(text: str) -> MenuChoice:
    """Return the tap on the right option; where there are no links, its letter."""
    for span in spans_of(text):
        if span.menu and span.text[2:3] == RIGHT:
            return span.menu
    found = _TYPED.search(text)
    if found is None:
        raise ValueError("no question")
    return MenuChoice(found[1], "")
