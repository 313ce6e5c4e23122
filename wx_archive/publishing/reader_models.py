"""Tables of what readers do with a piece."""

from datetime import date, datetime

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base


class PieceReading(Base):
    """How often a piece was opened on a Shanghai day, in one channel."""

    __tablename__ = "piece_reading"

    piece_id: Mapped[int] = mapped_column(
        ForeignKey("piece.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    channel: Mapped[str] = mapped_column(String(8), primary_key=True)
    """`chat` or `h5`."""
    opened: Mapped[int] = mapped_column(Integer)


class PieceOpinion(Base):
    """Whether a piece was of use to a follower, and their word about it; the newest one counts."""

    __tablename__ = "piece_opinion"

    piece_id: Mapped[int] = mapped_column(
        ForeignKey("piece.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    follower_id: Mapped[int] = mapped_column(
        ForeignKey("follower.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    is_useful: Mapped[bool] = mapped_column(Boolean)
    words: Mapped[str] = mapped_column(String(500), default="")
    made_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    """When an editor took note of the words."""

    __table_args__ = (Index("ix_piece_opinion_follower_id", "follower_id"),)
