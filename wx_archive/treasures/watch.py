"""What goes wrong with uploads and must be told: files about to be lost, days let pass."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from wx_archive.core import clock
from wx_archive.staff.plugs import Alert
from wx_archive.staff.rules import Permission
from wx_archive.treasures import rules, watch_texts
from wx_archive.treasures.models import Treasure, TreasureFile
from wx_archive.treasures.rules import FileState

PATH: Final = "/console/treasures"


def alerts(connection: Connection, now: datetime) -> Sequence[Alert]:
    """Return what is wrong now."""
    return [*_about_to_be_lost(connection, now), *_overdue(connection, clock.day_of(now))]


def _about_to_be_lost(connection: Connection, now: datetime) -> Iterator[Alert]:
    """Files that came in the chat and that WeChat will not hold for much longer."""
    count, first, last = connection.execute(
        select(
            func.count(), func.min(TreasureFile.media_until), func.max(TreasureFile.media_until)
        ).where(
            TreasureFile.state == FileState.AWAITED,
            TreasureFile.media_until <= now + rules.WARN_BEFORE,
        )
    ).one()
    if first is not None and last is not None:
        yield Alert(
            "treasures.awaited",
            watch_texts.about_to_be_lost(count, first, last),
            PATH,
            Permission.TREASURES_WORK,
            since=first - rules.WARN_BEFORE,
            is_urgent=True,
        )


def _overdue(connection: Connection, today: date) -> Iterator[Alert]:
    """Uploads with which nothing happened by the day that was promised."""
    count, first = connection.execute(
        select(func.count(), func.min(Treasure.act_by)).where(
            Treasure.state.in_(sorted(rules.STAFF_ACTS)), Treasure.act_by < today
        )
    ).one()
    if first is not None:
        since = datetime.combine(first + timedelta(days=1), time(), clock.SHANGHAI)
        title = watch_texts.overdue(count)
        yield Alert("treasures.overdue", title, PATH, Permission.TREASURES_WORK, since=since)
