"""`push list|show`: what a shell tells of pushes, in Chinese or as one JSON document."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.commands import Outcome, refused, run_command
from tests.conftest import PROJECT
from tests.publishing.pushing import PUBLISHER, SERVICE, a_push, a_text, terms
from wx_archive.core.database import Database
from wx_archive.core.site import Site
from wx_archive.publishing import pushes
from wx_archive.publishing.rules import PushState

Run = Callable[..., Outcome]
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


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
        return run_command(monkeypatch, capsys, "push", *arguments)

    return run


def scheduled(database: Database) -> str:
    with database.begin() as session:
        push = a_push(session, a_text("闭馆通知"), now=NOW)
        pushes.schedule(
            session,
            push,
            terms(NOW + timedelta(days=1)),
            account=SERVICE,
            profile=Site(PROJECT, "https://archive.example").profile,
            now=NOW,
        )
        return push.pid


def test_an_empty_list_says_so(run: Run) -> None:
    assert run("list").out == "没有。\n"
    assert run("list", "--json").json == []


def test_pushes_are_listed_and_shown(run: Run, database: Database) -> None:
    pid = scheduled(database)
    [one] = run("list", "--json").json
    assert (one["pid"], one["state"], one["title"]) == (pid, "scheduled", "闭馆通知")
    assert run("list").out.startswith(f"{pid}  2026-11-24 12:00  已排期  《闭馆通知》\n")
    told = run("show", pid, "--json").json
    assert [step["step"] for step in told["steps"]] == ["preparing", "scheduled"]
    assert [piece["title"] for piece in told["pieces"]] == ["闭馆通知"]
    words = run("show", pid.lower()).out
    assert f"{pid}  已排期" in words
    assert PUBLISHER in words


def test_what_is_over_is_listed_only_on_demand(run: Run, database: Database) -> None:
    pid = scheduled(database)
    with database.begin() as session:
        push = pushes.locked(session, pid)
        assert push is not None
        pushes.cancel(session, push, by=PUBLISHER, now=NOW)
        assert push.state == PushState.CANCELLED
    assert run("list").out == "没有。\n"
    assert [one["pid"] for one in run("list", "--all", "--json").json] == [pid]


def test_a_push_that_is_not_there_is_refused(run: Run) -> None:
    assert "没有编号是 NOSUCH 的推送" in refused(run("show", "nosuch"))
