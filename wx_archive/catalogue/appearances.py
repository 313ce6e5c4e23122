"""Where else an entry of the catalogue is told of, as its page says it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Appearance:
    """A piece that tells of an entry.

    Attributes:
        path: of its page, below the site's address.
        where: the column it stands in.
        day: since when (Shanghai calendar).
        is_own: it is the entry's own page, with its pictures; else an article mentions it.
    """

    title: str
    path: str
    where: str
    day: date
    is_own: bool = False


AppearsIn = Callable[[Connection, str, datetime], Sequence[Appearance]]
"""Tells, of an entry's public id, where it appears at a moment."""


def nowhere(_connection: Connection, _pid: str, _now: datetime) -> Sequence[Appearance]:
    """Tell that nothing tells of it: for a product without columns."""
    return ()
