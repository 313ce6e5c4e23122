"""The pages of the dashboard: every feature's figures, and 人次 and 件次 with their export."""

from collections.abc import Callable, Sequence
from datetime import date
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from flask import current_app, make_response, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from wx_archive.core import clock
from wx_archive.core.services import Services
from wx_archive.dashboard import export, forms, gathering, panels, texts
from wx_archive.dashboard.forms import Choice
from wx_archive.dashboard.rules import (
    MOST_DAYS,
    MOST_DAYS_OF_SUMS,
    PRESET_NAMES,
    STEP_NAMES,
    Count,
    Period,
    Span,
    Step,
    by_period,
    total,
)
from wx_archive.staff import charts
from wx_archive.staff.pages import EXTENSION, Act, Pages, Visit
from wx_archive.staff.plugs import USE_CHANNELS, Chart, Console, Entry, Panel
from wx_archive.staff.rules import Permission, Person

if TYPE_CHECKING:
    from wx_archive.staff.shell import Shell

NEEDS: Final = Permission.FIGURES_READ
_SHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def pages(services: Services) -> Pages:
    """Return the dashboard's pages."""
    own = Pages("figures", __name__, services)
    own.get("/figures", needs=NEEDS)(figures)
    own.get("/figures/use", needs=NEEDS)(use)
    own.reading("/figures/use.csv", needs=NEEDS, audit="figures.exported")(use_csv)
    own.reading("/figures/use.xlsx", needs=NEEDS, audit="figures.exported")(use_sheet)
    return own


def figures(visit: Visit) -> ResponseReturnValue:
    """数字: every box that the reader may see."""
    choice = forms.choose(request.args, today=visit.today)
    shown: list[Panel] = []
    used = Count()
    if choice.span is not None:
        consoles = _consoles()
        every = gathering.panels(visit.reads, consoles, choice.span)
        shown = [panel for panel in every if visit.person.may(panel.needs)]
        periods = by_period(
            gathering.uses(visit.reads, consoles, choice.span), choice.span, Step.YEAR
        )
        used = total(periods).total
    return visit.page(
        "dashboard/console/figures.html",
        _status(choice),
        choice=choice,
        presets=PRESET_NAMES,
        panels=shown,
        used=used,
        use_says=texts.USE_SAYS,
        charts=charts,
        may_open=_doors(visit.person),
    )


def use(visit: Visit) -> ResponseReturnValue:
    """人次和件次: one table by day, month or year and by channel."""
    step = _step()
    choice = _choice(visit, step)
    periods = _periods(visit, choice, step)
    return visit.page(
        "dashboard/console/use.html",
        _status(choice),
        choice=choice,
        presets=PRESET_NAMES,
        step=step,
        steps=STEP_NAMES,
        channels=USE_CHANNELS,
        periods=periods,
        total=total(periods),
        drawings=_use_charts(periods),
        use_says=texts.USE_SAYS,
        part=texts.PART,
        query=urlencode({**choice.query, "by": step.value}),
        charts=charts,
    )


def use_csv(act: Act) -> ResponseReturnValue:
    """Hand out the table of 人次 and 件次 as CSV."""
    return _download(act, export.as_csv, "csv", "text/csv; charset=utf-8")


def use_sheet(act: Act) -> ResponseReturnValue:
    """Hand out the table of 人次 and 件次 as XLSX."""
    return _download(act, export.as_sheet, "xlsx", _SHEET)


def own_panels(connection: Connection, first: date, last: date) -> Sequence[Panel]:
    """Return the boxes that belong to no feature."""
    span = Span(first, last)
    return (
        panels.of_followers(connection, span),
        panels.of_messages(connection, span),
        panels.of_jobs(connection),
        panels.of_platform(connection, span, now=clock.now()),
    )


def _download(
    act: Act, write: Callable[[Sequence[Period]], bytes], suffix: str, content_type: str
) -> ResponseReturnValue:
    step = _step()
    choice = _choice(act, step)
    if choice.span is None:
        return act.page("dashboard/console/no_export.html", HTTPStatus.UNPROCESSABLE_ENTITY)
    first, last = choice.span.first.isoformat(), choice.span.last.isoformat()
    answer = make_response(write(_periods(act, choice, step)))
    answer.content_type = content_type
    name = f"renci-jianci-{step.value}-{first}-{last}.{suffix}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    act.note("figures:use", after={"from": first, "to": last, "by": step.value, "format": suffix})
    return answer


def _consoles() -> Sequence[Console]:
    shell: Shell = current_app.extensions[EXTENSION]
    return shell.consoles


def _doors(person: Person) -> Callable[[str], bool]:
    """Return what tells whether somebody may follow a link: who may not is not sent there."""
    entries = [entry for console in _consoles() for entry in console.entries]

    def may_open(path: str) -> bool:
        page = path.partition("?")[0].removeprefix("/console")
        leading = [entry for entry in entries if f"{page}/".startswith(f"{entry.path}/")]
        return bool(path) and all(person.may(entry.needs) for entry in leading)

    return may_open


def _step() -> Step:
    asked = request.args.get("by", "")
    return next((step for step in Step if step.value == asked), Step.DAY)


def _choice(visit: Visit, step: Step) -> Choice:
    most = MOST_DAYS if step is Step.DAY else MOST_DAYS_OF_SUMS
    return forms.choose(request.args, today=visit.today, most_days=most)


def _periods(visit: Visit, choice: Choice, step: Step) -> list[Period]:
    if choice.span is None:
        return []
    uses = gathering.uses(visit.reads, _consoles(), choice.span)
    return by_period(uses, choice.span, step)


def _use_charts(periods: Sequence[Period]) -> list[Chart]:
    return [
        Chart("人次", [(period.name, period.total.people) for period in periods], "人次"),
        Chart("件次", [(period.name, period.total.items) for period in periods], "件次"),
    ]


def _status(choice: Choice) -> HTTPStatus:
    return HTTPStatus.OK if choice.span is not None else HTTPStatus.UNPROCESSABLE_ENTITY


CONSOLE: Final = Console(
    pages=pages, entries=(Entry("数字", "/figures", NEEDS),), panels=own_panels
)
