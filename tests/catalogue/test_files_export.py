"""Exports: what the public may see by default, harmless in any program, and the same on return."""

import csv
import json
import stat
import zipfile
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from tests.builders import (
    SECRET,
    a_document,
    a_record,
    import_documents,
    import_records,
)
from wx_archive.catalogue import files
from wx_archive.catalogue.files import BadRow, DocumentRow, RecordRow, export
from wx_archive.catalogue.files.cells import guard, unguard
from wx_archive.catalogue.files.export import Export
from wx_archive.catalogue.rules import Disclosure, Kind
from wx_archive.catalogue.service import Importer
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError

TODAY = date(2026, 11, 23)
FORMATS = ("csv", "xlsx", "jsonl")
DANGEROUS = (
    "=cmd|' /C calc'!A0",
    "+86 719",
    "-1",
    "@SUM(A1)",
    "'引号开头",
    "''两个",
    "'=一个",
    "\uff1d全角",
    '有,逗号;和"引号"',
    "_x0041_ 不是转义",
)
RECORDS = [
    *(a_record(f"F{n}", title=title) for n, title in enumerate(DANGEROUS)),
    a_record(
        "R1",
        ref_code="0012-WS·2003-Y-0123",
        parent="0012-WS·2003",
        retention="长期",
        date="[1945-1949]",
        year=1949,
        extent_pages=0,
        catalogue_code="002",
        file_code="0012",
        keywords="桥梁；交通",
        abstract="第一行\n第二行\r\n=第三行\t尾\x01",
        note="-附注",
        level="file",
        category="WS",
        genre="批复",
        language="汉语",
    ),
    a_record("R2", title="存在库里的", location="3-2-1", open=1),
    a_record("R3", title="不开放的", open=0, restriction_note="涉及个人"),
    a_record("R4", title="民生的", livelihood=1),
    a_record("R5", title="没审的", open=None),
    a_record("R6", title="延期的", open=None, openness="延期开放", open_on="2030-01-01"),
    a_record("R7", title="到期的", open=None, openness="deferred", open_on="2020-01-01"),
    a_record("R8", title="内部的", open=0, secrecy="内部"),
]
DOCUMENTS = [
    a_document(
        "D1",
        title="=甲办法",
        doc_no="兰政发〔2015〕4号",
        body="第一条　甲。\n\n第二条\t乙。\r\n'丙",
        effective_from="2015-06-01",
        relations=[
            {"type": "repeals", "number": "兰政发〔2004〕3号"},
            {"type": "amends", "title": "乙办法"},
        ],
        source="公报",
        url="https://example.org/1?a=1&b=2",
    ),
    a_document(
        "D2",
        doc_no="兰政发〔2004〕3号",
        relations=[{"type": "implements", "number": "《怪》", "title": "两样：都有"}],
    ),
    a_document("D3", title="部分的", openness="partial", body="不给人看的正文"),
    a_document("D4", title="不公开的", openness="none"),
    a_document("D5", title="没有说的", date="不详", openness="partial", body=""),
]


def read(path: Path, model: type[DocumentRow] | type[RecordRow]) -> dict[str, bytes]:
    """Return what the rows mean, by their ids; nothing may be wrong with them."""
    bad: list[BadRow] = []
    rows = [line.row for line in files.read(path, model, bad, [], today=TODAY)]
    assert bad == []
    return {row.id: row.canonical() for row in rows}


def meaning(model: type[DocumentRow] | type[RecordRow], rows: list[dict[str, object]]) -> object:
    return {str(row["id"]): model.model_validate(row).canonical() for row in rows}


def test_an_export_of_everything_means_what_was_imported(
    database: Database, tmp_path: Path
) -> None:
    assert import_records(database, tmp_path, *RECORDS).bad == []
    assert import_documents(database, tmp_path, *DOCUMENTS).bad == []
    for suffix in FORMATS:
        records, documents = tmp_path / f"档案.{suffix}", tmp_path / f"文件.{suffix}"
        count = Export(database, Kind.RECORD, TODAY, everything=True).to(records)
        assert count == len(RECORDS)
        count = Export(database, Kind.DOCUMENT, TODAY, everything=True).to(documents)
        assert count == len(DOCUMENTS)
        assert read(records, RecordRow) == meaning(RecordRow, RECORDS)
        assert read(documents, DocumentRow) == meaning(DocumentRow, DOCUMENTS)


def test_an_export_imports_back_unchanged(database: Database, tmp_path: Path) -> None:
    import_records(database, tmp_path, *RECORDS)
    import_documents(database, tmp_path, *DOCUMENTS)
    for kind, suffix in product(Kind, FORMATS):
        path = tmp_path / f"{kind}.{suffix}"
        count = Export(database, kind, TODAY, everything=True).to(path)
        importer = Importer(database, SECRET)
        report = importer.records(path) if kind is Kind.RECORD else importer.documents(path)
        assert (report.bad, report.read, report.unchanged) == ([], count, count)
        assert (report.added, report.changed) == (0, 0)


def test_the_public_gets_what_it_may_see_and_nothing_of_the_rest(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, *RECORDS)
    import_documents(database, tmp_path, *DOCUMENTS)
    for suffix in FORMATS:
        records, documents = tmp_path / f"档案.{suffix}", tmp_path / f"文件.{suffix}"
        assert Export(database, Kind.RECORD, TODAY).to(records) == len(DANGEROUS) + 3
        assert Export(database, Kind.DOCUMENT, TODAY).to(documents) == 4
        text = _plain(records) + _plain(documents)
        for hidden in ("不开放的", "民生的", "没审的", "延期的", "内部的", "不公开的"):
            assert hidden not in text
        for hidden in ("3-2-1", "涉及个人", "不给人看的正文"):
            assert hidden not in text
        for shown in ("存在库里的", "到期的", "部分的", "第二条"):
            assert shown in text


