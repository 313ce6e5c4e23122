"""Words stay words: whatever anybody wrote anywhere, no page of the console is made of it.

Every text that people wrote is spoilt, every form of every page is filled in with the same, and
every page that any role can get to is read for elements and attributes that no template of ours
has. A page or a form that is added is found by its links.
"""

import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from tests.conftest import PROJECT, closing_office
from tests.console import Browser, Office
from tests.console_routes import ALIKE, walk
from tests.hostile import HOSTILE, SHORT, Form, inspect, spoil
from wx_archive import demo
from wx_archive.core.settings import Settings
from wx_archive.staff.rules import Role

SPARED = re.compile("/(logout|switch|confirm|account|disable|reset|roles|erase)")
"""Forms after which somebody could not go on."""
SHEET = f"题名,文号,公开属性\n{SHORT},<x-hole>,full\n" + f'"{HOSTILE}' + '",x,full\n'


@dataclass
class Spoilt(Office):
    """A console, and pages of it that no list begins with."""

    also: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def spoilt(_demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spoilt]:
    """A console in which everything was written by somebody hostile."""
    folder = tmp_path_factory.mktemp("spoilt") / "data"
    shutil.copytree(_demo_data, folder)
    port = demo.free_port()
    settings = Settings.for_demo(
        data_dir=folder, site_dir=PROJECT, port=port, public_url=f"http://127.0.0.1:{port}"
    )
    with closing_office(settings) as office:
        for role in Role:
            office.sits(role).client.get("/console", headers={"User-Agent": HOSTILE})
        yield Spoilt(office.application, office.settings, spoil(office.database))


def sent(browser: Browser, form: Form) -> TestResponse:
    """Send a form as it was filled in."""
    data: dict[str, object] = dict(form.fields)
    for name in form.files:
        data[name] = (io.BytesIO(SHEET.encode()), f"{SHORT}.csv", "text/csv")
    return browser.client.post(
        form.action, data=data, headers={"Origin": browser.origin, "User-Agent": HOSTILE}
    )


def wrong_in(path: str, answer: TestResponse) -> list[str]:
    """Return what stands on a page that no template of ours has."""
    if answer.status_code >= 500:
        return [f"{path}: {answer.status}"]
    if answer.status_code in (302, 303):
        target = answer.headers["Location"]
        return [] if target.startswith("/console") else [f"{path}: leads to {target}"]
    if answer.mimetype != "text/html":
        return []
    amiss, _forms = inspect(answer.text)
    return [f"{path}: {each}" for each in amiss]


def look_round(office: Spoilt, role: Role, *, alike: int = ALIKE) -> tuple[list[str], int]:
    """Read every page of a role; return what is wrong, and how many texts it met."""
    wrong, met = [], 0
    browser = office.sits(role)
    also = office.also if role is Role.AUDITOR else ()
    for path, answer in walk(office, browser, role, alike=alike, also=also):
        wrong += wrong_in(path, answer)
        met += answer.mimetype == "text/html" and "onerror=alert" in answer.text
        answer.close()
    return wrong, met


def nothing(wrong: list[str]) -> None:
    assert not wrong, "\n" + "\n".join(dict.fromkeys(wrong))


@pytest.mark.parametrize("role", Role)
def test_no_page_is_made_of_what_people_wrote(spoilt: Spoilt, role: Role) -> None:
    wrong, met = look_round(spoilt, role)
    nothing(wrong)
    assert met, "nobody wrote anything on any page"


@pytest.mark.timeout(180)
def test_no_form_brings_in_more_than_words(spoilt: Spoilt) -> None:
    wrong, done = [], 0
    for role in Role:
        browser, known = spoilt.sits(role), set[str]()
        forms = []
        for _path, answer in walk(spoilt, browser, role, alike=1):
            if answer.mimetype == "text/html" and answer.status_code == 200:
                forms += inspect(answer.text)[1]
            answer.close()
        for form in forms:
            kind = re.sub(r"[0-9A-Z]{8,}|\d+", "*", urlsplit(form.action).path)
            if SPARED.search(form.action) or kind in known:
                continue
            known.add(kind)
            answer = sent(browser, form)
            done += answer.status_code == 303
            wrong += wrong_in(f"POST {form.action} as {role}", answer)
    for role in Role:
        wrong += look_round(spoilt, role, alike=1)[0]
    nothing(wrong)
    assert done > 3, "hardly any form was taken"


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<script>alert(1)</script>", "script of a page"),
        ('<img src="x">', "img src=x"),
        ("<x-hole>", "<x-hole>"),
        ('<p onclick="x">', "p onclick"),
        ('<a href="javascript:alert(1)">', "a href=javascript:alert(1)"),
        ('<p style="x">', "p style"),
    ],
)
def test_a_hole_would_be_seen(html: str, found: str) -> None:
    assert found in inspect(html)[0]


def test_the_way_in_repeats_nothing(spoilt: Spoilt) -> None:
    stranger = spoilt.stranger()
    answer = stranger.client.get("/console/login", query_string={"next": "/console/" + SHORT})
    nothing(wrong_in("/console/login", answer))
    stranger.client.get("/console/" + SHORT)
    nothing(wrong_in("unknown", stranger.client.get("/console/" + SHORT)))
