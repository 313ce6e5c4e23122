"""Storyboard A in Chromium: from an approved piece through the pre-flight to the reader's phone."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import requests
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.browser.screen import bubbles, complaints, marked, resize, sees, tap, until
from tests.browser.test_console_enquiries import press, shown, wrong_here
from tests.browser.test_console_pages import sits
from tests.conftest import SettingsFactory
from tests.publishing.pushing import a_picture, an_approved, an_article
from wx_archive import demo
from wx_archive.core import clock
from wx_archive.core.services import open_services
from wx_archive.core.settings import Settings
from wx_archive.media import service as media
from wx_archive.media.objects import open_objects
from wx_archive.staff.rules import Role

TITLE = "一座大坝的第四次生日"


def brings_in(settings: Settings) -> None:
    """Have an approved article with a cover."""
    with open_services(settings) as services, services.database.begin() as session:
        cover = media.bring_in(
            session,
            open_objects(settings),
            a_picture(),
            name="cover.png",
            title="大坝",
            alt="一座大坝",
            credit="本馆",
            made_by="editor",
            now=clock.now(),
        )
        content = an_article(
            TITLE,
            cover=cover.pid,
            body=f"![一座大坝](media:{cover.pid})\n\n大坝是一九六九年的。",
            sources=("本馆",),
        )
        an_approved(session, content, now=clock.now())


@pytest.fixture
def dated(demo_settings: SettingsFactory) -> Iterator[demo.Running]:
    """A running account that goes by the simulator's clock, with an article to send."""
    settings = demo_settings()
    brings_in(settings)
    with demo.in_process(settings) as running:
        stop = clock.follow(running.simulator_url)
        yield running
        stop()
        clock.move(timedelta(0))


def moves_to(places: demo.Running, at: datetime) -> None:
    """Move the clock of the simulator, and wait until the account goes by it."""
    ahead = (at - clock.now()).total_seconds()
    requests.post(f"{places.simulator_url}/sim/clock", json={"advance_s": int(ahead)}, timeout=5)


def fills(browser: Chrome, name: str, value: str) -> None:
    """Fill in a date or a time, whatever the browser's language makes of the keys."""
    field = browser.find_element(By.CSS_SELECTOR, f"main input[name='{name}']:not([type=hidden])")
    browser.execute_script("arguments[0].value = arguments[1]", field, value)


def composes(browser: Chrome, places: demo.Running) -> list[str]:
    """Choose the article and go on to the pre-flight; return what is wrong with the pages."""
    browser.get(f"{places.account_url}/console")
    browser.find_element(By.LINK_TEXT, "推送").click()
    wrong = wrong_here(browser)
    press(browser, "新建推送")
    box = f"//tr[.//a[contains(., '{TITLE}')]]//input[@type='checkbox']"
    browser.find_element(By.XPATH, box).click()
    wrong += wrong_here(browser)
    assert "现在数一数：1 人" in shown(browser)
    press(browser, "下一步：看一遍")
    wrong += wrong_here(browser)
    press(browser, "建好，去做发送前体检")
    return wrong


def test_an_approved_piece_goes_out_at_its_hour_to_the_phone(
    browser: Chrome, dated: demo.Running
) -> None:
    resize(browser, 1366, 768)
    phone = browser.current_window_handle
    browser.get(dated.simulator_url)
    tap(browser, "follow-button")
    sees(browser, "您好，这里是十堰市档案馆")

    browser.switch_to.new_window("tab")
    sits(browser, dated, Role.PUBLISHER)
    wrong = composes(browser, dated)
    assert f"发送前体检：《{TITLE}》" in shown(browser)
    wrong += wrong_here(browser)

    nine = (clock.now() + timedelta(days=2)).astimezone(clock.SHANGHAI)
    nine = nine.replace(hour=9, minute=0, second=0, microsecond=0)
    browser.find_element(By.CSS_SELECTOR, "input[name='when'][value='at']").click()
    fills(browser, "date", f"{nine:%Y-%m-%d}")
    fills(browser, "time", "09:00")
    press(browser, "按这个时间体检")
    assert "✘ 不行" not in shown(browser)
    assert "本月还可发 4 次" in shown(browser) or "还可发 4 次" in shown(browser)
    press(browser, "确认群发给 1 人")
    until(browser, "scheduled", lambda: "已排期" in shown(browser))
    wrong += wrong_here(browser)
    page = browser.current_url
    browser.get(f"{dated.account_url}/console/calendar?week={nine:%Y-%m-%d}")
    assert f"09:00 《{TITLE}》" in shown(browser)
    wrong += wrong_here(browser)

    moves_to(dated, nine + timedelta(seconds=5))
    until(browser, "the account's clock", lambda: clock.now() >= nine)
    sits(browser, dated, Role.PUBLISHER)

    def is_sent() -> bool:
        browser.get(page)
        return "已发" in browser.find_element(By.CSS_SELECTOR, "#state").text

    until(browser, "sent", is_sent)
    assert "送达" in shown(browser)
    assert "1 人" in shown(browser)
    wrong += wrong_here(browser)

    browser.switch_to.window(phone)
    until(browser, "the card", lambda: any(TITLE in one.text for one in marked(browser, "bubble")))
    assert any(TITLE in text for text in bubbles(browser))
    assert wrong == []
    assert complaints(browser) == []


def test_what_was_confirmed_is_called_back_within_the_minute(
    browser: Chrome, dated: demo.Running
) -> None:
    resize(browser, 1366, 768)
    browser.get(dated.simulator_url)
    tap(browser, "follow-button")
    sees(browser, "您好，这里是十堰市档案馆")
    sits(browser, dated, Role.PUBLISHER)
    composes(browser, dated)
    press(browser, "确认群发给 1 人")
    state = browser.find_element(By.CSS_SELECTOR, "#state").text
    assert "还可以撤回" in state
    # It counts by itself, from the server, without a script of ours.
    until(
        browser,
        "the seconds to move",
        lambda: browser.find_element(By.CSS_SELECTOR, "#state").text not in ("", state),
    )
    press(browser, "撤回，不发了")
    assert "已取消" in browser.find_element(By.CSS_SELECTOR, "#state").text
    assert wrong_here(browser) == []
