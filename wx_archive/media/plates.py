"""Covers set in type, for pieces that have no picture: paper, a frame like a seal's, the title."""

import io
from pathlib import Path
from typing import Final

from PIL import ImageDraw

from wx_archive.media.fonts import face
from wx_archive.media.sheets import INK, PAPER, VERMILION, inner, lines, sheet

SIZE_PX: Final = (1080, 460)
"""2.35 : 1, larger than WeChat's 900 by 383."""
_MARGIN_PX: Final = 34
_TITLE_PX: Final = (78, 66, 56, 48)
_LINES: Final = 3


def draw_cover(title: str, column: str, *, font: Path) -> bytes:
    """Return a cover as JPEG; the same words always give the same bytes.

    Args:
        title: of the piece, up to 32 characters.
        column: the name on the seal.
        font: a typeface with Chinese characters (`fonts.find`).
    """
    picture = sheet(SIZE_PX, title)
    draw = ImageDraw.Draw(picture)
    width, height = SIZE_PX
    box = (_MARGIN_PX, _MARGIN_PX, width - _MARGIN_PX, height - _MARGIN_PX)
    draw.rectangle(box, outline=VERMILION, width=3)
    draw.rectangle(inner(box, 9), outline=VERMILION, width=1)
    _title(draw, title, font)
    _seal(draw, column, font)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90, optimize=True)
    return out.getvalue()


def _title(draw: ImageDraw.ImageDraw, title: str, font: Path) -> None:
    room_px = SIZE_PX[0] - 2 * _MARGIN_PX - 210
    sizes = ((size, lines(title, font, size, room_px)) for size in _TITLE_PX)
    smallest = _TITLE_PX[-1], lines(title, font, _TITLE_PX[-1], room_px)
    size_px, set_lines = next((fit for fit in sizes if len(fit[1]) <= _LINES), smallest)
    line_px = round(size_px * 1.45)
    top = (SIZE_PX[1] - line_px * len(set_lines)) // 2
    for number, line in enumerate(set_lines):
        place = (_MARGIN_PX + 56, top + number * line_px)
        draw.text(place, line, fill=INK, font=face(font, size_px))


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
