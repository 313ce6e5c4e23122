"""An empty result is a service: what was meant, what is near, a request, where to ask."""

import pytest

from tests.lookup.conftest import learn
from tests.talk import Talk
from wx_archive.core.database import Database
from wx_archive.wechat.replies import TEXT_LIMIT_BYTES


@pytest.fixture
def learned_talk(demo_talk: Talk, database: Database) -> Talk:
    """A follower of an account that knows the words of its invented catalogue."""
    assert learn(database) > 50
    return demo_talk


def ask_link(talk: Talk) -> str:
    """Return the id of the link that makes a request."""
    (found,) = [choice.id for label, choice in talk.choices if label == "帮我查"]
    return found


def test_a_slip_of_the_pen_is_asked_about_and_one_tap_looks_it_up(learned_talk: Talk) -> None:
    learned_talk.says("公基金")
    head, meant, *_rest = learned_talk.visible.splitlines()
    assert head == "没有查到“公基金”。"
    assert meant.startswith("您要找的是不是 公积金")
    assert meant.endswith("？")
    learned_talk.presses(dict(learned_talk.choices)["公积金"])
    assert learned_talk.visible.startswith("〔档案查询〕“公积金” 共 ")


def test_the_tap_on_what_was_meant_keeps_the_scope(learned_talk: Talk) -> None:
    learned_talk.says("文件 公基金")
    learned_talk.presses(dict(learned_talk.choices)["公积金"])
    assert "“公积金”，只看现行文件" in learned_talk.visible


def test_near_words_say_how_much_they_find_and_find_as_much(learned_talk: Talk) -> None:
    learned_talk.says("修建纠缠")
    near = [line for line in learned_talk.visible.splitlines() if line.startswith("相近的词")]
    labels = {label: choice for label, choice in learned_talk.choices if label.endswith(" 条")}
    assert near
    assert labels
    for label, choice in labels.items():
        word, count, _unit = label.rsplit(" ", 2)
        learned_talk.presses(choice)
        assert learned_talk.visible.startswith(f"〔档案查询〕“{word}” 共 {count} 条")


def test_the_steps_stand_in_the_order_of_their_worth(learned_talk: Talk) -> None:
    learned_talk.says("修建纠缠")
    text = learned_talk.visible
    places = [text.index(step) for step in ("没有查到", "相近的词", "帮我查", "0719-0000000")]
    assert places == sorted(places)


def test_one_tap_makes_a_request_of_what_found_nothing(learned_talk: Talk) -> None:
    learned_talk.says("量子纠缠通信站的图纸")
    tapped = ask_link(learned_talk)
    learned_talk.says("公积金")  # the link still means what it was shown with
    learned_talk.says("帮我查", menu_id=tapped)
    assert "查2026-" in learned_talk.visible
    learned_talk.says("进度")
    assert "量子纠缠通信站的图纸" in learned_talk.visible


def test_typing_it_makes_a_request_of_what_found_nothing_last(learned_talk: Talk) -> None:
    learned_talk.says("量子纠缠通信站的图纸")
    learned_talk.says("公积金")
    learned_talk.says("帮我查")
    assert "查2026-" in learned_talk.visible
    learned_talk.says("进度")
    assert "量子纠缠通信站的图纸" in learned_talk.visible


def test_a_sentence_that_is_relaxed_can_be_asked_for_as_a_whole(learned_talk: Talk) -> None:
    learned_talk.says("住房公积金怎么提取")
    assert "改查" in learned_talk.visible
    learned_talk.says("帮我查", menu_id=ask_link(learned_talk))
    learned_talk.says("进度")
    assert "住房公积金怎么提取" in learned_talk.visible


@pytest.mark.parametrize("asked", ["档案 学籍卡", "我爷爷是老兵要查他的档案", "我家的房产证档案"])
def test_private_life_gets_what_to_bring_and_where_but_no_count_nor_request(
    learned_talk: Talk, asked: str
) -> None:
    learned_talk.says(asked)
    text = learned_talk.visible
    for told in ("不在网上查", "带身份证", "一楼查档大厅1号窗口", "8:30—12:00", "0719-0000000"):
        assert told in text
    assert " 条" not in text
    assert "帮我查" not in text
    assert [label for label, _choice in learned_talk.choices] == ["看要带什么", "开放时间"]


@pytest.mark.parametrize("asked", ["文件 婚姻量", "文件 知青量", "结昏登记"])
def test_no_near_word_counts_private_life(learned_talk: Talk, asked: str) -> None:
    learned_talk.says(asked)
    assert learned_talk.visible.startswith("没有查到")
    counted = [label for label, _choice in learned_talk.choices if label.endswith(" 条")]
    assert not [label for label in counted if "婚" in label or "知青" in label]


@pytest.mark.parametrize("asked", ["量" * 64, "😀量子" * 16, "<b>量子</b>", "量子\n纠缠"])
def test_whatever_finds_nothing_is_answered_within_the_limit(
    learned_talk: Talk, asked: str
) -> None:
    learned_talk.says(asked)
    assert learned_talk.visible.startswith("没有查到")
    assert ask_link(learned_talk).startswith("ask.")
    assert "0719-0000000" in learned_talk.visible
    assert len(learned_talk.text.encode()) <= TEXT_LIMIT_BYTES


def test_an_empty_catalogue_still_leads_on(talk: Talk) -> None:
    talk.says("公积金")
    assert talk.visible.startswith("没有查到“公积金”")
    assert "帮我查" in talk.visible
