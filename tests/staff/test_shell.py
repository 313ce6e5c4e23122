"""The console's frame: nobody in without a session, nothing without a guard, nothing kept."""

import re

import pytest

from tests.console import Office
from tests.html import read_page
from wx_archive.staff.rules import PERMISSIONS, Role

CURRENT = re.compile(r'aria-current="page">([^<]+)<')


@pytest.mark.parametrize("role", Role)
def test_everybody_finds_their_first_page(office: Office, role: Role) -> None:
    page = office.sits(role).page("/console")
    assert page.headings == ["今天"]


def test_a_stranger_is_sent_to_the_login_and_back(office: Office) -> None:
    stranger = office.stranger()
    answer = stranger.get("/console")
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        "/console/login?next=%2Fconsole",
    )
    login = stranger.get("/console/login?next=https://evil.example/")
    assert "evil" not in login.text
    read_page(login.text).check_frame()


def test_pages_are_not_kept_and_may_not_be_framed(office: Office) -> None:
    headers = office.sits(Role.EDITOR).get("/console").headers
    assert headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_what_has_no_guard_is_not_there(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    assert editor.get("/console/nowhere").status_code == 404
    assert editor.post("/console/nowhere").status_code == 404


def test_leaving_ends_the_session(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    assert editor.post("/console/logout").headers["Location"] == "/console/login"
    assert editor.get("/console").status_code == 303


def test_every_role_has_a_line_in_the_table_of_rights() -> None:
    assert set(PERMISSIONS) == set(Role)


def test_the_rail_marks_the_nearest_line_alone(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    marked = CURRENT.findall(editor.get("/console/words/replies").text)
    assert marked == ["关键词答复"]
    assert CURRENT.findall(editor.get("/console/words").text) == ["没答上的词"]


def test_the_frame_takes_no_name_away_from_a_page(office: Office) -> None:
    assert "共 1 条等着" in office.sits(Role.EDITOR).page("/console/proposals").text
