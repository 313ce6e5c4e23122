"""What the pages of requests have in common: words and marks for how a request stands."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Final

from flask import abort
from sqlalchemy import Connection

from wx_archive.core import clock
from wx_archive.core.ids import is_pid
from wx_archive.core.workdays import ESTIMATED
from wx_archive.enquiries import figures, queries, rules
from wx_archive.enquiries.queries import Request, Step
from wx_archive.enquiries.rules import Deadline, State
from wx_archive.enquiries.steps import BY_CLOCK, READER, Doing, Terms
from wx_archive.staff.pages import Visit
from wx_archive.staff.rules import Permission

NEEDS: Final = Permission.ENQUIRIES_WORK
QUEUE: Final = figures.QUEUE
_DEADLINES: Final = {
    Deadline.ACCEPT: "最晚{day}受理",
    Deadline.PROMISE: "最晚{day}答复",
    Deadline.REMIND: "{day}催一催",
    Deadline.CLOSE: "{day}后自动办结",
}


def find(connection: Connection, pid: str) -> Request:
    """Return the request of a page's address; 404 where there is none."""
    found = queries.by_pid(connection, pid) if is_pid(pid) else None
    if found is None:
        abort(HTTPStatus.NOT_FOUND)
    return found


def path_of(request: Request, *below: str) -> str:
    """Return the address of a request's page, or of one below it."""
    return "/".join((QUEUE, request.pid, *below))


def doing(visit: Visit) -> Doing:
    """Return who does something, as services want to know it."""
    terms = Terms.of(visit.services.site)
    return Doing(visit.person.login, visit.now, terms, visit.person.id)


def day(value: date | datetime | None) -> str:
    """Write a day as lists show it: 11月23日."""
    if value is None:
        return ""
    shown = clock.day_of(value) if isinstance(value, datetime) else value
    return f"{shown.month}月{shown.day}日"


def moment(value: datetime) -> str:
    """Write a moment as the history shows it."""
    return f"{value.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M}"


def mark(request: Request) -> str:
    """Return the mark beside a request's state."""
    if request.state in rules.PAUSED:
        return "wait"
    if request.state is State.FOUND:
        return "good"
    return "over" if request.state in rules.OVER | rules.ANSWERED else ""


def late_word(request: Request, today: date) -> str:
    """Say by when what must happen to a request; how late it is where its day has passed."""
    if request.act_by is None:
        return ""
    if request.is_late(today):
        return f"已过 {(today - request.act_by).days} 天"
    if request.act_by == today:
        return "今天到期"
    said = _DEADLINES[rules.DEADLINES[request.state]].format(day=day(request.act_by))
    return said if request.clock.is_due_known else f"{said}（{ESTIMATED}）"


def who(step: Step) -> str:
    """Say who took a step."""
    if step.actor == READER:
        return "读者"
    return "到期自动" if step.actor == BY_CLOCK else step.actor_name or step.actor


def what(request: Request, step: Step) -> str:
    """Say what a step was."""
    return rules.ACTIONS[step.action] or rules.label(request.kind, step.to_state)
