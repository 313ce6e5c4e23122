"""The console's frame: the rail, the first page, its errors, and the check of every guard."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, abort, current_app, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from wx_archive.core import h5
from wx_archive.core.services import Services
from wx_archive.core.settings import Profile
from wx_archive.staff import demo_people, entrance, pages
from wx_archive.staff.pages import EXTENSION, HOME, Guards, Pages, Visit
from wx_archive.staff.plugs import Console, Entry, Fact, Todo
from wx_archive.staff.rules import Permission, Person

SCRIPT: Final = "vendor/htmx.min.js"
"""Installed by `make assets`; every page is complete without it."""
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Shell:
    """The console as it was put together.

    Attributes:
        guards: of every route below `/console`; what is not in here is not there.
        badge: how many alerts concern a person.
        facts: the day so far, for whoever may see figures.
    """

    consoles: Sequence[Console]
    guards: Guards
    badge: Callable[[Connection, Person], int]
    facts: Callable[[Connection, datetime], Sequence[Fact]]

    def entries(self, person: Person) -> list[Entry]:
        """Return the lines of somebody's rail."""
        lines = (entry for console in self.consoles for entry in console.entries)
        return [entry for entry in lines if person.may(entry.needs)]

    def current(self, person: Person, path: str) -> Entry | None:
        """Return the line of somebody's rail that an address belongs to: the nearest one."""
        above = [
            entry for entry in self.entries(person) if f"{path}/".startswith(f"{HOME}{entry.path}/")
        ]
        return max(above, key=lambda entry: len(entry.path), default=None)

    def todos(self, connection: Connection, person: Person, now: datetime) -> list[Todo]:
        """Return what waits for somebody, what is late first."""
        given = (
            todo
            for console in self.consoles
            if console.todos
            for todo in console.todos(connection, person, now)
        )
        mine = [todo for todo in given if todo.count and person.may(todo.needs)]
        return sorted(mine, key=lambda todo: not todo.is_late)


def install(
    flask: Flask,
    services: Services,
    consoles: Sequence[Console],
    *,
    badge: Callable[[Connection, Person], int] = lambda _connection, _person: 0,
    facts: Callable[[Connection, datetime], Sequence[Fact]] = lambda _connection, _now: (),
) -> None:
    """Add the console to the application.

    Args:
        flask: the application.
        services: the installation's.
        consoles: every feature's part, in the order of the rail.
        badge: how many alerts concern a person; shown on every page.
        facts: the day so far, for the first page.
    """
    parts = [console.pages(services) for console in consoles if console.pages]
    ways, guards = entrance.blueprint(services)
    own = _home(services)
    for part in (own, *parts):
        if twice := guards.keys() & part.guards.keys():
            raise ValueError(f"two pages of the console are called {sorted(twice)}")
        guards |= part.guards
        flask.register_blueprint(part.blueprint)
    flask.register_blueprint(ways)
    shell = Shell(consoles, guards, badge, facts)
    flask.extensions[EXTENSION] = shell
    _guard(flask, shell)
    _frame(flask, services, shell)


def is_console(path: str) -> bool:
    """Tell whether an address is the console's."""
    return path == HOME or path.startswith(f"{HOME}/")


def _home(services: Services) -> Pages:
    home = Pages("home", __name__, services)

    @home.get("", needs=Permission.OWN)
    def index(visit: Visit) -> ResponseReturnValue:
        shell = _shell()
        with visit.reads() as connection:
            todos = shell.todos(connection, visit.person, visit.now)
            may_see = visit.person.may(Permission.FIGURES_READ)
            facts = shell.facts(connection, visit.now) if may_see else ()
        return visit.page("console/home.html", todos=todos, facts=facts)

    return home


def _guard(flask: Flask, shell: Shell) -> None:
    """Let nothing below `/console` answer that has no guard."""

    @flask.before_request
    def check() -> None:
        endpoint = request.endpoint
        if endpoint and is_console(request.path) and endpoint not in shell.guards:
            abort(HTTPStatus.NOT_FOUND)
        if request.method == "OPTIONS" and is_console(request.path):
            abort(HTTPStatus.METHOD_NOT_ALLOWED)  # Flask would answer it without a view

    @flask.after_request
    def seal(response: Response) -> Response:
        if is_console(request.path):
            # A file that somebody sent us stays in its own box, whatever it turns out to be.
            boxed = "sandbox" in response.headers.get("Content-Security-Policy", "")
            response.headers["Content-Security-Policy"] = f"{POLICY}; sandbox" if boxed else POLICY
            response.headers["Cache-Control"] = "no-store"
            response.headers["X-Frame-Options"] = "DENY"
            # Nobody else's page may hold our window, or load what we send as its own.
            response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
            response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
            if g.get("console_said"):
                response.delete_cookie("console-said", path=HOME, httponly=True, samesite="Lax")
        return response


def _frame(flask: Flask, services: Services, shell: Shell) -> None:
    """Give every page of the console its frame."""
    is_demo = services.settings.profile is Profile.DEMO

    @flask.context_processor
    def frame() -> dict[str, Any]:
        if not is_console(request.path):
            return {}
        return {
            "shell": shell,
            "script": h5.asset(SCRIPT) if h5.has_asset(SCRIPT) else "",
            "said": pages.take_said(services.settings),
            "demo_people": demo_people.PEOPLE if is_demo else (),
            "alerts_of": _badge_of(services, shell),
        }


def _badge_of(services: Services, shell: Shell) -> Callable[[Person], int]:
    def count(person: Person) -> int:
        with services.database.reads() as connection:
            return shell.badge(connection, person)

    return count


def _shell() -> Shell:
    found: Shell = current_app.extensions[EXTENSION]
    return found
