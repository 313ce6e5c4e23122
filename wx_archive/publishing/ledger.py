"""The places of WeChat's quotas: reserved at scheduling, used by sending, counted by the database.

A subscription account sends once a day, to all or to a tag; a service account four times a month
to all. A place is reserved while the push that has it is not yet out, used once WeChat has taken
it: `Push.scope` says which period it is of, `Push.sent_at` whether it is used. So the sums of a
period are at every moment those of its pushes. Source: docs/sources.md#publishing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.database import insert_into
from wx_archive.core.errors import RefusedError
from wx_archive.publishing.push_models import Push, SendPeriod
from wx_archive.publishing.rules import AudienceKind, Delivery
from wx_archive.wechat.account import Entitlements
from wx_archive.wechat.limits import limits

_DAY: Final = "day"
_MONTH: Final = "month"


class NoPlaceError(RefusedError):
    """The period has no place left.

    Attributes:
        standing: how it stands.
    """

    def __init__(self, standing: "Standing") -> None:
        super().__init__(
            f"{standing.name}的群发次数已满：共 {standing.limit} 次，已发 {standing.used} 次，"
            f"排着 {standing.reserved} 次。请换一个时间，或先取消排着的一次"
        )
        self.standing = standing


@dataclass(frozen=True, slots=True)
class Standing:
    """How a period of a quota stands.

    Attributes:
        scope: `day:2026-11-25` or `month:2026-11`.
        limit: places there are.
        used: of them, taken by what has gone out.
        reserved: of them, kept for what is scheduled.
        holders: public ids of the pushes that have a place, the earliest first.
    """

    scope: str
    limit: int
    used: int
    reserved: int
    holders: tuple[str, ...]

    @property
    def left(self) -> int:
        """How many more may be scheduled."""
        return max(0, self.limit - self.used - self.reserved)

    @property
    def name(self) -> str:
        """The period in Chinese: 11月25日, 2026年11月."""
        return period_name(self.scope)


def scopes_for(
    account: Entitlements, due_at: datetime, delivery: Delivery, audience: AudienceKind
) -> tuple[str, ...]:
    """Return the periods in which such a push takes a place of the whole account's.

    Args:
        account: whose quota.
        due_at: when it goes out; the Shanghai calendar counts.
        delivery: only mass sends are counted.
        audience: a service account's sends to a tag or a list count for each follower instead.
    """
    if delivery is not Delivery.MASS:
        return ()
    day = clock.day_of(due_at)
    if account.type.value.startswith("subscription/"):
        return (f"{_DAY}:{day.isoformat()}",)
    return (f"{_MONTH}:{day:%Y-%m}",) if audience is AudienceKind.ALL else ()


def period_name(scope: str) -> str:
    """Return a period as people write it."""
    kind, _colon, written = scope.partition(":")
    if kind == _DAY:
        day = date.fromisoformat(written)
        return f"{day.month}月{day.day}日"
    year, _dash, month = written.partition("-")
    return f"{year}年{int(month)}月"


def limit_of(scope: str) -> int:
    """Return how many places a period has."""
    known = limits().mass_send
    is_day = scope.startswith(f"{_DAY}:")
    return known.subscription_per_day if is_day else known.service_per_month


def standing(connection: Connection, scope: str) -> Standing:
    """Return how a period stands."""
    row = connection.execute(
        select(SendPeriod.used, SendPeriod.reserved).where(SendPeriod.scope == scope)
    ).one_or_none()
    holders = connection.scalars(
        select(Push.pid).where(Push.scope == scope).order_by(Push.due_at, Push.id)
    )
    used, reserved = (row.used, row.reserved) if row else (0, 0)
    return Standing(scope, limit_of(scope), used, reserved, tuple(holders))


def reserve(session: Session, push: Push, scopes: Sequence[str]) -> None:
    """Have a push hold a place in its period and in no other; nothing changes if it has it.

    Args:
        session: of the change; the push is locked in it.
        push: not yet sent.
        scopes: as `scopes_for` has it; none frees what it held.

    Raises:
        NoPlaceError: there is none left; the push still has the place that it had.
    """
    wanted = scopes[0] if scopes else ""
    if push.scope == wanted:
        return
    if wanted:
        _open(session, wanted)
    # In one order everywhere, so that two pushes that change days do not wait for each other.
    touched = sorted({push.scope, wanted} - {""})
    session.execute(
        select(SendPeriod.scope)
        .where(SendPeriod.scope.in_(touched))
        .order_by(SendPeriod.scope)
        .with_for_update()
    ).all()
    if wanted and not _count(session, wanted, reserved=1):
        raise NoPlaceError(standing(session.connection(), wanted))
    if push.scope:
        _count(session, push.scope, reserved=-1)
    push.scope = wanted


def use(session: Session, push: Push) -> None:
    """Make a reserved place a used one; the caller sets `sent_at` in the same transaction."""
    if push.scope and push.sent_at is None:
        _count(session, push.scope, reserved=-1, used=1)


def free(session: Session, push: Push) -> None:
    """Give the place back, reserved or used; nothing happens when the push has none."""
    if push.scope:
        is_used = push.sent_at is not None
        _count(session, push.scope, reserved=0 if is_used else -1, used=-1 if is_used else 0)
        push.scope = ""


def _open(session: Session, scope: str) -> None:
    session.execute(
        insert_into(session, SendPeriod)
        .values(scope=scope, reserved=0, used=0)
        .on_conflict_do_nothing(index_elements=["scope"])
    )


def _count(session: Session, scope: str, *, reserved: int, used: int = 0) -> bool:
    """Change a period's numbers by one statement; False when there is no room for more."""
    change = update(SendPeriod).where(SendPeriod.scope == scope)
    if reserved + used > 0:
        change = change.where(SendPeriod.reserved + SendPeriod.used < limit_of(scope))
    changed = session.execute(
        change.values(reserved=SendPeriod.reserved + reserved, used=SendPeriod.used + used)
        .returning(SendPeriod.scope)
        .execution_options(synchronize_session=False)
    )
    return changed.scalar_one_or_none() is not None
