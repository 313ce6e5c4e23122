"""What the worker does about the calendar: makes the drafts of the slots that come round."""

import logging
from typing import Final

from sqlalchemy.exc import IntegrityError

from wx_archive.core import clock
from wx_archive.core.jobs import Jobs, Schedule, Work
from wx_archive.core.services import Services
from wx_archive.core.workdays import calendar_of
from wx_archive.publishing import slots
from wx_archive.publishing.calendar import plan_of
from wx_archive.publishing.slots import Occurrence
from wx_archive.wechat.client import Platform

log = logging.getLogger(__name__)

SLOTS: Final = "publishing.slots"
SCHEDULES: Final = (Schedule(SLOTS, "*/10 * * * *", SLOTS),)
"""A slot's hour may be any minute; whatever was missed is caught up with the next look."""


def build(services: Services, _platform: Platform) -> Jobs:
    """Return the kinds of job."""
    own = Jobs()

    @own.handles(SLOTS)
    def make(work: Work) -> None:
        made = make_drafts(work, services)
        if made:
            log.info("publishing.slots made=%d", made)

    return own


def make_drafts(work: Work, services: Services) -> int:
    """Make every draft that should be there; return how many were missing."""
    content = services.site.content
    wanted = slots.due(plan_of(content), calendar_of(content), now=clock.now())
    with services.database.reads() as connection:
        left = slots.missing(connection, wanted)
    return sum(_make(work, each) for each in left)


def _make(work: Work, wanted: Occurrence) -> bool:
    """Make one draft in a transaction of its own; False where somebody was faster."""
    try:
        with work.begin() as session:
            slots.make_draft(session, wanted, now=clock.now())
    except IntegrityError:
        return False
    return True
