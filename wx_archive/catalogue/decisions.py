"""What staff decide by hand about single entries: opened, closed, withdrawn; no import undoes it.

A decision, its effect on what lies below, and the index change in one transaction: the next query
of any process knows. `index.lock` comes first in each, as in the switch of an import, so that a
decision taken while a file comes in is not lost between the two.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from wx_archive.catalogue import closing, index
from wx_archive.catalogue.models import AccessDecision, Document, Record
from wx_archive.catalogue.rules import Disclosure, Kind, Openness, Secrecy
from wx_archive.catalogue.visibility import is_current, may_be_indexed
from wx_archive.core.batches import batches
from wx_archive.core.database import insert_into
from wx_archive.core.errors import RefusedError

REASON_LENGTH: Final = 500
_CHUNK: Final = 500


class Hindrance(StrEnum):
    """Why an entry that was opened is still not shown."""

    LIVELIHOOD = "livelihood"
    CLOSED_ABOVE = "closed_above"
    NOT_DISCLOSED = "not_disclosed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision led to.

    Attributes:
        is_listed: the public finds the entry now.
        hindrance: why not, although it was opened.
        below: how many descriptions below it were opened or closed with it.
    """

    kind: Kind
    pid: str
    title: str
    is_listed: bool
    hindrance: Hindrance | None = None
    below: int = 0


def open_record(session: Session, pid: str, *, reason: str, now: datetime, today: date) -> Outcome:
    """Open a record to the public from today on.

    Raises:
        RefusedError: there is no such record, or it is internal.
    """
    record = record_of(session, pid)
    if record.secrecy != Secrecy.PUBLIC:
        raise RefusedError("这条档案的密级是“内部”，不能向社会开放；先解密、改好密级再导入")
    _decide(session, record, is_open=True, reason=reason, now=now)
    _apply(record, is_open=True)
    record.is_closed_above = closing.is_closed(session, record.parent_key)
    below = _settle(session, record, today)
    hindrance = _hindrance(record)
    return Outcome(Kind.RECORD, pid, record.title, hindrance is None, hindrance, below)


def defer_record(
    session: Session, pid: str, *, open_on: date, reason: str, now: datetime, today: date
) -> Outcome:
    """Have a record open by itself on a later day: 延期开放.

    Raises:
        RefusedError: there is no such record, it is internal, or the day is not to come.

    Source: 《中华人民共和国档案法》(2020) art. 27; docs/sources.md#visibility.
    """
    record = record_of(session, pid)
    if record.secrecy != Secrecy.PUBLIC:
        raise RefusedError("这条档案的密级是“内部”，到日子也不能向社会开放")
    if open_on <= today:
        raise RefusedError("延期开放要写今天以后的日子")
    _decide(session, record, is_open=False, reason=reason, now=now, open_on=open_on)
    _apply(record, is_open=False, open_on=open_on)
    record.is_closed_above = closing.is_closed(session, record.parent_key)
    below = _settle(session, record, today)
    return Outcome(Kind.RECORD, pid, record.title, is_listed=False, below=below)


def close_record(session: Session, pid: str, *, reason: str, now: datetime, today: date) -> Outcome:
    """Close a record and whatever lies below it.

    Raises:
        RefusedError: there is no such record.
    """
    record = record_of(session, pid)
    _decide(session, record, is_open=False, reason=reason, now=now)
    _apply(record, is_open=False)
    below = _settle(session, record, today)
    return Outcome(Kind.RECORD, pid, record.title, is_listed=False, below=below)


def withdraw(session: Session, pid: str, *, reason: str, now: datetime, today: date) -> Outcome:
    """Take a document from the public; what it repealed stays repealed.

    Raises:
        RefusedError: there is no such document.
    """
    document = document_of(session, pid)
    _decide(session, document, is_open=False, reason=reason, now=now)
    _apply(document, is_open=False)
    reindex(session, document, today=today)
    return Outcome(Kind.DOCUMENT, pid, document.title, is_listed=False)


def restore(session: Session, pid: str, *, today: date) -> Outcome:
    """Give a withdrawn document back to the public, as far as its file says.

    Raises:
        RefusedError: there is no such document, or it was not withdrawn.
    """
    document = document_of(session, pid)
    decision = session.get(AccessDecision, pid)
    if decision is None or decision.is_open:
        raise RefusedError("这份文件没有撤下过，不用恢复")
    document.disclosure = Disclosure(decision.stated).value
    session.execute(delete(AccessDecision).where(AccessDecision.pid == pid))
    is_listed = reindex(session, document, today=today)
    hindrance = None if is_listed else Hindrance.NOT_DISCLOSED
    return Outcome(Kind.DOCUMENT, pid, document.title, is_listed, hindrance)


