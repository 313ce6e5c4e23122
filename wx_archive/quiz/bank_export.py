"""The bank as YAML, XLSX and CSV that import back unchanged; and the workbook to fill in."""

import csv
import io
import os
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from wx_archive.catalogue.files.cells import guard
from wx_archive.catalogue.files.columns import Column
from wx_archive.core.errors import RefusedError
from wx_archive.quiz.bank import Bank
from wx_archive.quiz.bank_files import Theme
from wx_archive.quiz.bank_rows import COLUMNS, Cells, Themes, cells_of
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import Kind

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

SHEET: Final = "题库"
HELP_SHEET: Final = "说明"
"""The import passes this sheet over."""
ROWS_WITH_LISTS: Final = 5_000
_TEXT: Final = 49
"""Excel's own number for the format “text”."""
_THEMES_COLUMN: Final = 5
_HELP: Final = (
    "第二行是示例，导入时会跳过；可以删掉，也可以留着。",
    "表头不要改名、不要合并；用不到的列可以整列删掉，列的先后可以换。",
    "新题的编号空着；填了已有的编号，就是改那一题。同一份表导入两次，第二次没有变化。",
    "每一题都要有查得到的出处：法规写条款和原文，其他写网址。",
)
_OPTIONAL: Final = ("keep_order", "tolerance", "entry", "picture", "alt", "retired")


def as_csv(questions: Iterable[Question], themes: Themes) -> bytes:
    """Return questions as a table that opens rightly in Excel and is no formula anywhere."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([column.header for column in COLUMNS])
    for question in questions:
        writer.writerow(_guarded(cells_of(question, themes)))
    return text.getvalue().encode("utf-8-sig")


def as_workbook(questions: Iterable[Question], themes: Themes) -> bytes:
    """Return questions as a workbook, with the same drop-downs as the template."""
    return _workbook([cells_of(question, themes) for question in questions], themes, notes=False)


def template(themes: Themes) -> bytes:
    """Return a workbook to be filled in: notes, drop-downs, one example, a page of help."""
    example = {column.key: column.example for column in COLUMNS}
    example["theme"] = next((theme.name for theme in themes.values()), "")
    return _workbook([example], themes, notes=True)


def as_yaml(theme: Theme, questions: Iterable[Question]) -> str:
    """Return a theme's file of the bank."""
    told = {
        "theme": theme.slug,
        "name": theme.name,
        "about": theme.about,
        "questions": [_yaml_of(question) for question in questions],
    }
    return yaml.dump(told, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000)


class _Dumper(yaml.SafeDumper):
    """Writes as people do: short lists in one line, everything else below one another."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 -- yaml's own signature
        """Indent the items of lists too."""
        super().increase_indent(flow, False)  # noqa: FBT003 -- likewise

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> Any:  # noqa: FBT001 -- likewise
        """Write lists of words in one line."""
        is_short = all(isinstance(one, str) for one in sequence)
        return super().represent_sequence(tag, sequence, flow_style or is_short)


def files_of(bank: Bank) -> dict[str, str]:
    """Return the bank as the files of a folder `quiz_bank`, by name; none for an empty theme."""
    held = {slug: _of_theme(bank, slug) for slug in bank.themes}
    return {
        f"{slug}.yaml": as_yaml(bank.themes[slug], questions)
        for slug, questions in held.items()
        if questions
    }


def as_zip(bank: Bank) -> bytes:
    """Return the bank's YAML files in one archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files_of(bank).items():
            archive.writestr(f"quiz_bank/{name}", text)
    return packed.getvalue()


def write(bank: Bank, target: Path, *, theme: str = "") -> int:
    """Write the bank to a file, whole or not at all, or to a folder; return how many questions.

    Args:
        bank: what counts.
        target: `.xlsx`, `.csv`, `.yaml` for one theme, or a folder for one file a theme.
        theme: slug, for that theme alone.

    Raises:
        RefusedError: there is no such theme or format, or the file cannot be written.
    """
    if theme and theme not in bank.themes:
        raise RefusedError(f"没有主题 {theme}，现有：{'、'.join(bank.themes)}")
    questions = _of_theme(bank, theme) if theme else list(bank.questions.values())
    try:
        for path, content in _contents(bank, target, theme, questions):
            _put(path, content)
    except OSError as err:
        raise RefusedError(f"写不了 {target}：{err.strerror or err}") from err
    return len(questions)


