"""When something is an alert, and when somebody may be disturbed by it: no I/O."""

from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final

from wx_archive.core.clock import SHANGHAI

JOB_LATE: Final = timedelta(minutes=5)
SCHEDULE_LATE: Final = timedelta(minutes=10)
LOOK_LATE: Final = timedelta(minutes=10)
"""Nobody looked for alerts for so long: worker or scheduler is not running."""
LOOK_AGAIN: Final = timedelta(minutes=10)
"""The worker looks by itself so much later, whether or not a scheduler asks it to."""
LATE_LOOK: Final = timedelta(minutes=2)
"""A look that comes so late by itself (the clock was moved, the worker was away) tells nothing of
what else is late, and is taken again `SOON`."""
SOON: Final = timedelta(minutes=1)
HELD_TOO_LONG: Final = timedelta(days=7)
STOPPED_LONG: Final = timedelta(minutes=5)
"""A call that WeChat stopped for a minute is nobody's trouble."""
DISK_LOW_BYTES: Final = 500_000_000
DISK_ENOUGH_BYTES: Final = 600_000_000
"""An alert about the disk ends only here, so that it does not come and go."""
KEPT_OVER: Final = timedelta(days=90)
QUIET_AGAIN: Final = timedelta(hours=1)
"""What comes back so soon is raised, but told on the phone only where it is urgent."""
TOLD_FOR: Final = timedelta(days=1)
"""An alert that could not be sent waits so long in the chat, then it is old news."""
NIGHT_BEGINS: Final = time(22)
NIGHT_ENDS: Final = time(7)

CODE_DIGITS: Final = 8
CODE_LASTS: Final = timedelta(minutes=10)
MOST_TRIES: Final = 5
"""So many codes a follower may try in `TRIES_LAST`."""
TRIES_LAST: Final = timedelta(hours=1)


class Way(StrEnum):
    """How somebody was told."""

    SERVICE = "service"
    """As a service message, or waiting in the chat to be fetched."""
    TEMPLATE = "template"
    UNKNOWN = "unknown"
    """WeChat gave no usable answer: perhaps it arrived; it is not sent again."""
    NOT = "not"
    """It was over, seen or no longer theirs before it could be told."""


def is_night(moment: datetime) -> bool:
    """Tell whether people sleep in Shanghai: from 22:00 to 07:00."""
    hour = moment.astimezone(SHANGHAI).time()
    return hour >= NIGHT_BEGINS or hour < NIGHT_ENDS


def told_from(moment: datetime, *, is_urgent: bool) -> datetime:
    """Return from when on somebody may be told."""
    if is_urgent or not is_night(moment):
        return moment
    local = moment.astimezone(SHANGHAI)
    day = local.date() + timedelta(days=1 if local.time() >= NIGHT_BEGINS else 0)
    return datetime.combine(day, NIGHT_ENDS, SHANGHAI)
