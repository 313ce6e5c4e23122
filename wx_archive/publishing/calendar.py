"""The publishing calendar's file: columns that come out on fixed days, days not to be missed.

`content/calendar.yaml` is optional: without it there are no slots and no days.
Source: docs/sources.md#publishing.
"""

import datetime as dt
import re
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import Field, field_validator

from wx_archive.core.yamlfile import FileModel, load
from wx_archive.publishing.rules import TITLES, Column

FILE: Final = "calendar.yaml"
WEEKDAYS: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
"""By `date.weekday()`."""
MOST_LEAD_DAYS: Final = 20
_EACH_YEAR: Final = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\Z")
_MARKS: Final = ("{year}", "{month}", "{day}", "{weekday}")
_LEAP_YEAR: Final = 2028
"""In which every day of the year exists."""


class Shift(StrEnum):
    """What becomes of a slot whose weekday is a public holiday."""

    SKIP = "skip"
    BEFORE = "before"
    AFTER = "after"


class Slot(FileModel):
    """A column's place in the week."""

    column: Column
    weekdays: tuple[str, ...] = Field(min_length=1)
    time: str
    """Shanghai wall clock, `09:00`."""
    title: str = Field(min_length=2, max_length=60)
    """May have `{year}`, `{month}`, `{day}` and `{weekday}`, of the day it comes out."""
    shift: Shift = Shift.AFTER
    lead_days: int = Field(default=5, ge=1, le=MOST_LEAD_DAYS)
    """So many working days before, at the slot's hour, its draft is made."""

    @field_validator("weekdays")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [name for name in names if name not in WEEKDAYS]:
            message = f"没有“{wrong[0]}”这一天，要写成 {'、'.join(WEEKDAYS)}"
            raise ValueError(message)
        if len(set(names)) < len(names):
            message = "同一天写了两次，请留一个"
            raise ValueError(message)
        return names

    @field_validator("time")
    @classmethod
    def _of_a_day(cls, written: str) -> str:
        try:
            is_time = dt.time.fromisoformat(written).strftime("%H:%M") == written
        except ValueError:
            is_time = False
        if not is_time:
            message = '时间要写成 "09:00" 的样子'
            raise ValueError(message)
        return written

    @field_validator("title")
    @classmethod
    def _marks(cls, title: str) -> str:
        left = title
        for mark in _MARKS:
            left = left.replace(mark, "")
        if "{" in left or "}" in left:
            message = f"大括号里只能写 {'、'.join(_MARKS)}"
            raise ValueError(message)
        return title

    @property
    def hour(self) -> dt.time:
        """The Shanghai wall clock time it comes out at."""
        return dt.time.fromisoformat(self.time)

    @property
    def days(self) -> frozenset[int]:
        """Its weekdays, as `date.weekday()` counts them."""
        return frozenset(map(WEEKDAYS.index, self.weekdays))

    def title_on(self, day: dt.date) -> str:
        """Return the title of what comes out on a day."""
        values = (str(day.year), str(day.month), str(day.day), WEEKDAYS[day.weekday()])
        title = self.title
        for mark, value in zip(_MARKS, values, strict=True):
            title = title.replace(mark, value)
        return title

    @property
    def says(self) -> str:
        """The slot in words: 每周三 09:00 历史钩沉."""
        return f"每{'、'.join(self.weekdays)} {self.time} {TITLES[self.column]}"


class ImportantDay(FileModel):
    """A day that the account has something to say on."""

    date: str
    """`06-09` for every year, `2026-06-09` for one."""
    name: str = Field(min_length=2, max_length=30)
    remind_days: int = Field(default=14, ge=0, le=90)
    """So many days before, the editors are reminded."""
    note: str = Field(default="", max_length=200)
    source: str = Field(min_length=4, max_length=300)
    """Who says that it is this day."""

    @field_validator("date")
    @classmethod
    def _a_day(cls, written: str) -> str:
        each_year = _EACH_YEAR.match(written)
        try:
            whole = dt.date.fromisoformat(f"{_LEAP_YEAR}-{written}" if each_year else written)
        except ValueError:
            whole = None
        if whole is None or (not each_year and written != whole.isoformat()):
            message = '日期要写成 "06-09"（每年）或 "2026-06-09"（只这一年）的样子'
            raise ValueError(message)
        return written

    def in_year(self, year: int) -> dt.date | None:
        """Return the day in a year; None where that year has none."""
        written = f"{year}-{self.date}" if _EACH_YEAR.match(self.date) else self.date
        try:
            found = dt.date.fromisoformat(written)
        except ValueError:  # 29 February
            return None
        return found if found.year == year else None


class Plan(FileModel):
    """The whole file."""

    slots: tuple[Slot, ...] = ()
    days: tuple[ImportantDay, ...] = ()

    @field_validator("slots")
    @classmethod
    def _distinct_slots(cls, slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
        _require_distinct(
            [f"{slot.column} {day} {slot.time}" for slot in slots for day in slot.weekdays],
            "同一栏目在同一天同一时间排了两次：{}",
        )
        return slots

    @field_validator("days")
    @classmethod
    def _distinct_days(cls, days: tuple[ImportantDay, ...]) -> tuple[ImportantDay, ...]:
        _require_distinct([f"{day.date} {day.name}" for day in days], "“{}”写了两次，请留一个")
        return days

    @property
    def count(self) -> int:
        """How many slots and days it has."""
        return len(self.slots) + len(self.days)


@cache
def plan_of(content: Path) -> Plan:
    """Return the plan of a site's folder of texts, read once; empty where it has none.

    Raises:
        FileProblemError: the file has a mistake.
    """
    path = content / FILE
    return load(path, Plan) if path.exists() else Plan()


def _require_distinct(values: Sequence[str], told: str) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ValueError(told.format(value))
        seen.add(value)
