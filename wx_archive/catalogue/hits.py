"""One found entry as lists show it, from the columns that `statements.SHOWN` names."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from wx_archive.catalogue.rules import Access, Disclosure, Kind, Period, Validity, validity
from wx_archive.core.lines import Row


@dataclass(frozen=True, slots=True)
class Hit:
    """One found entry as lists show it.

    Attributes:
        number: the document number, as printed; empty where there is none.
        reference_code: the 档号; empty for documents.
        date_precision: how much of ``dated`` is known.
        validity: for documents, on the day of the search; None for records.
        access: how one gets at it.
    """

    id: int
    kind: Kind
    pid: str
    title: str
    number: str
    reference_code: str
    dated: date | None
    date_precision: str
    validity: Validity | None
    access: Access


def hits_of(rows: Iterable[Row], today: date) -> tuple[Hit, ...]:
    """Return the hits of rows; what the public may not see has no id and is left out."""
    return tuple(_hit(row, today) for row in rows if row[0] is not None)


def _hit(row: Row, today: date) -> Hit:
    key, kind, pid, title, number, code, dated, precision, disclosure, *period = row
    is_document = kind == Kind.DOCUMENT.value
    return Hit(
        key,
        Kind(kind),
        pid,
        title,
        number,
        code,
        day_of(dated),
        precision,
        validity(Period(*map(day_of, period)), on=today) if is_document else None,
        _access(disclosure),
    )


def _access(disclosure: str | None) -> Access:
    """Return the badge: documents are read here, records in the reading room."""
    match disclosure:
        case None:
            return Access.BOOK
        case Disclosure.FULL.value:
            return Access.ONLINE
        case _:
            return Access.APPLY


def day_of(value: date | str | None) -> date | None:
    """Return a day as a driver gives it: SQLite's is a text."""
    return date.fromisoformat(value) if isinstance(value, str) else value
