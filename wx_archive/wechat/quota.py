"""The ledger of calls to the platform: counted across processes, stopped at the day's limit.

A database that is away stops no call: then only this process's own stops hold.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, case, delete, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from wx_archive.core import clock
from wx_archive.core.database import Database, insert_into
from wx_archive.wechat.errors import QuotaError
from wx_archive.wechat.limits import Quota
from wx_archive.wechat.models import ApiRefusal, ApiUsage
from wx_archive.wechat.refusals import next_midnight

log = logging.getLogger(__name__)

STOPPING: Final = frozenset({45009, 45011})
"""WeChat says that this call is stopped: for the day, for a minute."""
WITHIN_S: Final = 1.0
_PAUSE: Final = timedelta(seconds=10)
"""A database that is away is not asked again for every call."""
_LOOK_EVERY: Final = timedelta(minutes=1)
"""So often a process asks which calls are refused, its own or another's."""
_BOUNDLESS: Final = 2_000_000_000


@dataclass(frozen=True, slots=True)
class ApiQuota:
    """How one call stands today.

    Attributes:
        name: what the call is for, in Chinese.
        limit: calls a day; None when no limit is known.
        stopped_until: WeChat wants no such call before this instant.
    """

    path: str
    name: str
    used: int
    limit: int | None
    stopped_until: datetime | None


