"""The clock's part in files: what is written into `content/` is taken in by itself."""

import logging
from typing import Final

from wx_archive.core import clock
from wx_archive.core.jobs import Jobs, Schedule, Work
from wx_archive.core.services import Services
from wx_archive.media.objects import open_objects
from wx_archive.publishing.sync import sync
from wx_archive.wechat.client import Platform

log = logging.getLogger(__name__)

SYNC: Final = "publishing.sync"
SCHEDULES: Final = (Schedule(SYNC, "7 * * * *", SYNC),)


def build(services: Services, _platform: Platform) -> Jobs:
    """Return the kind of job."""
    own = Jobs()

    @own.handles(SYNC, attempts=2)
    def take_in(_work: Work) -> None:
        done = sync(
            services.database, open_objects(services.settings), services.site, now=clock.now()
        )
        log.info(
            "content.synced added=%d changed=%d conflicts=%d",
            len(done.added),
            len(done.changed),
            len(done.conflicts),
        )

    return own
