"""`wx-archive scheduler`: inserts the jobs that are due by the clock. APScheduler is the ticker."""

import logging
import signal
from typing import Final

from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.interval import IntervalTrigger

from wx_archive import features
from wx_archive.core import clock, schema
from wx_archive.core.database import Database, is_transient
from wx_archive.core.jobs.schedule import insert_due
from wx_archive.core.services import open_services
from wx_archive.core.settings import Profile, Settings

log = logging.getLogger(__name__)

TICK_S: Final = 1


def run(settings: Settings) -> None:
    """Insert due jobs until this process is told to stop."""
    ticker = BlockingScheduler(timezone=clock.SHANGHAI)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ticker.shutdown(wait=False))
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    with open_services(settings) as services:
        schema.require_current(services.database, demo=settings.profile is Profile.DEMO)
        # One tick at a time, none of them too late: what is due stands in the database.
        ticker.add_job(
            _Tick(services.database),
            IntervalTrigger(seconds=TICK_S),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
        log.info("scheduler.ready")
        ticker.start()


class _Tick:
    """One look at what is due; says once when the database goes away and comes back."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._schedules = features.schedules()
        self._is_away = False

    def __call__(self) -> None:
        try:
            insert_due(self._database, self._schedules, now=clock.now())
        except Exception as err:
            if not is_transient(err):
                raise
            if not self._is_away:
                log.warning("scheduler.database_away cause=%s", type(err).__name__)
            self._is_away = True
        else:
            if self._is_away:
                log.warning("scheduler.database_back")
            self._is_away = False
