"""One way to find for chat, pages and command line: numbers, codes, politeness, views."""

from datetime import date
from pathlib import Path

import pytest

from tests.builders import a_document, a_record, import_documents, import_records, wide
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.search import COUNT_BOUND, Found
from wx_archive.core.database import Database
from wx_archive.core.site import Site
from wx_archive.lookup import service

TODAY = date(2026, 11, 23)
PROJECT = Path(__file__).parents[2]


def find(
    database: Database, text: str, *, kind: Kind | None = None, offset: int = 0, limit: int = 50
) -> Found:
    with database.reads() as connection:
        return service.find(
            connection,
            Site(PROJECT, "https://archive.example.org"),
            text,
            today=TODAY,
            kind=kind,
            offset=offset,
            limit=limit,
        )


def titles(found: Found) -> list[str]:
    return [hit.title for hit in found.hits]


@pytest.mark.parametrize(
    "typed",
    [
        "十政发〔2004〕12号",
        "十政发[2004]12号",
        "十政发（2004） 12号",
        "十政發2004 12號",
        "十政发〔二〇〇四〕十二号",
        "文号：十政发2004-12",
    ],
)
def test_a_known_number_finds_what_bears_it_and_nothing_else(
    database: Database, tmp_path: Path, typed: str
) -> None:
    import_documents(
        database,
        tmp_path,
        a_document("D1", title="甲", doc_no="十政发〔2004〕12号"),
        a_document("D2", title="乙", doc_no="十政发〔2004〕120号"),
        a_document("D3", title="丙", body="见十政发〔2004〕12号。"),
        a_document("D4", title="丁", doc_no="十政办发〔2004〕12号"),
    )
    assert titles(find(database, typed)) == ["甲"]


def test_two_documents_with_one_number_are_both_found(database: Database, tmp_path: Path) -> None:
    number = "十政发〔2004〕12号"
    rows = [a_document(f"D{n}", title=f"第{n}份", doc_no=number) for n in (1, 2)]
    import_documents(database, tmp_path, *rows)
    import_records(database, tmp_path, a_record("R1", title="档案", doc_no="十政发(2004)12号"))
    assert set(titles(find(database, number))) == {"第1份", "第2份", "档案"}
    assert titles(find(database, number, kind=Kind.RECORD)) == ["档案"]


def test_an_unknown_number_is_looked_up_as_words(database: Database, tmp_path: Path) -> None:
    body = "根据十政发〔2004〕12号文件，制定本办法。"
    import_documents(database, tmp_path, a_document("D1", title="甲", body=body))
    assert titles(find(database, "十政发〔2004〕12号")) == ["甲"]
    assert titles(find(database, "十政发〔2005〕12号")) == []


def test_a_reference_code_finds_its_record_and_a_prefix_those_below_it(
    database: Database, tmp_path: Path
) -> None:
    import_records(
        database,
        tmp_path,
        a_record("1", ref_code="0012-2-0345-002", title="乙"),
        a_record("2", ref_code="0012-2-0345-001", title="甲"),
        a_record("3", ref_code="0012-3-0345-001", title="丙"),
        a_record("4", ref_code="X043·A-WS·2019-1", title="丁", level="file"),
    )
    assert titles(find(database, "0012-2-0345-001")) == ["甲"]
    assert titles(find(database, f"{wide('0012')}－2—0345")) == ["甲", "乙"]
    assert titles(find(database, "0012-2")) == ["甲", "乙"]
    assert titles(find(database, "x043·a-ws·2019")) == ["丁"]
    assert titles(find(database, "0013-2")) == []


def test_a_prefix_of_many_codes_is_counted_right_and_can_be_paged(
    database: Database, tmp_path: Path
) -> None:
    rows = [
        a_record(f"{n}", ref_code=f"0012-2-{n:05}", title=f"案卷{n}", abstract="", keywords="")
        for n in range(COUNT_BOUND + 5)
    ]
    import_records(database, tmp_path, *rows[:30])
    found = find(database, "0012-2", offset=20, limit=10)
    assert (found.total, found.is_capped) == (30, False)
    assert titles(found) == [f"案卷{n}" for n in range(20, 30)]
    import_records(database, tmp_path, *rows, name="more.jsonl")
    found = find(database, "0012-2", offset=COUNT_BOUND - 2)
    assert (found.total, found.is_capped) == (COUNT_BOUND, True)
    assert titles(found) == [f"案卷{n}" for n in range(COUNT_BOUND - 2, COUNT_BOUND)]


def test_politeness_is_tried_as_typed_first(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, a_document("D1", title="查一下公积金的办法"))
    import_documents(database, tmp_path, a_document("D2", title="公积金办法"), name="2.jsonl")
    assert titles(find(database, "查一下公积金")) == ["查一下公积金的办法"]
    found = find(database, "我想查一下公积金")
    assert set(titles(found)) == {"查一下公积金的办法", "公积金办法"}
    assert found.query.text == "公积金"


def test_synonyms_of_the_site_are_looked_up_too(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, a_document("D1", title="住房制度改革方案"))
    assert titles(find(database, "房改")) == ["住房制度改革方案"]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "ftp://example.org/", "x"])
def test_only_web_addresses_are_linked(database: Database, tmp_path: Path, address: str) -> None:
    import_documents(database, tmp_path, a_document("D1", url=address))
    (hit,) = find(database, "养犬").hits
    with database.reads() as connection:
        view = service.document(connection, hit.pid, today=TODAY)
    assert view is not None
    assert view.source_url == ""


def test_a_document_shows_its_paragraphs_and_a_record_its_keywords(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_document("D1", body="第一条\n\n \u200b\n　第二条\r\n"))
    import_records(database, tmp_path, a_record("R1", keywords="桥梁;交通；路"))
    (document,), (record,) = find(database, "养犬").hits, find(database, "大桥").hits
    with database.reads() as connection:
        page = service.document(connection, document.pid, today=TODAY)
        card = service.record(connection, record.pid, today=TODAY)
        swapped = service.record(connection, document.pid, today=TODAY)
    assert page is not None
    assert card is not None
    assert swapped is None
    assert page.paragraphs == ("第一条", "第二条")
    assert card.keywords == ("桥梁", "交通", "路")
    assert (service.badge(document), service.badge(record)) == ("在线看", "可预约")
