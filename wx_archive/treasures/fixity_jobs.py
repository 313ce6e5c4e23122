"""The weekly reading of every stored original: one job begins it, one more reads each slice.

A slice's findings and the job of the next slice commit as one: a worker that is killed has its
slice read again, and nothing is counted twice.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from wx_archive.core import clock, jobs
from wx_archive.core.jobs import Job, Jobs, JobState, Schedule, Work
from wx_archive.core.services import Services
from wx_archive.media.objects import ObjectStore
from wx_archive.treasures import fixity
from wx_archive.treasures.sealed import open_sealed
from wx_archive.wechat.client import Platform

log = logging.getLogger(__name__)

START: Final = "treasures.fixity"
SLICE: Final = "treasures.fixity_slice"
"""Payload ``{"run": id, "after": file id, "files": so many were read before}``."""
SCHEDULES: Final = (Schedule(START, "40 2 * * sun", START),)
PAUSE: Final = timedelta(seconds=1)
"""Between two slices: whoever waits for the disk comes first."""
_UNDER_WAY: Final = (JobState.WAITING.value, JobState.RUNNING.value)


def enqueue_now(session: Session, *, now: datetime) -> bool:
    """Ask for a run at once; False when one was asked for in this minute already."""
    key = f"{START}:{now:%Y%m%d%H%M}"
    return jobs.enqueue(session, START, {}, key=key, now=now)


def build(services: Services, _platform: Platform) -> Jobs:
    """Return the kinds of job."""
    own, store = Jobs(), open_sealed(services.settings)

    @own.handles(START)
    def starting(work: Work) -> None:
        with work.finishing() as session:
            if _is_under_way(session):
                return
            now = clock.now()
            _enqueue(session, fixity.begin(session, now=now), 0, 0, now=now)

    @own.handles(SLICE)
    def reading(work: Work) -> None:
        _slice(services, store, work)

    return own


def _slice(services: Services, store: ObjectStore, work: Work) -> None:
    run_id, before = int(work.payload["run"]), int(work.payload["files"])
    with services.database.reads() as connection:
        after, limit = int(work.payload["after"]), fixity.SLICE_FILES
        found = fixity.a_slice(fixity.originals(connection, after=after, limit=limit))
        failure = fixity.amiss(connection, store, files=before + len(found))
    readings = [] if failure else [fixity.read(store, one) for one in found]
    now = clock.now()
    with work.finishing() as session:
        fixity.note(session, run_id, readings, now=now)
        if readings:
            _enqueue(session, run_id, found[-1].file_id, before + len(found), now=now)
        else:
            fixity.end(session, run_id, failure, now=now)
    for bad in (one for one in readings if not one.is_whole):
        log.error("treasures.not_whole file=%d found=%s", bad.original.file_id, bad.found or "none")
    if not readings:
        log.info("treasures.fixity_ended run=%d files=%d failed=%s", run_id, before, bool(failure))


def _enqueue(session: Session, run_id: int, after: int, files: int, *, now: datetime) -> None:
    payload = {"run": run_id, "after": after, "files": files}
    key = f"{SLICE}:{run_id}:{after}"
    due = now + PAUSE if after else now
    jobs.enqueue(session, SLICE, payload, key=key, now=now, due=due)


def _is_under_way(session: Session) -> bool:
    waiting = select(exists().where(Job.kind == SLICE, Job.state.in_(_UNDER_WAY)))
    return bool(session.scalar(waiting))
