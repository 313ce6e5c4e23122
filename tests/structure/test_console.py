"""Every door of the console: who may open it, who may not, and what it leaves behind.

All of it goes by the application's own list of routes: a page that is added is walked as well.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.conftest import PROJECT
from tests.console import Browser, Office
from tests.console_house import House, headers_amiss, nothing, opened_house, sends
from tests.console_routes import Route, flask_of, guards_of, rules_of, walk
from tests.html import read_page
from wx_archive.core import clock
from wx_archive.staff import entrance
from wx_archive.staff.audit_texts import ACTIONS
from wx_archive.staff.models import StaffSession
from wx_archive.staff.rules import FRESH, Role
from wx_archive.staff.sessions import Stage

STALE = "这张表单放得太久了"
NOT_YOURS = "这一页不归您的角色管"
FINE = (200, 303, 400, 404, 409, 422, 429)
"""What somebody with the right may be answered, asking for what is not there, again and again."""
ACTION = re.compile(r"[a-z_]+(?:\.[a-z_]+)+\Z")
IN_SOURCE = re.compile(r'(?:Note\(\s*|action=)"([^"]+)"')
EVIL = "https://evil.example"
NOTED = {"audit_entry", "audit_head"}


@pytest.fixture(scope="module")
def house(_demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One console for all questions that change nothing, or nothing that matters."""
    with opened_house(_demo_data, tmp_path_factory.mktemp("house") / "data") as opened:
        yield opened


# -- the list itself --------------------------------------------------------------------------


def test_every_address_of_the_console_has_a_guard(house: House) -> None:
    guards = guards_of(house.office)
    bare = [rule.rule for rule in rules_of(house.office) if rule.endpoint not in guards]
    assert bare == [], "without a guard"
    lost = guards.keys() - {rule.endpoint for rule in rules_of(house.office)}
    assert lost == set(), "guards of nothing, or of an address outside the console"


def test_an_address_without_a_guard_does_not_answer(office: Office) -> None:
    flask, asked = flask_of(office), list[str]()

    def bare() -> str:
        asked.append("it was asked")
        return "bare"

    flask.url_map.add(Rule("/console/bare", endpoint="bare", methods=["GET", "POST"]))
    flask.view_functions["bare"] = bare
    admin = office.sits(Role.ADMIN)
    assert admin.get("/console/bare").status_code == 404
    assert admin.post("/console/bare").status_code == 404
    assert asked == []


def test_every_address_takes_the_method_of_its_guard_and_no_other(house: House) -> None:
    guards = guards_of(house.office)
    wrong = [
        f"{rule.rule}: {sorted(rule.methods or ())} instead of {guards[rule.endpoint].method}"
        for rule in rules_of(house.office)
        if rule.endpoint in guards
        and (rule.methods or set()) - {"HEAD", "OPTIONS"} != {guards[rule.endpoint].method}
    ]
    nothing(wrong)


def test_only_the_ways_in_need_no_right(house: House) -> None:
    public = {route.endpoint for route in house.routes if route.is_public}
    assert public
    assert {endpoint.partition(".")[0] for endpoint in public} == {entrance.NAME}


def test_every_right_that_a_route_asks_for_is_somebodys(house: House) -> None:
    nobodys = [str(route) for route in house.routes if not route.is_public and not route.roles]
    assert nobodys == []


def test_every_change_is_noted_under_a_name_that_people_understand(house: House) -> None:
    silent = [
        str(route)
        for route in house.routes
        if route.guard.method == "POST" and not route.guard.audit
    ]
    assert silent == ["POST /console/switch"], "no action for the audit log"
    actions = {route.guard.audit: str(route) for route in house.routes if route.guard.audit}
    nothing(
        [
            f"{action} of {route} has no name in staff.audit_texts.ACTIONS"
            for action, route in actions.items()
            if action not in ACTIONS
        ]
    )


def test_every_action_in_the_source_has_its_name() -> None:
    found: dict[str, str] = {}
    for path in (PROJECT / "wx_archive").rglob("*.py"):
        for action in IN_SOURCE.findall(path.read_text(encoding="utf-8")):
            if ACTION.match(action):
                found[action] = str(path.relative_to(PROJECT))
    assert len(found) > 10
    nothing(
        [
            f"{action} in {path} has no name in staff.audit_texts.ACTIONS"
            for action, path in found.items()
            if action not in ACTIONS
        ]
    )


@pytest.mark.parametrize(("action", "name"), ACTIONS.items())
def test_the_name_of_an_action_is_chinese(action: str, name: str) -> None:
    assert ACTION.match(action)
    assert re.search("[\u4e00-\u9fff]", name)
    assert len(name) < 20


# -- who may, who may not ---------------------------------------------------------------------


