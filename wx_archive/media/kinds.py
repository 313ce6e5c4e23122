"""What a file is, by the bytes it begins with and the parts it has; never by its name."""

from pathlib import Path, PurePath
from typing import Final

from wx_archive.core.errors import RefusedError
from wx_archive.media import texts
from wx_archive.media.rules import SUFFIXES, MediaKind

_HEAD_BYTES: Final = 4096
_BOX_BRAND: Final = slice(8, 12)
_STILL_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"}
)
_SOUND_BRANDS: Final = frozenset({b"M4A ", b"M4B ", b"M4P "})
_REFUSED: Final = (
    (b"II*\x00", texts.TIFF),
    (b"MM\x00*", texts.TIFF),
    (b"%PDF-", texts.PDF),
)
_SYNC: Final = 0xE6
_LAYER_III: Final = 0xE2
"""Of the second byte of a frame: three bits always set, the version, and the layer."""


def kind_of(path: Path) -> MediaKind:
    """Return what a file claims to be by its first bytes; whether that is true is seen later.

    Raises:
        RefusedError: it is empty, or nothing that may come in.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise RefusedError(texts.EMPTY)
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")):
        return MediaKind.IMAGE
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return MediaKind.IMAGE
    if head[4:8] == b"ftyp":
        return _boxed(head)
    if _is_recording(head):
        return MediaKind.AUDIO
    raise RefusedError(_why_not(head))


def require_honest(name: str, kind: MediaKind) -> None:
    """Refuse a file whose name says that it is of another kind.

    Raises:
        RefusedError: says what it is.
    """
    told = SUFFIXES.get(PurePath(name).suffix.lower())
    if told is not None and told is not kind:
        raise RefusedError(texts.lies(told, kind))


def _boxed(head: bytes) -> MediaKind:
    brand = head[_BOX_BRAND]
    if brand in _STILL_BRANDS:
        raise RefusedError(texts.HEIC)
    if brand in _SOUND_BRANDS:
        raise RefusedError(texts.M4A)
    if brand == b"qt  ":
        raise RefusedError(texts.QUICKTIME)
    return MediaKind.VIDEO


def _is_recording(head: bytes) -> bool:
    is_frame = head[0] == 0xFF and len(head) > 1 and head[1] & _SYNC == _LAYER_III
    return is_frame or head.startswith((b"ID3", b"#!AMR\n", b"#!AMR-WB\n"))


def _why_not(head: bytes) -> str:
    for magic, sentence in _REFUSED:
        if head.startswith(magic):
            return sentence
    return texts.SVG if b"<svg" in head.lower() else texts.UNKNOWN
