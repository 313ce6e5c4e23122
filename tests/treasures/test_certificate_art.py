"""Certificates drawn: every word on the sheet, inside the frame, readable; metadata name nobody."""

import io
import re
import zlib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from wx_archive.media import fonts, sheets
from wx_archive.media.fonts import NoFontError
from wx_archive.treasures import certificate_art as art
from wx_archive.treasures import certificate_paper as paper
from wx_archive.treasures import certificate_texts as texts
from wx_archive.treasures import rules
from wx_archive.treasures.certificate_art import NoGlyphError, Printed, Run
from wx_archive.treasures.rules import Wish

TOKEN = "7K3M9QXW2ZB5RT8YVN4HCDEFGA"
ORIGIN = "https://archive.example.org"
NAME, TITLE, EXTENT = "王建国", "兰水大桥通车典礼照片", "照片 3 张"
LONG_NAME = "尼玛次仁·阿卜杜拉与兰台第一中学一九七七届三班全体同学老师"
LONG_TITLE = ("兰台市第一次人民代表大会筹备委员会关于召开会议的通知及附件、签到簿、合影，" * 6)[
    :200
]
LONG_EXTENT = (
    "文件二十一件、照片一百零八张、图纸四幅、录音带十二盘、"
    "实物三件另附目录一册，共计一百四十九件，分装五盒"
)
LONG_BUREAU = "鄂西北兰台市档案馆（兰台市地方志编纂中心、兰台市党史研究室）"
FRAME_PX = 120
"""Inside of the frame's last line."""
RARE = "\U0001f600"
"""No typeface that people write with has it."""


def printed(
    wish: Wish = Wish.DONATE,
    *,
    name: str = NAME,
    title: str = TITLE,
    extent: str = EXTENT,
    bureau: str = "兰台市档案馆",
    origin: str = ORIGIN,
) -> Printed:
    return Printed(
        rules.CERTIFICATES[wish],
        "证2026-000001",
        "藏2026-000007",
        name,
        texts.body(wish, title, extent),
        bureau,
        date(2026, 11, 23),
        texts.verify_address(origin, TOKEN),
        TOKEN[-6:],
        texts.MARKS[wish],
    )


LONGEST = printed(
    Wish.DEPOSIT, name=LONG_NAME, title=LONG_TITLE, extent=LONG_EXTENT, bureau=LONG_BUREAU
)
EXTREMES = {
    "usual": printed(),
    "nobody": printed(Wish.COPY, name=rules.NOBODY, extent=""),
    "short": printed(name="李", title="信", extent=""),
    "longest": LONGEST,
    "letters": printed(name="A" * 30, title="Report-" * 28, extent="x" * 60, bureau="B" * 30),
    "marks": printed(name="《" * 30, title="，。" * 100, extent="（" * 60),
}


@pytest.fixture(scope="module")
def font() -> Path:
    return fonts.find()


@pytest.fixture(scope="module")
def drawn() -> art.Drawn:
    return art.draw(printed())


def box_of(run: Run, font: Path) -> tuple[float, float, float, float]:
    """Return the box that a line's ink takes."""
    face = fonts.face(font, run.size_px)
    left, top, right, bottom = face.getbbox(run.words, anchor=run.anchor)
    # Marks at the end of a line may hang over the edge: their own white is on their right.
    right = face.getbbox(run.words.rstrip("，。、；：）》」"), anchor=run.anchor)[2] or right
    wide = run.apart_px * max(0, len(run.words) - 1) / 2
    x, y = run.place
    return x + left - wide, y + top, x + right + wide, y + bottom


def spoken(layout: tuple[Run, ...]) -> str:
    return "".join("".join(run.words.split()) for run in layout)


@pytest.mark.parametrize("shown", EXTREMES.values(), ids=EXTREMES)
def test_every_word_stands_inside_the_frame_and_over_no_other(shown: Printed, font: Path) -> None:
    layout = art.lay_out(shown, font)
    boxes = [box_of(run, font) for run in layout]
    wide, high = paper.SIZE_PX
    for run, (left, top, right, bottom) in zip(layout, boxes, strict=True):
        assert left > FRAME_PX and right < wide - FRAME_PX, run  # noqa: PT018 -- one line of type
        assert top > FRAME_PX and bottom < high - FRAME_PX, run  # noqa: PT018 -- one line of type
    for at, (run, one) in enumerate(zip(layout, boxes, strict=True)):
        for other_run, other in zip(layout[at + 1 :], boxes[at + 1 :], strict=True):
            overlaps = (
                one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
            )
            assert not overlaps, (run, other_run)
    mark = (*MARK, MARK[0] + paper.MARK_PX[0], MARK[1] + paper.MARK_PX[1])
    for run, (left, top, right, bottom) in zip(layout, boxes, strict=True):
        for place in (art.CODE, mark):
            clear = right <= place[0] or place[2] <= left or bottom <= place[1] or place[3] <= top
            assert clear, run


