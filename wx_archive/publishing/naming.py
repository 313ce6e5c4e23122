"""What a piece tells of: records and documents by the numbers that people write."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from wx_archive.catalogue.models import Document, Record
from wx_archive.catalogue.rules import document_number, reference_code
from wx_archive.core.ids import is_pid


@dataclass(frozen=True, slots=True)
class Named:
    """What was found under the numbers, hidden entries too: only pages ask who may see them.

    Attributes:
        pids: in the order of the numbers.
        unknown: the numbers that nothing bears.
        ambiguous: the numbers that more than one entry bears.
    """

    pids: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()


def resolve(connection: Connection, numbers: Iterable[str]) -> Named:
    """Find the entries that public ids, 文号 and 档号 name."""
    found = {number: _bearing(connection, number.strip()) for number in numbers if number.strip()}
    return Named(
        tuple(dict.fromkeys(pids[0] for pids in found.values() if len(pids) == 1)),
        tuple(number for number, pids in found.items() if not pids),
        tuple(number for number, pids in found.items() if len(pids) > 1),
    )


def _bearing(connection: Connection, number: str) -> list[str]:
    found: list[str] = []
    if is_pid(number.upper()):
        found += connection.scalars(select(Document.pid).where(Document.pid == number.upper()))
        found += connection.scalars(select(Record.pid).where(Record.pid == number.upper()))
        return found
    if key := document_number(number):
        found += connection.scalars(select(Document.pid).where(Document.number_key == key).limit(2))
    if key := reference_code(number):
        found += connection.scalars(select(Record.pid).where(Record.reference_key == key).limit(2))
    return found
