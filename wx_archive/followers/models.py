"""Tables about followers; everywhere else a follower is a number."""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key

SCENE_LENGTH = 128


class Follower(Base):
    """One person who has ever written to, followed or left the account."""

    __tablename__ = "follower"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    openid: Mapped[str] = mapped_column(String(128), unique=True)
    is_following: Mapped[bool] = mapped_column(Boolean, default=True)
    changed_at: Mapped[int] = mapped_column(BigInteger, default=0)
    """CreateTime (seconds) of the newest subscribe or unsubscribe: a late event changes nothing."""
    left_at: Mapped[int] = mapped_column(BigInteger, default=0)
    """CreateTime of the newest unsubscribe; what was meant for them before it stays stopped."""
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]


class SceneEntry(Base):
    """One arrival and the code it came through; whoever came twice has two."""

    __tablename__ = "arrival"

    follower_id: Mapped[int] = mapped_column(
        ForeignKey("follower.id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """CreateTime of the event, seconds."""
    scene: Mapped[str] = mapped_column(String(SCENE_LENGTH), primary_key=True)
    """Empty: they found the account some other way."""

    __table_args__ = (Index("ix_arrival_scene", "scene"),)


class Interest(Base):
    """A topic that a follower wants news about."""

    __tablename__ = "interest"

    follower_id: Mapped[int] = mapped_column(
        ForeignKey("follower.id", ondelete="CASCADE"), primary_key=True
    )
    topic: Mapped[str] = mapped_column(String(40), primary_key=True)
    since: Mapped[datetime]

    __table_args__ = (Index("ix_interest_topic", "topic"),)


class Consent(Base):
    """A text that a follower agreed to: a ledger, only `withdrawn_at` is ever written later."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    follower_id: Mapped[int] = mapped_column(ForeignKey("follower.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(Integer)
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_consent_standing",
            "follower_id",
            "purpose",
            "version",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )
