"""A conversation with the account without a network: words in, what the phone would show out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import xmltodict

from wx_archive import features
from wx_archive.chat.answering import Answering
from wx_archive.core.database import Database
from wx_archive.core.site import Site
from wx_archive.core.store import open_store
from wx_archive.followers.identity import Door
from wx_archive.simulator.bubbles import MenuChoice, Span, spans_of
from wx_archive.wechat.inbound import Header, Image, Inbound, MenuClick, Text
from wx_archive.wechat.replies import SUCCESS

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
ORIGIN = "https://archive.example.org"
_numbers = count(1)


@dataclass
class Talk:
    """One follower's conversation; `text`, `image`, `cards` are of the last answer."""

    answering: Answering
    openid: str = "a-follower"
    now: datetime = NOON
    text: str = ""
    image: str = ""
    cards: list[dict[str, str]] = field(default_factory=list)

    def says(self, words: str, *, menu_id: str | None = None) -> str:
        """Type words, or tap a link that sends them."""
        return self._hears(Text(self._header(), words, menu_id))

    def taps(self, key: str) -> str:
        """Tap a menu entry."""
        return self._hears(MenuClick(self._header(is_event=True), key))

    def sends(self, media_id: str, *, seconds_later: float = 0) -> str:
        """Send a photo; as a rule right after what went before."""
        self.now += timedelta(seconds=seconds_later)
        return self._hears(Image(self._header(), media_id, "https://mmbiz.qpic.cn/p"))

    def hears(self, message: Callable[[Header], Inbound]) -> str:
        """Send anything else."""
        return self._hears(message(self._header()))

    def presses(self, choice: MenuChoice) -> str:
        """Tap a live link of any answer, old or new."""
        return self.says(choice.content, menu_id=choice.id)

    @property
    def choices(self) -> list[tuple[str, MenuChoice]]:
        """The live links of the last answer: what they say and what they send."""
        return [(span.text, span.menu) for span in self.spans if span.menu]

    @property
    def spans(self) -> tuple[Span, ...]:
        """The last answer, cut where its links begin and end."""
        return tuple(spans_of(self.text))

    @property
    def visible(self) -> str:
        """The last answer as it can be read."""
        return "".join(span.text for span in self.spans)

    def _header(self, *, is_event: bool = False) -> Header:
        number = next(_numbers)
        moment = int(self.now.timestamp())
        return Header("gh_test", self.openid, moment, f"m{number}", is_event)

    def _hears(self, message: Inbound) -> str:
        raw = self.answering.reply_to(message, b"<xml/>", now=self.now)
        answer = {} if raw == SUCCESS else xmltodict.parse(raw.decode())["xml"]
        self.text = answer.get("Content") or ""
        self.image = (answer.get("Image") or {}).get("MediaId") or ""
        items = (answer.get("Articles") or {}).get("item") or []
        self.cards = items if isinstance(items, list) else [items]
        return self.text


@contextmanager
def a_talk(
    database: Database, folder: Path, *, origin: str = ORIGIN, door: Door | None = None
) -> Iterator[Talk]:
    """Yield a conversation with the account that has this database and this site folder."""
    store, close = open_store(database, "")
    answering = Answering(
        dispatcher=features.dispatcher(),
        database=database,
        store=store,
        site=Site(folder, origin),
        secret="a-secret",
        door=door,
    )
    try:
        yield Talk(answering)
    finally:
        answering.close()
        close()
