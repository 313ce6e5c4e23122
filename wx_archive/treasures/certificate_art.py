"""A certificate, drawn on one sheet of A4: for the printer at 200 dpi, and for a phone.

Upright, as a phone is held: what is sent in the chat is read there before anybody prints it. The
red mark on it is an ornament of ours; the house's own seal is put on the paper by hand.
"""

import io
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw

from wx_archive.core.errors import RefusedError
from wx_archive.media import fonts
from wx_archive.media.fonts import NoFontError, face
from wx_archive.media.sheets import INK, VERMILION, Box, Colour, lines, mixed
from wx_archive.treasures import certificate_paper as paper
from wx_archive.treasures import certificate_texts as texts
from wx_archive.treasures.certificate_paper import SIZE_PX
from wx_archive.treasures.certificates import Known

DPI: Final = 200
PHONE_PX: Final = (1080, 1527)
MOST_BYTES: Final = 1_000_000
"""Of the picture for the phone."""
_LEFT_PX: Final = 212
_RIGHT_PX: Final = SIZE_PX[0] - _LEFT_PX
_ROOM_PX: Final = _RIGHT_PX - _LEFT_PX
_MIDDLE_PX: Final = SIZE_PX[0] // 2
_SOFT: Final[Colour] = mixed(INK, paper.GROUND, 0.72)
_NAMES_PX: Final = (76, 70, 64, 58, 52)
_BODIES_PX: Final = (60, 57, 54, 51, 48, 45, 42, 39, 36, 33)
_BUREAUS_PX: Final = (52, 48, 44, 40, 36, 32)
_LEADING: Final = 1.72
_WIDEST: Final = 2.1
_NAME_LEADING: Final = 1.4
_NAME_TOP_PX: Final = 800
_BODY_END_PX: Final = 1560
_SIGNED_PX: Final = 1690
_BELOW_PX: Final = 1880
_OPENS: Final = 0.42
"""Of an opening mark's square so much is white, on its left."""
_TONES: Final = (200, 128, 96, 64)
_STEPS: Final = 8

CODE: Final[Box] = (_LEFT_PX, _BELOW_PX, _LEFT_PX + 290, _BELOW_PX + 290)
"""Where the QR code is, with its white edge: 37 mm on A4, 26 mm on A5."""
MARK_PLACE: Final = (_LEFT_PX + 6, _SIGNED_PX - 62)


class NoGlyphError(RefusedError):
    """No typeface has a character: better no certificate than one with an empty box.

    Attributes:
        missing: the characters.
    """

    def __init__(self, missing: str) -> None:
        super().__init__(texts.no_glyph(missing))
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Printed:
    """What stands on a certificate.

    Attributes:
        name: as it is credited; the words for nobody where it is anonymous.
        bureau: who issues it.
        address: of its verification page.
    """

    called: str
    number: str
    accession: str
    name: str
    body: tuple[str, ...]
    bureau: str
    issued_on: date
    address: str
    tail: str
    mark: str

    @classmethod
    def of(cls, known: Known, *, bureau: str, origin: str) -> "Printed":
        """Return what is printed for a certificate."""
        return cls(
            known.called,
            known.number,
            known.accession_number,
            known.credit_name,
            texts.body(known.kind, known.title, known.extent),
            bureau,
            known.issued_on,
            texts.verify_address(origin, known.token),
            known.tail,
            texts.MARKS[known.kind],
        )


@dataclass(frozen=True, slots=True)
class Run:
    """Words on one line of the sheet.

    Attributes:
        place: of the anchor, in pixels from the upper left.
        anchor: as Pillow names it: left, middle or right, on the base line.
        apart_px: what is added between characters; only with words that stand in the middle.
        bold_px: by which the strokes are made stronger.
    """

    words: str
    size_px: int
    place: tuple[int, int]
    anchor: str = "ls"
    colour: Colour = INK
    apart_px: int = 0
    bold_px: int = 0


@dataclass(frozen=True, slots=True)
class Drawn:
    """A certificate as it is kept: the picture for the phone, and the sheet for the printer."""

    png: bytes
    pdf: bytes


