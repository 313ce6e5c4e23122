"""The bank in Chromium: a question written by one, released by another; a file with one bad row."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

from tests.browser.screen import complaints, follow, resize, until
from tests.conftest import SettingsFactory
from tests.quiz.bank_making import a_row, a_table
from wx_archive import demo
from wx_archive.staff.rules import Role

TEXT = "兰台市档案馆的阅览室在几楼？"


@pytest.fixture
def places(demo_settings: SettingsFactory) -> Iterator[demo.Running]:
    """A running account."""
    with demo.in_process(demo_settings()) as running:
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


def reads(browser: Chrome, words: str) -> None:
    """Wait until the page says something."""
    until(browser, words, lambda: words in browser.find_element(By.TAG_NAME, "main").text)


def writes(browser: Chrome, **fields: str) -> None:
    for name, words in fields.items():
        place = browser.find_element(By.ID, name)
        if place.tag_name == "select":
            Select(place).select_by_visible_text(words)
        else:
            place.clear()
            place.send_keys(words)


def test_two_colleagues_bring_a_question_and_a_file(
    browser: Chrome, places: demo.Running, tmp_path: Path
) -> None:
    resize(browser, 1366, 768)
    sits(browser, places, Role.EDITOR, "题库")
    presses(browser, "写一道题")
    writes(browser, theme="档案法", kind="单选题", text=TEXT, option_a="一楼", option_b="二楼")
    presses(browser, "交给别人放行")
    reads(browser, "处要改，说明在各项下面")
    writes(browser, answer="B", explanation="出电梯右手边就是。", title="兰台市档案馆指南")
    writes(browser, url="https://archives.example.gov.cn/", difficulty="容易", tags="指南")
    presses(browser, "存草稿，看看样子")
    reads(browser, "存为草稿")
    bubble = browser.find_element(By.CSS_SELECTOR, ".phone .bubble").text
    assert bubble.splitlines()[1:4] == [TEXT, "A 一楼", "B 二楼"]
    presses(browser, "改这一题")
    presses(browser, "交给别人放行")
    reads(browser, "已经交给别人放行")

    sits(browser, places, Role.REVIEWER, "题目放行")
    presses(browser, TEXT)
    presses(browser, "放行")
    reads(browser, "放行了，两秒以内就按它出题")

    rows = [
        a_row(theme="档案法", text="查阅开放档案要带身份证件。", answer="对"),
        a_row(theme="档案法", text="复印档案一概免费。", answer="也许"),
    ]
    path = a_table(tmp_path / "新题.csv", rows, encoding="gb18030")
    sits(browser, places, Role.EDITOR, "题库")
    presses(browser, "导入题目")
    browser.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(path))
    presses(browser, "传上来检查")
    reads(browser, "判断题的答案写 对 或 错")
    presses(browser, "只导入合格的 1 题")
    reads(browser, "1 题已经交给别人放行")

    sits(browser, places, Role.REVIEWER, "题目放行")
    presses(browser, "新题.csv")
    presses(browser, "放行这 1 题")
    reads(browser, "1 题放行了")
    assert [line for line in complaints(browser) if "422" not in line] == []


def test_the_list_is_read_and_filtered_on_a_narrow_screen(
    browser: Chrome, places: demo.Running
) -> None:
    resize(browser, 390, 844)
    sits(browser, places, Role.DESK, "题库")
    writes(browser, q="二十五年", kind="单选题")
    presses(browser, "查")
    rows = browser.find_elements(By.CSS_SELECTOR, "table.list tbody tr")
    assert rows
    assert all("单选题" in row.text for row in rows)
    width = browser.execute_script("return document.documentElement.scrollWidth")
    assert width <= 390, "nothing but the table itself scrolls sideways"
    assert complaints(browser) == []
