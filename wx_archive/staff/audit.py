"""The audit log: who did what, from where, before and after; each row seals the ones before it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wx_archive.staff.models import AuditEntry, AuditHead

ROOT: Final = "0" * 64
"""What the first row has before it."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that was done.

    Attributes:
        action: dotted, `document.repeal`.
        subject: what it was done to, `document:PID`; never an openid or a citizen's words.
        before: JSON-able values that were changed, as they were.
        after: the same, as they are now; and the reason, where one was given.
    """

    action: str
    subject: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


def append(session: Session, note: Note, *, actor: str, address: str, now: datetime) -> int:
    """Add a row in the transaction of what was done; return its number.

    Last in its transaction: everybody who appends waits for the row's lock.
    """
    head = session.execute(
        select(AuditHead.number, AuditHead.hash).where(AuditHead.id == 1).with_for_update()
    ).one()
    entry = AuditEntry(
        number=head.number + 1,
        at=now.astimezone(UTC),
        actor=actor[:60],
        address=address[:45],
        action=note.action,
        subject=note.subject[:120],
        before=canonical(note.before),
        after=canonical(note.after),
        previous=head.hash,
    )
    entry.hash = seal(entry)
    session.add(entry)
    session.flush()
    session.execute(
        update(AuditHead).where(AuditHead.id == 1).values(number=entry.number, hash=entry.hash)
    )
    return entry.number


def seal(entry: AuditEntry) -> str:
    """Return the hash of a row: over the one before it and everything that the row says."""
    said = [
        entry.previous,
        str(entry.number),
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor,
        entry.address,
        entry.action,
        entry.subject,
        entry.before,
        entry.after,
    ]
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def canonical(value: object) -> str:
    """Return the one JSON text of a value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
