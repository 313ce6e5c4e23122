"""XLSX: rows and columns as the sheet has them; a hostile workbook costs a sentence, no more."""

import json
import re
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from wx_archive.catalogue import files
from wx_archive.catalogue.files import BadRow, DocumentRow, RecordRow
from wx_archive.catalogue.files.livelihood import LivelihoodRules, prepare
from wx_archive.core.errors import RefusedError

NO_RULES = prepare(LivelihoodRules())
Cell = str | float | bool | date | None


def read(
    path: Path, model: type[DocumentRow] | type[RecordRow] = RecordRow
) -> tuple[list[Any], list[BadRow], list[BadRow]]:
    """Return the good lines, the bad rows and the doubts."""
    bad: list[BadRow] = []
    doubts: list[BadRow] = []
    return list(files.read(path, model, bad, doubts, livelihood=NO_RULES)), bad, doubts


def a_workbook(path: Path, rows: Mapping[int, Sequence[Cell]]) -> Path:
    """Write cells of the rows named by their number, with real dates and numbers."""
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet()
        for number, cells in rows.items():
            for place, cell in enumerate(cells):
                match cell:
                    case str():
                        sheet.write_string(number - 1, place, cell)
                    case datetime() | date():
                        sheet.write_datetime(number - 1, place, cell)
                    case None:
                        pass
                    case _:
                        sheet.write(number - 1, place, cell)
    return path


def repacked(path: Path, changes: Mapping[str, bytes | None], *, plus: bytes = b"") -> Path:
    """Replace, add or take out parts of a workbook."""
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in (parts | dict(changes)).items():
            if data is not None:
                package.writestr(name, data)
    path.write_bytes(path.read_bytes() + plus)
    return path


SHEET = "xl/worksheets/sheet1.xml"


def a_small_one(folder: Path) -> Path:
    return a_workbook(folder / "f.xlsx", {1: ["档号", "题名"], 2: ["1-1", "甲"]})


def sheet_of(cells: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/'
        f'spreadsheetml/2006/main"><sheetData>{cells}</sheetData></worksheet>'
    ).encode()


def test_numbers_dates_and_empty_rows_are_read_as_people_see_them(tmp_path: Path) -> None:
    header = ["档号", "题名", "日期", "年度", "页数", "案卷号", "民生"]
    path = a_workbook(
        tmp_path / "f.xlsx",
        {
            1: header,
            2: ["1-1", "甲", date(1970, 5, 12), 2004.0, 12, "0012", True],
            5: ["1-2", 1949.0, "196905", "1969", None, 12.0, "否"],
            6: ["1-2", "又一个"],
            7: [None, "没有档号"],
        },
    )
    lines, bad, doubts = read(path)
    assert [line.number for line in lines] == [2, 5]
    first, second = (line.row for line in lines)
    assert (first.date, first.year, first.extent_pages) == ("1970-05-12", 2004, 12)
    assert (first.file_code, second.file_code) == ("0012", "12")
    assert (second.title, second.date_precision) == ("1949", "month")
    assert (first.livelihood, second.livelihood) == (1, 0)
    assert bad == [BadRow(6, "档号", "编号与第 5 行重复"), BadRow(7, "档号", "不能为空")]
    assert doubts == []


def test_a_sheet_of_documents_is_read_too_and_help_sheets_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "没有后缀"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("说明").write_string(0, 0, "怎么填")
        sheet = book.add_worksheet("文件")
        for place, text in enumerate(["题名", "公开属性", "正文"]):
            sheet.write_string(3, place + 2, text)
        for place, text in enumerate(["甲办法", "部分公开", "第一条\n_x000D_第二条"]):
            sheet.write_string(4, place + 2, text)
    lines, bad, _doubts = read(path, DocumentRow)
    assert bad == []
    assert [(line.number, line.row.title, line.row.body) for line in lines] == [
        (5, "甲办法", "第一条\n_x000D_第二条")
    ]


