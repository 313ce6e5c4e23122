"""What is swept every night: files that never became assets, and what killed processes left."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.batches import batches
from wx_archive.core.database import Database
from wx_archive.core.jobs import Jobs, Schedule, Work
from wx_archive.core.services import Services
from wx_archive.core.site import Site
from wx_archive.media import service
from wx_archive.media.objects import ObjectStore, open_objects
from wx_archive.wechat.client import Platform

log = logging.getLogger(__name__)

SWEEP: Final = "media.sweep"
SCHEDULES: Final = (Schedule(SWEEP, "20 4 * * *", SWEEP),)
YOUNG: Final = timedelta(days=1)
"""For so long a file may be on its way in: stored, and its row not committed yet."""
_BATCH: Final = 500


Losing = Callable[[Session, Site, str, datetime], int]
"""Makes anew, without it, whatever was made of a file; returns how much that was."""


def nothing(_session: Session, _site: Site, _pid: str, _now: datetime) -> int:
    """Make nothing anew."""
    return 0


def build(services: Services, _platform: Platform, *, losing: Losing = nothing) -> Jobs:
    """Return the kinds of job that the library needs.

    Args:
        services: the installation's.
        losing: what features do about a file that may be shown no more.
    """
    own, store = Jobs(), open_objects(services.settings)

    @own.handles(service.TAKEN_OFF)
    def taken_off(work: Work) -> None:
        now, pid = clock.now(), str(work.payload["asset"])
        with work.begin() as session:
            held = service.look_up(session.connection(), pid)
            is_off = held is not None and held.is_withdrawn  # nobody offers it again by now
            count = losing(session, services.site, pid, now) if is_off else 0
        log.info("media.taken_off made_anew=%d", count)

    @own.handles(SWEEP)
    def nightly(_work: Work) -> None:
        # Files are dated by the machine's clock, wherever ours stands.
        swept = sweep(services.database, store, now=clock.now() - clock.offset())
        log.info("media.swept objects=%d", swept)

    return own


def sweep(database: Database, store: ObjectStore, *, now: datetime) -> int:
    """Delete objects that no asset has, with their forms; return how many.

    Args:
        database: says which files are assets.
        store: of the files.
        now: the machine's present instant.
    """
    until = now - YOUNG
    store.sweep_waiting(until=until)
    orphans = list(_orphans(database, store, until))
    return sum(store.sweep(key, until=until) for key in orphans)


def _orphans(database: Database, store: ObjectStore, until: datetime) -> Iterator[str]:
    for keys in batches(store.keys(until=until), _BATCH):
        with database.reads() as connection:
            known = service.known(connection, {key.partition(".")[0] for key in keys})
        yield from (key for key in keys if key.partition(".")[0] not in known)
