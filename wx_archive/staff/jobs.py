"""What is swept every night: ended sessions, and failed tries that are forgotten."""

import logging
from typing import Final

from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Jobs, Schedule, Work
from wx_archive.staff import sessions, throttle

log = logging.getLogger(__name__)

SWEEP: Final = "staff.sweep"
SCHEDULES: Final = (Schedule(SWEEP, "40 3 * * *", SWEEP),)


def build(database: Database) -> Jobs:
    """Return the kinds of job around the people who work here."""
    own = Jobs()

    @own.handles(SWEEP)
    def sweep(_work: Work) -> None:
        now = clock.now()
        with database.begin(unhurried=True) as session:
            ended = sessions.sweep(session, now=now)
            forgotten = throttle.sweep(session, now=now)
        log.info("staff.swept sessions=%d tries=%d", ended, forgotten)

    return own
