"""The order of an upload's files, how they are shown, which stands for it, and which goes.

Each act says of which file, and how it was shown: sent twice, it is done once.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.core.errors import RefusedError
from wx_archive.treasures import files, page_texts, removal, rules
from wx_archive.treasures.models import Treasure, TreasureFile
from wx_archive.treasures.rules import Action, FileKind, FileState, State
from wx_archive.treasures.steps import Doing, note_step, wind
from wx_archive.treasures.uploads import NotEditableError

FULL_TURN = 360
QUARTER_TURN = 90


class FileGoneError(RefusedError):
    """The upload has no such file any more."""

    def __init__(self) -> None:
        super().__init__(page_texts.FILE_GONE)


@dataclass(frozen=True, slots=True)
class Shown:
    """A file as its owner saw it.

    Attributes:
        place: counted from 1, among the files that count (`rules.STANDING`).
        turned: degrees clockwise.
    """

    pid: str
    place: int = 0
    turned: int = 0


def move(session: Session, treasure: Treasure, shown: Shown, to: int, doing: Doing) -> bool:
    """Put a file of a locked upload elsewhere among the others.

    Args:
        session: one transaction.
        treasure: locked.
        shown: which, and where it was seen; if it is somewhere else by now, it stays there.
        to: its new place, from 1; the last one is the furthest.
        doing: who does it, when.

    Returns:
        False if nothing was changed.

    Raises:
        NotEditableError: it is past that.
        FileGoneError: it is not there any more.
    """
    row, rows = _found(session, treasure, shown.pid)
    standing = [each for each in rows if FileState(each.state) in rules.STANDING]
    if row not in standing:  # refused since it was seen: it has no number any more
        return False
    at, target = standing.index(row) + 1, min(max(to, 1), len(standing))
    if at != shown.place or at == target:
        return False
    # The same places in another order: the next file's comes after all of them, as before.
    places = [each.place for each in standing]
    standing.remove(row)
    standing.insert(target - 1, row)
    for each, place in zip(standing, places, strict=True):
        each.place = place
    _touch(session, treasure, doing)
    return True


def turn(session: Session, treasure: Treasure, shown: Shown, doing: Doing) -> bool:
    """Show a picture of a locked upload a quarter further, clockwise, than it was seen.

    Returns:
        False if nothing was changed.

    Raises:
        NotEditableError: it is past that.
        FileGoneError: it is not there any more.
    """
    row, _standing = _found(session, treasure, shown.pid)
    if row.turned != shown.turned or row.kind != FileKind.IMAGE:
        return False
    row.turned = (row.turned + QUARTER_TURN) % FULL_TURN
    _touch(session, treasure, doing)
    return True


def choose_cover(session: Session, treasure: Treasure, shown: Shown, doing: Doing) -> bool:
    """Let a picture stand for a locked upload.

    Returns:
        False if nothing was changed.

    Raises:
        NotEditableError: it is past that.
        FileGoneError: it is not there any more.
    """
    row, standing = _found(session, treasure, shown.pid)
    if row.is_cover or row.kind != FileKind.IMAGE:
        return False
    for each in standing:
        each.is_cover = each is row
    _touch(session, treasure, doing)
    return True


def remove(session: Session, treasure: Treasure, pid: str, doing: Doing) -> bool:
    """Take a file out of a locked upload; its bytes are deleted once this has committed.

    Returns:
        False if it is not there any more.

    Raises:
        NotEditableError: it is past that.
    """
    try:
        row, _standing = _found(session, treasure, pid)
    except FileGoneError:
        return False
    counted = FileState(row.state) in rules.STANDING
    row.is_cover = False
    session.flush()
    removal.later(session, files.erase(session, [row.id], now=doing.now), now=doing.now)
    if State(treasure.state) is State.DRAFT or not counted:
        _touch(session, treasure, doing)
    else:  # what was handed in and is taken back, staff see
        standing = State(treasure.state)
        note_step(session, treasure, standing, doing, note=page_texts.TAKEN_OUT, action=Action.TELL)
    return True


def _found(
    session: Session, treasure: Treasure, pid: str
) -> tuple[TreasureFile, list[TreasureFile]]:
    """Return a file and all that are shown with it, in their order."""
    if State(treasure.state) not in rules.EDITABLE:
        raise NotEditableError
    rows = list(
        session.scalars(
            select(TreasureFile)
            .where(
                TreasureFile.treasure_id == treasure.id,
                TreasureFile.is_evidence.is_(False),
                TreasureFile.state != FileState.ERASED.value,
            )
            .order_by(TreasureFile.place, TreasureFile.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )
    row = next((each for each in rows if each.pid == pid), None)
    if row is None:
        raise FileGoneError
    return row, rows


def _touch(session: Session, treasure: Treasure, doing: Doing) -> None:
    treasure.version += 1
    if State(treasure.state) is State.DRAFT:
        wind(treasure, doing)
    session.flush()
