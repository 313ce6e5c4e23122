"""Pictures: what may come in, and what is made of them; decoded by another process."""

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from wx_archive.core.errors import RefusedError
from wx_archive.media import texts
from wx_archive.media.rules import (
    COVER_PX,
    MOST_PIXELS,
    PAGE_BYTES,
    PAGE_WIDTH_PX,
    SQUARE_PX,
    Form,
)

MEMORY_BYTES: Final = 1024**3
CPU_S: Final = 20
WALL_S: Final = 40.0
CONTENT_TYPES: Final[Mapping[str, str]] = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
    "HEIF": "image/heic",
    "AVIF": "image/avif",
}
"""By Pillow's names of formats."""
LIBRARY: Final = ("JPEG", "PNG", "WEBP", "GIF")
"""What the media library takes; who takes more says so."""
AT_ONCE: Final = 2
"""So many pictures one process has decoded at the same time; the others wait."""
_PROGRAM: Final = Path(__file__).with_name("picture_process.py")
_OUT_OF_BOUNDS: Final = (-signal.SIGABRT, -signal.SIGKILL, -signal.SIGXCPU, 9)
_TOO_MANY_FRAMES, _TOO_MANY_PIXELS = 7, 8
_WANTED: Final[Mapping[Form, Mapping[str, int]]] = {
    Form.PAGE: {"width_px": PAGE_WIDTH_PX, "height_px": 0, "most_bytes": PAGE_BYTES},
    Form.COVER: {"width_px": COVER_PX[0], "height_px": COVER_PX[1], "most_bytes": PAGE_BYTES},
    Form.SQUARE: {"width_px": SQUARE_PX[0], "height_px": SQUARE_PX[1], "most_bytes": PAGE_BYTES},
}
_SEARCHED: Final = 64 * 1024
_PAGE_WORDS: Final = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|script|iframe|svg)[\s/>]|<\?php", re.IGNORECASE
)
_SCRIPTS: Final = (b"GIF87a/*", b"GIF89a/*", b"\xff\xd8\xff\xe0/*", b"RIFF/*")
"""Pictures that are also a script: the size that follows begins a comment, and is a lie."""
_ARCHIVES: Final = (b"PK\x05\x06", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c")
"""The end of a ZIP, the beginnings of RAR and 7z: once in 65,000 files by chance."""
_PAPER: Final = b"%PDF-"
_JPEG_END: Final = b"\xff\xd9"
_PROGRAM_BEGINS: Final = (b"MZ", b"\x7fELF")
_ARCHIVE_END_BYTES: Final = 22


class Why(StrEnum):
    """Why a picture cannot be taken."""

    TWOFOLD = texts.TWOFOLD
    BROKEN = texts.BROKEN_PICTURE
    TOO_HARD = texts.TOO_HARD
    TOO_MANY_PIXELS = texts.TOO_MANY_PIXELS
    TOO_MANY_FRAMES = texts.TOO_MANY_FRAMES


class PictureError(RefusedError):
    """A picture cannot be taken; the text is the library's.

    Attributes:
        why: for those who have other words for it.
    """

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True)
class Picture:
    """What a picture is, as it is seen: turned the right way up."""

    content_type: str
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Portrait:
    """What a picture is and is like, as it is seen: turned the right way up.

    Attributes:
        likeness: a 64-bit difference hash in hexadecimal; pictures that differ in few bits of it
            look alike.
        is_dark: hardly anything can be seen; only in clear cases.
        is_blurred: there is no sharp edge in it; only in clear cases.
        taken_on: the day that the photo names, as 1985-06-01; empty where it names none.
    """

    content_type: str
    width_px: int
    height_px: int
    likeness: str
    is_dark: bool
    is_blurred: bool
    taken_on: str


@dataclass(frozen=True, slots=True)
class Fitting:
    """The measure of a whole picture that is made smaller, never larger.

    Attributes:
        side_px: the longest side.
        least_px: the short side of a very long picture is not made smaller than this.
        turned: by so many degrees clockwise; 0, 90, 180 or 270.
    """

    side_px: int
    most_bytes: int
    least_px: int = 0
    turned: int = 0


_turns = threading.BoundedSemaphore(AT_ONCE)


