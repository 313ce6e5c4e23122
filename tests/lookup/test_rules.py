"""Scope words, politeness, matters of private life; days, decades, words marked in titles."""

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.builders import wide
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.tokens import normalise
from wx_archive.lookup import rules


@pytest.mark.parametrize(
    ("typed", "left", "kind"),
    [
        ("文件 公积金", "公积金", Kind.DOCUMENT),
        ("档案　公路", "公路", Kind.RECORD),
        ("  文件   公积金 提取 ", "公积金 提取", Kind.DOCUMENT),
        ("文件", "文件", None),
        ("文件 ", "文件", None),
        ("档案法", "档案法", None),
        ("公积金 文件", "公积金 文件", None),
    ],
)
def test_a_scope_word_in_front_narrows_the_kind(typed: str, left: str, kind: Kind | None) -> None:
    assert rules.split_scope(typed) == (left, kind)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_a_word_that_asks_for_it(kind: Kind) -> None:
    assert rules.split_scope(f"{rules.scope_word(kind)} 公路") == ("公路", kind)


@pytest.mark.parametrize(
    "polite",
    ["我想查一下公积金", "请问帮我查公积金", "麻烦查询 公积金", "搜索公积金", "找一下公积金"],
)
def test_politeness_is_left_out(polite: str) -> None:
    assert rules.without_asking(polite) == "公积金"


@pytest.mark.parametrize("words", ["公积金", "查", "查房", "想念", ""])
def test_what_is_no_politeness_is_left_alone(words: str) -> None:
    assert rules.without_asking(words) is None


@pytest.mark.parametrize(
    "words", ["结婚登记", "結婚證", "我妈的知青档案", "离\u200b婚", "学籍", f"退伍{wide('1985')}"]
)
def test_private_life_is_told_by_the_words_alone(words: str) -> None:
    assert rules.touches_livelihood(words)


@pytest.mark.parametrize("words", ["公积金", "大桥", "结算", ""])
def test_other_matters_are_not_private_life(words: str) -> None:
    assert not rules.touches_livelihood(words)


@pytest.mark.parametrize(
    "typed",
    ["2015-01-31", "2015年1月31日", "20150131", "2015/1/31", " 2015.01.31 ", wide("2015-01-31")],
)
def test_a_day_is_read_as_people_write_it(typed: str) -> None:
    assert rules.day_asked(typed) == date(2015, 1, 31)


@pytest.mark.parametrize(
    "typed", ["", "abc", "2015", "2015-02-30", "0000-01-01", "2015-1", "٢٠١٥-01-01", "9" * 5_000]
)
def test_what_is_no_day_is_none(typed: str) -> None:
    assert rules.day_asked(typed) is None


def test_the_decade_of_most_days_is_chosen_and_the_older_of_two() -> None:
    days = [date(1969, 1, 1), None, date(1961, 1, 1), date(2004, 1, 1)]
    assert rules.commonest_decade(days) == "1960年代"
    assert rules.commonest_decade([date(2004, 1, 1), date(1969, 1, 1)]) == "1960年代"
    assert rules.commonest_decade([None]) is None


def asked_for(title: str, *spellings: str) -> list[str]:
    """Return the marked pieces."""
    return [piece for piece, is_asked in rules.marked(title, spellings) if is_asked]


@pytest.mark.parametrize(
    ("title", "word", "found"),
    [
        ("兰台市住房公积金管理办法", "公积金", ["公积金"]),
        ("蘭臺市住房公積金管理辦法", "公积金", ["公積金"]),
        (f"关于{wide('GDP')}核算的通知", "gdp", [wide("GDP")]),
        ("公积金提取与公积金贷款", "公积金", ["公积金", "公积金"]),
        ("公\u200b积金办法", "公积金", ["公\u200b积金"]),
        ("二〇〇四年工作要点", "2004年", ["二〇〇四年"]),
        ("第㈠号令", "一", ["㈠"]),
        ("cafe\u0301公路", "公路", ["公路"]),
        ("办法办法办", "办法办", ["办法办法办"]),
        ("公积金", "公路", []),
        ("公积金", "", []),
        ("", "公积金", []),
    ],
)
def test_a_searched_word_is_marked_where_it_stands(title: str, word: str, found: list[str]) -> None:
    assert asked_for(title, word) == found


@given(st.text(max_size=60), st.lists(st.text(max_size=6), max_size=3))
@example("e\u0301<mark>", ["e"])
@example("㍿㍿", ["社"])
def test_marking_changes_no_character_of_a_title(title: str, typed: list[str]) -> None:
    pieces = rules.marked(title, [normalise(word) for word in typed])
    assert "".join(piece for piece, _is_asked in pieces) == title
