"""数字 in Chromium: bars that can be seen at any size, numbers that open by keyboard."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.screen import complaints, follow, resize
from tests.browser.test_console_pages import WIDTH, sits
from tests.conftest import SettingsFactory
from wx_archive import demo, demo_life
from wx_archive.core.services import open_services
from wx_archive.staff.rules import Role

PAGES = (
    "/console/figures",
    "/console/figures?span=7d",
    "/console/figures?from=2025-12-01&to=2026-11-20",
    "/console/figures/use?by=day",
    "/console/figures/use?span=year&by=month",
)
HIDDEN_BARS = """
return [...document.querySelectorAll("svg.chart rect")]
  .filter((bar) => {
    const box = bar.getBoundingClientRect(), all = bar.ownerSVGElement.getBoundingClientRect();
    const isInside = box.left >= all.left - 1 && box.right <= all.right + 1
      && box.top >= all.top - 1 && box.bottom <= all.bottom + 1;
    return !isInside || box.width < 0.3 || box.height < 0.9;
  })
  .map((bar) => bar.outerHTML);
"""
CUT_WORDS = """
return [...document.querySelectorAll("svg.chart text")]
  .filter((text) => {
    const box = text.getBoundingClientRect(), all = text.ownerSVGElement.getBoundingClientRect();
    return box.left < all.left - 1 || box.right > all.right + 1 || box.bottom > all.bottom + 1
      || parseFloat(getComputedStyle(text).fontSize) < 11;
  })
  .map((text) => text.textContent);
"""
CROSSED_WORDS = """
return [...document.querySelectorAll("svg.chart")].flatMap((chart) => {
  const texts = [...chart.querySelectorAll("text")].map((text) => text.getBoundingClientRect());
  return texts.filter((one, at) => texts.slice(at + 1).some((other) =>
    one.left < other.right && other.left < one.right
    && one.top < other.bottom - 2 && other.top < one.bottom - 2)).map(() => chart.textContent);
});
"""
SIZES = ((1366, 768), (390, 844))


@pytest.fixture
def lively(demo_settings: SettingsFactory) -> Iterator[demo.Running]:
    """A running account with forty days behind it."""
    settings = demo_settings()
    with open_services(settings) as services:
        demo_life.invent(services)
    with demo.in_process(settings) as places:
        yield places


@pytest.mark.parametrize("size", SIZES)
def test_charts_are_seen_whole_at_any_size(
    browser: Chrome, lively: demo.Running, size: tuple[int, int]
) -> None:
    sits(browser, lively, Role.ADMIN)
    resize(browser, *size)
    wrong = []
    for page in PAGES:
        browser.get(f"{lively.account_url}{page}")
        assert browser.find_elements(By.CSS_SELECTOR, "svg.chart rect"), page
        found = {
            "too wide": browser.execute_script(WIDTH),
            "hidden bars": browser.execute_script(HIDDEN_BARS),
            "cut words": browser.execute_script(CUT_WORDS),
            "crossed words": browser.execute_script(CROSSED_WORDS),
            "said": complaints(browser),
        }
        wrong += [f"{page} {name}: {what}" for name, what in found.items() if what]
    assert wrong == []


@pytest.mark.parametrize("size", SIZES)
def test_the_numbers_beside_a_chart_open_by_keyboard(
    browser: Chrome, lively: demo.Running, size: tuple[int, int]
) -> None:
    sits(browser, lively, Role.DESK)
    resize(browser, *size)
    browser.get(f"{lively.account_url}/console/figures")
    summary = browser.find_element(By.CSS_SELECTOR, "svg.chart ~ details summary")
    table = browser.find_element(By.CSS_SELECTOR, "svg.chart ~ details table")
    assert not table.is_displayed()
    browser.execute_script("arguments[0].focus()", summary)
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert table.is_displayed()
    assert len(table.find_elements(By.CSS_SELECTOR, "tbody tr")) == 30
    assert browser.execute_script(WIDTH) <= 0


def test_days_are_chosen_by_hand_and_the_table_is_downloaded(
    browser: Chrome, lively: demo.Running
) -> None:
    sits(browser, lively, Role.EDITOR)
    browser.get(f"{lively.account_url}/console/figures/use?from=2026-11-01&to=2026-11-01")
    assert "2026-11-01 至 2026-11-01，共 1 天" in browser.find_element(By.ID, "main").text
    follow(browser, browser.find_element(By.LINK_TEXT, "本月"))
    assert "span=month" in browser.current_url
    link = browser.find_element(By.LINK_TEXT, "带走 CSV").get_attribute("href")
    assert link
    assert "/console/figures/use.csv?span=month&by=day" in link
