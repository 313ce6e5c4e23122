"""代查 in Chromium: a phone beside the console, from an empty lookup to a rated answer."""

import re

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.browser.screen import (
    FAINT,
    bubbles,
    complaints,
    follow,
    marked,
    resize,
    sees,
    tap,
    turning,
    until,
)
from tests.browser.test_console_pages import NAMELESS, WIDTH, sits
from wx_archive import demo
from wx_archive.staff.rules import Role

NUMBER = re.compile(r"查\d{4}-\d{6}")
STRANGE = "量子<b>纠缠</b>通信\"'><script>window.ran=1</script>"
ANSWER = "查到了。请在接待时间来看，报编号就行。"
EXPECTED = ("422 (UNPROCESSABLE ENTITY)",)


def comes_in(browser: Chrome, places: demo.Running) -> None:
    """Log 窗口小周 in."""
    sits(browser, places, Role.DESK)
    assert browser.find_elements(By.CSS_SELECTOR, ".rail")


def types(browser: Chrome, text: str) -> None:
    """Type a message on the phone and send it."""
    if not marked(browser, "text-input"):
        tap(browser, "menu-toggle")
    field = until(browser, "the field", lambda: marked(browser, "text-input")[0])
    field.send_keys(text, Keys.ENTER)


def button(browser: Chrome, words: str) -> WebElement:
    """Return the button, or the link, that says so."""
    path = f"//main//*[self::button or self::a][contains(normalize-space(), '{words}')]"
    return until(browser, words, lambda: browser.find_element(By.XPATH, path))


def press(browser: Chrome, words: str) -> None:
    """Press it, and wait until another page is there."""
    follow(browser, button(browser, words))


def shown(browser: Chrome) -> str:
    return browser.find_element(By.TAG_NAME, "main").text


def wrong_here(browser: Chrome) -> list[str]:
    """Return what is faint, too wide or without a name at either size."""
    wrong = []
    for size in ((390, 844), (1366, 768)):
        resize(browser, *size)
        found = {
            "faint": browser.execute_script(FAINT),
            "wide": browser.execute_script(WIDTH) > 0,
            "nameless": browser.execute_script(NAMELESS),
        }
        wrong += [f"{browser.current_url} {name} {what}" for name, what in found.items() if what]
    return wrong


def asks(browser: Chrome, places: demo.Running) -> str:
    """Look up what is not there and have it searched for; return the request's number."""
    browser.get(places.simulator_url)
    tap(browser, "follow-button")
    sees(browser, "您好，这里是十堰市档案馆")
    types(browser, STRANGE)
    sees(browser, "没有查到")
    tap(browser, "link-menu", "帮我查")
    sees(browser, "替您记下了")
    number = NUMBER.search(bubbles(browser)[-1])
    assert number
    return number[0]


def accepts(browser: Chrome, places: demo.Running, number: str) -> list[str]:
    """Take the request from the first page to its search; return what is wrong with the pages."""
    comes_in(browser, places)
    browser.get(f"{places.account_url}/console")
    press(browser, "等受理的代查")
    wrong = wrong_here(browser)
    press(browser, number)
    assert STRANGE in shown(browser)
    assert browser.execute_script("return window.ran") is None
    press(browser, "受理")
    assert "首问责任人" in shown(browser)
    wrong += wrong_here(browser)
    press(browser, "开始查")
    return wrong


def answers(browser: Chrome) -> list[str]:
    """Consult somebody, then answer; return what is wrong with the pages."""
    press(browser, "征求意见")
    browser.find_element(By.ID, "note").send_keys("要问一问当年的设计院")
    press(browser, "先看一遍")
    assert "读者会收到这段话" in shown(browser)
    press(browser, "就这样告诉读者")
    press(browser, "答复：查到了")
    wrong = wrong_here(browser)
    press(browser, "来馆看原件")
    field = browser.find_element(By.ID, "note")
    assert "报编号就行" in str(field.get_property("value"))
    field.clear()
    field.send_keys(ANSWER)
    press(browser, "先看一遍")
    assert ANSWER in browser.find_element(By.ID, "preview").text
    wrong += wrong_here(browser)
    press(browser, "就这样告诉读者")
    # It comes in softly: for a moment there is nothing to be seen of it.
    until(browser, "that it was done", lambda: "已改为“查到了”" in shown(browser))
    return wrong


def test_a_request_is_answered_beside_the_phone_that_made_it(
    browser: Chrome, places: demo.Running
) -> None:
    phone = browser.current_window_handle
    number = asks(browser, places)
    browser.switch_to.new_window("tab")
    console = browser.current_window_handle
    wrong = accepts(browser, places, number)

    browser.switch_to.window(phone)
    types(browser, f"进度 {number}")
    sees(browser, "正在查")
    sees(browser, "首问责任人：窗口小周")

    browser.switch_to.window(console)
    wrong += answers(browser)

    browser.switch_to.window(phone)
    resize(browser, 390, 844)
    sees(browser, ANSWER)
    tap(browser, "link-menu", "5")
    sees(browser, "很满意（5分），谢谢您")
    types(browser, f"进度 {number}")
    sees(browser, "已办结")

    browser.switch_to.window(console)
    browser.refresh()
    assert "5 分，很满意" in shown(browser)
    wrong += wrong_here(browser)
    assert wrong == []
    said = [line for line in complaints(browser) if not any(each in line for each in EXPECTED)]
    assert said == []


def test_a_walk_in_is_written_down_by_keyboard_and_takes_a_receipt_along(
    browser: Chrome, places: demo.Running
) -> None:
    resize(browser, 1366, 768)
    comes_in(browser, places)
    browser.get(f"{places.account_url}/console/enquiries/new")
    wrong = wrong_here(browser)
    browser.find_element(By.ID, "words").send_keys("1978年大坝图纸")
    browser.find_element(By.ID, "name").send_keys("张三丰")
    with turning(browser):
        browser.find_element(By.ID, "phone").send_keys("13807281234", Keys.ENTER)
    assert browser.current_url.endswith("/receipt")
    assert NUMBER.search(shown(browser))
    assert "张三丰" not in shown(browser)
    wrong += wrong_here(browser)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    card = browser.find_element(By.CSS_SELECTOR, ".card")
    assert card.is_displayed()
    for gone in (".rail", ".top", ".toolbar"):
        assert not browser.find_element(By.CSS_SELECTOR, gone).is_displayed(), gone
    assert wrong == []
    assert complaints(browser) == []
