"""The desk in Chromium, beside the phone: a code is typed, handed over, and the phone told."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from sqlalchemy import select, update

from tests.browser.screen import bubbles, complaints, follow, resize, sees, tap, turning, until
from tests.browser.test_console_enquiries import press, shown, types, wrong_here
from tests.browser.test_console_pages import sits
from tests.conftest import SettingsFactory
from tests.quiz.making import a_season
from tests.quiz.vouchers_making import SPEECH, a_stock, adds_up, has_right
from wx_archive import demo
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.followers.models import Follower
from wx_archive.quiz.voucher_models import Facsimile
from wx_archive.staff.rules import Role

CODE = re.compile(r"凭证号：([2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{2})")
NUMBER = re.compile(r"领\d{4}-\d{6}")
EXPECTED = ("409 (CONFLICT)", "422 (UNPROCESSABLE ENTITY)")


@pytest.fixture
def database(places: demo.Running, demo_settings: SettingsFactory) -> Iterator[Database]:
    """The database of the running account, which is there now."""
    assert places.account_url
    opened = Database(demo_settings().database)
    yield opened
    opened.dispose()


def collects(database: Database, browser: Chrome, places: demo.Running) -> None:
    """Let the phone follow, and its owner have ten cards of a season that is being picked up."""
    browser.get(places.simulator_url)
    tap(browser, "follow-button")
    sees(browser, "您好，这里是十堰市档案馆")
    today = clock.today()
    with database.begin() as session:
        session.execute(update(Facsimile).values(is_offered=False))
        season_id = a_season(
            session,
            starts_on=today - timedelta(days=400),
            ends_on=today - timedelta(days=300),
            pick_up_until=today + timedelta(days=30),
        )
        a_stock(session, 42)
        has_right(session, session.scalars(select(Follower.id)).one(), season_id, 100)


def asks(browser: Chrome) -> str:
    """Ask for the voucher on the phone; return its code as printed."""
    types(browser, "领取")
    sees(browser, "这是您的领取凭证")
    code = CODE.search(bubbles(browser)[-1])
    assert code
    return code[1]


def hands_over(browser: Chrome, places: demo.Running, code: str) -> tuple[str, list[str]]:
    """Type a code and confirm; return the receipt's number, what is wrong."""
    sits(browser, places, Role.DESK)
    browser.get(f"{places.account_url}/console/quiz/desk")
    wrong = wrong_here(browser)
    with turning(browser):  # the field has the cursor: a scanner types there, and Enter
        browser.switch_to.active_element.send_keys(code.lower(), Keys.ENTER)
    for words in ("有效", SPEECH, "42→41"):
        assert words in shown(browser)
    wrong += wrong_here(browser)
    # Somebody scans the next one too early: nothing is confirmed by that.
    browser.switch_to.active_element.send_keys(code, Keys.ENTER)
    assert "42→41" in shown(browser)
    press(browser, "确认交付")
    number = NUMBER.search(shown(browser))
    assert number
    return number[0], wrong + wrong_here(browser)


def is_printed_alone(browser: Chrome, what: str) -> None:
    """Assert that on paper there is this, and nothing of the console around it."""
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert browser.find_element(By.CSS_SELECTOR, what).is_displayed()
    assert "交错了" not in shown(browser)
    for gone in (".rail", ".top", ".toolbar"):
        assert not browser.find_element(By.CSS_SELECTOR, gone).is_displayed(), gone
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "screen"})


def undoes(browser: Chrome, places: demo.Running, receipt: str) -> list[str]:
    """Undo a hand-over as another person; return what is wrong with the pages."""
    browser.delete_cookie("console")
    sits(browser, places, Role.REVIEWER)
    browser.get(receipt)
    press(browser, "撤销这次交付")
    wrong = wrong_here(browser)
    browser.find_element(By.ID, "reason").send_keys("实物拿错了")
    follow(browser, browser.find_element(By.CSS_SELECTOR, "button.danger"))
    until(browser, "that it was undone", lambda: "收据作废" in shown(browser))
    return wrong + wrong_here(browser)


def test_a_code_from_the_phone_is_typed_at_the_desk_and_the_phone_says_thank_you(
    browser: Chrome, places: demo.Running, database: Database
) -> None:
    phone = browser.current_window_handle
    collects(database, browser, places)
    code = asks(browser)

    browser.switch_to.new_window("tab")
    desk = browser.current_window_handle
    number, wrong = hands_over(browser, places, code)
    receipt = browser.current_url

    browser.switch_to.window(phone)
    sees(browser, "已领取，感谢")
    sees(browser, number)

    browser.switch_to.window(desk)
    is_printed_alone(browser, ".card")
    line = browser.find_element(By.CSS_SELECTOR, ".signature")
    assert line.size["width"] > 150  # room for a name, with a line to sign on
    assert line.value_of_css_property("border-bottom-style") == "solid"
    browser.get(f"{places.account_url}/console/quiz/desk?code={code}")
    assert "已领取" in shown(browser)
    wrong += wrong_here(browser)
    wrong += undoes(browser, places, receipt)

    browser.switch_to.window(phone)
    sees(browser, "已经撤销")
    assert wrong == []
    adds_up(database)
    said = [line for line in complaints(browser) if not any(each in line for each in EXPECTED)]
    assert said == []


def test_the_paper_list_is_printed_and_written_down_afterwards(
    browser: Chrome, places: demo.Running, database: Database
) -> None:
    collects(database, browser, places)
    code = asks(browser)
    resize(browser, 1366, 768)
    sits(browser, places, Role.DESK)
    browser.get(f"{places.account_url}/console/quiz/paper")
    wrong = wrong_here(browser)
    press(browser, "打开纸单")
    tail = code.replace("-", "")[-4:]
    assert tail in shown(browser)
    assert code not in shown(browser)
    wrong += wrong_here(browser)
    is_printed_alone(browser, "table.list")
    browser.get(f"{places.account_url}/console/quiz/paper")
    with turning(browser):
        browser.find_element(By.ID, "code").send_keys(code, Keys.ENTER)
    assert "纸单" in shown(browser)
    wrong += wrong_here(browser)
    browser.get(f"{places.account_url}/console/quiz/receipts")
    assert NUMBER.search(shown(browser))
    wrong += wrong_here(browser)
    resize(browser, 390, 844)
    number = browser.find_element(By.CSS_SELECTOR, "table.list tbody th a")
    assert browser.execute_script("return arguments[0].getClientRects().length", number) == 1
    assert wrong == []
    adds_up(database)
