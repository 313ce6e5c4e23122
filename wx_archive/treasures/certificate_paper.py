"""What a certificate is made of: warm paper, a frame, a rule below the title, a mark, a QR code."""

from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFilter

from wx_archive.media.fonts import face
from wx_archive.media.sheets import VERMILION, Box, Colour, chance_of, inner, mixed, sheet

SIZE_PX: Final = (1654, 2339)
"""A4, upright, at 200 dpi."""
GROUND: Final[Colour] = (250, 246, 236)
GOLD: Final[Colour] = (164, 128, 66)
MARK_PX: Final = (176, 176)
CODE_INK: Final[Colour] = (24, 22, 20)
_QUIET: Final = 4
"""Modules of white that a QR code needs on every side (ISO/IEC 18004)."""
_FRAME_PX: Final = 74
_FIBRES: Final = 240
_TURNS: Final = ((0, 74), (74, 74), (74, 24), (26, 24), (26, 48), (50, 48))
"""A fret: what a corner of the frame turns through, from the edge inwards."""


def ground(words: str) -> Image.Image:
    """Return an empty certificate: grain, fibres, a warm edge, the frame and the rule."""
    picture = sheet(SIZE_PX, words, paper=GROUND)
    canvas = ImageDraw.Draw(picture)
    _fibres(canvas, words)
    edge = Image.radial_gradient("L").resize(SIZE_PX).point(lambda value: max(0, value - 140) // 5)
    picture.paste(Image.new("RGB", SIZE_PX, (150, 110, 60)), mask=edge)
    canvas = ImageDraw.Draw(picture)
    _frame(canvas)
    _rule(canvas)
    return picture


def _fibres(canvas: ImageDraw.ImageDraw, words: str) -> None:
    chance, (width, height) = chance_of(f"fibres of {words}"), SIZE_PX
    for _ in range(_FIBRES):
        left, top = chance.randrange(-40, width), chance.randrange(-40, height)
        box = left, top, left + chance.randrange(40, 160), top + chance.randrange(40, 160)
        start = chance.randrange(360)
        share = chance.choice((0.9, 0.94, 0.96))
        colour = mixed(GROUND, GOLD, share)
        canvas.arc(box, start, start + chance.randrange(20, 70), colour)


def _frame(canvas: ImageDraw.ImageDraw) -> None:
    """Draw three lines with a fret in each corner, as on bindings of old files."""
    outer = inner((0, 0, SIZE_PX[0] - 1, SIZE_PX[1] - 1), _FRAME_PX)
    within = inner(outer, 16)
    canvas.rectangle(outer, outline=VERMILION, width=7)
    canvas.rectangle(within, outline=VERMILION, width=2)
    canvas.rectangle(inner(within, 26), outline=mixed(GOLD, GROUND, 0.7), width=2)
    for right in (False, True):
        for low in (False, True):
            place = within[2 if right else 0], within[3 if low else 1]
            _corner(canvas, place, (-1 if right else 1, -1 if low else 1))


def _corner(canvas: ImageDraw.ImageDraw, place: tuple[int, int], inwards: tuple[int, int]) -> None:
    (x, y), (right, down) = place, inwards
    box = sorted((x, x + right * 74)), sorted((y, y + down * 74))
    canvas.rectangle((box[0][0], box[1][0], box[0][1], box[1][1]), fill=GROUND)
    for turns in (_TURNS, tuple((along, across) for across, along in _TURNS)):
        points = [(x + right * across, y + down * along) for across, along in turns]
        canvas.line(points, fill=VERMILION, width=4, joint="curve")
    canvas.line(((x, y), (x + right * 74, y)), fill=VERMILION, width=2)
    canvas.line(((x, y), (x, y + down * 74)), fill=VERMILION, width=2)


def _rule(canvas: ImageDraw.ImageDraw) -> None:
    """Draw the line below the title, with a lozenge in its middle."""
    middle, y = SIZE_PX[0] // 2, 604
    for side in (-1, 1):
        canvas.line(((middle + side * 34, y), (middle + side * 300, y)), fill=GOLD, width=3)
    canvas.polygon(
        ((middle - 16, y), (middle, y - 16), (middle + 16, y), (middle, y + 16)), fill=GOLD
    )


def place_code(picture: Image.Image, address: str, box: Box) -> None:
    """Put the QR code of an address into a box; its modules are whole pixels, all of one size."""
    rows = modules(address)
    count = len(rows) + 2 * _QUIET
    size = (box[2] - box[0]) // count
    canvas = ImageDraw.Draw(picture)
    canvas.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=(255, 255, 255))
    left, top = code_corner(box, len(rows))
    for row, line in enumerate(rows):
        for column, is_dark in enumerate(line):
            if is_dark:
                x, y = left + column * size, top + row * size
                canvas.rectangle((x, y, x + size - 1, y + size - 1), fill=CODE_INK)


def modules(address: str) -> tuple[tuple[bool, ...], ...]:
    """Return the modules of the QR code of an address, without the white around them."""
    # Its tables take 70 ms, and only the worker draws certificates.
    import segno  # noqa: PLC0415 -- as said

    code = segno.make(address, error="m", micro=False)
    return tuple(tuple(bool(module) for module in row) for row in code.matrix)


def module_px(box: Box, count: int) -> int:
    """Return how large a module is in a box, if there are so many in a row."""
    return (box[2] - box[0]) // (count + 2 * _QUIET)


def code_corner(box: Box, count: int) -> tuple[int, int]:
    """Return where the first of so many modules in a row begins: the code stands in the middle."""
    spare = (box[2] - box[0]) - module_px(box, count) * count
    return box[0] + spare // 2, box[1] + spare // 2


def place_mark(picture: Image.Image, words: str, font: Path, place: tuple[int, int]) -> None:
    """Stamp four characters in a square, two columns read from the right: ours, nobody's seal."""
    size_px, step_px, first = 66, 74, 51
    stamp = Image.new("RGB", MARK_PX, VERMILION)
    canvas = ImageDraw.Draw(stamp)
    canvas.rounded_rectangle(
        inner((0, 0, MARK_PX[0] - 1, MARK_PX[1] - 1), 7), 8, outline=GROUND, width=3
    )
    for at, char in enumerate(words):
        x = MARK_PX[0] - first - (at // 2) * step_px
        y = first + (at % 2) * step_px
        canvas.text(
            (x, y), char, fill=GROUND, font=face(font, size_px), anchor="mm", stroke_width=1
        )
    picture.paste(stamp, place, _worn(words))


def _worn(words: str) -> Image.Image:
    """Return where the mark has left its colour: not everywhere, and least along its edge."""
    chance, size = chance_of(f"mark of {words}"), MARK_PX
    mask = Image.new("L", size)
    canvas = ImageDraw.Draw(mask)
    canvas.rounded_rectangle((1, 1, size[0] - 2, size[1] - 2), 12, fill=236)
    for _ in range(110):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        radius = chance.choice((0, 1, 1, 2))
        canvas.ellipse(
            (x - radius, y - radius, x + radius, y + radius), fill=chance.randrange(60, 190)
        )
    for _ in range(30):
        along, radius = chance.randrange(size[0]), chance.choice((1, 2, 3))
        x, y = chance.choice(((along, 0), (along, size[1] - 1), (0, along), (size[0] - 1, along)))
        canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=0)
    return mask.filter(ImageFilter.GaussianBlur(0.8))
