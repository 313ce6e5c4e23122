"""A card of the quiz, drawn: one picture to look at in the chat, to keep, and to print.

Picture and title above, story and source below on the same sheet: in the chat one image is one
thing, and what is printed has its story with it.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw
from PIL.ImageFont import FreeTypeFont

from wx_archive.core.errors import RefusedError
from wx_archive.media import fonts
from wx_archive.media.fonts import face
from wx_archive.media.sheets import INK, lines, mixed
from wx_archive.quiz import art_paper
from wx_archive.quiz.art_paper import SIZE_PX, Look
from wx_archive.quiz.seasons import KnownCard

MOST_BYTES: Final = 600_000
NUMERALS: Final = "一二三四五六七八九十"
_LEFT_PX: Final = 96
_ROOM_PX: Final = SIZE_PX[0] - 2 * _LEFT_PX
_HEAD_PX: Final = 84
_TOP_PX: Final = 182
"""Where the picture begins."""
_BOTTOM_PX: Final = SIZE_PX[1] - 92
"""Where the last line ends."""
_NUMBERS_PX: Final = (40, 34, 30, 26, 23)
_SEASONS_PX: Final = (38, 34, 30, 26, 22)
_TITLES_PX: Final = (68, 60, 52, 46, 42)
_ON_ONE_LINE: Final = 3
"""How many of these sizes are worth a single line; a longer title takes two larger ones."""
_STORIES_PX: Final = (40, 37, 34, 31, 28)
_PICTURES_PX: Final = (780, 720, 660, 600, 540, 480, 430, 380, 340)
_LEAST_PX: Final = 480
"""A picture is not made smaller than this to keep the story's type large."""
_SLIVER_PX: Final = 200
"""Nothing is seen on a picture that is lower."""
_LEADING: Final = 1.56
_OPENS: Final = 0.4
_SOURCE_PX: Final = 23
_SMALL_PX: Final = (400, 560)
_QUALITIES: Final = (90, 84, 76, 66)


