"""Fixity: whether every stored original still has the checksum that it came in with.

A run reads in slices, each noted in one transaction; while a file is read, none is open. What a
run found wrong stays a fault until a later run finds the file whole.

Source: docs/sources.md#treasures (DA/T 70; NDSA Levels of Digital Preservation: integrity).
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, exists, func, select, update
from sqlalchemy.orm import Session

from wx_archive.media.objects import BLOCK_BYTES, MissingObjectError, ObjectStore
from wx_archive.staff.plugs import Alert
from wx_archive.staff.rules import Permission
from wx_archive.treasures import keeping_texts as texts
from wx_archive.treasures import rules
from wx_archive.treasures.models import Treasure, TreasureFile
from wx_archive.treasures.register_models import Accession, Certificate, FixityFault, FixityRun

SLICE_FILES: Final = 50
SLICE_BYTES: Final = 256 * 1024 * 1024
"""A slice ends after so much, that other work comes between."""
OVERDUE: Final = timedelta(days=9)
"""Runs are weekly; staff are told when none came to its end for so long."""
PAGE: Final = "/console/treasures/keeping"
_STORED: Final = TreasureFile.state.in_(sorted(rules.STORED))
_ORIGINALS: Final = (
    select(
        TreasureFile.id,
        TreasureFile.place,
        TreasureFile.is_evidence,
        TreasureFile.object_key,
        TreasureFile.sha256,
        TreasureFile.size_bytes,
        Treasure.number.label("upload_number"),
        Treasure.pid.label("upload_pid"),
    )
    .join(Treasure, Treasure.id == TreasureFile.treasure_id)
    .where(_STORED)
)


@dataclass(frozen=True, slots=True)
class Original:
    """A stored file, and what it must be.

    Attributes:
        file_id: 0 for a certificate, which is no file of an upload.
        called: how staff find it: 珍2026-000001 第 2 件.
        key: of its object; empty where its row has lost it.
    """

    file_id: int
    called: str
    key: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a stored file is today.

    Attributes:
        found: SHA-256; empty where it is missing or cannot be read.
        size_bytes: that were read.
    """

    original: Original
    found: str
    size_bytes: int

    @property
    def is_whole(self) -> bool:
        """Whether it is what came in."""
        return self.found == self.original.sha256


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is shown; see `register_models.FixityRun`."""

    id: int
    began_at: datetime
    ended_at: datetime | None
    files: int
    size_bytes: int
    bad: int
    failure: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A file that is not whole, since the run that found it first."""

    called: str
    upload_pid: str
    expected: str
    found: str
    since: datetime


def originals(connection: Connection, *, after: int = 0, limit: int) -> list[Original]:
    """Return the next stored originals by their ids; signed papers among them."""
    rows = connection.execute(
        _ORIGINALS.where(TreasureFile.id > after).order_by(TreasureFile.id).limit(limit)
    )
    return [_original(row) for row in rows]


def certificates(connection: Connection) -> list[Original]:
    """Return the drawn certificates; they are kept as they were sent."""
    rows = connection.execute(
        select(Certificate.number, Certificate.png_key, Certificate.png_sha256)
        .where(Certificate.png_key.is_not(None), Certificate.png_sha256.is_not(None))
        .order_by(Certificate.id)
    )
    return [Original(0, row.number, row.png_key, row.png_sha256, 0) for row in rows]


def a_slice(found: Sequence[Original]) -> list[Original]:
    """Return the first of these, as many as one slice may read; at least one."""
    taken: list[Original] = []
    size_bytes = 0
    for one in found[:SLICE_FILES]:
        if taken and size_bytes + one.size_bytes > SLICE_BYTES:
            break
        taken.append(one)
        size_bytes += one.size_bytes
    return taken


def read(store: ObjectStore, original: Original) -> Reading:
    """Read a file to its end, from the disk and not from memory, and leave memory to others."""
    digest, size_bytes = hashlib.sha256(), 0
    if not original.key:
        return Reading(original, "", 0)
    try:
        with store.open(original.key) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            while block := file.read(BLOCK_BYTES):
                digest.update(block)
                size_bytes += len(block)
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    except (MissingObjectError, OSError):
        return Reading(original, "", size_bytes)
    return Reading(original, digest.hexdigest(), size_bytes)


def begin(session: Session, *, now: datetime) -> int:
    """Begin a run; one that stands open came to no end, and proves nothing."""
    session.execute(
        update(FixityRun)
        .where(FixityRun.ended_at.is_(None))
        .values(ended_at=now, failure=texts.UNFINISHED)
    )
    run = FixityRun(began_at=now)
    session.add(run)
    session.flush()
    return run.id


def note(session: Session, run_id: int, readings: Sequence[Reading], *, now: datetime) -> None:
    """Write down what a slice found: faults, and what is whole again.

    A file that was deleted while it was read is neither.
    """
    read_ids = {one.original.file_id for one in readings}
    kept = select(TreasureFile.id).where(TreasureFile.id.in_(read_ids), _STORED)
    still = set(session.scalars(kept))
    counted = [one for one in readings if one.original.file_id in still]
    for one in counted:
        if one.is_whole:
            continue
        file_id, expected = one.original.file_id, one.original.sha256
        session.add(
            FixityFault(run_id=run_id, file_id=file_id, expected=expected, found=one.found, at=now)
        )
    whole = [one.original.file_id for one in counted if one.is_whole]
    session.execute(
        update(FixityFault)
        .where(FixityFault.file_id.in_(whole), FixityFault.settled_at.is_(None))
        .values(settled_at=now),
        execution_options={"synchronize_session": False},
    )
    _count(session, run_id, counted)


