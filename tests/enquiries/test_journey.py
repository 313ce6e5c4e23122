"""From an empty lookup to an answer, and a mistake reported, over the real wire."""

import re
from collections.abc import Iterator

import pytest

from tests.conftest import SettingsFactory
from tests.enquiries.filing import TERMS
from wx_archive import demo
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.enquiries import desk
from wx_archive.enquiries.rules import State
from wx_archive.enquiries.steps import Doing
from wx_archive.simulator.phone import Phone

NUMBER = re.compile(r"[查纠]\d{4}-\d{6}")


@pytest.fixture(params=["sqlite", "postgres+redis"])
def settings(request: pytest.FixtureRequest, demo_settings: SettingsFactory) -> Settings:
    if request.param == "sqlite":
        return demo_settings(wechat_account="subscription")
    found = request.getfixturevalue("postgres_redis_settings")
    assert isinstance(found, Settings)
    return found


@pytest.fixture
def phone(settings: Settings) -> Iterator[Phone]:
    """A phone that follows the running account."""
    with demo.in_process(settings) as running:
        phone = Phone(running.simulator_url)
        phone.follows()
        yield phone


@pytest.fixture
def another(settings: Settings, phone: Phone) -> Phone:
    """A second phone on the same account."""
    assert phone.openid
    other = Phone(settings.wechat_api_url)
    other.follows()
    return other


def number_in(text: str) -> str:
    found = NUMBER.search(text)
    assert found, text
    return found.group()


def decide(settings: Settings, number: str, *states: State) -> None:
    """Do what the staff's desk does."""
    database = Database(settings.database)
    for state in states:
        with database.begin() as session:
            doing = Doing("cli:test", clock.now(), TERMS)
            desk.move(session, number, state, doing, note="请到三楼看")
    database.dispose()


def test_what_is_not_found_becomes_a_request_and_the_request_an_answer(
    settings: Settings, phone: Phone
) -> None:
    phone.says("量子纠缠通信")
    phone.sees("没有查到")
    phone.presses("帮我查")
    phone.sees("量子纠缠通信")
    number = number_in(phone.last_text)
    phone.says("帮我查 量子纠缠通信")
    assert number_in(phone.last_text) == number
    phone.presses("看办到哪一步")
    phone.sees(f"{number}：已收到")
    decide(settings, number, State.ACCEPTED, State.SEARCHING)
    phone.says(f"进度 {number}")
    phone.sees("正在查")
    decide(settings, number, State.FOUND)
    phone.says("进度")
    phone.sees("查到了")
    (link,) = [span.href for span in phone.links if span.href]
    assert link
    shown = phone.opens(link)
    assert (shown.status, number in shown.text, "请到三楼看" in shown.text) == (200, True, True)


def test_nobody_sees_what_others_asked_for(phone: Phone, another: Phone) -> None:
    phone.says("帮我查 量子纠缠通信")
    number = number_in(phone.last_text)
    for words in (f"进度 {number}", "进度 查2026-999999", f"撤回 {number}"):
        another.says(words)
        another.sees("没有这个编号")
        another.sees_not("量子")
    phone.says(f"撤回 {number}")
    phone.sees("已经撤回")
