"""Keyword replies and unanswered words, without I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import wide
from wx_archive.core.text import xml_safe
from wx_archive.guide import rules
from wx_archive.guide.rules import BLANK, Piece

MONDAY = date(2026, 11, 2)


@dataclass(frozen=True)
class Term:
    words: str
    empties: int
    people: int = 3


def told(text: str, *, filled: str = "", domains: Sequence[str] = ()) -> list[str]:
    return rules.text_problems(text, filled=filled or text, domains=domains, limit_bytes=1_800)


@pytest.mark.parametrize("typed", ["居住证", " 居住证 ", "居住证？", "居住证。！", "居住证~"])
def test_a_word_is_compared_without_marks_and_blanks(typed: str) -> None:
    assert rules.key_of(typed) == "居住证"
    assert rules.key_of(wide("WiFi")) == "wifi"


def test_words_stand_one_a_line_each_spelling_once() -> None:
    assert rules.words_of("居住证\r\n\n 暂住证 \n居住证？\nWIFI\nwifi") == (
        "居住证",
        "暂住证",
        "WIFI",
    )
    assert rules.words_of(" \n？\n") == ()


@pytest.mark.parametrize(
    ("word", "why"),
    [("证", "太短"), ("12", "全是数字"), ("长" * 31, "太长"), ("居\x00住", "控制字符")],
)
def test_some_words_can_be_no_keyword(word: str, why: str) -> None:
    problem = rules.word_problem(word)
    assert problem is not None
    assert why in problem
    assert rules.word_problem("居住证2026") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("字" * 201, "现在 603 字节，最多 600 字节"),
        (f"您好。{BLANK}", "还没有写答复"),
        ('<a href="x">看</a>', "尖括号"),
        ("看[[帮助", "没有写成对"),
        ("看[[]]", "没有写成对"),
        ("请打 {phone}", "没有“{phone}”这个占位"),
        ("坏\x07字", "控制字符"),
        ("看 https://evil.example/x", "“evil.example”不在"),
    ],
)
def test_what_is_wrong_with_a_text_is_said(text: str, why: str) -> None:
    assert any(why in problem for problem in told(text)), told(text)


def test_a_text_that_is_right_has_no_problem() -> None:
    assert told("字" * 200) == []
    text = "看[[开放时间]]、[[看|查 公积金]]，https://www.gov.cn/a。下一步：[[帮助]]"
    assert told(text, domains=["www.gov.cn"]) == []
    assert told("短", filled="字" * 601) == ["填入本馆资料以后太长，一条消息放不下，请缩短"]


def test_a_release_is_bound_to_words_and_text() -> None:
    seals = {rules.seal(*each) for each in (("a", "b"), ("ab", ""), ("a", "c"), ("b", "b"))}
    assert len(seals) == 4


def test_the_preview_shows_what_the_phone_would() -> None:
    assert rules.pieces("看[[开放时间]]，或[[查|查 公积金]]。") == [
        Piece("看"),
        Piece("开放时间", "开放时间"),
        Piece("，或"),
        Piece("查", "查 公积金"),
        Piece("。"),
    ]


@given(st.text())
def test_the_preview_loses_nothing_that_was_written(text: str) -> None:
    plain = "".join(char for char in text if char not in "[]")
    shown = "".join(piece.text for piece in rules.pieces(plain))
    assert shown == xml_safe(plain)


# -- groups -------------------------------------------------------------------------------------


def group(asked: list[Term], weeks: list[list[Term]] | None = None) -> list[rules.Group]:
    sounds = {"居驻证": "juzhuzheng", "居住证": "juzhuzheng"}
    return rules.group(
        asked, weeks or [[]], begins=MONDAY, sound=lambda word: sounds.get(word, word)
    )


def test_words_that_sound_alike_are_one_group_headed_by_the_commonest() -> None:
    groups = group([Term("居驻证", 3), Term("房票", 4), Term("居住证", 9, people=7)])
    assert [(one.words, one.empties, one.people) for one in groups] == [
        (("居住证", "居驻证"), 12, 7),
        (("房票",), 4, 3),
    ]


def test_swapped_characters_and_blanks_make_no_other_word() -> None:
    groups = group([Term("居住证办理", 5), Term("居住办证理", 3), Term("居住证 办理", 4)])
    assert [one.words for one in groups] == [("居住证办理", "居住证 办理", "居住办证理")]


def test_other_years_and_places_stay_apart() -> None:
    groups = group([Term("1978年大坝", 5), Term("1979年大坝", 5), Term("证住", 3), Term("住证", 3)])
    assert len(groups) == 4


def test_a_group_tells_its_weeks_and_its_trend() -> None:
    weeks = [[], [Term("居住证", 3)], [Term("居住证", 4), Term("居驻证", 5)], []]
    (one,) = group([Term("居住证", 9), Term("居驻证", 5)], weeks)
    assert one.by_week == (0, 3, 9, 0)
    assert (one.first_week, one.last_week) == (date(2026, 11, 9), date(2026, 11, 16))
    assert one.trend == "在减少"
    assert group([Term("甲乙", 3)])[0].first_week is None


@pytest.mark.parametrize(
    ("counts", "trend"),
    [
        ((0, 0, 0, 4), "在增加"),
        ((3, 3, 3, 3), "差不多"),
        ((9, 9, 9, 0), "在减少"),
        ((0, 0), "差不多"),
    ],
)
def test_a_trend_compares_the_last_week_with_those_before(
    counts: tuple[int, ...], trend: str
) -> None:
    weeks = [[Term("居住证", count)] if count else [] for count in counts]
    (one,) = group([Term("居住证", 9)], weeks)
    assert one.trend == trend


def test_weeks_end_today_and_leave_no_day_out() -> None:
    assert rules.weeks_of(date(2026, 11, 23), 2) == [
        (date(2026, 11, 10), date(2026, 11, 16)),
        (date(2026, 11, 17), date(2026, 11, 23)),
    ]
