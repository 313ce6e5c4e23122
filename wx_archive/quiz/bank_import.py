"""Files of questions, read row by row against the bank: every mistake and every doubt is named.

Nothing is written here; `bank_desk` does that with what `check` returns.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from wx_archive.catalogue.files import BadRow
from wx_archive.catalogue.files.cells import unguard
from wx_archive.catalogue.files.columns import fold_header
from wx_archive.catalogue.files.problems import Findings
from wx_archive.catalogue.files.sheets import sheet_rows
from wx_archive.catalogue.files.sources import Shape, shape_of
from wx_archive.catalogue.files.tables import text_rows
from wx_archive.core.errors import FileProblemError, RefusedError
from wx_archive.core.text import fold
from wx_archive.core.yamlfile import FileModel, located, parse, read_text
from wx_archive.quiz.bank_files import FOLDER, PICTURES, QuestionFile, Theme, mistakes
from wx_archive.quiz.bank_hints import hints
from wx_archive.quiz.bank_rows import COLUMNS, HEADERS, KNOWN, RowError, read_row
from wx_archive.quiz.bank_view import Known
from wx_archive.quiz.near import Neighbours
from wx_archive.quiz.questions import Question

MAX_ROWS: Final = 5_000
"""More questions than anybody releases; a bound on time and memory."""
EXAMPLES: Final = ("（示例）", "(示例)")
_YAML: Final = frozenset({".yaml", ".yml"})


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file holds, compared with the bank.

    Attributes:
        added: new questions, each with its id.
        changed: questions that replace what counts.
        unchanged: how many say what the bank says already.
        bad: every mistake.
        warnings: what is taken in but should be looked at.
    """

    added: tuple[Question, ...]
    changed: tuple[Question, ...]
    unchanged: int
    bad: tuple[BadRow, ...]
    warnings: tuple[BadRow, ...]

    @property
    def good(self) -> tuple[Question, ...]:
        """The questions that would change the bank."""
        return (*self.added, *self.changed)

    @property
    def bad_lines(self) -> int:
        """How many rows have mistakes; one may have several."""
        return len({row.line for row in self.bad})

    @property
    def read(self) -> int:
        """How many rows there are."""
        return len(self.good) + self.unchanged + self.bad_lines

    def as_json(self) -> dict[str, Any]:
        """Return it as the command line prints it."""
        return {
            "read": self.read,
            "added": len(self.added),
            "changed": len(self.changed),
            "unchanged": self.unchanged,
            "ids": [one.id for one in self.good],
            "bad": [asdict(row) for row in self.bad],
            "warnings": [asdict(row) for row in self.warnings],
        }


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    question: Question
    """Without an id where the row has none."""


def check(
    path: Path,
    known: Known,
    folder: Path,
    *,
    today: date,
    name: str = "",
    is_borne: Callable[[str], bool] | None = None,
) -> Checked:
    """Read a file and compare it with the bank; nothing is changed.

    Args:
        path: XLSX, CSV or YAML.
        known: the bank.
        folder: of the site, for pictures.
        today: Shanghai day from which on a question is asked whose row does not say.
        name: what people call the file, where the path is not it.
        is_borne: tells whether the public finds something by a 档号 or 文号.

    Raises:
        RefusedError: the file as a whole cannot be read.
    """
    findings = Findings([], [])
    read = _yaml_lines if path.suffix.lower() in _YAML else _table_lines
    lines = read(_File(path, name or path.name, known, today), findings)
    compared = _Comparison(known, folder / FOLDER / PICTURES, findings, is_borne)
    with _named(path, name or path.name):
        _compare(lines, compared)
    findings.close()
    return compared.result()


def _compare(lines: Iterator[_Line], compared: "_Comparison") -> None:
    for count, line in enumerate(lines, start=1):
        if count > MAX_ROWS:
            raise RefusedError(f"一份文件最多 {MAX_ROWS} 题；请分成几份")
        compared.take(line)


@contextmanager
def _named(path: Path, name: str) -> Iterator[None]:
    """Have a refusal call a file what people call it; its readers know its path only."""
    try:
        yield
    except RefusedError as err:
        if path.name == name:
            raise
        told = str(err).replace(str(path), name).replace(path.name, name)
        raise RefusedError(told) from err


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    name: str
    known: Known
    today: date

    @property
    def themes(self) -> Mapping[str, Theme]:
        return self.known.bank.themes


# -- reading ------------------------------------------------------------------------------------


