"""The record or document that a question or a card is about: shown while the public may see it."""

from collections.abc import Callable
from datetime import date

from sqlalchemy import Connection

from wx_archive.catalogue import search
from wx_archive.catalogue.hits import Hit
from wx_archive.catalogue.rules import document_number, reference_code
from wx_archive.core.ids import is_pid


def named(connection: Connection, number: str, *, today: date) -> Hit | None:
    """Return what bears exactly this 文号, 档号 or public id; None where the public sees none.

    Args:
        connection: for reading.
        number: as the bank or the card says it; may be empty.
        today: the Shanghai day that decides what may be seen.
    """
    number = number.strip()
    if is_pid(number.upper()):
        return search.by_pid(connection, number.upper(), today=today)
    if key := document_number(number):
        hits = search.by_number(connection, key, today=today)
        return hits[0] if len(hits) == 1 else None
    if key := reference_code(number):
        found = search.by_reference_code(connection, key, today=today, limit=2)
        exact = [hit for hit in found if reference_code(hit.reference_code) == key]
        return exact[0] if len(exact) == 1 else None
    return None


def bearer(connection: Connection, *, today: date) -> Callable[[str], bool]:
    """Return what tells whether the public finds something by a number."""

    def is_borne(number: str) -> bool:
        return named(connection, number, today=today) is not None

    return is_borne


def path_of(hit: Hit) -> str:
    """Return the address of an entry's page, from the slash on."""
    return f"/h5/{'records' if hit.reference_code else 'documents'}/{hit.pid}"
