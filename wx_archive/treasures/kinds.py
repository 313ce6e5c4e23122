"""Which files citizens may send, by the bytes they begin with; never by their names."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final

from wx_archive.core.errors import RefusedError
from wx_archive.media.formats import Format, format_of
from wx_archive.treasures import file_texts
from wx_archive.treasures.rules import FILE_KINDS, FileKind


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file claims to be; whether that is true is seen when it is decoded.

    Attributes:
        pillow: what Pillow calls a picture's format; empty for what is no picture.
        most_pixels: pictures only. Decoding takes so much for each pixel that no picture needs
            more than 256 MiB, but for the photos of telephones, which are the largest there are.
    """

    format: Format
    file_kind: FileKind
    content_type: str
    pillow: str = ""
    most_pixels: int = 0


_ALL: Final = (
    Kind(Format.JPEG, FileKind.IMAGE, "image/jpeg", "JPEG", 64_000_000),
    Kind(Format.HEIC, FileKind.IMAGE, "image/heic", "HEIF", 64_000_000),
    Kind(Format.PNG, FileKind.IMAGE, "image/png", "PNG", 50_000_000),
    Kind(Format.TIFF, FileKind.IMAGE, "image/tiff", "TIFF", 50_000_000),
    Kind(Format.GIF, FileKind.IMAGE, "image/gif", "GIF", 50_000_000),
    Kind(Format.AVIF, FileKind.IMAGE, "image/avif", "AVIF", 25_000_000),
    Kind(Format.WEBP, FileKind.IMAGE, "image/webp", "WEBP", 16_000_000),
    Kind(Format.MP4, FileKind.VIDEO, "video/mp4"),
    Kind(Format.QUICKTIME, FileKind.VIDEO, "video/quicktime"),
    Kind(Format.M4A, FileKind.AUDIO, "audio/mp4"),
    Kind(Format.MP3, FileKind.AUDIO, "audio/mpeg"),
    Kind(Format.AMR, FileKind.AUDIO, "audio/amr"),
    Kind(Format.PDF, FileKind.PAPER, "application/pdf"),
)
TAKEN: Final[Mapping[Format, Kind]] = {kind.format: kind for kind in _ALL}
PICTURES: Final[Mapping[str, Kind]] = {kind.content_type: kind for kind in _ALL if kind.pillow}
"""By content type, for those who make forms of a picture that was looked at before."""
_BOXED: Final = frozenset({Format.MP4, Format.QUICKTIME, Format.M4A})
"""The same boxes hold films or only sounds, and are called either."""
_SUFFIXES: Final[Mapping[str, FileKind]] = {
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".webp", ".gif", ".heic"), FileKind.IMAGE),
    **dict.fromkeys((".heif", ".avif", ".tif", ".tiff", ".bmp"), FileKind.IMAGE),
    **dict.fromkeys((".mp4", ".m4v", ".mov", ".3gp"), FileKind.VIDEO),
    **dict.fromkeys((".mp3", ".amr", ".m4a", ".aac", ".wav"), FileKind.AUDIO),
    ".pdf": FileKind.PAPER,
}
_PROGRAMS: Final = frozenset(
    {".exe", ".com", ".scr", ".bat", ".cmd", ".ps1", ".vbs", ".js", ".jar", ".msi", ".apk"}
    | {".sh", ".php", ".jsp", ".asp", ".aspx", ".py", ".lnk", ".swf", ".hta"}
    | {".html", ".htm", ".xhtml", ".mht", ".svg"}
)


def kind_of(path: Path) -> Kind:
    """Return what a file claims to be by its first bytes.

    Raises:
        RefusedError: it is empty, or nothing that may come in; the sentence says what to do.
    """
    found = format_of(path)
    kind = TAKEN.get(found)
    if kind is None:
        raise RefusedError(file_texts.REFUSED.get(found, file_texts.UNKNOWN))
    return kind


def require_honest(name: str, kind: Kind) -> None:
    """Refuse a file whose name says that it is something else; a name may also say nothing.

    Raises:
        RefusedError: says what it is.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix in _PROGRAMS:
        raise RefusedError(file_texts.lies("程序或网页", kind.file_kind))
    told = _SUFFIXES.get(suffix)
    holds_either = kind.format in _BOXED and told in (FileKind.VIDEO, FileKind.AUDIO)
    if told is not None and told is not kind.file_kind and not holds_either:
        raise RefusedError(file_texts.lies(FILE_KINDS[told], kind.file_kind))
