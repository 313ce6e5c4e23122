"""Which files the library takes, by the bytes they begin with; never by their names."""

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Final

from wx_archive.core.errors import RefusedError
from wx_archive.media import texts
from wx_archive.media.formats import Format, format_of
from wx_archive.media.rules import SUFFIXES, MediaKind

_TAKEN: Final[Mapping[Format, MediaKind]] = {
    **dict.fromkeys((Format.JPEG, Format.PNG, Format.WEBP, Format.GIF), MediaKind.IMAGE),
    Format.MP4: MediaKind.VIDEO,
    **dict.fromkeys((Format.MP3, Format.AMR), MediaKind.AUDIO),
}
_REFUSED: Final[Mapping[Format, str]] = {
    Format.EMPTY: texts.EMPTY,
    Format.HEIC: texts.HEIC,
    Format.AVIF: texts.HEIC,
    Format.TIFF: texts.TIFF,
    Format.SVG: texts.SVG,
    Format.PDF: texts.PDF,
    Format.QUICKTIME: texts.QUICKTIME,
    Format.M4A: texts.M4A,
}


def kind_of(path: Path) -> MediaKind:
    """Return what a file claims to be by its first bytes; whether that is true is seen later.

    Raises:
        RefusedError: it is empty, or nothing that may come in.
    """
    found = format_of(path)
    kind = _TAKEN.get(found)
    if kind is None:
        raise RefusedError(_REFUSED.get(found, texts.UNKNOWN))
    return kind


def require_honest(name: str, kind: MediaKind) -> None:
    """Refuse a file whose name says that it is of another kind.

    Raises:
        RefusedError: says what it is.
    """
    told = SUFFIXES.get(PurePath(name).suffix.lower())
    if told is not None and told is not kind:
        raise RefusedError(texts.lies(told, kind))
