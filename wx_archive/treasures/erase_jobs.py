"""What the calendar ends: drafts, what was not taken or was withdrawn, questions left unanswered.

And the sweeps: what killed processes left beside the sealed store, and objects without a row.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.batches import batches
from wx_archive.core.database import Database
from wx_archive.core.jobs import Jobs, Schedule, Work
from wx_archive.core.services import Services
from wx_archive.media.objects import ObjectStore
from wx_archive.treasures import erase_texts, erasure, removal, rules, uploads
from wx_archive.treasures.models import Treasure, TreasureFile
from wx_archive.treasures.register_models import Certificate
from wx_archive.treasures.rules import Action, State
from wx_archive.treasures.sealed import open_sealed
from wx_archive.treasures.steps import BY_CLOCK, Doing, advance, locked, note_step
from wx_archive.wechat.client import Platform

log = logging.getLogger(__name__)

ERASE: Final = "treasures.erase"
SWEEP: Final = "treasures.sweep"
SWEEP_OBJECTS: Final = "treasures.sweep_objects"
SCHEDULES: Final = (
    Schedule(ERASE, "35 3 * * *", ERASE),
    Schedule(SWEEP, "* * * * *", SWEEP),
    Schedule(SWEEP_OBJECTS, "25 * * * *", SWEEP_OBJECTS),
)
YOUNG: Final = timedelta(hours=1)
"""For so long an object may be on its way in or out, ahead of its row or behind it."""
_BATCH: Final = 500

Act = Callable[[Session, Treasure, Doing], None]


def build(services: Services, _platform: Platform) -> Jobs:
    """Return the kinds of job."""
    own, store = Jobs(), open_sealed(services.settings)

    @own.handles(ERASE)
    def nightly(work: Work) -> None:
        doing = Doing.of(services.site, BY_CLOCK, now=clock.now())
        today, state = doing.today, Treasure.state
        is_over, gone = Treasure.erase_on <= today, sorted(rules.GONE)
        for name, due, act in (
            ("dropped", and_(state == State.DRAFT, is_over), _drop),
            ("erased", and_(state.in_(gone), is_over), _empty),
            ("not_answered", and_(state == State.NEED_INFO, Treasure.act_by < today), _go_back),
        ):
            count = _end(services.database, work, due, act, doing)
            log.info("treasures.%s uploads=%d", name, count)

    @own.handles(SWEEP)
    def sweep_waiting(_work: Work) -> None:
        # A file that its writer still holds is never taken: no need to wait for it to grow old.
        swept = store.sweep_waiting(until=_machine_now())
        if swept:
            log.warning("treasures.swept_waiting files=%d", swept)

    @own.handles(SWEEP_OBJECTS)
    def sweep_objects(_work: Work) -> None:
        swept = sweep(services.database, store, now=_machine_now())
        log.info("treasures.swept objects=%d", swept)

    return own


def sweep(database: Database, store: ObjectStore, *, now: datetime) -> int:
    """Delete objects that no file and no certificate has, with their forms; return how many.

    Args:
        database: says which files there are.
        store: of their objects.
        now: the machine's present instant, by which objects are dated.
    """
    until = now - YOUNG
    orphans = list(_orphans(database, store, until))
    return sum(store.sweep(key, until=until) for key in orphans)


def _orphans(database: Database, store: ObjectStore, until: datetime) -> Iterator[str]:
    for keys in batches(store.keys(until=until), _BATCH):
        asked = {key.partition(".")[0] for key in keys}
        with database.reads() as connection:
            has_file = select(TreasureFile.object_key).where(TreasureFile.object_key.in_(asked))
            is_drawn = select(Certificate.png_key).where(Certificate.png_key.in_(asked))
            known = set(connection.execute(has_file.union_all(is_drawn)).scalars())
        yield from (key for key in keys if key.partition(".")[0] not in known)


def _end(database: Database, work: Work, due: ColumnElement[bool], act: Act, doing: Doing) -> int:
    """Do something to every upload that is due, each in a transaction of its own; count them."""
    with database.reads() as connection:
        ids = connection.execute(select(Treasure.id).where(due).order_by(Treasure.id)).scalars()
        found = list(ids)
    return sum(_end_one(work, treasure_id, due, act, doing) for treasure_id in found)


def _end_one(
    work: Work, treasure_id: int, due: ColumnElement[bool], act: Act, doing: Doing
) -> bool:
    is_due = select(Treasure.id).where(due, Treasure.id == treasure_id)
    with work.begin() as session:
        if session.scalar(is_due) is None:
            return False
        treasure = locked(session, treasure_id)
        if session.scalar(is_due) is None:  # its sender was faster
            return False
        act(session, treasure, doing)
        return True


def _drop(session: Session, treasure: Treasure, doing: Doing) -> None:
    removal.later(session, uploads.drop(session, treasure, doing), now=doing.now)


def _empty(session: Session, treasure: Treasure, doing: Doing) -> None:
    erasure.empty(session, treasure, doing)
    note_step(
        session, treasure, State(treasure.state), doing, note=erase_texts.ERASED, action=Action.NOTE
    )


def _go_back(session: Session, treasure: Treasure, doing: Doing) -> None:
    """Take an upload on although its sender was asked and stayed silent."""
    to = State(treasure.asked_from or State.SCREENING)
    # Who asked has looked at it: it is not new any more.
    to = State.SCREENING if to is State.RECEIVED else to
    advance(session, treasure, to, doing, note=erase_texts.SILENT)


def _machine_now() -> datetime:
    return clock.now() - clock.offset()
