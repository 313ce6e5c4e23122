"""What lies in a closed description is closed: `Record.is_closed_above`, kept right downwards.

A description is closed to what lies below it when it is 控制 itself (staff closed it, or its file
says so) or lies in one that is. One that nobody has reviewed closes nothing: items are reviewed
one by one, their file often is not. Items that say of themselves that they are not open are left
unmarked: they are hidden anyway, and there are many of them.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, Row, or_, select, update
from sqlalchemy.orm import Session

from wx_archive.catalogue import index
from wx_archive.catalogue.models import IS_ABOVE, Record
from wx_archive.catalogue.rules import Kind, Openness
from wx_archive.catalogue.visibility import is_current
from wx_archive.core.batches import batches

_CHUNK: Final = 500
_IS_CLOSED: Final = or_(
    Record.openness == Openness.CONTROLLED.value, Record.is_closed_above.is_(True)
)
_MATTERS: Final = or_(
    Record.level != "item", Record.openness.in_([Openness.OPEN.value, Openness.DEFERRED.value])
)
_Changed = Sequence[Row[int, str]]


def is_closed(session: Session, key: str | None) -> bool:
    """Tell whether the description with this normalised 档号 closes what lies below it."""
    return key is not None and bool(_closed_among(session, [key]))


def settle(session: Session, keys: Iterable[str], *, today: date) -> int:
    """Bring everything below these descriptions in line with them; return how many changed.

    Marks and entries of the index change in this transaction. Costs as much as changes.

    Args:
        session: the transaction.
        keys: normalised 档号 of descriptions that may have been opened or closed.
        today: decides what comes back into the index.
    """
    changed = 0
    frontier = set(keys)
    while frontier:
        closed = _closed_among(session, frontier)
        to_close = _children(session, closed, Record.is_closed_above.is_(False), _MATTERS)
        to_open = _children(session, frontier - closed, Record.is_closed_above.is_(True))
        _mark(session, [row.id for row in to_close], is_closed=True, today=today)
        _mark(session, [row.id for row in to_open], is_closed=False, today=today)
        changed += len(to_close) + len(to_open)
        frontier = {row.reference_key for row in (*to_close, *to_open)}
    return changed


def settle_import(session: Session, batch_id: int, *, today: date) -> int:
    """Do so for all that a batch brought, in the transaction that has published it."""
    brought = select(Record.reference_key).where(IS_ABOVE, Record.batch_id == batch_id)
    closing = select(Record.reference_key).where(IS_ABOVE, _IS_CLOSED, is_current(Record))
    keys = {*session.scalars(brought), *session.scalars(closing)}
    return settle(session, keys, today=today)


def _closed_among(session: Session, keys: Collection[str]) -> set[str]:
    """Return those that are closed; of several with one 档号 the strictest counts."""
    closed: set[str] = set()
    for chunk in batches(keys, _CHUNK):
        closed |= set(
            session.scalars(
                select(Record.reference_key).where(
                    Record.reference_key.in_(chunk), _IS_CLOSED, is_current(Record)
                )
            )
        )
    return closed


def _children(session: Session, keys: Collection[str], *which: ColumnElement[bool]) -> _Changed:
    found: list[Row[int, str]] = []
    for chunk in batches(keys, _CHUNK):
        found += session.execute(
            select(Record.id, Record.reference_key).where(
                Record.parent_key.in_(chunk),
                Record.parent_key != Record.reference_key,
                is_current(Record),
                *which,
            )
        )
    return found


def _mark(session: Session, ids: Sequence[int], *, is_closed: bool, today: date) -> None:
    connection = session.connection()
    for chunk in batches(ids, _CHUNK):
        session.execute(
            update(Record).where(Record.id.in_(chunk)).values(is_closed_above=is_closed)
        )
        index.remove_targets(connection, Kind.RECORD, chunk)
        if not is_closed:
            records = session.scalars(
                select(Record).where(Record.id.in_(chunk)).execution_options(populate_existing=True)
            )
            index.add(connection, records.all(), today=today)