class NoGlyphError(RefusedError):
    """The typeface lacks a character: better no card than one with an empty box."""

    def __init__(self, missing: str) -> None:
        super().__init__(f"字体里没有这几个字：{missing}。请换一种字体，或改用别的写法")


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines of one size, with the height they take."""

    lines: tuple[str, ...]
    size_px: int
    step_px: int

    @property
    def height_px(self) -> int:
        return len(self.lines) * self.step_px


@dataclass(frozen=True, slots=True)
class _Layout:
    picture_px: int
    title: _Block
    story: _Block
    source: _Block


def draw_card(card: KnownCard, season_name: str, picture: bytes | None, *, font: Path) -> bytes:
    """Return a card as JPEG; the same words and picture always give the same bytes.

    Args:
        card: number, title, story and source are set; all of them in full.
        season_name: decides the colours, too.
        picture: a JPEG, PNG or WebP; without one the title is set large.
        font: a typeface with Chinese characters (`fonts.find`).

    Raises:
        NoGlyphError: the typeface lacks a character.
        BadPictureError: the picture cannot be read.
    """
    if missing := fonts.lacking(font, words_of(card, season_name)):
        raise NoGlyphError(missing)
    look = Look.of(season_name)
    sheet = art_paper.ground(look, f"{season_name} {card.ordinal}")
    draw = ImageDraw.Draw(sheet)
    layout = _layout(card, font, has_picture=picture is not None)
    _head(draw, look, season_name, card.number, font)
    box = (_LEFT_PX, _TOP_PX, _LEFT_PX + _ROOM_PX, _TOP_PX + layout.picture_px)
    if picture is None:
        art_paper.place_title(sheet, look, card.title, font, box)
    else:
        art_paper.place_picture(sheet, look, picture, box)
    seal = (f"第{NUMERALS[card.ordinal - 1]}张", "共十张")
    # A picture's lower right is free; on ruled paper a writer signs on the left, at the end.
    left = box[0] + 40 if picture is None else box[2] - art_paper.SEAL_PX[0] - 34
    above = min(34, (layout.picture_px - art_paper.SEAL_PX[1]) // 2)
    art_paper.place_seal(sheet, seal, font, (left, box[3] - art_paper.SEAL_PX[1] - above))
    _words(draw, look, layout, font)
    return _jpeg(sheet)


def reduced(drawn: bytes) -> bytes:
    """Return a drawn card as JPEG for a page that shows several at once."""
    with Image.open(io.BytesIO(drawn)) as whole:
        small = whole.convert("RGB").resize(_SMALL_PX, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()


def words_of(card: KnownCard, season_name: str) -> str:
    """Return everything that is set on a card."""
    return f"{card.number}{card.title}{card.story}{card.source}{season_name}"


def _head(draw: ImageDraw.ImageDraw, look: Look, season: str, number: str, font: Path) -> None:
    """Put the season on the left, the number on the right, and a line below them."""
    base, right = _HEAD_PX + 46, _LEFT_PX + _ROOM_PX
    # A long number may take what the season's name leaves of the line.
    least_px = int(face(font, _SEASONS_PX[-1]).getlength(season))
    most_px = max(_ROOM_PX // 2, _ROOM_PX - least_px - 40)
    number_face = _fitting(number, font, _NUMBERS_PX, most_px)
    number = _cut(number, number_face, most_px)
    left_px = _ROOM_PX - int(number_face.getlength(number)) - 40
    season_face = _fitting(season, font, _SEASONS_PX, left_px)
    season = _cut(season, season_face, left_px)
    draw.text((_LEFT_PX, base), season, fill=look.ink, font=season_face, anchor="ls")
    draw.text((right, base), number, fill=look.ink, font=number_face, anchor="rs")
    draw.line(((_LEFT_PX, base + 20), (right, base + 20)), fill=look.ink, width=2)


def _fitting(words: str, font: Path, sizes_px: tuple[int, ...], room_px: int) -> FreeTypeFont:
    """Return the largest type in which words fit on one line, else the smallest."""
    faces = (face(font, size) for size in sizes_px)
    fits = next((one for one in faces if one.getlength(words) <= room_px), None)
    return fits or face(font, sizes_px[-1])


def _cut(words: str, type_face: FreeTypeFont, room_px: int) -> str:
    """Return words as far as they fit on one line; what was cut off ends in an ellipsis."""
    if type_face.getlength(words) <= room_px:
        return words
    kept = words
    while kept and type_face.getlength(f"{kept}…") > room_px:
        kept = kept[:-1]
    return f"{kept}…"


def _layout(card: KnownCard, font: Path, *, has_picture: bool) -> _Layout:
    """Return the first layout in which everything fits: large type before a large picture."""
    title = _title(card.title if has_picture else "", font)
    source = _block((card.source,) if card.source else (), font, _SOURCE_PX, 1.4)
    below = _BOTTOM_PX - _TOP_PX - title.height_px - source.height_px - 100
    blocks = {size: _story(card.story, font, size) for size in _STORIES_PX}
    for size, picture_px in _tries():
        if picture_px + blocks[size].height_px <= below:
            return _Layout(picture_px, title, blocks[size], source)
    smallest = blocks[_STORIES_PX[-1]]
    if smallest.height_px > below - _SLIVER_PX:  # many short paragraphs: they run on as one
        smallest = _story("　".join(card.story.split()), font, _STORIES_PX[-1])
    return _Layout(max(_SLIVER_PX, below - smallest.height_px), title, smallest, source)


def _tries() -> Iterator[tuple[int, int]]:
    """Yield sizes of type with heights of the picture, the best first."""
    for size in _STORIES_PX:
        yield from ((size, picture) for picture in _PICTURES_PX if picture >= _LEAST_PX)
    for size in _STORIES_PX[1:]:
        yield from ((size, picture) for picture in _PICTURES_PX if picture < _LEAST_PX)


def _title(title: str, font: Path) -> _Block:
    if not title:
        return _Block((), _TITLES_PX[-1], 0)
    blocks = [_block((title,), font, size, 1.3) for size in _TITLES_PX]
    on_one = (one for one in blocks[:_ON_ONE_LINE] if len(one.lines) == 1)
    on_two = (one for one in blocks[1:] if len(one.lines) == 2)
    return next(on_one, None) or next(on_two, blocks[-1])


def _story(story: str, font: Path, size_px: int) -> _Block:
    paragraphs = [f"　　{one.strip()}" for one in story.splitlines() if one.strip()]
    return _block(paragraphs, font, size_px, _LEADING)


def _block(
    paragraphs: tuple[str, ...] | list[str], font: Path, size_px: int, leading: float
) -> _Block:
    found = [line for one in paragraphs for line in lines(one, font, size_px, _ROOM_PX)]
    return _Block(tuple(found), size_px, round(size_px * leading))


def _words(draw: ImageDraw.ImageDraw, look: Look, layout: _Layout, font: Path) -> None:
    top = _TOP_PX + layout.picture_px + 34
    for block, fill in ((layout.title, INK), (layout.story, INK)):
        _set(draw, block, top, font, fill)
        top += block.height_px + (14 if block.lines else 0)
    soft = mixed(INK, look.paper, 0.66)
    top = _BOTTOM_PX - layout.source.height_px
    _set(draw, layout.source, top, font, soft)
    if layout.source.lines:
        draw.line(((_LEFT_PX, top - 14), (_LEFT_PX + 132, top - 14)), fill=look.ink, width=2)


def _set(
    draw: ImageDraw.ImageDraw, block: _Block, top: int, font: Path, fill: tuple[int, int, int]
) -> None:
    for number, line in enumerate(block.lines):
        # Half of an opening mark is white: what follows it would stand away from the edge.
        left = _LEFT_PX - (round(block.size_px * _OPENS) if line[0] in "《〈「『（" else 0)
        place = (left, top + number * block.step_px + block.step_px // 2)
        draw.text(place, line, fill=fill, font=face(font, block.size_px), anchor="lm")


def _jpeg(sheet: Image.Image) -> bytes:
    """Return the sheet as JPEG within the bound, as good as it can be."""
    drawn = b""
    for quality in _QUALITIES:
        out = io.BytesIO()
        sheet.save(out, "JPEG", quality=quality, optimize=True, dpi=(300, 300))
        drawn = out.getvalue()
        if len(drawn) <= MOST_BYTES:
            break
    return drawn