def test_a_formula_in_text_stays_text_and_a_real_one_gives_its_value(tmp_path: Path) -> None:
    path = tmp_path / "f.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for place, text in enumerate(["档号", "题名"]):
            sheet.write_string(0, place, text)
        sheet.write_string(1, 0, "1-1")
        sheet.write_string(1, 1, "=cmd|' /C calc'!A0")
        sheet.write_string(2, 0, "1-2")
        sheet.write_formula(2, 1, '=CONCATENATE("甲","乙")', None, "甲乙")
    lines, bad, _doubts = read(path)
    assert bad == []
    assert [line.row.title for line in lines] == ["=cmd|' /C calc'!A0", "甲乙"]


def test_merged_headers_are_refused_with_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "f.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 3, "兰台县档案馆目录")
        sheet.write_row(1, 0, ["档号", "题名"])
    with pytest.raises(RefusedError, match=r"缺：档号、题名.*不要合并单元格"):
        read(path)


def _far_cell(folder: Path) -> Path:
    return a_workbook(folder / "f.xlsx", {1: ["档号", "题名"], 1_048_576: [""] * 16_383 + ["甲"]})


def _wide(folder: Path) -> Path:
    return a_workbook(folder / "f.xlsx", {1: ["档号", "题名", *["列"] * 16_000]})


def _empty(folder: Path) -> Path:
    return a_workbook(folder / "f.xlsx", {})


def _header_only(folder: Path) -> Path:
    return a_workbook(folder / "f.xlsx", {1: ["档号", "题名"]})


def _bomb(folder: Path) -> Path:
    return repacked(a_small_one(folder), {SHEET: sheet_of(" " * 100_000_000)})


def _lying_bomb(folder: Path) -> Path:
    """Declares a small sheet and holds a huge one."""
    path = repacked(a_small_one(folder), {SHEET: sheet_of("<row/>" * 15_000_000)})
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as package:
        size = package.getinfo(SHEET).file_size
    while (place := data.find(struct.pack("<L", size))) >= 0:
        data[place : place + 4] = struct.pack("<L", 1_000)
    path.write_bytes(data)
    return path


def _shared_text_bomb(folder: Path) -> Path:
    """One long text, used in every cell: small packed, huge in memory."""
    strings = '<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>'
    cells = "".join(
        f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c><c r="B{n}" t="s"><v>0</v></c></row>'
        for n in range(1, 100_001)
    )
    return repacked(
        a_small_one(folder),
        {
            SHEET: sheet_of(cells),
            "xl/sharedStrings.xml": f"{strings}{'长' * 30_000}</t></si></sst>".encode(),
        },
    )


def _overlapping(folder: Path) -> Path:
    path = a_small_one(folder)
    data = bytearray(path.read_bytes())
    places = [match.start() for match in re.finditer(b"PK\x01\x02", bytes(data))]
    for place in places[1:]:
        data[place + 42 : place + 46] = data[places[0] + 42 : places[0] + 46]
    path.write_bytes(data)
    return path


def _many_parts(folder: Path) -> Path:
    return repacked(a_small_one(folder), {f"xl/media/{n}.png": b"" for n in range(5_001)})


