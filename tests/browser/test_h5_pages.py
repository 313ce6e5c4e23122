"""The citizens' pages in Chromium: readable at any size and theme, with the keyboard, in order."""

from collections.abc import Mapping
from itertools import pairwise

import pytest
import requests
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.keys import Keys

from tests.browser.screen import FAINT, at_big_type, complaints, follow, resize, seen, sees, tap
from tests.browser.test_phone_page import opens_phone, save_screenshot, types
from tests.conftest import SettingsFactory
from tests.lookup.conftest import learn
from wx_archive import demo
from wx_archive.core.database import Database
from wx_archive.simulator.phone import Phone

FIXED = (
    "/",
    "/h5/lookup",
    "/h5/lookup?q=公积金",
    "/h5/lookup?q=量子纠缠通信",
    "/h5/lookup?q=公积金怎么提取",
    "/h5/lookup?q=兰台&decade=1970",
    "/h5/lookup?q=知青",
    "/h5/lookup?q=学籍卡&kind=record",
    "/h5/guides/",
    "/h5/guides/livelihood-records",
    "/h5/columns/history",
    "/h5/articles/history-yunyang-prefecture-1476",
    "/h5/documents/nothing-here",
)
ENTRIES = ("兰政发〔2015〕9号", "兰政发〔2023〕5号", "兰残联发〔2026〕4号", "0012-2-0345-012")
"""A repealed document, one in force, a partly open one, a record."""
FIELDS_IN_A_DATE = 5
BIG_TYPE = "document.documentElement.style.fontSize = '34px'"
SCREENS = [(size, dark) for size in ((1366, 768), (390, 844)) for dark in (False, True)]
TOO_WIDE = """
const width = document.documentElement.clientWidth;
return [...document.body.querySelectorAll("*")]
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > width + 0.5)
  .map((one) => `${one.tagName}.${one.className}: ${one.textContent.trim().slice(0, 30)}`);
"""
REACHABLE = """
return [...document.querySelectorAll("a[href], button, input:not([type=hidden]), summary")]
  .filter((one) => one.checkVisibility()).map((one) => one.outerHTML);
"""
TORN = """
return [...document.querySelectorAll(".hit-facts > span, .facts dt, .scopes a, .chips a, .state")]
  .filter((one) => one.getClientRects().length > 1).map((one) => one.textContent);
"""
SMALL_TARGETS = """
const touched = "button, .button, .bar a, .scopes a, .chips a, .actions a, .hits a, .links a, " +
  ".above a, .onward a, .mend a, .chapters a, summary, input:not([type=hidden])";
return [...document.querySelectorAll(touched)]
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
  .map((one) => `${one.outerHTML.slice(0, 80)} ${one.getBoundingClientRect().height}`);
"""
LOOKS = {
    "faint": FAINT,
    "too wide": TOO_WIDE,
    "small": SMALL_TARGETS,
    "torn": TORN,
    "too wide at 200 %": at_big_type(TOO_WIDE),
}


@pytest.fixture
def addresses(places: demo.Running) -> list[str]:
    """Every kind of page, among them records and documents in every state."""
    phone = Phone(places.simulator_url)
    phone.follows()
    cards = []
    for number in ENTRIES:
        phone.says(number)
        cards.append(phone.last_articles[0].url)
    cards += [f"{cards[0]}?on=2016-01-01", f"{cards[0]}?on=abc"]
    return [*(places.account_url + path for path in FIXED), *cards]


def visit(browser: Chrome, address: str) -> None:
    """Open a page, with everything folded opened out."""
    browser.get(address)
    browser.execute_script("document.querySelectorAll('details').forEach((d) => (d.open = true))")


def test_every_page_is_readable_at_any_size_and_theme(
    browser: Chrome, addresses: list[str]
) -> None:
    assert [line for address in addresses for line in mistakes(browser, address, LOOKS)] == []