def _count(session: Session, run_id: int, counted: Sequence[Reading]) -> None:
    session.execute(
        update(FixityRun)
        .where(FixityRun.id == run_id)
        .values(
            files=FixityRun.files + len(counted),
            size_bytes=FixityRun.size_bytes + sum(one.size_bytes for one in counted),
            bad=FixityRun.bad + sum(not one.is_whole for one in counted),
        ),
        execution_options={"synchronize_session": False},
    )


def end(session: Session, run_id: int, failure: str = "", *, now: datetime) -> None:
    """End a run, as failed where something kept it from proving anything."""
    session.execute(
        update(FixityRun)
        .where(FixityRun.id == run_id, FixityRun.ended_at.is_(None))
        .values(ended_at=now, failure=failure),
        execution_options={"synchronize_session": False},
    )


def amiss(connection: Connection, store: ObjectStore, *, files: int) -> str:
    """Return why a reading of so many files proves nothing; empty where it does."""
    if files:
        return "" if store.folder.is_dir() else texts.NO_FOLDER
    of_register = select(TreasureFile.id).join(
        Accession, Accession.treasure_id == TreasureFile.treasure_id
    )
    should_have = connection.execute(select(exists(of_register))).scalar_one()
    return texts.NOTHING_READ if should_have or _has_objects(store) else ""


def faults(connection: Connection) -> list[Fault]:
    """Return the files that are not whole, those amiss for longest first."""
    latest = select(func.max(FixityFault.id)).where(FixityFault.settled_at.is_(None))
    since = select(FixityFault.file_id, func.min(FixityFault.at).label("since")).where(
        FixityFault.settled_at.is_(None)
    )
    first = since.group_by(FixityFault.file_id).subquery()
    rows = connection.execute(
        _ORIGINALS.add_columns(FixityFault.expected, FixityFault.found, first.c.since)
        .join(FixityFault, FixityFault.file_id == TreasureFile.id)
        .join(first, first.c.file_id == TreasureFile.id)
        .where(FixityFault.id.in_(latest.group_by(FixityFault.file_id)))
        .order_by(first.c.since, TreasureFile.id)
    )
    return [
        Fault(_original(row).called, row.upload_pid, row.expected, row.found, row.since)
        for row in rows
    ]


def runs(connection: Connection, *, limit: int) -> list[Run]:
    """Return the last runs, the newest first."""
    rows = connection.execute(
        select(FixityRun.__table__).order_by(FixityRun.id.desc()).limit(limit)
    )
    return [
        Run(row.id, row.began_at, row.ended_at, row.files, row.size_bytes, row.bad, row.failure)
        for row in rows
    ]


def alerts(connection: Connection, now: datetime) -> list[Alert]:
    """Return what staff must look at: files that are not whole, runs that prove nothing."""
    found = []
    if bad := faults(connection):
        key = f"treasures.fixity:{len(bad)}"
        since = min(one.since for one in bad)
        said = texts.not_whole(len(bad), bad[0].called)
        found.append(Alert(key, said, PAGE, Permission.TREASURES_READ, since))
    last = connection.execute(
        select(FixityRun.failure, FixityRun.ended_at)
        .where(FixityRun.ended_at.is_not(None))
        .order_by(FixityRun.id.desc())
        .limit(1)
    ).one_or_none()
    if last is not None and last.failure:
        key, said = "treasures.fixity_failed", texts.run_failed(last.failure)
        found.append(Alert(key, said, PAGE, Permission.TREASURES_READ, last.ended_at))
    if oldest := _unread_since(connection, now - OVERDUE):
        key, said = "treasures.fixity_overdue", texts.overdue(OVERDUE.days)
        found.append(Alert(key, said, PAGE, Permission.TREASURES_READ, oldest + OVERDUE))
    return found


def _unread_since(connection: Connection, moment: datetime) -> datetime | None:
    """Return since when nothing proves that the stored files are whole; None if a run does."""
    ended = (FixityRun.ended_at.is_not(None), FixityRun.failure == "")
    proven: datetime | None = connection.scalar(select(func.max(FixityRun.began_at)).where(*ended))
    oldest: datetime | None = connection.scalar(
        select(func.min(TreasureFile.stored_at)).where(_STORED)
    )
    if oldest is None:
        return None
    since = oldest if proven is None else max(proven, oldest)
    return since if since < moment else None


def _original(row: Any) -> Original:
    called = texts.file_called(row.upload_number, row.place, is_evidence=row.is_evidence)
    return Original(row.id, called, row.object_key or "", row.sha256 or "", row.size_bytes or 0)


def _has_objects(store: ObjectStore) -> bool:
    return any(store.folder.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"))
