"""我的资料 in Chromium: opened by the link of the chat, used by hand, readable in any theme."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

from tests.browser.screen import FAINT, complaints, follow, resize
from tests.browser.test_h5_pages import BIG_TYPE, SMALL_TARGETS, TOO_WIDE, TORN, visit
from tests.conftest import SettingsFactory
from wx_archive import demo
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.followers import consents
from wx_archive.followers import service as followers
from wx_archive.simulator.phone import Phone

PRESSED = 'button[value="history"]'


@pytest.fixture
def settings(demo_settings: SettingsFactory) -> Settings:
    """An account whose followers come by a signed link, as into any browser."""
    return demo_settings(wechat_account="subscription")


@pytest.fixture
def link(settings: Settings) -> Iterator[str]:
    """The link that the chat gave somebody who has chosen and agreed to things."""
    with demo.in_process(settings) as places:
        phone = Phone(places.simulator_url)
        phone.follows("exhibition")
        phone.says("兴趣 出彩十堰")
        database = Database(settings.database)
        with database.begin() as session:
            number = followers.ensure(session, phone.openid, now=clock.now())
            consents.give(session, number, "treasures", version=1, now=clock.now())
        database.dispose()
        phone.says("我的资料")
        yield next(span.href for span in phone.links if span.href)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_ones_own_page_is_readable_on_a_phone(browser: Chrome, link: str, *, dark: bool) -> None:
    resize(browser, 390, 844, dark=dark)
    wrong = []
    for address in (link, link.replace("/h5/enter/me.", "/h5/enter/me.x")):
        visit(browser, address)
        checks = {"faint": FAINT, "too wide": TOO_WIDE, "small": SMALL_TARGETS, "torn": TORN}
        found = {name: browser.execute_script(check) for name, check in checks.items()}
        browser.execute_script(BIG_TYPE)
        found["too wide at 200 %"] = browser.execute_script(TOO_WIDE)
        wrong += [f"{address} {name}: {what}" for name, what in found.items() if what]
    assert wrong == []


def test_topics_and_consents_are_changed_by_buttons_alone(browser: Chrome, link: str) -> None:
    resize(browser, 390, 844)
    browser.get(link)
    assert browser.current_url.endswith("/h5/me")
    assert browser.find_element("css selector", PRESSED).get_attribute("aria-pressed") == "false"
    follow(browser, browser.find_element("css selector", PRESSED))
    assert browser.find_element("css selector", PRESSED).get_attribute("aria-pressed") == "true"
    assert "珍档上传" in browser.find_element("css selector", ".facts").text
    follow(browser, browser.find_element("css selector", ".consent button"))
    assert not browser.find_elements("css selector", ".consent")
    assert complaints(browser) == []


def test_a_form_sent_after_the_cookie_is_gone_leads_back_to_the_chat(
    browser: Chrome, link: str
) -> None:
    browser.get(link)
    browser.delete_all_cookies()
    follow(browser, browser.find_element("css selector", PRESSED))
    assert "请在公众号里发送" in browser.find_element("css selector", "main").text