class Ledger:
    """Counts calls and knows when it is enough."""

    def __init__(self, database: Database | None, quotas: Mapping[str, Quota]) -> None:
        self._database = database
        self._quotas = quotas
        self._stops: dict[str, datetime] = {}
        self._away_until: datetime | None = None
        self._refused: set[str] = set()
        self._looked_at: datetime | None = None

    def charge(self, path: str, *, now: datetime) -> None:
        """Count one call.

        Raises:
            QuotaError: it may not be made before ``until``.
        """
        stopped = self._stops.get(path)
        if stopped is not None and now < stopped:
            raise _stopped(path, stopped)
        if self._database is None or self._is_away(now):
            return
        try:
            counted = self._count(self._database, path, now)
            row = None if counted else self._row(self._database, path, now)
        except SQLAlchemyError as err:
            self._went_away(err, now)
            return
        self._came_back()
        if row is None:
            return
        if row.stopped_until is not None and row.stopped_until > now:
            raise _stopped(path, row.stopped_until)
        raise QuotaError(
            f"这个接口今天已经调用 {row.used} 次，到了限额，零点后恢复",
            until=next_midnight(now),
            path=path,
        )

    def stop(self, path: str, until: datetime, *, now: datetime) -> None:
        """Note that WeChat wants no such call before ``until``."""
        if self._database is None:
            self._stops[path] = until
            return
        statement = insert_into(self._database.engine, ApiUsage).values(
            path=path, day=clock.day_of(now), used=0, stopped_until=until
        )
        statement = statement.on_conflict_do_update(
            index_elements=["path", "day"], set_={"stopped_until": until}
        )
        try:
            with self._database.begin(within_s=WITHIN_S) as session:
                session.execute(statement)
        except SQLAlchemyError as err:
            self._went_away(err, now)
            self._stops[path] = until

    def refuse(self, path: str, code: int, *, now: datetime) -> None:
        """Note that WeChat refused a call, so that staff hear of it."""
        self._refused.add(path)
        if self._database is None or self._is_away(now):
            return
        first = insert_into(self._database.engine, ApiRefusal).values(
            path=path, code=code, count=1, since=now, last_at=now, over_at=None
        )
        is_over = ApiRefusal.over_at.is_not(None)
        statement = first.on_conflict_do_update(
            index_elements=["path", "code"],
            set_={
                "count": case((is_over, 1), else_=ApiRefusal.count + 1),
                "since": case((is_over, first.excluded.since), else_=ApiRefusal.since),
                "last_at": first.excluded.last_at,
                "over_at": None,
            },
        )
        try:
            with self._database.begin(within_s=WITHIN_S) as session:
                session.execute(statement)
        except SQLAlchemyError as err:
            self._went_away(err, now)

    def allow(self, path: str, *, now: datetime) -> None:
        """Note that WeChat did what it was asked: an earlier refusal of this call is over."""
        if self._database is None or self._is_away(now):
            return
        try:
            self._look(self._database, now)
            if path not in self._refused:
                return
            over = update(ApiRefusal).where(ApiRefusal.path == path, ApiRefusal.over_at.is_(None))
            with self._database.begin(within_s=WITHIN_S) as session:
                session.execute(over.values(over_at=now))
        except SQLAlchemyError as err:
            self._went_away(err, now)
        else:
            self._refused.discard(path)

    def _look(self, database: Database, now: datetime) -> None:
        if self._looked_at is not None and abs(now - self._looked_at) < _LOOK_EVERY:
            return
        with database.reads() as connection:
            paths = connection.scalars(
                select(ApiRefusal.path).where(ApiRefusal.over_at.is_(None)).distinct()
            )
            self._refused = set(paths)
        self._looked_at = now

    def clear(self, *, now: datetime) -> None:
        """Begin the day anew: WeChat has cleared its counts."""
        self._stops.clear()
        if self._database is None:
            return
        with self._database.begin() as session:
            session.execute(delete(ApiUsage).where(ApiUsage.day == clock.day_of(now)))

    def today(self, *, now: datetime) -> list[ApiQuota]:
        """List every call that has a limit or was made today, by path."""
        rows = {row.path: row for row in self._rows(now)}
        return [
            self._standing(path, rows.get(path), now) for path in sorted({*self._quotas, *rows})
        ]

    def _standing(self, path: str, row: Any | None, now: datetime) -> ApiQuota:
        quota = self._quotas.get(path)
        stops = [self._stops.get(path), row.stopped_until if row else None]
        return ApiQuota(
            path=path,
            name=quota.name if quota else path,
            used=row.used if row else 0,
            limit=quota.per_day if quota else None,
            stopped_until=max((stop for stop in stops if stop and stop > now), default=None),
        )

    def _rows(self, now: datetime) -> list[Any]:
        if self._database is None:
            return []
        day = clock.day_of(now)
        with self._database.reads() as connection:
            return list(connection.execute(select(ApiUsage.__table__).where(ApiUsage.day == day)))

    def _count(self, database: Database, path: str, now: datetime) -> bool:
        """Add one if the limit and the stops allow it; of two processes one gets the last."""
        quota = self._quotas.get(path)
        first = insert_into(database.engine, ApiUsage).values(
            path=path, day=clock.day_of(now), used=1, stopped_until=None
        )
        statement = first.on_conflict_do_update(
            index_elements=["path", "day"],
            set_={"used": ApiUsage.used + 1},
            where=and_(
                ApiUsage.used < (quota.per_day if quota else _BOUNDLESS),
                or_(ApiUsage.stopped_until.is_(None), ApiUsage.stopped_until <= now),
            ),
        ).returning(ApiUsage.used)
        with database.begin(within_s=WITHIN_S) as session:
            return session.execute(statement).scalar_one_or_none() is not None

    def _row(self, database: Database, path: str, now: datetime) -> Any:
        query = select(ApiUsage.used, ApiUsage.stopped_until)
        query = query.where(ApiUsage.path == path, ApiUsage.day == clock.day_of(now))
        with database.reads() as connection:
            return connection.execute(query).one_or_none()

    def _is_away(self, now: datetime) -> bool:
        # Not longer than the pause: a clock that was set back must not switch the counting off.
        left = self._away_until - now if self._away_until is not None else timedelta(0)
        return timedelta(0) < left <= _PAUSE

    def _went_away(self, err: SQLAlchemyError, now: datetime) -> None:
        if self._away_until is None:
            log.warning("wechat.ledger_away cause=%s", type(err).__name__)
        self._away_until = now + _PAUSE

    def _came_back(self) -> None:
        if self._away_until is not None:
            log.warning("wechat.ledger_back")
        self._away_until = None


def _stopped(path: str, until: datetime) -> QuotaError:
    clock_time = f"{until.astimezone(clock.SHANGHAI):%H:%M}"
    return QuotaError(f"微信叫停了这个接口，{clock_time} 以后再试", until=until, path=path)
