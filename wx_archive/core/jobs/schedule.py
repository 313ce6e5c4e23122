"""Schedules: when a kind of job is due by the Shanghai wall clock, each firing inserted once.

APScheduler is only the ticker and knows how to read cron expressions; its own job stores lose or
double firings when processes die or run twice (measured). The shared fact is our own row: when a
schedule fires next. Whoever moves it on inserts the job; the job's key names schedule and time.
"""

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wx_archive.core.clock import SHANGHAI
from wx_archive.core.database import Database, insert_into
from wx_archive.core.jobs.models import ScheduleState
from wx_archive.core.jobs.queue import enqueue

log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 50
"""More firings than these were missed: only the newest are caught up."""
_MOST_STEPS: Final = 5_000


class Late(StrEnum):
    """What becomes of firings that were missed while no scheduler ran."""

    ONCE = "once"
    EACH = "each"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A kind of job and when it is due.

    Attributes:
        name: unique, dotted: ``chat.tidy``.
        cron: five fields, in Asia/Shanghai; days of the week by name (``mon-fri``).
        kind: the kind of job to insert; its payload has the firing time as ``fired_for``.
        late: how to catch up.
    """

    name: str
    cron: str
    kind: str
    late: Late = Late.ONCE

    def __post_init__(self) -> None:
        """Refuse what does not mean the same everywhere: cron's Sunday is APScheduler's Monday."""
        if any(sign.isdecimal() for sign in self.cron.split()[-1].partition("/")[0]):
            raise ValueError(f"name the days of the week: {self.cron}")


def insert_due(database: Database, schedules: Sequence[Schedule], *, now: datetime) -> int:
    """Insert the jobs of every firing up to ``now``; return how many were inserted."""
    with database.reads() as connection:
        known = {
            name: (cron, due)
            for name, cron, due in connection.execute(
                select(ScheduleState.name, ScheduleState.cron, ScheduleState.next_fire_at)
            )
        }
    inserted = 0
    for schedule in schedules:
        cron, due = known.get(schedule.name, ("", now))
        if cron == schedule.cron and due > now:
            continue
        with database.begin() as session:
            inserted += _fire(session, schedule, now)
    return inserted


def _fire(session: Session, schedule: Schedule, now: datetime) -> int:
    # Locked: of two schedulers the second one sees what the first has moved on.
    row = session.execute(
        select(ScheduleState.cron, ScheduleState.next_fire_at)
        .where(ScheduleState.name == schedule.name)
        .with_for_update()
    ).one_or_none()
    trigger = CronTrigger.from_crontab(schedule.cron, timezone=SHANGHAI)
    if row is None or row.cron != schedule.cron:
        _begin(session, schedule, _after(trigger, now))
        return 0
    fire_times: deque[datetime] = deque(maxlen=1 if schedule.late is Late.ONCE else MOST_AT_ONCE)
    at = row.next_fire_at
    for _ in range(_MOST_STEPS):
        if at > now:
            break
        fire_times.append(at)
        at = _after(trigger, at)
    else:  # a clock moved by years
        at = _after(trigger, now)
    session.execute(
        update(ScheduleState).where(ScheduleState.name == schedule.name).values(next_fire_at=at)
    )
    return sum(_insert(session, schedule, fire_time, now) for fire_time in fire_times)


def _insert(session: Session, schedule: Schedule, fire_time: datetime, now: datetime) -> bool:
    moment = fire_time.astimezone(SHANGHAI).isoformat()
    is_new = enqueue(
        session, schedule.kind, {"fired_for": moment}, key=f"{schedule.name}@{moment}", now=now
    )
    log.info("schedule.fired name=%s for=%s new=%s", schedule.name, moment, is_new)
    return is_new


def _begin(session: Session, schedule: Schedule, first: datetime) -> None:
    values = {"cron": schedule.cron, "next_fire_at": first}
    session.execute(
        insert_into(session, ScheduleState)
        .values(name=schedule.name, **values)
        .on_conflict_do_update(index_elements=["name"], set_=values)
    )


def _after(trigger: CronTrigger, moment: datetime) -> datetime:
    found = trigger.get_next_fire_time(moment, moment)
    if not isinstance(found, datetime):
        message = "a schedule that never fires again"
        raise ValueError(message)  # noqa: TRY004 -- about the schedule's text, not a type
    return found
