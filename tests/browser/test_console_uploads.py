"""A clerk's spreadsheet in Chromium: uploaded, its table read, the good rows found in the chat."""

from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.browser.screen import complaints, turning, until
from tests.browser.test_console_pages import sits
from tests.catalogue.test_files_sheets import a_workbook
from wx_archive import demo
from wx_archive.simulator.phone import Phone
from wx_archive.staff.rules import Role

ROWS = {
    1: ["档号", "题名", "日期", "开放标识", "民生"],
    2: ["9001-1-1", "关于修建青石渡口的批复", "1971-03-02", "开放", "否"],
    3: ["", "没有档号的一行", "1971", "开放", "否"],
    4: ["9001-1-3", "开放标识写错的一行", "1971", "敞开", "否"],
    5: ["9001-1-4", "关于青石渡口用地的函", "1972-05-06", "开放", "否"],
}


SAYS = "return document.querySelector('main')?.innerText ?? ''"


def sees(browser: Chrome, words: str) -> None:
    """Wait until the page says so."""

    def says() -> bool:  # in one go: between two calls another page may be there
        return words in str(browser.execute_script(SAYS))

    until(browser, words, says)


def press(browser: Chrome, words: str) -> None:
    """Press the button or follow the link that says so, and wait for the page it leads to."""
    path = f"//main//*[(self::button or self::a) and contains(., '{words}')]"

    def pressed() -> bool:
        browser.find_elements(By.XPATH, path)[0].click()
        return True

    with turning(browser):
        until(browser, words, pressed)


def comes_in(browser: Chrome, places: demo.Running) -> None:
    """Log the editor in."""
    sits(browser, places, Role.EDITOR)
    sees(browser, "今天")


def choose(browser: Chrome, value: str) -> None:
    browser.find_element(By.CSS_SELECTOR, f"input[type=radio][value='{value}']").click()


def bring(browser: Chrome, places: demo.Running, path: Path, kind: str) -> None:
    """Upload a file from the page of uploads."""
    browser.get(f"{places.account_url}/console/uploads")
    choose(browser, kind)
    browser.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(path))
    press(browser, "上传并检查")


def test_a_spreadsheet_with_two_bad_rows_is_uploaded_read_and_found_in_the_chat(
    browser: Chrome, places: demo.Running, tmp_path: Path
) -> None:
    comes_in(browser, places)
    bring(browser, places, a_workbook(tmp_path / "渡口目录.xlsx", ROWS), "record")
    # Nobody touches the page: it comes to its result by itself.
    sees(browser, "检查的结果")
    rows = [row.text for row in browser.find_elements(By.CSS_SELECTOR, "main table tbody tr")]
    assert rows[0].split() == ["4", "2", "0", "0", "2", "2"]
    assert rows[1].startswith("3 档号 不能为空")
    assert rows[2].startswith("4 开放标识 只能填")

    press(browser, "导入合格的 2 行")
    sees(browser, "跳过它们")
    press(browser, "跳过 2 行，导入 2 行")
    sees(browser, "导入的结果")

    phone = Phone(places.simulator_url)
    phone.follows()
    answer = phone.says("青石渡口")[-1].visible_text
    assert "共 2 条" in answer
    assert "关于修建青石渡口的批复" in answer
    assert complaints(browser) == []


@pytest.mark.parametrize("megabytes", [20.5, 24])
def test_a_file_that_is_too_large_is_answered_with_a_sentence(
    browser: Chrome, places: demo.Running, tmp_path: Path, megabytes: float
) -> None:
    path = tmp_path / "很大.csv"
    path.write_bytes(b"x" * int(megabytes * 1024 * 1024))
    comes_in(browser, places)
    bring(browser, places, path, "record")
    sees(browser, "文件超过 20 MB")


def test_a_clerk_decides_on_an_announced_repeal_and_takes_it_back(
    browser: Chrome, places: demo.Running
) -> None:
    comes_in(browser, places)
    browser.get(f"{places.account_url}/console/proposals")
    title = browser.find_element(By.CSS_SELECTOR, "tbody tr td:nth-child(2) a").text
    press(browser, "确认废止")
    sees(browser, f"已确认：{title}")
    press(browser, "撤销")
    sees(browser, f"已撤销，{title}又回到等您决定的里面。")
    assert complaints(browser) == []
