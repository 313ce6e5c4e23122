"""Recordings: MP3 and AMR, frame by frame; lengths in milliseconds.

Source: ISO/IEC 11172-3 and 13818-3 (frames of MP3), RFC 4867 section 5 (AMR files).
"""

from dataclasses import dataclass
from typing import Final

from wx_archive.core.errors import RefusedError
from wx_archive.media import texts

_KBITS: Final = {
    "v1": (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    "v2": (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES: Final = {
    3: (44_100, 48_000, 32_000),
    2: (22_050, 24_000, 16_000),
    0: (11_025, 12_000, 8_000),
}
"""Samples a second, by the version's two bits: MPEG 1, 2 and 2.5."""
_LEAST_FRAMES: Final = 2
_FRAME_MS: Final = 20
_NARROW: Final = (12, 13, 15, 17, 19, 20, 26, 31, 5)
_WIDE: Final = (17, 23, 32, 36, 40, 46, 50, 58, 60, 5)
"""Bytes after the first of an AMR frame, by its type: eight or nine modes, then silence."""
_NOTHING: Final = 15


@dataclass(frozen=True, slots=True)
class Recording:
    """What a recording is."""

    content_type: str
    duration_ms: int


def look(content: bytes) -> Recording:
    """Return what a recording is.

    Raises:
        RefusedError: it is cut off at its beginning, or damaged.
    """
    for magic, sizes in ((b"#!AMR\n", _NARROW), (b"#!AMR-WB\n", _WIDE)):
        if content.startswith(magic):
            return Recording("audio/amr", _amr_ms(content, len(magic), sizes))
    return Recording("audio/mpeg", _mp3_ms(content))


def _amr_ms(content: bytes, at: int, sizes: tuple[int, ...]) -> int:
    frames = 0
    while at < len(content):
        mode = content[at] >> 3 & 0x0F
        if mode != _NOTHING and mode >= len(sizes):
            raise RefusedError(texts.BROKEN_RECORDING)
        at += 1 + (0 if mode == _NOTHING else sizes[mode])
        frames += 1
    if not frames or at > len(content):
        raise RefusedError(texts.BROKEN_RECORDING)
    return frames * _FRAME_MS


def _mp3_ms(content: bytes) -> int:
    at, end = _after_tag(content), _before_tag(content)
    frames, microseconds = 0, 0
    while at + 4 <= end:
        frame = _frame(content[at : at + 4])
        if frame is None:
            break
        length, lasts_us = frame
        if at + length > end:
            break
        at += length
        frames += 1
        microseconds += lasts_us
    # A last frame may be cut off, and players skip a little rubbish at the end; no more.
    if frames < _LEAST_FRAMES or end - at > len(content) // 20:
        raise RefusedError(texts.BROKEN_RECORDING)
    return microseconds // 1000


def _after_tag(content: bytes) -> int:
    """Return where the frames begin: after ID3, whose size has seven bits in each byte."""
    if not content.startswith(b"ID3") or len(content) < 10:
        return 0
    size = 0
    for part in content[6:10]:
        size = size << 7 | part & 0x7F
    at = 10 + size + (10 if content[5] & 0x10 else 0)
    while at < len(content) and content[at] == 0:  # padding that the tag does not count
        at += 1
    return at


def _before_tag(content: bytes) -> int:
    """Return where the frames end: before an ID3v1 tag."""
    return len(content) - 128 if content[-128:-125] == b"TAG" else len(content)


def _frame(head: bytes) -> tuple[int, int] | None:
    """Return a layer-III frame's length in bytes and in microseconds; None where there is none."""
    if head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    kbits_at, rate_at, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or layer != 1 or kbits_at in (0, 15) or rate_at == 3:
        return None
    rate = _RATES[version][rate_at]
    samples = 1152 if version == 3 else 576
    kbits = _KBITS["v1" if version == 3 else "v2"][kbits_at]
    return samples // 8 * kbits * 1000 // rate + padding, samples * 1_000_000 // rate
