"""协议、入藏、展示、撤回 in Chromium: a photo all the way to its page and off it again."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.browser.screen import FAINT, complaints, resize
from tests.browser.test_console_pages import NAMELESS, WIDTH, sits
from tests.browser.test_console_uploads import press, sees
from tests.conftest import SettingsFactory
from tests.treasures.register_making import TITLE, accepted
from wx_archive import demo
from wx_archive.core.database import Database
from wx_archive.staff.rules import Role
from wx_archive.treasures import sealed, showing
from wx_archive.treasures.queries import Upload

ASKED = "422 (UNPROCESSABLE ENTITY)"
GONE = "410 (GONE)"
PICTURES = "return [...document.images].every((one) => one.complete && one.naturalWidth > 0)"


@dataclass
class Given:
    """A running account with a photo that was accepted."""

    places: demo.Running
    upload: Upload

    def path(self, *below: str) -> str:
        """Return an address of the upload's pages."""
        return "/".join((self.places.account_url, "console/treasures", self.upload.pid, *below))


@pytest.fixture
def given(demo_settings: SettingsFactory) -> Iterator[Given]:
    """An account to which somebody gives a photo."""
    settings = demo_settings()
    with demo.in_process(settings) as places:
        database = Database(settings.database)
        upload = accepted(database, store=sealed.open_sealed(settings), pictures=2)
        database.dispose()
        yield Given(places, upload)


def wrong_here(browser: Chrome) -> list[str]:
    """Return what is faint, too wide or without a name at either size, in light and dark."""
    wrong = []
    for width, height, dark in ((390, 844, True), (1366, 768, False)):
        resize(browser, width, height, dark=dark)
        found = {
            "faint": browser.execute_script(FAINT),
            "wide": browser.execute_script(WIDTH) > 0,
            "nameless": browser.execute_script(NAMELESS),
        }
        wrong += [f"{browser.current_url} {name} {what}" for name, what in found.items() if what]
    return wrong


def tick(browser: Chrome, name: str, value: str = "1") -> None:
    browser.find_element(By.CSS_SELECTOR, f"input[name='{name}'][value='{value}']").click()


def write(browser: Chrome, name: str, words: str) -> None:
    field = browser.find_element(By.NAME, name)
    field.clear()
    field.send_keys(words)


def sits_anew(browser: Chrome, given: Given, role: Role) -> None:
    """Have somebody else sit down at the desk."""
    browser.delete_all_cookies()
    resize(browser, 1366, 768)
    sits(browser, given.places, role)


@pytest.mark.timeout(180)
def test_a_photo_is_agreed_on_entered_shown_and_taken_back(  # noqa: PLR0915 -- one long way
    browser: Chrome, given: Given
) -> None:
    wrong: list[str] = []
    sits_anew(browser, given, Role.EDITOR)
    browser.get(given.path("agreement", "text"))
    sees(browser, "请由本馆法务或律师审定")
    wrong += wrong_here(browser)
    browser.get(given.path("register"))
    press(browser, "登记签好的协议")
    for use in ("web", "wechat", "derive"):
        tick(browser, f"use-{use}")
    wrong += wrong_here(browser)
    press(browser, "登记协议")
    sees(browser, "协议记好了")
    write(browser, "fonds", "Z01")
    write(browser, "extent", "照片 2 张")
    press(browser, "提入藏方案")
    sees(browser, "要由另一个人入藏")
    sits_anew(browser, given, Role.REVIEWER)
    browser.get(given.path("register"))
    press(browser, "入藏")
    sees(browser, "已入藏，号码 藏2026-000001")
    wrong += wrong_here(browser)
    browser.get(given.path("show"))
    tick(browser, "secrecy")
    tick(browser, "portrait")
    wrong += wrong_here(browser)
    press(browser, "公开展示 藏2026-000001")
    sees(browser, "已经公开展示")
    browser.get(f"{given.places.account_url}{showing.PAGE}/{given.upload.pid}")
    sees(browser, TITLE)
    assert browser.execute_script(PICTURES)
    wrong += wrong_here(browser)
    browser.get(f"{given.places.account_url}/console/treasures/register")
    sees(browser, "没有缺号")
    wrong += wrong_here(browser)
    sits_anew(browser, given, Role.EDITOR)
    browser.get(given.path("revoke"))
    tick(browser, "use", "web")
    write(browser, "because", "来电：家人不同意上网")
    press(browser, "先看一遍")
    sees(browser, "公众立刻看不到")
    wrong += wrong_here(browser)
    press(browser, "就这样撤回")
    sees(browser, "撤回了：网页公布")
    wrong += wrong_here(browser)
    browser.get(f"{given.places.account_url}{showing.PAGE}/{given.upload.pid}")
    sees(browser, "这一件不再展示了")
    wrong += wrong_here(browser)
    assert wrong == []
    assert [said for said in complaints(browser) if ASKED not in said and GONE not in said] == []
