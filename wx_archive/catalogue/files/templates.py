"""Empty workbooks for staff: notes at the headers, drop-downs, one example row, a page of help."""

from pathlib import Path
from typing import Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from wx_archive.catalogue.files.columns import COLUMNS, Column
from wx_archive.catalogue.files.writers import MAX_SHEET_ROWS
from wx_archive.catalogue.rules import Kind
from wx_archive.core.errors import RefusedError

HELP_SHEET: Final = "说明"
"""The import passes this sheet over."""
_TEXT: Final = 49
"""Excel's own number for the format “text”."""
_SHEETS: Final = {Kind.DOCUMENT: "现行文件", Kind.RECORD: "档案目录"}
_HELP: Final = (
    "第二行是示例，导入时会跳过；可以删掉，也可以留着。",
    "表头不要改名、不要合并；用不到的列可以整列删掉，列的先后可以换。",
    "编号、日期这些列是文本格式，0012 不会变成 12；从别处粘贴时请选“只粘贴值”。",
    "涉密的（秘密、机密、绝密）不能上网，不要写进来。",
)


def write_template(target: Path, kind: Kind) -> None:
    """Write a template.

    Raises:
        RefusedError: the name is not that of a workbook, or there is such a file already.
    """
    if target.suffix.lower() != ".xlsx":
        raise RefusedError(f"{target.name}：模板的文件名要以 .xlsx 结尾")
    if target.exists():
        raise RefusedError(f"已经有 {target}，为免盖掉填好的表，没有写；请换个名字")
    try:
        with xlsxwriter.Workbook(str(target)) as book:
            _fill(book, kind)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as err:
        raise RefusedError(f"写不了 {target}：{err}") from err


def _fill(book: Workbook, kind: Kind) -> None:
    sheet = book.add_worksheet(_SHEETS[kind])
    plain = book.add_format({"num_format": _TEXT})
    required = book.add_format({"bold": True, "bg_color": "#F6D5C8", "border": 1})
    optional = book.add_format({"bold": True, "bg_color": "#E8EEF2", "border": 1})
    example = book.add_format({"num_format": _TEXT, "italic": True, "font_color": "#777777"})
    for place, column in enumerate(COLUMNS[kind]):
        sheet.set_column(place, place, column.width, plain if column.is_code else None)
        sheet.write_string(0, place, column.header, required if column.is_required else optional)
        if column.note:
            sheet.write_comment(0, place, column.note)
        if column.example:
            sheet.write_string(1, place, column.example, example)
        if column.choices:
            _drop_down(sheet, place, column)
    sheet.freeze_panes(1, 0)
    _help(book.add_worksheet(HELP_SHEET), kind, optional)


def _drop_down(sheet: Worksheet, place: int, column: Column) -> None:
    sheet.data_validation(
        1,
        place,
        MAX_SHEET_ROWS,
        place,
        {
            "validate": "list",
            "source": list(column.choices),
            "error_title": column.header,
            "error_message": f"请从列表里选：{'、'.join(column.choices)}"[:255],
        },
    )


def _help(sheet: Worksheet, kind: Kind, bold: Format) -> None:
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 8)
    sheet.set_column(2, 3, 60)
    row = 0
    for row, line in enumerate(_HELP):
        sheet.write_string(row, 0, line)
    row += 2
    for place, text in enumerate(("列", "必填", "怎么填", "也认得的表头")):
        sheet.write_string(row, place, text, bold)
    for row, column in enumerate(COLUMNS[kind], start=row + 1):  # noqa: B020 -- goes on below
        texts = (column.header, "是" * column.is_required, column.note, "、".join(column.others))
        for place, text in enumerate(texts):
            sheet.write_string(row, place, text)
