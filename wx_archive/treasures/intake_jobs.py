"""Files that were announced at the form or the desk, and whose process was killed just then."""

from datetime import timedelta
from hashlib import file_digest
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.jobs import Jobs, Schedule, Work
from wx_archive.core.services import Services
from wx_archive.media.objects import MissingObjectError, ObjectStore
from wx_archive.treasures import files, intake, page_texts
from wx_archive.treasures.models import TreasureFile
from wx_archive.treasures.rules import FileState
from wx_archive.treasures.sealed import open_sealed
from wx_archive.wechat.client import Platform

SETTLE: Final = "treasures.settle"
"""Job: see to what was announced and never came to an end; no payload."""
SCHEDULES: Final = (Schedule(SETTLE, "*/10 * * * *", SETTLE),)
GIVEN_UP_AFTER: Final = timedelta(minutes=10)
"""Between its row and its object lie milliseconds; whoever lives has long come to the end."""


def build(services: Services, _platform: Platform) -> Jobs:
    """Return the kind of job."""
    own, store = Jobs(), open_sealed(services.settings)

    @own.handles(SETTLE)
    def settling(work: Work) -> None:
        del work
        now = clock.now()
        with services.database.reads() as connection:
            left = connection.execute(
                select(TreasureFile.id, TreasureFile.object_key).where(
                    TreasureFile.state == FileState.AWAITED.value,
                    TreasureFile.media_id.is_(None),
                    TreasureFile.received_at < now - GIVEN_UP_AFTER,
                )
            ).all()
        for row in left:
            found = _measured(store, row.object_key)
            with services.database.begin() as session:
                _settle(session, row.id, found)
                is_known = intake.is_known(session, row.object_key)
            if not is_known:
                store.delete(row.object_key)

    return own


def _measured(store: ObjectStore, key: str) -> tuple[str, int] | None:
    """Return the checksum and the length of an object; None if it was never put there."""
    try:
        with store.path(key).open("rb") as file:
            return file_digest(file, "sha256").hexdigest(), file.seek(0, 2)
    except MissingObjectError:
        return None


def _settle(session: Session, file_id: int, found: tuple[str, int] | None) -> None:
    """Take up a file that lies there whole, as objects do; give up one that does not."""
    now = clock.now()
    if found is None:
        files.refused(session, file_id, page_texts.NO_ROOM_FILE, now=now)
        return
    sha256, size_bytes = found
    files.stored(session, file_id, sha256=sha256, size_bytes=size_bytes, now=now)
