"""How calls to the platform stand: which are stopped, which are refused, as the ledger noted."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.wechat.errors import PlatformError
from wx_archive.wechat.limits import limits
from wx_archive.wechat.models import ApiRefusal, ApiUsage
from wx_archive.wechat.quota import STOPPING
from wx_archive.wechat.refusals import next_midnight, refusal


@dataclass(frozen=True, slots=True)
class Stopped:
    """A call that must not be made for a while.

    Attributes:
        since: None where nobody noted it: the day's limit was reached.
    """

    path: str
    name: str
    until: datetime
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that WeChat refuses, or refused.

    Attributes:
        name: what the call is for, in Chinese.
        error: what the errcode means, with the sentence for staff.
        over_at: when it succeeded again; None while it does not.
    """

    path: str
    name: str
    code: int
    error: PlatformError
    count: int
    since: datetime
    last_at: datetime
    over_at: datetime | None


def stopped(connection: Connection, *, now: datetime) -> list[Stopped]:
    """Return the calls that WeChat stopped, or whose day is used up."""
    quotas = limits().quotas
    rows = connection.execute(
        select(ApiUsage.__table__).where(ApiUsage.day == clock.day_of(now)).order_by(ApiUsage.path)
    )
    open_stops = select(ApiRefusal.path, ApiRefusal.since).where(
        ApiRefusal.code.in_(STOPPING), ApiRefusal.over_at.is_(None)
    )
    since = {row.path: row.since for row in connection.execute(open_stops)}
    found = []
    for row in rows:
        quota = quotas.get(row.path)
        is_used_up = quota is not None and row.used >= quota.per_day
        until = next_midnight(now) if is_used_up else row.stopped_until
        if until is not None and until > now:
            found.append(Stopped(row.path, name_of(row.path), until, since.get(row.path)))
    return found


def refused(connection: Connection, *, now: datetime, over_too: bool = False) -> list[Refused]:
    """Return what WeChat refuses, the newest first; with ``over_too`` also what it did."""
    query = select(
        ApiRefusal.path,
        ApiRefusal.code,
        ApiRefusal.count.label("times"),
        ApiRefusal.since,
        ApiRefusal.last_at,
        ApiRefusal.over_at,
    ).order_by(ApiRefusal.last_at.desc(), ApiRefusal.path)
    if not over_too:
        query = query.where(ApiRefusal.over_at.is_(None))
    return [
        Refused(
            path=row.path,
            name=name_of(row.path),
            code=row.code,
            error=refusal(row.code, "", path=row.path, now=now),
            count=row.times,
            since=row.since,
            last_at=row.last_at,
            over_at=row.over_at,
        )
        for row in connection.execute(query)
    ]


def forget_refusals(session: Session, *, before: datetime) -> None:
    """Forget what was refused before an instant and is over, or was never tried again."""
    session.execute(delete(ApiRefusal).where(ApiRefusal.last_at < before))


def name_of(path: str) -> str:
    """Return what a call is for, in Chinese where we know it."""
    quota = limits().quotas.get(path)
    return quota.name if quota else path
