"""Every route of the console, as the application itself lists them, and a walk along its links."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, RequestRedirect, Rule
from werkzeug.test import TestResponse

from tests.console import Browser, Office
from wx_archive.staff.pages import EXTENSION, HOME, Guard, Guards
from wx_archive.staff.rules import PERMISSIONS, Role
from wx_archive.staff.shell import is_console

if TYPE_CHECKING:
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

NO_NUMBER = "999999999"
NO_WORD = "nothing-here"
ALIKE = 3
"""So many pages of one route and one set of questions are opened: the next would be the same."""


@dataclass(frozen=True)
class Route:
    """One address of the console.

    Attributes:
        rule: as it is registered: `/console/people/<int:number>`.
        path: the same with numbers and words that nothing has.
    """

    endpoint: str
    guard: Guard
    rule: str
    path: str

    @property
    def is_public(self) -> bool:
        """Whether it is one of the ways in."""
        return self.guard.needs is None

    @property
    def roles(self) -> list[Role]:
        """Who may use it."""
        return [role for role in Role if self.guard.needs in PERMISSIONS[role]]

    def __str__(self) -> str:
        return f"{self.guard.method} {self.rule}"


def flask_of(office: Office) -> Flask:
    """Return the application that has the pages."""
    return cast("Flask", cast("DispatcherMiddleware", office.application.wsgi).app)


def guards_of(office: Office) -> Guards:
    """Return every guard by its endpoint."""
    return cast("Guards", flask_of(office).extensions[EXTENSION].guards)


def rules_of(office: Office) -> list[Rule]:
    """Return every rule below `/console`."""
    return [rule for rule in flask_of(office).url_map.iter_rules() if is_console(rule.rule)]


def routes_of(office: Office) -> list[Route]:
    """Return every guarded route."""
    guards = guards_of(office)
    return sorted(
        (
            Route(rule.endpoint, guards[rule.endpoint], rule.rule, _filled(rule))
            for rule in rules_of(office)
            if rule.endpoint in guards
        ),
        key=str,
    )


def _filled(rule: Rule) -> str:
    values = {
        name: int(NO_NUMBER) if isinstance(converter, IntegerConverter) else NO_WORD
        for name, converter in rule._converters.items()  # noqa: SLF001 -- listed nowhere else
    }
    built = rule.build(values)
    assert built is not None, rule.rule
    return built[1]


def walk(
    office: Office,
    browser: Browser,
    role: Role,
    *,
    alike: int = ALIKE,
    also: Sequence[str] = (),
) -> Iterator[tuple[str, TestResponse]]:
    """Open every page that somebody can get to: from the rail, by links, by the list of routes."""
    routes = routes_of(office)
    begun = [HOME, *also]
    begun += [
        route.path
        for route in routes
        if route.guard.method == "GET" and role in route.roles and "<" not in route.rule
    ]
    waiting, known, opened = deque(begun), set(begun), Counter[tuple[str, ...]]()
    while waiting:
        path = waiting.popleft()
        kind = _kind(office, path)
        opened[kind] += 1
        if opened[kind] > alike:
            continue
        answer = browser.get(path)
        yield path, answer
        for link in _links(answer):
            if link not in known:
                known.add(link)
                waiting.append(link)


def _kind(office: Office, path: str) -> tuple[str, ...]:
    """Return what pages have in common that are made alike."""
    parts = urlsplit(path)
    try:
        endpoint, _values = flask_of(office).url_map.bind("localhost").match(parts.path)
    except RequestRedirect as onward:
        endpoint = onward.new_url
    except HTTPException:
        endpoint = parts.path
    return (str(endpoint), *sorted(parse_qs(parts.query)))


def _links(answer: TestResponse) -> Iterator[str]:
    if answer.status_code in (302, 303, 308):
        found = [answer.headers["Location"]]
    elif answer.mimetype == "text/html":
        reader = _Links()
        reader.feed(answer.text)
        found = reader.found
    else:
        found = []
    for link in found:
        path = link.partition("#")[0]
        if is_console(urlsplit(path).path) and not urlsplit(path).netloc:
            yield path


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]
