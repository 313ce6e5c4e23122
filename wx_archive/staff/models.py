"""Tables of the people who work here, their sessions, and the audit log."""

from datetime import datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key
from wx_archive.staff.rules import Role

_KNOWN: Final = ", ".join(f"'{role}'" for role in Role)


class Member(Base):
    """One of the staff. Disabled, never deleted: the login stands in the audit log."""

    __tablename__ = "staff_member"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    login: Mapped[str] = mapped_column(String(40), unique=True)
    """Lower case."""
    name: Mapped[str] = mapped_column(String(40))
    password_hash: Mapped[str] = mapped_column(String(200))
    password_set_at: Mapped[datetime]
    must_change: Mapped[bool] = mapped_column(Boolean, default=True)
    """The password was chosen by somebody else."""
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Sealed with the installation's secret; None while no second factor is set up."""
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0)
    """The newest time step whose code was used: none is good twice."""
    is_disabled: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime]


class MemberRole(Base):
    """A role that somebody has."""

    __tablename__ = "staff_role"

    member_id: Mapped[int] = mapped_column(
        ForeignKey("staff_member.id", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[str] = mapped_column(String(20), primary_key=True)

    __table_args__ = (CheckConstraint(f"role IN ({_KNOWN})", name="role"),)


class StaffSession(Base):
    """A browser that somebody logged in with, from the password on."""

    __tablename__ = "staff_session"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256; the token itself only the browser has."""
    member_id: Mapped[int] = mapped_column(
        ForeignKey("staff_member.id", ondelete="CASCADE"), index=True
    )
    stage: Mapped[str] = mapped_column(String(10))
    """What is still missing before it opens anything (`sessions.Stage`)."""
    pending_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Sealed: the second factor that is being set up."""
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    confirmed_at: Mapped[datetime]
    """When the password (and second factor) was given last."""
    address: Mapped[str] = mapped_column(String(45), default="")
    agent: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (
        CheckConstraint("stage IN ('code', 'password', 'enrol', 'full')", name="stage"),
    )


class RecoveryCode(Base):
    """A code that stands in for the second factor, once."""

    __tablename__ = "staff_recovery_code"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    member_id: Mapped[int] = mapped_column(
        ForeignKey("staff_member.id", ondelete="CASCADE"), index=True
    )
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None]


class LoginAttempt(Base):
    """Failed logins in a row of one account, or from one address; both known by a keyed hash."""

    __tablename__ = "staff_login_attempt"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime]
    blocked_until: Mapped[datetime]

    __table_args__ = (Index("ix_staff_login_attempt_last_at", "last_at"),)


class AuditEntry(Base):
    """Who did what: a chain of hashes; triggers of the database refuse changes and deletions."""

    __tablename__ = "audit_entry"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """From 1, without gaps."""
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(60))
    """A login, or `cli:` and the machine's user."""
    address: Mapped[str] = mapped_column(String(45))
    action: Mapped[str] = mapped_column(String(60))
    """Dotted: `document.repeal`."""
    subject: Mapped[str] = mapped_column(String(120))
    before: Mapped[str] = mapped_column(Text)
    """Canonical JSON."""
    after: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        Index("ix_audit_entry_actor", "actor", "number"),
        Index("ix_audit_entry_subject", "subject", "number"),
        Index("ix_audit_entry_action", "action", "number"),
    )


class AuditHead(Base):
    """The end of the chain: one row, locked by whoever appends."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))
