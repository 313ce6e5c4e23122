"""One effect and one reply for each message, however often WeChat delivers it."""

import hashlib
from datetime import datetime, timedelta
from typing import Final, cast

from sqlalchemy import Connection, CursorResult, bindparam, delete, select, update
from sqlalchemy.orm import Session

from wx_archive.chat.models import HandledMessage
from wx_archive.core.database import insert_into
from wx_archive.followers.models import Follower
from wx_archive.wechat.inbound import Header

KEPT_WITH_EFFECT: Final = timedelta(hours=24)
PENDING: Final = b""
"""The reply of a message that a slow handler still works on."""

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
    # By RETURNING: psycopg tells no rowcount for an INSERT that SQLAlchemy builds for an entity.
    claimed = session.execute(
        insert_into(session, HandledMessage)
        .values(key=key, reply=PENDING, handled_at=now)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(HandledMessage.key)
    )
    return claimed.scalar_one_or_none() is not None


def finish(session: Session, key: str, body: bytes, *, follower_id: int) -> None:
    """Write the reply beside the effect; both commit as one fact."""
    # None when the effect was to erase the follower.
    still = select(Follower.id).where(Follower.id == follower_id).scalar_subquery()
    done = update(HandledMessage).where(HandledMessage.key == key)
    session.execute(done.values(reply=body, follower_id=still))


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