def draw(printed: Printed, *, font: Path | None = None) -> Drawn:
    """Return a certificate, drawn; the same words give the same bytes every time.

    Args:
        printed: what stands on it, all of it in full.
        font: the typeface that settings name.

    Raises:
        NoGlyphError: no typeface has one of its characters.
        NoFontError: there is no typeface at all.
    """
    sheet = picture(printed, typeface(printed, font))
    return Drawn(_png(sheet), _pdf(sheet, printed))


def typeface(printed: Printed, chosen: Path | None = None) -> Path:
    """Return the first typeface that has every character: the chosen one, a Kai, a serif.

    Raises:
        NoGlyphError: none has them all.
        NoFontError: there is none.
    """
    words, missing = "".join(run.words for run in _fixed(printed)) + _variable(printed), ""
    for name in (None, *fonts.KAI, *fonts.SERIF):
        try:
            found = fonts.find(chosen) if name is None else fonts.find(None, (name,))
        except NoFontError:
            if name is None:
                raise
            continue
        lacks = fonts.lacking(found, words)
        if not lacks:
            return found
        missing = missing or lacks
    raise NoGlyphError(missing)


def lay_out(printed: Printed, font: Path) -> tuple[Run, ...]:
    """Return every line of words on the sheet; everything fits."""
    return (*_fixed(printed), *_letter(printed, font), *_signature(printed, font))


def picture(printed: Printed, font: Path) -> Image.Image:
    """Return the sheet, at the printer's size."""
    sheet = paper.ground(printed.number)
    canvas = ImageDraw.Draw(sheet)
    for run in lay_out(printed, font):
        _write(canvas, run, font)
    paper.place_code(sheet, printed.address, CODE)
    paper.place_mark(sheet, printed.mark, font, MARK_PLACE)
    return sheet


def _fixed(printed: Printed) -> tuple[Run, ...]:
    """Return what has its place whatever the words: head and foot."""
    beside = CODE[2] + 44
    foot = (
        (texts.SCAN, 40, INK),
        (texts.numbered(printed.number), 34, INK),
        (texts.registered(printed.accession), 34, INK),
        (texts.tail(printed.tail), 34, INK),
        (texts.SEALED[0], 27, _SOFT),
        (texts.SEALED[1], 27, _SOFT),
    )
    tops = (44, 102, 148, 194, 246, 284)
    return (
        Run(printed.bureau, _head_px(printed.bureau), (_MIDDLE_PX, 300), "ms", _SOFT, 10),
        Run(printed.called, 176, (_MIDDLE_PX, 540), "ms", VERMILION, 58, 3),
        Run(printed.number, 38, (_MIDDLE_PX, 668), "ms", _SOFT),
        *(
            Run(words, size, (beside, _BELOW_PX + top), colour=colour)
            for (words, size, colour), top in zip(foot, tops, strict=True)
        ),
    )


