"""One turn of the conversation: what a handler is given and what it may do."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Generic, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from wx_archive.chat import state as states
from wx_archive.chat.state import State
from wx_archive.core import clock
from wx_archive.core.errors import ArchiveError
from wx_archive.core.site import Site
from wx_archive.core.store import Lasting, SqlStore
from wx_archive.followers.identity import Door
from wx_archive.wechat.inbound import Inbound

M_co = TypeVar("M_co", bound=Inbound, covariant=True)


class AnsweredError(ArchiveError):
    """This message was answered before; the turn must not be taken twice.

    Attributes:
        body: the reply that stands.
    """

    def __init__(self, body: bytes) -> None:
        super().__init__("this message was answered before")
        self.body = body


def reply_key(message_key: str) -> str:
    """Return where the reply to a message without effect is kept for its other deliveries."""
    return f"reply:{message_key}"


class Witness(Protocol):
    """A feature's statistics: takes what answers noted, without waiting and without failing."""

    def take(self, noted: Iterable[object]) -> None:
        """Take what is its own of the notes."""

    def close(self) -> None:
        """Write what it holds."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What only a handler declared with ``effect=True`` has: one session, one follower."""

    session: Session
    follower_id: int


@dataclass(slots=True)
class Turn(Generic[M_co]):
    """A message on its way to its answer.

    Attributes:
        message: what arrived.
        words: the typed or spoken words, trimmed; empty for everything else.
        argument: what follows a command word, a tap's id, or a scene; see the router.
        door: how a follower gets to pages of their own.
        key: the same for every delivery of the message.
        follower: keyed hash of the openid, for short-lived keys and logs.
        state: the conversation state the follower is in, if any.
        has_recalled: the reply depends on what was remembered, so that a late delivery might
            compute another one.
        is_erased: the handler has erased the follower; nothing may bring them back.
        goes_on: an effect's handler that returns None has done its part (it has left a state):
            whoever comes next in the order of understanding answers, in the same transaction.
        noted: what statistics may know of this turn; handed over once its answer stands.
    """

    message: M_co
    now: datetime
    site: Site
    door: Door
    store: SqlStore
    key: str
    follower: str
    connect: Callable[[], AbstractContextManager[Connection]]
    words: str = ""
    argument: str = ""
    state: State | None = None
    effect: Effect | None = None
    is_erased: bool = False
    goes_on: bool = False
    remembered: dict[str, Lasting] = field(default_factory=dict)
    has_recalled: bool = False
    noted: list[object] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The Shanghai calendar day of this turn."""
        return clock.day_of(self.now)

    @property
    def session(self) -> Session:
        """The effect's session; commits together with the reply."""
        return self._effect().session

    @property
    def follower_id(self) -> int:
        """The follower's row."""
        return self._effect().follower_id

    @contextmanager
    def reads(self) -> Iterator[Connection]:
        """Lend a connection for reading; an effect's handler reads in its own transaction."""
        if self.effect is not None:
            yield self.effect.session.connection()
            return
        with self.connect() as connection:
            yield connection

    def keep(self, state: State) -> None:
        """Put the follower into a conversation state, as part of the effect."""
        effect = self._effect()
        states.keep(effect.session, effect.follower_id, state, now=self.now)

    def leave(self) -> None:
        """Take the follower out of any conversation state, as part of the effect."""
        effect = self._effect()
        states.leave(effect.session, effect.follower_id)

    def remember(self, key: str, value: bytes, *, ttl: timedelta) -> None:
        """Keep a short-lived value of this follower once the turn has succeeded."""
        self.remembered[f"{key}:{self.follower}"] = (f"{self.key}\n".encode() + value, ttl)

    def recall(self, key: str) -> bytes | None:
        """Return what an earlier turn of this follower remembered, if it still holds.

        Raises:
            AnsweredError: this very message wrote it: taken again, «next page» would be one too
                far. The answering border gives the reply that stands.
        """
        self.has_recalled = True
        kept = self.store.get(f"{key}:{self.follower}")
        if kept is None:
            return None
        writer, _line, value = kept.partition(b"\n")
        if writer == self.key.encode() and (body := self.store.get(reply_key(self.key))):
            raise AnsweredError(body)
        return value

    def _effect(self) -> Effect:
        if self.effect is None:
            message = "this handler is not declared with effect=True"
            raise RuntimeError(message)
        return self.effect
