"""Media: what WeChat accepts, and samples the simulator makes itself.

Source: reference section 1.9 (limits of temporary media; uploads for articles).
"""

import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wx_archive.simulator.errors import ApiError
from wx_archive.simulator.films import film

LIFETIME: Final = timedelta(days=3)
ARTICLE_IMAGE_BYTES: Final = 1 << 20

_MIB: Final = 1 << 20


_PAPER: Final = b"\xf4\xec\xdc"
_MARGIN: Final = 1 / 20
_RIDGE_TONES: Final = (170, 122, 74)
_SEPIA: Final = [bytes((tone, int(tone * 0.87), int(tone * 0.68))) for tone in range(256)]


@dataclass(frozen=True, slots=True)
class _Rule:
    types: frozenset[str]
    size_bytes: int
    size_errcode: int


_RULES: Final[Mapping[str, _Rule]] = {
    "image": _Rule(frozenset({"image/png", "image/jpeg", "image/gif"}), 10 * _MIB, 40009),
    "voice": _Rule(frozenset({"audio/amr", "audio/mpeg"}), 2 * _MIB, 40010),
    "video": _Rule(frozenset({"video/mp4"}), 10 * _MIB, 40011),
    "thumb": _Rule(frozenset({"image/jpeg"}), 64 << 10, 40012),
}

_MAGIC: Final[Mapping[bytes, str]] = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"#!AMR": "audio/amr",
    b"ID3": "audio/mpeg",
    b"\xff\xfb": "audio/mpeg",
    b"\xff\xf3": "audio/mpeg",
}

EXTENSIONS: Final[Mapping[str, str]] = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "audio/amr": "amr",
    "audio/mpeg": "mp3",
    "video/mp4": "mp4",
}


@dataclass(frozen=True, slots=True)
class Media:
    """A stored file; ``kind`` is image, voice, video, thumb or article (a picture in a page)."""

    media_id: str
    kind: str
    content_type: str
    created_at: datetime
    permanent: bool = False

    def has_expired(self, now: datetime) -> bool:
        """Tell whether the API no longer gives it out; phones show it for good."""
        return not self.permanent and self.kind != "article" and now - self.created_at >= LIFETIME


def content_type_of(content: bytes) -> str | None:
    """Return the media type by the first bytes, or None for anything WeChat does not know."""
    if content[4:8] == b"ftyp":
        return "video/mp4"
    return next((kind for magic, kind in _MAGIC.items() if content.startswith(magic)), None)


def check_upload(kind: str, content: bytes) -> str:
    """Return the content type of a temporary upload.

    Raises:
        ApiError: WeChat would refuse the kind, the file type or the size.
    """
    rule = _RULES.get(kind)
    if rule is None:
        raise ApiError(40004, "invalid media type")
    content_type = content_type_of(content)
    if content_type is None or content_type not in rule.types:
        raise ApiError(40005, f"invalid file type for {kind}")
    if len(content) > rule.size_bytes:
        raise ApiError(rule.size_errcode, f"invalid {kind} size")
    return content_type


def check_article_image(content: bytes) -> str:
    """Return the content type of a picture for an article's body.

    Raises:
        ApiError: it is not a JPG or PNG, or not below 1 MB.
    """
    content_type = content_type_of(content)
    if content_type not in {"image/png", "image/jpeg"}:
        raise ApiError(40005, "invalid file type: jpg or png only")
    if len(content) >= ARTICLE_IMAGE_BYTES:
        raise ApiError(40009, "invalid image size: below 1 MB")
    return content_type


def draw_picture(seed: int, *, width_px: int = 360, height_px: int = 270) -> bytes:
    """Draw an old photograph: sepia sky, ridges in the haze, a paper margin. Returns a PNG."""
    skylines = [_skyline(seed, x / width_px) for x in range(width_px)]
    rows = b"".join(b"\0" + _row(y / height_px, skylines) for y in range(height_px))
    head = struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    chunks = _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _skyline(seed: int, x: float) -> tuple[float, ...]:
    """Return how far down each ridge begins at ``x``, the farthest first (0 top, 1 bottom)."""
    swell = 0.4 * math.sin(11 * x + 2 * seed)
    return tuple(
        0.45 + 0.16 * ridge + 0.06 * (math.sin((3 + ridge) * x + seed + ridge) + swell)
        for ridge in range(len(_RIDGE_TONES))
    )


def _row(y: float, skylines: list[tuple[float, ...]]) -> bytes:
    margin_px = len(skylines) // 24
    if not _MARGIN < y < 1 - _MARGIN:
        return _PAPER * len(skylines)
    sky = _SEPIA[int(225 - 60 * y)]
    inner = (_tone(y, ridges, sky) for ridges in skylines[margin_px:-margin_px])
    return _PAPER * margin_px + b"".join(inner) + _PAPER * margin_px


def _tone(y: float, ridges: tuple[float, ...], sky: bytes) -> bytes:
    tones = [_SEPIA[tone] for begins, tone in zip(ridges, _RIDGE_TONES, strict=True) if y > begins]
    return tones[-1] if tones else sky


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def record_silence(seconds: int) -> bytes:
    """Return a voice sample: an AMR file of that length in which nothing is said."""
    frame_without_data = b"\x7c"
    return b"#!AMR\n" + frame_without_data * (50 * seconds)


def film_nothing() -> bytes:
    """Return a video sample: an MP4 of two seconds in which nothing is to be seen."""
    return film(2)
