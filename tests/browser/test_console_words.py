"""A missing word gets its answer at the desk, in Chromium, and the phone has it; so a telephone."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.screen import complaints, follow, resize, turning, until
from tests.conftest import SettingsFactory
from tests.guide.asking import ask
from wx_archive import demo
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.simulator.phone import Phone
from wx_archive.staff.rules import Role

WORD = "房票"
XSS = "<img src=x onerror=alert(1)>"


@pytest.fixture
def places(demo_settings: SettingsFactory) -> Iterator[demo.Running]:
    """A running account to which three people put a question it could not answer."""
    settings = demo_settings()
    database = Database(settings.database)
    ask(database, WORD, "甲", "乙", "丙", day=clock.today())
    database.dispose()
    with demo.in_process(settings) as running:
        yield running


def sits(browser: Chrome, places: demo.Running, role: Role, page: str) -> None:
    """Log somebody in, and let them open a page from the rail."""
    browser.delete_all_cookies()
    browser.get(f"{places.account_url}/console/login")
    form = browser.find_element(By.CSS_SELECTOR, f"form:has(input[value='{role.value}'])")
    follow(browser, form.find_element(By.TAG_NAME, "button"))
    rail = browser.find_element(By.CSS_SELECTOR, ".rail")
    follow(browser, rail.find_element(By.LINK_TEXT, page))


def presses(browser: Chrome, words: str) -> None:
    path = f"//main//*[self::button or self::a][normalize-space()='{words}']"
    follow(browser, browser.find_element(By.XPATH, path))


def fills(browser: Chrome, field: str, words: str) -> None:
    place = browser.find_element(By.ID, field)
    place.clear()
    place.send_keys(words)


def reads(browser: Chrome, words: str) -> None:
    """Wait until the page says something."""
    until(browser, words, lambda: words in browser.find_element(By.TAG_NAME, "main").text)


def test_two_colleagues_answer_a_missing_word(browser: Chrome, places: demo.Running) -> None:
    resize(browser, 1366, 768)
    phone = Phone(places.simulator_url)
    phone.follows()
    sits(browser, places, Role.EDITOR, "没答上的词")
    reads(browser, WORD)
    presses(browser, "写答复")
    assert browser.find_element(By.ID, "words").get_attribute("value") == WORD
    presses(browser, "交给别人放行")
    reads(browser, "还没有写答复")
    fills(browser, "text", "房票的事归房管局。下一步：[[开放时间]]")
    presses(browser, "存草稿，看看样子")
    reads(browser, "点“开放时间”等于发“开放时间”")
    presses(browser, "交给别人放行")
    reads(browser, "已经交给别人放行")
    phone.says(WORD)
    phone.sees("没有查到")
    sits(browser, places, Role.REVIEWER, "答复放行")
    presses(browser, WORD)
    presses(browser, "放行")
    reads(browser, "放行了")
    phone.says(WORD)
    phone.sees("房票的事归房管局。")
    assert [line for line in complaints(browser) if "422" not in line] == []


def test_the_admin_changes_the_telephone_by_keyboard(browser: Chrome, places: demo.Running) -> None:
    resize(browser, 390, 844)
    sits(browser, places, Role.ADMIN, "本馆资料")
    fills(browser, "telephone", "0719-7654321")
    with turning(browser):
        ActionChains(browser).send_keys(Keys.ENTER).perform()
    reads(browser, "改好了")
    assert "0719-7654321" in browser.find_element(By.CSS_SELECTOR, ".diff ins").text
    phone = Phone(places.simulator_url)
    phone.follows()
    phone.says("电话")
    phone.sees("服务电话：0719-7654321。")
    browser.get(places.account_url)
    assert "0719-7654321" in browser.find_element(By.TAG_NAME, "body").text


def test_what_was_typed_runs_nowhere(browser: Chrome, places: demo.Running) -> None:
    sits(browser, places, Role.ADMIN, "本馆资料")
    fills(browser, "desk", XSS)
    presses(browser, "保存并启用")
    reads(browser, "改好了")
    assert XSS in browser.find_element(By.CSS_SELECTOR, ".diff ins").text
    sits(browser, places, Role.EDITOR, "关键词答复")
    presses(browser, "写一条")
    fills(browser, "words", XSS)
    fills(browser, "text", XSS)
    presses(browser, "交给别人放行")
    reads(browser, "不要写尖括号")
    assert browser.find_elements(By.CSS_SELECTOR, "main img") == []
