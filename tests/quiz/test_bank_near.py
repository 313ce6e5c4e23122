"""Near-duplicates: found without comparing everything with everything, and none is missed."""

import random

from tests.quiz.making import PROJECT
from wx_archive.quiz import bank
from wx_archive.quiz.near import ALIKE_PERCENT, Near, Neighbours, pairs_of


def slowly(texts: dict[str, str], text: str, but: str) -> Near | None:
    """Compare with every text."""
    pairs = pairs_of(text)
    found = [
        Near(key, 200 * len(pairs & pairs_of(other)) // (len(pairs) + len(pairs_of(other))))
        for key, other in texts.items()
        if key != but
    ]
    best = max(found, key=lambda near: (near.percent, near.key))
    return best if best.percent >= ALIKE_PERCENT else None


def test_a_word_changed_or_moved_is_still_near_and_another_question_is_not() -> None:
    texts = Neighbours({"a": "县级以上各级档案馆的档案，自形成之日起满多少年应当向社会开放？"})
    near = texts.nearest("县级以上各级档案馆的档案，自形成之日起满多少年向社会开放?")
    assert near
    assert 90 <= near.percent < 100
    assert texts.nearest("到档案馆利用已经开放的档案，要带什么证件？") is None
    assert texts.nearest("") is None


def test_width_case_and_punctuation_make_no_difference() -> None:
    near = Neighbours({"a": "ISO 9001，是什么标准？"}).nearest("iso9001是什么标准")
    assert near == Near("a", 100)


def test_a_question_is_not_its_own_neighbour() -> None:
    texts = Neighbours({"a": "兰台市档案馆星期天也开放阅览。"})
    assert texts.nearest("兰台市档案馆星期天也开放阅览。", but="a") is None


def test_the_short_way_finds_what_comparing_with_everything_finds() -> None:
    chance = random.Random(7)  # noqa: S311 -- the same texts each time
    words = ["档案馆", "阅览室", "星期天", "开放", "预约", "证件", "在", "几楼", "不用", "兰台市"]
    texts = {str(n): "".join(chance.choices(words, k=chance.randint(1, 9))) for n in range(400)}
    quick = Neighbours(texts)
    found = 0
    for key, text in texts.items():
        near = quick.nearest(text, but=key)
        assert near == slowly(texts, text, key)
        found += near is not None
    assert 50 < found < 400


def test_no_two_questions_of_the_shipped_bank_are_near() -> None:
    held = bank.of_files(PROJECT).questions
    texts = Neighbours({key: one.text for key, one in held.items()})
    assert {
        key: near for key, one in held.items() if (near := texts.nearest(one.text, but=key))
    } == {}
