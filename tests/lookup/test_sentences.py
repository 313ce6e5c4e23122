"""Whole sentences: what they are likely about, and when they are about the archives themselves."""

import pytest

from tests.talk import Talk
from wx_archive.lookup import rules

ASKED = {
    "你好，我想查一下公积金": ("“公积金”", "公积金"),
    "住房公积金怎么提取": ("“住房公积金 提取”", "提取"),
    "办低保需要什么条件": ("“低保”", "低保"),
    "1978年的大桥是谁修的": ("“1978年 大桥”", "兰水大桥"),
    "芸香水库移民补偿": ("芸香水库", "芸香水库移民"),
    "残疾人坐公交免费吗": ("“残疾人 公交”", "公交优惠"),
    "城里能不能放鞭炮": ("“鞭炮”", "烟花爆竹"),
}
SERVICE = {
    "你们几点上班呀": "接待时间",
    "星期六开门吗": "接待时间",
    "电话多少": "服务电话",
    "档案馆在哪里坐几路车": "我们在",
    "去查档案要带身份证吗": "有效身份证件",
    "怎么捐老照片": "捐献",
}


@pytest.mark.parametrize("sentence", ASKED)
def test_a_sentence_that_finds_nothing_is_looked_up_by_its_words(
    demo_talk: Talk, sentence: str
) -> None:
    words, title = ASKED[sentence]
    demo_talk.says(sentence)
    head, *lines = demo_talk.visible.splitlines()
    assert "没有整句的，改查" in head
    assert words in head
    assert any(title in line for line in lines)


@pytest.mark.parametrize("sentence", SERVICE)
def test_a_sentence_about_the_archives_is_answered_by_the_keyword_inside_it(
    demo_talk: Talk, sentence: str
) -> None:
    demo_talk.says(sentence)
    assert SERVICE[sentence] in demo_talk.visible
    assert "档案查询" not in demo_talk.visible


@pytest.mark.parametrize("sentence", ["我爷爷是老兵要查他的档案", "我家的房产证档案"])
def test_a_question_about_ones_own_records_leads_to_the_desk(
    demo_talk: Talk, sentence: str
) -> None:
    demo_talk.says(sentence)
    assert "不在网上查" in demo_talk.visible


@pytest.mark.parametrize("words", ["不存在的词语xyz", "查 量子纠缠", "怎么办理手续", "公基金"])
def test_what_nothing_is_about_is_not_answered_with_something_else(
    demo_talk: Talk, words: str
) -> None:
    demo_talk.says(words)
    assert "没有查到" in demo_talk.visible


def test_words_that_are_found_as_they_stand_are_not_relaxed(demo_talk: Talk) -> None:
    demo_talk.says("公积金贷款")
    assert "改查" not in demo_talk.visible


def test_the_next_page_of_a_relaxed_list_goes_on_with_its_words(demo_talk: Talk) -> None:
    demo_talk.says("你好，我想查一下公积金")
    demo_talk.says("下一页")
    assert "“公积金”" in demo_talk.visible
    assert "\n6 " in demo_talk.visible


def test_a_long_keyword_must_be_a_good_part_of_the_sentence(demo_talk: Talk) -> None:
    demo_talk.says("关于加强物业管理工作的意见")
    assert "物业管理" in demo_talk.visible
    assert "投诉" not in demo_talk.visible


def test_who_is_asking_is_not_whose_records_they_are(demo_talk: Talk) -> None:
    demo_talk.says("我想查兰水大桥的档案")
    assert "不在网上查" not in demo_talk.visible
    assert "兰水大桥" in demo_talk.visible.splitlines()[1]


def test_words_of_asking_are_no_content() -> None:
    titles = ("城市养犬管理办法", "住房公积金提取办法")

    def known(word: str) -> bool:
        return any(word in title for title in titles)

    assert rules.content_words("请问养犬有哪些办法？", known) == ["养犬"]
    assert rules.content_words("我想要提取住房公积金", known) == ["提取", "住房公积金"]
    assert rules.content_words("你好，请问在吗", known) == []
