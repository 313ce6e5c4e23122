"""The certificate on a phone, the page that verifies it, and both as somebody prints them."""

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from PIL import Image
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.browser.screen import FAINT, complaints, follow, resize
from tests.conftest import SettingsFactory
from tests.treasures.certificates_making import NAME, OPENID, TITLE, a_certificate, look
from wx_archive import demo, features
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Runner
from wx_archive.core.services import open_services
from wx_archive.core.settings import Settings
from wx_archive.followers.identity import Door
from wx_archive.treasures.certificates import Known
from wx_archive.treasures.uploads import PURPOSE
from wx_archive.wechat.client import Platform

PHONE = (390, 844)
WIDER = """
const wide = document.documentElement.clientWidth;
return [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > wide + 1 && !one.closest(".hidden"))
  .map((one) => one.outerHTML.slice(0, 80));
"""
SMALL = """
return [...document.querySelectorAll("main a, main button, main input:not([type=hidden])")]
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
  .map((one) => one.outerHTML.slice(0, 80));
"""
GAP = """
const [above, below] = [".card-art + p", ".card-art + p + p"].map(
  (one) => document.querySelector(one).getBoundingClientRect());
return below.top - above.bottom;
"""
"""Pixels between what is said of the picture and the buttons under it."""


@dataclass
class Giver:
    """A running account, a certificate that is drawn, and the link that its owner was given."""

    known: Known
    door: str
    origin: str


@pytest.fixture
def giver(demo_settings: SettingsFactory) -> Iterator[Giver]:
    settings = demo_settings(wechat_account="subscription", wechat_verified=False)
    with demo.in_process(settings):
        yield _drawn(settings)


def _drawn(settings: Settings) -> Giver:
    with open_services(settings) as services:
        known = a_certificate(services.database)
        platform = Platform(settings, services.store, services.database)
        runner = Runner(services.database, features.jobs(services, platform))
        while runner.run_next():
            pass
        platform.close()
        return Giver(
            look(services.database, known.id),
            _door(settings, services.database, known),
            settings.origin,
        )


def _door(settings: Settings, database: Database, known: Known) -> str:
    path = f"/h5/treasures/{known.treasure_pid}/certificate"
    assert known.follower_id
    with database.reads() as connection:
        return Door.of(settings).address(
            connection, known.follower_id, path, purpose=PURPOSE, now=clock.now()
        )


def sound(browser: Chrome) -> None:
    """See that nothing on the page is too wide, too small to tap, or too faint to read."""
    assert browser.execute_script(WIDER) == []
    assert browser.execute_script(SMALL) == []
    assert browser.execute_script(FAINT) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_its_owner_sees_it_and_what_others_see(
    browser: Chrome, giver: Giver, *, dark: bool
) -> None:
    assert OPENID not in giver.door
    resize(browser, *PHONE, dark=dark)
    browser.get(giver.door)
    picture = browser.find_element(By.TAG_NAME, "img")
    assert browser.execute_script("return arguments[0].naturalWidth", picture) == 1080
    assert picture.size["width"] > 330
    assert browser.execute_script(GAP) >= 12
    sound(browser)
    follow(browser, browser.find_element(By.PARTIAL_LINK_TEXT, "看别人扫码看到什么"))
    shown = browser.find_element(By.TAG_NAME, "main").text
    for words in ("有效", giver.known.number, NAME, TITLE):
        assert words in shown
    sound(browser)
    assert complaints(browser) == []


@pytest.mark.parametrize("big", [False, True], ids=["usual", "big"])
def test_a_printed_number_is_verified_by_hand(browser: Chrome, giver: Giver, *, big: bool) -> None:
    resize(browser, *PHONE)
    browser.get(f"{giver.origin}/h5/treasures/verify?big={int(big)}")
    sound(browser)
    browser.find_element(By.NAME, "number").send_keys(giver.known.number)
    browser.find_element(By.NAME, "code").send_keys("xxxxxx")
    follow(browser, browser.find_element(By.CSS_SELECTOR, "form .button"))
    assert "没有查到" in browser.find_element(By.TAG_NAME, "h1").text
    sound(browser)
    # Only the code is typed again.
    browser.find_element(By.NAME, "code").send_keys(giver.known.tail.lower())
    follow(browser, browser.find_element(By.CSS_SELECTOR, "form .button"))
    assert giver.known.number in browser.find_element(By.TAG_NAME, "h1").text
    browser.get(f"{giver.origin}/h5/treasures/thanks")
    assert NAME in browser.find_element(By.TAG_NAME, "main").text
    sound(browser)


def test_the_page_prints_on_two_sheets_at_most(browser: Chrome, giver: Giver) -> None:
    browser.get(giver.door)
    told = browser.execute_cdp_cmd(
        "Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": False}
    )
    pdf = base64.b64decode(str(told["data"]))
    assert pdf.startswith(b"%PDF-")
    assert (
        1
        <= pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") + pdf.count(b"/Type /Page/")
        <= 2
    )
    picture = browser.find_element(By.TAG_NAME, "img")
    shot = Image.open(io.BytesIO(picture.screenshot_as_png)).convert("RGB")
    assert shot.width > 330
