"""Two colleagues make a season in Chromium: copied, corrected, released; it fits every screen."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.browser.screen import FAINT, complaints, follow, resize, until
from tests.conftest import SettingsFactory
from wx_archive import demo, demo_quiz
from wx_archive.core import clock
from wx_archive.core.services import open_services
from wx_archive.staff.rules import Role

WIDTHS = (390, 1366)
NARROW = """
const page = document.documentElement;
return page.scrollWidth <= page.clientWidth;
"""


@pytest.fixture
def places(demo_settings: SettingsFactory) -> Iterator[demo.Running]:
    """A running account with the demo's season."""
    settings = demo_settings()
    with open_services(settings) as services:
        demo_quiz.invent(services)
    with demo.in_process(settings) as running:
        yield running


def sits(browser: Chrome, places: demo.Running, role: Role, page: str) -> None:
    """Log somebody in, and let them open a page from the rail."""
    browser.delete_all_cookies()
    browser.get(f"{places.account_url}/console/login")
    form = browser.find_element(By.CSS_SELECTOR, f"form:has(input[value='{role.value}'])")
    follow(browser, form.find_element(By.TAG_NAME, "button"))
    rail = browser.find_element(By.CSS_SELECTOR, ".rail")
    follow(browser, rail.find_element(By.LINK_TEXT, page))


def presses(browser: Chrome, words: str) -> None:
    path = f"//main//*[self::button or self::a][normalize-space()='{words}']"
    follow(browser, browser.find_element(By.XPATH, path))


def fills(browser: Chrome, field: str, words: str) -> None:
    place = browser.find_element(By.ID, field)
    place.clear()
    place.send_keys(words)


def reads(browser: Chrome, words: str) -> None:
    """Wait until the page says something."""
    until(browser, words, lambda: words in browser.find_element(By.TAG_NAME, "main").text)


def test_a_season_is_copied_corrected_and_released_by_two_people(
    browser: Chrome, places: demo.Running
) -> None:
    resize(browser, 1366, 768)
    sits(browser, places, Role.EDITOR, "答题季")
    presses(browser, "兰台记忆·第一季（演示）")
    presses(browser, "照它抄一季新的")
    reads(browser, "抄成了一季新的草稿")
    presses(browser, "改日子、主题和规则")
    fills(browser, "name", "兰台记忆·第二季")
    presses(browser, "存下")
    presses(browser, "先要有一座桥")
    fills(browser, "title", "渡船与桥")
    presses(browser, "存下")
    reads(browser, "公众查得到")
    picture = browser.find_element(By.CSS_SELECTOR, "img.pic")
    wide = "return arguments[0].complete && arguments[0].naturalWidth"
    until(browser, "the card", lambda: browser.execute_script(wide, picture))
    presses(browser, "兰台记忆·第二季")
    presses(browser, "交给别人放行")
    sits(browser, places, Role.REVIEWER, "答题季")
    presses(browser, "兰台记忆·第二季")
    reads(browser, "渡船与桥")
    presses(browser, "放行这一季")
    reads(browser, "放行了")
    assert complaints(browser) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_the_screen_or_too_faint(
    browser: Chrome, places: demo.Running, width: int
) -> None:
    resize(browser, 1366, 768)
    sits(browser, places, Role.EDITOR, "答题季")
    presses(browser, "兰台记忆·第一季（演示）")
    season = browser.current_url
    browser.get(f"{places.account_url}/console/quiz/facsimiles")
    presses(browser, "兰水大桥开工批复（演示复制件）")
    shelf = browser.current_url
    seasons = season.rsplit("/", 1)[0]
    resize(browser, width, 844, dark=width == WIDTHS[0])
    for path in (
        seasons,
        f"{seasons}/new",
        season,
        f"{season}/edit",
        f"{season}/cards",
        f"{season}/cards/1",
        f"{season}/cards/1/picture",
        shelf.rsplit("/", 1)[0],
        shelf,
        f"{shelf}/edit",
        f"{shelf}/write-off",
        f"{places.account_url}/console/quiz/figures",
    ):
        browser.get(path)
        assert browser.execute_script(NARROW), path
        assert browser.execute_script(FAINT) == [], path
    assert complaints(browser) == []


def test_pieces_are_counted_in_at_the_desk(browser: Chrome, places: demo.Running) -> None:
    resize(browser, 1366, 768)
    sits(browser, places, Role.DESK, "复制件库存")
    presses(browser, "兰水大桥开工批复（演示复制件）")
    fills(browser, "pieces", "8")
    presses(browser, "入库")
    reads(browser, "现在在库 50 件")
    presses(browser, "核减（损坏、遗失、点错）")
    fills(browser, "pieces", "51")
    fills(browser, "note", "受潮")
    presses(browser, "核减")
    reads(browser, "最多核减 50 件")
    fills(browser, "pieces", "1")
    presses(browser, "核减")
    reads(browser, "现在在库 49 件")
    assert f"{clock.today()}" in browser.find_element(By.CSS_SELECTOR, "td.date").text
    assert [line for line in complaints(browser) if "422" not in line] == []
