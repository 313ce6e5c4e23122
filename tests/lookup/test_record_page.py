"""The page of an open record: what matters, what can be done, what lies beside it, never more."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, update
from werkzeug.test import Client

from tests.builders import Row, a_record, import_records
from tests.conftest import SettingsFactory
from tests.html import Page, read_page
from wx_archive import app
from wx_archive.catalogue.models import Record
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings

FILE = "0012-2-0345"
SECRET_WORDS = ("西库三排", "涉及个人隐私不宜开放")


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


Open = Callable[[str], Page]


@pytest.fixture
def shown(browser: Client, database: Database) -> Open:
    """Open the page of a record by its key in the file."""

    def read(key: str) -> Page:
        response = browser.get(f"/h5/records/{pid_of(database, key)}")
        assert response.status_code == 200
        page = read_page(response.text)
        page.check_frame()
        return page

    return read


def pid_of(database: Database, key: str) -> str:
    with database.begin() as session:
        statement = select(Record.pid).where(
            Record.source_key == key, Record.is_superseded.is_(False)
        )
        return session.scalars(statement).one()


def change(database: Database, key: str, **values: object) -> None:
    """Set columns that the test is about, whatever a file may say of them."""
    with database.begin() as session:
        session.execute(update(Record).where(Record.source_key == key).values(**values))


def trail(page: Page) -> str:
    """Return the page's text on one line, the signs between the levels as >."""
    return " ".join(page.text.replace("\u203a", ">").split())


def a_branch(folder: Path, database: Database, **of_the_series: object) -> None:
    """Import a fonds with one series, one file and three items, named as parents of each other."""
    rows: list[Row] = [
        a_record("F", ref_code="K012", title="甲局全宗", level="fonds", keywords=""),
        a_record("S", ref_code="K012-2", title="基建类", level="series", keywords="")
        | dict(of_the_series),
        a_record("D", ref_code="K012-2-0345", title="大桥卷", level="file", keywords=""),
        *(
            a_record(f"I{n}", ref_code=f"K012-2-0345-00{n}", title=f"大桥第{n}件", keywords="")
            for n in (1, 2, 3)
        ),
    ]
    import_records(database, folder, *rows)
    parents = {"S": "k012", "D": "k012-2"} | {f"I{n}": "k012-2-0345" for n in (1, 2, 3)}
    for child, parent in parents.items():
        change(database, child, parent_key=parent)


def test_the_page_tells_first_what_matters(shown: Open, database: Database, tmp_path: Path) -> None:
    import_records(database, tmp_path, a_record("R1", date="1970-05-12"))
    page = shown("R1")
    order = ["可预约", "关于修建兰水大桥的批复", "档号", "责任者", "日期", "想看原件", "同意修建。"]
    text = page.text[page.text.index(order[0]) :]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert "1970年5月12日" in page.text


@pytest.mark.parametrize(
    ("precision", "end", "told"),
    [("month", None, "1969年5月"), ("year", None, "1969年"), ("inferred", None, "[1969年5月1日]")],
)
def test_a_date_is_shown_as_far_as_it_is_known(
    shown: Open, database: Database, tmp_path: Path, precision: str, end: None, told: str
) -> None:
    import_records(database, tmp_path, a_record("R1", date="1969-05-01"))
    change(database, "R1", date_precision=precision, date_end=end)
    page = shown("R1")
    assert f"日期{told}" in "".join(page.text.split())
    assert told in page.text[page.text.index("引用格式", page.text.index("来馆查档须知")) :]


def test_who_comes_knows_what_to_bring_where_and_when(
    shown: Open, database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, a_record("R1"))
    page = shown("R1")
    for told in ("0001-1-R1", "有效身份证件", "一楼查档大厅1号窗口", "8:30—12:00", "先打电话"):
        assert told in page.text
    assert "tel:07190000000" in page.links


def test_the_citation_names_everything_and_the_page_takes_corrections(
    shown: Open, database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, a_record("R1", date="1970-05-12"))
    page = shown("R1")
    cited = (
        "兰台县革命委员会：《关于修建兰水大桥的批复》，1970年5月12日，"
        "十堰市档案馆（演示）藏，档号 0001-1-R1。"
    )
    assert cited in page.text
    assert f"/h5/corrections?about={pid_of(database, 'R1')}" in page.links


def test_every_public_column_is_there_and_nothing_for_staff(
    shown: Open, database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, a_record("R1", doc_no="兰革字〔1970〕11号"))
    columns = {
        "catalogue_code": "乙目录",
        "file_code": "第九卷",
        "item_code": "第七件",
        "page_code": "第三十页",
        "category": "WS",
        "year": 1971,
        "retention": "D30?",
        "date_text": "197005--",
        "genre": "批复体",
        "carrier": "纸质载体",
        "extent_pages": 4321,
        "extent_copies": 8765,
        "language": "汉语",
        "note": "左下角残",
    }
    change(database, "R1", **columns, location=SECRET_WORDS[0], restriction_note=SECRET_WORDS[1])
    text = "".join(shown("R1").text.split())
    told = {**columns, "category": "文书", "retention": "30年（待复核）"}
    for value in [*told.values(), "0001", "兰革字〔1970〕11号"]:
        assert str(value) in text, value
    for secret in (*SECRET_WORDS, "public", "unreviewed"):
        assert secret not in text


