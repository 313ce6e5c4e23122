"""Requests, what happened to each, and the counters of their numbers."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key
from wx_archive.enquiries.rules import Kind, State


def _one_of(column: str, values: type[Kind | State]) -> CheckConstraint:
    known = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({known})", name=column)


class Enquiry(Base):
    """One request: 查2026-000123 asks for a search, 纠2026-000045 for a correction."""

    __tablename__ = "enquiry"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    pid: Mapped[str] = mapped_column(String(26), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10))
    follower_id: Mapped[int | None] = mapped_column(ForeignKey("follower.id", ondelete="CASCADE"))
    """None for a correction without a name, and once the follower was erased; the rule for
    personal data takes it off the row, so that the number itself stays."""
    words: Mapped[str] = mapped_column(String(500))
    """As taken down (`wording.take_down`); empty once the follower was erased."""
    about_pid: Mapped[str | None] = mapped_column(String(26))
    """The entry that a correction is about."""
    note: Mapped[str] = mapped_column(String(500), default="")
    """What staff said with the last step, to the follower."""
    form_key: Mapped[str | None] = mapped_column(String(32), unique=True)
    """The form it came by: sent twice, it is filed once."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    __table_args__ = (
        _one_of("kind", Kind),
        _one_of("state", State),
        Index("ix_enquiry_follower_id", "follower_id", "id"),
        Index("ix_enquiry_state", "state", "id"),
    )


class EnquiryEvent(Base):
    """One step of a request; rows are only ever added."""

    __tablename__ = "enquiry_event"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    enquiry_id: Mapped[int] = mapped_column(ForeignKey("enquiry.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    from_state: Mapped[str | None] = mapped_column(String(10))
    """None for the first step."""
    to_state: Mapped[str] = mapped_column(String(10))
    note: Mapped[str] = mapped_column(String(500), default="")
    actor: Mapped[str] = mapped_column(String(40))
    """`reader`, or who of the staff."""

    __table_args__ = (Index("ix_enquiry_event_enquiry_id", "enquiry_id", "id"),)


class EnquiryCounter(Base):
    """The last number given of each kind in each year, counted in the request's transaction."""

    __tablename__ = "enquiry_counter"

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(Integer)