def _table_lines(file: _File, findings: Findings) -> Iterator[_Line]:
    shape = shape_of(file.path)
    if shape is Shape.JSON_LINES:
        raise RefusedError(f"{file.name} 不是表格；题目用 .xlsx、.csv 或 .yaml 导入")
    is_sheet = shape is Shape.SHEET
    if not is_sheet and file.path.suffix.lower() == ".xlsx":
        raise RefusedError(
            f"{file.name} 不是 Excel 工作簿，只是名字像；"
            "请在 Excel 或 WPS 里打开原来的表，另存为 .xlsx 再来"
        )
    rows = sheet_rows(file.path) if is_sheet else text_rows(file.path, KNOWN, findings)
    _first, header = next(rows, (0, []))
    columns = _columns(header, findings)
    has_rows = False
    for number, texts in rows:
        has_rows = True
        if any(texts[len(header) :]):
            findings.add_bad(number, "", "这一行的格子比表头多；多半是有逗号的格子没有加引号")
        elif line := _table_line(number, texts, columns, file, findings):
            yield line
    if not has_rows:
        raise RefusedError(f"{file.name} 只有表头，没有可导入的行")


def _columns(header: list[str], findings: Findings) -> dict[int, str]:
    """Return which column holds what.

    Raises:
        RefusedError: a column is missing, or there twice.
    """
    found: dict[int, str] = {}
    for place, text in enumerate(header):
        key = KNOWN.get(fold_header(text))
        if key in found.values() and key:
            raise RefusedError(f"表头里“{HEADERS[key]}”有两列，请只留一列")
        if key:
            found[place] = key
        elif text.strip():
            findings.add_doubt(1, text.strip()[:20], "没有这一项，没有导入；请检查表头")
    needed = {column.key for column in COLUMNS if column.is_required}
    missing = [HEADERS[key] for key in HEADERS if key in needed - {"theme", *found.values()}]
    if missing or not {"theme", "id"} & set(found.values()):
        named = "、".join(missing or ["主题"])
        raise RefusedError(f"第一行要是表头，现在缺：{named}。可以先下载模板，照着填")
    return found


def _table_line(
    number: int, texts: list[str], columns: Mapping[int, str], file: _File, findings: Findings
) -> _Line | None:
    cells = {
        key: unguard(texts[place]).strip()
        for place, key in columns.items()
        if place < len(texts) and texts[place]
    }
    if cells.get("text", "").startswith(EXAMPLES):
        findings.add_doubt(number, HEADERS["text"], "这是模板里的示例行，没有导入")
        return None
    if not any(cells.values()):
        return None
    before = file.known.newest(cells.get("id", ""))
    try:
        question = read_row(cells, file.themes, today=file.today, before=before)
    except RowError as err:
        for problem in err.problems:
            findings.add_bad(number, HEADERS.get(problem.key, ""), problem.reason)
        return None
    return _Line(number, question)


class _AnyTheme(FileModel):
    """A theme's file whose questions are looked at one by one."""

    theme: str
    name: str = ""
    about: str = ""
    questions: list[dict[str, Any]]


def _yaml_lines(file: _File, findings: Findings) -> Iterator[_Line]:
    try:
        text = read_text(file.path)
        held = parse(text, _AnyTheme, Path(file.name))
    except FileProblemError as err:
        raise RefusedError(str(err).replace(str(file.path), file.name)) from err
    if held.theme not in file.themes:
        names = "、".join(file.themes)
        raise RefusedError(
            f"{file.name} 的主题 {held.theme} 还没有（现有：{names}）；"
            f"新主题请把文件放进 {FOLDER}/，再重新启动"
        )
    numbers = located(text, [("questions", place) for place in range(len(held.questions))])
    for place, (values, (number, _column)) in enumerate(zip(held.questions, numbers, strict=True)):
        try:
            question = QuestionFile.model_validate(values).question(held.theme)
        except ValidationError:
            told = mistakes(values)
            places = located(text, [("questions", place, *where) for where, _reason in told])
            for (where, reason), (line, _column) in zip(told, places, strict=True):
                findings.add_bad(line, ".".join(map(str, where)), reason)
            continue
        if question.id.startswith(f"{held.theme}-"):
            yield _Line(number, question)
        else:
            findings.add_bad(number, "id", f"编号要以 {held.theme}- 开头")