def _laughs(folder: Path) -> Path:
    lines = ['<!ENTITY a0 "哈哈哈哈哈哈哈哈">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)]
    text = f'<?xml version="1.0"?><!DOCTYPE sst [{"".join(lines)}]><sst><si><t>&a11;</t></si></sst>'
    return repacked(a_small_one(folder), {"xl/sharedStrings.xml": text.encode()})


def _external(folder: Path) -> Path:
    secret = folder / "secret.txt"
    secret.write_text("机密", encoding="utf-8")
    text = (
        f'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
        "<sst><si><t>&x;</t></si></sst>"
    )
    return repacked(a_small_one(folder), {"xl/sharedStrings.xml": text.encode()})


def _hidden_laughs(folder: Path) -> Path:
    """Declares its entities where no quick look finds them; they must do nothing."""
    body = sheet_of('<row r="1"><c r="A1" t="inlineStr"><is><t>&x;</t></is></c></row>')
    doctype = b"<!--" + b" " * 5_000 + b'--><!DOCTYPE w [<!ENTITY x "\xe6\xa1\xa3\xe5\x8f\xb7">]>'
    return repacked(a_small_one(folder), {SHEET: body.replace(b"?>", b"?>" + doctype, 1)})


def _macros(folder: Path) -> Path:
    return repacked(a_small_one(folder), {"xl/vbaProject.bin": b"x"})


def _word(folder: Path) -> Path:
    return repacked(a_small_one(folder), {"xl/workbook.xml": None, "word/document.xml": b"<x/>"})


def _archive(folder: Path) -> Path:
    return repacked(a_small_one(folder), {"xl/workbook.xml": None})


def _torn(folder: Path) -> Path:
    path = a_small_one(folder)
    path.write_bytes(path.read_bytes()[:-200])
    return path


def _no_sheet(folder: Path) -> Path:
    return repacked(a_small_one(folder), {SHEET: None})


def _broken_sheet(folder: Path) -> Path:
    return repacked(a_small_one(folder), {SHEET: sheet_of("<row><c r='A1'><v>1")[:-60]})


def _broken_part(folder: Path) -> Path:
    path = a_small_one(folder)
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as package:
        start = package.getinfo(SHEET).header_offset
    data[start + 60 : start + 90] = b"\xff" * 30
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (_far_cell, "很远的地方有一个格子"),
        (_wide, "表头有 16002 列"),
        (_empty, "缺：档号、题名"),
        (_header_only, "只有表头"),
        (_bomb, "展开后太大"),
        (_lying_bomb, ".xlsx"),
        (_shared_text_bomb, "太大"),
        (_overlapping, "互相重叠"),
        (_many_parts, "展开后太大"),
        (_laughs, "XML 实体定义"),
        (_external, "XML 实体定义"),
        (_hidden_laughs, "f.xlsx|缺：档号"),
        (_macros, "带宏"),
        (_word, "Word"),
        (_archive, "是压缩包"),
        (_torn, "已损坏"),
        (_no_sheet, "重新另存"),
        (_broken_sheet, "f.xlsx"),
        (_broken_part, "f.xlsx"),
    ],
)
def test_a_hostile_workbook_is_refused_in_one_sentence_within_a_gibibyte(
    tmp_path: Path, build: Any, reason: str
) -> None:
    path = build(tmp_path)
    began = time.monotonic()
    found = subprocess.run(
        [sys.executable, "-c", READER, str(path)], capture_output=True, text=True, check=True
    )
    assert time.monotonic() - began < 30
    told = json.loads(found.stdout)
    assert re.search(reason, told["refusal"]), told["refusal"]
    assert "\n" not in told["refusal"]
    assert told["kib"] < 1024 * 1024
    assert told["own_kib"] < 200 * 1024


READER = """
import json, resource, sys
from pathlib import Path
from wx_archive.catalogue.files import RecordRow, read
from wx_archive.core.errors import RefusedError
try:
    count = sum(1 for _ in read(Path(sys.argv[1]), RecordRow, [], []))
    refusal = f"nothing refused, {count} rows"
except RefusedError as err:
    refusal = str(err)
[own] = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps({"refusal": refusal, "kib": kib, "own_kib": int(own.split()[1])}))
"""


def test_reading_that_is_given_up_leaves_no_process_behind(tmp_path: Path) -> None:
    rows: dict[int, Sequence[Cell]] = {1: ["档号", "题名"]}
    rows |= {n: [f"1-{n}", "甲" * 200] for n in range(2, 5_000)}
    path = a_workbook(tmp_path / "f.xlsx", rows)
    lines = files.read(path, RecordRow, [], [], livelihood=NO_RULES)
    next(lines)
    lines.close()  # type: ignore[attr-defined]
    children = Path("/proc/self/task").glob("*/children")
    assert all(
        "sheet_process" not in _command(pid)
        for each in children
        for pid in each.read_text().split()
    )


def _command(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
    except OSError:
        return ""