MARK = art.MARK_PLACE


@pytest.mark.parametrize("shown", EXTREMES.values(), ids=EXTREMES)
def test_nothing_of_what_is_to_be_said_is_left_out(shown: Printed, font: Path) -> None:
    said = spoken(art.lay_out(shown, font))
    for words in (
        shown.called,
        shown.number,
        shown.accession,
        shown.tail,
        *shown.body,
        f"{shown.name}：",
        "二〇二六年十一月二十三日",
        "不是公章",
        "由本馆亲手盖章",
    ):
        assert "".join(words.split()) in said
    assert said.count(shown.bureau) == 2


def test_the_usual_one_is_set_large_and_the_longest_still_readable(font: Path) -> None:
    sizes = {
        name: min(run.size_px for run in art.lay_out(shown, font) if run.words[:1] == "　")
        for name, shown in EXTREMES.items()
    }
    assert sizes["usual"] >= 57
    assert sizes["longest"] >= 33


@pytest.mark.parametrize("wish", list(rules.CERTIFICATES))
def test_each_kind_says_what_was_agreed(wish: Wish, font: Path) -> None:
    said = spoken(art.lay_out(printed(wish), font))
    assert rules.CERTIFICATES[wish] in said
    assert f"《{TITLE}》（照片3张）" in said
    told = {Wish.DONATE: "捐赠《", Wish.COPY: "原件归您保存", Wish.DEPOSIT: "所有权仍归您"}
    assert told[wish] in said
    assert ("捐赠" in said) is (wish is Wish.DONATE)


def test_a_title_with_marks_of_its_own_stands_in_corners() -> None:
    assert "「《江城子》手稿」" in texts.body(Wish.DONATE, "《江城子》手稿", "")[0]


@pytest.mark.parametrize(
    ("day", "written"),
    [
        (date(2026, 11, 23), "二〇二六年十一月二十三日"),
        (date(2027, 1, 1), "二〇二七年一月一日"),
        (date(2030, 10, 10), "二〇三〇年十月十日"),
        (date(2029, 12, 31), "二〇二九年十二月三十一日"),
        (date(2029, 2, 20), "二〇二九年二月二十日"),
    ],
)
def test_days_are_written_in_words(day: date, written: str) -> None:
    assert texts.chinese_day(day) == written


def test_the_picture_suits_a_phone_and_the_sheet_a_printer(drawn: art.Drawn) -> None:
    picture = Image.open(io.BytesIO(drawn.png))
    assert (picture.format, picture.size) == ("PNG", (1080, 1527))
    assert len(drawn.png) <= 1_000_000
    assert drawn.pdf.startswith(b"%PDF-")
    media = re.search(rb"/MediaBox \[ 0 0 ([0-9.]+) ([0-9.]+) \]", drawn.pdf)
    assert media
    width_mm, height_mm = (float(points) / 72 * 25.4 for points in media.groups())
    assert width_mm == pytest.approx(210, abs=0.2)
    assert height_mm == pytest.approx(297, abs=0.2)
    assert b"/Width 1654" in drawn.pdf


def test_the_same_words_are_the_same_bytes(drawn: art.Drawn) -> None:
    assert art.draw(printed()) == drawn


def test_gold_stays_gold_on_the_phone(drawn: art.Drawn) -> None:
    picture = Image.open(io.BytesIO(drawn.png)).convert("RGB")
    pixel = picture.getpixel((540, round(604 * 1080 / 1654)))
    assert all(abs(one - other) < 24 for one, other in zip(pixel, paper.GOLD, strict=True))  # type: ignore[arg-type] # RGB


def test_what_the_sheet_says_of_itself_names_the_certificate_and_nobody(drawn: art.Drawn) -> None:
    about = drawn.pdf.replace(b"\x00", b"") + b"".join(_inflated(drawn.pdf))
    assert "捐赠证书 证2026-000001".encode("utf-16-be").replace(b"\x00", b"") in about
    for personal in (NAME, TITLE, EXTENT):
        for spelled in ("utf-8", "utf-16-be", "gb18030"):
            assert personal.encode(spelled) not in drawn.pdf
    assert set(Image.open(io.BytesIO(drawn.png)).info) <= {"dpi"}