# -- comparing ----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Comparison:
    """Looks at each question beside the bank and beside the rows before it."""

    known: Known
    pictures: Path
    findings: Findings
    is_borne: Callable[[str], bool] | None
    seen: dict[str, int] = field(default_factory=dict)
    """The line of each id."""
    added: list[_Line] = field(default_factory=list)
    changed: list[Question] = field(default_factory=list)
    unchanged: int = 0
    same: dict[tuple[object, ...], str] = field(init=False)
    """What a question asks and answers; by whom it is asked already: an id or 第 N 行."""
    asked: Neighbours = field(init=False)
    """Of the questions that count; one of these is named first: the others may yet change."""
    others: Neighbours = field(init=False)

    def __post_init__(self) -> None:
        every = dict(self.known.bank.questions)
        every |= {key: version.question for key, version in self.known.open.items()}
        self.same = {_asked(question): key for key, question in every.items()}
        counting = self.known.bank.questions
        self.asked = Neighbours({key: question.text for key, question in counting.items()})
        self.others = Neighbours(
            {key: version.question.text for key, version in self.known.open.items()}
        )

    def take(self, line: _Line) -> None:
        """Sort one question in, or say what is wrong with it."""
        number, question = line.number, line.question
        twin = self.same.get(_asked(question), "")
        if (
            not question.id
            and (known := self.known.newest(twin))
            and _say_the_same(question, known)
        ):
            self.unchanged += 1  # a row without an id, taken in before
        elif problem := self._problem(line, twin):
            self.findings.add_bad(number, *problem)
        elif self._is_known(question):
            self.unchanged += 1
            if question.id in self.known.open:
                self.findings.add_doubt(number, HEADERS["id"], "和还没有放行的一稿相同")
        else:
            self._note_near(line)
            self._keep(line)

    def _problem(self, line: _Line, twin: str) -> tuple[str, str] | None:
        """Return column and reason."""
        question = line.question
        if (
            question.id
            and (before := self.seen.setdefault(question.id, line.number)) != line.number
        ):
            return HEADERS["id"], f"编号与第 {before} 行重复"
        if question.picture and not (self.pictures / question.picture).is_file():
            return HEADERS["picture"], f"{FOLDER}/{PICTURES} 里没有这张图片"
        if twin and twin != question.id:
            way = "；要改那一题，请写上它的编号" if not question.id else "；请删去一题"
            return HEADERS["text"], f"与 {twin} 的题干、选项和答案相同{way}"
        waiting = self.known.open.get(question.id)
        if waiting and waiting.content_hash != question.fingerprint:
            return HEADERS["id"], "这一题有一稿还没有放行，请先放行或作废那一稿"
        return None

    def _is_known(self, question: Question) -> bool:
        known = self.known.newest(question.id)
        return known is not None and known.fingerprint == question.fingerprint

    def _note_near(self, line: _Line) -> None:
        question = line.question
        for key, reason in hints(question, self.is_borne):
            self.findings.add_doubt(line.number, HEADERS[key], reason)
        near = self.asked.nearest(question.text, but=question.id)
        if near := near or self.others.nearest(question.text, but=question.id):
            self.findings.add_doubt(
                line.number,
                HEADERS["text"],
                f"与 {near.key} 相似 {near.percent}%，请看看是不是同一题",
            )

    def _keep(self, line: _Line) -> None:
        question = line.question
        if question.id in self.known.bank.questions:
            self.changed.append(question)
        else:
            self.added.append(line)
        key = question.id or f"第 {line.number} 行"
        self.same.setdefault(_asked(question), key)
        if key not in self.known.bank.questions and key not in self.known.open:
            self.others.add(key, question.text)

    def result(self) -> Checked:
        """Return what was found; questions without an id get the next of their theme."""
        ids = {
            theme: self.known.next_ids(theme, self.seen)
            for theme in {line.question.theme for line in self.added}
        }
        added = [
            replace(one, id=one.id or next(ids[one.theme]))
            for one in (line.question for line in self.added)
        ]
        bad = sorted(self.findings.bad, key=lambda row: row.line)
        doubts = sorted(self.findings.doubts, key=lambda row: row.line)
        return Checked(tuple(added), tuple(self.changed), self.unchanged, tuple(bad), tuple(doubts))


def _asked(question: Question) -> tuple[object, ...]:
    """Return what makes two questions the same for whoever answers them."""
    options = frozenset(fold(one) for one in question.options)
    answer: object = question.answer
    if question.options:
        letters = "ABCD"
        answer = frozenset(fold(question.options[letters.index(one)]) for one in question.answer)
    return fold(question.text), question.picture, question.kind, options, answer


def _say_the_same(one: Question, other: Question) -> bool:
    return replace(one, id="", since=other.since) == replace(other, id="")
