"""Tables of the conversation."""

import traceback
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import (
    BigInteger,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key

CAUSE_LENGTH: Final = 8_000
"""Characters of a traceback that are kept: its end."""


class HandledMessage(Base):
    """A message whose effect is done, and the reply that every delivery of it gets."""

    __tablename__ = "handled_message"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    reply: Mapped[bytes] = mapped_column(LargeBinary)
    """The reply's body, without names; empty while a slow handler still works on it."""
    handled_at: Mapped[datetime]
    follower_id: Mapped[int | None] = mapped_column(
        ForeignKey("follower.id", ondelete="CASCADE"), index=True
    )

    __table_args__ = (Index("ix_handled_message_handled_at", "handled_at"),)


class Conversation(Base):
    """The state a follower is in, for as long as it holds."""

    __tablename__ = "conversation"

    follower_id: Mapped[int] = mapped_column(
        ForeignKey("follower.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(60))
    version: Mapped[int] = mapped_column(SmallInteger)
    payload: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime]


class DeadLetter(Base):
    """A message that a handler failed on; answered calmly, kept with its cause."""

    __tablename__ = "dead_letter"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    follower_id: Mapped[int | None] = mapped_column(ForeignKey("follower.id", ondelete="CASCADE"))
    handler: Mapped[str] = mapped_column(String(120))
    message: Mapped[bytes] = mapped_column(LargeBinary)
    """The decrypted XML."""
    cause: Mapped[str] = mapped_column(Text)
    failed_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12), default="open")

    @classmethod
    def about(
        cls, message: bytes, *, key: str, handler: str, err: Exception, now: datetime
    ) -> "DeadLetter":
        """Return the letter about a message that ``handler`` failed on; whose it is comes later."""
        cause = "".join(traceback.format_exception(err))[-CAUSE_LENGTH:]
        return cls(
            key=key, handler=handler, message=message, cause=cause, failed_at=now, state="open"
        )


class HeldState(StrEnum):
    """What became of an answer that could not be given at once."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FETCHED = "fetched"


class HeldAnswer(Base):
    """A finished answer that waits for its follower: sent if WeChat lets us, else fetched."""

    __tablename__ = "held_answer"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    follower_id: Mapped[int] = mapped_column(ForeignKey("follower.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(8), default=HeldState.WAITING)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    __table_args__ = (Index("ix_held_answer_state_follower_id", "state", "follower_id"),)


class ServiceWindow(Base):
    """The newest occasion of a kind on which a follower let us write, and what was used of it."""

    __tablename__ = "service_window"

    follower_id: Mapped[int] = mapped_column(
        ForeignKey("follower.id", ondelete="CASCADE"), primary_key=True
    )
    occasion: Mapped[str] = mapped_column(String(12), primary_key=True)
    opened_at: Mapped[datetime]
    used: Mapped[int] = mapped_column(Integer, default=0)


class Tally(Base):
    """How often something happened on a Shanghai day: figures, nobody's doings."""

    __tablename__ = "tally"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    label: Mapped[str] = mapped_column(String(120), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger, default=0)
