"""Vouchers and the calendar: those whose day has passed expire; owners are reminded before."""

import logging
from typing import Final

from wx_archive.core import clock
from wx_archive.core.jobs import Jobs, Schedule, Work
from wx_archive.core.services import Services
from wx_archive.quiz import voucher_calendar

log = logging.getLogger(__name__)

EXPIRE: Final = "quiz.expire"
REMIND: Final = "quiz.remind"
SCHEDULES: Final = (
    # Five past midnight is among them: what expired yesterday is somebody else's today.
    Schedule(EXPIRE, "5 * * * *", EXPIRE),
    Schedule(REMIND, "10 9 * * *", REMIND),
)


def build(services: Services) -> Jobs:
    """Return the kinds of job."""
    own = Jobs()

    @own.handles(EXPIRE)
    def expire(work: Work) -> None:
        expired = 0
        while True:
            now = clock.now()
            with work.begin() as session:
                count = voucher_calendar.expire(session, today=clock.day_of(now), now=now)
            if not count:
                break
            expired += count
        log.info("quiz.expired vouchers=%d", expired)

    @own.handles(REMIND)
    def remind(work: Work) -> None:
        now = clock.now()
        profile = services.site.profile
        after = reminded = 0
        while True:
            with work.begin() as session:
                told = voucher_calendar.remind(session, profile, after=after, now=now)
            if told is None:
                break
            after, reminded = told.last_id, reminded + told.count
        log.info("quiz.reminded vouchers=%d", reminded)

    return own
