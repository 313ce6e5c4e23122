"""Facsimiles with their stock, and vouchers: each with a ledger of its steps."""

from datetime import date, datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key
from wx_archive.quiz.rules import StockAction, VoucherAction, VoucherState

_STATES = ", ".join(f"'{one}'" for one in VoucherState)
_VOUCHER_ACTIONS = ", ".join(f"'{one}'" for one in VoucherAction)
_STOCK_ACTIONS = ", ".join(f"'{one}'" for one in StockAction)
_STANDING = text("state IN ('issued', 'redeemed')")


class Facsimile(Base):
    """A precious record's facsimile, as it lies on the shelf."""

    __tablename__ = "quiz_facsimile"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    pid: Mapped[str] = mapped_column(String(26), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    about: Mapped[str] = mapped_column(String(400), default="")
    source: Mapped[str] = mapped_column(String(200), default="")
    entry: Mapped[str] = mapped_column(String(120), default="")
    """档号 of the record; linked only while the public may see it."""
    on_hand: Mapped[int] = mapped_column(Integer, default=0)
    reserved: Mapped[int] = mapped_column(Integer, default=0)
    """Promised by vouchers; both are the sums of its `StockMove`s at every moment."""
    is_offered: Mapped[bool] = mapped_column(Boolean, default=True)
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("0 <= reserved AND reserved <= on_hand", name="stock"),)


class Voucher(Base):
    """The promise of one facsimile to one follower, until a day."""

    __tablename__ = "quiz_voucher"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    code: Mapped[str] = mapped_column(String(10), unique=True)
    """Ten characters, the last one a check (`codes`)."""
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("quiz_entry.id", ondelete="SET NULL"))
    """Whose cards it stands for; None once the follower was erased."""
    facsimile_id: Mapped[int] = mapped_column(ForeignKey("quiz_facsimile.id"))
    state: Mapped[str] = mapped_column(String(8))
    issued_at: Mapped[datetime]
    expires_on: Mapped[date] = mapped_column(Date)
    """The last Shanghai day on which it is redeemed."""
    settled_at: Mapped[datetime | None]
    """When it came into its last state."""
    redeemed_by: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    receipt: Mapped[str | None] = mapped_column(String(20), unique=True)
    """领2026-000001."""
    version: Mapped[int] = mapped_column(Integer, default=1)
    """Counts every step, so that nobody acts on a page that is out of date."""

    __table_args__ = (
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        Index(
            "uq_quiz_voucher_standing",
            "entry_id",
            unique=True,
            sqlite_where=_STANDING,
            postgresql_where=_STANDING,
        ),
        Index("ix_quiz_voucher_state", "state", "expires_on"),
        Index("ix_quiz_voucher_facsimile_id", "facsimile_id"),
        Index("ix_quiz_voucher_entry_id", "entry_id", "id"),
    )


class VoucherEvent(Base):
    """One step of a voucher; rows are only ever added."""

    __tablename__ = "quiz_voucher_event"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    voucher_id: Mapped[int] = mapped_column(ForeignKey("quiz_voucher.id"))
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(6))
    actor: Mapped[str] = mapped_column(String(60))
    """`reader`, `clock`, `erasure`, or a login."""
    receipt: Mapped[str] = mapped_column(String(20), default="")
    note: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (
        CheckConstraint(f"action IN ({_VOUCHER_ACTIONS})", name="action"),
        Index("ix_quiz_voucher_event_voucher_id", "voucher_id", "id"),
        Index("ix_quiz_voucher_event_at", "at"),
        Index("ix_quiz_voucher_event_receipt", "receipt"),
    )


class StockMove(Base):
    """A change of a facsimile's stock; rows are only ever added, and they add up to it."""

    __tablename__ = "quiz_stock_move"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    facsimile_id: Mapped[int] = mapped_column(ForeignKey("quiz_facsimile.id"))
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(9))
    on_hand: Mapped[int] = mapped_column(Integer)
    """By how many pieces the shelf changed."""
    reserved: Mapped[int] = mapped_column(Integer)
    """By how many the promised ones did."""
    voucher_id: Mapped[int | None] = mapped_column(ForeignKey("quiz_voucher.id"))
    actor: Mapped[str] = mapped_column(String(60))
    note: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (
        CheckConstraint(f"action IN ({_STOCK_ACTIONS})", name="action"),
        Index("ix_quiz_stock_move_facsimile_id", "facsimile_id", "id"),
        Index("ix_quiz_stock_move_voucher_id", "voucher_id"),
    )


class ReceiptCounter(Base):
    """The last number of a receipt given in each year, counted in the redemption's transaction."""

    __tablename__ = "quiz_receipt_counter"

    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(Integer)
