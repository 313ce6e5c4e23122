"""Tables of the conversation."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key


class HandledMessage(Base):
    """A message whose effect is done, and the reply that every delivery of it gets."""

    __tablename__ = "handled_message"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    reply: Mapped[bytes] = mapped_column(LargeBinary)
    handled_at: Mapped[datetime]

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