def test_a_record_shows_where_it_lies_and_leads_up(
    shown: Open, database: Database, tmp_path: Path
) -> None:
    a_branch(tmp_path, database)
    page = shown("I2")
    above = [f"/h5/records/{pid_of(database, key)}" for key in ("F", "S", "D")]
    assert [link for link in page.links if link in above] == above
    assert "甲局全宗 > 基建类 > 大桥卷 > 本件" in trail(page)


def test_what_is_hidden_above_is_not_named(shown: Open, database: Database, tmp_path: Path) -> None:
    a_branch(tmp_path, database)
    change(database, "S", openness="unreviewed")
    page = shown("I2")
    assert "大桥卷 > 本件" in trail(page)
    for hidden in ("甲局全宗", "基建类"):
        assert hidden not in page.text


def test_parents_that_name_each_other_end_somewhere(
    shown: Open, database: Database, tmp_path: Path
) -> None:
    a_branch(tmp_path, database)
    change(database, "F", parent_key="k012-2-0345")
    assert "本件" in shown("I1").text
    change(database, "I1", parent_key="k012-2-0345-001")
    assert "大桥第1件" in shown("I1").text


def test_a_file_lists_its_first_items_and_leads_to_the_others(
    shown: Open, database: Database, tmp_path: Path
) -> None:
    a_branch(tmp_path, database)
    page = shown("D")
    for number in (1, 2, 3):
        assert f"大桥第{number}件" in page.text
    assert "全部列出来" not in page.text
    more = [a_record(f"M{n}", ref_code=f"K012-2-0345-1{n}", title="又一件") for n in range(4)]
    import_records(database, tmp_path, *more, name="more.jsonl")
    for number in range(4):
        change(database, f"M{number}", parent_key="k012-2-0345")
    page = shown("D")
    assert "全部列出来" in page.text
    assert any(link.startswith("/h5/lookup?q=K012-2-0345") for link in page.links)


def test_related_records_are_of_the_same_file_first_and_never_more_than_five(
    shown: Open, database: Database, tmp_path: Path
) -> None:
    rows = [a_record(f"R{n}", ref_code=f"{FILE}-9{n}", title=f"同卷{n}") for n in range(3)]
    rows += [a_record(f"T{n}", ref_code=f"0077-{n}-1-1", title=f"同题{n}") for n in range(6)]
    import_records(database, tmp_path, *rows)
    change(database, "R2", openness="controlled")
    page = shown("R0")
    related = page.text[page.text.index("相关档案") :]
    links = [link for link in page.links if link.startswith("/h5/records/")]
    assert len(links) == 5
    assert related.index("同卷1") < related.index("同题")
    assert "同卷2" not in page.text
    assert "同卷0" not in related


def test_a_record_without_a_file_is_beside_nothing_by_chance(
    shown: Open, database: Database, tmp_path: Path
) -> None:
    rows = [a_record(f"R{n}", ref_code=f"0099-{n}", title=f"零散{n}", keywords="") for n in (1, 2)]
    import_records(database, tmp_path, *rows)
    assert "相关档案" not in shown("R1").text


@pytest.mark.parametrize(
    "closing",
    [
        {"openness": "controlled"},
        {"is_livelihood": True},
        {"is_closed_above": True},
        {"open_on": date(2999, 1, 1)},
    ],
    ids=str,
)
def test_a_closed_record_is_gone_from_its_page_at_once(
    browser: Client, database: Database, tmp_path: Path, closing: dict[str, object]
) -> None:
    import_records(database, tmp_path, a_record("R1"))
    address = f"/h5/records/{pid_of(database, 'R1')}"
    answer = browser.get(address)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    change(database, "R1", **closing)
    missing = browser.get("/h5/records/" + "0" * 26)
    gone = browser.get(address)
    assert (gone.status_code, gone.data) == (404, missing.data)
    assert list(gone.headers) == list(missing.headers)


def test_hostile_columns_are_shown_as_text(shown: Open, database: Database, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>\"'"
    import_records(database, tmp_path, a_record("R1", title="甲", keywords=f"{evil};乙"))
    change(database, "R1", note=evil, genre=evil, abstract=evil, author=evil, category=evil)
    assert shown("R1").text.count(evil) >= 5


def test_nobody_is_invited_to_an_original_where_there_is_a_copy(
    shown: Open, database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, a_record("R1"))
    assert "想看原件" in shown("R1").text
    change(database, "R1", carrier="复制件")
    assert "想看复制件" in shown("R1").text
    assert "原件" not in shown("R1").text
