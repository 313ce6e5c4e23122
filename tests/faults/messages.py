"""What followers send during the faults, planned beforehand and repeatably."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count
from typing import Final

from tests.wechat.deliveries import an_event, xml
from wx_archive.chat import dedupe
from wx_archive.wechat import decoder

TOPICS: Final = ("open-records", "documents", "history", "city", "exhibitions", "collecting")
WORDS: Final = ("公积金", "档案", "文件 住房", "社保", "开放时间", "2004年 房改")
DOUBLED: Final = 0.2
_numbers = count(70_000_000_000)


class Kind(StrEnum):
    """What a message is about."""

    TAP = "tap"
    ARRIVAL = "arrival"
    DEPARTURE = "departure"
    CLICK = "click"
    LOOKUP = "lookup"
    NEXT_PAGE = "next page"


WITH_EFFECT: Final = frozenset({Kind.TAP, Kind.ARRIVAL, Kind.DEPARTURE})


@dataclass(frozen=True, slots=True)
class Message:
    """One message of one follower.

    Attributes:
        created_at: CreateTime, seconds.
        subject: the topic of a tap, the words of a lookup, else empty.
        number: MsgId; events have none on the wire.
    """

    kind: Kind
    openid: str
    created_at: int
    subject: str = ""
    number: int = 0

    @property
    def has_effect(self) -> bool:
        return self.kind in WITH_EFFECT

    @property
    def inner(self) -> str:
        """The message as XML, before sealing."""
        sender, at = {"FromUserName": self.openid}, self.created_at
        text = sender | {"MsgId": str(self.number)}
        match self.kind:
            case Kind.TAP:
                menu_id = {"bizmsgmenuid": f"interest.{self.subject}"}
                return xml(created_at=at, **text, **menu_id, Content="兴趣")
            case Kind.ARRIVAL:
                return an_event("subscribe", created_at=at, **sender)
            case Kind.DEPARTURE:
                return an_event("unsubscribe", created_at=at, **sender)
            case Kind.CLICK:
                return an_event("CLICK", created_at=at, **sender, EventKey="lookup.start")
            case Kind.LOOKUP:
                return xml(created_at=at, **text, Content=self.subject)
            case Kind.NEXT_PAGE:
                return xml(created_at=at, **text, Content="下一页")

    @property
    def key(self) -> str:
        """What the account remembers the message by."""
        return dedupe.key_of(decoder.decode(self.inner.encode()).header)


def a_message(kind: Kind, openid: str, created_at: int, subject: str = "") -> Message:
    return Message(kind, openid, created_at, subject, next(_numbers))


def again(message: Message, created_at: int) -> Message:
    """Return the message as its follower sends it once more: a new one to everybody."""
    return replace(message, created_at=created_at, number=next(_numbers))


@dataclass(frozen=True, slots=True)
class Double:
    """One delivery too many.

    Attributes:
        after_s: how long after the first one; 0 is at the same time.
        is_fresh: sealed and signed anew, not the very same bytes.
    """

    after_s: float
    is_fresh: bool


@dataclass(frozen=True, slots=True)
class Planned:
    """A message, when its follower sends it (seconds from the start), and its double."""

    at_s: float
    message: Message
    double: Double | None = None


def plan(
    *, number: int, rate: float, start: int, later_s: tuple[float, float], seed: int = 3
) -> Sequence[Planned]:
    """Plan a crowd's messages.

    Args:
        number: of messages.
        rate: messages a second.
        start: CreateTime of the first ones.
        later_s: how much later the late doubles come, at least and at most.
        seed: another one is another crowd, of other people.
    """
    rng = random.Random(f"{seed} {number}")  # noqa: S311 -- repeatable on purpose
    crowd = max(20, number // 20)
    clerk = _Clerk(start, seed)
    planned = []
    for index in range(number):
        at_s = index / rate
        double = None
        if rng.random() < DOUBLED:
            after_s = 0.0 if rng.random() < 0.5 else rng.uniform(*later_s)
            double = Double(after_s, is_fresh=rng.random() < 0.5)
        planned.append(Planned(at_s, clerk.write(rng, crowd, at_s), double))
    return planned


class _Clerk:
    """Writes messages so that no two of a follower look like one to WeChat."""

    def __init__(self, start: int, seed: int) -> None:
        self._start = start
        self._crowd = f"{seed:04d}aaaaaaaaaaaa"
        self._last: dict[str, int] = {}
        self._follows: dict[str, bool] = {}

    def write(self, rng: random.Random, crowd: int, at_s: float) -> Message:
        who, lot = rng.randrange(crowd), rng.random()
        if lot < 0.25:
            tapper = f"oTap{who:08d}{self._crowd}"
            return a_message(Kind.TAP, tapper, self._second(tapper, at_s), rng.choice(TOPICS))
        if lot < 0.35:
            mover = f"oMove{who:08d}{self._crowd}"
            follows = self._follows[mover] = not self._follows.get(mover, False)
            kind = Kind.ARRIVAL if follows else Kind.DEPARTURE
            return a_message(kind, mover, self._second(mover, at_s))
        reader = f"oRead{who:08d}{self._crowd}"
        second = self._second(reader, at_s)
        if lot < 0.6:
            return a_message(Kind.CLICK, reader, second)
        if lot < 0.85:
            return a_message(Kind.LOOKUP, reader, second, rng.choice(WORDS))
        return a_message(Kind.NEXT_PAGE, reader, second)

    def _second(self, openid: str, at_s: float) -> int:
        """Return a CreateTime that this follower has not used yet."""
        second = max(self._start + int(at_s), self._last.get(openid, 0) + 1)
        self._last[openid] = second
        return second
