"""The console's pages in Chromium: readable at any size and theme, whole without a script."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.screen import FAINT, at_big_type, complaints, follow, resize, seen, until
from tests.conftest import SettingsFactory
from wx_archive import demo, demo_life
from wx_archive.core.services import open_services
from wx_archive.staff.rules import Role

SCREENS = (((1366, 768), True), ((390, 844), False))
"""With and without darkness; pages are opened on the last of them, and then seen on each."""
WIDTH = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
TOO_WIDE = f"{WIDTH} > 0"
HEADINGS = """
const levels = [...document.querySelectorAll("h1, h2, h3")].map((one) => +one.tagName[1]);
return levels[0] !== 1 || levels.some((one, at) => at && one > levels[at - 1] + 1);
"""
LINKS = """
return [...document.querySelectorAll("a[href^='/console'], a[href^='?']")]
  .filter((one) => !one.hasAttribute("download") && !/export|template|csv|xlsx/.test(one.href))
  .map((one) => one.href);
"""
NAMELESS = """
return [...document.querySelectorAll("button, a[href], input:not([type=hidden]), select, textarea")]
  .filter((one) => one.checkVisibility())
  .filter((one) => !(one.textContent.trim() || one.labels?.length || one.ariaLabel || one.title))
  .map((one) => one.outerHTML.slice(0, 100));
"""
LOOKS = {
    "faint": FAINT,
    "too wide": TOO_WIDE,
    "nameless": NAMELESS,
    "headings": HEADINGS,
    "too wide at 200 %": at_big_type(TOO_WIDE, 32),
}
MOST = 40
"""Pages looked at for one person: the rail's, and what these lead to."""


@pytest.fixture
def lively(demo_settings: SettingsFactory) -> Iterator[demo.Running]:
    """A running account with forty days behind it."""
    settings = demo_settings()
    with open_services(settings) as services:
        demo_life.invent(services)
    with demo.in_process(settings) as places:
        yield places


def sits(browser: Chrome, places: demo.Running, role: Role) -> None:
    """Log the demo's person of this role in."""
    browser.get(f"{places.account_url}/console/login")
    form = browser.find_element(By.CSS_SELECTOR, f"form:has(input[value='{role.value}'])")
    follow(browser, form.find_element(By.TAG_NAME, "button"))


def opened(browser: Chrome, places: demo.Running) -> Iterator[str]:
    """Open the pages of the rail, and then one of each kind that they lead to; yield addresses."""
    browser.get(f"{places.account_url}/console")
    rail = list(dict.fromkeys(browser.execute_script(LINKS)))
    further: list[str] = []
    kinds = set()
    for address in rail:
        browser.get(address)
        for link in browser.execute_script(LINKS):
            kind = tuple(part for part in link.split("?")[0].split("/") if len(part) < 20)
            if kind not in kinds and link not in rail:
                further.append(link)
            kinds.add(kind)
        yield address
    for address in further[: MOST - len(rail)]:
        browser.get(address)
        yield address


@pytest.mark.parametrize("role", Role)
def test_every_page_is_readable_at_any_size_and_theme(
    browser: Chrome, lively: demo.Running, role: Role
) -> None:
    sits(browser, lively, role)
    complaints(browser)
    wrong = []
    for address in opened(browser, lively):
        for size, dark in SCREENS:
            resize(browser, *size, dark=dark)
            found = seen(browser, LOOKS)
            wrong += [f"{address} {size} {name}: {what}" for name, what in found.items()]
        wrong += [f"{address} said: {what}" for what in complaints(browser)]
    assert wrong == []


def test_the_keyboard_comes_past_the_rail_at_once(browser: Chrome, lively: demo.Running) -> None:
    sits(browser, lively, Role.EDITOR)
    ActionChains(browser).send_keys(Keys.TAB, Keys.ENTER).perform()
    until(browser, "the page itself", lambda: browser.current_url.endswith("#main"))


def test_the_demo_changes_the_person_at_a_click(browser: Chrome, lively: demo.Running) -> None:
    sits(browser, lively, Role.EDITOR)
    me = browser.find_element(By.CSS_SELECTOR, ".me summary")
    assert me.text.startswith("编辑小陈")
    me.click()
    desk = ".me-menu form:has(input[value='desk']) button"
    follow(browser, browser.find_element(By.CSS_SELECTOR, desk))
    assert browser.find_element(By.CSS_SELECTOR, ".me summary").text.startswith("窗口小周")