def _inflated(pdf: bytes) -> list[bytes]:
    found = []
    for stream in re.findall(rb"FlateDecode.*?stream\r?\n(.*?)endstream", pdf, flags=re.DOTALL):
        try:
            found.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return found


# -- the code ------------------------------------------------------------------------------------


def read_modules(
    picture: Image.Image, box: tuple[float, float, float, float], count: int
) -> list[list[bool]]:
    """Return a code as a camera sees it: how dark the middle of each module is."""
    grey, size = picture.convert("L"), (box[2] - box[0]) / count
    return [
        [
            _dark(grey, box[0] + (column + 0.5) * size, box[1] + (row + 0.5) * size)
            for column in range(count)
        ]
        for row in range(count)
    ]


def _dark(grey: Image.Image, x: float, y: float) -> bool:
    left, top = int(x), int(y)
    return sum(grey.crop((left, top, left + 1, top + 1)).histogram()[:128]) == 1


@pytest.mark.parametrize(
    ("width_px", "what"), [(1654, "A4 at 200 dpi"), (1080, "phone"), (690, "A5 at 118 dpi")]
)
@pytest.mark.parametrize("origin", [ORIGIN, f"https://{'a' * 60}.example.org/wx"])
def test_the_code_can_be_read_in_every_size(
    font: Path, origin: str, width_px: int, what: str
) -> None:
    shown = printed(origin=origin)
    sheet = art.picture(shown, font)
    right = paper.modules(shown.address)
    left, top = paper.code_corner(art.CODE, len(right))
    wide = paper.module_px(art.CODE, len(right)) * len(right)
    share = width_px / sheet.width
    small = sheet.resize((width_px, round(sheet.height * share)), Image.Resampling.LANCZOS)
    box = tuple(edge * share for edge in (left, top, left + wide, top + wide))
    seen = read_modules(small, box, len(right))  # type: ignore[arg-type] # four edges
    assert seen == [list(row) for row in right], what


def test_the_code_is_large_enough_on_a5_and_has_its_white_edge(font: Path) -> None:
    shown = printed()
    count = len(paper.modules(shown.address))
    size_mm = paper.module_px(art.CODE, count) / art.DPI * 25.4
    assert size_mm / 2**0.5 >= 0.4, "a module on A5, in millimetres"
    sheet = art.picture(shown, font)
    left, top = paper.code_corner(art.CODE, count)
    edge = 4 * paper.module_px(art.CODE, count)
    assert left - edge >= art.CODE[0]
    for x in range(left - edge, left + edge, 3):
        assert sheet.getpixel((x, top - 2)) == (255, 255, 255)


def test_the_code_leads_to_the_page_and_names_nobody() -> None:
    shown = printed()
    assert shown.address == f"{ORIGIN}/h5/treasures/verify/{TOKEN}"


# -- typefaces -----------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["name", "title", "bureau"])
def test_a_character_that_no_typeface_has_is_refused_never_drawn_as_a_box(where: str) -> None:
    with pytest.raises(NoGlyphError, match=RARE) as refused:
        art.draw(printed(**{where: f"王{RARE}"}))  # type: ignore[arg-type] # one of its words
    assert refused.value.missing == RARE


def test_a_rare_name_is_set_in_a_typeface_that_has_it(font: Path) -> None:
    rare = next((char for char in "𠮷𪚥𠀀𣎴㐱䶮" if fonts.lacking(font, char)), None)
    if rare is None:
        pytest.skip("the first typeface has every one of them")
    shown = replace(printed(), name=f"王{rare}")
    try:
        other = fonts.find(None, fonts.SERIF)
    except NoFontError:
        pytest.skip("there is no second typeface")
    if fonts.lacking(other, rare):
        with pytest.raises(NoGlyphError):
            art.typeface(shown)
    else:
        found = art.typeface(shown)
        assert found != font
        assert not fonts.lacking(found, shown.name)


@pytest.mark.parametrize("extent", ["4 张", "照片 12 张", "信三十二封、册页 1 册", "一百零八页"])
def test_a_number_is_never_parted_from_what_it_counts(font: Path, extent: str) -> None:
    said, *_rest = texts.body(Wish.DONATE, TITLE, extent)
    for room_px in range(400, 1200, 10):
        for line in sheets.lines(said, font, 48, room_px)[:-1]:
            assert not re.search(r"[0-9一二三十百零]$", line), (line, room_px)
