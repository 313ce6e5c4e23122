"""A piece in Chromium: written beside the phone, reviewed in red and green, mended, approved."""

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.browser.screen import complaints, follow, until
from tests.browser.test_console_enquiries import press, shown, wrong_here
from tests.browser.test_console_pages import sits
from wx_archive import demo
from wx_archive.core import h5
from wx_archive.staff.rules import Role
from wx_archive.staff.shell import SCRIPT

TITLE = "大坝的三次生日"
FIRST = "丹江口大坝1959年动工。\n\n第二段不用改。"
MENDED = "丹江口大坝1958年动工。\n\n第二段不用改。"
XSS = "<img src=x onerror=window.ran=1>"
REASON = "第一段的年份请核对"
SECRECY = "secrecy"


def enters(browser: Chrome, places: demo.Running, role: Role, path: str) -> None:
    """Log somebody in who was not there, and open a page."""
    browser.delete_all_cookies()
    sits(browser, places, role)
    browser.get(f"{places.account_url}/console{path}")


def fills(browser: Chrome, name: str, text: str) -> None:
    field = browser.find_element(By.NAME, name)
    field.clear()
    field.send_keys(text)


def reads(browser: Chrome, words: str) -> None:
    """Wait until the page says what was done: it fades in."""
    until(browser, words, lambda: words in shown(browser))


def phone(browser: Chrome) -> str:
    return browser.find_element(By.CSS_SELECTOR, ".phone").text


def marks(browser: Chrome, tag: str) -> list[str]:
    found = browser.find_elements(By.CSS_SELECTOR, f".diff {tag}")
    return [one.text for one in found]


def writes(browser: Chrome, places: demo.Running) -> str:
    """Begin a piece, look at it without saving, save and submit it; return its address."""
    enters(browser, places, Role.EDITOR, "/pieces/new")
    browser.find_element(By.ID, "title").send_keys(TITLE)
    press(browser, "开始写")
    fills(browser, "body", f"{FIRST}\n\n{XSS}")
    if h5.has_asset(SCRIPT):
        until(browser, "the phone following", lambda: "1959" in phone(browser))
    press(browser, "看效果")
    assert TITLE in phone(browser)
    assert "1959" in phone(browser)
    assert XSS in phone(browser), "words stay words"
    assert browser.execute_script("return window.ran") is None
    fills(browser, "sources", "《水力发电》2005年第10期")
    press(browser, "存下")
    reads(browser, "存好了")
    wrong = wrong_here(browser)
    assert wrong == []
    browser.get(browser.current_url.removesuffix("/edit"))
    press(browser, "送审")
    return browser.current_url.partition("/console")[2]


def gives_back(browser: Chrome, places: demo.Running) -> None:
    """Have the reviewer find it, look at it and give it back with a reason."""
    enters(browser, places, Role.REVIEWER, "")
    press(browser, "等您审的稿子")
    press(browser, TITLE)
    press(browser, "审这篇")
    assert "还没有人签" in shown(browser)
    assert wrong_here(browser) == []
    browser.find_element(By.ID, "reason").send_keys(REASON)
    press(browser, "退回这篇稿子")


def mends(browser: Chrome, places: demo.Running) -> None:
    """Have the editor find it among the to-dos, mend the year and submit it again."""
    enters(browser, places, Role.EDITOR, "")
    press(browser, "退回给您的稿子")
    press(browser, TITLE)
    assert REASON in shown(browser)
    press(browser, "写稿")
    fills(browser, "body", MENDED)
    press(browser, "存下")
    browser.get(browser.current_url.removesuffix("/edit"))
    press(browser, "送审")


def approves(browser: Chrome, places: demo.Running, path: str) -> None:
    """Have the reviewer see what was mended, forget the tick, and sign."""
    enters(browser, places, Role.REVIEWER, f"{path}/review")
    assert "1959" in "".join(marks(browser, "del"))
    assert "1958" in "".join(marks(browser, "ins"))
    assert "第二段不用改" not in "".join(marks(browser, "del"))
    assert wrong_here(browser) == []
    press(browser, "通过，署名")
    assert "还没有人签保密审查" in shown(browser)
    browser.find_element(By.NAME, SECRECY).click()
    press(browser, "通过，署名")
    reads(browser, "审定了")
    assert "已审定" in shown(browser)
    assert wrong_here(browser) == []


def test_a_piece_goes_from_the_first_word_to_approved(
    browser: Chrome, places: demo.Running
) -> None:
    path = writes(browser, places)
    gives_back(browser, places)
    mends(browser, places)
    approves(browser, places, path)
    enters(browser, places, Role.EDITOR, f"{path}/edit")
    assert "都作废" in shown(browser)
    follow(browser, browser.find_element(By.CSS_SELECTOR, ".rail a[href='/console/inbox']"))
    assert wrong_here(browser) == []
    said = [one for one in complaints(browser) if "422" not in one and "favicon" not in one]
    assert said == []
