"""What a card is made of: coloured paper, a frame, a picture in a warm tone, ruled paper, a seal.

Colours and corners follow from the season's name, so that seasons can be told apart in an album.
"""

import io
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFilter, ImageOps, UnidentifiedImageError

from wx_archive.core.errors import RefusedError
from wx_archive.media.fonts import face
from wx_archive.media.sheets import INK as TYPE_INK
from wx_archive.media.sheets import PAPER, VERMILION, Box, Colour, chance_of, inner, mixed, sheet

SIZE_PX: Final = (1080, 1512)
"""5 : 7; 9.1 by 12.8 cm at 300 dpi, and it fills a sheet of A6 or A4 with an even margin."""
_INKS: Final[tuple[Colour, ...]] = (
    (44, 84, 112),  # 石青
    (122, 66, 38),  # 赭石
    (62, 94, 66),  # 松花
    (88, 68, 104),  # 黛紫
    (124, 92, 30),  # 秋香
    (80, 100, 46),  # 竹青
    (30, 98, 96),  # 青碧
    (116, 58, 74),  # 绛紫
)
_PAPERS: Final[tuple[Colour, ...]] = (PAPER, (243, 240, 228), (248, 238, 223))
_CORNERS: Final = 3
_FRAME_PX: Final = 42
_FIBRES: Final = 170
_TONE: Final = 0.62
"""How much of a picture's own colours gives way to the warm tone."""
_UPRIGHT: Final = str.maketrans("《》〈〉（）「」『』【】—…", "︽︾︿﹀︵︶﹁﹂﹃﹄︻︼︱︙")
_OPENING: Final = "︽︿︵﹁﹃︻"
_CLOSING: Final = "︾﹀︶﹂﹄︼，。、；：？！"
_COLUMN: Final = 1.7
_CELL: Final = 1.16
"""Width and height of a character's place on ruled paper, in sizes of the type."""
_SEAL_ROOM_PX: Final = 340
"""What the seal takes beside the columns, and as much on the other side."""
SEAL_PX: Final = (132, 184)
_CELLS: Final = re.compile(r"[0-9A-Za-z.·-]{1,4}|.", flags=re.DOTALL)
"""A short number stands upright in the place of one character."""


class BadPictureError(RefusedError):
    """The picture on a card cannot be read."""


@dataclass(frozen=True, slots=True)
class Look:
    """How the cards of a season look."""

    ink: Colour
    paper: Colour
    corner: int

    @classmethod
    def of(cls, season_name: str) -> "Look":
        """Return the look of a season; the same name always looks the same."""
        chance = chance_of(f"look of {season_name}")
        return cls(chance.choice(_INKS), chance.choice(_PAPERS), chance.randrange(_CORNERS))


