"""What the worker does for the quiz: expiry and reminders of vouchers, pictures of cards."""

from wx_archive.core.jobs import Jobs, Schedule
from wx_archive.core.services import Services
from wx_archive.quiz import art_jobs, voucher_jobs
from wx_archive.wechat.client import Platform

SCHEDULES: tuple[Schedule, ...] = voucher_jobs.SCHEDULES


def build(services: Services, platform: Platform) -> Jobs:
    """Return the kinds of job."""
    own = Jobs()
    own.take_in(voucher_jobs.build(services))
    own.take_in(art_jobs.build(services, platform))
    return own
