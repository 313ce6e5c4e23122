"""Covers set in type: WeChat's shape, the same words the same bytes, all of them on the page."""

import io
import itertools
from pathlib import Path

import pytest
from PIL import Image

from wx_archive.media import fonts, plates
from wx_archive.media.fonts import NoFontError

LONGEST = "《中华人民共和国档案法实施条例》施行以后读者能多得到哪几样东西"


def drawn(title: str = "一座大坝的三次生日", column: str = "历史钩沉") -> Image.Image:
    return Image.open(io.BytesIO(plates.draw_cover(title, column, font=fonts.find())))


def ink(picture: Image.Image, box: tuple[int, int, int, int]) -> int:
    """Return how many pixels in a box are dark."""
    histogram = picture.convert("L").crop(box).histogram()
    return sum(histogram[:90])


def test_a_cover_has_the_shape_of_wechats_cards_and_the_same_bytes_every_time() -> None:
    once, again = (plates.draw_cover("一座大坝", "历史钩沉", font=fonts.find()) for _ in range(2))
    assert once == again
    assert len(once) < 1 << 20
    picture = Image.open(io.BytesIO(once))
    assert picture.format == "JPEG"
    width, height = picture.size
    assert width >= 900
    assert abs(width / height - 2.35) < 0.01


@pytest.mark.parametrize("title", ["坝", "一座大坝的三次生日", LONGEST, "长" * 32, "A" * 32])
def test_no_title_leaves_the_frame_or_runs_into_the_seal(title: str) -> None:
    picture = drawn(title)
    width, height = picture.size
    assert ink(picture, (60, 60, width - 190, height - 60)) > 200
    for box in ((0, 0, width, 30), (0, height - 30, width, height), (width - 185, 50, width, 90)):
        assert ink(picture, box) == 0


def test_every_column_fits_on_its_seal() -> None:
    seals = [drawn("坝", column).crop((900, 40, 1046, 420)) for column in ("历史钩沉", "档案鉴赏")]
    for one, other in itertools.pairwise(seals):
        assert one.tobytes() != other.tobytes()


def test_a_font_that_is_not_there_is_a_sentence_and_no_empty_boxes(tmp_path: Path) -> None:
    with pytest.raises(NoFontError, match="没有能画汉字的字体"):
        fonts.find(tmp_path / "none.ttf")
    with pytest.raises(NoFontError):
        fonts.find(None, ("NoSuchFont-Regular.ttf",))
