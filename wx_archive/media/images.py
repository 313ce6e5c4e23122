"""Pictures: what may come in, and what is made of them; decoded by another process."""

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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
}
AT_ONCE: Final = 2
"""So many pictures one process has decoded at the same time; the others wait."""
_PROGRAM: Final = Path(__file__).with_name("picture_process.py")
_OUT_OF_BOUNDS: Final = (-signal.SIGABRT, -signal.SIGKILL, -signal.SIGXCPU, 9)
_TOO_MANY_PIXELS: Final = 8
_WANTED: Final[Mapping[Form, Mapping[str, int]]] = {
    Form.PAGE: {"width_px": PAGE_WIDTH_PX, "height_px": 0, "most_bytes": PAGE_BYTES},
    Form.COVER: {"width_px": COVER_PX[0], "height_px": COVER_PX[1], "most_bytes": PAGE_BYTES},
    Form.SQUARE: {"width_px": SQUARE_PX[0], "height_px": SQUARE_PX[1], "most_bytes": PAGE_BYTES},
}
_SEARCHED: Final = 64 * 1024
_PAGE_WORDS: Final = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|script|iframe|svg)[\s/>]|<\?php", re.IGNORECASE
)
_ARCHIVE_END: Final = b"PK\x05\x06"
_ARCHIVE_END_BYTES: Final = 22


@dataclass(frozen=True, slots=True)
class Picture:
    """What a picture is, as it is seen: turned the right way up."""

    content_type: str
    width_px: int
    height_px: int


_turns = threading.BoundedSemaphore(AT_ONCE)


def look(path: Path) -> Picture:
    """Return what a picture is, having decoded all of it.

    Raises:
        RefusedError: it is damaged, too large to be decoded, or something else besides.
    """
    if _is_twofold(path):
        raise RefusedError(texts.TWOFOLD)
    told = json.loads(_run("look", path))
    return Picture(CONTENT_TYPES[told["format"]], int(told["width_px"]), int(told["height_px"]))


def make(path: Path, form: Form) -> bytes:
    """Return a form of a picture as JPEG; the same file always gives the same bytes.

    Raises:
        KeyError: pictures have no such form.
        RefusedError: it cannot be decoded.
    """
    return _run("make", path, json.dumps(_WANTED[form]))


def _run(task: str, path: Path, *more: str) -> bytes:
    bounds = (str(MEMORY_BYTES), str(CPU_S), str(MOST_PIXELS))
    command = [sys.executable, "-I", str(_PROGRAM), task, str(path.resolve()), *bounds, *more]
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
        raise RefusedError(texts.TOO_HARD) from err
    if done.returncode == _TOO_MANY_PIXELS:
        raise RefusedError(texts.TOO_MANY_PIXELS)
    if done.returncode in _OUT_OF_BOUNDS:
        raise RefusedError(texts.TOO_HARD)
    if done.returncode or not done.stdout:
        raise RefusedError(texts.BROKEN_PICTURE)
    return done.stdout


def _is_twofold(path: Path) -> bool:
    """Tell whether a picture is at the same time a page, a program or an archive.

    What phones append to their pictures (films, depth, a second picture) is none of these.
    """
    with path.open("rb") as file:
        head = file.read(_SEARCHED)
        size_bytes = file.seek(0, 2)
        file.seek(max(0, size_bytes - _SEARCHED - _ARCHIVE_END_BYTES))
        tail = file.read()
    if b"%PDF-" in head[:1024] or _PAGE_WORDS.search(head) or _PAGE_WORDS.search(tail):
        return True
    end = tail.rfind(_ARCHIVE_END)
    if end < 0 or len(tail) - end < _ARCHIVE_END_BYTES:
        return False
    comment_bytes = int.from_bytes(tail[end + 20 : end + 22], "little")
    return len(tail) - end == _ARCHIVE_END_BYTES + comment_bytes
