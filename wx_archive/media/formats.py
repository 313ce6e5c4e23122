"""What a file is by the bytes it begins with; whether all of it is true is seen later.

Source: the formats' own signatures; ISO/IEC 14496-12 (brands of `ftyp`), RFC 4867 section 5.
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final


class Format(StrEnum):
    """Formats that people have; most of them are known only to be refused with a word of help."""

    EMPTY = "empty"
    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    GIF = "gif"
    TIFF = "tiff"
    HEIC = "heic"
    AVIF = "avif"
    BMP = "bmp"
    SVG = "svg"
    HTML = "html"
    PDF = "pdf"
    MP4 = "mp4"
    QUICKTIME = "quicktime"
    M4A = "m4a"
    MP3 = "mp3"
    AMR = "amr"
    OTHER_SOUND = "other_sound"
    OTHER_FILM = "other_film"
    OFFICE = "office"
    ARCHIVE = "archive"
    PROGRAM = "program"
    UNKNOWN = "unknown"


HEAD_BYTES: Final = 4096
_MAGICS: Final = (
    (b"\xff\xd8\xff", Format.JPEG),
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"GIF87a", Format.GIF),
    (b"GIF89a", Format.GIF),
    (b"II*\x00", Format.TIFF),
    (b"MM\x00*", Format.TIFF),
    (b"%PDF-", Format.PDF),
    (b"#!AMR\n", Format.AMR),
    (b"#!AMR-WB\n", Format.AMR),
    (b"ID3", Format.MP3),
    (b"OggS", Format.OTHER_SOUND),
    (b"fLaC", Format.OTHER_SOUND),
    (b"#!SILK", Format.OTHER_SOUND),
    (b"\x02#!SILK", Format.OTHER_SOUND),
    (b"\x1a\x45\xdf\xa3", Format.OTHER_FILM),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Format.OTHER_FILM),
    (b"FLV\x01", Format.OTHER_FILM),
    (b"\x00\x00\x01\xba", Format.OTHER_FILM),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Format.OFFICE),
    (b"{\\rtf", Format.OFFICE),
    (b"Rar!", Format.ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", Format.ARCHIVE),
    (b"\x1f\x8b", Format.ARCHIVE),
    (b"MZ", Format.PROGRAM),
    (b"\x7fELF", Format.PROGRAM),
    (b"#!/", Format.PROGRAM),
)
_RIFF: Final[Mapping[bytes, Format]] = {
    b"WEBP": Format.WEBP,
    b"WAVE": Format.OTHER_SOUND,
    b"AVI ": Format.OTHER_FILM,
}
_BRANDS: Final[Mapping[bytes, Format]] = {
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"heim", b"heis", b"hevx"), Format.HEIC),
    **dict.fromkeys((b"mif1", b"msf1", b"heif"), Format.HEIC),
    **dict.fromkeys((b"avif", b"avis"), Format.AVIF),
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P "), Format.M4A),
    b"qt  ": Format.QUICKTIME,
}
_OLD_QUICKTIME: Final = frozenset({b"moov", b"mdat", b"wide"})
"""What films of before 2001 begin with, instead of `ftyp`."""
_OFFICE_PARTS: Final = (b"[Content_Types].xml", b"mimetypeapplication/vnd.", b"_rels/")
_PAGE_WORDS: Final = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<iframe")
_SYNC: Final = 0xE6
_LAYER_III: Final = 0xE2
"""Of the second byte of a frame: three bits always set, the version, and the layer."""


def format_of(path: Path) -> Format:
    """Return what a file claims to be by its first bytes; never by its name."""
    with path.open("rb") as file:
        return told_by(file.read(HEAD_BYTES))


def told_by(head: bytes) -> Format:
    """Return what these first bytes claim."""
    if not head:
        return Format.EMPTY
    for magic, found in _MAGICS:
        if head.startswith(magic):
            return found
    if head[0] == 0xFF and len(head) > 1 and head[1] & _SYNC == _LAYER_III:
        return Format.MP3
    return _RIFF.get(head[8:12], Format.UNKNOWN) if head[:4] == b"RIFF" else _further(head)


def _further(head: bytes) -> Format:
    """Return what has its magic number further on, or none at a fixed place."""
    if head[4:8] == b"ftyp":
        return _boxed(head)
    return Format.QUICKTIME if head[4:8] in _OLD_QUICKTIME else _vague(head)


def _boxed(head: bytes) -> Format:
    """Return what the brand says; a still picture's general one may be followed by its own."""
    brand = head[8:12]
    found = _BRANDS.get(brand, Format.MP4)
    if brand in (b"mif1", b"msf1"):
        end = min(int.from_bytes(head[:4], "big"), len(head))
        others = {head[at : at + 4] for at in range(16, end, 4)}
        return Format.AVIF if b"avif" in others else Format.HEIC
    return found


def _vague(head: bytes) -> Format:
    """Return what is known by words."""
    lower = head.lower()
    if head.startswith(b"PK\x03\x04"):
        is_office = any(part in head for part in _OFFICE_PARTS)
        return Format.OFFICE if is_office else Format.ARCHIVE
    if b"<svg" in lower:
        return Format.SVG
    if any(words in lower for words in _PAGE_WORDS):
        return Format.HTML
    return Format.BMP if head.startswith(b"BM") and head[6:10] == bytes(4) else Format.UNKNOWN
