"""The order of results, the bound of the count, pages without repeats or gaps."""

from datetime import date
from pathlib import Path

import pytest

from tests.builders import a_document, a_record, import_documents, import_records
from wx_archive.catalogue import search
from wx_archive.catalogue.query import understand
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.search import COUNT_BOUND, Found
from wx_archive.core.database import Database

TODAY = date(2026, 11, 23)


def look_up(
    database: Database,
    text: str,
    *,
    offset: int = 0,
    limit: int = 50,
    kind: Kind | None = None,
) -> Found:
    with database.reads() as connection:
        query = understand(text, kind=kind)
        return search.search(connection, query, today=TODAY, offset=offset, limit=limit)


def titles(found: Found) -> list[str]:
    return [hit.title for hit in found.hits]


def test_exact_title_then_title_then_number_then_body(database: Database, tmp_path: Path) -> None:
    import_documents(
        database,
        tmp_path,
        a_document("body", title="甲", body="本办法适用于养犬管理。", date="2022-01-01"),
        a_document("number", title="乙", doc_no="养犬管理〔2021〕1号", date="2021-01-01"),
        a_document("title", title="关于养犬管理的通知", date="2020-01-01", body=""),
        a_document("exact", title="养犬管理", date="2001-01-01", body=""),
    )
    assert titles(look_up(database, "养犬管理")) == ["养犬管理", "关于养犬管理的通知", "乙", "甲"]


@pytest.mark.parametrize(
    "typed", ["中华人民共和国档案法", "档案法", "档案法（2020年修订）", "檔案法", "档案法 "]
)
def test_an_exact_title_comes_first_however_it_is_written(
    database: Database, tmp_path: Path, typed: str
) -> None:
    rows = [
        a_document(f"D{n}", title=f"档案法讲座第{n}讲", date="2024-01-01", body="2020年修订")
        for n in range(7)
    ]
    exact = a_document("exact", title="中华人民共和国档案法（2020年修订）", date="2020-06-20")
    import_documents(database, tmp_path, exact, *rows)
    assert titles(look_up(database, typed))[0] == exact["title"]


def test_an_exact_title_with_punctuation_and_a_year_comes_first(
    database: Database, tmp_path: Path
) -> None:
    exact = a_document("exact", title="兰台市2004年“菜篮子”工作要点", date="2005-01-04")
    other = a_document("other", title="兰台市菜篮子工作要点", date="2004-05-01")
    import_documents(database, tmp_path, exact, other)
    found = titles(look_up(database, str(exact["title"])))
    assert found == [exact["title"], other["title"]]


def test_an_exact_title_comes_first_before_hundreds_of_newer_ones(
    database: Database, tmp_path: Path
) -> None:
    newer = [
        a_record(f"R{n}", title=f"房改方案附件{n}", date="2001-01-01", abstract="")
        for n in range(search.COUNT_BOUND + 50)
    ]
    import_records(database, tmp_path, a_record("old", title="房改方案", date="1993-01-01"), *newer)
    assert titles(look_up(database, "房改方案", limit=1)) == ["房改方案"]


def test_what_is_in_force_comes_before_what_is_repealed_and_newest_first(
    database: Database, tmp_path: Path
) -> None:
    import_documents(
        database,
        tmp_path,
        a_document("a", title="养犬办法甲", date="2010-01-01", effective_from="2010-02-01"),
        a_document("b", title="养犬办法乙", date="2020-01-01", effective_to="2021-01-01"),
        a_document("c", title="养犬办法丙", date="2015-01-01", effective_from="2015-02-01"),
        a_document("d", title="养犬办法丁", date="", body=""),
        a_document("e", title="养犬办法戊", date="2022-01-01", doc_no="兰政发〔2022〕1号"),
        a_document("f", title="养犬决定", date="2023-01-01", body="养犬办法")
        | {"relations": [{"type": "repeals", "number": "兰政发〔2022〕1号"}]},
    )
    found = titles(look_up(database, "养犬办法"))
    in_force = ["养犬办法丙", "养犬办法甲", "养犬办法丁"]
    assert found == [*in_force, "养犬办法戊", "养犬办法乙", "养犬决定"]


