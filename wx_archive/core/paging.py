"""A queue turned page by page: each page begins where another ended, whatever came in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, literal, tuple_

NEVER: Final = date(9999, 12, 31)
"""The day of what has none: last."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line stands in a queue."""

    rank: int
    day: date
    order: int

    def __str__(self) -> str:
        """Return it as it stands in an address."""
        return f"{self.rank}.{self.day.isoformat()}.{self.order}"

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """Return the place that an address names; None where it names none."""
        rank, _dot, rest = text.partition(".")
        day, _dot, order = rest.partition(".")
        try:
            return cls(int(rank) % 10, date.fromisoformat(day), int(order[:18]))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Keys:
    """What a queue is ordered by: three columns that together are no two lines' own."""

    rank: ColumnElement[Any]
    day: ColumnElement[Any]
    order: ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Turned:
    """Some of a queue, and where the pages before and after begin."""

    rows: Sequence[Any]
    newer: Place | None
    older: Place | None


def turned(
    connection: Connection,
    found: Select[Any],
    keys: Keys,
    *,
    size: int,
    after: Place | None = None,
    before: Place | None = None,
) -> Turned:
    """Return a page of a queue: after a line, before one, or the first."""
    listed = found.add_columns(
        keys.rank.label("key_rank"), keys.day.label("key_day"), keys.order.label("key_order")
    )
    own = tuple_(keys.rank, keys.day, keys.order)
    if before is not None:
        ordered = listed.where(own < _values(before)).order_by(
            keys.rank.desc(), keys.day.desc(), keys.order.desc()
        )
        rows = connection.execute(ordered.limit(size + 1)).all()
        return _page(list(reversed(rows[:size])), has_newer=len(rows) > size, has_older=True)
    if after is not None:
        listed = listed.where(own > _values(after))
    ordered = listed.order_by(keys.rank, keys.day, keys.order)
    rows = connection.execute(ordered.limit(size + 1)).all()
    return _page(rows[:size], has_newer=after is not None, has_older=len(rows) > size)


def _values(place: Place) -> ColumnElement[Any]:
    return tuple_(literal(place.rank), literal(place.day), literal(place.order))


def _page(rows: Sequence[Any], *, has_newer: bool, has_older: bool) -> Turned:
    if not rows:
        return Turned(rows, None, None)
    first, last = map(_place, (rows[0], rows[-1]))
    return Turned(rows, first if has_newer else None, last if has_older else None)


def _place(row: Any) -> Place:
    """Return where a row stands; the names are nobody's columns."""
    return Place(row.key_rank, _as_day(row.key_day), row.key_order)


def _as_day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
