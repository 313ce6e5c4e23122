"""One console for many questions: a browser for each role, and an eye on what is written."""

import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.conftest import PROJECT, closing_office
from tests.console import Browser, Office
from tests.console_routes import Route, routes_of
from wx_archive import demo
from wx_archive.core import clock
from wx_archive.core.database import Base
from wx_archive.core.settings import Settings
from wx_archive.staff import sessions
from wx_archive.staff.models import Member, StaffSession
from wx_archive.staff.rules import Role
from wx_archive.staff.sessions import Stage


@dataclass
class House:
    """The console, a browser for each role, and an eye on what is written."""

    office: Office
    _eye: sqlite3.Connection
    browsers: dict[Role, Browser] = field(default_factory=dict)

    @property
    def routes(self) -> list[Route]:
        """Every route."""
        return routes_of(self.office)

    def sits(self, role: Role) -> Browser:
        """Log somebody in anew; looking at a page does not change when they were seen last."""
        browser = self.office.sits(role)
        with self.office.database.begin() as session:
            later = clock.now() + timedelta(minutes=20)
            session.execute(update(StaffSession).values(seen_at=later))
        return browser

    def at(self, role: Role) -> Browser:
        """Return the browser of a role; it must still be logged in."""
        if role not in self.browsers:
            self.browsers[role] = self.sits(role)
        return self.browsers[role]

    def in_stage(self, stage: Stage) -> Browser:
        """Return the browser of somebody on their way in."""
        browser = self.office.stranger()
        with self.office.database.begin() as session:
            member = session.scalars(select(Member.id).limit(1)).one()
            token = sessions.start(
                session, member, stage, address="127.0.0.1", agent="", now=clock.now()
            )
        browser.client.set_cookie("console", token, domain="localhost")
        return browser

    @property
    def version(self) -> int:
        """Changes whenever anybody commits."""
        return int(self._eye.execute("PRAGMA data_version").fetchone()[0])

    def writes(self, ask: Callable[[], TestResponse]) -> tuple[TestResponse, bool]:
        """Return the answer, and whether anything was written."""
        before = self.version
        answer = ask()
        return answer, self.version != before

    def contents(self) -> dict[str, str]:
        """Return a digest of every table."""
        found = {}
        for name in Base.metadata.tables:
            rows = self._eye.execute(f'SELECT * FROM "{name}"')  # noqa: S608 -- a table of ours
            found[name] = hashlib.sha256(repr(rows.fetchall()).encode()).hexdigest()
        return found


@contextmanager
def opened_house(data: Path, folder: Path) -> Iterator[House]:
    """Open a console on a copy of the demo's data."""
    shutil.copytree(data, folder)
    port = demo.free_port()
    settings = Settings.for_demo(
        data_dir=folder, site_dir=PROJECT, port=port, public_url=f"http://127.0.0.1:{port}"
    )
    with (
        closing_office(settings) as office,
        closing(sqlite3.connect(folder / "archive.db", timeout=10)) as eye,
    ):
        yield House(office, eye)


def sends(browser: Browser, route: Route, **headers: str) -> TestResponse:
    """Ask for a route as its own page would, with whatever headers instead of ours."""
    if route.guard.method == "GET":
        return browser.client.get(route.path, headers=headers)
    told = {"Origin": browser.origin, **headers}
    return browser.client.post(route.path, data={"csrf": browser.csrf}, headers=told)


def nothing(wrong: list[str]) -> None:
    """Assert that nothing is wrong; else tell all of it, not only how it begins."""
    assert not wrong, "\n" + "\n".join(wrong)


def headers_amiss(answer: TestResponse) -> list[str]:
    """Return what an answer of the console lacks."""
    policy = answer.headers.get("Content-Security-Policy", "")
    wanted = ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action")
    amiss = [part for part in wanted if part not in policy]
    amiss += ["unsafe" for _each in ["unsafe"] if "unsafe" in policy]
    exact = {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return amiss + [name for name, value in exact.items() if answer.headers.get(name) != value]
