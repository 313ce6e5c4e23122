"""The desk in Chromium, beside the phone: a code is typed, handed over; the phone says thank you."""

import re
from datetime import timedelta

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from sqlalchemy import select, update

from tests.browser.screen import bubbles, complaints, resize, sees, tap, turning, until
from tests.browser.test_console_enquiries import press, shown, types, wrong_here
from tests.browser.test_console_pages import sits
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
def database(places: demo.Running) -> Database:
    return places.application.services.database


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


def test_a_code_from_the_phone_is_typed_at_the_desk_and_the_phone_says_thank_you(
    browser: Chrome, places: demo.Running, database: Database
) -> None:
    phone = browser.current_window_handle
    collects(database, browser, places)
    types(browser, "领取")
    sees(browser, "这是您的领取凭证")
    code = CODE.search(bubbles(browser)[-1])
    assert code

    browser.switch_to.new_window("tab")
    desk = browser.current_window_handle
    sits(browser, places, Role.DESK)
    browser.get(f"{places.account_url}/console/quiz/desk")
    wrong = wrong_here(browser)
    with turning(browser):  # the field has the cursor: a scanner types there, and Enter
        browser.switch_to.active_element.send_keys(code[1].lower(), Keys.ENTER)
    for words in ("有效", SPEECH, "42→41"):
        assert words in shown(browser)
    wrong += wrong_here(browser)
    with turning(browser):
        browser.switch_to.active_element.send_keys(Keys.ENTER)
    number = NUMBER.search(shown(browser))
    assert number
    wrong += wrong_here(browser)
    receipt = browser.current_url

    browser.switch_to.window(phone)
    sees(browser, "已领取，感谢")
    sees(browser, number[0])

    browser.switch_to.window(desk)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert browser.find_element(By.CSS_SELECTOR, ".card").is_displayed()
    for gone in (".rail", ".top", ".toolbar"):
        assert not browser.find_element(By.CSS_SELECTOR, gone).is_displayed(), gone
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "screen"})
    browser.get(f"{places.account_url}/console/quiz/desk?code={code[1]}")
    assert "已领取" in shown(browser)
    wrong += wrong_here(browser)
    sits(browser, places, Role.REVIEWER)
    browser.get(receipt)
    press(browser, "撤销这次交付")
    wrong += wrong_here(browser)
    browser.find_element(By.ID, "reason").send_keys("实物拿错了")
    press(browser, "撤销")
    until(browser, "that it was undone", lambda: "收据作废" in shown(browser))
    wrong += wrong_here(browser)

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
    types(browser, "领取")
    sees(browser, "这是您的领取凭证")
    code = CODE.search(bubbles(browser)[-1])
    assert code
    resize(browser, 1366, 768)
    sits(browser, places, Role.DESK)
    browser.get(f"{places.account_url}/console/quiz/paper")
    wrong = wrong_here(browser)
    press(browser, "打开纸单")
    tail = code[1].replace("-", "")[-4:]
    assert tail in shown(browser)
    assert code[1] not in shown(browser)
    wrong += wrong_here(browser)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert browser.find_element(By.CSS_SELECTOR, "table.list").is_displayed()
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "screen"})
    browser.back()
    with turning(browser):
        browser.find_element(By.ID, "code").send_keys(code[1], Keys.ENTER)
    assert "纸单" in shown(browser)
    wrong += wrong_here(browser)
    browser.get(f"{places.account_url}/console/quiz/receipts")
    assert NUMBER.search(shown(browser))
    wrong += wrong_here(browser)
    assert wrong == []
    adds_up(database)
