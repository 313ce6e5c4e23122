"""What the worker does for lookups: sums of what was asked long ago."""

from typing import Final

from wx_archive.core import clock
from wx_archive.core.jobs import Jobs, Schedule, Work
from wx_archive.core.services import Services
from wx_archive.lookup import folding
from wx_archive.wechat.client import Platform

FOLD: Final = "lookup.fold_usage"
SCHEDULES: Final = (Schedule("lookup.fold_usage", "40 3 * * *", FOLD),)


def build(_services: Services, _platform: Platform) -> Jobs:
    """Return the kinds of job."""
    own = Jobs()
    own.handles(FOLD)(fold_usage)
    return own


def fold_usage(work: Work) -> None:
    """Fold every day that is due, each in a transaction of its own."""
    today = clock.today()
    while True:
        with work.begin() as session:
            day = folding.due_day(session, today=today)
            if day is None:
                return
            folding.fold(session, day)
