"""The two kinds of rows: what a catalogue file may say, checked at the border.

The JSON names are the attributes' names; tables have Chinese headers (`columns`). Checks run in
pydantic's core where they can: a million rows are read twice.
"""

import datetime as dt
import json
import re
import unicodedata
from collections.abc import Mapping
from operator import attrgetter
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from wx_archive.catalogue.files import codes
from wx_archive.catalogue.files.dates import Span, read_date, read_span
from wx_archive.catalogue.files.problems import ColumnError
from wx_archive.catalogue.rules import (
    Disclosure,
    Openness,
    Period,
    Secrecy,
    Validity,
    reference_code,
    validity,
)

MAX_BODY_CHARACTERS: Final = 1_000_000
"""What one entry of PostgreSQL's index can surely hold: a tsvector ends at 1 MiB."""
MAX_CODE: Final = 120
_NO_NUL: Final = r"^[^\x00]*$"
"""PostgreSQL has no place for NUL."""
_COUNT: Final = re.compile(r"(\d{1,9})(?:页|件|份|张|年)?")


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


def _to_flag(value: object) -> object:
    return {"": None, "1": 1, "0": 0}.get(value, value) if isinstance(value, str) else value


def _to_number(value: object) -> object:
    if value is None or value == "" or (isinstance(value, int) and not isinstance(value, bool)):
        return None if value == "" else value
    match = _COUNT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        message = "要写成整数"
        raise ValueError(message)
    return int(match[1])


Day = Annotated[dt.date | None, BeforeValidator(_to_day)]
Words = Annotated[str, BeforeValidator(_to_text), Field(pattern=_NO_NUL)]
Count = Annotated[Annotated[int, Field(ge=0, le=100_000_000)] | None, BeforeValidator(_to_number)]
Year = Annotated[Annotated[int, Field(ge=1500, le=2100)] | None, BeforeValidator(_to_number)]
Label = Annotated[Words, Field(max_length=40)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)

    id: Annotated[Words, Field(min_length=1, max_length=120)]
    title: Annotated[str, Field(min_length=1, max_length=500, pattern=_NO_NUL)]
    doc_no: Words = Field(default="", max_length=200)
    date: Words = Field(default="", max_length=40)
    omitted: Words = ""
    """What a public export left out of this row; see `export`."""

    @field_validator("title")
    @classmethod
    def _one_line(cls, value: str) -> str:
        title = " ".join(value.split())
        if not title:
            message = "不能为空"
            raise ValueError(message)
        return title

    @field_validator("omitted")
    @classmethod
    def _whole(cls, value: str) -> str:
        if value:
            message = f"这是给公众看的导出，略去了{value}，导入会把它抹掉；请用 --all 导出的文件"
            raise ValueError(message)
        return value


