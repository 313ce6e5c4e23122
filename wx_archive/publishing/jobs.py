"""Everything that the worker and the clock do for publishing, part by part."""

from typing import Final

from wx_archive.core.jobs import Jobs, Schedule
from wx_archive.core.services import Services
from wx_archive.publishing import crowd, preview_jobs, send_jobs, slot_jobs, sync_jobs, tag_jobs
from wx_archive.publishing.preview_jobs import OpenidOf
from wx_archive.wechat.client import Platform

_PARTS: Final = (crowd, send_jobs, slot_jobs, sync_jobs, tag_jobs)
SCHEDULES: Final[tuple[Schedule, ...]] = tuple(one for part in _PARTS for one in part.SCHEDULES)


def build(services: Services, platform: Platform, *, openid_of: OpenidOf) -> Jobs:
    """Return the kinds of job of every part; ``openid_of`` tells whose phone shows previews."""
    own = preview_jobs.build(services, platform, openid_of)
    for part in _PARTS:
        own.take_in(part.build(services, platform))
    return own
