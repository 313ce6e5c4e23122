"""`wx-archive quiz check|import|export|template`: what people and programs read on the terminal."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.commands import Outcome, refused, run_command
from tests.quiz.bank_making import a_folder, a_row, a_table
from wx_archive.core import schema
from wx_archive.core.database import Database
from wx_archive.quiz import bank
from wx_archive.quiz.bank_models import QuestionVersion
from wx_archive.staff.models import AuditEntry

PROJECT = Path(__file__).parents[2]


class Machine:
    """A machine with a database and a site whose bank has one question."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
    ) -> None:
        self.monkeypatch, self.capsys, self.folder = monkeypatch, capsys, folder
        self.site = a_folder(folder)
        for name in ("content", "menus"):
            (self.site / name).symlink_to(PROJECT / name)
        monkeypatch.setenv("WX_ARCHIVE_DATA_DIR", str(folder / "data"))
        monkeypatch.setenv("WX_ARCHIVE_SITE_DIR", str(self.site))
        monkeypatch.setenv("WX_ARCHIVE_PROFILE", "dev")
        (folder / "data").mkdir()
        self.database = Database(f"sqlite:///{folder / 'data' / 'archive.db'}")
        schema.upgrade(self.database)

    def run(self, *arguments: str | Path) -> Outcome:
        return run_command(self.monkeypatch, self.capsys, "quiz", *arguments)

    def imported(self) -> list[str]:
        with self.database.begin() as session:
            return list(session.scalars(select(QuestionVersion.question_id)))

    def audited(self) -> list[tuple[str, str]]:
        with self.database.begin() as session:
            return [(one.action, one.actor) for one in session.scalars(select(AuditEntry))]


@pytest.fixture
def machine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Machine:
    """A machine of its own."""
    return Machine(monkeypatch, capsys, tmp_path)


def test_check_says_where_and_what_and_ends_with_one(machine: Machine) -> None:
    assert "1 个主题，1 道题，没有错误" in machine.run("check").out
    path = machine.site / "quiz_bank" / "things.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("answer: 错", "answer: 也许"))
    bank.of_files.cache_clear()
    said = refused(machine.run("check"))
    assert "things.yaml:8:5: " in said
    assert "判断题的答案写 对 或 错" in said
    told = machine.run("check", "--json")
    assert (told.code, told.json["ok"], len(told.json["problems"])) == (1, False, 1)


def test_check_hints_at_near_duplicates_and_at_answers_that_stand_in_one_place(
    machine: Machine,
) -> None:
    rows = [
        a_row(text=f"{sign * 12}是什么意思？", answer="对")
        for sign in "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"
    ]
    near = a_row(text=f"{'甲' * 11}是什么意思？", answer="错")
    a_folder(machine.folder / "other", *rows, near)
    machine.monkeypatch.setenv("WX_ARCHIVE_SITE_DIR", str(machine.folder / "other" / "site"))
    for name in ("content", "menus"):
        (machine.folder / "other" / "site" / name).symlink_to(PROJECT / name)
    told = machine.run("check", "--json")
    assert told.code == 0, told.err
    hints = told.json["hints"]
    assert any(
        "things-023 与 things-001 相似 " in hint and "things.yaml:" in hint for hint in hints
    )
    assert any("判断题 23 道，22 道的答案是 对" in hint for hint in hints)
    assert machine.run("check").out.count("留意：") == len(hints)


def test_check_of_a_bank_that_is_not_there_is_no_success(machine: Machine) -> None:
    folder = machine.site / "quiz_bank"
    (folder / "things.yaml").unlink()
    for step in ("empty", "missing"):
        bank.of_files.cache_clear()
        said = refused(machine.run("check"))
        assert f"{folder}: 没有题目文件" in said, step
        if folder.exists():
            folder.rmdir()
    told = machine.run("check", "--json")
    assert (told.code, told.json["ok"]) == (1, False)


