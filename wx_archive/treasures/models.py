"""Uploads, their files and steps, who sent them, and the counters of the numbered books."""

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
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key
from wx_archive.treasures.rules import (
    Action,
    Channel,
    Credit,
    FileKind,
    FileState,
    Ownership,
    Scope,
    State,
    Wish,
)

_States = type[State | Channel | Action | FileKind | FileState | Ownership | Wish | Scope | Credit]


def one_of(column: str, values: _States) -> CheckConstraint:
    """Return the constraint that a column holds nothing else."""
    known = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({known})", name=column)


class Treasure(Base):
    """One upload: 珍2026-000001."""

    __tablename__ = "treasure"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    pid: Mapped[str] = mapped_column(String(26), unique=True)
    number: Mapped[str | None] = mapped_column(String(20), unique=True)
    """None while it is a draft."""
    state: Mapped[str] = mapped_column(String(12))
    channel: Mapped[str] = mapped_column(String(4))
    follower_id: Mapped[int | None] = mapped_column(ForeignKey("follower.id", ondelete="CASCADE"))
    """None for a visitor at the desk, and once the follower was erased."""
    title: Mapped[str] = mapped_column(String(60), default="")
    story: Mapped[str] = mapped_column(Text, default="")
    year_text: Mapped[str] = mapped_column(String(40), default="")
    """When it is from, in the sender's words: 大约 1975 年, 七十年代, 不知道."""
    place: Mapped[str] = mapped_column(String(80), default="")
    people: Mapped[str] = mapped_column(String(200), default="")
    """Who is to be seen."""
    ownership: Mapped[str | None] = mapped_column(String(10))
    wish: Mapped[str | None] = mapped_column(String(8))
    scope: Mapped[str | None] = mapped_column(String(12))
    scope_until: Mapped[date | None] = mapped_column(Date)
    """Until this day it is not to be public; None: without an end."""
    credit: Mapped[str | None] = mapped_column(String(10))
    credit_name: Mapped[str] = mapped_column(String(30), default="")
    """Empty where it is anonymous; see `rules.credited`."""
    consent_version: Mapped[int | None] = mapped_column(Integer)
    consented_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    """When the sender went through the form's four steps."""
    note: Mapped[str] = mapped_column(String(400), default="")
    """What staff said with the last step, to the sender."""
    asked_from: Mapped[str | None] = mapped_column(String(12))
    """The state to go back to when the sender has answered."""
    batch_from: Mapped[int] = mapped_column(Integer, default=0)
    """Place of the first file of the batch that is coming in."""
    last_file_at: Mapped[datetime | None]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    """Who has it in hand."""
    act_by: Mapped[date | None] = mapped_column(Date)
    """The day by which something must happen to it in its state (`rules.DAYS`)."""
    erase_on: Mapped[date | None] = mapped_column(Date)
    """The day on which its files and words are deleted."""
    erased_at: Mapped[datetime | None]
    """When they were; the number and the steps' dates stay."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    """When it came into its state."""
    version: Mapped[int] = mapped_column(Integer, default=1)
    """Counts every change, so that nobody acts on a page that is out of date."""

    __table_args__ = (
        one_of("state", State),
        one_of("channel", Channel),
        one_of("ownership", Ownership),
        one_of("wish", Wish),
        one_of("scope", Scope),
        one_of("credit", Credit),
        Index("ix_treasure_state", "state", "id"),
        Index("ix_treasure_follower_id", "follower_id", "id"),
        Index("ix_treasure_act_by", "act_by", "id"),
        Index("ix_treasure_erase_on", "erase_on"),
    )


class TreasureFile(Base):
    """One file of an upload; its bytes lie in the sealed store under a name that says nothing."""

    __tablename__ = "treasure_file"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    pid: Mapped[str] = mapped_column(String(26), unique=True)
    treasure_id: Mapped[int] = mapped_column(ForeignKey("treasure.id", ondelete="CASCADE"))
    place: Mapped[int] = mapped_column(Integer)
    """Its order among the upload's files, from 1; the same place may be left empty."""
    state: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(String(4))
    kind: Mapped[str] = mapped_column(String(6))
    """As sent; once it is clean, as its bytes say."""
    media_id: Mapped[str | None] = mapped_column(String(200))
    """WeChat's, while it is awaited; good until `media_until`."""
    media_until: Mapped[datetime | None]
    object_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Random; the original in the sealed store, forms of it under `<key>.<form>`."""
    name: Mapped[str] = mapped_column(String(80), default="")
    """As its owner calls it; only ever shown, never used as a path."""
    sha256: Mapped[str | None] = mapped_column(String(64))
    size_bytes: Mapped[int | None] = mapped_column(Integer)
    content_type: Mapped[str] = mapped_column(String(40), default="")
    width_px: Mapped[int | None] = mapped_column(Integer)
    height_px: Mapped[int | None] = mapped_column(Integer)
    duration_ms: Mapped[int | None] = mapped_column(Integer)
    likeness: Mapped[str] = mapped_column(String(16), default="")
    """A 64-bit difference hash of a picture, hexadecimal: near ones look alike."""
    taken_text: Mapped[str] = mapped_column(String(10), default="")
    """The day that a photo's own data names, as 1985-06-01; empty where it names none."""
    is_dark: Mapped[bool] = mapped_column(Boolean, default=False)
    is_blurred: Mapped[bool] = mapped_column(Boolean, default=False)
    turned: Mapped[int] = mapped_column(SmallInteger, default=0)
    """Degrees clockwise by which it is shown turned: 0, 90, 180, 270."""
    is_cover: Mapped[bool] = mapped_column(Boolean, default=False)
    is_evidence: Mapped[bool] = mapped_column(Boolean, default=False)
    """A signed paper that staff have scanned: no piece of the upload, and never shown."""
    scanner: Mapped[str] = mapped_column(String(60), default="")
    """What found it clean of malware, with its version; empty where none is configured."""
    reason: Mapped[str] = mapped_column(String(200), default="")
    """Why it was refused or lost, in a sentence for the sender."""
    received_at: Mapped[datetime]
    stored_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]

    __table_args__ = (
        one_of("state", FileState),
        one_of("source", Channel),
        one_of("kind", FileKind),
        CheckConstraint("turned IN (0, 90, 180, 270)", name="turned"),
        UniqueConstraint("treasure_id", "media_id"),
        Index("ix_treasure_file_treasure_id", "treasure_id", "place"),
        Index("ix_treasure_file_sha256", "sha256"),
        Index("ix_treasure_file_state", "state", "id"),
    )


class TreasureEvent(Base):
    """One step of an upload; rows are only ever added."""

    __tablename__ = "treasure_event"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    treasure_id: Mapped[int] = mapped_column(ForeignKey("treasure.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(8))
    from_state: Mapped[str | None] = mapped_column(String(12))
    """None for the first step."""
    to_state: Mapped[str] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(String(1000), default="")
    actor: Mapped[str] = mapped_column(String(60))
    """`sender`, `clock`, `erasure`, a login, or `cli:` and the machine's user."""

    __table_args__ = (
        one_of("action", Action),
        Index("ix_treasure_event_treasure_id", "treasure_id", "id"),
    )


class TreasureContact(Base):
    """Who the sender really is and how to reach them: sealed, and read by few."""

    __tablename__ = "treasure_contact"

    treasure_id: Mapped[int] = mapped_column(
        ForeignKey("treasure.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Name, telephone, address, under a key of the installation's (`core.sealing`)."""


class TreasureCounter(Base):
    """The last number given in each book and year, counted in the transaction that takes it."""

    __tablename__ = "treasure_counter"

    sign: Mapped[str] = mapped_column(String(1), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(Integer)
