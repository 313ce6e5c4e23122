"""The files of an upload, from the row that announces one to the row that says what it is.

A row comes first, with the random name that the object will have: whoever is killed half-way
leaves a row that is tried again, never a file that nobody knows.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from wx_archive.core import ids, jobs
from wx_archive.core.errors import RefusedError
from wx_archive.treasures import file_texts, rules, sealed, texts
from wx_archive.treasures.models import Treasure, TreasureFile
from wx_archive.treasures.rules import Channel, FileKind, FileState

FETCH: Final = "treasures.fetch"
"""Job: take a file over from WeChat; payload ``{"file": id}``."""
LOOK: Final = "treasures.look"
"""Job: have a stored file scanned and looked at; payload ``{"file": id}``."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that somebody sends.

    Attributes:
        kind: as it is sent; what it is, its bytes tell later.
        name: as its owner calls it.
        media_id: WeChat's, for what was sent in the chat.
        media_until: until when WeChat holds it.
        is_evidence: a signed paper that staff scan, no piece of the upload.
    """

    kind: FileKind
    source: Channel
    name: str = ""
    media_id: str | None = None
    media_until: datetime | None = None
    is_evidence: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file is, as its decoded content tells; see `models.TreasureFile`."""

    kind: FileKind
    content_type: str
    width_px: int | None = None
    height_px: int | None = None
    duration_ms: int | None = None
    likeness: str = ""
    taken_text: str = ""
    is_dark: bool = False
    is_blurred: bool = False
    scanner: str = ""


class TooManyFilesError(RefusedError):
    """The upload takes no more files."""

    def __init__(self) -> None:
        super().__init__(texts.TOO_MANY_FILES)


def reserve(
    session: Session, treasure: Treasure, incoming: Incoming, *, now: datetime
) -> TreasureFile | None:
    """Announce a file of a locked upload; what comes from the chat is fetched at once.

    Returns:
        None if this very message of WeChat's was announced before.

    Raises:
        TooManyFilesError: there are as many as an upload takes.
    """
    mine = TreasureFile.treasure_id == treasure.id
    if incoming.media_id is not None:
        known = select(TreasureFile.id).where(mine, TreasureFile.media_id == incoming.media_id)
        if session.execute(known).first() is not None:
            return None
    standing = TreasureFile.state.in_(sorted(rules.STANDING))
    pieces = select(func.count()).where(mine, standing, TreasureFile.is_evidence.is_(False))
    if not incoming.is_evidence and session.scalar(pieces) >= rules.MOST_FILES:  # type: ignore[operator] # a count
        raise TooManyFilesError
    last = session.scalar(select(func.max(TreasureFile.place)).where(mine)) or 0
    file = TreasureFile(
        pid=ids.random_pid(),
        treasure_id=treasure.id,
        place=last + 1,
        state=FileState.AWAITED.value,
        source=incoming.source.value,
        kind=incoming.kind.value,
        media_id=incoming.media_id,
        media_until=incoming.media_until,
        object_key=sealed.new_key(),
        name=texts.file_name(incoming.name),
        is_evidence=incoming.is_evidence,
        received_at=now,
    )
    session.add(file)
    session.flush()
    if incoming.media_id is not None:
        _enqueue(session, FETCH, file, now=now, follower_id=treasure.follower_id)
    return file


def stored(session: Session, file_id: int, *, sha256: str, size_bytes: int, now: datetime) -> bool:
    """Note that a file lies whole in the sealed store, and have it looked at.

    Returns:
        False if its object is not wanted: the same bytes are in this upload already, or the file
        was removed meanwhile. The caller deletes the object once this has committed.
    """
    # Of two that are the same and come at once, the later one has to see the other.
    owner = select(TreasureFile.treasure_id).where(TreasureFile.id == file_id).scalar_subquery()
    session.execute(select(Treasure.id).where(Treasure.id == owner).with_for_update())
    file = _locked(session, file_id, FileState.AWAITED)
    if file is None:
        return False
    file.sha256, file.size_bytes, file.stored_at = sha256, size_bytes, now
    twin = select(TreasureFile.id).where(
        TreasureFile.treasure_id == file.treasure_id,
        TreasureFile.id != file.id,
        TreasureFile.sha256 == sha256,
        TreasureFile.state.in_(sorted(rules.STORED)),
    )
    if session.execute(twin.limit(1)).first() is not None:
        _end(file, FileState.SAME, texts.SAME_FILE, now=now)
        return False
    file.state = FileState.QUARANTINED.value
    session.flush()
    _enqueue(session, LOOK, file, now=now)
    return True


