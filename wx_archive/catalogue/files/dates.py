"""Dates as catalogues write them: whole, partial, inferred, ranges.

Source: DA/T 18-2022: YYYYMMDD, 00 for an unknown month or day, [19450815] for an inferred date.
"""

import datetime as dt
import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_YEAR: Final = r"((?:1[5-9]|20)\d\d)"
_DATE: Final = re.compile(rf"{_YEAR}(?:[-./年](\d\d?)[-./月](\d\d?)日?|(\d\d)(\d\d))")
_MONTH: Final = re.compile(rf"{_YEAR}(?:[-./年](\d\d?)月?|(\d\d))")
_WHOLE_YEAR: Final = re.compile(rf"{_YEAR}年?")
_BRACKETED: Final = re.compile(r"[\[〔【(]+(.+?)[\]〕】)]+")
_ABOUT: Final = re.compile(r"约?(.+?)(?:前后|左右|\?)?")
_BETWEEN: Final = re.compile(r"至|到|~|--|[—–]+")
_NEXT_YEAR: Final = re.compile(r"[-/](?=(?:1[5-9]|20)\d\d)")
_COARSENESS: Final = ("day", "month", "year", "inferred")


@dataclass(frozen=True, slots=True)
class Span:
    """The days a written date may mean.

    Attributes:
        last: None where the date is one day.
        precision: ``day``, ``month``, ``year`` or ``inferred``; the coarser end of a range.
    """

    first: dt.date
    last: dt.date | None
    precision: str


def read_date(text: str) -> dt.date | None:
    """Read 2004-04-02, 20040402, 2004年4月2日; anything else is no date."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day = (part for part in match.groups() if part)
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None


@lru_cache(maxsize=1 << 16)  # a catalogue of a million records has some 25,000 dates
def read_span(text: str) -> Span | None:
    """Read any date of a catalogue; None where it cannot be read."""
    if day := read_date(text):
        return Span(day, None, "day")
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    if match := _BRACKETED.fullmatch(plain):
        return _inferred(match[1])
    if (match := _ABOUT.fullmatch(plain)) and match[1] != plain:
        return _inferred(match[1])
    return _point(plain) or _range(plain)


def _inferred(text: str) -> Span | None:
    span = _point(text) or _range(text)
    return Span(span.first, span.last, "inferred") if span else None


def _point(text: str) -> Span | None:
    """Read one day, month or year; 00 stands for what is not known."""
    try:
        if match := _DATE.fullmatch(text):
            year, month, day = (int(part) for part in match.groups() if part)
            if day:
                return Span(dt.date(year, month, day), None, "day")
            return _month(year, month)
        if match := _MONTH.fullmatch(text):
            year, month = (int(part) for part in match.groups() if part)
            return _month(year, month)
    except ValueError:
        return None
    if match := _WHOLE_YEAR.fullmatch(text):
        return _month(int(match[1]), 0)
    return None


def _month(year: int, month: int) -> Span:
    if not month:
        return Span(dt.date(year, 1, 1), dt.date(year, 12, 31), "year")
    first = dt.date(year, month, 1)
    return Span(first, first.replace(day=monthrange(year, month)[1]), "month")


def _range(text: str) -> Span | None:
    for separator in (*_BETWEEN.finditer(text), *_NEXT_YEAR.finditer(text)):
        begins, ends = _point(text[: separator.start()]), _point(text[separator.end() :])
        if begins and ends and begins.first <= ends.first:
            precision = max(begins.precision, ends.precision, key=_COARSENESS.index)
            return Span(begins.first, ends.last or ends.first, precision)
    return None
