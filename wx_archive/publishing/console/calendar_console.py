"""排期: what goes out when, by month and by week; the columns' slots, days not to be missed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Final

from flask import abort, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from wx_archive.core import clock
from wx_archive.core.services import Services
from wx_archive.core.workdays import ESTIMATED, calendar_of
from wx_archive.publishing import agenda, important_days, push_todos
from wx_archive.publishing.agenda import Agenda, Day
from wx_archive.publishing.calendar import WEEKDAYS, plan_of
from wx_archive.publishing.console import push_shown
from wx_archive.publishing.rules import PIECE_STATE_NAMES, TITLES
from wx_archive.staff.pages import Pages, Visit
from wx_archive.staff.plugs import Todo
from wx_archive.staff.rules import Permission, Person
from wx_archive.wechat.account import Entitlements

PATH: Final = "/console/calendar"
NEEDS: Final = Permission.PUBLISHING_READ
EXTENSION: Final = "publishing"
"""Under this name the Flask application keeps the services that the to-dos ask for."""
_WEEK: Final = timedelta(days=7)
_FARTHEST_YEARS: Final = 10


@dataclass(frozen=True, slots=True)
class View:
    """The days that are shown, and where the links beside them lead.

    Attributes:
        name: `month` or `week`.
        first: the first day that belongs to it; a month's table begins on the Monday before.
    """

    name: str
    title: str
    first: date
    last: date
    before: str
    after: str
    other: str


def add(pages: Pages) -> None:
    """Add the page."""
    services = pages.services
    pages.blueprint.record(lambda state: state.app.extensions.__setitem__(EXTENSION, services))

    @pages.get("/calendar", needs=NEEDS)
    def calendar(visit: Visit) -> ResponseReturnValue:
        view = _view(request.args, visit.today)
        shown = _monday(view.first), _monday(view.last) + _WEEK - timedelta(days=1)
        first, last = shown if view.name == "month" else (view.first, view.last)
        with visit.reads() as connection:
            found = _agenda(connection, visit.services, first, last)
        return visit.page(
            "publishing/console/calendar.html",
            view=view,
            found=found,
            weeks=_weeks(found.days),
            scopes={f"month:{day:%Y-%m}" for day in (view.first, view.last)},
            weekdays=WEEKDAYS,
            plan=plan_of(visit.services.site.content),
            reminders=_reminders(visit.services, visit.today),
            estimated=ESTIMATED,
            titles=TITLES,
            piece_states=PIECE_STATE_NAMES,
            say=push_shown.SAY,
        )


def todos(connection: Connection, person: Person, now: datetime) -> Sequence[Todo]:
    """Return what goes out today, places left over, days that it is time to prepare for."""
    services: Services | None = current_app.extensions.get(EXTENSION)
    if services is None:
        return ()
    account = Entitlements.of(services.settings)
    own = push_todos.todos(connection, person, now, account=account)
    return (*own, *_days(services, person, now))


def _days(services: Services, person: Person, now: datetime) -> Sequence[Todo]:
    if not person.may(Permission.PIECES_EDIT):
        return ()
    today = clock.day_of(now)
    return [
        Todo(
            f"天后是{coming.about.name}",
            coming.days_left(today),
            f"{PATH}?month={coming.day:%Y-%m}",
            Permission.PIECES_EDIT,
        )
        for coming in _reminders(services, today)
        if coming.days_left(today)
    ]


def _agenda(connection: Connection, services: Services, first: date, last: date) -> Agenda:
    content = services.site.content
    return agenda.between(
        connection,
        first,
        last,
        plan=plan_of(content),
        calendar=calendar_of(content),
        account=Entitlements.of(services.settings),
    )


def _reminders(services: Services, today: date) -> list[important_days.Coming]:
    return important_days.reminders(plan_of(services.site.content), today=today)


def _view(asked: Mapping[str, str], today: date) -> View:
    if "week" in asked:
        return _week(_day(asked["week"], today))
    return _month(_day(f"{asked['month']}-01", today) if "month" in asked else today)


def _month(day: date) -> View:
    first = day.replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    before = (first - timedelta(days=1)).replace(day=1)
    return View(
        "month",
        f"{first.year}年{first.month}月",
        first,
        after - timedelta(days=1),
        f"{PATH}?month={before:%Y-%m}",
        f"{PATH}?month={after:%Y-%m}",
        f"{PATH}?week={day.isoformat()}",
    )


def _week(day: date) -> View:
    first = _monday(day)
    last = first + _WEEK - timedelta(days=1)
    return View(
        "week",
        f"{first.year}年{first.month}月{first.day}日至{last.month}月{last.day}日",
        first,
        last,
        f"{PATH}?week={(first - _WEEK).isoformat()}",
        f"{PATH}?week={(first + _WEEK).isoformat()}",
        f"{PATH}?month={first:%Y-%m}",
    )


def _day(written: str, today: date) -> date:
    """Return the day of an address; 404 for one that is none, or that nobody plans for."""
    try:
        found = date.fromisoformat(written)
    except ValueError:
        abort(HTTPStatus.NOT_FOUND)
    if abs(found.year - today.year) > _FARTHEST_YEARS:
        abort(HTTPStatus.NOT_FOUND)
    return found


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _weeks(days: Sequence[Day]) -> list[Sequence[Day]]:
    return [days[at : at + 7] for at in range(0, len(days), 7)]
