"""Jobs: rows inserted with the effect that asks for them, done by the worker at least once."""

from wx_archive.core.jobs.models import Job, JobState
from wx_archive.core.jobs.queue import LostLeaseError, enqueue
from wx_archive.core.jobs.runner import Jobs, LaterError, Runner, Work
from wx_archive.core.jobs.schedule import Late, Schedule

__all__ = [
    "Job",
    "JobState",
    "Jobs",
    "Late",
    "LaterError",
    "LostLeaseError",
    "Runner",
    "Schedule",
    "Work",
    "enqueue",
]