def _contents(
    bank: Bank, target: Path, theme: str, questions: Sequence[Question]
) -> list[tuple[Path, bytes]]:
    match target.suffix.lower():
        case ".xlsx":
            return [(target, as_workbook(questions, bank.themes))]
        case ".csv":
            return [(target, as_csv(questions, bank.themes))]
        case ".yaml" | ".yml" if theme:
            return [(target, as_yaml(bank.themes[theme], questions).encode())]
        case ".yaml" | ".yml":
            raise RefusedError("一个 YAML 文件装一个主题：请加 --theme，或者写一个文件夹的名字")
        case "":
            target.mkdir(parents=True, exist_ok=True)
            files = files_of(bank)
            wanted = {f"{theme}.yaml"} if theme else set(files)
            return [(target / name, files[name].encode()) for name in files if name in wanted]
        case _:
            raise RefusedError(f"{target.name}：写成 .xlsx、.csv、.yaml，或一个文件夹的名字")


def _put(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.part")
    try:
        unfinished.write_bytes(content)
        os.replace(unfinished, path)  # noqa: PTH105 -- says that it replaces
    finally:
        unfinished.unlink(missing_ok=True)


def _of_theme(bank: Bank, theme: str) -> list[Question]:
    return [question for question in bank.questions.values() if question.theme == theme]


def _guarded(cells: Cells) -> list[str]:
    return [guard(cells[column.key]) for column in COLUMNS]


# -- YAML ---------------------------------------------------------------------------------------


def _yaml_of(question: Question) -> dict[str, Any]:
    source = question.source
    options = {"options": list(question.options)} if question.options else {}
    told: dict[str, Any] = {"id": question.id, "kind": question.kind.value, "text": question.text}
    told |= options | {"answer": _yaml_answer(question), "explanation": question.explanation}
    told["source"] = {
        key: value
        for key in ("title", "edition", "article", "quote", "url", "where")
        if (value := getattr(source, key))
    }
    told |= {key: value for key in _OPTIONAL if (value := getattr(question, key))}
    told |= {"difficulty": question.difficulty, "tags": list(question.tags)}
    return told | {"since": question.since}


def _yaml_answer(question: Question) -> object:
    match question.kind:
        case Kind.FILL:
            return list(question.answer)
        case Kind.YEAR:
            return int(question.answer[0])
        case _:
            return "".join(question.answer)


# -- workbooks ----------------------------------------------------------------------------------


def _workbook(rows: Sequence[Cells], themes: Themes, *, notes: bool) -> bytes:
    import xlsxwriter  # noqa: PLC0415 -- only here: starts slowly

    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed, {"in_memory": True}) as book:
        _fill(book, rows, len(themes), notes=notes)
        _help(book, themes)
    return packed.getvalue()


def _fill(book: "Workbook", rows: Sequence[Cells], themes: int, *, notes: bool) -> None:
    sheet = book.add_worksheet(SHEET)
    plain = book.add_format({"num_format": _TEXT, "text_wrap": True, "valign": "top"})
    required = book.add_format({"bold": True, "bg_color": "#F6D5C8", "border": 1})
    optional = book.add_format({"bold": True, "bg_color": "#E8EEF2", "border": 1})
    example = book.add_format({"num_format": _TEXT, "italic": True, "font_color": "#777777"})
    for place, column in enumerate(COLUMNS):
        sheet.set_column(place, place, column.width, plain)
        sheet.write_string(0, place, column.header, required if column.is_required else optional)
        if notes:
            sheet.write_comment(0, place, column.note)
        _drop_down(sheet, place, column, themes)
    for number, cells in enumerate(rows, start=1):
        for place, text in enumerate(_guarded(cells)):
            if text:
                sheet.write_string(number, place, text, example if notes else plain)
    sheet.freeze_panes(1, 0)


def _drop_down(sheet: "Worksheet", place: int, column: Column, themes: int) -> None:
    source: object = list(column.choices)
    if column.key == "theme" and themes:
        source = f"={HELP_SHEET}!$F$2:$F${themes + 1}"
    if not source:
        return
    rule = {
        "validate": "list",
        "source": source,
        "error_title": column.header,
        "error_message": "请从列表里选。",
    }
    sheet.data_validation(1, place, ROWS_WITH_LISTS, place, rule)


def _help(book: "Workbook", themes: Themes) -> None:
    sheet = book.add_worksheet(HELP_SHEET)
    bold = book.add_format({"bold": True})
    sheet.set_column(0, 1, 12)
    sheet.set_column(2, 3, 60)
    sheet.write_string(0, _THEMES_COLUMN, "可以写的主题", bold)
    for row, theme in enumerate(themes.values(), start=1):
        sheet.write_string(row, _THEMES_COLUMN, guard(theme.name))
    for row, line in enumerate(_HELP):
        sheet.write_string(row, 0, line)
    head = len(_HELP) + 1
    for place, text in enumerate(("列", "必填", "怎么填", "也认得的表头")):
        sheet.write_string(head, place, text, bold)
    for row, column in enumerate(COLUMNS, start=head + 1):
        told = (column.header, "是" * column.is_required, column.note, "、".join(column.others))
        for place, text in enumerate(told):
            sheet.write_string(row, place, text)