def test_the_words_that_were_typed_come_before_their_synonyms(
    database: Database, tmp_path: Path
) -> None:
    import_documents(
        database,
        tmp_path,
        a_document("a", title="住房制度改革方案", date="2020-01-01"),
        a_document("b", title="房改方案", date="1995-01-01"),
    )
    with database.reads() as connection:
        query = understand("房改", synonyms={"房改": ["住房制度改革"]})
        found = search.search(connection, query, today=TODAY)
    assert titles(found) == ["房改方案", "住房制度改革方案"]


def test_counts_stop_at_a_thousand_and_pages_have_no_repeats_or_gaps(
    database: Database, tmp_path: Path
) -> None:
    rows = [
        a_record(f"R{n:04}", title=f"公路批复{n}", date=f"19{50 + n % 40}-01-01", abstract="")
        for n in range(COUNT_BOUND + 30)
    ]
    import_records(database, tmp_path, *rows[:COUNT_BOUND])
    exactly = look_up(database, "公路批复")
    assert (exactly.total, exactly.is_capped) == (COUNT_BOUND, False)
    import_records(database, tmp_path, *rows, name="more.jsonl")
    for words in ("公路批复", "公路", "公路 批复", "档案 公路批复"):
        query = words.removeprefix("档案 ")
        found = look_up(database, query, kind=Kind.RECORD if words != query else None)
        assert (found.total, found.is_capped) == (COUNT_BOUND, True)
    pages = [
        look_up(database, "公路批复", offset=start, limit=100).hits
        for start in range(0, COUNT_BOUND, 100)
    ]
    shown = [hit.pid for page in pages for hit in page]
    assert len(shown) == len(set(shown)) == COUNT_BOUND
    assert shown[:300] == [hit.pid for hit in look_up(database, "公路批复", limit=300).hits]
    assert look_up(database, "公路批复", offset=COUNT_BOUND).hits == ()


def test_years_and_kind_narrow_the_results(database: Database, tmp_path: Path) -> None:
    import_documents(
        database,
        tmp_path,
        a_document("a", title="公积金办法", date="2009-12-31"),
        a_document("b", title="公积金办法", date="2010-01-01"),
        a_document("c", title="公积金办法", date="2019-12-31", body="2009年公积金"),
        a_document("d", title="公积金办法", date="2020-01-01"),
        a_document("e", title="公积金办法", date=""),
    )
    import_records(database, tmp_path, a_record("r", title="公积金请示", date="2012-01-01"))

    def days(text: str, kind: Kind | None = None) -> list[str]:
        found = look_up(database, text, kind=kind)
        return [hit.dated.isoformat() if hit.dated else "" for hit in found.hits]

    assert days("公积金 2010-2019") == ["2019-12-31", "2012-01-01", "2010-01-01"]
    assert days("公积金 2010-2019", Kind.RECORD) == ["2012-01-01"]
    assert days("公积金 2010-2019", Kind.DOCUMENT) == ["2019-12-31", "2010-01-01"]
    assert days("2009年 公积金") == ["2009-12-31"]
    assert days("2009年公积金") == ["2019-12-31", "2009-12-31"]
    assert days("2020") == ["2020-01-01"]
    assert days("20年代") == []
    assert days("2010年代 公积金") == ["2019-12-31", "2012-01-01", "2010-01-01"]


def test_one_character_finds_the_titles_that_begin_with_it(
    database: Database, tmp_path: Path
) -> None:
    import_documents(
        database,
        tmp_path,
        a_document("a", title="房改方案", body=""),
        a_document("b", title="《房屋管理办法》", body=""),
        a_document("c", title="住房公积金办法", body="房"),
    )
    assert set(titles(look_up(database, "房"))) == {"房改方案", "《房屋管理办法》"}
    assert look_up(database, "猫").total == 0


def test_what_is_in_force_comes_before_what_is_not_yet_and_that_before_what_is_over(
    database: Database, tmp_path: Path
) -> None:
    import_documents(
        database,
        tmp_path,
        a_document("later", title="养犬甲", date="2026-10-01", effective_from="2027-01-01"),
        a_document("now", title="养犬乙", date="2019-01-01", effective_from="2019-02-01"),
        a_document("over", title="养犬丙", date="2026-05-01", effective_to="2026-06-30"),
    )
    assert titles(look_up(database, "养犬")) == ["养犬乙", "养犬甲", "养犬丙"]
