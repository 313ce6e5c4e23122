"""Covers set in type, for pieces that have no picture: paper, a frame like a seal's, the title."""

import hashlib
import io
import random
import re
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFilter

from wx_archive.media.fonts import face

SIZE_PX: Final = (1080, 460)
"""2.35 : 1, larger than WeChat's 900 by 383."""
PAPER: Final = (246, 240, 226)
INK: Final = (38, 34, 30)
VERMILION: Final = (178, 58, 46)
_MARGIN_PX: Final = 34
_TITLE_PX: Final = (78, 66, 56, 48)
_LINES: Final = 3
_WORDS: Final = re.compile(r"[0-9A-Za-z.·-]{1,12}[年月日号]?|《?.", flags=re.DOTALL)
"""What stays on one line: a year with its 年, a word in letters; else every character alone."""
_NEVER_FIRST: Final = frozenset("，。：；！？、）》」』”’%")


def draw_cover(title: str, column: str, *, font: Path) -> bytes:
    """Return a cover as JPEG; the same words always give the same bytes.

    Args:
        title: of the piece, up to 32 characters.
        column: the name on the seal.
        font: a typeface with Chinese characters (`fonts.find`).
    """
    picture = _paper(title)
    draw = ImageDraw.Draw(picture)
    width, height = SIZE_PX
    box = (_MARGIN_PX, _MARGIN_PX, width - _MARGIN_PX, height - _MARGIN_PX)
    draw.rectangle(box, outline=VERMILION, width=3)
    draw.rectangle(tuple(_inner(box, 9)), outline=VERMILION, width=1)
    _title(draw, title, font)
    _seal(draw, column, font)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90, optimize=True)
    return out.getvalue()


def _paper(seed: str) -> Image.Image:
    """Return a sheet whose fibres are drawn by chance, but always the same for the same words."""
    chance = random.Random(hashlib.sha256(seed.encode()).digest())  # noqa: S311 -- a texture
    small = Image.new("L", (SIZE_PX[0] // 4, SIZE_PX[1] // 4))
    small.putdata([chance.randrange(232, 256) for _ in range(small.width * small.height)])
    grain = small.resize(SIZE_PX, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(1.2))
    sheet = Image.new("RGB", SIZE_PX, PAPER)
    shade = Image.new("RGB", SIZE_PX, tuple(round(part * 0.88) for part in PAPER))
    return Image.composite(sheet, shade, grain)


def _inner(box: tuple[int, int, int, int], by_px: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    return left + by_px, top + by_px, right - by_px, bottom - by_px


def _title(draw: ImageDraw.ImageDraw, title: str, font: Path) -> None:
    room_px = SIZE_PX[0] - 2 * _MARGIN_PX - 210
    sizes = ((size, _lines(draw, title, font, size, room_px)) for size in _TITLE_PX)
    smallest = _TITLE_PX[-1], _lines(draw, title, font, _TITLE_PX[-1], room_px)
    size_px, lines = next((fit for fit in sizes if len(fit[1]) <= _LINES), smallest)
    line_px = round(size_px * 1.45)
    top = (SIZE_PX[1] - line_px * len(lines)) // 2
    for number, line in enumerate(lines):
        place = (_MARGIN_PX + 56, top + number * line_px)
        draw.text(place, line, fill=INK, font=face(font, size_px))


def _lines(
    draw: ImageDraw.ImageDraw, title: str, font: Path, size_px: int, room_px: int
) -> list[str]:
    lines = [""]
    for word in _WORDS.findall(title):
        longer = lines[-1] + word
        is_full = draw.textlength(longer, font=face(font, size_px)) > room_px
        if is_full and lines[-1] and word not in _NEVER_FIRST:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _seal(draw: ImageDraw.ImageDraw, column: str, font: Path) -> None:
    """Put the column's four characters below one another on a red ground, as a seal has them."""
    size_px, pad_px = 40, 14
    chars = column[:6]
    height = len(chars) * (size_px + 6) + 2 * pad_px
    right = SIZE_PX[0] - _MARGIN_PX - 44
    top = (SIZE_PX[1] - height) // 2
    draw.rounded_rectangle(
        (right - size_px - 2 * pad_px, top, right, top + height), radius=6, fill=VERMILION
    )
    for number, char in enumerate(chars):
        place = (right - pad_px - size_px, top + pad_px + number * (size_px + 6) - 6)
        draw.text(place, char, fill=PAPER, font=face(font, size_px))
