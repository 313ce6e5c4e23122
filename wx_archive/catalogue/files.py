"""Reading catalogue files: JSON Lines, gzipped or not, every bad row named with line and column."""

import datetime as dt
import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from wx_archive.catalogue.rules import Disclosure, Openness
from wx_archive.core.errors import RefusedError

MAX_LINE_BYTES: Final = 16 * 1024 * 1024
MAX_BODY_CHARACTERS: Final = 1_000_000
"""What one entry of PostgreSQL's index can surely hold: a tsvector ends at 1 MiB."""
_MESSAGES: Final = {
    "missing": "缺这一列",
    "string_too_short": "不能为空",
    "too_short": "不能为空",
    "string_too_long": "太长，请缩短",
    "too_long": "太长，请缩短",
    "string_type": "要写成文字",
    "string_unicode": "有残缺的字符，请改正",
    "model_type": "一行要是一个 JSON 对象，写成 {…}",
    "tuple_type": "要写成列表，写成 […]",
    "extra_forbidden": "没有这一项，请检查拼写",
}


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


def _to_text(value: object) -> object:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _to_day(value: object) -> object:
    """Read a date as people write it; a number of seconds, which pydantic takes, is none."""
    if value is None or value == "":
        return None
    day = read_date(str(value))
    if day is None:
        message = "日期要写成 2004-04-02 的样子"
        raise ValueError(message)
    return day


Day = Annotated[dt.date | None, BeforeValidator(_to_day)]
Words = Annotated[str, BeforeValidator(_to_text)]


_DATE: Final = re.compile(r"((?:1[5-9]|20)\d\d)[-./年]?(\d\d?)[-./月]?(\d\d?)日?$")


def read_date(text: str) -> dt.date | None:
    """Read 2004-04-02, 20040402, 2004年4月2日; anything else is no date."""
    match = _DATE.match(text.strip())
    try:
        return dt.date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


class _Storable(BaseModel):
    """Text that every database can keep: PostgreSQL has no place for NUL."""

    @field_validator("*")
    @classmethod
    def _storable(cls, value: object) -> object:
        if isinstance(value, str) and "\0" in value:
            message = "有空字符（NUL），请删掉"
            raise ValueError(message)
        return value


class _Row(_Storable):
    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)

    id: Annotated[str, BeforeValidator(_to_text), Field(min_length=1, max_length=120)]
    title: Annotated[str, Field(min_length=1, max_length=500)]
    doc_no: Words = Field(default="", max_length=200)
    date: Words = Field(default="", max_length=40)

    @field_validator("title")
    @classmethod
    def _one_line(cls, value: str) -> str:
        return " ".join(value.split())

    @property
    def dated(self) -> dt.date | None:
        """The date, or None where there is none or it cannot be read."""
        return read_date(self.date)


