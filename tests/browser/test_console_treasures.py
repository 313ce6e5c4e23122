"""珍档 in Chromium: an upload reviewed beside its pictures, a visitor's one entered at the desk."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.browser.screen import FAINT, complaints, follow, resize, until
from tests.browser.test_console_pages import NAMELESS, WIDTH, sits
from tests.conftest import SettingsFactory
from tests.treasures.desk_making import a_follower, an_upload
from wx_archive import demo
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.staff.rules import Role
from wx_archive.treasures.uploads import Told

NUMBER = re.compile(r"珍\d{4}-\d{6}")
STRANGE = "大坝<b>合龙</b>\"'><script>window.ran=1</script>"
EXPECTED = ("422 (UNPROCESSABLE ENTITY)",)


def a_photo(colour: str, words: str) -> bytes:
    """Return a photo that looks like something."""
    picture = Image.new("RGB", (1200, 800), colour)
    draw = ImageDraw.Draw(picture)
    for place in range(0, 1200, 60):
        draw.line((place, 800, place + 300, place % 400), fill="white", width=9)
    draw.text((80, 80), words, fill="black")
    out = io.BytesIO()
    picture.save(out, "JPEG")
    return out.getvalue()


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
    """Return what is faint, too wide or without a name at either size, in light and dark."""
    wrong = []
    for width, height, dark in (
        (390, 844, True),
        (390, 844, False),
        (1366, 768, True),
        (1366, 768, False),
    ):
        resize(browser, width, height, dark=dark)
        found = {
            "faint": browser.execute_script(FAINT),
            "wide": browser.execute_script(WIDTH) > 0,
            "nameless": browser.execute_script(NAMELESS),
        }
        wrong += [f"{browser.current_url} {name} {what}" for name, what in found.items() if what]
    return wrong


@dataclass
class Lively:
    """A running account with an upload of two photos and hostile words."""

    places: demo.Running
    number: str


@pytest.fixture
def lively(demo_settings: SettingsFactory) -> Iterator[Lively]:
    """An account to which somebody has sent something."""
    settings = demo_settings()
    with demo.in_process(settings) as places:
        yield Lively(places, uploaded(settings))


def uploaded(settings: Settings) -> str:
    """Hand an upload in; return its number."""
    database = Database(settings.database)
    told = Told(STRANGE[:60], f"父亲留下的。{STRANGE}", "大约 1975 年", "库区", "父亲和同事")
    photos = [(a_photo(colour, "photo"), "") for colour in ("steelblue", "peru")]
    follower, now = a_follower(database), clock.now()
    one = an_upload(database, follower, told=told, contents=photos, settings=settings, now=now)
    database.dispose()
    assert one.number
    return one.number


def test_an_upload_is_reviewed_beside_its_pictures(browser: Chrome, lively: Lively) -> None:
    places, number = lively.places, lively.number
    resize(browser, 1366, 768)
    sits(browser, places, Role.EDITOR)
    browser.get(f"{places.account_url}/console")
    press(browser, "等初审的珍档")
    wrong = wrong_here(browser)
    press(browser, number)
    assert STRANGE[:60] in shown(browser)
    assert browser.execute_script("return window.ran") is None

    def drawn() -> bool:
        pictures = browser.find_elements(By.CSS_SELECTOR, ".shelf img")
        for picture in pictures:
            browser.execute_script("arguments[0].scrollIntoView()", picture)
        sizes = [picture.get_property("naturalWidth") for picture in pictures]
        return len(sizes) == 2 and all(sizes)

    assert until(browser, "two pictures", drawn)
    wrong += wrong_here(browser)
    press(browser, "开始初审")
    press(browser, "问送件人")
    wrong += wrong_here(browser)
    press(browser, "背面有没有字")
    press(browser, "先看一遍")
    assert "我来说说" in browser.find_element(By.ID, "preview").text
    wrong += wrong_here(browser)
    press(browser, "就这样告诉送件人")
    until(browser, "that it was asked", lambda: "已经问了送件人" in shown(browser))
    wrong += wrong_here(browser)
    assert wrong == []
    said = [line for line in complaints(browser) if not any(each in line for each in EXPECTED)]
    assert said == []


def test_a_visitors_photo_is_entered_and_takes_a_receipt_along(
    browser: Chrome, places: demo.Running, tmp_path: Path
) -> None:
    paths = [tmp_path / "全家福.jpg", tmp_path / "日记.jpg"]
    for path, colour in zip(paths, ("peru", "steelblue"), strict=True):
        path.write_bytes(a_photo(colour, path.stem[:1]))
    resize(browser, 1366, 768)
    sits(browser, places, Role.DESK)
    browser.get(f"{places.account_url}/console/treasures/desk")
    wrong = wrong_here(browser)
    press(browser, "替送件人登记一份")
    wrong += wrong_here(browser)
    browser.find_element(By.ID, "files").send_keys("\n".join(map(str, paths)))
    browser.find_element(By.ID, "title").send_keys("全家福和日记")
    browser.find_element(By.ID, "name").send_keys("张三丰")
    for value in ("inherited", "copy", "public", "anonymous"):
        browser.find_element(By.CSS_SELECTOR, f"input[value={value}]").click()
    browser.find_element(By.ID, "consent").click()
    press(browser, "登记，打印回执")
    assert NUMBER.search(shown(browser))
    assert "全家福.jpg" in shown(browser)
    assert "张三丰" not in shown(browser)
    wrong += wrong_here(browser)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert browser.find_element(By.CSS_SELECTOR, ".card").is_displayed()
    for gone in (".rail", ".top", ".toolbar", "form"):
        assert not browser.find_element(By.CSS_SELECTOR, f"{gone}").is_displayed(), gone
    assert wrong == []
    said = [line for line in complaints(browser) if not any(each in line for each in EXPECTED)]
    assert said == []
