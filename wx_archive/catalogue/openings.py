"""What the calendar brings: records whose opening day has come, reviews that fall due.

The law's twenty-five years open nothing by themselves: they make a task for staff. Everything
here can be done again, late or twice, with the same result; the lock is never held for long.

Source: 《中华人民共和国档案法》(2020) art. 27, 30; docs/sources.md#visibility.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, exists, func, select

from wx_archive.catalogue import index
from wx_archive.catalogue.models import Document, OpeningReview, Record, SearchEntry
from wx_archive.catalogue.rules import Kind, Openness
from wx_archive.catalogue.visibility import is_current, public_documents, public_records
from wx_archive.core.batches import batches
from wx_archive.core.database import Database, insert_into

CLOSED_YEARS: Final = 25
WINDOW: Final = 20_000
"""Ids looked at in one query: far below any time limit."""
_CHUNK: Final = 500


# -- opening days -----------------------------------------------------------------------------


def follow_calendar(database: Database, *, today: date) -> tuple[int, int]:
    """Index what has come to be public, take out what no longer is; return how many of each.

    The days just past come first: at midnight nobody waits for a million older records.
    """
    opened = _open(database, _due_lately(database, today), today)
    closed = sum(_close(database, kind, today) for kind in Kind)
    for window in _windows(database):
        with database.reads() as connection:
            due = list(connection.scalars(_due(window, today)))
        opened += _open(database, due, today)
    return opened, closed


def _due_lately(database: Database, today: date) -> list[int]:
    with database.reads() as connection:
        newest = connection.scalar(select(func.max(Record.open_on)).where(Record.open_on <= today))
        return list(connection.scalars(_due(Record.open_on == newest, today))) if newest else []


def _due(where: ColumnElement[bool], today: date) -> Select[int]:
    """Return the statement for records that may be shown for their day and have no entry."""
    has_entry = exists().where(
        SearchEntry.kind == Kind.RECORD.value, SearchEntry.target_id == Record.id
    )
    return select(Record.id).where(
        where, Record.open_on.is_not(None), public_records(today), ~has_entry
    )


def _open(database: Database, ids: Sequence[int], today: date) -> int:
    opened = 0
    for chunk in batches(ids, _CHUNK):
        with database.begin(unhurried=True) as session:
            index.lock(session.connection())  # looked at again: another may have done it
            due = session.scalars(_due(Record.id.in_(chunk), today)).all()
            records = session.scalars(select(Record).where(Record.id.in_(due))).all()
            opened += index.add(session.connection(), records, today=today)
    return opened


def _close(database: Database, kind: Kind, today: date) -> int:
    """Take out the entries that stand there for something the public may not see."""
    closed, last = 0, -1
    while True:
        with database.reads() as connection:
            entries = connection.execute(
                select(SearchEntry.id, SearchEntry.target_id)
                .where(
                    SearchEntry.kind == kind.value, SearchEntry.id > last, is_current(SearchEntry)
                )
                .order_by(SearchEntry.id)
                .limit(_CHUNK * 10)
            ).all()
            suspects = _not_public(connection, kind, [row.target_id for row in entries], today)
        if not entries:
            return closed
        last = entries[-1].id
        for chunk in batches(suspects, _CHUNK):
            with database.begin(unhurried=True) as session:
                index.lock(session.connection())
                gone = _not_public(session.connection(), kind, chunk, today)
                closed += index.remove_targets(session.connection(), kind, gone)


def _not_public(connection: Connection, kind: Kind, ids: Sequence[int], today: date) -> list[int]:
    table = Record if kind is Kind.RECORD else Document
    allowed = public_records(today) if kind is Kind.RECORD else public_documents()
    public: set[int] = set()
    for chunk in batches(ids, _CHUNK):
        public |= set(connection.scalars(select(table.id).where(table.id.in_(chunk), allowed)))
    return [each for each in ids if each not in public]


# -- reviews ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Review:
    """A record that nobody has reviewed although it is old enough to be open."""

    pid: str
    reference_code: str
    title: str
    formed_on: date
    due_on: date


_FORMED: Final = func.coalesce(Record.date_end, Record.dated)
_UNREVIEWED: Final = and_(is_current(Record), Record.openness == Openness.UNREVIEWED.value)


def years_later(day: date, years: int) -> date:
    """Return the same day of another year; what began on 29 February is full on 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def years_earlier(day: date, years: int) -> date:
    """Return the last day that is full that many years on ``day``."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 2, 28)


def make_reviews(database: Database, *, today: date, now: datetime) -> int:
    """Note the unreviewed records that are old enough; return how many are new."""
    added = 0
    for window in _windows(database):
        with database.reads() as connection:
            due = _old_enough(connection, window, today)
        for rows in batches(due, _CHUNK):
            values = [{"record_pid": pid, "due_on": on, "created_at": now} for pid, on in rows]
            with database.begin(unhurried=True) as session:
                new = insert_into(session, OpeningReview).values(values)
                new = new.on_conflict_do_nothing(index_elements=["record_pid"])
                added += len(session.execute(new.returning(OpeningReview.id)).all())
    _forget_reviewed(database)
    return added


def _old_enough(
    connection: Connection, window: ColumnElement[bool], today: date
) -> list[tuple[str, date]]:
    has_task = exists().where(OpeningReview.record_pid == Record.pid)
    is_old = years_earlier(today, CLOSED_YEARS) >= _FORMED
    rows = connection.execute(
        select(Record.pid, _FORMED).where(window, _UNREVIEWED, is_old, ~has_task)
    )
    return [(pid, years_later(formed, CLOSED_YEARS)) for pid, formed in rows]


def _forget_reviewed(database: Database) -> None:
    """Drop the tasks whose record was reviewed meanwhile, or is gone."""
    waits = exists().where(Record.pid == OpeningReview.record_pid, _UNREVIEWED)
    while True:
        with database.reads() as connection:
            done = list(connection.scalars(select(OpeningReview.id).where(~waits).limit(_CHUNK)))
        if not done:
            return
        with database.begin(unhurried=True) as session:
            session.execute(delete(OpeningReview).where(OpeningReview.id.in_(done)))


def reviews(connection: Connection) -> tuple[Review, ...]:
    """Return the open tasks, longest due first; what was reviewed since is none any more."""
    rows = connection.execute(
        select(Record.pid, Record.reference_code, Record.title, _FORMED, OpeningReview.due_on)
        .join(Record, Record.pid == OpeningReview.record_pid)
        .where(_UNREVIEWED)
        .order_by(OpeningReview.due_on, Record.reference_key, Record.id)
    )
    return tuple(Review(*row) for row in rows)


def _windows(database: Database) -> Iterator[ColumnElement[bool]]:
    """Cut the records into ranges of ids."""
    with database.reads() as connection:
        last = connection.scalar(select(func.max(Record.id))) or 0
    for begin in range(0, last + 1, WINDOW):
        yield Record.id.between(begin, begin + WINDOW - 1)