def cleaned(session: Session, file_id: int, looked: Looked, *, now: datetime) -> bool:
    """Let a file out of quarantine; False if it is not there any more."""
    file = _locked(session, file_id, FileState.QUARANTINED)
    if file is None:
        return False
    file.kind, file.content_type = looked.kind.value, looked.content_type
    file.width_px, file.height_px = looked.width_px, looked.height_px
    file.duration_ms, file.likeness = looked.duration_ms, looked.likeness
    file.taken_text, file.scanner = looked.taken_text, looked.scanner
    file.is_dark, file.is_blurred = looked.is_dark, looked.is_blurred
    file.state, file.settled_at = FileState.CLEAN.value, now
    session.flush()
    return True


def refused(session: Session, file_id: int, reason: str, *, now: datetime) -> bool:
    """Refuse a file, with a sentence for its sender; the caller deletes its object afterwards."""
    file = _locked(session, file_id, FileState.AWAITED, FileState.QUARANTINED)
    if file is None:
        return False
    _end(file, FileState.REFUSED, reason, now=now)
    session.flush()
    return True


def lost(session: Session, file_id: int, *, now: datetime) -> bool:
    """Note that WeChat has a file no more."""
    file = _locked(session, file_id, FileState.AWAITED)
    if file is None:
        return False
    _end(file, FileState.LOST, texts.LOST_FILE, now=now)
    session.flush()
    return True


def missing(session: Session, file_id: int, *, now: datetime) -> bool:
    """Note that a stored file has lost its object: it is fetched again while WeChat has it.

    Returns:
        False if it is not to be had again: it is lost, and its sender is told.
    """
    file = _locked(session, file_id, FileState.QUARANTINED)
    if file is None:
        return False
    if file.media_id is None or file.media_until is None or file.media_until <= now:
        _end(file, FileState.LOST, file_texts.NOT_STORED, now=now)
        session.flush()
        return False
    file.state = FileState.AWAITED.value
    file.sha256 = file.size_bytes = file.stored_at = None
    session.flush()
    again = f"{FETCH}:{file.pid}:{now.isoformat()}"
    jobs.enqueue(session, FETCH, {"file": file.id}, key=again, now=now)
    return True


def erase(session: Session, file_ids: list[int], *, now: datetime) -> list[str]:
    """Forget files; returns the names of their objects, to be deleted once this has committed."""
    if not file_ids:
        return []
    rows = session.scalars(
        select(TreasureFile).where(TreasureFile.id.in_(file_ids)).with_for_update()
    ).all()
    keys = [row.object_key for row in rows if row.object_key is not None]
    session.execute(
        update(TreasureFile)
        .where(TreasureFile.id.in_(file_ids))
        .values(
            state=FileState.ERASED.value,
            object_key=None,
            media_id=None,
            name="",
            likeness="",
            taken_text="",
            reason="",
            settled_at=now,
        ),
        execution_options={"synchronize_session": False},
    )
    return keys


def _end(file: TreasureFile, state: FileState, reason: str, *, now: datetime) -> None:
    file.state, file.reason, file.settled_at = state.value, reason[:200], now
    file.object_key = None


def _locked(session: Session, file_id: int, *states: FileState) -> TreasureFile | None:
    return session.scalars(
        select(TreasureFile)
        .where(TreasureFile.id == file_id, TreasureFile.state.in_(states))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _enqueue(
    session: Session,
    kind: str,
    file: TreasureFile,
    *,
    now: datetime,
    follower_id: int | None = None,
) -> None:
    key = f"{kind}:{file.pid}"  # not the id: SQLite gives one that was deleted to somebody else
    jobs.enqueue(session, kind, {"file": file.id}, key=key, now=now, follower_id=follower_id)
