"""媒体库 in Chromium: a photo and a film are brought in, seen, and withdrawn."""

from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.browser.screen import complaints, until
from tests.browser.test_console_uploads import comes_in, press, sees
from tests.media.files import a_film, a_photo
from wx_archive import demo

SHOWN = "return [...document.images].every((one) => one.complete && one.naturalWidth > 0)"
SIDEWAYS = "return document.documentElement.scrollWidth <= innerWidth"


def choose(browser: Chrome, row: int, path: Path) -> None:
    browser.find_element(By.NAME, f"f{row}-file").send_keys(str(path))


def sees_every_picture(browser: Chrome) -> None:
    until(browser, "every picture", lambda: bool(browser.execute_script(SHOWN)))


def test_a_photo_and_a_film_are_brought_in_seen_and_withdrawn(
    browser: Chrome, places: demo.Running, tmp_path: Path
) -> None:
    (tmp_path / "大坝.jpg").write_bytes(a_photo(orientation=6))
    (tmp_path / "合龙.mp4").write_bytes(a_film(65))
    (tmp_path / "矢量.svg").write_bytes(b"<svg/>")
    comes_in(browser, places)
    browser.get(f"{places.account_url}/console/media")
    press(browser, "上传文件")
    browser.find_element(By.CSS_SELECTOR, "main details summary").click()
    for row, name in enumerate(("大坝.jpg", "合龙.mp4", "矢量.svg")):
        choose(browser, row, tmp_path / name)
    browser.find_element(By.NAME, "f0-alt").send_keys("工人在坝顶握手")
    press(browser, "上传")
    sees(browser, "收下了 2 个文件：《大坝》、《合龙》")
    sees(browser, "这是 SVG 矢量图")
    assert all("422" in said for said in complaints(browser))
    press(browser, "回媒体库")
    sees_every_picture(browser)
    press(browser, "大坝")
    sees(browser, "800 \u00d7 1200")
    sees_every_picture(browser)
    for width, height in ((390, 844), (1366, 768)):
        browser.set_window_size(width, height)
        assert browser.execute_script(SIDEWAYS)
    press(browser, "撤下这个文件")
    press(browser, "撤下这个文件")
    sees(browser, "《大坝》已撤下")
    assert complaints(browser) == []
