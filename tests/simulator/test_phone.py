"""The phone client that journeys and the terminal use."""

import pytest

from tests.simulator.fake_account import FakeAccount, news_reply
from wx_archive.simulator.phone import Phone

CHOICES = (
    "第 1 题：十堰因何得名？\n"
    '<a href="weixin://bizmsgmenu?msgmenucontent=A&msgmenuid=q1">A. 十座堰</a>\n'
    '<a href="weixin://bizmsgmenu?msgmenucontent=B&msgmenuid=q1">B. 十个县</a>\n'
    '<a href="http://archive.test/q">看资料</a>'
)


@pytest.fixture
def asked(account: FakeAccount, phone: Phone) -> Phone:
    """A phone that was asked a question with two choices."""
    account.says(CHOICES)
    phone.says("答题")
    return phone


def test_a_phone_remembers_the_last_answer(asked: Phone) -> None:
    asked.sees("十座堰")
    asked.sees_not("bizmsgmenu")
    assert asked.last_text.startswith("第 1 题")
    assert [span.text for span in asked.links] == ["A. 十座堰", "B. 十个县", "看资料"]
    assert asked.links[2].href == "http://archive.test/q"


@pytest.mark.parametrize(
    ("choice", "content"), [("B", "B"), ("A. 十座堰", "A"), ("十个县", "B"), (2, "B"), ("1", "A")]
)
def test_choices_are_pressed_by_text_content_or_number(
    asked: Phone, account: FakeAccount, choice: str | int, content: str
) -> None:
    asked.presses(choice)
    assert account.received[-1].nodes["Content"] == content
    assert account.received[-1].nodes["bizmsgmenuid"] == "q1"


@pytest.mark.parametrize("choice", ["C", "看资料", "十", 0, 3])
def test_only_live_choices_can_be_pressed(asked: Phone, choice: str | int) -> None:
    with pytest.raises(AssertionError, match="没有可以点的"):
        asked.presses(choice)


def test_a_failed_look_prints_the_conversation(asked: Phone) -> None:
    with pytest.raises(AssertionError) as caught:
        asked.sees("领奖")
    assert "没有看到「领奖」" in str(caught.value)
    assert "我：答题" in str(caught.value)
    assert "公众号：第 1 题" in str(caught.value)
    with pytest.raises(AssertionError, match="不该看到"):
        asked.sees_not("十座堰")


def test_a_failed_look_says_why_nothing_was_shown(account: FakeAccount, phone: Phone) -> None:
    account.replies("<xml>")
    phone.says("你好")
    with pytest.raises(AssertionError, match="不是合格的 XML"):
        phone.sees("欢迎")


def test_articles_are_seen_by_title_and_description(account: FakeAccount, phone: Phone) -> None:
    account.answer = lambda received: (200, news_reply(received, "馆藏珍品"))
    phone.says("珍品")
    phone.sees("馆藏珍品")
    phone.sees("简介")
    assert phone.last_articles[0].url == "http://h5/馆藏珍品"


def test_a_phone_can_be_picked_up_again(account: FakeAccount, phone: Phone, simulator: str) -> None:
    again = Phone(simulator, phone.openid)
    again.says("还是我")
    assert account.received[-1].nodes["FromUserName"] == phone.openid
    assert again.listens(0.1) == []
