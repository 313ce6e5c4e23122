"""The page of a current document: its validity on any day, what changed it, its text, its kin."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import select, update
from werkzeug.test import Client

from tests.builders import Row, a_document, import_documents
from tests.conftest import SettingsFactory
from tests.html import Page, read_page
from wx_archive import app
from wx_archive.catalogue.models import Document
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings

NUMBER = "兰试发〔2015〕9号"


@pytest.fixture
def settings(demo_settings: SettingsFactory) -> Settings:
    """A demo's settings, one folder for all of a test."""
    return demo_settings()


@pytest.fixture
def browser(settings: Settings) -> Iterator[Client]:
    """A browser on the demo's pages."""
    application = app.build(settings)
    yield Client(application.wsgi)
    application.close()


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """The database that the browser's pages read."""
    database = Database(settings.database)
    yield database
    database.dispose()


Open = Callable[..., Page]


@pytest.fixture
def shown(browser: Client, database: Database) -> Open:
    """Open the page of a document by its key in the file, as of today or another day."""

    def read(key: str, on: str | None = None) -> Page:
        address = address_of(database, key)
        response = browser.get(address if on is None else f"{address}?on={quote(on)}")
        assert response.status_code == 200
        page = read_page(response.text)
        page.check_frame()
        return page

    return read


def address_of(database: Database, key: str) -> str:
    with database.begin() as session:
        statement = select(Document.pid).where(
            Document.source_key == key, Document.is_superseded.is_(False)
        )
        return f"/h5/documents/{session.scalars(statement).one()}"


def flat(page: Page) -> str:
    """Return the page's text without any space."""
    return "".join(page.text.split())


def the_old(**changes: object) -> Row:
    dated = {"date": "2015-04-20", "effective_from": "2015-06-01"}
    return a_document("old", title="旧办法", doc_no=NUMBER) | dated | changes


def the_new(kind: str = "repeals", **changes: object) -> Row:
    dated = {"date": "2023-05-16", "effective_from": "2023-07-01"}
    relations = [{"type": kind, "number": NUMBER}]
    return a_document("new", title="新规定", relations=relations) | dated | changes


def test_a_repealed_document_says_by_what_and_since_when(
    shown: Open, database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, the_old(), the_new())
    page = shown("old")
    told = flat(page)
    for event in ("2015年4月20日成文", "2015年6月1日施行", "2023年7月1日被《新规定》废止"):
        assert event in told
    assert "已废止" in told
    assert "不能再照它办事了" in told
    assert address_of(database, "new") in page.links


def test_the_validity_of_another_day_is_shown_beside_that_of_today(
    shown: Open, database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, the_old(), the_new())
    told = flat(shown("old", "2016-01-01"))
    assert "在线看已废止现行文件" in told
    assert "2016年1月1日那天：现行有效" in told
    assert "2023年7月1日将被《新规定》废止" in told
    assert "回到今天" in told


@pytest.mark.parametrize(
    ("day", "state"),
    [
        ("2015-04-20", "尚未施行"),
        ("2015-05-31", "尚未施行"),
        ("2015-06-01", "现行有效"),
        ("2023-06-30", "现行有效"),
        ("2023-07-01", "已废止"),
        ("9999-12-31", "已废止"),
    ],
)
def test_validity_turns_on_its_very_day(
    shown: Open, database: Database, tmp_path: Path, day: str, state: str
) -> None:
    import_documents(database, tmp_path, the_old(), the_new())
    assert f"那天：{state}" in flat(shown("old", day))


def test_before_it_was_written_it_was_not_there(
    shown: Open, database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, the_old())
    assert "那天还没有它" in flat(shown("old", "2015-04-19"))
    assert "那天还没有它" not in flat(shown("old", "2015-04-20"))


@pytest.mark.parametrize("on", ["abc", "2015-02-30", "\x00", "<b>", "9" * 3_000, "-1", "😀"])
def test_what_is_no_day_is_told_so_and_today_is_shown(
    shown: Open, database: Database, tmp_path: Path, on: str
) -> None:
    import_documents(database, tmp_path, the_old())
    told = flat(shown("old", on))
    assert "没看懂要看哪一天" in told
    assert "今天（" in told
    assert "没看懂" not in flat(shown("old", ""))


