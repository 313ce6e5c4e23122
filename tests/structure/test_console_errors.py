"""What goes wrong in the console: strange addresses, methods, hosts; failures; ways out of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from tests.console import Office
from tests.console_house import House, headers_amiss, nothing, opened_house
from tests.html import read_page
from wx_archive.core.settings import Profile, Settings
from wx_archive.staff import pages
from wx_archive.staff.rules import Role


@pytest.fixture(scope="module")
def house(_demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One console for all questions that change nothing, or nothing that matters."""
    with opened_house(_demo_data, tmp_path_factory.mktemp("house") / "data") as opened:
        yield opened


@pytest.mark.parametrize(
    "path",
    [
        "/console/",
        "/console/nowhere",
        "/console/nowhere/at/all",
        "/console/../console/nowhere",
        "/console/login/",
        "/console/%2e%2e/h5/lookup",
        "/console/static/h5.css",
        "/console/audit/x",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "TRACE"])
def test_an_unknown_address_shows_the_consoles_own_page(
    house: House, path: str, method: str
) -> None:
    for browser in (house.office.stranger(), house.at(Role.AUDITOR)):
        answer = browser.client.open(path, method=method)
        assert answer.status_code in (404, 405)
        assert headers_amiss(answer) == []
        if method != "HEAD":
            page = read_page(answer.text)
            page.check_frame()
            assert "/console" in page.links
            assert "/h5/" not in answer.text


def test_no_door_answers_to_another_method(house: House) -> None:
    wrong = []
    for route in house.routes:
        for method in ("OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"):
            browser = house.office.stranger()
            answer, has_written = house.writes(
                lambda: browser.client.open(route.path, method=method)  # noqa: B023 -- called at once
            )
            if answer.status_code not in (404, 405) or has_written:
                wrong.append(f"{method} {route.rule}: {answer.status_code}")
            wrong += [f"{method} {route.rule}: header {name}" for name in headers_amiss(answer)]
    nothing(wrong)


def test_a_method_in_disguise_is_not_believed(house: House) -> None:
    editor, before = house.at(Role.EDITOR), house.version
    for route in house.routes:
        if route.guard.method == "POST" and route.guard.needs is not None:
            editor.client.get(
                f"{route.path}?_method=POST&csrf={editor.csrf}",
                headers={"X-HTTP-Method-Override": "POST", "Origin": editor.origin},
            )
    assert house.version == before


def test_the_name_that_a_visitor_gives_the_machine_is_not_repeated(house: House) -> None:
    auditor, wrong = house.at(Role.AUDITOR), []
    for path in ("/console", "/console/login", "/console/nowhere", "//console", "/console/audit"):
        told = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
        for browser in (auditor, house.office.stranger()):
            answer = browser.client.get(path, headers=told)
            said = answer.text + answer.headers.get("Location", "")
            wrong += [path] if "evil.example" in said and path != "//console" else []
    nothing(wrong)


def test_a_failure_shows_the_consoles_own_page_and_no_detail(office: Office) -> None:
    auditor = office.sits(Role.AUDITOR)
    with office.database.engine.begin() as connection:
        connection.execute(text("DROP TABLE audit_entry"))
    answer = auditor.get("/console/audit")
    assert answer.status_code == 500
    assert headers_amiss(answer) == []
    page = read_page(answer.text)
    page.check_frame()
    assert "什么都没有改动" in page.text
    assert "audit_entry" not in answer.text


def test_a_refusal_keeps_the_headers(house: House) -> None:
    answer = house.at(Role.AUDITOR).get("/console/audit?first=nonsense")
    assert answer.status_code == 422
    assert headers_amiss(answer) == []
    script = house.office.stranger().client.get("/console", headers={"HX-Request": "true"})
    assert script.status_code == 401
    assert headers_amiss(script) == []


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/console",
        "/\\evil.example",
        "/console\\..\\evil",
        "\t//evil.example",
        "/h5/lookup",
        "/consolex",
        "javascript:alert(1)",
        "/console\r\nSet-Cookie: a=b",
        "http:/console",
        "http://[::1",
        "//[",
        "//",
    ],
)
def test_nobody_is_led_out_of_the_console_after_the_login(house: House, target: str) -> None:
    stranger = house.office.stranger()
    answer = stranger.post("/console/switch", login="editor", next=target)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/console"
    house.browsers.clear()


@pytest.mark.parametrize(
    ("public_url", "origin", "is_ours"),
    [
        ("https://archive.example.org", "https://archive.example.org", True),
        ("https://Archive.Example.org:443/wx/", "https://archive.example.org", True),
        ("https://archive.example.org:8443", "https://archive.example.org:8443", True),
        ("https://archive.example.org", "http://archive.example.org", False),
        ("https://archive.example.org", "https://archive.example.org:8443", False),
        ("https://archive.example.org", "https://archive.example.org.evil.example", False),
        ("https://archive.example.org", "http://127.0.0.1:8000", False),
        ("https://archive.example.org", "", False),
    ],
)
def test_our_origin_is_known_however_its_address_is_written(
    public_url: str, origin: str, *, is_ours: bool
) -> None:
    settings = Settings(public_url=public_url, profile=Profile.PRODUCTION)
    with Flask("x").test_request_context(headers={"Origin": origin}):
        assert pages.comes_from_us(settings) is is_ours
