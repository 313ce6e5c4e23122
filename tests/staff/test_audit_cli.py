"""`wx-archive audit verify|export`, and what other commands leave in the log."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, text

from tests.builders import a_document, a_file, a_record
from tests.commands import Outcome, refused, run_command
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.followers import service as followers
from wx_archive.staff import anchors, audit
from wx_archive.staff.audit import Note
from wx_archive.staff.models import AuditEntry

PROJECT = Path(__file__).parents[2]
Run = Callable[..., Outcome]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder."""
    return tmp_path / "data"


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    data: Path,
    database: Database,
) -> Run:
    """Run commands on a fresh installation, on SQLite and on PostgreSQL."""
    monkeypatch.chdir(tmp_path)
    url = database.url.render_as_string(hide_password=False)
    for name, value in {
        "DATA_DIR": str(data),
        "SITE_DIR": str(PROJECT),
        "DATABASE_URL": url,
        "SECRET_KEY": "a-secret",
    }.items():
        monkeypatch.setenv(f"WX_ARCHIVE_{name}", value)
    return lambda *arguments: run_command(monkeypatch, capsys, *arguments)


def note(database: Database, *actions: str) -> None:
    for action in actions:
        with database.begin() as session:
            done = Note(action, "record:R1", after={"reason": "=1+1"})
            audit.append(session, done, actor="editor", address="10.0.0.7", now=clock.now())


def untied(database: Database) -> None:
    with database.engine.begin() as connection:
        if database.is_sqlite:
            for what in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER audit_entry_no_{what}"))
        else:
            connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER USER"))


def rows(database: Database) -> list[tuple[str, str, dict[str, object]]]:
    """Return what stands in the log: action, subject, the values after."""
    with database.reads() as connection:
        found = connection.execute(select(AuditEntry.__table__).order_by(AuditEntry.number)).all()
    assert {row.actor for row in found} <= {"editor"} or all(
        row.actor.startswith("cli:") for row in found
    )
    return [(row.action, row.subject, json.loads(row.after)) for row in found]


def test_a_sound_log_is_said_to_be_sound(run: Run, database: Database) -> None:
    note(database, "record.open", "record.close")
    outcome = run("audit", "verify")
    assert outcome.code == 0
    assert "2 行，首尾相连" in outcome.out
    assert "还没有锚" in outcome.out
    told = run("audit", "verify", "--json").json
    assert (told["ok"], told["rows"], told["last"]["number"], told["broken"]) == (True, 2, 2, None)


def test_the_first_broken_row_is_named_and_the_exit_code_is_1(run: Run, database: Database) -> None:
    note(database, *["record.open"] * 4)
    untied(database)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE audit_entry SET actor = 'x' WHERE number > 2"))
    assert "第 3 行的内容被改过" in refused(run("audit", "verify"))
    outcome = run("audit", "verify", "--json")
    assert outcome.code == 1
    assert outcome.json["broken"]["number"] == 3
    assert outcome.json["broken"]["reason"] == "changed"


def test_a_log_that_was_cut_is_found_by_the_anchors_in_the_data_folder_or_elsewhere(
    run: Run, database: Database, data: Path, tmp_path: Path
) -> None:
    note(database, *["record.open"] * 4)
    anchors.add(database, data / anchors.FILE, today=clock.today())
    assert "都对得上" in run("audit", "verify").out
    untied(database)
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_entry WHERE number > 2"))
        connection.execute(
            text(
                "UPDATE audit_head SET number = 2, "
                "hash = (SELECT hash FROM audit_entry WHERE number = 2)"
            )
        )
    assert "从第 3 行起被截掉了" in refused(run("audit", "verify"))
    elsewhere = tmp_path / "kept.jsonl"
    (data / anchors.FILE).rename(elsewhere)
    assert run("audit", "verify").code == 0
    outcome = run("audit", "verify", "--anchors", elsewhere, "--json")
    assert (outcome.code, outcome.json["broken"]["reason"]) == (1, "cut")


def test_a_file_of_anchors_that_somebody_wrote_into_is_refused(run: Run, data: Path) -> None:
    data.mkdir(exist_ok=True)
    (data / anchors.FILE).write_text("nonsense\n")
    assert f"{anchors.FILE}:1" in refused(run("audit", "verify"))


