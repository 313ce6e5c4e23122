"""Reading the audit log: newest first, by person, action, subject and day; whole, for a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, func, select

from wx_archive.core.clock import SHANGHAI
from wx_archive.staff.models import AuditEntry, AuditHead

BATCH: Final = 500
"""Rows a statement when all of them are wanted."""
_TABLE: Final = AuditEntry.__table__

Entry = Row[Any]
"""A row with the columns of `AuditEntry`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows somebody asks for; empty means any.

    Attributes:
        subject: all of it, or its beginning.
        first: Shanghai day, as is `last`; both included.
    """

    actor: str = ""
    action: str = ""
    subject: str = ""
    first: date | None = None
    last: date | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return them as SQL."""
        found: list[ColumnElement[bool]] = []
        if self.actor:
            found.append(AuditEntry.actor == self.actor)
        if self.action:
            found.append(AuditEntry.action == self.action)
        if self.subject:
            found.append(AuditEntry.subject.startswith(self.subject, autoescape=True))
        if self.first:
            found.append(AuditEntry.at >= _begin(self.first))
        if self.last:
            found.append(AuditEntry.at < _begin(self.last + timedelta(days=1)))
        return found


@dataclass(frozen=True, slots=True)
class Turn:
    """One page of a list.

    Attributes:
        newer: number after which the page before this one ends; 0 where there is none.
        older: number below which the next one begins; 0 where there is none.
    """

    entries: Sequence[Entry]
    newer: int
    older: int


def turn(
    connection: Connection, wanted: Wanted, *, below: int = 0, above: int = 0, size: int
) -> Turn:
    """Return a page: the newest rows, those below a number, or those just above one."""
    query = select(_TABLE).where(*wanted.conditions()).limit(size + 1)
    if above:
        query = query.where(AuditEntry.number > above).order_by(AuditEntry.number)
    else:
        query = query.where(AuditEntry.number < below) if below else query
        query = query.order_by(AuditEntry.number.desc())
    rows = connection.execute(query).all()
    shown, has_more = rows[:size], len(rows) > size
    if above:
        shown = shown[::-1]
    has_newer, has_older = (has_more, True) if above else (bool(below), has_more)
    return Turn(
        shown,
        newer=shown[0].number if shown and has_newer else 0,
        older=shown[-1].number if shown and has_older else 0,
    )


def one(connection: Connection, number: int) -> Entry | None:
    """Return a row."""
    return connection.execute(select(_TABLE).where(AuditEntry.number == number)).one_or_none()


def last_number(connection: Connection) -> int:
    """Return the newest row's number; 0 for an empty log."""
    return connection.scalar(select(AuditHead.number).where(AuditHead.id == 1)) or 0


def count(connection: Connection, wanted: Wanted) -> int:
    """Return how many rows are asked for."""
    query = select(func.count()).select_from(_TABLE).where(*wanted.conditions())
    return connection.scalar(query) or 0


def every(connection: Connection, wanted: Wanted, *, up_to: int) -> Iterator[Entry]:
    """Return all rows that are asked for, oldest first, a batch in memory at a time."""
    number = 0
    query = select(_TABLE).where(*wanted.conditions(), AuditEntry.number <= up_to)
    query = query.order_by(AuditEntry.number).limit(BATCH)
    while rows := connection.execute(query.where(AuditEntry.number > number)).all():
        yield from rows
        number = rows[-1].number


def actors(connection: Connection) -> Sequence[str]:
    """Return everybody who stands in the log, by skipping along its index."""
    return _distinct(connection, AuditEntry.actor)


def actions(connection: Connection) -> Sequence[str]:
    """Return everything that was done at least once."""
    return _distinct(connection, AuditEntry.action)


def is_end_sound(connection: Connection) -> bool:
    """Tell whether the last row is the one that the log says; asked for again and again."""
    head = connection.execute(
        select(AuditHead.number, AuditHead.hash).where(AuditHead.id == 1)
    ).one_or_none()
    if head is None:
        return False
    newest = connection.execute(
        select(AuditEntry.number, AuditEntry.hash)
        .where(AuditEntry.number >= head.number)
        .order_by(AuditEntry.number)
        .limit(1)
    ).one_or_none()
    return head.number == 0 if newest is None else tuple(newest) == tuple(head)


def _distinct(connection: Connection, column: Any) -> Sequence[str]:
    found: list[str] = []
    query = select(func.min(column))
    value = connection.scalar(query)
    while value is not None:
        found.append(value)
        value = connection.scalar(query.where(column > value))
    return found


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)
