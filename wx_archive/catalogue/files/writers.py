"""CSV, XLSX and JSON Lines as the import takes them; tables are safe to open in any program."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import IO, Any, Final, Protocol

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from wx_archive.catalogue.files import codes
from wx_archive.catalogue.files.cells import guard
from wx_archive.catalogue.files.columns import COLUMNS, OMITTED, Column
from wx_archive.catalogue.files.relations import as_json, write_relations
from wx_archive.catalogue.rules import Kind
from wx_archive.core.errors import RefusedError

MAX_SHEET_ROWS: Final = 1_048_575
"""Below the header: Excel's own bound."""
MAX_SHEET_CELL: Final = 32_767
_WORDS: Final[Mapping[str, Mapping[object, str]]] = {
    "openness": {
        code: word for words in (codes.OPENNESS, codes.DISCLOSURE) for word, code in words.items()
    },
    "secrecy": {code: word for word, code in codes.SECRECY.items()},
    "level": {code: word for word, code in codes.LEVELS.items()},
    "livelihood": {code: word for word, code in codes.LIVELIHOOD.items()},
    "retention": {code: word for word, code in codes.RETENTION.items()},
}
Values = Mapping[str, Any]


class Writer(Protocol):
    """Takes rows one by one."""

    def write(self, values: Values) -> None:
        """Write one row; values by their JSON names."""


class Opens(Protocol):
    """Opens a file for writing and closes it whole."""

    def __call__(self, target: Path, kind: Kind, *, is_public: bool) -> Any:
        """Return a context with a `Writer`."""


def writer_for(target: Path) -> Opens:
    """Return what writes a file of this name.

    Raises:
        RefusedError: the suffix is none of ours.
    """
    match target.suffix.lower():
        case ".csv":
            return _csv
        case ".xlsx":
            return _sheet
        case ".jsonl":
            return _json_lines
        case _:
            raise RefusedError(f"{target.name}：文件名要以 .csv、.xlsx 或 .jsonl 结尾")


def columns_of(kind: Kind, *, is_public: bool) -> tuple[Column, ...]:
    """Return the columns of an export."""
    if not is_public:
        return COLUMNS[kind]
    return (*(column for column in COLUMNS[kind] if not column.is_internal), OMITTED)


def _texts(columns: tuple[Column, ...]) -> Callable[[Values], Iterator[str]]:
    """Return what makes the cells of a row: Chinese words for codes, nothing that is a formula."""
    plan = [(column.key, _WORDS.get(column.key)) for column in columns]

    def texts(values: Values) -> Iterator[str]:
        for key, words in plan:
            value = values.get(key)
            if key == "relations":
                yield write_relations(value or ())
            elif words is not None:
                yield words.get(value, str(value))
            else:
                yield "" if value is None else guard(str(value))

    return texts


class _CsvWriter:
    def __init__(self, file: IO[str], columns: tuple[Column, ...]) -> None:
        self._rows = csv.writer(file)
        self._texts = _texts(columns)
        self._rows.writerow([column.header for column in columns])

    def write(self, values: Values) -> None:
        self._rows.writerow(self._texts(values))


@contextmanager
def _csv(target: Path, kind: Kind, *, is_public: bool) -> Iterator[Writer]:
    with target.open("w", encoding="utf-8-sig", newline="") as file:  # Excel wants the mark
        yield _CsvWriter(file, columns_of(kind, is_public=is_public))


class _SheetWriter:
    def __init__(self, sheet: Worksheet, columns: tuple[Column, ...]) -> None:
        self._sheet = sheet
        self._texts = _texts(columns)
        self._row = 0
        for place, column in enumerate(columns):
            sheet.write_string(0, place, column.header)

    def write(self, values: Values) -> None:
        self._row += 1
        for place, text in enumerate(self._texts(values)):
            if len(text) > MAX_SHEET_CELL:
                raise RefusedError(
                    f"“{str(values['title'])[:40]}”有一格超过 {MAX_SHEET_CELL} 字，"
                    "Excel 放不下；请导出为 .csv 或 .jsonl"
                )
            if text:
                self._sheet.write_string(self._row, place, text)


@contextmanager
def _sheet(target: Path, kind: Kind, *, is_public: bool) -> Iterator[Writer]:
    options = {"constant_memory": True, "tmpdir": str(target.parent)}
    columns = columns_of(kind, is_public=is_public)
    with xlsxwriter.Workbook(str(target), options) as book:
        text = book.add_format({"num_format": 49})
        sheet = book.add_worksheet("目录")
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width, text)
        sheet.freeze_panes(1, 0)
        yield _SheetWriter(sheet, columns)


class _JsonWriter:
    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, values: Values) -> None:
        there = {name: value for name, value in values.items() if value not in ("", None, [])}
        if "relations" in there:
            there["relations"] = [as_json(*relation) for relation in there["relations"]]
        self._file.write(json.dumps(there, ensure_ascii=False, default=date.isoformat) + "\n")


@contextmanager
def _json_lines(target: Path, kind: Kind, *, is_public: bool) -> Iterator[Writer]:  # noqa: ARG001 -- rows tell
    with target.open("w", encoding="utf-8", newline="\n") as file:
        yield _JsonWriter(file)
