"""The proof that folding loses no 人次 and no 件次: both ways of counting, day by day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, func, select

from wx_archive.core.database import Database
from wx_archive.lookup import folding
from wx_archive.lookup.models import LookupEvent
from wx_archive.lookup.uses import Asked, asked, uses
from wx_archive.staff.plugs import Use


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """One day, counted twice.

    Attributes:
        live: as counted from the rows of what was done.
        folded: as it will be counted when the day has become sums.
    """

    day: date
    live: tuple[Sequence[Use], Sequence[Asked]]
    folded: tuple[Sequence[Use], Sequence[Asked]]

    @property
    def is_same(self) -> bool:
        """Tell whether folding the day changes nothing."""
        return self.live == self.folded


def rebuild(database: Database) -> Iterator[Rebuilt]:
    """Count every day that is not folded yet from its rows, and again from the sums of them.

    Each day is folded by the very code that will do it, in a transaction that is undone.
    """
    for day in _days(database):
        with database.begin(unhurried=True) as session:
            connection = session.connection()
            live = _numbers(connection, day)
            folding.fold(session, day)
            session.flush()
            folded = _numbers(connection, day)
            session.rollback()
        yield Rebuilt(day, live, folded)


def _days(database: Database) -> list[date]:
    """Return the days from the first to the last that there are rows of."""
    with database.long_reads() as connection:
        first = connection.scalar(select(func.min(LookupEvent.day)))
        last = connection.scalar(select(func.max(LookupEvent.day)))
    if first is None or last is None:
        return []
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _numbers(connection: Connection, day: date) -> tuple[Sequence[Use], Sequence[Asked]]:
    return uses(connection, day, day), asked(connection, day, day)
