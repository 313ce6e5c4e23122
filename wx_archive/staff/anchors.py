"""Anchors of the audit log: how far it reached each day, and the hash of its last row.

They stand in a file of their own and in the service's own log, so that whoever can write the
database alone can neither cut the audit log off nor write it anew (`audit_check`).
"""

import fcntl
import json
import logging
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from sqlalchemy import select

from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.errors import ArchiveError
from wx_archive.core.jobs import Jobs, Schedule, Work
from wx_archive.core.settings import Settings
from wx_archive.staff.models import AuditHead

log = logging.getLogger(__name__)

FILE: Final = "audit-anchors.jsonl"
ANCHOR: Final = "staff.anchor"
SCHEDULES: Final = (Schedule(ANCHOR, "10 0 * * *", ANCHOR),)
_HASH_LENGTH: Final = 64


class BadAnchorsError(ArchiveError):
    """The file of anchors holds what was never written there."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """How far the log reached.

    Attributes:
        day: of the Shanghai calendar.
        number: the last row's; 0 for an empty log.
        hash: the last row's.
    """

    day: date
    number: int
    hash: str


def path_of(settings: Settings) -> Path:
    """Return where an installation keeps its anchors."""
    return settings.data_dir / FILE


def read(path: Path) -> tuple[Anchor, ...]:
    """Return every anchor, oldest first; none where there is no file.

    Raises:
        BadAnchorsError: names the line that is none.
    """
    if not path.exists():
        return ()
    whole, _newline, _torn = path.read_bytes().rpartition(b"\n")
    lines = whole.split(b"\n") if whole else []
    return tuple(_parse(path, number, line) for number, line in enumerate(lines, 1))


def add(database: Database, path: Path, *, today: date) -> Anchor | None:
    """Anchor the log as it stands; None when that was done today.

    On the disk when this returns. Two processes may try at once.
    """
    with database.reads() as connection:
        head = connection.execute(
            select(AuditHead.number, AuditHead.hash).where(AuditHead.id == 1)
        ).one()
    anchor = Anchor(today, head.number, head.hash)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if any(known.day == today for known in read(path)):
            return None
        _forget_torn(handle, path)
        os.write(handle, _line(anchor))
        os.fsync(handle)
    finally:
        os.close(handle)
    _sync_folder(path.parent)
    log.info("audit.anchor day=%s number=%d hash=%s", anchor.day, anchor.number, anchor.hash)
    return anchor


def build(database: Database, path: Path) -> Jobs:
    """Return the job that anchors the log, once a day."""
    own = Jobs()

    @own.handles(ANCHOR)
    def anchor_the_log(_work: Work) -> None:
        add(database, path, today=clock.today())

    return own


def _line(anchor: Anchor) -> bytes:
    told = {"day": anchor.day.isoformat(), "number": anchor.number, "hash": anchor.hash}
    return json.dumps(told).encode() + b"\n"


def _parse(path: Path, number: int, line: bytes) -> Anchor:
    try:
        told = json.loads(line)
        anchor = Anchor(date.fromisoformat(told["day"]), int(told["number"]), str(told["hash"]))
    except (ValueError, LookupError, TypeError) as err:
        raise BadAnchorsError(f"{path}:{number}: 这一行不是锚，文件被人改过或坏了") from err
    if anchor.number < 0 or len(anchor.hash) != _HASH_LENGTH:
        raise BadAnchorsError(f"{path}:{number}: 这一行不是锚，文件被人改过或坏了")
    return anchor


def _forget_torn(handle: int, path: Path) -> None:
    """Take away a line that was being written when the machine went down: it never counted."""
    whole, newline, torn = path.read_bytes().rpartition(b"\n")
    if torn:
        os.ftruncate(handle, len(whole) + len(newline))


def _sync_folder(folder: Path) -> None:
    """Have the disk keep the file's name too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
