"""Cards drawn: the same words the same bytes, everything on the sheet, never an empty box."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from tests.quiz.album_making import STORY, a_card, a_picture
from wx_archive.media import fonts
from wx_archive.quiz import art
from wx_archive.quiz.art import NoGlyphError
from wx_archive.quiz.art_paper import BadPictureError, Look
from wx_archive.quiz.seasons import KnownCard

SEASON = "第一季：桥与路"
RARE = "\U0001f4dc"
"""No typeface that people write with has it."""
LONGEST = "兰台市第一次人民代表大会筹备委员会关于召开会议的通知及附件（一九五四年）共三件"
FULL = ("施工日志共四十七册，" * 40)[:400]
SOURCE = ("兰台市档案馆全宗目录，" * 20)[:200]


@pytest.fixture(scope="module")
def font() -> Path:
    return fonts.find()


def drawn(
    card: KnownCard, font: Path, *, picture: bytes | None = None, season: str = SEASON
) -> Image.Image:
    return Image.open(io.BytesIO(art.draw_card(card, season, picture, font=font))).convert("RGB")


def ink(sheet: Image.Image, box: tuple[int, int, int, int]) -> int:
    """Return how many pixels in a box are dark."""
    return sum(sheet.convert("L").crop(box).histogram()[:110])


def longest_run(numbers: list[int]) -> int:
    """Return how many of them follow each other without a gap."""
    longest = run = 0
    for before, number in zip([None, *numbers], numbers, strict=False):
        run = run + 1 if before is not None and number == before + 1 else 1
        longest = max(longest, run)
    return longest


def differs(one: Image.Image, other: Image.Image) -> tuple[int, int, int, int] | None:
    """Return where two sheets differ by more than the grain of JPEG."""
    return ImageChops.difference(one, other).point(lambda value: 255 * (value > 60)).getbbox()


@pytest.mark.parametrize("picture", [None, a_picture()], ids=["plate", "picture"])
def test_a_card_has_its_size_and_the_same_bytes_every_time(
    font: Path, picture: bytes | None
) -> None:
    once, again = (art.draw_card(a_card(), SEASON, picture, font=font) for _ in range(2))
    assert once == again
    assert len(once) <= art.MOST_BYTES
    sheet = Image.open(io.BytesIO(once))
    assert (sheet.format, sheet.size, sheet.info["dpi"]) == ("JPEG", (1080, 1512), (300, 300))


@pytest.mark.parametrize("picture", [None, a_picture()], ids=["plate", "picture"])
@pytest.mark.parametrize(
    ("title", "story", "source"),
    [
        ("桥", "短。", ""),
        ("兰水大桥施工日志", STORY, "兰台市档案馆"),
        (LONGEST, FULL, SOURCE),
        ("《" + "长" * 38 + "》", FULL, ""),
        ("A" * 40, "1969年12月1日通车。\n\n第二段。", "http://www.example.org/" + "a" * 60),
    ],
)
def test_whatever_is_written_stays_inside_the_frame(
    font: Path, title: str, story: str, source: str, picture: bytes | None
) -> None:
    card = a_card(title=title, story=story, source=source, number="0012-1969-0031-0004-01")
    sheet = drawn(
        card,
        font,
        picture=picture,
        season="二〇二六年冬季第一季：山水之间的城与人和他们的路桥与车站的故事第一季",
    )
    for edge in ((66, 100, 84, 1412), (996, 100, 1014, 1412), (100, 1424, 980, 1446)):
        assert ink(sheet, edge) == 0, edge
    assert ink(sheet, (96, 180, 984, 1420)) > 1000


def test_the_last_words_of_the_longest_story_and_source_are_there(font: Path) -> None:
    whole = a_card(title=LONGEST, story=FULL, source=SOURCE)
    changed = a_card(title=LONGEST, story=FULL[:-1] + "河", source=SOURCE)
    sheet = drawn(whole, font)
    assert differs(sheet, drawn(changed, font))
    changed = a_card(title=LONGEST, story=FULL, source=SOURCE[:-1] + "河")
    box = differs(sheet, drawn(changed, font))
    assert box
    assert box[1] > 1380
    assert box[3] <= 1424


@pytest.mark.parametrize("field", ["number", "title", "story", "source"])
def test_every_part_of_a_card_is_on_it(font: Path, field: str) -> None:
    picture = a_picture()
    sheet = drawn(a_card(), font, picture=picture)
    changed = replace(a_card(), **{field: "永乐大典"})  # type: ignore[arg-type] # all are texts
    assert differs(sheet, drawn(changed, font, picture=picture))


def test_the_seal_says_which_of_ten_it_is(font: Path) -> None:
    picture = a_picture()
    sheets = [drawn(a_card(ordinal), font, picture=picture) for ordinal in (1, 2, 10)]
    assert len({sheet.tobytes() for sheet in sheets}) == 3
    for sheet in sheets:
        red = [
            (r, g, b)
            for r, g, b in zip(*[iter(sheet.resize((270, 378)).tobytes())] * 3, strict=True)
            if r > 150 and g < 90 and b < 80
        ]
        assert len(red) > 500


def test_without_a_picture_the_title_is_set_large_downwards(font: Path) -> None:
    sheet, other = (drawn(a_card(title=title), font) for title in ("兰水大桥", "兰水小桥"))
    box = differs(sheet, other)
    assert box
    left, top, right, bottom = box
    assert 90 < right - left < 160
    assert bottom - top > 90


def test_a_picture_is_cut_to_its_place_and_warmed(font: Path) -> None:
    cold = a_picture(colour="#2040ff")
    spot = drawn(a_card(), font, picture=cold).crop((300, 300, 301, 301))
    red, _green, blue = spot.tobytes()
    assert 0 < blue - red < 110, "of a difference of 223"
    for size in ((40, 1600), (1600, 40), (3, 3)):
        assert drawn(a_card(), font, picture=a_picture(*size)).size == (1080, 1512)


def test_seasons_look_different_and_each_always_the_same(font: Path) -> None:
    names = [f"第{number}季" for number in range(12)]
    looks = [Look.of(name) for name in names]
    assert looks == [Look.of(name) for name in names]
    assert len({(look.ink, look.paper, look.corner) for look in looks}) >= 9
    one, other = (drawn(a_card(), font, season=name) for name in ("第1季", "第2季"))
    assert differs(one, other)


def test_a_character_that_the_typeface_lacks_is_a_sentence_and_no_empty_box(font: Path) -> None:
    with pytest.raises(NoGlyphError, match=f"没有这几个字：{RARE}"):
        art.draw_card(a_card(story=f"桥{RARE}通车"), SEASON, None, font=font)
    with pytest.raises(NoGlyphError):
        art.draw_card(a_card(), f"一季{RARE}", None, font=font)


@pytest.mark.parametrize("broken", [b"", b"no picture", a_picture()[:300]])
def test_a_picture_that_cannot_be_read_is_refused(font: Path, broken: bytes) -> None:
    with pytest.raises(BadPictureError, match="请换一张"):
        art.draw_card(a_card(), SEASON, broken, font=font)


def test_the_albums_size_is_small(font: Path) -> None:
    small = art.reduced(art.draw_card(a_card(), SEASON, a_picture(), font=font))
    assert Image.open(io.BytesIO(small)).size == (400, 560)
    assert len(small) < 60_000


@pytest.mark.parametrize("season", [SEASON, "W" * 40], ids=["short", "long"])
def test_a_long_number_stands_beside_the_seasons_name_not_over_it(font: Path, season: str) -> None:
    plain = drawn(replace(a_card(), number=""), font, season=season)
    both = drawn(replace(a_card(), number="W" * 24), font, season=season)
    alone = drawn(replace(a_card(), number="W" * 24), font, season="")
    head = (96, 90, 984, 148)
    apart = [
        column
        for column in range(head[0], head[2])
        if ink(both, (column, head[1], column + 1, head[3])) == 0
    ]
    assert differs(plain, both)
    assert differs(alone, both)
    assert longest_run(apart) >= 30


@pytest.mark.parametrize(
    "story", ["W" * 400, "！" * 400, "》" * 400, "\n".join("字字" for _ in range(133))]
)
@pytest.mark.parametrize("picture", [None, a_picture()], ids=["plate", "picture"])
def test_words_without_a_break_and_many_lines_stay_inside_the_frame(
    font: Path, story: str, picture: bytes | None
) -> None:
    card = replace(a_card(), story=story, source="".join(story.split())[:200])
    sheet, bare = drawn(card, font, picture=picture), drawn(a_card(), font, picture=picture)
    width, height = sheet.size
    for edge in (
        (0, 0, width, 40),
        (width - 40, 0, width, height),
        (0, height - 40, width, height),
    ):
        assert abs(ink(sheet, edge) - ink(bare, edge)) < 20
