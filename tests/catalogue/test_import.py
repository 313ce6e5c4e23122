"""Taking files in: idempotent, replacing, checked whole, published in one switch."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.builders import (
    SECRET,
    a_document,
    a_file,
    a_record,
    import_documents,
    import_records,
)
from wx_archive.catalogue import search
from wx_archive.catalogue.models import Document, DocumentRelation, ImportBatch, SearchEntry
from wx_archive.catalogue.query import understand
from wx_archive.catalogue.rules import Disclosure
from wx_archive.catalogue.service import Importer, ImportReport
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError

TODAY = date(2026, 11, 23)


def finds(database: Database, text: str) -> list[tuple[str, str]]:
    """Return title and public id of what is found."""
    with database.reads() as connection:
        found = search.search(connection, understand(text), today=TODAY, limit=50)
    return [(hit.title, hit.pid) for hit in found.hits]


def rows_of(database: Database) -> tuple[int, ...]:
    """Return how many rows the catalogue's tables hold."""
    with database.begin() as session:
        tables = (Document, DocumentRelation, ImportBatch, SearchEntry)
        return tuple(
            session.scalar(select(func.count()).select_from(table)) or 0 for table in tables
        )


def numbers(report: ImportReport) -> tuple[int, int, int, int]:
    return report.read, report.added, report.changed, report.unchanged


def test_the_same_file_twice_changes_nothing(database: Database, tmp_path: Path) -> None:
    rows = [a_document(f"D{n}", title=f"养犬办法{n}") for n in range(3)]
    assert numbers(import_documents(database, tmp_path, *rows)) == (3, 3, 0, 0)
    before = finds(database, "养犬办法")
    assert numbers(import_documents(database, tmp_path, *rows)) == (3, 0, 0, 3)
    assert finds(database, "养犬办法") == before
    assert rows_of(database)[0] == 3


def test_a_changed_row_keeps_its_address_and_its_old_text_is_gone(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_document("D1", body="旧的说法"), a_document("D2"))
    (_title, pid), *_ = finds(database, "旧的说法")
    changed = a_document("D1", title="兰台市养犬条例", body="新的说法", date="2020-01-01")
    report = import_documents(database, tmp_path, changed, a_document("D2"), name="new.jsonl")
    assert numbers(report) == (2, 0, 1, 1)
    assert finds(database, "旧的说法") == []
    assert finds(database, "新的说法") == [("兰台市养犬条例", pid)]
    assert rows_of(database)[0] == 2
    assert rows_of(database)[3] == 2


def test_rows_that_a_later_file_does_not_name_stay(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, a_document("D1", title="养犬甲"))
    import_documents(database, tmp_path, a_document("D2", title="养犬乙"), name="other.jsonl")
    assert len(finds(database, "养犬")) == 2


def test_documents_and_records_with_one_id_are_two_things(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_document("1", title="大桥通告"))
    import_records(database, tmp_path, a_record("1", title="大桥批复"))
    found = dict(finds(database, "大桥"))
    assert set(found) == {"大桥通告", "大桥批复"}
    assert len(set(found.values())) == 2


def test_a_file_with_one_bad_row_imports_nothing(database: Database, tmp_path: Path) -> None:
    before = rows_of(database)
    report = import_documents(database, tmp_path, a_document("D1"), a_document("D2", title=""))
    assert [(bad.line, bad.column) for bad in report.bad] == [(2, "title")]
    assert (report.read, report.added) == (1, 0)
    assert rows_of(database) == before


def test_bad_rows_can_be_left_out(database: Database, tmp_path: Path) -> None:
    rows = [a_document("D1"), a_document("D2", title=""), a_document("D1", title="又一个")]
    path = a_file(tmp_path / "f.jsonl", rows)
    report = Importer(database, SECRET, skip_bad=True).documents(path)
    assert [(bad.line, bad.column) for bad in report.bad] == [(2, "title"), (3, "id")]
    assert numbers(report) == (1, 1, 0, 0)
    assert [title for title, _pid in finds(database, "办法")] == ["兰台市养犬管理办法"]


def test_a_dry_run_tells_the_same_and_writes_nothing(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, a_document("D1"), a_document("D2"))
    before = rows_of(database)
    path = a_file(
        tmp_path / "f.jsonl", [a_document("D1"), a_document("D2", body="新"), a_document("D3")]
    )
    tried = Importer(database, SECRET, dry_run=True).documents(path)
    assert numbers(tried) == (3, 1, 1, 1)
    assert rows_of(database) == before
    assert finds(database, "新") == []
    assert numbers(Importer(database, SECRET).documents(path)) == numbers(tried)


def test_a_file_that_is_silent_about_openness_is_refused(
    database: Database, tmp_path: Path
) -> None:
    silent = [a_document("D1"), a_document("D2", openness=None), a_document("D3", openness=None)]
    before = rows_of(database)
    with pytest.raises(RefusedError, match=r"有 2 份文件没有写公开属性.*--openness full"):
        import_documents(database, tmp_path, *silent)
    assert rows_of(database) == before


@pytest.mark.parametrize(
    ("level", "titles"), [(Disclosure.FULL, 1), (Disclosure.PARTIAL, 1), (Disclosure.NONE, 0)]
)
def test_openness_is_taken_from_the_option_where_a_row_is_silent(
    database: Database, tmp_path: Path, level: Disclosure, titles: int
) -> None:
    path = a_file(
        tmp_path / "f.jsonl",
        [a_document("D1", openness=None, body="内情"), a_document("D2", title="甲", body="")],
    )
    Importer(database, SECRET, openness=level).documents(path)
    assert len(finds(database, "养犬管理办法")) == titles
    assert len(finds(database, "内情")) == (level is Disclosure.FULL)
    assert len(finds(database, "甲")) == 1


def test_another_openness_for_the_same_file_is_a_change(database: Database, tmp_path: Path) -> None:
    path = a_file(tmp_path / "f.jsonl", [a_document("D1", openness=None)])
    Importer(database, SECRET, openness=Disclosure.FULL).documents(path)
    report = Importer(database, SECRET, openness=Disclosure.NONE).documents(path)
    assert numbers(report) == (1, 0, 1, 0)
    assert finds(database, "养犬") == []


def test_an_unreadable_date_is_a_warning_and_the_row_comes_last(
    database: Database, tmp_path: Path
) -> None:
    report = import_documents(
        database,
        tmp_path,
        a_document("D1", title="养犬甲", date="None-03-05"),
        a_document("D2", title="养犬乙"),
    )
    assert [(doubt.line, doubt.column) for doubt in report.warnings] == [(1, "date")]
    assert report.bad == []
    assert [title for title, _pid in finds(database, "养犬")] == ["养犬乙", "养犬甲"]


def test_an_empty_file_changes_nothing_that_can_be_seen(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, a_document("D1"))
    assert numbers(import_documents(database, tmp_path, name="empty.jsonl")) == (0, 0, 0, 0)
    assert len(finds(database, "养犬")) == 1


def test_real_characters_outside_the_basic_plane_are_kept_and_found(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, a_record(title="关于𠮷家沟𬭚矿的批复"))
    assert len(finds(database, "𠮷家沟")) == 1
    assert len(finds(database, "𬭚矿")) == 1
