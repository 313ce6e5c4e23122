"""Pages of the console: nobody past a guard, no change without its audit entry, no half change."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.typing import ResponseReturnValue
from sqlalchemy import func, insert, select
from werkzeug.test import Client

from tests.conftest import SettingsFactory
from tests.console import CSRF, Browser
from wx_archive.core import clock, h5
from wx_archive.core.errors import RefusedError
from wx_archive.core.schema import installation
from wx_archive.core.services import Services, open_services
from wx_archive.core.settings import Settings
from wx_archive.staff import shell
from wx_archive.staff.models import AuditEntry, StaffSession
from wx_archive.staff.pages import Act, Pages, Visit, local_path
from wx_archive.staff.plugs import Console
from wx_archive.staff.rules import FRESH, IDLE, Permission, Role


def toys(services: Services) -> Pages:
    """Pages that do what pages may do, and what they may not."""
    pages = Pages("toys", __name__, services)

    @pages.get("/toys", needs=Permission.WORDS_EDIT)
    def toy(visit: Visit) -> ResponseReturnValue:
        return visit.page("console/home.html", todos=[])

    @pages.get("/toys/poll", needs=Permission.WORDS_EDIT, poll=True)
    def poll(visit: Visit) -> ResponseReturnValue:
        return visit.page("console/home.html", todos=[])

    @pages.get("/toys/dangerous", needs=Permission.WORDS_EDIT, fresh=True)
    def dangerous(visit: Visit) -> ResponseReturnValue:
        return visit.page("console/home.html", todos=[])

    _add_acts(pages)
    return pages


def _add_acts(pages: Pages) -> None:
    def write(act: Act) -> None:
        act.session.execute(insert(installation).values(name="toy", value="written"))

    @pages.post("/toys/make", needs=Permission.WORDS_EDIT, audit="toy.make")
    def make(act: Act) -> ResponseReturnValue:
        write(act)
        act.note("toy:1", before={"there": False}, after={"there": True})
        return act.done("/console/toys", "做好了。")

    @pages.post("/toys/silent", needs=Permission.WORDS_EDIT, audit="toy.silent")
    def silent(act: Act) -> ResponseReturnValue:
        write(act)
        return act.done("/console/toys")

    @pages.post("/toys/wrong", needs=Permission.WORDS_EDIT, audit="toy.wrong")
    def wrong(act: Act) -> ResponseReturnValue:
        write(act)
        act.note("toy:1")
        return act.page("console/home.html", 422, todos=[])

    @pages.post("/toys/refused", needs=Permission.WORDS_EDIT, audit="toy.refused")
    def refused(act: Act) -> ResponseReturnValue:
        write(act)
        act.note("toy:1")
        raise RefusedError("这个玩具不能做")


@dataclass
class Shop:
    """A console that has nothing but the toys."""

    services: Services
    settings: Settings
    flask: Flask

    def sits(self, role: Role) -> Browser:
        browser = Browser(Client(self.flask), self.settings.origin)
        browser.post("/console/switch", login=role.value)
        found = CSRF.search(browser.get("/console").text)
        assert found
        browser.csrf = found[1]
        return browser

    def made(self) -> int:
        """Return how many toys there are."""
        with self.services.database.reads() as connection:
            toys = select(func.count()).where(installation.c.name == "toy")
            return connection.execute(toys).scalar_one()

    def noted(self) -> list[str]:
        """Return what the log says of toys."""
        with self.services.database.reads() as connection:
            toys = select(AuditEntry.action).where(AuditEntry.action.startswith("toy."))
            return list(connection.scalars(toys))


@pytest.fixture
def shop(demo_settings: SettingsFactory) -> Iterator[Shop]:
    settings = demo_settings()
    with open_services(settings) as services:
        flask = Flask("wx_archive")
        flask.add_template_global(h5.asset)
        flask.context_processor(lambda: {"site": services.site, "profile": services.site.profile})
        shell.install(flask, services, (Console(toys),))
        yield Shop(services, settings, flask)


def test_a_change_and_its_audit_entry_are_one_fact(shop: Shop) -> None:
    answer = shop.sits(Role.EDITOR).post("/console/toys/make")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/toys")
    assert (shop.made(), shop.noted()) == (1, ["toy.make"])


def test_what_was_done_is_said_once_on_the_next_page(shop: Shop) -> None:
    editor = shop.sits(Role.EDITOR)
    editor.post("/console/toys/make")
    assert "做好了。" in editor.get("/console/toys").text
    assert "做好了。" not in editor.get("/console/toys").text


@pytest.mark.parametrize(("path", "status"), [("silent", 500), ("wrong", 422), ("refused", 409)])
def test_nothing_stays_of_an_act_that_was_not_done(shop: Shop, path: str, status: int) -> None:
    shop.flask.config["PROPAGATE_EXCEPTIONS"] = False
    answer = shop.sits(Role.EDITOR).post(f"/console/toys/{path}")
    assert answer.status_code == status
    assert (shop.made(), shop.noted()) == (0, [])


def test_a_refusal_says_why(shop: Shop) -> None:
    assert "这个玩具不能做" in shop.sits(Role.EDITOR).post("/console/toys/refused").text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Referer": "https://evil.example/console/toys"},
        {"Origin": "https://evil.example", "Referer": "http://127.0.0.1/console"},
    ],
)
def test_a_form_from_elsewhere_changes_nothing(shop: Shop, headers: dict[str, str]) -> None:
    editor = shop.sits(Role.EDITOR)
    answer = editor.client.post("/console/toys/make", data={"csrf": editor.csrf}, headers=headers)
    assert answer.status_code == 403
    assert shop.made() == 0


@pytest.mark.parametrize("csrf", ["", "0" * 64, "中文", "another's"])
def test_a_form_without_our_mark_changes_nothing(shop: Shop, csrf: str) -> None:
    if csrf == "another's":
        csrf = shop.sits(Role.EDITOR).csrf
    assert shop.sits(Role.EDITOR).post("/console/toys/make", csrf=csrf).status_code == 403
    assert shop.made() == 0


def test_a_role_without_the_right_stays_outside(shop: Shop) -> None:
    desk = shop.sits(Role.DESK)
    assert desk.get("/console/toys").status_code == 403
    assert desk.post("/console/toys/make").status_code == 403
    assert shop.made() == 0


def test_what_cannot_be_undone_asks_for_the_password_again(shop: Shop) -> None:
    editor = shop.sits(Role.EDITOR)
    assert editor.get("/console/toys/dangerous").status_code == 200
    clock.move(FRESH + timedelta(seconds=1))
    try:
        answer = editor.get("/console/toys/dangerous?of=1")
    finally:
        clock.move(timedelta(0))
    assert answer.headers["Location"] == (
        "/console/confirm?next=%2Fconsole%2Ftoys%2Fdangerous%3Fof%3D1"
    )


def test_a_page_that_refreshes_itself_keeps_nobody_logged_in(shop: Shop) -> None:
    editor = shop.sits(Role.EDITOR)
    seen = select(StaffSession.seen_at)
    try:
        clock.move(timedelta(minutes=20))
        assert editor.get("/console/toys/poll").status_code == 200
        with shop.services.database.reads() as connection:
            assert clock.now() - connection.execute(seen).scalar_one() > timedelta(minutes=19)
        clock.move(IDLE + timedelta(seconds=1))
        assert editor.get("/console/toys/poll").status_code == 303
    finally:
        clock.move(timedelta(0))


def test_doing_something_keeps_one_logged_in_but_not_for_ever(shop: Shop) -> None:
    editor = shop.sits(Role.EDITOR)
    try:
        for minutes in range(0, 12 * 60, 20):
            clock.move(timedelta(minutes=minutes))
            assert editor.get("/console/toys").status_code == 200
        clock.move(timedelta(hours=12, seconds=1))
        assert editor.get("/console/toys").status_code == 303
    finally:
        clock.move(timedelta(0))


def test_two_pages_of_one_name_are_refused_at_the_start(shop: Shop) -> None:
    pages = Pages("twice", __name__, shop.services)
    for path in ("/a", "/b"):
        register = pages.get(path, needs=Permission.OWN)
        if path == "/a":
            register(_a_view)
        else:
            with pytest.raises(ValueError, match="twice"):
                register(_a_view)


def _a_view(visit: Visit) -> ResponseReturnValue:
    return visit.page("console/home.html", todos=[])


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/console",
        "//evil.example/console",
        "/\\evil.example/console",
        "/consoles",
        "/h5/me",
        "javascript:alert(1)",
        "/console\r\nSet-Cookie: a=b",
        "",
    ],
)
def test_nobody_is_sent_out_of_the_console(wanted: str) -> None:
    assert local_path(wanted) == "/console"


def test_one_is_sent_back_to_where_one_was() -> None:
    assert local_path("/console/toys?page=2") == "/console/toys?page=2"
