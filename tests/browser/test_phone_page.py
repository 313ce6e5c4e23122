"""The simulator's page in Chromium: a person follows, asks, reads, speaks, comes back."""

import os
from base64 import b64decode
from pathlib import Path

import pytest
import requests
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.screen import bubbles, complaints, marked, resize, sees, tap, until
from wx_archive import demo

SCREENSHOTS = Path(__file__).parents[2] / "docs" / "screenshots"
SAVES_SCREENSHOTS = os.environ.get("WX_ARCHIVE_TEST_SCREENSHOTS") == "1"  # noqa: TID251 -- asked for by hand, never set in a test run


def save_screenshot(browser: Chrome, name: str) -> None:
    """Save what the phone shows, at its own size, for the README; only when asked to."""
    if not SAVES_SCREENSHOTS:
        return
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    still = "return document.getAnimations().every((one) => one.playState !== 'running')"
    until(browser, "everything to stand still", lambda: browser.execute_script(still))
    shot = browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
    (SCREENSHOTS / name).write_bytes(b64decode(shot["data"]))


def opens_phone(browser: Chrome, places: demo.Running) -> None:
    """Open the page as a phone's screen and follow the account."""
    resize(browser, 390, 844, scale=2)
    browser.get(places.simulator_url)
    tap(browser, "follow-button")
    sees(browser, "您好，这里是十堰市档案馆")


def types(browser: Chrome, text: str) -> None:
    """Type a message and send it."""
    if not marked(browser, "text-input"):
        tap(browser, "menu-toggle")
    field = until(browser, "the field", lambda: marked(browser, "text-input")[0])
    field.send_keys(text, Keys.ENTER)


def test_a_person_follows_asks_reads_speaks_and_comes_back(
    browser: Chrome, places: demo.Running
) -> None:
    opens_phone(browser, places)

    tap(browser, "menu-top", "服务大厅")
    tap(browser, "menu-item", "档案查询")
    sees(browser, "直接打字")
    types(browser, "公积金")
    sees(browser, "〔档案查询〕“公积金” 共")
    tap(browser, "menu-toggle")
    save_screenshot(browser, "phone.png")

    tap(browser, "link-menu", "关于提高租房提取住房公积金额度的通知")
    tap(browser, "news-card", "关于提高租房提取住房公积金额度的通知")
    frame = until(browser, "the page", lambda: marked(browser, "h5-frame")[0])
    browser.switch_to.frame(frame)
    heading = until(browser, "the title", lambda: browser.find_element(By.TAG_NAME, "h1"))
    assert heading.text == "关于提高租房提取住房公积金额度的通知"
    assert "2024年8月1日" in browser.find_element(By.CSS_SELECTOR, ".facts").text
    browser.switch_to.default_content()
    tap(browser, "h5-back")
    until(browser, "the chat", lambda: not marked(browser, "h5"))

    tap(browser, "menu-toggle")
    tap(browser, "voice-button")
    tap(browser, "sheet-submit")
    sees(browser, "听到的是「我想查一下公积金的文件」")
    tap(browser, "plus-button")
    tap(browser, "plus-photo")
    tap(browser, "photo-sample")
    sees(browser, "照片收到了")
    picture = marked(browser, "picture")[-1]
    assert picture.size == picture.find_element(By.TAG_NAME, "img").size

    said, told = bubbles(browser, sender="me"), bubbles(browser)
    assert len(said) == 4  # the words, the number of the tapped link, speech, picture
    browser.refresh()
    until(browser, "the transcript", lambda: len(bubbles(browser)) == len(told))
    assert bubbles(browser, sender="me") == said
    assert bubbles(browser) == told
    assert complaints(browser) == []


def test_an_archive_record_is_read_inside_the_phone(browser: Chrome, places: demo.Running) -> None:
    opens_phone(browser, places)
    types(browser, "0012-2-0345-012")
    tap(browser, "news-card", "关于报送兰水大桥初步设计的请示")
    frame = until(browser, "the page", lambda: marked(browser, "h5-frame")[0])
    browser.switch_to.frame(frame)
    until(browser, "the record", lambda: "0012-2-0345-012" in browser.page_source)
    assert browser.find_element(By.CSS_SELECTOR, ".badge").text == "开放档案"
    browser.switch_to.default_content()
    save_screenshot(browser, "record.png")
    assert complaints(browser) == []


@pytest.mark.parametrize("path", ["/", "/sim/state", "/static/simulator/phones.js"])
def test_the_simulator_runs_only_its_own_scripts(places: demo.Running, path: str) -> None:
    with requests.get(f"{places.simulator_url}{path}", timeout=5) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'; frame-src http:;")
    assert "unsafe" not in policy


def test_a_script_from_elsewhere_in_the_page_does_not_run(
    browser: Chrome, places: demo.Running
) -> None:
    browser.get(places.simulator_url)
    until(browser, "the phone", lambda: marked(browser, "phone"))
    browser.execute_script(
        "const s = document.createElement('script'); s.textContent = 'window.ran = true';"
        "document.body.append(s);"
    )
    assert browser.execute_script("return window.ran") is None
    assert any("Content Security Policy" in line for line in complaints(browser))
