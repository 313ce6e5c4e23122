"""What is known when a message arrives: one read for its earlier reply, its state, what is held."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, exists, literal, select

from wx_archive.chat import state as states
from wx_archive.chat.models import Conversation, HandledMessage, HeldAnswer, HeldState
from wx_archive.chat.state import State
from wx_archive.core.database import Instant
from wx_archive.core.lines import Lines
from wx_archive.followers.models import Follower


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knows.

    Attributes:
        body: the reply whose effect is committed; empty while a slow handler works on it; None
            for a message that is new.
        state: the conversation state the follower is in.
        has_held: an answer waits to be fetched.
        is_guessed: nobody looked; the state and an earlier reply are not known.
    """

    body: bytes | None
    state: State | None
    has_held: bool
    is_guessed: bool = False


def _statement() -> Select[bytes | None, str | None, int | None, str | None, bool]:
    one = select(literal(1).label("one")).subquery()
    now = bindparam("now", type_=Instant())
    held = exists().where(
        HeldAnswer.follower_id == Follower.id,
        HeldAnswer.state == HeldState.WAITING,
        HeldAnswer.expires_at > now,
    )
    return (
        select(
            HandledMessage.reply,
            Conversation.name,
            Conversation.version,
            Conversation.payload,
            and_(Follower.id.is_not(None), held).label("has_held"),
        )
        .select_from(one)
        .outerjoin(HandledMessage, HandledMessage.key == bindparam("message_key"))
        .outerjoin(Follower, Follower.openid == bindparam("openid"))
        .outerjoin(
            Conversation,
            and_(Conversation.follower_id == Follower.id, Conversation.expires_at > now),
        )
    )


_KNOWN = _statement()
Kinds = Mapping[tuple[str, int], type[State]]


class Looking:
    """Looks up on the shortest way; safe to share between threads."""

    def __init__(self, lines: Lines, kinds: Iterable[type[State]]) -> None:
        self._lines = lines
        self._prepared = lines.prepare(_KNOWN)
        self.kinds = by_name(kinds)

    def up(self, message_key: str, openid: str, *, now: datetime, within_s: float) -> Known:
        """Return what is known; an expired or outdated state counts as none."""
        given = {"message_key": message_key, "openid": openid, "now": now}
        row = self._lines.run(self._prepared, given, within_s=within_s)
        return _known(row, self.kinds) if row else Known(None, None, has_held=False)


def look_up(
    connection: Connection, message_key: str, openid: str, kinds: Kinds, *, now: datetime
) -> Known:
    """Return what is known inside a transaction."""
    given = {"message_key": message_key, "openid": openid, "now": now}
    return _known(connection.execute(_KNOWN, given).one(), kinds)


def _known(row: Sequence[Any], kinds: Kinds) -> Known:
    reply, name, version, payload, has_held = row
    kind = kinds.get((name, version)) if name else None
    state = states.revive(kind, json.loads(payload)) if kind else None
    return Known(None if reply is None else bytes(reply), state, bool(has_held))


def by_name(kinds: Iterable[type[State]]) -> dict[tuple[str, int], type[State]]:
    """Return the states by what their rows say of them."""
    return {(kind.name, kind.version): kind for kind in kinds}
