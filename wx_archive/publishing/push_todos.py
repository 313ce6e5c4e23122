"""What pushes put on somebody's first page: what goes out today, places that are left over."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from wx_archive.core import clock
from wx_archive.publishing import ledger
from wx_archive.publishing.push_models import Push
from wx_archive.publishing.rules import AudienceKind, Delivery, PushState
from wx_archive.staff.plugs import Todo
from wx_archive.staff.rules import Permission, Person
from wx_archive.wechat.account import Capability, Entitlements

LAST_DAYS: Final = 5
"""So near the month's end, places that nobody has taken are worth a look."""
_CALENDAR: Final = "/console/calendar"


def todos(
    connection: Connection, person: Person, now: datetime, *, account: Entitlements
) -> Sequence[Todo]:
    """Return what goes out today, and how many places of the month are left at its end."""
    if not person.may(Permission.PUSHES_SEND):
        return ()
    today = clock.day_of(now)
    path = f"{_CALENDAR}?week={today.isoformat()}"
    due = Todo("今天还要发的推送", _due(connection, now), path, Permission.PUSHES_SEND)
    left = Todo(
        "次群发本月还没有安排", _left(connection, now, account), _CALENDAR, Permission.PUSHES_SEND
    )
    return (due, left)


def _due(connection: Connection, now: datetime) -> int:
    tomorrow = clock.day_of(now) + timedelta(days=1)
    ends = datetime.combine(tomorrow, time.min, clock.SHANGHAI)
    wanted = (Push.state == PushState.SCHEDULED, Push.due_at < ends)
    return connection.execute(select(func.count()).select_from(Push).where(*wanted)).scalar_one()


def _left(connection: Connection, now: datetime, account: Entitlements) -> int:
    """Return how many places of the month are left in its last days; 0 before them."""
    today = clock.day_of(now)
    days_left = monthrange(today.year, today.month)[1] - today.day
    if days_left >= LAST_DAYS or not account.may(Capability.MASS_SEND_BY_TAG):
        return 0
    scopes = ledger.scopes_for(account, now, Delivery.MASS, AudienceKind.ALL)
    monthly = [scope for scope in scopes if scope.startswith("month:")]
    return sum(ledger.standing(connection, scope).left for scope in monthly)
