"""The records and documents that a piece tells of, as staff see them: hidden ones are named so."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlalchemy import Connection, case, literal, select

from wx_archive.catalogue import visibility
from wx_archive.catalogue.models import Document, Record

HIDDEN: Final = "公众查不到的一条"


@dataclass(frozen=True, slots=True)
class EntryName:
    """An entry of the catalogue.

    Attributes:
        number: 文号 or 档号; may be empty.
        path: of its page in the console.
        is_public: readers see it; of a hidden one they are told nothing.
    """

    pid: str
    title: str
    number: str
    path: str
    is_public: bool

    @property
    def typed(self) -> str:
        """What somebody types to name it."""
        return self.number or self.pid


def of_pids(
    connection: Connection, pids: Sequence[str], *, today: date, tells_hidden: bool = False
) -> list[EntryName]:
    """Return the entries that are in the catalogue, in the order of their public ids.

    Args:
        connection: for reading.
        pids: their public ids.
        today: the Shanghai day.
        tells_hidden: whether whoever asks may read the titles of what the public does not see.
    """
    if not pids:
        return []
    documents = select(
        literal("documents"),
        Document.pid,
        Document.title,
        Document.number,
        case((visibility.public_documents(), 1), else_=0),
    ).where(Document.pid.in_(pids), visibility.is_current(Document))
    records = select(
        literal("records"),
        Record.pid,
        Record.title,
        Record.reference_code,
        case((visibility.public_records(today), 1), else_=0),
    ).where(Record.pid.in_(pids), visibility.is_current(Record))
    found = {
        row[1]: EntryName(row[1], row[2], row[3] or "", f"/console/{row[0]}/{row[1]}", bool(row[4]))
        for query in (documents, records)
        for row in connection.execute(query)
    }
    told = [found[pid] for pid in dict.fromkeys(pids) if pid in found]
    return [one if one.is_public or tells_hidden else replace(one, title=HIDDEN) for one in told]