def settle(session: Session, kind: Kind, batch_id: int, *, today: date) -> None:
    """Put staff's decisions above what a file says; in the transaction that publishes its batch.

    Not earlier: staff may decide while a file is being staged. The rows come as their file says,
    which is kept for the day on which the decision is taken back.
    """
    for target, decision in _decided(session, kind, batch_id):
        decision.stated = target.disclosure if isinstance(target, Document) else target.openness
        _apply(target, is_open=decision.is_open, open_on=decision.open_on)
        reindex(session, target, today=today)
    if kind is Kind.RECORD:
        closing.settle_import(session, batch_id, today=today)


def _decided(
    session: Session, kind: Kind, batch_id: int
) -> Iterator[tuple[Document | Record, AccessDecision]]:
    """Yield what a batch brought of the entries that staff decided about."""
    table = Document if kind is Kind.DOCUMENT else Record
    every = session.scalars(select(AccessDecision).where(AccessDecision.kind == kind.value)).all()
    for some in batches(every, _CHUNK):  # by their ids: the batch may be a million rows
        decided = {one.pid: one for one in some}
        brought = select(table).where(table.pid.in_(decided), table.batch_id == batch_id)
        for target in session.scalars(brought).all():
            if isinstance(target, Document | Record):
                yield target, decided[target.pid]


def _apply(target: Document | Record, *, is_open: bool, open_on: date | None = None) -> None:
    """Write a decision over what the file says; nothing opens what is internal."""
    if isinstance(target, Document):
        if not is_open:
            target.disclosure = Disclosure.NONE.value
    elif open_on is not None:
        target.openness, target.open_on = Openness.DEFERRED.value, open_on
    elif not is_open:
        target.openness = Openness.CONTROLLED.value
    elif target.secrecy == Secrecy.PUBLIC:
        target.openness, target.open_on = Openness.OPEN.value, None


def _hindrance(record: Record) -> Hindrance | None:
    """Tell what keeps a record hidden that was opened."""
    if record.is_livelihood:
        return Hindrance.LIVELIHOOD
    return Hindrance.CLOSED_ABOVE if record.is_closed_above else None


def _settle(session: Session, record: Record, today: date) -> int:
    reindex(session, record, today=today)
    return closing.settle(session, [record.reference_key], today=today)


def reindex(session: Session, target: Document | Record, *, today: date) -> bool:
    """Write a changed row and its entry anew; tell whether it has one."""
    session.flush()
    connection = session.connection()
    kind = Kind.DOCUMENT if isinstance(target, Document) else Kind.RECORD
    index.remove_targets(connection, kind, [target.id])
    index.add(connection, [target], today=today)
    return may_be_indexed(target, today=today)


def _decide(
    session: Session,
    target: Document | Record,
    *,
    is_open: bool,
    reason: str,
    now: datetime,
    open_on: date | None = None,
) -> None:
    """Keep a decision; what the file says is kept from the first one on."""
    kind = Kind.DOCUMENT if isinstance(target, Document) else Kind.RECORD
    stated = target.disclosure if isinstance(target, Document) else target.openness
    reason = reason[:REASON_LENGTH]
    changes = {"is_open": is_open, "open_on": open_on, "reason": reason, "decided_at": now}
    session.execute(
        insert_into(session, AccessDecision)
        .values(pid=target.pid, kind=kind.value, stated=stated, **changes)
        .on_conflict_do_update(index_elements=["pid"], set_=changes)
    )


def record_of(session: Session, pid: str) -> Record:
    """Return a current record, to be changed in this transaction.

    Raises:
        RefusedError: there is no such record.
    """
    index.lock(session.connection())
    record = session.scalars(
        select(Record).where(Record.pid == pid, is_current(Record)).with_for_update()
    ).one_or_none()
    if record is None:
        raise RefusedError(f"档案目录里没有编号 {pid} 的条目")
    return record


def document_of(session: Session, pid: str) -> Document:
    """Return a current document, to be changed in this transaction.

    Raises:
        RefusedError: there is no such document.
    """
    index.lock(session.connection())
    document = session.scalars(
        select(Document).where(Document.pid == pid, is_current(Document)).with_for_update()
    ).one_or_none()
    if document is None:
        raise RefusedError(f"现行文件里没有编号 {pid} 的文件")
    return document