def test_whoever_has_no_right_is_stopped_at_every_door(house: House) -> None:
    wrong = []
    for route in house.routes:
        others = [] if route.is_public else [role for role in Role if role not in route.roles]
        for role in others:
            browser = house.at(role)
            answer, has_written = house.writes(lambda: sends(browser, route))  # noqa: B023 -- called at once
            if answer.status_code != 403 or NOT_YOURS not in answer.text or has_written:
                wrong.append(f"{route} as {role}: {answer.status_code} written={has_written}")
            wrong += [f"{route} as {role}: header {name}" for name in headers_amiss(answer)]
    nothing(wrong)


def test_a_stranger_is_sent_to_the_login_from_every_door(house: House) -> None:
    stranger, wrong = house.office.stranger(), []
    for route in house.routes:
        if route.is_public:
            continue
        answer, has_written = house.writes(lambda: sends(stranger, route))  # noqa: B023 -- called at once
        target = answer.headers.get("Location", "")
        is_right = answer.status_code == 303 and target.startswith("/console/login?next=%2Fconsole")
        if not is_right or has_written:
            wrong.append(f"{route}: {answer.status_code} {target} written={has_written}")
        wrong += [f"{route}: header {name}" for name in headers_amiss(answer)]
    nothing(wrong)


def test_whoever_has_not_come_all_the_way_in_is_nobody_yet(house: House) -> None:
    wrong = []
    for stage in (Stage.CODE, Stage.PASSWORD, Stage.ENROL):
        browser = house.in_stage(stage)
        wrong += [
            f"{route} at {stage}"
            for route in house.routes
            if not route.is_public and sends(browser, route).status_code != 303
        ]
    nothing(wrong)


def test_whoever_has_the_right_comes_in(house: House) -> None:
    wrong = []
    for route in house.routes:
        for role in [] if route.is_public else route.roles:
            # A change may end the session, and what it did may not reach the next one.
            browser = house.at(role) if route.guard.method == "GET" else house.sits(role)
            answer = sends(browser, route)
            target = answer.headers.get("Location", "")
            if answer.status_code not in FINE or target.startswith("/console/login"):
                wrong.append(f"{route} as {role}: {answer.status_code} {target}")
            wrong += [f"{route} as {role}: header {name}" for name in headers_amiss(answer)]
            answer.close()
        if route.guard.method == "POST":
            house.browsers.clear()
    nothing(wrong)


def test_what_cannot_be_undone_asks_for_the_password_again(house: House) -> None:
    fresh = [route for route in house.routes if route.guard.is_fresh]
    assert fresh
    wrong = []
    for route in fresh:
        browser = house.sits(route.roles[0])
        with house.office.database.begin() as session:
            session.execute(update(StaffSession).values(confirmed_at=clock.now() - FRESH))
        answer, has_written = house.writes(lambda: sends(browser, route))  # noqa: B023 -- called at once
        target = answer.headers.get("Location", "")
        if not target.startswith("/console/confirm?next=%2Fconsole") or has_written:
            wrong.append(f"{route}: {answer.status_code} {target} written={has_written}")
    house.browsers.clear()
    nothing(wrong)


# -- forms of somebody else -------------------------------------------------------------------

FOREIGN = {
    "no token": {"csrf": ""},
    "a wrong token": {"csrf": "0" * 64},
    "a token that is no text": {"csrf": "\udcff\u4e2d"},
    "a foreign origin": {"Origin": EVIL},
    "no origin at all": {"Origin": "null"},
    "an origin like ours": {"Origin": "{ours}.evil.example"},
    "our origin as a user": {"Origin": "{ours}@evil.example"},
    "neither origin nor referrer": {"Origin": ""},
    "an origin that is no address": {"Origin": "http://["},
    "a referrer that is no address": {"Origin": "", "Referer": "http://[::1"},
    "a foreign referrer": {"Origin": "", "Referer": f"{EVIL}/console"},
}


def forged(browser: Browser, route: Route, told: dict[str, str]) -> TestResponse:
    """Send a form that is not ours, or not this session's."""
    headers = {"Origin": browser.origin}
    headers |= {
        name: value.replace("{ours}", browser.origin)
        for name, value in told.items()
        if name != "csrf"
    }
    sent = {name: value for name, value in headers.items() if value}
    csrf = told.get("csrf", browser.csrf)
    data = {"csrf": csrf} if csrf else {}
    return browser.client.post(
        route.path, data={k: v.encode("utf-8", "replace") for k, v in data.items()}, headers=sent
    )


