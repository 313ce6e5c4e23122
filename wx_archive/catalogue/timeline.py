"""A document's life, day by day, as the public may read it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, func, select

from wx_archive.catalogue.models import (
    Document,
    DocumentRelation,
    RepealProposal,
    StatedRelation,
)
from wx_archive.catalogue.rules import document_number
from wx_archive.catalogue.visibility import is_current, public_documents

REPEALING: Final = ("repeals", "replaces", "supersedes")
AMENDING: Final = ("amends", "partly_repeals")
SINCE: Final = func.coalesce(Document.effective_from, Document.dated)
"""From when on a document acts on others: since it is in force, else since it was signed."""
STATED_SINCE: Final = func.coalesce(StatedRelation.since, SINCE)
"""The same where staff have stated how it bears on another one."""
_OTHERS: Final = "其他文件"


class State(StrEnum):
    """What has become of the proposal that a document is repealed."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Happening(StrEnum):
    """What can happen to a document, as citizens read it."""

    SIGNED = "成文"
    EFFECTIVE = "施行"
    AMENDED = "修改"
    REPEALED = "废止"
    EXPIRED = "失效"


_ORDER: Final = list(Happening)
_ALIKE: Final = str.maketrans("〈〉<>（）", "《》《》()")


@dataclass(frozen=True, slots=True)
class Other:
    """The document that changed or repealed it; named only if the public may see it."""

    pid: str
    title: str


@dataclass(frozen=True, slots=True)
class Event:
    """One day of a document's life.

    Attributes:
        by: what changed or repealed it; None where that is not public, or not known.
        is_to_come: not yet, on the day of asking.
    """

    day: date
    what: Happening
    by: Other | None = None
    is_to_come: bool = False

    @property
    def words(self) -> str:
        """Say it: 「施行」, 「被《…》废止」, 「将被其他文件修改」."""
        will = "将" if self.is_to_come else ""
        if self.what not in (Happening.AMENDED, Happening.REPEALED):
            return will + self.what.value
        name = f"《{self.by.title}》" if self.by else _OTHERS
        return f"{will}被{name}{self.what.value}"


def timeline(connection: Connection, pid: str, today: date) -> tuple[Event, ...]:
    """Return what is known of a public document's life, in order of the days, those to come too.

    Hidden and missing are the same empty tuple.
    """
    return _timeline(connection, pid, today, public_documents())


def timeline_for_staff(connection: Connection, pid: str, today: date) -> tuple[Event, ...]:
    """Return the same of any current document, hidden ones that changed it named too."""
    return _timeline(connection, pid, today, is_current(Document))


def _timeline(
    connection: Connection, pid: str, today: date, may_see: ColumnElement[bool]
) -> tuple[Event, ...]:
    """Return a document's life as somebody may read it.

    Args:
        connection: reads.
        pid: the document's.
        today: what lies after it is to come.
        may_see: the documents whose names this reader may know.
    """
    row = connection.execute(
        select(Document.__table__).where(Document.pid == pid, may_see)
    ).one_or_none()
    if row is None:
        return ()
    events = list(_own(row))
    if row.repealed_on or row.amended_on:
        events += _by_others(connection, row, may_see)
    ordered = sorted(events, key=lambda event: (event.day, _ORDER.index(event.what)))
    return tuple(replace(event, is_to_come=event.day > today) for event in ordered)


def title_key(title: str) -> str:
    """Return a title for comparison: whatever its brackets, spaces and widths."""
    return "".join(title.translate(_ALIKE).split())


def _own(row: Row[Any]) -> Iterator[Event]:
    """What the document says of itself."""
    if row.dated:
        yield Event(row.dated, Happening.SIGNED)
    if row.effective_from:
        yield Event(row.effective_from, Happening.EFFECTIVE)
    if row.effective_to and not (row.repealed_on and row.repealed_on <= row.effective_to):
        yield Event(row.effective_to + timedelta(days=1), Happening.EXPIRED)


def _by_others(connection: Connection, row: Row[Any], may_see: ColumnElement[bool]) -> list[Event]:
    """What others did to it: every change, and the first repeal."""
    told = sorted(
        {
            *_related(connection, row, may_see),
            *_stated(connection, row, may_see),
            *_accepted(connection, row, may_see),
        },
        key=lambda event: (event.day, event.by is None),
    )
    changes = {
        (event.day, event.by): event
        for event in told
        if event.what is Happening.AMENDED
        and not (row.repealed_on and row.repealed_on <= event.day)
    }
    repeals = [
        event for event in told if event.what is Happening.REPEALED and event.day == row.repealed_on
    ]
    return [*changes.values(), *repeals[:1]]


def _related(
    connection: Connection, row: Row[Any], may_see: ColumnElement[bool]
) -> Iterator[Event]:
    """What other files say that they did to it."""
    relations = connection.execute(
        select(
            DocumentRelation.type,
            DocumentRelation.target_number,
            DocumentRelation.target_title,
            Document.pid,
            Document.title,
            SINCE,
            may_see.label("is_named"),
        )
        .join(Document, Document.id == DocumentRelation.document_id)
        .where(
            is_current(Document),
            Document.id != row.id,
            DocumentRelation.type.in_((*REPEALING, *AMENDING)),
            SINCE.is_not(None),
        )
    )
    for kind, number, title, pid, name, since, is_named in relations:
        if _is_meant(row, number, title, since):
            yield Event(since, _what(kind), Other(pid, name) if is_named else None)


def _stated(connection: Connection, row: Row[Any], may_see: ColumnElement[bool]) -> Iterator[Event]:
    """What staff have stated that others did to it."""
    relations = connection.execute(
        select(
            StatedRelation.type,
            Document.pid,
            Document.title,
            STATED_SINCE,
            may_see.label("is_named"),
        )
        .join(Document, Document.pid == StatedRelation.document_pid)
        .where(
            is_current(Document),
            StatedRelation.target_pid == row.pid,
            StatedRelation.type.in_((*REPEALING, *AMENDING)),
            STATED_SINCE.is_not(None),
        )
    )
    for kind, pid, name, since, is_named in relations:
        yield Event(since, _what(kind), Other(pid, name) if is_named else None)


def _what(kind: str) -> Happening:
    return Happening.REPEALED if kind in REPEALING else Happening.AMENDED


def _is_meant(row: Row[Any], number: str, title: str, since: date) -> bool:
    """Tell whether a relation means this document: the rule of `repeals.Known.named`."""
    if number and (key := document_number(number)):
        return bool(key == row.number_key)
    is_older = row.dated is None or row.dated <= since
    return is_older and title_key(title) == title_key(row.title)


def _accepted(
    connection: Connection, row: Row[Any], may_see: ColumnElement[bool]
) -> Iterator[Event]:
    """What staff have accepted or stated by hand."""
    statement = (
        select(RepealProposal.repealed_on, Document.pid, Document.title)
        .select_from(RepealProposal)
        .outerjoin(Document, (Document.pid == RepealProposal.document_pid) & may_see)
        .where(RepealProposal.target_pid == row.pid, RepealProposal.state == State.ACCEPTED.value)
    )
    for since, pid, title in connection.execute(statement):
        if since:
            yield Event(since, Happening.REPEALED, Other(pid, title) if pid else None)
