"""Figures about followers: how many follow, who came and who left on which day, by which code.

Counted from the rows that stand: whoever was erased since is in none of these figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, case, func, select

from wx_archive.core import clock
from wx_archive.followers.models import Follower, SceneEntry

MOST_SCENES: Final = 20
_DAY_S: Final = 86_400
_AHEAD_S: Final = 8 * 3_600
"""Shanghai is ahead of UTC by this much, all the year, since 1991."""
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Coming:
    """Arrivals.

    Attributes:
        first: people who came for the first time.
        again: those who had been here before.
    """

    first: int = 0
    again: int = 0


@dataclass(frozen=True, slots=True)
class FollowerFigures:
    """Followers from one Shanghai day to another, both included.

    Attributes:
        following: how many follow now.
        came: arrivals by day, days without any left out.
        left: people whose newest leaving fell on the day; who left twice is counted once.
        scenes: arrivals by code, the most first; empty for those without a code.
    """

    following: int
    came: Mapping[date, Coming]
    left: Mapping[date, int]
    scenes: Sequence[tuple[str, Coming]]


def gather(connection: Connection, first: date, last: date) -> FollowerFigures:
    """Return the figures of the days."""
    return FollowerFigures(
        following=following(connection),
        came=came(connection, first, last),
        left=left(connection, first, last),
        scenes=scenes(connection, first, last),
    )


def following(connection: Connection) -> int:
    """Return how many follow now."""
    query = select(func.count()).where(Follower.is_following.is_(True))
    return connection.execute(query).scalar_one()


def came(connection: Connection, first: date, last: date) -> dict[date, Coming]:
    """Return the arrivals of each day."""
    number = (SceneEntry.at + _AHEAD_S) // _DAY_S
    rows: Sequence[Any] = connection.execute(
        select(number, func.sum(_IS_FIRST), func.count())
        .where(SceneEntry.at.between(*_seconds(first, last)))
        .group_by(number)
    ).all()
    return {_day(day): Coming(int(new), int(every) - int(new)) for day, new, every in rows}


def left(connection: Connection, first: date, last: date) -> dict[date, int]:
    """Return how many people left on each day."""
    number = (Follower.left_at + _AHEAD_S) // _DAY_S
    rows = connection.execute(
        select(number, func.count())
        .where(Follower.left_at.between(*_seconds(first, last)))
        .group_by(number)
    )
    return {_day(day): int(count) for day, count in rows}


def scenes(connection: Connection, first: date, last: date) -> list[tuple[str, Coming]]:
    """Return the arrivals by code, the most first, ties by their spelling."""
    new: ColumnElement[int] = func.sum(_IS_FIRST)
    every = func.count()
    rows = connection.execute(
        select(SceneEntry.scene, new, every)
        .where(SceneEntry.at.between(*_seconds(first, last)))
        .group_by(SceneEntry.scene)
        .order_by(every.desc(), SceneEntry.scene)
        .limit(MOST_SCENES)
    )
    return [(scene, Coming(int(one), int(all_) - int(one))) for scene, one, all_ in rows]


def _first_arrival() -> ColumnElement[int]:
    earlier = SceneEntry.__table__.alias()
    first_at = (
        select(func.min(earlier.c.at))
        .where(earlier.c.follower_id == SceneEntry.follower_id)
        .scalar_subquery()
    )
    return case((SceneEntry.at == first_at, 1), else_=0)


_IS_FIRST: Final[ColumnElement[int]] = _first_arrival()


def _seconds(first: date, last: date) -> tuple[int, int]:
    """Return the first and the last second of the days, as WeChat counts them."""
    begin = datetime(first.year, first.month, first.day, tzinfo=clock.SHANGHAI)
    after = last + timedelta(days=1)
    end = datetime(after.year, after.month, after.day, tzinfo=clock.SHANGHAI)
    return int(begin.astimezone(UTC).timestamp()), int(end.astimezone(UTC).timestamp()) - 1


def _day(number: int) -> date:
    return _EPOCH + timedelta(days=int(number))
