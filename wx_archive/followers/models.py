"""The table of followers; everywhere else a follower is a number."""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, String
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key


class Follower(Base):
    """One person who has ever written to, followed or left the account."""

    __tablename__ = "follower"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    openid: Mapped[str] = mapped_column(String(128), unique=True)
    is_following: Mapped[bool] = mapped_column(Boolean, default=True)
    changed_at: Mapped[int] = mapped_column(BigInteger, default=0)
    """CreateTime (seconds) of the newest subscribe or unsubscribe: a late event changes nothing."""
    scene: Mapped[str | None] = mapped_column(String(128))
    """The code they came through the first time."""
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
