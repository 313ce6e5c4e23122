"""Paper, and lines of type that fit on it: what covers and cards are drawn with."""

import hashlib
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from PIL import Image, ImageFilter
from PIL.ImageFont import FreeTypeFont

from wx_archive.media.fonts import face

Colour = tuple[int, int, int]
Box = tuple[int, int, int, int]
Size = tuple[int, int]

PAPER: Final = (246, 240, 226)
INK: Final = (38, 34, 30)
VERMILION: Final = (178, 58, 46)
_SHADE: Final = 0.88
_DARKEST: Final = 232
_MEASURES: Final = "张件册份页段封幅盘本卷盒枚套"
_NUMERALS: Final = "一二三四五六七八九十百零〇两"
_WORDS: Final = re.compile(
    r"[《“‘（「『]*"
    rf"(?:(?:[0-9]{{1,12}} ?|[{_NUMERALS}]{{1,6}})[{_MEASURES}]"
    r"|[0-9A-Za-z.·-]{1,12}[年月日号]?|.)"
    r"[，。：；！？、）》」』”’%…]*",
    flags=re.DOTALL,
)
"""What stays on one line: a number with what it counts, a word in letters, one with its marks."""
_HANGS: Final = "，。：；！？、"
_HANG_AT_MOST: Final = 2
"""More marks in a row would stand outside the frame."""


def chance_of(words: str) -> random.Random:
    """Return chance that falls the same way for the same words."""
    return random.Random(hashlib.sha256(words.encode()).digest())  # noqa: S311 -- a texture


def sheet(size_px: Size, words: str, *, paper: Colour = PAPER) -> Image.Image:
    """Return a sheet whose grain is drawn by chance, but always the same for the same words."""
    width, height = size_px[0] // 4, size_px[1] // 4
    noise = Image.frombytes("L", (width, height), chance_of(words).randbytes(width * height))
    small = noise.point(lambda value: _DARKEST + value * (256 - _DARKEST) // 256)
    grain = small.resize(size_px, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(1.2))
    shade = Image.new("RGB", size_px, mixed(paper, (0, 0, 0), _SHADE))
    return Image.composite(Image.new("RGB", size_px, paper), shade, grain)


def mixed(colour: Colour, other: Colour, share: float) -> Colour:
    """Return a colour of which ``share`` (0 to 1) is the first, the rest the other one."""
    red, green, blue = (
        round(one * share + two * (1 - share)) for one, two in zip(colour, other, strict=True)
    )
    return red, green, blue


def inner(box: Box, by_px: int) -> Box:
    """Return a box that lies inside another one by so much on every side."""
    left, top, right, bottom = box
    return left + by_px, top + by_px, right - by_px, bottom - by_px


def _pieces(text: str, type_face: FreeTypeFont, room_px: int) -> Iterator[str]:
    """Yield what stays on one line; a run of marks that no line holds is broken anywhere."""
    for word in _WORDS.findall(text):
        if type_face.getlength(word) > room_px:
            yield from word
        else:
            yield word


def lines(text: str, font: Path, size_px: int, room_px: int) -> list[str]:
    """Return the lines that a text takes; a mark that ends a phrase never begins one."""
    type_face = face(font, size_px)
    found = [""]
    for word in _pieces(text, type_face, room_px):
        longer = found[-1] + word
        # Marks may hang over the edge by themselves: they have their white on the right.
        is_full = (
            type_face.getlength(longer.rstrip(_HANGS)) > room_px
            or type_face.getlength(longer) > room_px + _HANG_AT_MOST * size_px
        )
        if is_full and found[-1]:
            found.append(word)
        else:
            found[-1] = longer
    return found
