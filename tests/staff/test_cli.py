"""`wx-archive staff …`: the first admin, passwords never among the arguments, all of it noted."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.commands import Outcome, refused, run_command
from tests.staff.bureau import OWN
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.staff import accounts, passwords, sessions, throttle
from wx_archive.staff.models import AuditEntry, Member, StaffSession
from wx_archive.staff.sessions import Stage
from wx_archive.staff.throttle import Kind

Run = Callable[..., Outcome]
PROJECT = Path(__file__).parents[2]
PRINTED = re.compile(r"初始密码：(\S+)")


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

    def run(*arguments: str, typed: str = "") -> Outcome:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        return run_command(monkeypatch, capsys, "staff", *arguments)

    return run


def the_member(database: Database, login: str = "zhao") -> Member:
    with database.begin() as session:
        return accounts.locked(session, login)


def noted(database: Database) -> list[tuple[str, str, str]]:
    with database.reads() as connection:
        rows = connection.execute(
            select(AuditEntry.actor, AuditEntry.action, AuditEntry.subject).order_by(
                AuditEntry.number
            )
        )
        return [(row.actor, row.action, row.subject) for row in rows]


def add(run: Run, login: str = "zhao", role: str = "admin", *more: str, typed: str = "") -> Outcome:
    return run("add", login, "--name", "赵敏", "--role", role, *more, typed=typed)


def test_the_first_admin_is_made_at_the_terminal(run: Run, database: Database) -> None:
    assert "还没有账号" in run("list").out
    outcome = add(run, "Zhao", "admin", "--role", "editor")
    assert outcome.code == 0
    found = PRINTED.search(outcome.out)
    assert found
    member = the_member(database)
    assert passwords.is_password(found[1], member.password_hash)
    assert member.must_change
    ((actor, action, subject),) = noted(database)
    assert actor.startswith("cli:")
    assert actor != "cli:"
    assert (action, subject) == ("member.add", "member:zhao")
    with database.reads() as connection:
        entry = connection.execute(select(AuditEntry.after)).scalar_one()
    assert json.loads(entry) == {"name": "赵敏", "roles": ["admin", "editor"]}


def test_a_password_comes_from_the_standard_input_and_is_not_printed(
    run: Run, database: Database
) -> None:
    outcome = add(run, "zhao", "admin", "--password-stdin", typed=f"{OWN}\n")
    assert outcome.code == 0
    assert OWN not in outcome.out
    assert passwords.is_password(OWN, the_member(database).password_hash)
    assert the_member(database).must_change
    assert "太短" in refused(add(run, "li", "editor", "--password-stdin", typed="short\n"))
    assert add(run, "li", "editor", "--password", "x").code == 2


@pytest.mark.parametrize(
    ("login", "roles", "why"),
    [
        ("zhao", ["editor"], "已经有“zhao”"),
        ("-", ["editor"], "账号用"),
        ("wu", ["auditor", "--role", "admin"], "审计要独立"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    run: Run, database: Database, login: str, roles: list[str], why: str
) -> None:
    add(run)
    assert why in refused(add(run, login, *roles))
    assert len(noted(database)) == 1


def test_everybody_is_listed_for_people_and_programs(run: Run) -> None:
    add(run)
    add(run, "chen", "editor")
    run("disable", "chen")
    lines = run("list").out.splitlines()
    assert lines == ["zhao  赵敏  管理员  没有动态码", "chen  赵敏  编辑  已停用"]
    told = run("list", "--json").json
    assert [(one["login"], one["roles"], one["is_disabled"]) for one in told] == [
        ("zhao", ["admin"], False),
        ("chen", ["editor"], True),
    ]
    assert "password" not in json.dumps(told).replace("must_change_password", "")


def test_closing_ends_sessions_at_once_and_spares_the_last_admin(
    run: Run, database: Database
) -> None:
    add(run)
    add(run, "chen", "editor")
    with database.begin() as session:
        member_id = accounts.locked(session, "chen").id
        sessions.start(session, member_id, Stage.FULL, address="", agent="", now=clock.now())
    assert run("disable", "chen").code == 0
    with database.reads() as connection:
        assert connection.execute(select(StaffSession.id)).all() == []
    assert "最后一个" in refused(run("disable", "zhao"))
    assert "没有“nobody”" in refused(run("disable", "nobody"))
    assert run("enable", "chen").code == 0
    assert [entry[1] for entry in noted(database)][2:] == ["member.disable", "member.enable"]


def test_a_reset_gives_a_new_password_and_opens_the_account(run: Run, database: Database) -> None:
    add(run)
    with database.begin() as session:
        accounts.locked(session, "zhao").totp_secret = b"sealed"
    for number in range(5):
        tries = throttle.tries("a-secret", Kind.PASSWORD, login="zhao", address=str(number))
        assert throttle.count(database, tries, now=clock.now()) is None
    first = PRINTED.search(run("reset", "ZHAO").out)
    assert first
    assert passwords.is_password(first[1], the_member(database).password_hash)
    assert the_member(database).totp_secret == b"sealed"
    tries = throttle.tries("a-secret", Kind.PASSWORD, login="zhao", address="9")
    assert throttle.count(database, tries, now=clock.now()) is None
    told = run("reset", "zhao", "--second-factor", "--json").json
    assert told["login"] == "zhao"
    assert passwords.is_password(told["password"], the_member(database).password_hash)
    assert the_member(database).totp_secret is None
    assert [entry[1] for entry in noted(database)][1:] == ["member.reset"] * 2
    assert "没有“nobody”" in refused(run("reset", "nobody"))
