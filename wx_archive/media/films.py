"""Films: what an MP4 holds, read from its boxes; lengths in milliseconds.

Source: ISO/IEC 14496-12 (ftyp, moov, mvhd, trak, tkhd, hdlr, stsd), docs/sources.md#publishing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from wx_archive.core.errors import RefusedError
from wx_archive.media import texts

MOST_INDEX_BYTES: Final = 16 * 1024 * 1024
"""A film's index (`moov`) is read whole; one of 50 MB has far less."""
_MOST_BOXES: Final = 10_000
_H264: Final = frozenset({b"avc1", b"avc2", b"avc3", b"avc4"})
_WITH_DATA: Final = b"mdat"


@dataclass(frozen=True, slots=True)
class Film:
    """What a film is.

    Attributes:
        duration_ms: None where it does not say.
    """

    width_px: int
    height_px: int
    duration_ms: int | None


class _BrokenError(RefusedError):
    """The boxes do not fit into one another, or into the file."""

    def __init__(self) -> None:
        super().__init__(texts.BROKEN_FILM)


def look(path: Path) -> Film:
    """Return what an MP4 holds.

    Raises:
        RefusedError: it is cut off or damaged, has no moving picture, or not as H.264.
    """
    index, duration_ms = _read(path)
    size = next((_seen(body) for body in _tracks(index, b"vide")), None)
    if size is None:
        raise RefusedError(texts.NO_FILM)
    return Film(*size, duration_ms)


def hold(path: Path) -> Film | int | None:
    """Return what an MP4, QuickTime film or M4A holds, in whatever way it is packed.

    Returns:
        The film; where there is only sound, its length in milliseconds; None where there is
        neither.

    Raises:
        RefusedError: it is cut off or damaged.
    """
    index, duration_ms = _read(path)
    for track in _tracks(index, b"vide"):
        return Film(*_size(track), duration_ms)
    return next((duration_ms or 0 for _track in _tracks(index, b"soun")), None)


def _read(path: Path) -> tuple[bytes, int | None]:
    """Return the index, and the length that it tells."""
    with path.open("rb") as file:
        index = _index(file, path.stat().st_size)
    heads = (body for kind, body in _boxes(index) if kind == b"mvhd")
    head = next(heads, None)
    return index, None if head is None else _duration_ms(head)


def _index(file: BinaryIO, size_bytes: int) -> bytes:
    """Return the body of `moov`, having seen that every outer box ends inside the file."""
    found, at, has_data = None, 0, False
    for _count in range(_MOST_BOXES):
        if at == size_bytes:
            break
        file.seek(at)
        kind, start, end = _header(file.read(16), at, size_bytes)
        has_data = has_data or kind == _WITH_DATA
        if kind == b"moov":
            if end - start > MOST_INDEX_BYTES:
                raise _BrokenError
            file.seek(start)
            found = file.read(end - start)
        at = end
    if found is None or not has_data:
        raise _BrokenError
    return found


def _boxes(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and body of every box inside a box."""
    at = 0
    for _count in range(_MOST_BOXES):
        if len(body) - at < 8:  # some writers end a box with four zero bytes
            return
        kind, start, end = _header(body[at : at + 16], at, len(body))
        yield kind, body[start:end]
        at = end


def _header(head: bytes, at: int, end_of_all: int) -> tuple[bytes, int, int]:
    """Return a box's kind, where its body begins and where it ends."""
    if len(head) < 8:
        raise _BrokenError
    size, kind, start = int.from_bytes(head[:4], "big"), head[4:8], at + 8
    if size == 1 and len(head) >= 16:
        size, start = int.from_bytes(head[8:16], "big"), at + 16
    end = end_of_all if size == 0 else at + size
    if end < start or end > end_of_all:
        raise _BrokenError
    return kind, start, end


def _inside(body: bytes, *path: bytes) -> bytes | None:
    """Return the body of the first box at the end of a way down."""
    for wanted in path:
        found = next((inner for kind, inner in _boxes(body) if kind == wanted), None)
        if found is None:
            return None
        body = found
    return body


def _duration_ms(head: bytes) -> int | None:
    """Return the length that `mvhd` tells."""
    is_long = head[:1] == b"\x01"
    scale_at, length_bytes = (20, 8) if is_long else (12, 4)
    scale = int.from_bytes(head[scale_at : scale_at + 4], "big")
    length = int.from_bytes(head[scale_at + 4 : scale_at + 4 + length_bytes], "big")
    is_unknown = length == (1 << (8 * length_bytes)) - 1
    return None if not scale or not length or is_unknown else length * 1000 // scale


def _tracks(index: bytes, wanted: bytes) -> Iterator[bytes]:
    """Yield the tracks that are for the eye (`vide`) or for the ear (`soun`)."""
    for kind, body in _boxes(index):
        handler = _inside(body, b"mdia", b"hdlr") if kind == b"trak" else None
        if handler is not None and handler[8:12] == wanted:
            yield body


def _seen(track: bytes) -> tuple[int, int]:
    """Return width and height of a film's track, in pixels.

    Raises:
        RefusedError: it is not H.264.
    """
    samples = _inside(track, b"mdia", b"minf", b"stbl", b"stsd")
    if samples is None or len(samples) < 16:
        raise _BrokenError
    if samples[12:16] not in _H264:
        raise RefusedError(texts.NOT_H264)
    return _size(track)


def _size(track: bytes) -> tuple[int, int]:
    head = _inside(track, b"tkhd")
    if head is None or len(head) < 84:
        raise _BrokenError
    # The last eight bytes: fixed-point numbers, 16 bits before the point.
    width, height = (int.from_bytes(head[len(head) - back :][:2], "big") for back in (8, 4))
    return width, height
