"""One effect and one reply for each message, however often WeChat delivers it."""

import hashlib
from datetime import datetime, timedelta
from functools import cache
from typing import Final, cast

from sqlalchemy import (
    Connection,
    CursorResult,
    Insert,
    Table,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy.orm import Session

from wx_archive.chat.models import HandledMessage
from wx_archive.core.database import insert_of
from wx_archive.followers.models import Follower
from wx_archive.wechat.inbound import Header

KEPT_WITH_EFFECT: Final = timedelta(hours=24)
PENDING: Final = b""
"""The reply of a message that a slow handler still works on."""

_TABLE = cast("Table", HandledMessage.__table__)
# Built once: building a statement costs more than running it.
_FINISH = (
    update(_TABLE)
    .where(_TABLE.c.key == bindparam("message_key"))
    .values(
        reply=bindparam("body"),
        # None when the effect was to erase the follower.
        follower_id=select(Follower.id).where(Follower.id == bindparam("owner")).scalar_subquery(),
    )
)
_RECALL = select(HandledMessage.reply).where(HandledMessage.key == bindparam("message_key"))


def key_of(header: Header) -> str:
    """Return the key: receiver, sender and identity; hashed, as keys travel into stores."""
    told = f"{header.to_user}\0{header.openid}\0{header.identity}"
    return hashlib.sha256(told.encode()).hexdigest()


def recall(connection: Connection, key: str) -> bytes | None:
    """Return the reply of a message whose effect is committed."""
    reply = connection.execute(_RECALL, {"message_key": key}).scalar_one_or_none()
    return None if reply is None else bytes(reply)


def claim(session: Session, key: str, *, now: datetime) -> bool:
    """Take the message for this transaction; False when another delivery has done it.

    On PostgreSQL a concurrent delivery waits here until the first commits or rolls back; on SQLite
    it waits for the write lock before it gets here.
    """
    connection = session.connection()
    told = {"key": key, "reply": PENDING, "handled_at": now}
    claimed = connection.execute(_claiming(connection.dialect.name), told)
    return claimed.scalar_one_or_none() is not None


@cache
def _claiming(dialect: str) -> Insert:
    # By RETURNING: psycopg tells no rowcount for an INSERT that SQLAlchemy builds for an entity.
    row = insert_of(dialect, _TABLE).on_conflict_do_nothing(index_elements=["key"])
    return row.returning(_TABLE.c.key)


def finish(session: Session, key: str, body: bytes, *, follower_id: int) -> None:
    """Write the reply beside the effect; both commit as one fact."""
    session.flush()
    done = {"message_key": key, "body": body, "owner": follower_id}
    session.connection().execute(_FINISH, done)


def settle(session: Session, key: str, body: bytes) -> bool:
    """Give a message that is still worked on its reply; False when it has one by now."""
    settled = session.execute(
        update(HandledMessage)
        .where(HandledMessage.key == key, HandledMessage.reply == PENDING)
        .values(reply=body)
        .returning(HandledMessage.key)
    )
    return settled.scalar_one_or_none() is not None


def sweep(session: Session, *, now: datetime) -> int:
    """Forget messages that WeChat can no longer repeat; return how many."""
    old = delete(HandledMessage).where(HandledMessage.handled_at < now - KEPT_WITH_EFFECT)
    return cast("CursorResult[object]", session.execute(old)).rowcount
