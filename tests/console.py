"""The console as somebody at a desk uses it, without a network."""

import re
from dataclasses import dataclass, field

from werkzeug.test import Client, TestResponse

from tests.html import Page, read_page
from wx_archive.app import Application
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.staff.rules import Role

CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@dataclass
class Browser:
    """A browser with somebody logged in."""

    client: Client
    origin: str
    csrf: str = field(default="", repr=False)

    def get(self, path: str) -> TestResponse:
        """Open a page; redirects are not followed."""
        return self.client.get(path)

    def page(self, path: str) -> Page:
        """Open a page that is there, and read it as strictly as a careful reviewer."""
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status, answer.headers.get("Location"))
        page = read_page(answer.text)
        page.check_frame()
        return page

    def post(self, path: str, **fields: object) -> TestResponse:
        """Send a form of our own; a `csrf` among the fields replaces the right one."""
        answer = self.client.post(
            path, data={"csrf": self.csrf, **fields}, headers={"Origin": self.origin}
        )
        answer.request.environ["wsgi.input"].close()  # a large body lies in a file of its own
        return answer

    def done(self, path: str, **fields: object) -> Page:
        """Send a form that must succeed; return the page that it leads to."""
        answer = self.post(path, **fields)
        assert answer.status_code == 303, (answer.status, read_page(answer.text).text)
        return self.page(answer.headers["Location"])


@dataclass
class Office:
    """A running account of the demo's people, and what is behind it."""

    application: Application
    settings: Settings

    @property
    def database(self) -> Database:
        """Its database."""
        return self.application.services.database

    def stranger(self) -> Browser:
        """Return a browser that nobody has logged in with."""
        return Browser(Client(self.application.wsgi), self.settings.origin)

    def sits(self, role: Role) -> Browser:
        """Return a browser in which the demo's person of this role is logged in."""
        browser = self.stranger()
        answer = browser.post("/console/switch", login=role.value)
        assert answer.status_code == 303
        found = CSRF.search(browser.get("/console").text)
        assert found
        browser.csrf = found[1]
        return browser