@pytest.mark.parametrize("told", FOREIGN.values(), ids=FOREIGN)
def test_a_form_that_is_not_ours_changes_nothing(house: House, told: dict[str, str]) -> None:
    wrong = []
    for route in house.routes:
        if route.guard.method != "POST" or route.is_public:
            continue
        browser = house.at(route.roles[0])
        answer, has_written = house.writes(lambda: forged(browser, route, told))  # noqa: B023 -- called at once
        if answer.status_code != 403 or STALE not in answer.text or has_written:
            wrong.append(f"{route}: {answer.status_code} written={has_written}")
        wrong += [f"{route}: header {name}" for name in headers_amiss(answer)]
    nothing(wrong)


def test_a_token_of_another_session_is_of_no_use(house: House) -> None:
    other, wrong = house.sits(Role.ADMIN).csrf, []
    for route in house.routes:
        if route.guard.method == "POST" and not route.is_public:
            browser = house.at(route.roles[0])
            answer, has_written = house.writes(lambda: forged(browser, route, {"csrf": other}))  # noqa: B023 -- called at once
            if answer.status_code != 403 or has_written:
                wrong.append(f"{route}: {answer.status_code} written={has_written}")
    nothing(wrong)


@pytest.mark.parametrize("told", [FOREIGN[name] for name in FOREIGN if "token" not in name])
def test_nobody_is_led_in_or_out_by_another_page(house: House, told: dict[str, str]) -> None:
    ways = [route for route in house.routes if route.is_public and route.guard.method == "POST"]
    assert len(ways) > 1
    wrong = []
    for route in ways:
        visitors = {stage.value: house.in_stage(stage) for stage in Stage}
        visitors["nobody"] = house.office.stranger()
        for who, browser in visitors.items():
            browser.csrf = browser.csrf or "0" * 64
            answer, has_written = house.writes(lambda: forged(browser, route, told))  # noqa: B023 -- called at once
            if answer.status_code == 200 or has_written or answer.status_code >= 500:
                wrong.append(f"{route} by {who}: {answer.status_code} written={has_written}")
            wrong += [f"{route} by {who}: header {name}" for name in headers_amiss(answer)]
    nothing(wrong)


# -- looking changes nothing ------------------------------------------------------------------


def test_asking_for_a_page_changes_nothing(house: House) -> None:
    wrong = []
    for route in house.routes:
        if route.guard.method != "GET" or route.is_public or route.guard.audit:
            continue
        for role in route.roles:
            browser = house.at(role)
            for method in ("GET", "HEAD"):
                answer, has_written = house.writes(
                    lambda: browser.client.open(route.path, method=method)  # noqa: B023 -- called at once
                )
                if has_written:
                    wrong.append(f"{method} {route.rule} as {role}: {answer.status_code}")
    nothing(wrong)


def test_what_is_noted_when_it_is_read_changes_nothing_else(house: House) -> None:
    readings = [
        route for route in house.routes if route.guard.method == "GET" and route.guard.audit
    ]
    assert readings
    wrong = []
    for route in readings:
        browser = house.at(route.roles[0])
        before = house.contents()
        sends(browser, route).close()
        after = house.contents()
        changed = {name for name in after if after[name] != before.get(name)} - NOTED
        wrong += [f"{route}: {sorted(changed)}"] if changed else []
    nothing(wrong)


@pytest.mark.parametrize("role", Role)
def test_every_page_that_somebody_can_get_to_is_well_made(house: House, role: Role) -> None:
    guards, wrong, count = guards_of(house.office), [], 0
    noted = {route.rule for route in house.routes if guards[route.endpoint].audit}
    browser = house.sits(role)
    before = house.version
    for path, answer in walk(house.office, browser, role):
        count += 1
        wrong += [f"{path}: header {name}" for name in headers_amiss(answer)]
        is_noted = any(path.startswith(rule.partition("<")[0]) for rule in noted)
        if house.version != before and not is_noted:
            wrong.append(f"{path} changed something")
        before = house.version
        if answer.status_code not in (200, 303, 404, 409):
            wrong.append(f"{path}: {answer.status}")
        elif answer.status_code == 200 and answer.mimetype == "text/html":
            wrong += amiss(path, answer.text)
        answer.close()
    nothing(wrong)
    assert count > 3


def amiss(path: str, html: str) -> list[str]:
    """Return what is wrong with a page."""
    try:
        page = read_page(html)
        page.check_frame()
    except AssertionError as err:
        return [f"{path}: {str(err) or 'not a page of ours'}"[:300]]
    return []


@pytest.mark.parametrize("role", Role)
def test_every_line_of_the_rail_opens(house: House, role: Role) -> None:
    browser = house.at(role)
    lines = [link for link in browser.page("/console").links if link.startswith("/console")]
    answers = {line: browser.get(line).status_code for line in lines}
    # 我的账号 and 提醒 stand in everybody's frame.
    assert {line: code for line, code in answers.items() if code != 200} == {}
