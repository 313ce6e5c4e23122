"""What typed words mean: words, years, synonyms."""

from pathlib import Path

import pytest

from tests.builders import wide
from wx_archive.catalogue.query import understand
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.words import of_file


def words(text: str) -> list[str]:
    return [word.text for word in understand(text).words]


@pytest.mark.parametrize(
    ("typed", "left", "years"),
    [
        ("公积金 2010-2019", ["公积金"], (2010, 2019)),
        (f"公积金 {wide('2010')}—{wide('2019')}", ["公积金"], (2010, 2019)),
        ("公积金 2019年至2010年", ["公积金"], (2010, 2019)),
        ("公积金 二〇一〇年到二〇一九年", ["公积金"], (2010, 2019)),
        ("2004年 房改", ["房改"], (2004, 2004)),
        ("房改 2004", ["房改"], (2004, 2004)),
        ("二〇〇四年 房改", ["房改"], (2004, 2004)),
        ("60年代", [], (1960, 1969)),
        ("档案 1960年代", ["档案"], (1960, 1969)),
        ("10年代 房改", ["房改"], (2010, 2019)),
        ("1985", [], (1985, 1985)),
        ("房改", ["房改"], None),
        ("十政办发〔2004〕", ["十政办发", "2004"], None),
        ("0012-2004-1", ["0012", "2004", "1"], None),
        ("123456", ["123456"], None),
    ],
)
def test_years_are_taken_out_of_the_words(
    typed: str, left: list[str], years: tuple[int, int] | None
) -> None:
    query = understand(typed)
    assert [word.text for word in query.words] == left
    assert query.years == years


@pytest.mark.parametrize(
    ("typed", "is_in_words"),
    [("2004年工作报告", True), ("关于2004年房改", True), ("2004年 房改", False), ("2004", False)],
)
def test_a_year_inside_other_words_may_be_part_of_a_title(typed: str, *, is_in_words: bool) -> None:
    assert understand(typed).year_in_words is is_in_words


def test_a_lone_character_beside_other_words_is_left_out() -> None:
    assert words("县 公积金") == ["公积金"]
    assert words("县 房") == ["县"]
    assert understand("房").single_character == "房"
    assert understand("a").single_character is None


@pytest.mark.parametrize("typed", ["", "   ", "，。？", "😀😀", "]]>"])
def test_nothing_to_look_for_is_an_empty_query(typed: str) -> None:
    assert understand(typed).is_empty


def test_a_word_brings_its_synonyms_but_none_that_contains_it(tmp_path: Path) -> None:
    path = tmp_path / "synonyms.yaml"
    path.write_text("- [房改, 住房制度改革]\n- [公积金, 住房公积金]\n", encoding="utf-8")
    synonyms = of_file(path)
    query = understand("房改 公积金", kind=Kind.DOCUMENT, synonyms=synonyms)
    assert [word.spellings for word in query.words] == [("房改", "住房制度改革"), ("公积金",)]
    assert query.kind is Kind.DOCUMENT


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("八十年代 土改", 1980),
        ("五十年代", 1950),
        ("上世纪80年代 招工", 1980),
        ("二十世纪七十年代", 1970),
        ("20世纪10年代", 1910),
        ("10年代", 2010),
    ],
)
def test_a_decade_is_understood_as_it_is_spoken(typed: str, first: int) -> None:
    query = understand(typed)
    assert query.years == (first, first + 9)
    assert not any("年代" in word.text or "世纪" in word.text for word in query.words)
