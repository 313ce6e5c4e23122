"""`wx-archive scheduler`: inserts the jobs that are due by the clock. APScheduler is the ticker."""

import logging
import signal
import threading
from typing import Final

from apscheduler.schedulers.background import BackgroundScheduler
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
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    ticker = BackgroundScheduler(timezone=clock.SHANGHAI)
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
        ticker.start()
        log.info("scheduler.ready")
        stop.wait()
        ticker.shutdown()  # after the tick in hand


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