class Relation(_Storable):
    """How the row's document bears on another one, named by number or title."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["repeals", "replaces", "amends", "implements", "interprets", "forwards"]
    number: str = ""
    title: str = ""

    @model_validator(mode="after")
    def _names_one(self) -> "Relation":
        if not (self.number or self.title):
            message = "关联要写文号（number）或题名（title）"
            raise ValueError(message)
        return self


class DocumentRow(_Row):
    """One current document of a `documents import` file."""

    issuer: Words = Field(default="", max_length=500)
    category: Words = Field(default="", max_length=100)
    body: Words = Field(default="", max_length=MAX_BODY_CHARACTERS)
    openness: Disclosure | None = None
    effective_from: Day = None
    effective_to: Day = None
    relations: tuple[Relation, ...] = ()
    source: Words = Field(default="", max_length=300)
    url: Words = Field(default="", max_length=1000)

    @model_validator(mode="after")
    def _ordered(self) -> "DocumentRow":
        if self.effective_from and self.effective_to and self.effective_to < self.effective_from:
            message = "失效日期早于施行日期"
            raise ValueError(message)
        return self


class RecordRow(_Row):
    """One archive record of a `catalogue import` file."""

    ref_code: Annotated[str, Field(min_length=1, max_length=120)]
    fonds: Words = Field(default="", max_length=40)
    responsible: Words = Field(default="", max_length=500)
    keywords: Words = Field(default="", max_length=500)
    abstract: Words = ""
    open: Annotated[Literal[0, 1] | None, BeforeValidator(_blank_is_none)] = None
    livelihood: Literal[0, 1]
    level: Literal["fonds", "series", "file", "item"] = "item"

    @property
    def openness(self) -> Openness:
        """Nothing said about openness means: not reviewed, so not public."""
        match self.open:
            case 1:
                return Openness.OPEN
            case 0:
                return Openness.CONTROLLED
            case None:
                return Openness.UNREVIEWED


@dataclass(frozen=True, slots=True)
class BadRow:
    """Why one line cannot be taken in."""

    line: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """One good row and where it stands."""

    number: int
    row: DocumentRow | RecordRow


def digest(path: Path, *options: str) -> str:
    """Return the SHA-256 of a file and of the options under which it is read."""
    value = hashlib.sha256("\0".join(options).encode())
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            value.update(block)
    return value.hexdigest()


def read(
    path: Path,
    model: type[DocumentRow] | type[RecordRow],
    bad: list[BadRow],
    doubts: list[BadRow],
) -> Iterator[Line]:
    """Yield the good rows of a file; append what is wrong with the others to ``bad``.

    Real files hold dates that are none («None-03-05»); such a row is taken in without a date and
    named in ``doubts``.

    Raises:
        RefusedError: the file as a whole cannot be read.
    """
    seen: dict[str, int] = {}
    for number, raw in _lines(path):
        text = _decode(raw, number, bad)
        if text is None or not text.strip():
            continue
        try:
            row = model.model_validate(json.loads(text.rstrip()))
        except (ValueError, RecursionError) as err:
            bad.extend(_explain(number, err))
            continue
        if row.id in seen:
            bad.append(BadRow(number, "id", f"编号与第 {seen[row.id]} 行重复"))
            continue
        seen[row.id] = number
        if row.date and row.dated is None:
            doubts.append(BadRow(number, "date", f"“{row.date}”不是日期，按没有日期收下"))
        yield Line(number, row)


def _decode(raw: bytes, number: int, bad: list[BadRow]) -> str | None:
    if len(raw) > MAX_LINE_BYTES:
        bad.append(BadRow(number, "", "这一行超过 16 MB"))
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    bad.append(BadRow(number, "", "既不是 UTF-8 也不是 GB 18030 编码"))
    return None


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as probe:
            zipped = probe.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if zipped else path.open("rb") as file:
            number = 0
            while raw := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                yield number, raw
                while len(raw) > MAX_LINE_BYTES and not raw.endswith(b"\n"):
                    raw = file.readline(MAX_LINE_BYTES + 1)
    except (OSError, EOFError, zlib.error) as err:
        raise RefusedError(f"读不了 {path}：{_why(err)}") from err


def _why(err: OSError | EOFError | zlib.error) -> str:
    match err:
        case FileNotFoundError():
            return "没有这个文件"
        case IsADirectoryError():
            return "这是一个文件夹，请写出里面的文件"
        case PermissionError():
            return "没有读它的权限"
        case EOFError() | gzip.BadGzipFile() | zlib.error():
            return "压缩包不完整"
        case _:
            return str(err)


def _explain(number: int, err: ValueError | RecursionError) -> list[BadRow]:
    match err:
        case ValidationError():
            return [_bad_row(number, item) for item in err.errors()]
        case json.JSONDecodeError():
            return [BadRow(number, str(err.colno), "这一行不是完整的 JSON")]
        case RecursionError():
            return [BadRow(number, "", "嵌套太深")]
        case _:  # Python reads no number of more than 4,300 digits
            return [BadRow(number, "", "有一个数字太长")]


def _bad_row(number: int, item: Any) -> BadRow:
    column = ".".join(str(part) for part in item["loc"])
    match item["type"]:
        case "value_error":
            reason = str(item["ctx"]["error"])
        case "enum" | "literal_error":
            reason = f"只能填 {item['ctx']['expected']}".replace(" or ", " 或 ")
        case kind:
            reason = _MESSAGES.get(kind, str(item["msg"]))
    return BadRow(number, column, reason)
