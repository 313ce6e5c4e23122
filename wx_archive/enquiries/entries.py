"""Entries of the catalogue that requests are about and answers lead to: public ones alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, select

from wx_archive.catalogue import visibility
from wx_archive.catalogue.models import Document, Record
from wx_archive.catalogue.rules import document_number, reference_code
from wx_archive.core.ids import is_pid
from wx_archive.enquiries.models import Enquiry, EnquiryItem


@dataclass(frozen=True, slots=True)
class Item:
    """A public entry of the catalogue that an answer leads to.

    Attributes:
        path: of its page, below the site's address.
    """

    pid: str
    title: str
    number: str
    path: str


def items(connection: Connection, numbers: Sequence[str], *, today: date) -> dict[str, list[Item]]:
    """Return what each request's answer leads to, as far as the public may see it today."""
    attached = connection.execute(
        select(Enquiry.number, EnquiryItem.pid)
        .join(Enquiry, Enquiry.id == EnquiryItem.enquiry_id)
        .where(Enquiry.number.in_(numbers))
        .order_by(EnquiryItem.id)
    ).all()
    pids = [row.pid for row in attached]
    public = {item.pid: item for item in _public(connection, pids, today)} if pids else {}
    found: dict[str, list[Item]] = {number: [] for number in numbers}
    for row in attached:
        if row.pid in public:
            found[row.number].append(public[row.pid])
    return found


def attached(connection: Connection, number: str) -> list[str]:
    """Return the public ids of everything attached to a request, hidden entries too."""
    mine = select(EnquiryItem.pid).join(Enquiry, Enquiry.id == EnquiryItem.enquiry_id)
    return list(connection.scalars(mine.where(Enquiry.number == number).order_by(EnquiryItem.id)))


def find_entries(connection: Connection, text: str, *, today: date) -> list[Item]:
    """Return the public entries that a pid, a 文号 or a 档号 names; hidden ones are none."""
    said = text.strip()
    if is_pid(said.upper()):
        return _public(connection, [said.upper()], today)
    found: list[Item] = []
    if key := document_number(said):
        named = _DOCUMENT.where(Document.number_key == key, visibility.public_documents())
        found += [_document(row) for row in connection.execute(named.limit(_MOST_NAMED))]
    if code := reference_code(said):
        named = _RECORD.where(Record.reference_key == code, visibility.public_records(today))
        found += [_record(row) for row in connection.execute(named.limit(_MOST_NAMED))]
    return found


_MOST_NAMED: Final = 10
_DOCUMENT: Final = select(Document.pid, Document.title, Document.number)
_RECORD: Final = select(Record.pid, Record.title, Record.reference_code)


def _document(row: Any) -> Item:
    return Item(row.pid, row.title, row.number, f"/h5/documents/{row.pid}")


def _record(row: Any) -> Item:
    return Item(row.pid, row.title, row.reference_code, f"/h5/records/{row.pid}")


def _public(connection: Connection, pids: Sequence[str], today: date) -> list[Item]:
    documents = _DOCUMENT.where(Document.pid.in_(pids), visibility.public_documents())
    records = _RECORD.where(Record.pid.in_(pids), visibility.public_records(today))
    return [
        *(_document(row) for row in connection.execute(documents)),
        *(_record(row) for row in connection.execute(records)),
    ]


def visible_title(connection: Connection, pid: str, *, today: date) -> str | None:
    """Return the title of an entry that the public may see; a hidden one is as good as none."""
    found = connection.execute(
        select(Document.title)
        .where(Document.pid == pid, visibility.public_documents())
        .union_all(
            select(Record.title).where(Record.pid == pid, visibility.public_records(today)),
        )
        .limit(1)
    )
    return found.scalar_one_or_none()


def kept_entry(connection: Connection, pid: str) -> tuple[str, str] | None:
    """Return where the console shows an entry, and its title: hidden ones too.

    The place is `documents` or `records`. For staff alone.
    """
    for kind, table in (("documents", Document), ("records", Record)):
        mine = select(table.title).where(table.pid == pid, visibility.is_current(table))
        title = connection.execute(mine.limit(1)).scalar_one_or_none()
        if title is not None:
            return kind, title
    return None
