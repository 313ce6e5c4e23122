"""`wx-archive …`: 0 done, 1 refused with a reason in Chinese, 2 wrong usage; one JSON document."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import Row, a_document, a_file, a_record
from tests.commands import CHINESE, Outcome, refused, run_command
from tests.conftest import SettingsFactory
from tests.sites import write
from wx_archive import demo

PROJECT = Path(__file__).parents[1]


Run = Callable[..., Outcome]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run a command in this process, on a data folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WX_ARCHIVE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("WX_ARCHIVE_SITE_DIR", str(PROJECT))

    def run(*arguments: str | Path) -> Outcome:
        return run_command(monkeypatch, capsys, *arguments)

    return run


@pytest.fixture
def installed(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run commands on a fresh installation, on SQLite and on PostgreSQL."""
    monkeypatch.setenv("WX_ARCHIVE_DATABASE_URL", database_url)
    monkeypatch.setenv("WX_ARCHIVE_SECRET_KEY", "a-secret")
    return run


# -- the program itself -----------------------------------------------------------------------


def test_the_program_runs_as_a_module_too() -> None:
    command = [sys.executable, "-m", "wx_archive", "--version"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=PROJECT)
    assert done.stdout.startswith("wx-archive")


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("lookup",),
        ("lookup", "公积金", "--nonsense"),
        ("lookup", "公积金", "--limit", "0"),
        ("documents", "import"),
        ("documents", "import", "f.jsonl", "--openness", "open"),
        ("menu", "nonsense"),
        ("serve", "--workers", "0"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_nothing_on_stdout(
    run: Run, arguments: tuple[str, ...]
) -> None:
    outcome = run(*arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err


@pytest.mark.parametrize("arguments", [("--help",), ("documents", "--help"), ("menu", "-h")])
def test_help_is_chinese_and_no_error(run: Run, arguments: tuple[str, ...]) -> None:
    outcome = run(*arguments)
    assert outcome.code == 0
    assert CHINESE.search(outcome.out)


# -- settings and database --------------------------------------------------------------------

SECRETS = {
    "WX_ARCHIVE_SECRET_KEY": "first-secret-value",
    "WX_ARCHIVE_WECHAT_TOKEN": "second-secret-value",
    "WX_ARCHIVE_WECHAT_APP_SECRET": "third-secret-value",
    "WX_ARCHIVE_WECHAT_AES_KEY": "fourth-secret-value",
    "WX_ARCHIVE_WECHAT_PREVIOUS_AES_KEY": "fifth-secret-value",
    "WX_ARCHIVE_DATABASE_URL": "postgresql+psycopg://user:sixth-secret-value@db/archive",
    "WX_ARCHIVE_REDIS_URL": "redis://:seventh-secret-value@redis/0",
}


@pytest.mark.parametrize("arguments", [("config", "show"), ("config", "show", "--json")])
def test_settings_are_shown_without_secrets(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    outcome = run(*arguments)
    assert outcome.code == 0
    assert "secret-value" not in outcome.out + outcome.err
    assert "（已设置）" in outcome.out
    assert "8000" in outcome.out
    if "--json" in arguments:
        assert outcome.json["port"] in (8000, "8000")


def test_a_misspelt_setting_is_refused_with_a_hint(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WX_ARCHIVE_WECHAT_TOKN", "x")
    assert "WX_ARCHIVE_WECHAT_TOKEN" in refused(run("config", "show"))


def test_commands_on_a_missing_database_say_what_to_run_and_then_work(run: Run) -> None:
    assert "wx-archive db upgrade" in refused(run("lookup", "公积金"))
    for _twice in (1, 2):
        assert run("db", "upgrade").code == 0
    outcome = run("lookup", "公积金", "--json")
    assert (outcome.code, outcome.json["total"]) == (0, 0)


# -- taking files in --------------------------------------------------------------------------


def test_an_import_reports_as_the_contract_says(installed: Run, tmp_path: Path) -> None:
    path = a_file(tmp_path / "d.jsonl", [a_document("D1"), a_document("D2", date="不详")])
    outcome = installed("documents", "import", path, "--json")
    assert outcome.code == 0
    report = outcome.json
    assert {name: report[name] for name in ("read", "added", "changed", "unchanged", "bad")} == {
        "read": 2,
        "added": 2,
        "changed": 0,
        "unchanged": 0,
        "bad": [],
    }
    assert "d.jsonl:2:date: 留意" in outcome.err
    again = installed("documents", "import", path)
    assert again.code == 0
    assert "读到 2 行：已新增 0，已更新 0，没有变化 2" in again.out


def test_a_bad_file_is_refused_whole_with_every_bad_row(installed: Run, tmp_path: Path) -> None:
    rows: list[Row] = [a_document("D1"), a_document("D2", title=""), a_document("D3", openness="x")]
    path = a_file(tmp_path / "d.jsonl", rows)
    outcome = installed("documents", "import", path, "--json")
    reason = refused(outcome)
    assert [(bad["line"], bad["column"]) for bad in outcome.json["bad"]] == [
        (2, "title"),
        (3, "openness"),
    ]
    assert all(CHINESE.search(bad["reason"]) for bad in outcome.json["bad"])
    assert f"{path}:2:title: 有误：不能为空" in reason
    assert "一行也没有导入" in reason
    assert installed("lookup", "养犬", "--json").json["total"] == 0
    outcome = installed("documents", "import", path, "--skip-bad", "--json")
    assert (outcome.code, outcome.json["added"]) == (0, 1)
    assert installed("lookup", "养犬", "--json").json["total"] == 1


def test_a_silent_file_needs_the_option(installed: Run, tmp_path: Path) -> None:
    path = a_file(tmp_path / "d.jsonl", [a_document("D1", openness=None)])
    outcome = installed("documents", "import", path)
    assert "--openness" in refused(outcome)
    assert outcome.out == ""
    assert installed("documents", "import", path, "--openness", "full").code == 0
    assert installed("lookup", "养犬", "--json").json["total"] == 1


@pytest.mark.parametrize("kind", ["documents", "catalogue"])
def test_a_dry_run_says_what_would_happen(installed: Run, tmp_path: Path, kind: str) -> None:
    rows = (
        [a_document("1"), a_document("2")]
        if kind == "documents"
        else [a_record("1"), a_record("2")]
    )
    path = a_file(tmp_path / "f.jsonl", rows)
    outcome = installed(kind, "import", path, "--dry-run")
    assert outcome.code == 0
    assert "会新增 2" in outcome.out
    assert (
        installed("lookup", "兰台" if kind == "documents" else "大桥", "--json").json["total"] == 0
    )


def test_a_file_that_cannot_be_read_is_refused(installed: Run, tmp_path: Path) -> None:
    assert "没有这个文件" in refused(installed("documents", "import", tmp_path / "no.jsonl"))
    assert "这是一个文件夹" in refused(installed("catalogue", "import", tmp_path))


# -- looking up -------------------------------------------------------------------------------


def test_a_lookup_answers_as_the_contract_says(installed: Run, tmp_path: Path) -> None:
    number = "兰政发〔2015〕9号"
    document = a_document("D1", doc_no=number, effective_from="2015-06-01")
    installed("documents", "import", a_file(tmp_path / "d.jsonl", [document]))
    installed("catalogue", "import", a_file(tmp_path / "r.jsonl", [a_record("R1", date="")]))
    answer = installed("lookup", "养犬", "管理", "--json").json
    (result,) = answer.pop("results")
    assert answer == {"query": "养犬 管理", "total": 1, "capped": False}
    assert re.fullmatch("[0-9A-Z]{26}", result.pop("pid"))
    assert result == {
        "kind": "document",
        "title": document["title"],
        "number": number,
        "date": "2015-04-20",
        "badge": "在线看",
        "validity": "现行有效",
        "reference_code": "",
    }
    (record,) = installed("lookup", "大桥", "--json").json["results"]
    assert (record["kind"], record["date"], record["badge"]) == ("record", None, "可预约")
    assert (record["validity"], record["reference_code"]) == (None, "0001-1-R1")
    assert installed("lookup", "档案 养犬", "--json").json["total"] == 0
    assert "兰台市养犬管理办法" in installed("lookup", number).out


def test_hidden_rows_change_no_byte_of_a_lookup(installed: Run, tmp_path: Path) -> None:
    shown = [a_record(f"R{n}", title=f"公路批复{n}") for n in range(15)]
    installed("catalogue", "import", a_file(tmp_path / "shown.jsonl", shown))
    asked = ["公路", "批复", "1970", "公", "0001-1", "结婚登记", "公路 1970"]
    before = [installed("lookup", words, "--json").out for words in asked]
    states: list[Row] = [{"open": 0}, {"open": None}, {"livelihood": 1}]
    hidden = [a_record(f"H{n}", title="公路批复结婚登记") | states[n % 3] for n in range(300)]
    installed("catalogue", "import", a_file(tmp_path / "hidden.jsonl", hidden))
    assert [installed("lookup", words, "--json").out for words in asked] == before


@pytest.mark.parametrize("words", ["公积金" * 2_000, "房 " * 500, "\x01", '" OR 1', "-" * 300])
def test_odd_questions_get_an_answer_or_a_reason(installed: Run, words: str) -> None:
    outcome = installed("lookup", "--json", "--", words)
    assert outcome.code in (0, 1)
    assert "Traceback" not in outcome.err


# -- menu and content -------------------------------------------------------------------------


def test_the_menu_goes_out_once_and_comes_back_the_same(
    run: Run, demo_settings: SettingsFactory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = demo_settings()
    for name, value in settings.environment().items():
        if name.startswith("WX_ARCHIVE_"):
            monkeypatch.setenv(name, value)
    site = tmp_path / "site"
    shutil.copytree(PROJECT / "content", site / "content")
    shutil.copytree(PROJECT / "menus", site / "menus")
    monkeypatch.setenv("WX_ARCHIVE_SITE_DIR", str(site))
    with demo.in_process(settings):
        assert run("menu", "diff", "--json").json == {"same": True, "lines": []}
        menu = site / "menus" / "default.yaml"
        menu.write_text(
            menu.read_text(encoding="utf-8").replace("档案查询", "查档案"), encoding="utf-8"
        )
        assert "+ 服务大厅/查档案" in run("menu", "diff").out
        assert [run("menu", "push", "--json").json["sent"] for _twice in (1, 2)] == [True, False]
        pulled = run("menu", "pull")
        assert pulled.code == 0
        write(menu, pulled.out)
        assert run("menu", "check").code == 0
        assert run("menu", "diff", "--json").json["same"] is True


def test_the_committed_site_is_clean(run: Run) -> None:
    for command in (("check",), ("content", "check")):
        outcome = run(*command, "--json")
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.json["ok"] is True
        assert outcome.json["problems"] == []
        assert outcome.json["counts"]["guides"] >= 5
    assert run("menu", "check").code == 0


@pytest.mark.parametrize("command", [("check",), ("content", "check")])
def test_every_mistake_of_a_site_is_named_at_once(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: tuple[str, ...]
) -> None:
    site = tmp_path / "site"
    shutil.copytree(PROJECT / "content", site / "content")
    write(site / "menus" / "default.yaml", "button:\n  - {name: 甲, key: nobody}\n")
    write(site / "content" / "guides" / "broken.md", "---\nid: broken\n---\n")
    monkeypatch.setenv("WX_ARCHIVE_SITE_DIR", str(site))
    outcome = run(*command, "--json")
    reasons = refused(outcome).splitlines()
    assert outcome.json["ok"] is False
    assert outcome.json["problems"] == reasons
    assert any("default.yaml:2:1:" in line for line in reasons)
    assert any("broken.md:" in line for line in reasons)