def mistakes(browser: Chrome, address: str, looks: Mapping[str, str]) -> list[str]:
    """Open a page and look at it on every screen, with big type too; return what is wrong."""
    visit(browser, address)
    wrong = []
    for size, dark in SCREENS:
        resize(browser, *size, dark=dark)
        found = seen(browser, looks)
        wrong += [f"{address} {size} {dark=} {name}: {what}" for name, what in found.items()]
    return wrong


def test_the_keyboard_reaches_everything_in_the_order_it_is_read(
    browser: Chrome, addresses: list[str]
) -> None:
    resize(browser, 390, 844)
    for address in addresses:
        visit(browser, address)
        expected = browser.execute_script(REACHABLE)
        reached = [""]
        for _each in range(len(expected) + FIELDS_IN_A_DATE):
            ActionChains(browser).send_keys(Keys.TAB).perform()
            now = browser.execute_script("return document.activeElement.outerHTML")
            if now != reached[-1]:  # a date has a field for the year, the month and the day
                reached.append(now)
        assert reached[1 : len(expected) + 1] == expected, address


def test_no_page_needs_a_script_or_anything_from_elsewhere(
    browser: Chrome, addresses: list[str]
) -> None:
    for address in addresses:
        browser.get(address)
        is_missing = "nothing-here" in address
        said = [line for line in complaints(browser) if not (is_missing and "404" in line)]
        assert said == [], address
        assert browser.execute_script("return document.scripts.length") == 0
    with requests.get(addresses[0], timeout=5) as answer:
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_big_type_stays_big_from_the_search_to_the_entry(
    browser: Chrome, places: demo.Running
) -> None:
    resize(browser, 390, 844)
    browser.get(f"{places.account_url}/h5/lookup?q=公积金")
    follow(browser, browser.find_element("link text", "大字版"))
    size = "return getComputedStyle(document.documentElement).fontSize"
    assert browser.execute_script(size) == "22px"
    follow(browser, browser.find_element("css selector", ".hits a"))
    assert browser.execute_script(size) == "22px"
    follow(browser, browser.find_element("link text", "标准字号"))
    assert browser.execute_script(size) == "17px"


def test_a_citation_is_selected_as_a_whole_by_one_tap(
    browser: Chrome, addresses: list[str]
) -> None:
    resize(browser, 390, 844)
    for address in addresses[-len(ENTRIES) - 2 : -2]:
        browser.get(address)
        cited = browser.find_element("css selector", ".cite")
        cited.click()
        assert browser.execute_script("return getSelection().toString()").strip() == cited.text


def test_headings_go_down_without_a_gap_for_those_who_listen(
    browser: Chrome, addresses: list[str]
) -> None:
    levels = "return [...document.querySelectorAll('h1, h2, h3')].map((one) => +one.tagName[1])"
    for address in addresses:
        browser.get(address)
        found = browser.execute_script(levels)
        assert found[:1] == [1], address
        assert all(after <= before + 1 for before, after in pairwise(found)), address


def test_a_day_is_chosen_by_hand_and_the_page_tells_of_it(
    browser: Chrome, addresses: list[str]
) -> None:
    browser.get(addresses[-len(ENTRIES) - 2])
    field = browser.find_element("id", "on")
    browser.execute_script("arguments[0].value = '2016-01-01'", field)
    follow(browser, browser.find_element("css selector", ".as-of button"))
    status = browser.find_element("css selector", "[role=status]").text
    assert status.startswith("2016年1月1日那天")
    assert "现行有效" in status
    assert "已废止" in browser.find_element("css selector", "article > p").text


def test_an_empty_result_leads_on_inside_the_phone(
    browser: Chrome, places: demo.Running, demo_settings: SettingsFactory
) -> None:
    database = Database(demo_settings().database)
    learn(database)
    database.dispose()
    opens_phone(browser, places)
    types(browser, "公基金")
    sees(browser, "您要找的是不是 公积金")
    tap(browser, "menu-toggle")
    save_screenshot(browser, "empty.png")
    tap(browser, "link-menu", "帮我查")
    sees(browser, "查2026-")
    tap(browser, "link-menu", "公积金")
    sees(browser, "〔档案查询〕“公积金” 共")
    assert complaints(browser) == []