def look(path: Path) -> Picture:
    """Return what a picture is, having decoded all of it.

    Raises:
        PictureError: it is damaged, too large to be decoded, or something else besides.
    """
    if is_twofold(path):
        raise PictureError(Why.TWOFOLD)
    told = json.loads(_run("look", path, LIBRARY))
    return Picture(CONTENT_TYPES[told["format"]], int(told["width_px"]), int(told["height_px"]))


def portray(path: Path, formats: Sequence[str], *, most_pixels: int = MOST_PIXELS) -> Portrait:
    """Return what a picture is and is like, having read all of it; of several, the first one.

    Args:
        path: of the picture.
        formats: what it may be, by Pillow's names.
        most_pixels: larger ones are not decoded.

    Raises:
        PictureError: it is damaged, too large to be decoded, or something else besides.
    """
    if is_twofold(path):
        raise PictureError(Why.TWOFOLD)
    told = json.loads(_run("facts", path, formats, most_pixels=most_pixels))
    return Portrait(content_type=CONTENT_TYPES[told.pop("format")], **told)


def make(path: Path, form: Form) -> bytes:
    """Return a form of a picture as JPEG; the same file always gives the same bytes.

    Raises:
        KeyError: pictures have no such form.
        PictureError: it cannot be decoded.
    """
    return _run("make", path, LIBRARY, _WANTED[form])


def fit(
    path: Path, formats: Sequence[str], fitting: Fitting, *, most_pixels: int = MOST_PIXELS
) -> bytes:
    """Return a whole picture as JPEG, with nothing in it that the file said of itself.

    Raises:
        PictureError: it cannot be decoded.
    """
    return _run("fit", path, formats, asdict(fitting), most_pixels=most_pixels)


def _run(
    task: str,
    path: Path,
    formats: Sequence[str],
    wanted: Mapping[str, Any] | None = None,
    *,
    most_pixels: int = MOST_PIXELS,
) -> bytes:
    bounds = (str(MEMORY_BYTES), str(CPU_S), str(most_pixels))
    told = json.dumps({**(wanted or {}), "formats": list(formats)})
    command = [sys.executable, "-I", str(_PROGRAM), task, str(path.resolve()), *bounds, told]
    try:
        with _turns:
            done = subprocess.run(  # noqa: S603 -- our own program
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                timeout=WALL_S,
                check=False,
            )
    except subprocess.TimeoutExpired as err:
        raise PictureError(Why.TOO_HARD) from err
    if done.returncode or not done.stdout:
        raise PictureError(_why(done.returncode))
    return done.stdout


def _why(returncode: int) -> Why:
    if returncode in _OUT_OF_BOUNDS:
        return Why.TOO_HARD
    too_much = {_TOO_MANY_FRAMES: Why.TOO_MANY_FRAMES, _TOO_MANY_PIXELS: Why.TOO_MANY_PIXELS}
    return too_much.get(returncode, Why.BROKEN)


def is_twofold(path: Path) -> bool:
    """Tell whether a picture is at the same time a page, a program or an archive.

    What phones append to their pictures (films, depth, a second picture) is none of these.
    """
    head, tail = _both_ends(path)
    if head.startswith(_SCRIPTS) or _PAPER in head[:1024] or _PAPER in tail:
        return True
    _picture, end, rest = tail.rpartition(_JPEG_END)
    if end and rest.startswith(_PROGRAM_BEGINS):
        return True
    return bool(_PAGE_WORDS.search(head) or _PAGE_WORDS.search(tail)) or _has_archive(tail)


def is_archive_too(path: Path) -> bool:
    """Tell whether a file of any kind can be opened as a ZIP."""
    return _has_archive(_both_ends(path)[1])


def _both_ends(path: Path) -> tuple[bytes, bytes]:
    with path.open("rb") as file:
        head = file.read(_SEARCHED)
        size_bytes = file.seek(0, 2)
        file.seek(max(0, size_bytes - _SEARCHED - _ARCHIVE_END_BYTES))
        return head, file.read()


def _has_archive(tail: bytes) -> bool:
    """Tell whether what unpacks archives would find one: it looks for marks near the end."""
    return any(mark in tail for mark in _ARCHIVES)
