"""Scope words, politeness, matters of private life."""

import pytest

from tests.builders import wide
from wx_archive.catalogue.rules import Kind
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
