"""What is kept: uploads with their files as lists show them, and all that the store holds."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, select

from wx_archive.core.batches import batches
from wx_archive.core.database import Database
from wx_archive.core.jobs import Job, JobState
from wx_archive.media.objects import ObjectStore
from wx_archive.treasures import fixity, removal
from wx_archive.treasures.fixity import Reading
from wx_archive.treasures.models import Treasure, TreasureFile
from wx_archive.treasures.register_models import Certificate
from wx_archive.treasures.rules import FileState, State

_BATCH: Final = 500
_LISTED: Final = (
    select(
        Treasure.id,
        Treasure.number,
        Treasure.pid,
        Treasure.state,
        Treasure.created_at,
        TreasureFile.id.label("file_id"),
        TreasureFile.sha256,
        TreasureFile.size_bytes,
        TreasureFile.state.label("file_state"),
    )
    .outerjoin(
        TreasureFile,
        (TreasureFile.treasure_id == Treasure.id) & TreasureFile.is_evidence.is_(False),
    )
    .order_by(Treasure.id, TreasureFile.place, TreasureFile.id)
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as a list shows it."""

    sha256: str | None
    size_bytes: int | None
    state: FileState


@dataclass(frozen=True, slots=True)
class Listed:
    """An upload as a list shows it; nothing of whoever has sent it.

    Attributes:
        number: None while it is not finished.
    """

    number: str | None
    pid: str
    state: State
    created_at: datetime
    files: Sequence[Kept]


@dataclass(frozen=True, slots=True)
class Checked:
    """What reading the whole store found.

    Attributes:
        bad: files that are not what came in, or are missing.
        unknown: keys of objects that nothing belongs to.
        failure: why the check proves nothing; empty where it does.
    """

    files: int
    size_bytes: int
    bad: Sequence[Reading]
    unknown: Sequence[str]
    failure: str

    @property
    def is_whole(self) -> bool:
        """Whether everything is there as it came in, and nothing else."""
        return not (self.bad or self.unknown or self.failure)


def listed(connection: Connection, *, state: State | None = None) -> list[Listed]:
    """Return uploads with their pieces, the oldest first; unfinished ones among them."""
    query = _LISTED if state is None else _LISTED.where(Treasure.state == state.value)
    rows = connection.execute(query)
    return [_one(list(lines)) for _, lines in groupby(rows, key=lambda row: row.id)]


def _one(lines: Sequence[Any]) -> Listed:
    first = lines[0]
    files = [
        Kept(row.sha256, row.size_bytes, FileState(row.file_state))
        for row in lines
        if row.file_id is not None
    ]
    return Listed(first.number, first.pid, State(first.state), first.created_at, files)


def check(database: Database, store: ObjectStore, *, until: datetime) -> Checked:
    """Read everything that is stored; no transaction is open while a file is read.

    Args:
        database: says what must be there.
        store: what is there.
        until: objects younger than this, by the machine's clock, may be on their way in.
    """
    readings = [fixity.read(store, one) for some in _slices(database) for one in some]
    bad = [one for one in readings if not one.is_whole and _still_there(database, one)]
    with database.reads() as connection:
        failure = fixity.amiss(connection, store, files=len(readings))
    size_bytes = sum(one.size_bytes for one in readings)
    unknown = sorted(_unknown(database, store, until)) if not failure else []
    return Checked(len(readings), size_bytes, bad, unknown, failure)


def _slices(database: Database) -> Iterator[Sequence[fixity.Original]]:
    after = 0
    while True:
        with database.reads() as connection:
            some = fixity.originals(connection, after=after, limit=_BATCH)
        if not some:
            break
        yield some
        after = some[-1].file_id
    with database.reads() as connection:
        drawn = fixity.certificates(connection)
    yield drawn


def _still_there(database: Database, reading: Reading) -> bool:
    """Tell whether a file is still to be there: it may have been deleted while it was read."""
    if not reading.original.file_id:
        return True
    with database.reads() as connection:
        now = fixity.originals(connection, after=reading.original.file_id - 1, limit=1)
    return bool(now) and now[0] == reading.original


def _unknown(database: Database, store: ObjectStore, until: datetime) -> Iterator[str]:
    with database.reads() as connection:
        leaving = _leaving(connection)
    for keys in batches(store.keys(until=until), _BATCH):
        stems = {key.partition(".")[0] for key in keys}
        with database.reads() as connection:
            known = leaving | _known(connection, stems)
        yield from (key for key in keys if key.partition(".")[0] not in known)


def _known(connection: Connection, keys: set[str]) -> set[str]:
    files = select(TreasureFile.object_key).where(TreasureFile.object_key.in_(keys))
    drawn = select(Certificate.png_key).where(Certificate.png_key.in_(keys))
    return {key for query in (files, drawn) for key in connection.scalars(query) if key}


def _leaving(connection: Connection) -> set[str]:
    """Return the keys of objects that the worker is about to delete."""
    waiting = select(Job.payload).where(Job.kind == removal.REMOVE, Job.state != JobState.DONE)
    return {
        key
        for payload in connection.scalars(waiting)
        for key in json.loads(payload).get("keys", ())
    }
