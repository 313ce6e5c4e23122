"""The audit log: who did what, from where, before and after; each row seals the ones before it."""

import hashlib
import json
import os
import platform
import pwd
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wx_archive.staff.models import AuditEntry, AuditHead

ROOT: Final = "0" * 64
"""What the first row has before it."""
ACTOR_LENGTH: Final = 60
ADDRESS_LENGTH: Final = 45
SUBJECT_LENGTH: Final = 120


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that was done.

    Attributes:
        action: dotted, `document.repeal`; its Chinese name stands in `audit_texts`.
        subject: what it was done to, `document:PID`; never an openid or a citizen's words.
        before: JSON-able values that were changed, as they were.
        after: the same, as they are now; and the reason, where one was given.
    """

    action: str
    subject: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """What one row says, all of which its hash seals.

    Attributes:
        number: from 1, without gaps.
        before: canonical JSON, as is `after`.
        previous: the hash of the row before.
    """

    number: int
    at: datetime
    actor: str
    address: str
    action: str
    subject: str
    before: str
    after: str
    previous: str


def append(session: Session, note: Note, *, actor: str, address: str, now: datetime) -> int:
    """Add a row in the transaction of what was done; return its number.

    Last in its transaction: everybody who appends waits for the row's lock.
    """
    head = session.execute(
        select(AuditHead.number, AuditHead.hash).where(AuditHead.id == 1).with_for_update()
    ).one()
    row = Row(
        head.number + 1,
        now.astimezone(UTC),
        _storable(actor)[:ACTOR_LENGTH],
        _storable(address)[:ADDRESS_LENGTH],
        note.action,
        _storable(note.subject)[:SUBJECT_LENGTH],
        canonical(note.before),
        canonical(note.after),
        head.hash,
    )
    sealed = seal(row)
    session.add(AuditEntry(**asdict(row), hash=sealed))
    session.flush()
    session.execute(
        update(AuditHead).where(AuditHead.id == 1).values(number=row.number, hash=sealed)
    )
    return row.number


def from_terminal(session: Session, *notes: Note, now: datetime) -> None:
    """Add what somebody did by a command, in the transaction of what was done.

    They are known by the machine's own user, which no variable of the environment can change, and
    the address is the machine's name.
    """
    for note in notes:
        append(session, note, actor=terminal_actor(), address=platform.node(), now=now)


def terminal_actor() -> str:
    """Return under which name the log keeps whoever gives a command on this machine."""
    return f"cli:{_user()}"


def seal(row: Row) -> str:
    """Return the hash of a row: over the one before it and everything that the row says."""
    said = [
        row.previous,
        str(row.number),
        row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        row.actor,
        row.address,
        row.action,
        row.subject,
        row.before,
        row.after,
    ]
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def canonical(value: object) -> str:
    """Return the one JSON text of a value."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return _storable(text)


def _storable(text: str) -> str:
    """Return a text as every database keeps it: half a pair of UTF-16 and NUL are no text."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def _user() -> str:
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # a container runs under a number that has no name
        return str(number)
