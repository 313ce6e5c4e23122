"""Files that may be here already: the same bytes, or pictures that look alike; staff see it alone.

Two difference hashes that differ in six bits at most agree in one of seven parts at least: by
these the database finds what is then compared bit by bit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, or_, select

from wx_archive.media.models import Asset
from wx_archive.treasures import rules
from wx_archive.treasures.models import Treasure, TreasureFile
from wx_archive.treasures.queries import File
from wx_archive.treasures.rules import FileState, State

NEAR_BITS: Final = 6
"""Two pictures whose hashes differ in no more bits are taken for one another."""
MOST: Final = 5
"""So many likes of a file are shown."""
_PARTS: Final = ((1, 3), (4, 3), (7, 2), (9, 2), (11, 2), (13, 2), (15, 2))
"""Where each part of a hash begins, and how many of its sixteen digits it has."""
_DIGITS: Final = 16
_PLAIN_BITS: Final = 4
"""A hash with fewer bits set, or not set, says «one colour», not which picture it is."""


@dataclass(frozen=True, slots=True)
class Like:
    """A file of another upload.

    Attributes:
        bits: in how many of 64 bits the pictures' hashes differ.
        is_same: its bytes are the same.
    """

    treasure_pid: str
    number: str
    state: State
    file_pid: str
    bits: int
    is_same: bool


@dataclass(frozen=True, slots=True)
class InLibrary:
    """The same bytes in the media library."""

    pid: str
    title: str


def near(connection: Connection, files: Sequence[File]) -> Mapping[int, list[Like]]:
    """Return the likes of an upload's files in other uploads, the nearest first, by file id.

    Args:
        connection: lent.
        files: of one upload.
    """
    standing = [file for file in files if file.state in rules.STORED]
    conditions = _conditions(standing)
    if not conditions:
        return {}
    rows = connection.execute(
        select(
            TreasureFile.pid.label("file_pid"),
            TreasureFile.sha256,
            TreasureFile.likeness,
            Treasure.pid.label("treasure_pid"),
            Treasure.number,
            Treasure.state,
        )
        .join(Treasure, Treasure.id == TreasureFile.treasure_id)
        .where(
            TreasureFile.treasure_id != standing[0].treasure_id,
            TreasureFile.state.in_(sorted(rules.STORED)),
            TreasureFile.is_evidence.is_(False),
            Treasure.state != State.DRAFT.value,
            or_(*conditions),
        )
        .order_by(TreasureFile.id)
    ).all()
    found = {file.id: _likes(file, rows) for file in standing}
    return {file_id: likes for file_id, likes in found.items() if likes}


def in_library(connection: Connection, files: Sequence[File]) -> Mapping[int, InLibrary]:
    """Return where an upload's bytes lie in the media library as well, by file id."""
    wanted = {file.sha256: file.id for file in files if file.sha256 and _stands(file)}
    rows = connection.execute(
        select(Asset.pid, Asset.title, Asset.sha256).where(Asset.sha256.in_(wanted))
    )
    return {wanted[row.sha256]: InLibrary(row.pid, row.title) for row in rows}


def bits_between(one: str, other: str) -> int:
    """Return in how many bits two hashes differ; as many as there are where one says nothing."""
    if not (_says_something(one) and _says_something(other)):
        return _DIGITS * 4
    return (int(one, 16) ^ int(other, 16)).bit_count()


def _conditions(files: Iterable[File]) -> list[ColumnElement[bool]]:
    told = list(files)
    conditions: list[ColumnElement[bool]] = []
    if sums := {file.sha256 for file in told if file.sha256}:
        conditions.append(TreasureFile.sha256.in_(sorted(sums)))
    if hashes := {file.likeness for file in told if _says_something(file.likeness)}:
        for begin, length in _PARTS:
            parts = {each[begin - 1 : begin - 1 + length] for each in hashes}
            conditions.append(func.substr(TreasureFile.likeness, begin, length).in_(sorted(parts)))
    return conditions


def _likes(file: File, rows: Iterable[object]) -> list[Like]:
    likes = [like for row in rows if (like := _like(file, row))]
    return sorted(likes, key=lambda like: (not like.is_same, like.bits))[:MOST]


def _like(file: File, row: object) -> Like | None:
    values = row._mapping  # type: ignore[attr-defined] # noqa: SLF001 -- its public name
    is_same = file.sha256 is not None and file.sha256 == values["sha256"]
    bits = 0 if is_same else bits_between(file.likeness, values["likeness"])
    if bits > NEAR_BITS:
        return None
    return Like(
        values["treasure_pid"],
        values["number"] or "",
        State(values["state"]),
        values["file_pid"],
        bits,
        is_same,
    )


def _says_something(likeness: str) -> bool:
    if len(likeness) != _DIGITS:
        return False
    bits = int(likeness, 16).bit_count()
    return _PLAIN_BITS <= bits <= _DIGITS * 4 - _PLAIN_BITS


def _stands(file: File) -> bool:
    return file.state is FileState.CLEAN or file.state is FileState.QUARANTINED