def _head_px(bureau: str) -> int:
    """Return the size of the bureau's name at the head; a character takes a square."""
    return min(50, (_ROOM_PX - 10 * len(bureau)) // max(1, len(bureau)))


def _variable(printed: Printed) -> str:
    return "".join(
        (printed.name, *printed.body, printed.mark, texts.chinese_day(printed.issued_on))
    )


def _letter(printed: Printed, font: Path) -> tuple[Run, ...]:
    """Return who is thanked, and for what, in the largest type in which all of it fits."""
    to = f"{printed.name}："
    name_px = next(
        (size for size in _NAMES_PX if len(lines(to, font, size, _ROOM_PX)) == 1), _NAMES_PX[-1]
    )
    name = lines(to, font, name_px, _ROOM_PX)
    step = round(name_px * _NAME_LEADING)
    top = _NAME_TOP_PX + len(name) * step
    head = (
        Run(one, name_px, (_LEFT_PX, _NAME_TOP_PX + at * step + name_px // 2))
        for at, one in enumerate(name)
    )
    return (*head, *_body(printed.body, font, top + 20))


def _body(paragraphs: tuple[str, ...], font: Path, top: int) -> tuple[Run, ...]:
    size, found = 0, [""]
    for size in _BODIES_PX:
        found = [line for one in paragraphs for line in lines(f"　　{one}", font, size, _ROOM_PX)]
        if len(found) * round(size * _LEADING) <= _BODY_END_PX - top:
            break
    # A short letter is set wider: it must not hang at the top of an empty sheet.
    room = (_BODY_END_PX - top) // len(found)
    step = max(round(size * _LEADING), min(round(size * _WIDEST), room))
    return tuple(
        Run(line, size, (_hung(line, size), top + at * step + step // 2 + size // 3))
        for at, line in enumerate(found)
    )


def _hung(line: str, size_px: int) -> int:
    """Return where a line begins: an opening mark's white stands outside, its ink on the edge."""
    return _LEFT_PX - (round(size_px * _OPENS) if line[:1] in "《〈「『（" else 0)


def _signature(printed: Printed, font: Path) -> tuple[Run, ...]:
    room = _ROOM_PX - 260
    size = next(
        (one for one in _BUREAUS_PX if face(font, one).getlength(printed.bureau) <= room),
        _BUREAUS_PX[-1],
    )
    wide = face(font, size).getlength(printed.bureau)
    day = texts.chinese_day(printed.issued_on)
    day_px = 44
    middle = _RIGHT_PX - round(max(wide, face(font, day_px).getlength(day))) // 2
    return (
        Run(printed.bureau, size, (middle, _SIGNED_PX), "ms"),
        Run(day, day_px, (middle, _SIGNED_PX + 78), "ms"),
    )


def _write(canvas: ImageDraw.ImageDraw, run: Run, font: Path) -> None:
    type_face = face(font, run.size_px)
    if not run.apart_px:
        canvas.text(run.place, run.words, fill=run.colour, font=type_face, anchor=run.anchor)
        return
    steps = [type_face.getlength(char) + run.apart_px for char in run.words]
    x, y = run.place[0] - (sum(steps) - run.apart_px) / 2, run.place[1]
    for char, step in zip(run.words, steps, strict=True):
        canvas.text(
            (x, y),
            char,
            fill=run.colour,
            font=type_face,
            anchor="ls",
            stroke_width=run.bold_px,
            stroke_fill=run.colour,
        )
        x += step


def _png(sheet: Image.Image) -> bytes:
    """Return the picture for the phone within its bound, in as many tones as that allows."""
    small = sheet.resize(PHONE_PX, Image.Resampling.LANCZOS)
    data = b""
    for tones in _TONES:
        out = io.BytesIO()
        few = small.quantize(palette=_palette(small, tones), dither=Image.Dither.NONE)
        few.save(out, "PNG", optimize=True)
        data = out.getvalue()
        if len(data) <= MOST_BYTES:
            break
    return data


def _palette(picture: Image.Image, tones: int) -> Image.Image:
    """Return so many tones of the paper, and those from it to each colour that is set on it.

    Left to chance, gold becomes red: so little of it is on so much paper.
    """
    paper_only = picture.quantize(tones, method=Image.Quantize.MEDIANCUT).getpalette() or []
    inks = (INK, VERMILION, paper.GOLD, _SOFT, paper.CODE_INK)
    steps = [
        mixed(ink, paper.GROUND, share / _STEPS) for ink in inks for share in range(1, _STEPS + 1)
    ]
    found = Image.new("P", (1, 1))
    found.putpalette([*paper_only[: 3 * tones], *(part for step in steps for part in step)])
    return found


def _pdf(sheet: Image.Image, printed: Printed) -> bytes:
    """Return the sheet as PDF, A4; what it says of itself names the certificate, nobody else."""
    out = io.BytesIO()
    # The day it was issued, not the one it was drawn: drawn again it is the same file.
    day = printed.issued_on.timetuple()
    sheet.save(
        out,
        "PDF",
        resolution=DPI,
        quality=90,
        title=f"{printed.called} {printed.number}",
        author=printed.bureau,
        producer="",
        creator="",
        creationDate=day,
        modDate=day,
    )
    return out.getvalue()
