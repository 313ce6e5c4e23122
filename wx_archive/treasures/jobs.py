"""What the worker does for uploads; each part brings its kinds of job and its schedules."""

from wx_archive.core.jobs import Jobs, Schedule
from wx_archive.core.services import Services
from wx_archive.treasures import (
    batch_jobs,
    certificate_jobs,
    erase_jobs,
    fetch_jobs,
    fixity_jobs,
    intake_jobs,
    look_jobs,
    removal,
    showing_jobs,
)
from wx_archive.wechat.client import Platform

SCHEDULES: tuple[Schedule, ...] = (
    *showing_jobs.SCHEDULES,
    *erase_jobs.SCHEDULES,
    *fixity_jobs.SCHEDULES,
    *intake_jobs.SCHEDULES,
)


def build(services: Services, platform: Platform) -> Jobs:
    """Return the kinds of job."""
    own = Jobs()
    own.take_in(fetch_jobs.build(services, platform))
    own.take_in(intake_jobs.build(services, platform))
    own.take_in(look_jobs.build(services, platform))
    own.take_in(batch_jobs.build(services, platform))
    own.take_in(erase_jobs.build(services, platform))
    own.take_in(removal.build(services, platform))
    own.take_in(fixity_jobs.build(services, platform))
    own.take_in(showing_jobs.build(services, platform))
    own.take_in(certificate_jobs.build(services, platform))
    return own