class Relation(BaseModel):
    """How the row's document bears on another one, named by number or title."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal[
        "repeals",
        "partly_repeals",
        "replaces",
        "supersedes",
        "amends",
        "implements",
        "interprets",
        "forwards",
    ]
    number: Annotated[str, Field(pattern=_NO_NUL)] = ""
    title: Annotated[str, Field(pattern=_NO_NUL)] = ""

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
    openness: Annotated[Disclosure | None, BeforeValidator(codes.to_disclosure)] = None
    effective_from: Day = None
    effective_to: Day = None
    validity: Label = ""
    """Checked against the dates, never stored: validity is computed for the day of asking."""
    relations: tuple[Relation, ...] = ()
    source: Words = Field(default="", max_length=300)
    url: Words = Field(default="", max_length=1000)

    @model_validator(mode="after")
    def _ordered(self) -> "DocumentRow":
        if self.effective_from and self.effective_to and self.effective_to < self.effective_from:
            message = "失效日期早于施行日期"
            raise ValueError(message)
        return self

    @property
    def dated(self) -> dt.date | None:
        """The date, or None where there is none or it cannot be read."""
        return read_date(self.date)

    def doubts(self, *, today: dt.date) -> list[tuple[str, str]]:
        """Return columns that are taken in but should be looked at, with the reason."""
        found = []
        if self.date and self.dated is None:
            found.append(("date", f"“{self.date}”不是日期，按没有日期收下"))
        if self.validity and (doubt := self._doubtful_validity(today)):
            found.append(("validity", doubt))
        return found

    def _doubtful_validity(self, today: dt.date) -> str | None:
        """Compare the stated validity with the dates; what others repeal is seen elsewhere."""
        stated = codes.fold(self.validity)
        computed = validity(Period(self.effective_from, self.effective_to), on=today)
        if stated not in {*Validity, "有效", "已宣布失效"}:
            return f"“{self.validity}”不是效力状态，按日期计算为“{computed}”"
        if stated == Validity.REPEALED:
            return None
        if stated == Validity.AMENDED and computed in {Validity.IN_FORCE, Validity.UNKNOWN}:
            return None
        if stated == "有效" and computed is Validity.IN_FORCE:
            return None
        if stated == computed or (stated == "已宣布失效" and computed is Validity.EXPIRED):
            return None
        return f"写的是“{stated}”，按施行、失效日期计算是“{computed}”；以日期为准，请核对日期"

    def canonical(self, openness: Disclosure | None = None) -> bytes:
        """Return what the row means, spelled in one way whatever file it came from.

        Args:
            openness: for rows that do not say it themselves.
        """
        return _canonical(
            {
                "id": self.id,
                "title": self.title,
                "doc_no": self.doc_no,
                "issuer": self.issuer,
                "dated": self.dated,
                "category": self.category,
                "body": self.body,
                "openness": self.openness or openness,
                "effective_from": self.effective_from,
                "effective_to": self.effective_to,
                "relations": [[each.type, each.number, each.title] for each in self.relations]
                or None,
                "source": self.source,
                "url": self.url,
            }
        )


class RecordRow(_Row):
    """One archive record of a `catalogue import` file.

    Attributes:
        livelihood: None only where neither the file nor a rule has said; stands for yes.
        secrecy: ``public`` or ``internal``.
        retention: a code of DA/T 18; with ``?`` where an old term awaits review.
    """

    ref_code: Annotated[Words, Field(min_length=1, max_length=MAX_CODE)]
    parent: Words = Field(default="", max_length=MAX_CODE)
    level: Annotated[
        Literal["fonds", "series", "file", "item"],
        BeforeValidator(lambda value: codes.to_level(value) or "item"),
    ] = "item"
    fonds: Label = ""
    catalogue_code: Label = ""
    file_code: Label = ""
    item_code: Label = ""
    page_code: Label = ""
    category: Label = ""
    year: Year = None
    retention: Annotated[str, BeforeValidator(codes.to_retention)] = ""
    responsible: Words = Field(default="", max_length=500)
    keywords: Words = Field(default="", max_length=500)
    abstract: Words = Field(default="", max_length=MAX_BODY_CHARACTERS)
    genre: Label = ""
    carrier: Label = ""
    extent_pages: Count = None
    extent_copies: Count = None
    language: Label = ""
    note: Words = Field(default="", max_length=1000)
    location: Words = Field(default="", max_length=200)
    secrecy: Annotated[str, BeforeValidator(codes.to_secrecy)] = Secrecy.PUBLIC.value
    stated_openness: Annotated[
        Openness | None, BeforeValidator(codes.to_openness), Field(alias="openness")
    ] = None
    open: Annotated[Literal[0, 1] | None, BeforeValidator(_to_flag)] = None
    open_on: Day = None
    restriction_note: Words = Field(default="", max_length=500)
    livelihood: Annotated[Literal[0, 1] | None, BeforeValidator(codes.to_livelihood)] = None

    @field_validator("ref_code", "parent")
    @classmethod
    def _short_enough(cls, value: str) -> str:
        """Refuse what would outgrow its column once normalised: one sign may become many."""
        if not value.isascii() and len(unicodedata.normalize("NFKC", value)) > MAX_CODE:
            message = "太长，请缩短"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _consistent(self) -> "RecordRow":
        openness = self.openness
        is_open = openness is Openness.OPEN
        if self.open is not None and (self.open == 1) != is_open:
            raise ColumnError("openness", f"和 open 的 {self.open} 说法不一，请留一个")
        if is_open and self.secrecy != Secrecy.PUBLIC:
            raise ColumnError("openness", "密级是内部的不能开放：请改密级，或改成 控制")
        if openness is Openness.DEFERRED and self.open_on is None:
            raise ColumnError("open_on", "延期开放要写开放日期")
        return self

    @property
    def openness(self) -> Openness:
        """Nothing said about openness means: not reviewed, so not public."""
        if self.stated_openness is not None:
            return self.stated_openness
        if self.open is None:
            return Openness.UNREVIEWED
        return Openness.OPEN if self.open else Openness.CONTROLLED

    @property
    def dated(self) -> dt.date | None:
        """The first day the date may mean; None where there is none or it cannot be read."""
        span = self._span
        return span.first if span else None

    @property
    def date_end(self) -> dt.date | None:
        """The last day the date may mean; None where it is one day."""
        span = self._span
        return span.last if span else None

    @property
    def date_precision(self) -> str:
        """``day``, ``month``, ``year`` or ``inferred``."""
        span = self._span
        return span.precision if span else "day"

    @property
    def _span(self) -> Span | None:
        return read_span(self.date) if self.date else None

    def doubts(self, *, today: dt.date) -> list[tuple[str, str]]:  # noqa: ARG002 -- as documents
        """Return columns that are taken in but should be looked at, with the reason."""
        found = []
        if self.date and self._span is None:
            found.append(("date", f"“{self.date}”不是日期，按没有日期收下"))
        if self.retention.endswith("?"):
            found.append(("retention", f"长期、短期是旧称，先记作 {self.retention}，待复核"))
        return found

    def canonical(self) -> bytes:
        """Return what the row means, spelled in one way whatever file it came from."""
        told = dict(zip(_TOLD, _told(self), strict=True))
        told["parent"] = reference_code(self.parent) if self.parent else ""
        told["openness"] = self.openness
        told["livelihood"] = self.livelihood != 0
        return _canonical(told)


_TOLD: Final = (
    *("id", "level", "ref_code", "title", "doc_no", "date", "responsible", "fonds"),
    *("catalogue_code", "file_code", "item_code", "page_code", "category", "year", "retention"),
    *("keywords", "abstract", "genre", "carrier", "extent_pages", "extent_copies", "language"),
    *("note", "location", "secrecy", "open_on", "restriction_note"),
)
_told: Final = attrgetter(*_TOLD)
_encoder: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)


def _canonical(told: Mapping[str, object]) -> bytes:
    """Return the values that are there; a column added later leaves old rows as they were."""
    there = {name: value for name, value in told.items() if value not in ("", None)}
    return _encoder.encode(there).encode()
