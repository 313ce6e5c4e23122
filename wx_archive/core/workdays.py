"""Working days as the State Council orders them, days off and weekends worked included.

The library knows the years whose notice is out; a site adds later years by itself in
`content/workdays.yaml`. A year that neither knows counts by its weekends, and whoever shows a day
counted that way says `ESTIMATED`.

Source: docs/sources.md#workdays.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import Field, model_validator

from wx_archive.core.yamlfile import FileModel, load

FILE: Final = "workdays.yaml"
ESTIMATED: Final = "按周末推算，待国务院公布"
FIRST_YEAR: Final = 2004
"""The first year that the library knows."""
_SATURDAY: Final = 5


class Year(FileModel):
    """One year's notice: which days are off, which weekend days are worked."""

    notice: str = ""
    holidays: list[date] = Field(min_length=1)
    workdays: list[date] = Field(default_factory=list)

    @model_validator(mode="after")
    def _consistent(self) -> "Year":
        if both := set(self.holidays) & set(self.workdays):
            message = f"{min(both)} 又放假又上班，请留一个"
            raise ValueError(message)
        if wrong := [day for day in self.workdays if day.weekday() < _SATURDAY]:
            message = f"{wrong[0]} 本来就是工作日；workdays 只写要上班的周末"
            raise ValueError(message)
        return self


class Years(FileModel):
    """The site's own years, by their number."""

    years: dict[int, Year] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _in_their_year(self) -> "Years":
        for number, year in self.years.items():
            for day in (*year.holidays, *year.workdays):
                if day.year != number:
                    message = f"{day} 不在 {number} 年里"
                    raise ValueError(message)
        return self


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A day that was counted to.

    Attributes:
        is_known: every year that was counted through has its notice.
    """

    day: date
    is_known: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working days; without years of a site's own, those that the library knows.

    Attributes:
        years: a site's own; they win over the library.
    """

    years: Mapping[int, Year] = field(default_factory=dict)

    def is_workday(self, day: date) -> bool:
        """Tell whether people work on a day."""
        if (own := self.years.get(day.year)) is not None:
            return day in own.workdays or (day.weekday() < _SATURDAY and day not in own.holidays)
        if _library_knows(day.year):
            return bool(_library().is_workday(day))
        return day.weekday() < _SATURDAY

    def knows(self, first: date, last: date) -> bool:
        """Tell whether every year from one day's to the other's has its notice."""
        span = range(first.year, last.year + 1)
        return all(year in self.years or _library_knows(year) for year in span)

    def add_workdays(self, day: date, count: int) -> Reckoned:
        """Return the day that is ``count`` working days after ``day``; that day itself for 0.

        Counting begins with the day after.

        Raises:
            ValueError: ``count`` is below 0.
        """
        if count < 0:
            raise ValueError(count)
        reached = day
        for _ in range(count):
            reached += timedelta(days=1)
            while not self.is_workday(reached):
                reached += timedelta(days=1)
        return Reckoned(reached, self.knows(day, reached))

    def count_workdays(self, after: date, until: date) -> int:
        """Return how many working days come after one day, up to and with another; never < 0."""
        days = (after + timedelta(days=each) for each in range(1, (until - after).days + 1))
        return sum(self.is_workday(day) for day in days)


@cache
def calendar_of(content: Path) -> Calendar:
    """Return the calendar of a site's folder of texts, read once.

    Raises:
        FileProblemError: its file has a mistake.
    """
    path = content / FILE
    return Calendar(load(path, Years).years if path.exists() else {})


@cache
def _library() -> Any:
    # Its tables take 50 ms: only whoever counts days waits for them.
    import chinese_calendar  # noqa: PLC0415 -- as said

    return chinese_calendar


@cache
def _library_knows(year: int) -> bool:
    if year < FIRST_YEAR:
        return False
    try:
        _library().is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True
