"""Reading a catalogue file of any shape into checked rows."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from pydantic import ValidationError

from wx_archive.catalogue.files.cells import unguard
from wx_archive.catalogue.files.columns import ARE_RECORDS, Layout, known_headers, lay_out
from wx_archive.catalogue.files.livelihood import Livelihood
from wx_archive.catalogue.files.problems import BadRow, Findings
from wx_archive.catalogue.files.relations import read_relations
from wx_archive.catalogue.files.rows import DocumentRow, RecordRow
from wx_archive.catalogue.files.sheets import sheet_rows
from wx_archive.catalogue.files.sources import MAX_LINE_BYTES, Shape, opened, shape_of
from wx_archive.catalogue.files.tables import text_rows
from wx_archive.catalogue.rules import Kind, Validity, document_number, reference_code
from wx_archive.core import clock
from wx_archive.core.errors import RefusedError

NO_RULES: Final = "没有写是不是民生，也没有规则可用：请补上，或写 content/livelihood.yaml"
EXAMPLE: Final = "（示例）"
Row = DocumentRow | RecordRow
Model = type[DocumentRow] | type[RecordRow]


@dataclass(frozen=True, slots=True)
class Line:
    """One good row and where it stands."""

    number: int
    row: Row


def read(
    path: Path,
    model: Model,
    bad: list[BadRow],
    doubts: list[BadRow],
    *,
    livelihood: Livelihood | None = None,
    today: dt.date | None = None,
) -> Iterator[Line]:
    """Yield the good rows of a file; append what is wrong with the others to ``bad``.

    Real files hold dates that are none («None-03-05»); such a row is taken in without a date and
    named in ``doubts``.

    Args:
        path: JSON Lines, CSV or XLSX, the first two also gzipped; known by their content.
        model: what the rows are.
        bad: gets every mistake.
        doubts: gets what is taken in but should be looked at.
        livelihood: the site's rules for records that do not say; without, they are mistakes.
        today: the day of the Shanghai calendar for which validity is checked.

    Raises:
        RefusedError: the file as a whole cannot be read.
    """
    findings = Findings(bad, doubts)
    kind = Kind.DOCUMENT if model is DocumentRow else Kind.RECORD
    check = _Check(findings, livelihood, today or clock.today())
    number = 0
    for number, row in _rows(path, model, kind, findings):
        if line := check.line(number, row):
            yield line
    if not number and not bad:
        findings.add_doubt(0, "", "文件里一行也没有")
    check.close()


def _rows(path: Path, model: Model, kind: Kind, findings: Findings) -> Iterator[tuple[int, Row]]:
    shape = shape_of(path)
    if shape is Shape.JSON_LINES:
        return _json_lines(path, model, findings)
    if shape is Shape.SHEET:
        cells = sheet_rows(path)
    else:
        cells = text_rows(path, known_headers(kind), findings)
    return _table(cells, model, kind, findings, path.name)


@dataclass(slots=True)
class _Check:
    """What can only be seen with the rest of the file, or with the site's rules, in hand."""

    findings: Findings
    livelihood: Livelihood | None
    today: dt.date
    seen: dict[int, int] = field(default_factory=dict)
    """Hash of an id and its line: 64 bits are enough to tell a million ids apart."""
    numbers: dict[str, int] = field(default_factory=dict)
    targets: set[str] = field(default_factory=set)
    repealed: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)

    def line(self, number: int, row: Row) -> Line | None:
        """Return the row unless something is wrong with it."""
        before = self.seen.setdefault(hash(row.id), number)
        if before != number:
            self.findings.add_bad(number, "id", f"编号与第 {before} 行重复")
            return None
        if isinstance(row, RecordRow):
            if row.livelihood is None:
                if self.livelihood is None:
                    self.findings.add_bad(number, "livelihood", NO_RULES)
                    return None
                row = row.model_copy(update={"livelihood": int(self.livelihood.covers(row))})
        else:
            self._look_at(number, row)
        for column, reason in row.doubts(today=self.today):
            self.findings.add_doubt(number, column, reason)
        return Line(number, row)

    def _look_at(self, number: int, row: DocumentRow) -> None:
        """Note what a document says of others; a number that stands twice is a doubt."""
        key = (document_number(row.doc_no) or row.doc_no) if row.doc_no else ""
        if key and (before := self.numbers.setdefault(key, number)) != number:
            self.findings.add_doubt(number, "doc_no", f"文号与第 {before} 行相同")
        for relation in row.relations:
            if relation.type in {"repeals", "replaces"}:
                named = document_number(relation.number) or relation.number
                self.targets |= {named, relation.title} - {""}
        if row.validity.strip() == Validity.REPEALED:
            self.repealed.append((number, (key, row.title)))

    def close(self) -> None:
        """Name the documents that read 已废止 though nothing in the file repeals them."""
        for number, names in self.repealed:
            if not self.targets.intersection(names):
                reason = "写的是已废止，但没有写被哪份文件废止；请在那份文件的“关联”里写明"
                self.findings.add_doubt(number, "validity", reason)
        self.findings.close()


