"""报错 and 我的请求 in Chromium: filled in by hand, readable in any theme, reached by keyboard."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.keys import Keys
from sqlalchemy import select

from tests.browser.screen import FAINT, complaints, follow, resize, turning
from tests.browser.test_h5_pages import BIG_TYPE, SMALL_TARGETS, TOO_WIDE, TORN, visit
from tests.conftest import SettingsFactory
from tests.enquiries.filing import TERMS
from wx_archive import demo
from wx_archive.catalogue import visibility
from wx_archive.catalogue.models import Document
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.enquiries import desk
from wx_archive.enquiries.rules import State
from wx_archive.enquiries.steps import Doing
from wx_archive.simulator.phone import Phone

LOW_FIELDS = """
return [...document.querySelectorAll("textarea")]
  .filter((one) => one.getBoundingClientRect().height < 43.5).map((one) => one.outerHTML);
"""
LONG = "1978年大坝加固工程的图纸和当时的验收报告，哪怕只有目录也好，最好连施工日志一起"


@dataclass(frozen=True)
class Places:
    """Where the pages are: the form about an entry, and the link to one's own."""

    correction: str
    own: str


@pytest.fixture
def settings(demo_settings: SettingsFactory) -> Settings:
    """An account whose followers come by a signed link, as into any browser."""
    return demo_settings(wechat_account="subscription")


@pytest.fixture
def places(settings: Settings) -> Iterator[Places]:
    """A running account, and somebody with a request in each of three states."""
    with demo.in_process(settings) as running:
        phone = Phone(running.simulator_url)
        phone.follows()
        for words in (LONG, "房改文件汇编", "兰水大桥图纸"):
            phone.says(f"帮我查 {words}")
        year = clock.today().year
        database = Database(settings.database)
        with database.begin() as session:
            for place, state in ((2, State.NEED_FIX), (3, State.REFERRED)):
                doing = Doing("cli:test", clock.now(), TERMS)
                desk.move(session, f"{year}-{place}", state, doing, note=LONG)
        with database.reads() as connection:
            shown = select(Document.pid).where(visibility.public_documents())
            pid = connection.scalars(shown.limit(1)).one()
        database.dispose()
        phone.says("进度")
        link = next(span.href for span in phone.links if span.href)
        yield Places(f"{running.account_url}/h5/corrections?about={pid}", link)


def sends(browser: Chrome, words: str) -> None:
    """Write into the page's field and send the form."""
    field = browser.find_element("css selector", "textarea")
    browser.execute_script("arguments[0].removeAttribute('required')", field)
    field.clear()
    field.send_keys(words)
    follow(browser, browser.find_element("css selector", ".write .button"))


def wrong_here(browser: Chrome) -> list[str]:
    """Return what is faint, too wide, too small or torn on the page as it stands."""
    checks = {
        "faint": FAINT,
        "too wide": TOO_WIDE,
        "small": SMALL_TARGETS,
        "low": LOW_FIELDS,
        "torn": TORN,
    }
    found = {name: browser.execute_script(check) for name, check in checks.items()}
    browser.execute_script(BIG_TYPE)
    found["too wide at 200 %"] = browser.execute_script(TOO_WIDE)
    return [f"{browser.current_url} {name}: {what}" for name, what in found.items() if what]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_is_readable_on_a_phone(browser: Chrome, places: Places, *, dark: bool) -> None:
    resize(browser, 390, 844, dark=dark)
    visit(browser, places.correction.split("corrections")[0] + f"enquiries/new?words={LONG}")
    assert "请回到" in browser.page_source
    wrong = wrong_here(browser)
    visit(browser, places.correction)
    wrong += wrong_here(browser)
    visit(browser, places.correction)
    sends(browser, "？")
    assert browser.find_elements("id", "problem")
    wrong += wrong_here(browser)
    visit(browser, places.correction)
    sends(browser, "日期应为1969年")
    assert "收到了，谢谢" in browser.page_source
    wrong += wrong_here(browser)
    visit(browser, places.own)
    wrong += wrong_here(browser)
    visit(browser, browser.current_url + "/new")
    sends(browser, "我妈的知青档案")
    assert browser.find_elements("id", "problem")
    wrong += wrong_here(browser)
    assert wrong == []
    expected = ("400 (BAD REQUEST)", "403 (FORBIDDEN)")
    errors = [line for line in complaints(browser) if not any(word in line for word in expected)]
    assert errors == []


def test_a_request_is_made_and_withdrawn_by_keyboard_alone(browser: Chrome, places: Places) -> None:
    resize(browser, 390, 844)
    browser.get(places.own)
    browser.get(browser.current_url + "/new")

    def press(*keys: str) -> None:
        ActionChains(browser).send_keys(*keys).perform()

    with turning(browser):
        press(Keys.TAB, Keys.TAB, Keys.TAB, "量子纠缠通信", Keys.TAB, Keys.ENTER)
    assert browser.current_url.endswith("/h5/enquiries")
    newest = "return document.querySelector('.requests li').innerText"
    assert "量子纠缠通信" in browser.execute_script(newest)
    with turning(browser):
        press(Keys.TAB, Keys.TAB, Keys.TAB, Keys.ENTER)
    assert "已撤回" in browser.execute_script(newest)
