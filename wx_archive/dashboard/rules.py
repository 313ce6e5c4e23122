"""Spans of days, and how what was used adds up by day, month and year; no I/O."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from wx_archive.staff.plugs import Use, UseChannel

EARLIEST: Final = date(2000, 1, 1)
"""No account of WeChat's is older."""
MOST_DAYS: Final = 366
MOST_DAYS_OF_SUMS: Final = 3_660
"""Where months or years are counted."""


class Step(StrEnum):
    """What one line of a table is about."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


STEP_NAMES: Final[Mapping[Step, str]] = {Step.DAY: "按日", Step.MONTH: "按月", Step.YEAR: "按年"}


class Preset(StrEnum):
    """Spans that people ask for most."""

    WEEK = "7d"
    DAYS = "30d"
    MONTH = "month"
    LAST_MONTH = "last-month"
    YEAR = "year"


PRESET_NAMES: Final[Mapping[Preset, str]] = {
    Preset.WEEK: "最近 7 天",
    Preset.DAYS: "最近 30 天",
    Preset.MONTH: "本月",
    Preset.LAST_MONTH: "上月",
    Preset.YEAR: "今年",
}


@dataclass(frozen=True, slots=True)
class Span:
    """Shanghai days from the first to the last, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days these are."""
        return (self.last - self.first).days + 1

    def each(self) -> Iterable[date]:
        """Return every day."""
        return (self.first + timedelta(days=number) for number in range(self.days))


@dataclass(frozen=True, slots=True)
class Count:
    """How much was used.

    Attributes:
        people: 人次.
        items: 件次.
    """

    people: int = 0
    items: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.people + other.people, self.items + other.items)


@dataclass(frozen=True, slots=True)
class Period:
    """A day, month or year, and how much was used in it.

    Attributes:
        name: ``2026-11-23``, ``2026-11``, ``2026``.
        is_part: the span begins within it or ends before it does.
        counts: by channel, every channel.
    """

    name: str
    is_part: bool
    counts: Mapping[UseChannel, Count]

    @property
    def total(self) -> Count:
        """All channels together."""
        return sum(self.counts.values(), Count())


def span_of(preset: Preset, *, today: date) -> Span:
    """Return the days of a preset, up to today at the latest."""
    match preset:
        case Preset.WEEK:
            return Span(today - timedelta(days=6), today)
        case Preset.DAYS:
            return Span(today - timedelta(days=29), today)
        case Preset.MONTH:
            return Span(today.replace(day=1), today)
        case Preset.LAST_MONTH:
            last = today.replace(day=1) - timedelta(days=1)
            return Span(last.replace(day=1), last)
        case Preset.YEAR:
            return Span(today.replace(month=1, day=1), today)


def by_period(uses: Iterable[Use], span: Span, step: Step) -> list[Period]:
    """Return every period of the span, oldest first, those without any use included."""
    counts: dict[str, dict[UseChannel, Count]] = {}
    days: dict[str, int] = {}
    for day in span.each():
        name = _name(day, step)
        counts.setdefault(name, dict.fromkeys(UseChannel, Count()))
        days[name] = days.get(name, 0) + 1
    for use in uses:
        of_period = counts[_name(use.day, step)]
        of_period[use.channel] += Count(use.people, use.items)
    return [Period(name, days[name] < _length(name, step), of) for name, of in counts.items()]


def total(periods: Sequence[Period]) -> Period:
    """Return all periods together."""
    return Period(
        "合计",
        is_part=False,
        counts={
            channel: sum((period.counts[channel] for period in periods), Count())
            for channel in UseChannel
        },
    )


def _name(day: date, step: Step) -> str:
    return day.isoformat()[: {Step.DAY: 10, Step.MONTH: 7, Step.YEAR: 4}[step]]


def _length(name: str, step: Step) -> int:
    """Return how many days a whole period has."""
    if step is Step.DAY:
        return 1
    year = int(name[:4])
    if step is Step.YEAR:
        return (date(year + 1, 1, 1) - date(year, 1, 1)).days
    begins = date(year, int(name[5:7]), 1)
    return ((begins + timedelta(days=31)).replace(day=1) - begins).days
