"""The sender's form in Chromium at 390 px: four steps by hand and by keyboard, in either theme."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.screen import FAINT, complaints, follow, resize, turning, until
from tests.browser.test_h5_pages import BIG_TYPE, TOO_WIDE, visit
from tests.browser.test_phone_page import save_screenshot
from tests.browser.test_quiz_album import LOADED
from tests.conftest import SettingsFactory
from wx_archive import demo
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.followers import service as followers
from wx_archive.followers.identity import Door
from wx_archive.treasures.bodies import MOST_BYTES
from wx_archive.treasures.page_texts import BODY_TOO_LARGE
from wx_archive.treasures.uploads import PURPOSE

SMALL = """
const touched = "button:not(.hidden), .button, a:not(p a, li a, td a), .above a, .onward a, " +
  ".way a, .radios label, .tick, input:is([type=text], [type=file], [type=date], [type=number])";
return [...document.querySelectorAll(touched)]
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
  .map((one) => `${one.outerHTML.slice(0, 80)} ${one.getBoundingClientRect().height}`);
"""


@pytest.fixture
def settings(demo_settings: SettingsFactory) -> Settings:
    """An account whose followers come by a signed link, as into any browser."""
    return demo_settings(wechat_account="subscription")


@pytest.fixture
def running(settings: Settings) -> Iterator[demo.Running]:
    with demo.in_process(settings) as places:
        yield places


def link_of(settings: Settings, path: str) -> str:
    """Return the address that the chat gives."""
    database = Database(settings.database)
    with database.begin() as session:
        number = followers.ensure(session, "oForm", now=clock.now())
    with database.reads() as connection:
        door = Door.of(settings)
        address = door.address(connection, number, path, purpose=PURPOSE, now=clock.now())
    database.dispose()
    return address


def a_photo(folder: Path, name: str, colour: str, *, taken: str = "") -> Path:
    """Return a real JPEG with something to be seen in it, perhaps with the day it was taken."""
    picture = Image.new("RGB", (900, 600), colour)
    draw = ImageDraw.Draw(picture)
    for step in range(0, 600, 40):
        draw.line((0, step, 900, 600 - step), fill="white", width=6)
    draw.rectangle((100, 100, 300, 200), fill="black")
    exif = Image.Exif()
    if taken:
        exif.get_ifd(0x8769)[0x9003] = taken
    path = folder / name
    picture.save(path, quality=92, exif=exif)
    return path


def wrong_here(browser: Chrome, name: str) -> list[str]:
    """Save how the page looks; return what is faint, too wide or too small on it."""
    until(browser, "the pictures", lambda: browser.execute_script(LOADED))
    height = browser.execute_script("return document.documentElement.scrollHeight")
    dark = browser.execute_script("return matchMedia('(prefers-color-scheme: dark)').matches")
    resize(browser, 390, max(844, height), dark=dark)
    save_screenshot(browser, f"treasures-{name}-{'dark' if dark else 'light'}.png")
    resize(browser, 390, 844, dark=dark)
    checks = {"faint": FAINT, "too wide": TOO_WIDE, "small": SMALL}
    found = {check: browser.execute_script(script) for check, script in checks.items()}
    browser.execute_script(BIG_TYPE)
    found["too wide at 200 %"] = browser.execute_script(TOO_WIDE)
    browser.execute_script("document.documentElement.style.fontSize = ''")
    return [f"{name} {check}: {what}" for check, what in found.items() if what]


def presses(browser: Chrome, words: str) -> None:
    """Press the button or follow the link with these words."""
    found = [
        each
        for each in browser.find_elements(By.CSS_SELECTOR, "button, main a")
        if each.text.strip().startswith(words)
    ]
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", found[0])
    follow(browser, found[0])


def chooses(browser: Chrome, name: str, value: str) -> None:
    found = browser.find_element(By.CSS_SELECTOR, f"input[name={name}][value='{value}']")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
    found.click()


def until_looked_at(browser: Chrome) -> None:
    """Look again until the worker has looked at every file, as the page offers."""

    def all_clean() -> bool:
        if "正在检查" in browser.find_element(By.TAG_NAME, "main").text:
            with turning(browser):
                browser.refresh()
            return False
        return True

    until(browser, "all files looked at", all_clean)


def sends_photos(browser: Chrome, folder: Path) -> list[str]:
    """拍照: three photos from the album, two files that are not kept, a turn, another order."""
    wrong = wrong_here(browser, "photos-none")
    photos = [
        a_photo(folder, "外婆的毕业照.jpg", "teal", taken="1985:06:01 10:00:00"),
        a_photo(folder, "背面.jpg", "darkred"),
        a_photo(folder, "老房子.jpg", "olive"),
    ]
    page, repeat = folder / "存下的网页.jpg", folder / "又一张老房子.jpg"
    page.write_text("<!doctype html><html><body>not a photo</body></html>")
    repeat.write_bytes(photos[-1].read_bytes())
    browser.find_element(By.ID, "files").send_keys("\n".join(map(str, [page, *photos, repeat])))
    presses(browser, "传上来")
    assert "又一张老房子.jpg：" in browser.find_element(By.ID, "files-wrong").text
    wrong += wrong_here(browser, "photos-repeat")
    with turning(browser):
        browser.refresh()  # asks nobody whether to send all of it again, and sends nothing
    until_looked_at(browser)
    assert len(browser.find_elements(By.CSS_SELECTOR, ".shots > li")) == 3
    assert len(browser.find_elements(By.CSS_SELECTOR, ".requests > li")) == 1
    presses(browser, "转 90°")
    presses(browser, "下移")
    wrong += wrong_here(browser, "photos")
    presses(browser, "下一步：讲述")
    return wrong


def tells(browser: Chrome) -> list[str]:
    """讲述: the day that the photo names, put in by hand; what is not known."""
    wrong = wrong_here(browser, "story-empty")
    assert browser.find_element(By.ID, "year").get_attribute("value") == ""
    presses(browser, "填上这一天")
    assert browser.find_element(By.ID, "year").get_attribute("value") == "1985年6月1日"
    browser.find_element(By.ID, "title").send_keys("外婆的毕业照")
    chooses(browser, "decade", "八十年代")
    chooses(browser, "place_unknown", "1")
    browser.find_element(By.ID, "story").send_keys("外婆从箱底翻出来的，\n背面有字。")
    presses(browser, "保存，下一步")
    return wrong


def states_wishes(browser: Chrome) -> list[str]:
    """权利: forgotten, chosen, gone back from and come back to."""
    presses(browser, "保存，下一步")  # nothing chosen yet
    wrong = wrong_here(browser, "rights-wrong")
    for name, value in (
        ("ownership", "inherited"),
        ("wish", "copy"),
        ("scope", "public"),
        ("credit", "anonymous"),
    ):
        chooses(browser, name, value)
    presses(browser, "2 讲述")
    assert "背面有字" in str(browser.find_element(By.ID, "story").get_attribute("value"))
    wrong += wrong_here(browser, "story")
    presses(browser, "3 权利")
    wrong += wrong_here(browser, "rights")
    presses(browser, "保存，下一步")
    return wrong


def hands_in(browser: Chrome) -> list[str]:
    """确认: without agreeing first."""
    wrong = wrong_here(browser, "confirm")
    presses(browser, "交给档案馆")
    wrong += wrong_here(browser, "confirm-wrong")
    chooses(browser, "agree", "1")
    presses(browser, "交给档案馆")
    assert "珍2" in browser.find_element(By.TAG_NAME, "main").text
    return wrong + wrong_here(browser, "done")


@pytest.mark.usefixtures("running")
@pytest.mark.timeout(120)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_four_steps_on_a_phone(
    browser: Chrome, settings: Settings, tmp_path: Path, *, dark: bool
) -> None:
    resize(browser, 390, 844, dark=dark)
    visit(browser, link_of(settings, "/h5/treasures"))
    wrong = wrong_here(browser, "none")
    presses(browser, "送一份")
    wrong += wrong_here(browser, "new")
    presses(browser, "开始")
    wrong += sends_photos(browser, tmp_path)
    wrong += tells(browser)
    wrong += states_wishes(browser)
    wrong += hands_in(browser)
    presses(browser, "看这一份")
    wrong += wrong_here(browser, "standing")
    presses(browser, "撤回这一份")
    wrong += wrong_here(browser, "withdraw")
    presses(browser, "留着")
    presses(browser, "我的珍档")
    wrong += wrong_here(browser, "mine")
    assert wrong == []
    expected = "the server responded with a status of 400 (BAD REQUEST)"
    assert [line for line in complaints(browser) if expected not in line] == []


@pytest.mark.usefixtures("running")
def test_the_story_can_be_told_by_keyboard_alone(browser: Chrome, settings: Settings) -> None:
    resize(browser, 390, 844)
    visit(browser, link_of(settings, "/h5/treasures/new"))
    presses(browser, "开始")
    visit(browser, browser.current_url.replace("/photos", "/story"))
    keys = browser.switch_to
    for typed in (
        "粮票",  # what it is
        Keys.ARROW_DOWN,  # from «不选» to the first decade
        "大约 1948 年",
        "老城",
        "",
        "祖父",
        "",
        "他留下的。",
    ):
        if typed == "粮票":
            browser.find_element(By.ID, "title").send_keys(typed, Keys.TAB)
        else:
            keys.active_element.send_keys(typed)
            keys.active_element.send_keys(Keys.TAB)
    with turning(browser):
        keys.active_element.send_keys(Keys.ENTER)
    assert browser.current_url.endswith("/rights")
    visit(browser, browser.current_url.replace("/rights", "/confirm"))
    text = browser.find_element(By.TAG_NAME, "main").text
    for told in ("粮票", "1949年以前，大约 1948 年", "老城", "祖父", "他留下的。"):
        assert told in text


@pytest.mark.usefixtures("running")
def test_the_enter_key_saves_what_was_typed_and_goes_on(
    browser: Chrome, settings: Settings
) -> None:
    visit(browser, link_of(settings, "/h5/treasures/new"))
    presses(browser, "开始")
    visit(browser, browser.current_url.replace("/photos", "/story"))
    with turning(browser):
        browser.find_element(By.ID, "title").send_keys("粮票", Keys.ENTER)
    assert browser.current_url.endswith("/rights")
    presses(browser, "2 讲述")
    assert browser.find_element(By.ID, "title").get_attribute("value") == "粮票"


@pytest.mark.usefixtures("running")
def test_a_form_that_is_turned_away_unread_says_so_on_its_page(
    browser: Chrome, settings: Settings, tmp_path: Path
) -> None:
    visit(browser, link_of(settings, "/h5/treasures/new"))
    presses(browser, "开始")
    large = tmp_path / "large.jpg"
    with large.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    browser.find_element(By.ID, "files").send_keys(str(large))
    presses(browser, "传上来")
    assert BODY_TOO_LARGE in browser.find_element(By.TAG_NAME, "main").text
