"""The console in Chromium with hostile words everywhere: nothing runs, nothing is fetched."""

from collections.abc import Iterator
from http.cookies import SimpleCookie

import pytest
import requests
from selenium.webdriver import Chrome

from tests.browser.screen import complaints
from tests.conftest import SettingsFactory, closing_office
from tests.console_routes import walk
from tests.hostile import spoil
from wx_archive import demo
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.staff.rules import Role

HOLES = """
const ours = (one) => one.src.startsWith(location.origin + "/static/");
const foreign = (one) => one.name.startsWith("on") || one.name === "style" ||
  /^\\s*javascript:/i.test(one.value);
return [
  ...[...document.scripts].filter((one) => !ours(one)),
  ...document.querySelectorAll("x-hole, img[src='x'], iframe, object, embed, base"),
  ...[...document.querySelectorAll("*")].filter((one) => [...one.attributes].some(foreign)),
].map((one) => one.outerHTML.slice(0, 200));
"""
EXPECTED = ("404 (NOT FOUND)", "409 (CONFLICT)", "[DOM]")
"""Chromium says so of every such answer; and gives hints about forms."""


@pytest.fixture
def spoilt(demo_settings: SettingsFactory) -> tuple[Settings, list[str]]:
    """An account in whose every text somebody hostile has written, and a page more of it."""
    made = demo_settings()
    database = Database(made.database)
    also = spoil(database)
    database.dispose()
    return made, also


@pytest.fixture
def addresses(spoilt: tuple[Settings, list[str]]) -> dict[Role, list[str]]:
    """Every page of the console, once, under the first role that gets to it."""
    found: dict[Role, list[str]] = {}
    known: set[str] = set()
    settings, also = spoilt
    with closing_office(settings) as office:
        for role in Role:
            pages = []
            more = also[:1] if role is Role.AUDITOR else ()
            for path, answer in walk(office, office.sits(role), role, alike=1, also=more):
                is_page = answer.mimetype == "text/html" and answer.status_code == 200
                if is_page and path not in known:
                    pages.append(path)
                known.add(path)
                answer.close()
            found[role] = pages
    return found


@pytest.fixture
def origin(spoilt: tuple[Settings, list[str]], addresses: dict[Role, list[str]]) -> Iterator[str]:
    """Where the console answers, once the addresses are known."""
    assert addresses
    with demo.in_process(spoilt[0]) as places:
        yield places.account_url


def sit_down(browser: Chrome, origin: str, role: Role) -> None:
    """Log the browser in as somebody of the demo."""
    answer = requests.post(
        f"{origin}/console/switch",
        data={"login": role.value},
        headers={"Origin": origin},
        allow_redirects=False,
        timeout=10,
    )
    browser.get(f"{origin}/console/login")
    browser.delete_all_cookies()
    for name, cookie in SimpleCookie(answer.headers["Set-Cookie"]).items():
        browser.add_cookie({"name": name, "value": cookie.value, "path": "/"})


@pytest.mark.timeout(240)
def test_nothing_runs_on_any_page(
    browser: Chrome, origin: str, addresses: dict[Role, list[str]]
) -> None:
    wrong, met = [], 0
    for role, paths in addresses.items():
        sit_down(browser, origin, role)
        complaints(browser)
        for path in paths:
            browser.get(origin + path)  # an open alert would be an error here
            wrong += [f"{path}: {hole}" for hole in browser.execute_script(HOLES)]
            met += "onerror=alert" in browser.find_element("tag name", "body").text
            said = [line for line in complaints(browser) if not any(w in line for w in EXPECTED)]
            wrong += [f"{path}: {line}" for line in said]
    assert not wrong, "\n" + "\n".join(wrong)
    assert met > 5, "hostile words stand on hardly any page"
