"""What the worker does for rights: at midnight it ends those whose last day has passed."""

import logging
from typing import Final

from wx_archive.core import clock
from wx_archive.core.jobs import Jobs, Schedule, Work
from wx_archive.core.services import Services
from wx_archive.treasures import rights
from wx_archive.treasures.steps import BY_CLOCK, Doing
from wx_archive.wechat.client import Platform

log = logging.getLogger(__name__)

EXPIRE: Final = "treasures.expire_rights"
SCHEDULES: Final = (Schedule(EXPIRE, "0 0 * * *", EXPIRE),)
"""The pages know the day by themselves; the library's shelf and what was made of it do not."""


def build(services: Services, _platform: Platform) -> Jobs:
    """Return the kinds of job."""
    own = Jobs()

    @own.handles(EXPIRE)
    def expire(work: Work) -> None:
        ended = 0
        while True:
            with work.begin() as session:
                if not rights.expire(session, Doing.of(services.site, BY_CLOCK, now=clock.now())):
                    break
            ended += 1
        log.info("treasures.rights_expired uploads=%d", ended)

    return own