def ground(look: Look, words: str) -> Image.Image:
    """Return a sheet with fibres in it, a little darker towards its edges, and framed."""
    picture = sheet(SIZE_PX, words, paper=look.paper)
    draw = ImageDraw.Draw(picture)
    _fibres(draw, look, chance_of(f"fibres of {words}"))
    edge = Image.radial_gradient("L").resize(SIZE_PX).point(lambda value: max(0, value - 150) // 4)
    dark = Image.new("RGB", SIZE_PX, mixed(look.ink, (60, 48, 34), 0.3))
    picture.paste(dark, mask=edge)
    _frame(ImageDraw.Draw(picture), look)
    return picture


def _fibres(draw: ImageDraw.ImageDraw, look: Look, chance: random.Random) -> None:
    width, height = SIZE_PX
    for _ in range(_FIBRES):
        left, top = chance.randrange(-40, width), chance.randrange(-40, height)
        box = left, top, left + chance.randrange(30, 120), top + chance.randrange(30, 120)
        start = chance.randrange(360)
        share = chance.choice((0.84, 0.9, 0.94))
        draw.arc(box, start, start + chance.randrange(25, 80), mixed(look.paper, TYPE_INK, share))


def _frame(draw: ImageDraw.ImageDraw, look: Look) -> None:
    width, height = SIZE_PX
    outer = inner((0, 0, width - 1, height - 1), _FRAME_PX)
    within = inner(outer, 14)
    draw.rectangle(outer, outline=look.ink, width=5)
    draw.rectangle(within, outline=look.ink, width=2)
    for right in (False, True):
        for low in (False, True):
            place = within[2 if right else 0], within[3 if low else 1]
            _corner(draw, look, place, (-1 if right else 1, -1 if low else 1))


def _corner(
    draw: ImageDraw.ImageDraw, look: Look, place: tuple[int, int], inwards: tuple[int, int]
) -> None:
    """Put the season's ornament into a corner of the inner line."""
    (x, y), (right, down) = place, inwards
    match look.corner:
        case 0:  # a fret
            turns = ((0, 30), (30, 30), (30, 10), (12, 10), (12, 20))
            points = [(x + right * across, y + down * along) for across, along in turns]
            draw.line(points, fill=look.ink, width=2)
            turned = [(x + right * along, y + down * across) for across, along in turns[:2]]
            draw.line(turned, fill=look.ink, width=2)
        case 1:  # the corner is cut off
            draw.line(((x + right * 34, y), (x, y + down * 34)), fill=look.ink, width=2)
            draw.line(((x + right * 22, y), (x, y + down * 22)), fill=look.ink, width=2)
        case _:  # a ring
            centre = x + right * 22, y + down * 22
            for radius in (12, 5):
                draw.ellipse(_around(centre, radius), outline=look.ink, width=2)


def _around(centre: tuple[int, int], radius: int) -> Box:
    x, y = centre
    return x - radius, y - radius, x + radius, y + radius


def place_picture(card: Image.Image, look: Look, picture: bytes, box: Box) -> None:
    """Lay a picture on a card: cut to its place, in a warm tone, with a white edge as prints have.

    Raises:
        BadPictureError: it cannot be read.
    """
    place = inner(box, 16)
    try:
        with Image.open(io.BytesIO(picture)) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as err:
        raise BadPictureError("卡片上的图片读不出来，请换一张") from err
    size = place[2] - place[0], place[3] - place[1]
    fitted = ImageOps.fit(upright, size, Image.Resampling.LANCZOS, centering=(0.5, 0.42))
    grey = ImageOps.autocontrast(ImageOps.grayscale(fitted), cutoff=0.5)
    warm = ImageOps.colorize(grey, black=(44, 34, 28), mid=(150, 126, 98), white=(248, 240, 222))
    _shadow(card, box)
    draw = ImageDraw.Draw(card)
    draw.rectangle(box, fill=(252, 249, 241), outline=mixed(look.paper, TYPE_INK, 0.72), width=1)
    card.paste(Image.blend(fitted, warm, _TONE), place[:2])


def _shadow(card: Image.Image, box: Box) -> None:
    mask = Image.new("L", card.size)
    left, top, right, bottom = box
    ImageDraw.Draw(mask).rectangle((left + 4, top + 8, right + 4, bottom + 10), fill=80)
    card.paste((60, 48, 34), mask=mask.filter(ImageFilter.GaussianBlur(9)))


def place_title(card: Image.Image, look: Look, title: str, font: Path, box: Box) -> None:
    """Set a title large, downwards on ruled paper, as old files and letters have it."""
    draw = ImageDraw.Draw(card)
    draw.rectangle(box, fill=mixed(look.paper, (255, 255, 255), 0.55), outline=look.ink, width=4)
    ruled = inner(box, 14)
    draw.rectangle(ruled, outline=look.ink, width=1)
    cells = _CELLS.findall("".join(title.split()).translate(_UPRIGHT))
    size_px, rows = _fitting(len(cells), ruled)
    columns = _columns(cells, rows)
    column_px, cell_px = round(size_px * _COLUMN), round(size_px * _CELL)
    first = (ruled[0] + ruled[2] + (len(columns) - 1) * column_px) // 2
    _rule(draw, look, ruled, first, column_px)
    top = (ruled[1] + ruled[3] - rows * cell_px + cell_px) // 2
    for number, column in enumerate(columns):
        for row, cell in enumerate(column):
            place = first - number * column_px, top + row * cell_px
            _upright(draw, place, cell, font, size_px)


def _columns(cells: list[str], rows: int) -> list[list[str]]:
    """Return the columns, from the right; a bracket stands with what it holds."""
    columns: list[list[str]] = [[]]
    for cell in cells:
        if len(columns[-1]) < rows or cell in _CLOSING:
            columns[-1].append(cell)
        elif columns[-1][-1] in _OPENING:
            columns.append([columns[-1].pop(), cell])
        else:
            columns.append([cell])
    return columns


def _fitting(cells: int, ruled: Box) -> tuple[int, int]:
    """Return the largest type in which so many characters fit, and how many stand in a column."""
    width, height = ruled[2] - ruled[0], ruled[3] - ruled[1]
    size_px = columns = 1
    for size_px in (132, 116, 100, 88, 76, 64, 54, 46):
        room = (height - 60) // round(size_px * _CELL)
        columns = -(-cells // max(1, room))
        if room and columns * round(size_px * _COLUMN) <= width - _SEAL_ROOM_PX:
            break
    return size_px, -(-cells // columns)


def _rule(draw: ImageDraw.ImageDraw, look: Look, ruled: Box, first: int, column_px: int) -> None:
    faint = mixed(look.paper, look.ink, 0.58)
    edge = first + column_px // 2
    edge += (ruled[2] - edge) // column_px * column_px
    for x in range(edge, ruled[0], -column_px):
        draw.line(((x, ruled[1]), (x, ruled[3])), fill=faint, width=2)


def _upright(
    draw: ImageDraw.ImageDraw, centre: tuple[int, int], cell: str, font: Path, size_px: int
) -> None:
    wide_px = face(font, size_px).getlength(cell)
    fits_px = size_px if wide_px <= size_px * 1.1 else round(size_px * size_px * 1.1 / wide_px)
    draw.text(centre, cell, fill=TYPE_INK, font=face(font, fits_px), anchor="mm")


def place_seal(
    card: Image.Image, words: tuple[str, str], font: Path, place: tuple[int, int]
) -> None:
    """Stamp two columns of three characters, read from the right, below and right of a point."""
    size_px, pad_px, step_px = 46, 16, 52
    stamp = Image.new("RGB", SEAL_PX, VERMILION)
    draw = ImageDraw.Draw(stamp)
    edge = inner((0, 0, SEAL_PX[0] - 1, SEAL_PX[1] - 1), 6)
    draw.rounded_rectangle(edge, 6, outline=PAPER, width=2)
    for column, word in enumerate(words):
        x = SEAL_PX[0] - pad_px - size_px // 2 - column * step_px
        for row, char in enumerate(word):
            y = pad_px + size_px // 2 + row * step_px
            draw.text((x, y), char, fill=PAPER, font=face(font, size_px - 2), anchor="mm")
    card.paste(stamp, place, _worn("".join(words)))


def _worn(words: str) -> Image.Image:
    """Return where a seal has left its colour: not everywhere, and least along its edge."""
    chance, size = chance_of(f"seal of {words}"), SEAL_PX
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    draw.rounded_rectangle((1, 1, size[0] - 2, size[1] - 2), 9, fill=240)
    for _ in range(90):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        draw.ellipse(_around((x, y), chance.choice((0, 1, 1, 2))), fill=chance.randrange(60, 190))
    for _ in range(26):
        along = chance.randrange(max(size))
        spot = chance.choice(((along, 0), (along, size[1] - 1), (0, along), (size[0] - 1, along)))
        draw.ellipse(_around(spot, chance.choice((1, 2, 3))), fill=0)
    return mask.filter(ImageFilter.GaussianBlur(0.7))
