"""Conversation states: small frozen dataclasses with a name, a version and an expiry."""

import json
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any, ClassVar, Protocol, cast, runtime_checkable

from sqlalchemy import Insert, Table, delete
from sqlalchemy.orm import Session

from wx_archive.chat.models import Conversation
from wx_archive.core.database import insert_of


@runtime_checkable
class State(Protocol):
    """What a state class must be: a frozen dataclass of JSON values that names itself."""

    name: ClassVar[str]
    version: ClassVar[int]
    lasts: ClassVar[timedelta]


def keep(session: Session, follower_id: int, state: State, *, now: datetime) -> None:
    """Put the follower into ``state`` until it expires, instead of any other."""
    values = {
        "follower_id": follower_id,
        "name": state.name,
        "version": state.version,
        "payload": json.dumps(asdict(cast("Any", state)), ensure_ascii=False),
        "expires_at": now + state.lasts,
    }
    connection = session.connection()
    connection.execute(_keeping(connection.dialect.name), values)


@cache
def _keeping(dialect: str) -> Insert:
    """Return the statement; built once, as building it costs more than running it."""
    insert = insert_of(dialect, cast("Table", Conversation.__table__))
    kept = {name: insert.excluded[name] for name in ("name", "version", "payload", "expires_at")}
    return insert.on_conflict_do_update(index_elements=["follower_id"], set_=kept)


def leave(session: Session, follower_id: int) -> None:
    """Take the follower out of any state."""
    session.execute(delete(Conversation).where(Conversation.follower_id == follower_id))


def revive(kind: type[Any], payload: dict[str, Any]) -> State | None:
    """Return the state that a row holds, or None if its shape is another version's."""
    if set(payload) != {field.name for field in fields(kind)}:
        return None
    revived: State = kind(**payload)
    return revived
