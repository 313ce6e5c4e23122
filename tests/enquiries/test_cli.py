"""`enquiries list|show|move`: the staff's side, in Chinese or as one JSON document."""

import getpass
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.commands import Outcome, refused, run_command
from tests.enquiries.conftest import PROJECT
from tests.enquiries.filing import PID, a_follower, a_request
from wx_archive.core.database import Database
from wx_archive.enquiries.rules import Kind
from wx_archive.staff.models import AuditEntry

Run = Callable[..., Outcome]


@pytest.fixture
def run(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Run:
    """Run a command in this process on the database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WX_ARCHIVE_SITE_DIR", str(PROJECT))
    monkeypatch.setenv("WX_ARCHIVE_SECRET_KEY", "a-secret")
    address = database.url.render_as_string(hide_password=False)
    monkeypatch.setenv("WX_ARCHIVE_DATABASE_URL", address)

    def run(*arguments: str) -> Outcome:
        return run_command(monkeypatch, capsys, "enquiries", *arguments)

    return run


def test_an_empty_list_says_so(run: Run) -> None:
    assert run("list").out == "没有。\n"
    assert run("list", "--json").json == []


def test_requests_are_listed_shown_and_moved(run: Run, database: Database) -> None:
    a_request(database, a_follower(database), "大坝图纸")
    a_request(database, None, "日期\n错了", kind=Kind.CORRECTION, about_pid=PID)
    out = run("list").out
    assert "查2026-000001" in out
    assert "日期 错了" in out
    assert "共 2 件" in out
    moved = run("move", "2026-1", "accepted", "--note", "在查了")
    assert moved.out == "查2026-000001 已改为“已受理”。\n"
    shown = run("show", "查2026-1", "--json").json
    assert (shown["number"], shown["state"], shown["words"]) == (
        "查2026-000001",
        "accepted",
        "大坝图纸",
    )
    assert [(event["to_state"], event["actor"]) for event in shown["events"]] == [
        ("submitted", "reader"),
        ("accepted", f"cli:{getpass.getuser()}"),
    ]
    assert f"关于：{PID}" in run("show", "纠2026-1").out


def test_a_move_stands_in_the_audit_log_without_a_word_of_the_citizens(
    run: Run, database: Database
) -> None:
    a_request(database, a_follower(database), "大坝图纸")
    run("move", "2026-1", "refused", "--note", "给张三的话")
    refused(run("move", "2026-1", "accepted"))
    with database.begin() as session:
        (entry,) = session.scalars(select(AuditEntry))
        assert (entry.actor, entry.action, entry.subject) == (
            f"cli:{getpass.getuser()}",
            "enquiry.move",
            "enquiry:查2026-000001",
        )
        assert (entry.before, entry.after) == ('{"state":"submitted"}', '{"state":"refused"}')


def test_what_is_over_is_listed_only_when_asked_for(run: Run, database: Database) -> None:
    a_request(database, a_follower(database), "大坝图纸")
    assert run("move", "2026-1", "withdrawn", "--json").json["state"] == "withdrawn"
    assert run("list", "--json").json == []
    assert [one["number"] for one in run("list", "--all", "--json").json] == ["查2026-000001"]


def test_what_cannot_be_done_says_what_can(run: Run, database: Database) -> None:
    a_request(database, a_follower(database), "大坝图纸")
    assert "wx-archive enquiries list" in refused(run("move", "2026-9", "accepted"))
    assert "wx-archive enquiries list" in refused(run("show", "公积金"))
    assert "可以改为" in refused(run("move", "2026-1", "closed"))
    assert "--note" in refused(run("move", "2026-1", "refused"))
    assert run("move", "2026-1", "lost").code == 2
    assert run("show", "2026-1", "--json").json["state"] == "submitted"
