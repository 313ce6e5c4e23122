"""文件和档案 in Chromium: one edits and proposes, another releases, the phone shows it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.browser.screen import complaints, resize
from tests.browser.test_console_enquiries import button, press, shown, wrong_here
from tests.browser.test_console_pages import sits
from tests.builders import a_document, a_file, a_record
from tests.conftest import SettingsFactory
from wx_archive import demo
from wx_archive.catalogue import openings
from wx_archive.catalogue.service import Importer
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.ids import stable_pid
from wx_archive.core.settings import Settings
from wx_archive.simulator.phone import Phone
from wx_archive.staff.rules import Role

OLD_TITLE = "关于渡槽重建的请示"
TITLE = "关于重建兰水渡槽的请示"
EXPECTED = ("422 (UNPROCESSABLE ENTITY)", "favicon")


@dataclass(frozen=True)
class Archive:
    """A running account with an unreviewed record and a document of our own."""

    places: demo.Running
    record: str
    document: str

    def at(self, path: str) -> str:
        return f"{self.places.account_url}/console{path}"


@pytest.fixture
def archive(demo_settings: SettingsFactory, tmp_path: Path) -> Iterator[Archive]:
    settings = demo_settings()
    _brings_in(settings, tmp_path)
    secret = settings.secret()
    with demo.in_process(settings) as running:
        record, document = (stable_pid(kind, "own", secret) for kind in ("record", "document"))
        yield Archive(running, record, document)


def _brings_in(settings: Settings, folder: Path) -> None:
    database = Database(settings.database)
    importer = Importer(database, settings.secret())
    importer.records(a_file(folder / "r.jsonl", [a_record("own", open=None, title=OLD_TITLE)]))
    document = a_document("own", title="兰台市渡槽养护办法", body="第一条 渡槽要养护。\n" * 40)
    importer.documents(a_file(folder / "d.jsonl", [document]))
    openings.make_reviews(database, today=clock.today(), now=clock.now())
    database.dispose()


def enters(browser: Chrome, archive: Archive, role: Role, path: str) -> None:
    """Log somebody in and open a page."""
    browser.delete_all_cookies()  # of whoever sat here before
    sits(browser, archive.places, role)
    browser.get(archive.at(path))


def fills(browser: Chrome, name: str, text: str) -> None:
    field = browser.find_element(By.NAME, name)
    field.clear()
    field.send_keys(text)


def answer(phone: Phone, words: str) -> str:
    phone.says(words)
    return phone.last_text + str([article.title for article in phone.last_articles])


def edits(browser: Chrome) -> list[str]:
    """Correct title and date, with a slip on the way; return what is wrong with the pages."""
    wrong = wrong_here(browser)
    press(browser, OLD_TITLE)
    assert "还没有做过开放审核" in shown(browser)
    wrong += wrong_here(browser)
    press(browser, "改内容")
    fills(browser, "title", TITLE)
    fills(browser, "date", "春天")
    press(browser, "看改动前后")
    assert "看不懂" in shown(browser)
    wrong += wrong_here(browser)
    fills(browser, "date", "1970-05")
    press(browser, "看改动前后")
    assert TITLE in browser.find_element(By.TAG_NAME, "ins").text
    wrong += wrong_here(browser)
    press(browser, "存下这 2 处改动")
    assert "已经改好" in shown(browser)
    return wrong


def proposes(browser: Chrome) -> list[str]:
    """Propose to open it; return what is wrong with the pages."""
    press(browser, "提出开放")
    wrong = wrong_here(browser)
    fills(browser, "reason", "会同移交单位审核，可以开放")
    press(browser, "提出向社会开放")
    assert "正在等另一个人放行" in shown(browser)
    return wrong


def releases(browser: Chrome) -> list[str]:
    """Release it, beginning at the first page; return what is wrong with the pages."""
    press(browser, "等您放行的开放")
    wrong = wrong_here(browser)
    press(browser, "向社会开放")
    assert "公众能查到它" in shown(browser)
    wrong += wrong_here(browser)
    press(browser, "放行：向社会开放")
    assert "公众从现在起查得到" in shown(browser)
    return wrong


def closes(browser: Chrome) -> list[str]:
    """Close it again; return what is wrong with the pages."""
    press(browser, "收回，控制使用")
    assert button(browser, "收回这条档案").get_attribute("class") == "danger"
    wrong = wrong_here(browser)
    fills(browser, "reason", "涉及个人")
    press(browser, "收回这条档案")
    return wrong


@pytest.mark.timeout(180)
def test_a_record_is_edited_proposed_released_found_and_closed_again(
    browser: Chrome, archive: Archive
) -> None:
    phone = Phone(archive.places.simulator_url)
    phone.follows()
    resize(browser, 1366, 768)
    enters(browser, archive, Role.EDITOR, f"/documents?q={OLD_TITLE}")
    wrong = edits(browser) + proposes(browser)
    assert TITLE not in answer(phone, "重建兰水渡槽")
    enters(browser, archive, Role.REVIEWER, "")
    wrong += releases(browser)
    assert TITLE in answer(phone, "重建兰水渡槽")
    enters(browser, archive, Role.EDITOR, f"/records/{archive.record}")
    wrong += closes(browser)
    assert TITLE not in answer(phone, "重建兰水渡槽")
    assert wrong == []
    assert [line for line in complaints(browser) if not any(e in line for e in EXPECTED)] == []


def test_every_page_of_the_desk_is_readable_at_any_size(browser: Chrome, archive: Archive) -> None:
    enters(browser, archive, Role.EDITOR, "/documents")
    wrong = []
    base = f"/documents/{archive.document}"
    for path in (
        "/documents",
        base,
        f"{base}/edit",
        f"{base}/relate?which=办法",
        f"{base}/repeal",
        f"{base}/withdraw",
        f"/records/{archive.record}/propose?what=record.defer",
        "/reviews",
        "/conflicts",
        "/releases?of=mine",
    ):
        browser.get(archive.at(path))
        wrong += wrong_here(browser)
    assert wrong == []
