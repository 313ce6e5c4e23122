"""What comes after the decision: agreements, rights, accessions, certificates, what is shown."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key
from wx_archive.treasures.models import one_of
from wx_archive.treasures.rules import Credit, Right, Scope, Wish

_RIGHTS = ", ".join(f"'{one}'" for one in Right)
_STANDING = text("revoked_at IS NULL")


class Agreement(Base):
    """协2026-000001: what sender and archives have signed; one upload has one that counts."""

    __tablename__ = "treasure_agreement"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    treasure_id: Mapped[int] = mapped_column(ForeignKey("treasure.id"), unique=True)
    wish: Mapped[str] = mapped_column(String(8))
    scope: Mapped[str] = mapped_column(String(12))
    scope_until: Mapped[date | None] = mapped_column(Date)
    credit: Mapped[str] = mapped_column(String(10))
    credit_name: Mapped[str] = mapped_column(String(30), default="")
    terms: Mapped[str] = mapped_column(Text, default="")
    """What was agreed beyond the printed text: conditions of use, priority of the giver."""
    has_priority: Mapped[bool] = mapped_column(Boolean, default=True)
    """档案法 art. 31: givers use first, and free of charge."""
    signed_on: Mapped[date] = mapped_column(Date)
    scan_id: Mapped[int | None] = mapped_column(ForeignKey("treasure_file.id"))
    """The signed paper, scanned."""
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime]

    __table_args__ = (
        one_of("wish", Wish),
        one_of("scope", Scope),
        one_of("credit", Credit),
    )


class RightsGrant(Base):
    """One way of use that was allowed, on what evidence; revoked, it stays to be read."""

    __tablename__ = "treasure_right"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    treasure_id: Mapped[int] = mapped_column(ForeignKey("treasure.id"))
    # Named `use`, as RIGHT is a word of SQL.
    use: Mapped[str] = mapped_column("use", String(8))
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)
    """The last day; None: without an end."""
    evidence: Mapped[str] = mapped_column(String(200))
    """Number of the agreement, or of the letter, that allows it."""
    granted_by: Mapped[str] = mapped_column(String(60))
    granted_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str] = mapped_column(String(60), default="")
    """A login, or `sender`."""
    revoked_because: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (
        CheckConstraint(f"use IN ({_RIGHTS})", name="use"),
        Index(
            "uq_treasure_right_standing",
            "treasure_id",
            "use",
            unique=True,
            sqlite_where=_STANDING,
            postgresql_where=_STANDING,
        ),
    )


class AccessionPlan(Base):
    """What one person proposes to enter in the register, until another one enters it."""

    __tablename__ = "treasure_plan"

    treasure_id: Mapped[int] = mapped_column(
        ForeignKey("treasure.id"), primary_key=True, autoincrement=False
    )
    title: Mapped[str] = mapped_column(String(200))
    received_on: Mapped[date] = mapped_column(Date)
    """When the original, or the file, was handed over."""
    condition: Mapped[str] = mapped_column(String(200), default="")
    extent: Mapped[str] = mapped_column(String(60), default="")
    """照片 3 张, 日记 1 册."""
    location: Mapped[str] = mapped_column(String(60), default="")
    fonds: Mapped[str] = mapped_column(String(20), default="")
    """全宗号 of the catalogue record."""
    proposed_by: Mapped[str] = mapped_column(String(60))
    proposed_at: Mapped[datetime]


class Accession(Base):
    """藏2026-000001: a line of the register; numbers have no gaps within a year."""

    __tablename__ = "treasure_accession"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    treasure_id: Mapped[int] = mapped_column(ForeignKey("treasure.id"), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    received_on: Mapped[date] = mapped_column(Date)
    condition: Mapped[str] = mapped_column(String(200), default="")
    extent: Mapped[str] = mapped_column(String(60), default="")
    location: Mapped[str] = mapped_column(String(60), default="")
    record_pid: Mapped[str | None] = mapped_column(String(26))
    """Its description in the catalogue."""
    proposed_by: Mapped[str] = mapped_column(String(60))
    entered_by: Mapped[str] = mapped_column(String(60))
    entered_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("proposed_by <> entered_by", name="two_people"),)


class Certificate(Base):
    """证2026-000001: what the sender is given, and what the public page says of it."""

    __tablename__ = "treasure_certificate"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    accession_id: Mapped[int] = mapped_column(ForeignKey("treasure_accession.id"))
    token: Mapped[str] = mapped_column(String(26), unique=True)
    """In the QR code: nobody finds another's certificate by counting."""
    issued_on: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(String(8))
    """The agreement's wish; with the next three what is printed, whatever is corrected later."""
    title: Mapped[str] = mapped_column(String(200))
    extent: Mapped[str] = mapped_column(String(60))
    credit_name: Mapped[str] = mapped_column(String(30))
    """As printed (`rules.credited`): the words for nobody where it is anonymous."""
    issued_by: Mapped[str] = mapped_column(String(60))
    png_key: Mapped[str | None] = mapped_column(String(64))
    """In the sealed store, once it is drawn; the PDF under `<key>.pdf`."""
    png_sha256: Mapped[str | None] = mapped_column(String(64))
    fault: Mapped[str] = mapped_column(String(200), default="")
    """Why it could not be drawn, for staff; empty where it could."""
    revoked_at: Mapped[datetime | None]
    revoked_because: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (
        one_of("kind", Wish),
        Index(
            "uq_treasure_certificate_standing",
            "accession_id",
            unique=True,
            sqlite_where=_STANDING,
            postgresql_where=_STANDING,
        ),
    )


class Showing(Base):
    """A clean picture of an accessioned piece in the media library, for as long as it may be."""

    __tablename__ = "treasure_showing"

    file_id: Mapped[int] = mapped_column(
        ForeignKey("treasure_file.id"), primary_key=True, autoincrement=False
    )
    asset_pid: Mapped[str] = mapped_column(String(26), unique=True)
    tells_story: Mapped[bool] = mapped_column(Boolean, default=False)
    """Whoever released it has read the story, and lets the page tell it; the same for a piece."""
    shown_by: Mapped[str] = mapped_column(String(60))
    shown_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class FixityRun(Base):
    """One reading of every stored original against its checksum."""

    __tablename__ = "treasure_fixity_run"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    files: Mapped[int] = mapped_column(default=0)
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    bad: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str] = mapped_column(String(200), default="")
    """Why it proves nothing: it found no files where there must be some, or came to no end."""


class FixityFault(Base):
    """A stored file that is not what it was, or is not there."""

    __tablename__ = "treasure_fixity_fault"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("treasure_fixity_run.id", ondelete="CASCADE"))
    file_id: Mapped[int] = mapped_column(ForeignKey("treasure_file.id", ondelete="CASCADE"))
    expected: Mapped[str] = mapped_column(String(64))
    found: Mapped[str] = mapped_column(String(64), default="")
    """Empty: the file is missing or cannot be read."""
    at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    """When a later run found it whole again."""

    __table_args__ = (
        Index("ix_treasure_fixity_fault_file_id", "file_id"),
        Index("ix_treasure_fixity_fault_run_id", "run_id"),
    )