def _json_lines(path: Path, model: Model, findings: Findings) -> Iterator[tuple[int, Row]]:
    with opened(path) as file:
        for number, raw in _lines(file):
            if number == 1 and model is DocumentRow and b'"ref_code"' in raw:
                raise RefusedError(ARE_RECORDS)
            if len(raw) > MAX_LINE_BYTES:
                findings.add_bad(number, "", "这一行超过 16 MB")
            elif row := _json_row(number, raw, model, findings):
                yield number, row


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    number = 0
    while raw := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if raw.isspace():
            continue
        yield number, raw
        while len(raw) > MAX_LINE_BYTES and not raw.endswith(b"\n"):
            raw = file.readline(MAX_LINE_BYTES + 1)


def _json_row(number: int, raw: bytes, model: Model, findings: Findings) -> Row | None:
    """Return one row; what pydantic's fast reader does not take is looked at again, slowly."""
    try:
        return model.model_validate_json(raw)
    except ValidationError as err:
        if err.errors(include_url=False)[0]["type"] != "json_invalid":
            findings.explain(number, err)
            return None
    text = _decode(raw)
    if text is None:
        findings.add_bad(number, "", "既不是 UTF-8 也不是 GB 18030 编码")
    elif text.strip():
        try:
            return model.model_validate(json.loads(text.rstrip()))
        except (ValueError, RecursionError) as err:
            findings.explain(number, err)
    return None


def _decode(raw: bytes) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _table(
    rows: Iterator[tuple[int, list[str]]], model: Model, kind: Kind, findings: Findings, name: str
) -> Iterator[tuple[int, Row]]:
    _number, header = next(rows, (0, []))
    layout = lay_out(header, kind)
    findings.names = {"id": _id_column(kind), **layout.names}
    for place, unknown in layout.unknown:
        if unknown:
            findings.add_doubt(1, unknown, f"第 {place + 1} 列没有这一项，没有导入；请检查表头")
    has_rows = False
    for number, cells in rows:
        has_rows = True
        if row := _table_row(number, cells, layout, model, findings):
            yield number, row
    if not has_rows:
        raise RefusedError(f"{name} 只有表头，没有可导入的行")


def _id_column(kind: Kind) -> str:
    return "文号、题名" if kind is Kind.DOCUMENT else "档号"


def _table_row(
    number: int, cells: list[str], layout: Layout, model: Model, findings: Findings
) -> Row | None:
    if len(cells) > layout.width and any(cells[layout.width :]):
        findings.add_bad(number, "", "这一行的格子比表头多；多半是有逗号的格子没有加引号")
        return None
    count = len(cells)
    values: dict[str, object] = {
        key: unguard(cells[place]) for place, key in layout.cells if place < count and cells[place]
    }
    title = values.get("title", "")
    if isinstance(title, str) and title.startswith((EXAMPLE, "(示例)")):
        findings.add_doubt(number, "title", "这是模板里的示例行，没有导入")
        return None
    try:
        if relations := values.get("relations"):
            values["relations"] = read_relations(str(relations))
        values.setdefault("id", _made_up_id(values, model))
        return model.model_validate(values)
    except ValidationError as err:
        findings.explain(number, err)
    except ValueError as err:
        findings.add_bad(number, "relations", str(err))
    return None


def _made_up_id(values: dict[str, object], model: Model) -> str:
    """Return an id for rows without: the same row gets the same one in every file."""
    if model is RecordRow:
        return reference_code(str(values.get("ref_code", ""))) or "?"
    told = "\n".join(str(values.get(key, "")).strip() for key in ("doc_no", "title"))
    return "n" + hashlib.blake2b(told.encode("utf-8", "replace"), digest_size=15).hexdigest()
