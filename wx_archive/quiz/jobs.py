"""What the worker does for the quiz: vouchers expire, their owners are reminded, cards are drawn."""

from wx_archive.core.jobs import Jobs, Schedule
from wx_archive.core.services import Services
from wx_archive.quiz import voucher_jobs
from wx_archive.wechat.client import Platform

SCHEDULES: tuple[Schedule, ...] = voucher_jobs.SCHEDULES


def build(services: Services, platform: Platform) -> Jobs:  # noqa: ARG001 -- of the cards' jobs
    """Return the kinds of job."""
    own = Jobs()
    own.take_in(voucher_jobs.build(services))
    return own
