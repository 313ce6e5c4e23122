"""A film the simulator makes itself: every box that an MP4 has, and a picture that is only grey.

Source: ISO/IEC 14496-12 (boxes), ISO/IEC 14496-15 (avcC).
"""

import struct
from typing import Final

WIDTH_PX: Final = 320
HEIGHT_PX: Final = 240
_SCALE: Final = 1000
_ONE: Final = 1 << 16
"""1.0 as a fixed-point number with 16 bits after the point."""
_UNTURNED: Final = struct.pack(">9i", _ONE, 0, 0, 0, _ONE, 0, 0, 0, 1 << 30)
_PARAMETERS: Final = (bytes.fromhex("6742c01e95a0283f90"), bytes.fromhex("68ce3c80"))
_FRAME: Final = struct.pack(">I", 2) + b"\x0c\x80"
"""One unit of filler: nothing is to be seen in it."""


def film(seconds: int) -> bytes:
    """Return an MP4 of that length with one picture."""
    head = _box(b"ftyp", b"isom", struct.pack(">I", 512), b"isomavc1mp41")
    data = _box(b"mdat", _FRAME)
    lasts = seconds * _SCALE
    header = struct.pack(">4I", 0, 0, _SCALE, lasts) + struct.pack(">IH10x", _ONE, 1 << 8)
    movie = _full(b"mvhd", header, _UNTURNED, bytes(24), struct.pack(">I", 2))
    index = _box(b"moov", movie, _track(lasts, at=len(head) + 8))
    return head + data + index


def _track(lasts: int, *, at: int) -> bytes:
    sizes = struct.pack(">II", WIDTH_PX << 16, HEIGHT_PX << 16)
    seen = struct.pack(">5I", 0, 0, 1, 0, lasts) + bytes(16)
    media_head = struct.pack(">4I2H", 0, 0, _SCALE, lasts, 0x55C4, 0)  # the language: none
    return _box(
        b"trak",
        _full(b"tkhd", seen, _UNTURNED, sizes, flags=3),
        _box(
            b"mdia",
            _full(b"mdhd", media_head),
            _full(b"hdlr", bytes(4), b"vide", bytes(12), b"film\0"),
            _box(
                b"minf",
                _full(b"vmhd", bytes(8), flags=1),
                _box(b"dinf", _full(b"dref", struct.pack(">I", 1), _full(b"url ", flags=1))),
                _samples(lasts, at=at),
            ),
        ),
    )


def _samples(lasts: int, *, at: int) -> bytes:
    return _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1), _description()),
        _full(b"stts", struct.pack(">3I", 1, 1, lasts)),
        _full(b"stsc", struct.pack(">4I", 1, 1, 1, 1)),
        _full(b"stsz", struct.pack(">3I", 0, 1, len(_FRAME))),
        _full(b"stco", struct.pack(">2I", 1, at)),
    )


def _description() -> bytes:
    sequence, picture = _PARAMETERS
    avcc = b"\x01" + sequence[1:4] + b"\xff\xe1" + struct.pack(">H", len(sequence)) + sequence
    avcc += b"\x01" + struct.pack(">H", len(picture)) + picture
    head = struct.pack(">6xH16x2H2I4xH32xHh", 1, WIDTH_PX, HEIGHT_PX, 72 << 16, 72 << 16, 1, 24, -1)
    return _box(b"avc1", head, _box(b"avcC", avcc))


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def _full(kind: bytes, *parts: bytes, flags: int = 0) -> bytes:
    """Return a box that begins with its version, 0, and flags."""
    return _box(kind, struct.pack(">I", flags), *parts)