def test_a_changed_document_says_what_changed_it(
    shown: Open, database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, the_old(), the_new("amends"))
    told = flat(shown("old"))
    assert "在线看已修改" in told
    assert "2023年7月1日被《新规定》修改" in told
    assert "请连同修改它的文件一起看" in told


def test_what_repealed_it_is_not_named_where_that_is_not_public(
    shown: Open, database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, the_old(), the_new(openness="none"))
    page = shown("old")
    assert "2023年7月1日被其他文件废止" in flat(page)
    assert "新规定" not in page.text
    assert not [link for link in page.links if re.match("/h5/documents/[^/]+$", link)]


def test_related_documents_are_shown_both_ways_but_none_that_is_hidden(
    shown: Open, database: Database, tmp_path: Path
) -> None:
    wide_number = NUMBER.replace("〔", "（").replace("〕", "）")
    kin = [
        the_new("implements"),
        the_new("interprets", id="wide", title="宽括号的", doc_no="")
        | {"relations": [{"type": "interprets", "number": wide_number}]},
        the_new("implements", id="titled", title="按题名的")
        | {"relations": [{"type": "forwards", "title": "旧办法"}]},
        the_new("implements", id="secret", title="不公开的", openness="none"),
    ]
    import_documents(database, tmp_path, the_old(), *kin)
    told = flat(shown("old"))
    for words in ("落实它的新规定", "解读它的宽括号的", "转发它的按题名的"):
        assert words in told
    assert "不公开的" not in told
    assert "它落实的旧办法" in flat(shown("new"))
    assert "它转发的旧办法" in flat(shown("titled"))


def test_what_the_timeline_tells_is_not_told_twice(
    shown: Open, database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, the_old(), the_new())
    assert "相关文件" not in shown("old").text
    assert "它废止的旧办法" in flat(shown("new"))


def test_a_later_document_with_the_same_title_is_not_the_one_that_was_named(
    shown: Open, database: Database, tmp_path: Path
) -> None:
    named = [{"type": "implements", "title": "旧办法"}]
    import_documents(
        database,
        tmp_path,
        the_old(),
        the_old(id="later", date="2025-01-01"),
        the_new(relations=named),
    )
    page = shown("new")
    assert address_of(database, "old") in page.links
    assert address_of(database, "later") not in page.links
    assert "新规定" not in shown("later").text


def test_every_paragraph_has_an_anchor_and_chapters_have_a_table(
    browser: Client, database: Database, tmp_path: Path
) -> None:
    body = "总说明\n第一章 总则\n第一条 甲。\n第二章 管理\n第二条 乙。\n第三章 附则\n第三条 丙。"
    import_documents(database, tmp_path, the_old(body=body))
    html = browser.get(address_of(database, "old")).text
    page = read_page(html)
    page.check_frame()
    assert re.findall(r'id="(p\d+)"', html) == [f"p{n}" for n in range(1, 8)]
    assert [link for link in page.links if link.startswith("#p")] == ["#p2", "#p4", "#p6"]


def test_the_citation_and_the_way_to_report_an_error(
    shown: Open, database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, the_old())
    page = shown("old")
    cited = f"兰台市人民政府：《旧办法》（{NUMBER}），2015年4月20日，十堰市档案馆（演示）现行文件。"
    assert cited in page.text
    pid = address_of(database, "old").rpartition("/")[2]
    assert f"/h5/corrections?about={pid}" in page.links


def test_a_partly_open_document_says_how_to_apply_and_shows_no_text(
    shown: Open, database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, the_old(openness="partial", body="内情如此"))
    page = shown("old")
    for told in ("需申请", "只公开目录", "有效身份证件", "一楼查档大厅1号窗口"):
        assert told in page.text
    assert "内情" not in page.text
    assert "#text" not in page.links


@pytest.mark.parametrize("query", ["", "?on=2016-01-01", "?on=abc"])
def test_a_document_that_is_closed_is_gone_at_once(
    browser: Client, database: Database, tmp_path: Path, query: str
) -> None:
    import_documents(database, tmp_path, the_old())
    address = address_of(database, "old")
    assert browser.get(address).headers["Cache-Control"] == "no-store"
    with database.begin() as session:
        session.execute(
            update(Document).where(Document.source_key == "old").values(disclosure="none")
        )
    gone = browser.get(address + query)
    missing = browser.get("/h5/documents/" + "0" * 26 + query)
    assert (gone.status_code, gone.data) == (404, missing.data)
    assert list(gone.headers) == list(missing.headers)
