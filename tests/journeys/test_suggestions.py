"""Every word the account offers to tap leads to something."""

import pytest

from wx_archive.simulator.phone import Phone, Span

DEAD_ENDS = ("没有查到", "没看懂", "一个字太少", "还看不懂")
OPENINGS = (
    "帮助", "公积金", "你好", "谢谢", "再见", "电话", "地址", "人工", "你是谁", "投诉", "网站",
    "在哪领", "看不懂", "怎么查档案", "哪些档案开放", "民生档案", "开放时间", "查档须知", "捐赠",
    "现行文件", "隐私", "答题", "上传", "取结果", "量子纠缠通信", "知青", "房", "3", "99", "0",
    "。", "公积金" * 30,
)  # fmt: skip


def test_whatever_an_answer_offers_to_tap_finds_something(phone: Phone) -> None:
    offered: dict[str, Span] = {}
    phone.follows("reading-room")
    _collect(phone, offered)
    for path in ("服务大厅/档案查询", "服务大厅/服务指南", "趣味互动/答题闯关"):
        phone.taps(path)
        _collect(phone, offered)
    phone.scans("exhibition")
    _collect(phone, offered)
    for words in OPENINGS:
        phone.says(words)
        _collect(phone, offered)
    dead = []
    for content in offered:
        phone.says(content)
        if any(words in phone.last_text for words in DEAD_ENDS):
            dead.append(content)
    assert len(offered) > 10
    assert dead == []


@pytest.mark.parametrize("words", ["文件 公积金", "档案 大桥", "公积金 2010-2019"])
def test_the_examples_of_the_help_find_something(phone: Phone, words: str) -> None:
    phone.follows()
    phone.says("帮助")
    phone.sees(words)
    phone.says(words)
    phone.sees("〔档案查询〕")


def _collect(phone: Phone, offered: dict[str, Span]) -> None:
    for span in phone.links:
        if span.menu and not span.menu.id.startswith(("open.", "page.")):
            offered[span.menu.content] = span
