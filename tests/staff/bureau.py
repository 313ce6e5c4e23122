"""A bureau's own console, as a clerk's browser meets it: nothing of the demo in it."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pyotp
from sqlalchemy import select
from werkzeug.test import Client, TestResponse

from tests.console import CSRF
from tests.html import Page, read_page
from wx_archive.app import Application
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.services import Services
from wx_archive.core.settings import Settings
from wx_archive.staff import accounts
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.rules import Role

FIRST = "kfe3-9wmt-hq7x-2vdc"
"""A password that somebody else chose."""
OWN = "长江从门前流过 1958 年"
OTHER = "另一句只有自己才知道的话"
ADDRESS = "203.0.113.7"
SECRET = re.compile(r'class="mono">([A-Z2-7]{4}(?: [A-Z2-7]{4}){7})<')
CODES = re.compile(r"<li>([a-z0-9]{4}(?:-[a-z0-9]{4}){3})</li>")


def give_account(
    database: Database,
    login: str = "chenxm",
    *,
    roles: tuple[Role, ...] = (Role.EDITOR,),
    password: str = OWN,
    must_change: bool = False,
    now: datetime | None = None,
) -> None:
    """Give somebody an account."""
    with database.begin() as session:
        accounts.add(
            session,
            login=login,
            name="陈晓明",
            roles=roles,
            password=password,
            must_change=must_change,
            now=now or clock.now(),
        )


def code_of(secret: str, *, ahead_s: int = 0) -> str:
    """Return what an authenticator shows now, or ``ahead_s`` seconds from now."""
    return pyotp.TOTP(secret.replace(" ", "")).at(clock.now() + timedelta(seconds=ahead_s))


@dataclass
class Clerk:
    """A browser at the console's door."""

    client: Client
    origin: str
    address: str = ADDRESS
    at: str = "/console/login"
    """The page it shows."""

    def get(self, path: str) -> TestResponse:
        """Open a page; redirects are not followed."""
        self.at = path
        return self.client.get(path, environ_base={"REMOTE_ADDR": self.address})

    def page(self, path: str) -> Page:
        """Open a page that is there."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status, answer.headers.get("Location"))
        page = read_page(answer.text)
        page.check_frame()
        return page

    def sends(self, path: str, **fields: object) -> TestResponse:
        """Fill in the form of the page it shows."""
        found = CSRF.search(self.get(self.at).text)
        token = found[1] if found else ""
        return self.client.post(
            path,
            data={"csrf": token, **fields},
            headers={"Origin": self.origin},
            environ_base={"REMOTE_ADDR": self.address},
        )

    def does(self, path: str, **fields: object) -> Page:
        """Fill in a form that leads on, and read the page that it leads to."""
        answer = self.sends(path, **fields)
        assert answer.status_code == 303, (answer.status, read_page(answer.text).text)
        return self.page(answer.headers["Location"])

    def logs_in(self, login: str = "chenxm", password: str = OWN) -> TestResponse:
        """Send the login form."""
        self.at = "/console/login"
        answer = self.sends("/console/login", login=login, password=password)
        if answer.status_code == 303:
            self.at = answer.headers["Location"]
        return answer

    def is_in(self) -> bool:
        """Tell whether the console opens."""
        return self.client.get("/console").status_code == 200

    def enrols(self) -> tuple[str, list[str]]:
        """Set up the second factor at the step of the login; return secret and recovery codes."""
        found = SECRET.search(self.get("/console/enrol").text)
        assert found
        answer = self.sends("/console/enrol", code=code_of(found[1]))
        assert answer.status_code == 200, read_page(answer.text).text
        read_page(answer.text).check_frame()
        return found[1], CODES.findall(answer.text)


@dataclass
class Bureau:
    """An installation that is no demo."""

    application: Application
    settings: Settings

    @property
    def services(self) -> Services:
        """What its pages work with."""
        return self.application.services

    @property
    def database(self) -> Database:
        """Its database."""
        return self.services.database

    def clerk(self, *, address: str = ADDRESS) -> Clerk:
        """Return a browser that nobody has logged in with."""
        return Clerk(Client(self.application.wsgi), self.settings.origin, address)

    def comes_in(self, login: str = "chenxm", password: str = OWN) -> Clerk:
        """Return a browser that somebody without a second factor has logged in with."""
        clerk = self.clerk()
        answer = clerk.logs_in(login, password)
        assert (answer.status_code, path_of(answer)) == (303, "/console")
        return clerk

    def audited(self, action: str) -> list[tuple[str, str, str, str]]:
        """Return actor, subject, before and after of every entry of an action."""
        with self.database.reads() as connection:
            rows = connection.execute(
                select(
                    AuditEntry.actor, AuditEntry.subject, AuditEntry.before, AuditEntry.after
                ).where(AuditEntry.action == action)
            )
            return [(row.actor, row.subject, row.before, row.after) for row in rows]


def path_of(answer: TestResponse) -> str:
    """Return where an answer leads, without its query."""
    return urlsplit(answer.headers["Location"]).path
