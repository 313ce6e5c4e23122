"""What goes wrong in every installation, as the database tells it; features add their own."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from wx_archive.alerts import rules, texts
from wx_archive.chat import deadletters
from wx_archive.chat.models import HeldAnswer, HeldState
from wx_archive.core.jobs import Job, JobState
from wx_archive.core.jobs.models import ScheduleState
from wx_archive.staff.plugs import Alert
from wx_archive.staff.rules import Permission
from wx_archive.wechat import standing
from wx_archive.wechat.errors import ForbiddenError, MisconfiguredError, TokenRefusedError
from wx_archive.wechat.standing import Refused

SYSTEM: Final = "/console/system"
DISK: Final = "disk"
_TOKENS_REFUSED: Final = 3
"""A token that is refused once or twice is renewed, as every two hours."""


def alerts(connection: Connection, now: datetime) -> list[Alert]:
    """Return what is wrong now."""
    return [
        *_failures(connection),
        *_late(connection, now),
        *_platform(connection, now),
        *_held(connection, now),
    ]


def disk_low(free_bytes: int, *, now: datetime) -> Alert:
    """Return the alert about a data folder that has hardly any room left."""
    return _about(DISK, texts.disk_low(free_bytes), now, is_urgent=True)


def check_failed(name: str, *, now: datetime) -> Alert:
    """Return the alert about a feature's own check that failed."""
    return _about(f"check:{name}", texts.check_failed(name), now)


def _failures(connection: Connection) -> Iterator[Alert]:
    if letters := deadletters.waiting_messages(connection):
        title = texts.dead_letters(letters.count)
        yield _about("dead-letters", title, letters.since, is_urgent=True)
    if jobs := deadletters.waiting_jobs(connection):
        yield _about("dead-jobs", texts.dead_jobs(jobs.count), jobs.since)


def _late(connection: Connection, now: datetime) -> Iterator[Alert]:
    count, since = connection.execute(
        select(func.count(), func.min(Job.run_after)).where(
            Job.state == JobState.WAITING, Job.run_after < now - rules.JOB_LATE
        )
    ).one()
    if since is not None:
        yield _about("late-jobs", texts.late_jobs(count), since, is_urgent=True)
    overdue = connection.scalar(
        select(func.min(ScheduleState.next_fire_at)).where(
            ScheduleState.next_fire_at < now - rules.SCHEDULE_LATE
        )
    )
    if overdue is not None:
        yield _about("late-schedules", texts.LATE_SCHEDULES, overdue)


def _platform(connection: Connection, now: datetime) -> Iterator[Alert]:
    for call in standing.stopped(connection, now=now):
        if call.until - now > rules.STOPPED_LONG:
            key = f"stopped:{call.path}"
            yield _about(key, texts.stopped(call.name, call.until), call.since or now)
    for refused in standing.refused(connection, now=now):
        if _is_trouble(refused):
            title = texts.refused(refused.name, str(refused.error))
            yield _about(f"refused:{refused.path}:{refused.code}", title, refused.since)


def _is_trouble(refused: Refused) -> bool:
    if isinstance(refused.error, TokenRefusedError):
        return refused.count >= _TOKENS_REFUSED
    return isinstance(refused.error, ForbiddenError | MisconfiguredError)


def _held(connection: Connection, now: datetime) -> Iterator[Alert]:
    count, since = connection.execute(
        select(func.count(), func.min(HeldAnswer.created_at)).where(
            HeldAnswer.state == HeldState.WAITING,
            HeldAnswer.created_at < now - rules.HELD_TOO_LONG,
            HeldAnswer.expires_at > now,
        )
    ).one()
    if since is not None:
        yield _about("held", texts.held(count), since + rules.HELD_TOO_LONG)


def _about(key: str, title: str, since: datetime, *, is_urgent: bool = False) -> Alert:
    return Alert(key, title, SYSTEM, Permission.SYSTEM_READ, since, is_urgent)