def test_the_help_says_that_an_import_counts_at_once(machine: Machine) -> None:
    assert "不经第二个人放行" in "".join(machine.run("import", "--help").out.split())


def test_what_is_written_is_said(machine: Machine) -> None:
    path = a_table(machine.folder / "题目.csv", [a_row(text="第一阅览室不用预约。")])
    told = machine.run("import", path, "--json").json
    assert (told["ok"], told["written"], told["ids"]) == (True, True, ["things-002"])


def test_the_check_of_everything_counts_the_bank(machine: Machine) -> None:
    told = run_command(machine.monkeypatch, machine.capsys, "check", "--json")
    assert told.json["counts"]["quiz_bank"] == 1


def test_an_import_is_tried_first_then_done_whole_or_not_at_all(machine: Machine) -> None:
    rows = [a_row(text="第一阅览室不用预约。"), a_row(text="第二陈列厅星期五关门。", answer="也许")]
    path = a_table(machine.folder / "题目.csv", rows, encoding="gb18030")
    outcome = machine.run("import", path, "--json")
    assert outcome.code == 1
    assert (outcome.json["ok"], outcome.json["written"]) == (False, False)
    assert outcome.json["bad"] == [
        {"line": 3, "column": "答案", "reason": "判断题的答案写 对 或 错"}
    ]
    assert f"{path}:3:答案: 有误：判断题的答案写 对 或 错" in outcome.err
    assert "一题也没有导入" in outcome.err
    tried = machine.run("import", path, "--skip-bad", "--dry-run", "--json")
    assert (tried.code, tried.json["ok"], tried.json["written"]) == (0, True, False)
    assert (machine.imported(), machine.audited()) == ([], [])
    done = machine.run("import", path, "--skip-bad")
    assert "已新增 1" in done.out
    assert "不经第二个人放行" in done.out
    assert machine.imported() == ["things-002"]
    ((action, actor),) = machine.audited()
    assert action == "question.import"
    assert actor.startswith("cli:")
    with machine.database.reads() as connection:
        assert "things-002" in bank.effective(machine.site, connection).questions
    again = machine.run("import", path, "--skip-bad", "--json").json
    assert (again["read"], again["added"], again["unchanged"]) == (2, 0, 1)
    assert (again["ok"], again["written"]) == (True, False)
    assert machine.imported() == ["things-002"]


def test_an_export_imports_back_and_is_noted(machine: Machine) -> None:
    for name in ("x.xlsx", "x.csv"):
        assert machine.run("export", machine.folder / name, "--json").json["questions"] == 1
        back = machine.run("import", machine.folder / name, "--json").json
        assert (back["unchanged"], back["added"], back["changed"], back["bad"]) == (1, 0, 0, [])
    assert machine.run("export", machine.folder / "out").code == 0
    assert (machine.folder / "out" / "things.yaml").is_file()
    refused(machine.run("export", machine.folder / "x.yaml"))
    assert [action for action, _actor in machine.audited()] == ["question.export"] * 3


def test_a_template_never_covers_a_file(machine: Machine) -> None:
    path = machine.folder / "t.xlsx"
    assert machine.run("template", path).code == 0
    assert "已经有" in refused(machine.run("template", path))
    assert "要以 .xlsx 结尾" in refused(machine.run("template", machine.folder / "t.csv"))
    told = machine.run("import", path, "--json").json
    assert (told["read"], len(told["warnings"])) == (0, 1)


def test_a_file_that_is_not_there_is_refused(machine: Machine) -> None:
    assert "没有这个文件" in refused(machine.run("import", machine.folder / "x.csv"))
    path = machine.folder / "x.jsonl"
    path.write_text(json.dumps({"id": 1}), encoding="utf-8")
    assert "不是表格" in refused(machine.run("import", path))
    assert "读不到" in refused(machine.run("import", machine.folder / "x.yaml"))
