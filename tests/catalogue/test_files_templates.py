"""Templates: every column with its word of help, drop-downs, and a filled one imports."""

import re
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from wx_archive.catalogue import files
from wx_archive.catalogue.files import BadRow, DocumentRow, RecordRow
from wx_archive.catalogue.files.columns import COLUMNS, known_headers
from wx_archive.catalogue.files.livelihood import LivelihoodRules, prepare
from wx_archive.catalogue.files.templates import write_template
from wx_archive.catalogue.rules import Kind
from wx_archive.core.errors import RefusedError

NO_RULES = prepare(LivelihoodRules())
MODELS: dict[Kind, type[DocumentRow] | type[RecordRow]] = {
    Kind.DOCUMENT: DocumentRow,
    Kind.RECORD: RecordRow,
}


def test_a_templates_example_is_passed_over_and_nothing_else_is_in_it(tmp_path: Path) -> None:
    for kind in Kind:
        path = tmp_path / f"{kind}.xlsx"
        write_template(path, kind)
        bad: list[BadRow] = []
        doubts: list[BadRow] = []
        assert list(files.read(path, MODELS[kind], bad, doubts, livelihood=NO_RULES)) == []
        assert bad == []
        assert BadRow(2, "题名", "这是模板里的示例行，没有导入") in doubts


@pytest.mark.parametrize("kind", Kind)
def test_a_template_has_every_column_help_and_drop_downs(tmp_path: Path, kind: Kind) -> None:
    path = tmp_path / "f.xlsx"
    write_template(path, kind)
    with CalamineWorkbook.from_path(path) as book:
        header, example, *rest = book.get_sheet_by_index(0).to_python()
        help_text = str(book.get_sheet_by_name("说明").to_python())
    assert header == [column.header for column in COLUMNS[kind]]
    assert rest == []
    assert any(str(cell).startswith("（示例）") for cell in example)
    assert all(column.header in help_text for column in COLUMNS[kind])
    with zipfile.ZipFile(path) as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
        comments = package.read("xl/comments1.xml").decode()
    offered = re.findall(r'<formula1>"([^<]*)"</formula1>', sheet)
    assert offered == [",".join(each.choices) for each in COLUMNS[kind] if each.choices]
    assert 'state="frozen"' in sheet
    assert comments.count("<comment ") == sum(1 for each in COLUMNS[kind] if each.note)


def test_drop_downs_offer_what_the_import_takes(tmp_path: Path) -> None:
    for kind in Kind:
        for column in COLUMNS[kind]:
            for word in column.choices:
                row = {"题名": "甲", column.header: word}
                if kind is Kind.RECORD:
                    row |= {"档号": "1-1", "开放日期": "2030-01-01"}
                path = tmp_path / "f.csv"
                path.write_text(",".join(row) + "\n" + ",".join(row.values()), encoding="utf-8")
                bad: list[BadRow] = []
                lines = list(files.read(path, MODELS[kind], bad, [], livelihood=NO_RULES))
                assert (bad, len(lines)) == ([], 1), (column.header, word)


@pytest.mark.parametrize("kind", Kind)
def test_no_header_means_two_things(kind: Kind) -> None:
    spellings = [header for column in COLUMNS[kind] for header in {column.header, *column.others}]
    assert len(spellings) == len(set(spellings))
    assert len({column.key for column in COLUMNS[kind]}) == len(COLUMNS[kind])
    assert set(known_headers(kind).values()) >= {column.key for column in COLUMNS[kind]}
    fields = MODELS[kind].model_fields
    names = {field.alias or name for name, field in fields.items()}
    assert {column.key for column in COLUMNS[kind]} <= names


def test_a_filled_template_imports(tmp_path: Path) -> None:
    """As a person fills it: below the example, codes typed as text."""
    path = tmp_path / "f.xlsx"
    write_template(path, Kind.RECORD)
    with CalamineWorkbook.from_path(path) as book:
        header, example = book.get_sheet_by_index(0).to_python()
    filled = {"档号": "0012-1-0001", "题名": "甲", "案卷号": "0001", "密级": "公开", "层级": "案卷"}
    with xlsxwriter.Workbook(str(tmp_path / "g.xlsx")) as book_out:
        sheet = book_out.add_worksheet("档案目录")
        sheet.write_row(0, 0, header)
        sheet.write_row(1, 0, example)
        sheet.write_row(2, 0, [filled.get(str(name), "") for name in header])
    bad: list[BadRow] = []
    [line] = files.read(tmp_path / "g.xlsx", RecordRow, bad, [], livelihood=NO_RULES)
    assert bad == []
    assert isinstance(line.row, RecordRow)
    assert (line.number, line.row.file_code, line.row.level) == (3, "0001", "file")


def test_code_columns_are_text_so_that_0012_stays_0012(tmp_path: Path) -> None:
    path = tmp_path / "f.xlsx"
    write_template(path, Kind.RECORD)
    with zipfile.ZipFile(path) as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
        styles = package.read("xl/styles.xml").decode()
    formats = re.search(r"<cellXfs.*?</cellXfs>", styles, re.DOTALL)
    assert formats
    text_styles = {
        number
        for number, each in enumerate(re.findall(r"<xf .*?/?>", formats[0]))
        if 'numFmtId="49"' in each
    }
    styled = set()
    for each in re.findall(r"<col [^>]*>", sheet):
        told = dict(re.findall(r'(\w+)="(\d+)', each))
        if int(told.get("style", 0)) in text_styles:
            styled |= set(range(int(told["min"]), int(told["max"]) + 1))
    wanted = {place for place, each in enumerate(COLUMNS[Kind.RECORD], 1) if each.is_code}
    assert wanted
    assert styled == wanted


def test_a_template_does_not_replace_a_filled_one(tmp_path: Path) -> None:
    path = tmp_path / "f.xlsx"
    path.write_text("填好的", encoding="utf-8")
    with pytest.raises(RefusedError, match="已经有"):
        write_template(path, Kind.RECORD)
    with pytest.raises(RefusedError, match="结尾"):
        write_template(tmp_path / "f.csv", Kind.RECORD)
    with pytest.raises(RefusedError, match="写不了"):
        write_template(tmp_path / "没有" / "f.xlsx", Kind.RECORD)
