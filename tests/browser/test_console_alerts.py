"""提醒 in Chromium: bound by a code, told on the phone, known at the desk, mended from the page."""

import re
from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from sqlalchemy import func, select, text

from tests.browser.screen import complaints, follow, resize, until
from tests.conftest import SettingsFactory
from wx_archive import demo
from wx_archive.alerts import jobs as alerts_jobs
from wx_archive.alerts.models import RaisedAlert
from wx_archive.chat.models import ServiceWindow
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import enqueue
from wx_archive.core.settings import Settings
from wx_archive.simulator.phone import Phone

TABLE = "search_entry"
"""Without it nobody can look anything up."""
PATIENCE_S = 15.0


@pytest.fixture
def settings(demo_settings: SettingsFactory) -> Settings:
    return demo_settings()


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    opened = Database(settings.database)
    yield opened
    opened.dispose()


def sits(browser: Chrome, places: demo.Running, name: str) -> None:
    """Log the demo's person of this name in."""
    browser.get(f"{places.account_url}/console/login")
    press(browser, name)
    until(browser, "the first page", lambda: heading(browser) == "今天")


def press(browser: Chrome, words: str) -> None:
    """Press the first button in the page that says this, and wait for the page it leads to."""
    buttons = browser.find_elements(By.CSS_SELECTOR, "main button")
    follow(browser, next(button for button in buttons if button.text == words))


def heading(browser: Chrome) -> str:
    return browser.find_element(By.TAG_NAME, "h1").text


def badge(browser: Chrome) -> str:
    found = browser.find_elements(By.CSS_SELECTOR, ".badge-count")
    return found[0].text if found else ""


def rename(database: Database, old: str, new: str) -> None:
    with database.begin() as session:
        session.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


def look(database: Database, key: str) -> None:
    """Have the running worker look for alerts, as the scheduler does every minute."""
    with database.begin() as session:
        enqueue(session, alerts_jobs.WATCH, {}, key=key, now=clock.now())


def heard_of(database: Database) -> int:
    """Return how many people may be written to."""
    with database.reads() as connection:
        query = select(func.count()).where(ServiceWindow.occasion == "message")
        return connection.scalar(query) or 0


def is_over(database: Database) -> bool:
    with database.reads() as connection:
        return connection.scalar(select(RaisedAlert.over_at)) is not None


def test_a_failure_comes_to_the_phone_and_is_mended_at_the_desk(
    browser: Chrome, settings: Settings, database: Database
) -> None:
    with demo.in_process(settings) as places:
        resize(browser, 1366, 768)
        own, citizen = Phone(places.simulator_url), Phone(places.simulator_url)
        own.follows()
        citizen.follows()
        sits(browser, places, "管理员老赵")
        browser.get(f"{places.account_url}/console/alerts/wechat")
        press(browser, "取一个代码")
        words = browser.find_element(By.CSS_SELECTOR, "p.mono").text
        assert re.fullmatch(r"绑定 [0-9]{8}", words)
        own.says(words)
        own.sees("“管理员老赵”（admin）")

        rename(database, TABLE, "away")
        citizen.says("公积金")
        citizen.sees("刚才没办成")
        until(browser, "both heard of", lambda: heard_of(database) == 2)
        look(database, "first")
        own.listens(PATIENCE_S)
        own.sees("【提醒】有 1 条消息没能办成")

        browser.get(f"{places.account_url}/console")
        assert badge(browser) == "1"
        follow(browser, browser.find_element(By.CSS_SELECTOR, ".top-alerts"))
        press(browser, "知道了")
        until(browser, "no badge", lambda: heading(browser) == "提醒" and badge(browser) == "")
        rename(database, "away", TABLE)
        follow(browser, browser.find_element(By.LINK_TEXT, "去处理"))
        press(browser, "再办一次")
        citizen.listens(PATIENCE_S)
        citizen.sees("公积金")
        look(database, "second")
        until(browser, "it to be over", lambda: is_over(database))
        browser.get(f"{places.account_url}/console/alerts")
        assert "现在没有要提醒您的" in browser.find_element(By.TAG_NAME, "main").text
        assert complaints(browser) == []


def test_somebody_at_the_desk_is_erased_by_their_own_code(
    browser: Chrome, settings: Settings
) -> None:
    with demo.in_process(settings) as places:
        resize(browser, 1366, 768)
        phone = Phone(places.simulator_url)
        phone.follows()
        phone.says("兴趣 历史钩沉")
        phone.says("我的代码")
        code = re.search(r"您的代码：([0-9]{8})", phone.last_text)
        assert code
        sits(browser, places, "窗口小周")
        browser.get(f"{places.account_url}/console/followers")
        browser.find_element(By.NAME, "number").send_keys(code[1])
        press(browser, "找出来")
        until(browser, "what is held", lambda: heading(browser) == "记着的资料")
        assert "想收的消息" in browser.find_element(By.TAG_NAME, "main").text
        follow(browser, browser.find_element(By.PARTIAL_LINK_TEXT, "删除全部资料"))
        browser.find_element(By.NAME, "sure").send_keys("删除")
        press(browser, "删除全部资料")
        until(browser, "the end", lambda: heading(browser) == "关注者")
        assert "已经删除" in browser.find_element(By.CSS_SELECTOR, ".said").text
        phone.says("兴趣")
        phone.sees("○ 未选 历史钩沉")
        assert complaints(browser) == []
