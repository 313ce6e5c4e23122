"""Requests, what happened to each, what answers lead to, and the counters of their numbers."""

from datetime import date, datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key
from wx_archive.enquiries.rules import Action, Channel, Kind, State


def _one_of(column: str, values: type[Kind | State | Channel | Action]) -> CheckConstraint:
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
    channel: Mapped[str] = mapped_column(String(10), default=Channel.CHAT.value)
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
    """When it came into its state."""
    version: Mapped[int] = mapped_column(Integer, default=1)
    """Counts every change, so that nobody acts on a page that is out of date."""
    first_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    """首问责任人: who accepted it first; never changes."""
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    """Who has it in hand now."""
    act_by: Mapped[date | None] = mapped_column(Date)
    """The day by which something must happen to it in its state (`rules.act_by`)."""
    accepted_on: Mapped[date | None] = mapped_column(Date)
    promise_days: Mapped[int] = mapped_column(SmallInteger, default=0)
    due_on: Mapped[date | None] = mapped_column(Date)
    is_due_known: Mapped[bool] = mapped_column(Boolean, default=True)
    paused_on: Mapped[date | None] = mapped_column(Date)
    paused_days: Mapped[int] = mapped_column(SmallInteger, default=0)
    extended_days: Mapped[int] = mapped_column(SmallInteger, default=0)
    answered_on: Mapped[date | None] = mapped_column(Date)
    used_days: Mapped[int | None] = mapped_column(SmallInteger)
    """Working days from acceptance to answer, without those that the clock stood."""
    rating: Mapped[int | None] = mapped_column(SmallInteger)
    rating_words: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (
        _one_of("kind", Kind),
        _one_of("state", State),
        _one_of("channel", Channel),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        Index("ix_enquiry_act_by", "act_by", "id"),
        Index("ix_enquiry_answered_on", "answered_on"),
        Index("ix_enquiry_created_at", "created_at"),
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
    action: Mapped[str] = mapped_column(String(10), default=Action.MOVE.value)
    actor: Mapped[str] = mapped_column(String(60))
    """`reader`, `clock`, a login, or `cli:` and the machine's user."""

    __table_args__ = (
        _one_of("action", Action),
        Index("ix_enquiry_event_enquiry_id", "enquiry_id", "id"),
    )


class EnquiryItem(Base):
    """An entry of the catalogue that the answer leads to; shown only while it is public."""

    __tablename__ = "enquiry_item"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    enquiry_id: Mapped[int] = mapped_column(ForeignKey("enquiry.id", ondelete="CASCADE"))
    pid: Mapped[str] = mapped_column(String(26))

    __table_args__ = (UniqueConstraint("enquiry_id", "pid"),)


class EnquiryContact(Base):
    """How to reach somebody whom WeChat does not; gone as soon as the request is over."""

    __tablename__ = "enquiry_contact"

    enquiry_id: Mapped[int] = mapped_column(
        ForeignKey("enquiry.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Name, telephone, address, under a key of the installation's (`contacts`)."""


class EnquiryCounter(Base):
    """The last number given of each kind in each year, counted in the request's transaction."""

    __tablename__ = "enquiry_counter"

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(Integer)