def test_an_export_is_its_owners_alone_and_is_noted(
    run: Run, database: Database, tmp_path: Path
) -> None:
    note(database, "record.open", "record.close")
    today = clock.today()
    outcome = run("audit", "export", tmp_path / "log.csv", "--from", str(today), "--json")
    assert outcome.json["rows"] == 2
    file = tmp_path / "log.csv"
    assert file.stat().st_mode & 0o777 == 0o600
    read = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines()))
    assert [row[4] for row in read[1:]] == ["开放档案", "撤回档案"]
    with database.reads() as connection:
        last = connection.execute(
            select(AuditEntry.__table__).order_by(AuditEntry.number.desc()).limit(1)
        ).one()
    assert (last.action, json.loads(last.after)["rows"]) == ("audit.export", 2)
    assert run("audit", "verify").code == 0


def test_an_export_of_days_long_ago_is_empty(run: Run, database: Database, tmp_path: Path) -> None:
    note(database, "record.open")
    file = tmp_path / "log.jsonl"
    assert run("audit", "export", file, "--to", "2020-01-01", "--json").json["rows"] == 0
    assert file.read_bytes() == b""


def test_a_file_of_another_kind_is_refused(run: Run, tmp_path: Path) -> None:
    assert ".jsonl" in refused(run("audit", "export", tmp_path / "log.pdf"))
    assert list(tmp_path.glob("log*")) == []


# -- what other commands leave behind ---------------------------------------------------------


@pytest.fixture
def pids(run: Run, database: Database, tmp_path: Path) -> tuple[str, str]:
    """A document and a record that came in by the commands."""
    documents = a_file(tmp_path / "d.jsonl", [a_document(title="公积金管理办法")])
    records = a_file(tmp_path / "r.jsonl", [a_record(title="大坝图纸")])
    assert run("documents", "import", documents, "--dry-run").code == 0
    assert rows(database) == []
    assert run("documents", "import", documents).code == 0
    assert run("catalogue", "import", records).code == 0
    imports = rows(database)
    assert [(action, subject) for action, subject, _after in imports] == [
        ("catalogue.import", "catalogue"),
        ("catalogue.import", "catalogue"),
    ]
    assert imports[0][2]["added"] == 1
    found = [
        run("lookup", words, "--json").json["results"][0]["pid"] for words in ("公积金", "大坝")
    ]
    return found[0], found[1]


def test_decisions_at_the_terminal_are_noted(
    run: Run, database: Database, pids: tuple[str, str]
) -> None:
    document, record = pids
    for command in (
        ("catalogue", "close", record, "--reason", "复核"),
        ("catalogue", "open", record),
        ("documents", "withdraw", document),
        ("documents", "restore", document),
        ("documents", "repeal", document, "--on", "2026-01-01"),
    ):
        assert run(*command).code == 0, command
    assert refused(run("catalogue", "open", "nothing"))
    told = rows(database)[2:]
    assert [(action, subject) for action, subject, _after in told] == [
        ("record.close", f"record:{record}"),
        ("record.open", f"record:{record}"),
        ("document.withdraw", f"document:{document}"),
        ("document.restore", f"document:{document}"),
        ("document.repeal", f"document:{document}"),
    ]
    assert told[0][2]["reason"] == "复核"
    assert told[4][2]["repealed_on"] == "2026-01-01"
    assert run("audit", "verify").code == 0


def test_words_that_mean_the_same_are_noted(run: Run, database: Database) -> None:
    assert run("synonyms", "add", "水电站", "电厂").code == 0
    assert run("synonyms", "remove", "电厂").code == 0
    assert [action for action, _subject, _after in rows(database)] == [
        "synonyms.add",
        "synonyms.remove",
    ]


def test_handing_out_and_erasing_is_noted_without_the_openid(run: Run, database: Database) -> None:
    with database.begin() as session:
        number = followers.ensure(session, "openid-of-somebody", now=clock.now())
    assert run("followers", "export", "openid-of-somebody", "--json").code == 0
    assert run("followers", "erase", "openid-of-somebody", "--yes").code == 0
    told = rows(database)
    assert [(action, subject) for action, subject, _after in told] == [
        ("follower.export", f"follower:{number}"),
        ("follower.erase", f"follower:{number}"),
    ]
    assert "openid-of-somebody" not in str(told)


def test_an_export_of_the_catalogue_is_noted(
    run: Run, database: Database, pids: tuple[str, str], tmp_path: Path
) -> None:
    assert pids
    assert run("documents", "export", tmp_path / "out.jsonl", "--all").code == 0
    action, _subject, after = rows(database)[-1]
    assert action == "catalogue.export"
    assert (after["all"], after["rows"]) == (True, 1)
