"""Words without a database: what is one, what is a name, what is a slip."""

from collections import Counter

import pytest

from wx_archive.catalogue.tokens import normalise
from wx_archive.catalogue.words import mining, sounds
from wx_archive.catalogue.words.names import could_be_name, may_hold_name
from wx_archive.catalogue.words.spelling import (
    Slip,
    slip_of_hand,
    slip_of_sound,
    variants,
    words_inside,
)


def mined(*texts: str, at_least: int = 2) -> dict[str, int]:
    cut = Counter(stretch for text in texts for stretch in mining.stretches(normalise(text)))
    return mining.with_edges(mining.words(cut, at_least=at_least), cut)


def test_a_word_is_what_texts_begin_and_end_with() -> None:
    found = mined("缴存公积金。", "公积金的提取", "提取公积金，", "公积金管理", "缴存，", "管理")
    assert {"公积金", "缴存", "提取", "管理"} <= found.keys()
    assert not {"积金", "公积", "金管", "存公", "取公"} & found.keys()


def test_a_piece_across_two_words_is_none_however_frequent() -> None:
    found = mined("城市公园", "城市公路", "集市公园", "集市公路", "公园", "公路", "城市", "集市")
    assert {"公园", "公路", "城市", "集市"} <= found.keys()
    assert "市公" not in found


def test_a_piece_that_is_always_part_of_one_word_is_none() -> None:
    found = mined("住房公积金", "住房公积金。", "提取住房公积金", "住房")
    assert "住房公积金" in found
    assert not {"房公积金", "房公", "住房公"} & found.keys()


def test_what_ties_sentences_together_is_no_word_and_in_none() -> None:
    found = mined(*["关于公路的通知和有关第三十五条的解释"] * 3)
    assert found.keys() == {"公路", "通知", "解释"}


def test_a_piece_that_is_rare_is_no_word() -> None:
    assert mined("公路", "公路", "铁路").keys() == {"公路"}


@pytest.mark.parametrize("text", ["张伟", "王建国", "欧阳修", "司马相如"])
def test_what_has_the_form_of_a_name_is_told(text: str) -> None:
    assert could_be_name(text)


@pytest.mark.parametrize("text", ["公积金", "林业", "安全", "张湾区委", "高速公路", "张", "结婚"])
def test_ordinary_words_are_no_names(text: str) -> None:
    assert not could_be_name(text)


@pytest.mark.parametrize("text", ["张伟", "张伟同志", "免去张伟", "关于王建国"])
def test_a_name_is_noticed_inside_other_words(text: str) -> None:
    assert may_hold_name(text, known=frozenset())


def test_a_word_that_offices_use_holds_no_name() -> None:
    assert may_hold_name("张湾水库", known=frozenset())
    assert not may_hold_name("张湾水库", known=frozenset({"张湾"}))
    assert not may_hold_name("内江水库", known=frozenset({"内江"}))
    assert not may_hold_name("公路安全", known=frozenset())


@pytest.mark.parametrize(
    ("typed", "meant", "slip"),
    [
        ("住房公鸡金", "住房公积金", Slip.WRONG),
        ("住房公金", "住房公积金", Slip.MISSING),
        ("住房公公积金", "住房公积金", Slip.EXTRA),
        ("住公房积金", "住房公积金", Slip.SWAPPED),
        ("金房公积住", "住房公积金", None),
        ("住屋公鸡金", "住房公积金", None),
        ("公积", "公积金", Slip.MISSING),
        ("公路", "公园", None),
        ("公路", "公路管理", None),
    ],
)
def test_one_slip_of_the_hand_is_known_by_its_kind(
    typed: str, meant: str, slip: Slip | None
) -> None:
    assert slip_of_hand(typed, meant) is slip
    if slip is not None:
        assert set(variants(typed)) & set(variants(meant))


@pytest.mark.parametrize(
    ("typed", "meant", "slip"),
    [
        (("gong", "ji", "jin"), ("gong", "ji", "jin"), Slip.SAME_SOUND),
        (("gong", "zi"), ("gong", "zhi"), Slip.LIKE_SOUND),
        (("yin", "hang"), ("ying", "han"), Slip.LIKE_SOUND),
        (("lan", "ren"), ("nan", "ren"), Slip.LIKE_SOUND),
        (("gong", "lu"), ("gong", "yuan"), None),
        (("xi", "an"), ("xian",), None),
    ],
)
def test_words_of_like_sound_are_known(
    typed: tuple[str, ...], meant: tuple[str, ...], slip: Slip | None
) -> None:
    assert slip_of_sound(typed, meant) is slip


def test_a_word_is_read_as_people_read_it() -> None:
    assert sounds.spoken("银行") == ("yin", "hang")
    assert sounds.spoken("女工") == ("nv", "gong")


def test_a_run_is_cut_into_its_longest_words() -> None:
    known = {"汉江", "汉江大桥", "大桥", "施工"}
    cut = words_inside("汉江大桥的施工", known, longest=6)
    assert cut == [(0, "汉江大桥"), (5, "施工")]
