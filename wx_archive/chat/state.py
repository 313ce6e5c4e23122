"""Conversation states: small frozen dataclasses with a name, a version and an expiry."""

import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol, cast, runtime_checkable

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from wx_archive.chat.models import Conversation
from wx_archive.followers.models import Follower


@runtime_checkable
class State(Protocol):
    """What a state class must be: a frozen dataclass of JSON values that names itself."""

    name: ClassVar[str]
    version: ClassVar[int]
    lasts: ClassVar[timedelta]


_CURRENT = select(
    Conversation.name, Conversation.version, Conversation.payload, Conversation.expires_at
).join(Follower, Follower.id == Conversation.follower_id)


def load(
    connection: Connection, openid: str, known: Iterable[type[State]], *, now: datetime
) -> State | None:
    """Return the state the follower is in; an expired or outdated one counts as none."""
    row = connection.execute(_CURRENT.where(Follower.openid == openid)).one_or_none()
    if row is None or row.expires_at <= now:
        return None
    for kind in known:
        if (kind.name, kind.version) == (row.name, row.version):
            return _revive(kind, json.loads(row.payload))
    return None


def keep(session: Session, follower_id: int, state: State, *, now: datetime) -> None:
    """Put the follower into ``state`` until it expires, instead of any other."""
    values = {
        "follower_id": follower_id,
        "name": state.name,
        "version": state.version,
        "payload": json.dumps(asdict(cast("Any", state)), ensure_ascii=False),
        "expires_at": now + state.lasts,
    }
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(Conversation).values(values)
    session.execute(statement.on_conflict_do_update(index_elements=["follower_id"], set_=values))


def leave(session: Session, follower_id: int) -> None:
    """Take the follower out of any state."""
    session.execute(delete(Conversation).where(Conversation.follower_id == follower_id))


def _revive(kind: type[Any], payload: dict[str, Any]) -> State | None:
    if set(payload) != {field.name for field in fields(kind)}:
        return None
    revived: State = kind(**payload)
    return revived
