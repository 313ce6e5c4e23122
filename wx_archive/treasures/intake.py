"""A file that comes as a stream, at the form or at the desk: written down, announced, stored.

The bytes are on the disk before anything is announced: while somebody's phone sends, no row waits
and no transaction is open. The row then comes before the object, as everywhere (`files`).
"""

import logging
import mimetypes
from dataclasses import dataclass
from typing import BinaryIO, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.core.services import Services
from wx_archive.media.objects import ObjectStore, TooManyBytesError, Waiting
from wx_archive.treasures import files, page_texts, rules, sealed
from wx_archive.treasures.files import Incoming, TooManyFilesError
from wx_archive.treasures.models import TreasureFile
from wx_archive.treasures.rules import Channel, FileKind, State
from wx_archive.treasures.steps import Doing, locked, wind
from wx_archive.treasures.uploads import NotEditableError

log = logging.getLogger(__name__)

_KINDS: Final = {
    "image": FileKind.IMAGE,
    "video": FileKind.VIDEO,
    "audio": FileKind.AUDIO,
    "application/pdf": FileKind.PAPER,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one file.

    Attributes:
        name: as it is shown.
        file_pid: of its row; None where it was not even announced.
        reason: why it was not kept, in a sentence for its sender; empty where it was.
    """

    name: str
    file_pid: str | None = None
    reason: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether it lies in the sealed store, to be looked at."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class _Announced:
    id: int
    pid: str
    key: str


def take(
    services: Services, treasure_id: int, incoming: Incoming, stream: BinaryIO, doing: Doing
) -> Outcome:
    """Take a file in; call it outside of any transaction.

    Args:
        services: the installation's.
        treasure_id: of the upload, whose owner the caller has checked.
        incoming: what is said of the file; its kind sets how large it may be.
        stream: its bytes; no more of them are read than it may have.
        doing: who sends it, when.

    Raises:
        NotEditableError: the sender may not add to it any more; staff always may.
        TransientError: the disk is full or fails; nothing was stored.
    """
    name, store = incoming.name, sealed.open_sealed(services.settings)
    most_bytes = rules.MOST_BYTES[incoming.kind]
    try:
        with store.waiting(stream, most_bytes=most_bytes) as waiting:
            if not waiting.size_bytes:
                return Outcome(name, reason=page_texts.EMPTY_FILE)
            return _keep(services, store, treasure_id, incoming, waiting, doing)
    except TooManyBytesError:
        return Outcome(name, reason=page_texts.too_large(incoming.kind, most_bytes))
    except TooManyFilesError as err:
        return Outcome(name, reason=str(err))


def kind_of(content_type: str, name: str) -> FileKind:
    """Return what a file is said to be; what it is, its bytes tell later."""
    for told in (content_type, mimetypes.guess_type(name)[0] or ""):
        kind = _KINDS.get(told) or _KINDS.get(told.partition("/")[0])
        if kind is not None:
            return kind
    return FileKind.IMAGE


def is_known(session: Session, key: str) -> bool:
    """Tell whether a row stands for an object; one that nobody knows is not wanted."""
    session.flush()
    rows = select(TreasureFile.id).where(TreasureFile.object_key == key)
    return session.execute(rows).first() is not None


def _keep(
    services: Services,
    store: ObjectStore,
    treasure_id: int,
    incoming: Incoming,
    waiting: Waiting,
    doing: Doing,
) -> Outcome:
    """Announce a file that is written down, put it in its place, and note that it is there."""
    with services.database.begin() as session:
        announced = _announce(session, treasure_id, incoming, doing)
    try:
        store.place(waiting, announced.key)
    except BaseException:
        _give_up(services, store, announced, doing)
        raise
    with services.database.begin() as session:
        is_wanted = files.stored(
            session,
            announced.id,
            sha256=waiting.sha256,
            size_bytes=waiting.size_bytes,
            now=doing.now,
        )
        is_unknown = not is_known(session, announced.key)
    if not is_wanted:
        if is_unknown:
            store.delete(announced.key)
        return Outcome(incoming.name, announced.pid, page_texts.SAME_FILE)
    log.info("treasures.taken source=%s bytes=%d", incoming.source, waiting.size_bytes)
    return Outcome(incoming.name, announced.pid)


def _announce(session: Session, treasure_id: int, incoming: Incoming, doing: Doing) -> _Announced:
    treasure = locked(session, treasure_id)
    if incoming.source is not Channel.DESK and State(treasure.state) not in rules.EDITABLE:
        raise NotEditableError
    file = files.reserve(session, treasure, incoming, now=doing.now)
    if file is None or file.object_key is None:
        raise AssertionError  # only what came from the chat was announced before
    treasure.version += 1
    wind(treasure, doing)
    session.flush()
    return _Announced(file.id, file.pid, file.object_key)


def _give_up(services: Services, store: ObjectStore, announced: _Announced, doing: Doing) -> None:
    """Take back what was announced: its sender is told at once, and no row is left waiting."""
    store.delete(announced.key)
    with services.database.begin() as session:
        files.refused(session, announced.id, page_texts.NO_ROOM_FILE, now=doing.now)