def test_a_row_that_lost_something_is_not_taken_in_again(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, a_record("R1"), a_record("R2", location="3-2-1"))
    import_documents(
        database, tmp_path, a_document("D1"), a_document("D2", title="乙", openness="partial")
    )
    losses: tuple[tuple[Kind, type[DocumentRow | RecordRow], str], ...] = (
        (Kind.RECORD, RecordRow, "内部项"),
        (Kind.DOCUMENT, DocumentRow, "正文"),
    )
    for (kind, model, lost), suffix in product(losses, FORMATS):
        path = tmp_path / f"{kind}.{suffix}"
        assert Export(database, kind, TODAY).to(path) == 2
        bad: list[BadRow] = []
        good = list(files.read(path, model, bad, []))
        assert [line.row.id for line in good] == [f"{kind.value[0].upper()}1"]
        assert len(bad) == 1
        assert lost in bad[0].reason


def _plain(path: Path) -> str:
    if path.suffix != ".xlsx":
        return path.read_text(encoding="utf-8-sig")
    with zipfile.ZipFile(path) as package:
        return "".join(package.read(name).decode() for name in package.namelist())


@pytest.mark.parametrize("everything", [True, False])
def test_no_cell_of_a_table_begins_like_a_formula(
    database: Database, tmp_path: Path, *, everything: bool
) -> None:
    import_records(database, tmp_path, *RECORDS)
    path = tmp_path / "f.csv"
    Export(database, Kind.RECORD, TODAY, everything=everything).to(path)
    assert path.read_bytes().startswith("\ufeff档号".encode())
    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert len(cells) > 100
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    book = tmp_path / "f.xlsx"
    Export(database, Kind.RECORD, TODAY, everything=everything).to(book)
    assert "<f>" not in _plain(book)


@pytest.mark.parametrize("text", [*DANGEROUS, "\t制表", "\r回车", "\n换行", "普通", "", "'", "''"])
def test_what_is_guarded_comes_back(text: str) -> None:
    assert (unguard(guard(text)) if text else guard(text)) == text


def test_an_export_is_whole_or_not_at_all(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, a_document("D1", body="长" * 32_768))
    path = tmp_path / "文件.xlsx"
    path.write_text("原来的", encoding="utf-8")
    with pytest.raises(RefusedError, match=r"一格超过 32767 字.*jsonl"):
        Export(database, Kind.DOCUMENT, TODAY).to(path)
    assert path.read_text(encoding="utf-8") == "原来的"
    assert {each.name for each in tmp_path.iterdir() if "文件" in each.name} == {"文件.xlsx"}


def test_what_does_not_fit_a_sheet_is_refused_beforehand(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_records(database, tmp_path, a_record("R1"), a_record("R2"), a_record("R3"))
    monkeypatch.setattr(export, "MAX_SHEET_ROWS", 2)
    with pytest.raises(RefusedError, match="有 3 行，一张 Excel 表只放得下 2 行"):
        Export(database, Kind.RECORD, TODAY).to(tmp_path / "f.xlsx")
    assert Export(database, Kind.RECORD, TODAY).to(tmp_path / "f.csv") == 3


def test_an_export_waits_for_no_import_and_goes_by_windows(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_records(database, tmp_path, *(a_record(f"R{n}") for n in range(10)))
    monkeypatch.setattr(export, "WINDOW", {Kind.RECORD: 3})
    path = tmp_path / "f.jsonl"
    assert Export(database, Kind.RECORD, TODAY).to(path) == 10
    ids = [json.loads(line)["id"] for line in path.read_text(encoding="utf-8").splitlines()]
    assert ids == [f"R{n}" for n in range(10)]
    with database.exclusively("import"), pytest.raises(RefusedError, match="正在导入"):
        Export(database, Kind.RECORD, TODAY).to(tmp_path / "g.jsonl")
    assert not (tmp_path / "g.jsonl").exists()


def test_replaced_rows_are_not_exported(database: Database, tmp_path: Path) -> None:
    import_records(database, tmp_path, a_record("R1", title="旧的"))
    import_records(database, tmp_path, a_record("R1", title="新的"), name="new.jsonl")
    path = tmp_path / "f.jsonl"
    assert Export(database, Kind.RECORD, TODAY, everything=True).to(path) == 1
    assert "旧的" not in path.read_text(encoding="utf-8")


def test_staffs_export_is_for_its_owners_eyes(database: Database, tmp_path: Path) -> None:
    import_records(database, tmp_path, a_record("R1"))
    path = tmp_path / "f.csv"
    Export(database, Kind.RECORD, TODAY, everything=True).to(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    Export(database, Kind.RECORD, TODAY).to(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.parametrize("name", ["f.xls", "f", "f.json"])
def test_other_formats_are_refused(database: Database, tmp_path: Path, name: str) -> None:
    with pytest.raises(RefusedError, match="结尾"):
        Export(database, Kind.RECORD, TODAY).to(tmp_path / name)


def test_a_folder_that_is_not_there_is_refused(database: Database, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="写不了"):
        Export(database, Kind.RECORD, TODAY).to(tmp_path / "没有" / "f.csv")


def test_a_documents_export_tells_its_validity_on_the_day(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, *DOCUMENTS[:2])
    path = tmp_path / "f.jsonl"
    Export(database, Kind.DOCUMENT, TODAY).to(path)
    rows = {row["id"]: row for row in map(json.loads, path.read_text("utf-8").splitlines())}
    assert rows["D1"]["validity"] == "现行有效"
    assert rows["D2"]["validity"] == "已废止"
    assert rows["D1"]["openness"] == Disclosure.FULL
