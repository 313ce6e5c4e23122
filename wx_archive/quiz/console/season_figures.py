"""答题数字: the box of the dashboard, and beside it how well each theme is answered."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from wx_archive.quiz import bank, figures
from wx_archive.quiz.console.season_shown import VIEWS
from wx_archive.staff import charts
from wx_archive.staff.pages import Pages, Visit
from wx_archive.staff.rules import Permission

_USUAL: Final = timedelta(days=29)
MOST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Span:
    """The days that are asked about, both included."""

    first: date
    last: date


def add(pages: Pages) -> None:
    """Add the page."""

    @pages.get("/quiz/figures", needs=Permission.FIGURES_READ)
    def quiz_figures(visit: Visit) -> ResponseReturnValue:
        span = _span(visit.today)
        known = bank.bank(visit.services.site)
        with visit.reads() as connection:
            tables = (
                figures.by_theme(connection, known, span.first, span.last),
                figures.by_difficulty(connection, known, span.first, span.last),
            )
            panel = figures.panel(connection, span.first, span.last, tables=tables)
        view = f"{VIEWS}/season_figures.html"
        return visit.page(view, span=span, panel=panel, charts=charts)


def _span(today: date) -> Span:
    """Return the days that an address asks about; the last thirty where it makes no sense."""
    last = _day(request.args.get("last", "")) or today
    first = _day(request.args.get("first", "")) or last - _USUAL
    makes_sense = first <= last <= first + MOST
    return Span(first, last) if makes_sense else Span(last - _USUAL, last)


def _day(written: str) -> date | None:
    try:
        found = date.fromisoformat(written)
    except ValueError:
        return None
    return found if 2010 < found.year < 2100 else None
