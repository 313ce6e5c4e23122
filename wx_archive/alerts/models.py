"""Tables of what went wrong, who has seen it and been told, and whose WeChat is whose."""

from datetime import datetime
from typing import Final

from sqlalchemy import Boolean, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key

_IS_OPEN: Final = text("over_at IS NULL")
KEY_LENGTH: Final = 120
TITLE_LENGTH: Final = 200


class RaisedAlert(Base):
    """Something that went wrong, from when it was noticed until it was mended."""

    __tablename__ = "alert"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    key: Mapped[str] = mapped_column(String(KEY_LENGTH))
    """One open alert of a key: the same trouble is raised once."""
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    path: Mapped[str] = mapped_column(String(200))
    needs: Mapped[str] = mapped_column(String(40))
    is_urgent: Mapped[bool] = mapped_column(Boolean)
    since: Mapped[datetime]
    raised_at: Mapped[datetime]
    over_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_alert_open", "key", unique=True, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN
        ),
        Index("ix_alert_over_at", "over_at"),
    )


class AlertSeen(Base):
    """Somebody said 知道了: it leaves their badge, not the list."""

    __tablename__ = "alert_seen"

    alert_id: Mapped[int] = mapped_column(
        ForeignKey("alert.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    member_id: Mapped[int] = mapped_column(
        ForeignKey("staff_member.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    seen_at: Mapped[datetime]


class AlertTelling(Base):
    """Somebody is told of an alert on their own WeChat: once, however often it is looked at."""

    __tablename__ = "alert_telling"

    alert_id: Mapped[int] = mapped_column(
        ForeignKey("alert.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    member_id: Mapped[int] = mapped_column(
        ForeignKey("staff_member.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    told_at: Mapped[datetime | None]
    way: Mapped[str] = mapped_column(String(10), default="")
    """`rules.Way`; empty while it is still to be told."""


class StaffWechat(Base):
    """Which follower a member of staff is, so that alerts reach their phone."""

    __tablename__ = "staff_wechat"

    member_id: Mapped[int] = mapped_column(
        ForeignKey("staff_member.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    follower_id: Mapped[int] = mapped_column(
        ForeignKey("follower.id", ondelete="CASCADE"), unique=True
    )
    bound_at: Mapped[datetime]
