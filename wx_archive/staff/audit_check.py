"""Whether the audit log is still what was written: every row, every link, the end, the anchors.

What it proves: no row that stands between the first and the last was changed, taken out, put in or
moved, unless everything after it was written anew as well; with the anchors (`anchors`) also that
nothing up to the newest anchor was written anew or cut off, for as long as whoever did it could not
change the anchors too. Hence their second copy in the log, and `--anchors` for a third one that the
auditor keeps elsewhere.

What it does not prove: that something was done which was never noted, that whoever used an account
was its owner, that the machine's clock was right, and anything of the rows after the newest anchor
against somebody who can write both the table and its end.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, String, select, type_coerce

from wx_archive.staff.anchors import Anchor
from wx_archive.staff.audit import ROOT, Row, seal
from wx_archive.staff.models import AuditEntry, AuditHead

BATCH: Final = 500
"""Rows a statement: however long the log, this many are in memory."""
_BEFORE_ALL: Final = -(2**62)


class Reason(StrEnum):
    """What is wrong with the first row that is."""

    CHANGED = "changed"
    """What it says is not what its hash was made of."""
    LINK = "link"
    """It does not follow the row that stands before it."""
    GAP = "gap"
    """It is not there, but later ones are."""
    END = "end"
    """The rows end somewhere else than the log says."""
    ANCHOR = "anchor"
    """It is not the row that was anchored: it and what is before it was written anew."""
    CUT = "cut"
    """It was there when the log was anchored."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The first row that is not as it was written.

    Attributes:
        number: the row's.
        since: for `ANCHOR`: up to here the log is still the anchored one.
    """

    number: int
    reason: Reason
    since: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found.

    Attributes:
        rows: how many were good, up to the first that is not.
        number: the last good one's.
        hash: the last good one's.
        anchors: how many of them fit.
    """

    rows: int
    number: int
    hash: str
    anchors: int
    fault: Fault | None = None


def verify(connection: Connection, anchors: Sequence[Anchor] = (), *, after: int = 0) -> Verdict:
    """Check the log from its beginning, or from the row that follows number ``after``.

    Rows may be added meanwhile; they are checked too.
    """
    chain = _Chain(after, _hash_at(connection, after))
    for anchor in anchors:
        if anchor.number > after:
            chain.anchored[anchor.number].append(anchor)
    while True:
        # First the end, then the rows: what it told of must be there.
        end = connection.execute(
            select(AuditHead.number, AuditHead.hash).where(AuditHead.id == 1)
        ).one_or_none()
        found = False
        for row, sealed in _batch(connection, chain.number if chain.rows or after else None):
            found = True
            if fault := chain.take(row, sealed):
                return chain.verdict(fault)
        if not found:
            return chain.verdict(chain.ended((end.number, end.hash) if end else None))


@dataclass(slots=True)
class _Chain:
    """The log as far as it was read."""

    number: int
    hash: str
    rows: int = 0
    fitting: int = 0
    sure: int = 0
    anchored: dict[int, list[Anchor]] = field(default_factory=lambda: defaultdict(list))

    def take(self, row: Row | None, sealed: str) -> Fault | None:
        """Go on to the next row, unless something is wrong with it."""
        due = self.number + 1
        if row is None:
            return Fault(due, Reason.CHANGED)
        if row.number != due:
            return Fault(due, Reason.GAP)
        if row.previous != self.hash:
            return Fault(due, Reason.LINK)
        if seal(row) != sealed:
            return Fault(due, Reason.CHANGED)
        for anchor in self.anchored.pop(due, ()):
            if anchor.hash != sealed:
                return Fault(due, Reason.ANCHOR, self.sure)
            self.fitting += 1
            self.sure = due
        self.number, self.hash, self.rows = due, sealed, self.rows + 1
        return None

    def ended(self, end: tuple[int, str] | None) -> Fault | None:
        """Return what is missing after the last row."""
        if any(number > self.number for number in self.anchored):
            return Fault(self.number + 1, Reason.CUT)
        if end == (self.number, self.hash):
            return None
        told = end[0] if end else self.number + 1
        return Fault(min(told, self.number) + (told != self.number), Reason.END)

    def verdict(self, fault: Fault | None) -> Verdict:
        """Return what was found."""
        return Verdict(self.rows, self.number, self.hash, self.fitting, fault)


def _hash_at(connection: Connection, number: int) -> str:
    if number == 0:
        return ROOT
    found = select(AuditEntry.hash).where(AuditEntry.number == number)
    return connection.scalar(found) or ""


def _batch(connection: Connection, after: int | None) -> Iterator[tuple[Row | None, str]]:
    """Return the next rows by their numbers, with their hashes; None for what is no row."""
    above = _BEFORE_ALL if after is None else after
    rows = connection.execute(
        select(
            AuditEntry.number,
            type_coerce(AuditEntry.at, String).label("at"),
            AuditEntry.actor,
            AuditEntry.address,
            AuditEntry.action,
            AuditEntry.subject,
            AuditEntry.before,
            AuditEntry.after,
            AuditEntry.previous,
            AuditEntry.hash,
        )
        .where(AuditEntry.number > above)
        .order_by(AuditEntry.number)
        .limit(BATCH)
    )
    for row in rows.all():
        yield _as_row(row), row.hash


def _as_row(row: Any) -> Row | None:
    at = _moment(row.at)
    if at is None:
        return None
    return Row(
        row.number,
        at,
        row.actor,
        row.address,
        row.action,
        row.subject,
        row.before,
        row.after,
        row.previous,
    )


def _moment(stored: object) -> datetime | None:
    """Return the moment of a row; SQLite would keep any text in its place."""
    if isinstance(stored, datetime):
        return stored
    try:
        return datetime.fromisoformat(str(stored)).replace(tzinfo=UTC)
    except ValueError:
        return None
