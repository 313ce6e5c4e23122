"""`wx-archive worker`: does the jobs that conversations, staff and schedules leave behind."""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from wx_archive import features
from wx_archive.core import schema
from wx_archive.core.jobs import Runner
from wx_archive.core.services import Services, open_services
from wx_archive.core.settings import Profile, Settings
from wx_archive.wechat.client import Platform

log = logging.getLogger(__name__)


@contextmanager
def working(services: Services) -> Iterator[Runner]:
    """Do jobs in threads of this process for as long as the block lasts."""
    platform = Platform(services.settings, services.store, services.database)
    runner = Runner(services.database, features.jobs(services, platform))
    runner.start()
    try:
        yield runner
    finally:
        runner.close()
        platform.close()


def run(settings: Settings) -> None:
    """Do jobs until this process is told to stop; what is in hand is finished, or put back."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with open_services(settings) as services:
        schema.require_current(services.database, demo=settings.profile is Profile.DEMO)
        with working(services):
            log.info("worker.ready")
            stop.wait()
