"""`template` and `export` on the terminal."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import a_document, a_file, a_record
from tests.commands import Outcome, refused, run_command

PROJECT = Path(__file__).parents[2]
Run = Callable[..., Outcome]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    database_url: str,
) -> Run:
    """Run a command in this process, on a fresh installation of either database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WX_ARCHIVE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("WX_ARCHIVE_SITE_DIR", str(PROJECT))
    monkeypatch.setenv("WX_ARCHIVE_DATABASE_URL", database_url)
    monkeypatch.setenv("WX_ARCHIVE_SECRET_KEY", "a-secret")

    def run(*arguments: str | Path) -> Outcome:
        return run_command(monkeypatch, capsys, *arguments)

    return run


def test_a_catalogue_goes_in_comes_out_and_back(run: Run, tmp_path: Path) -> None:
    rows = [a_record("R1"), a_record("R2", open=0, title="不开放的")]
    assert run("catalogue", "import", a_file(tmp_path / "f.jsonl", rows)).code == 0
    outcome = run("catalogue", "export", "公众.csv")
    assert (outcome.code, outcome.out) == (0, "已导出 1 条（公众能看的）到 公众.csv\n")
    outcome = run("catalogue", "export", "全部.xlsx", "--all", "--json")
    assert outcome.json == {"file": "全部.xlsx", "rows": 2, "all": True}
    back = run("catalogue", "import", "全部.xlsx", "--json")
    assert (back.code, back.json["read"], back.json["added"]) == (0, 2, 0)
    with (tmp_path / "公众.csv").open(encoding="utf-8-sig", newline="") as file:
        [row] = csv.DictReader(file)
    assert (row["题名"], row["开放标识"], row["民生"]) == ("关于修建兰水大桥的批复", "开放", "否")


def test_documents_go_out_as_lines_of_json(run: Run, tmp_path: Path) -> None:
    rows = [a_document("D1"), a_document("D2", openness="none")]
    assert run("documents", "import", a_file(tmp_path / "f.jsonl", rows)).code == 0
    assert run("documents", "export", "公众.jsonl").code == 0
    [row] = map(json.loads, (tmp_path / "公众.jsonl").read_text("utf-8").splitlines())
    assert (row["id"], row["openness"]) == ("D1", "full")


@pytest.mark.parametrize("group", ["documents", "catalogue"])
def test_a_template_is_written_once(run: Run, tmp_path: Path, group: str) -> None:
    outcome = run(group, "template", "模板.xlsx")
    assert (outcome.code, (tmp_path / "模板.xlsx").exists()) == (0, True)
    assert "已经有" in refused(run(group, "template", "模板.xlsx"))
    options = ["--openness", "none"] if group == "documents" else []
    outcome = run(group, "import", "模板.xlsx", *options)
    assert "示例行" in outcome.err


def test_a_table_with_mistakes_names_sheet_row_and_header(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "目录.csv"
    path.write_text("档号,题名,密级,民生\n1-1,甲,绝密,否\n1-2,乙,公开,否\n", encoding="gb18030")
    outcome = run("catalogue", "import", path)
    assert f"{path}:2:密级: 有误：涉密不上网" in refused(outcome)
    assert run("catalogue", "import", path, "--skip-bad", "--json").json["added"] == 1


@pytest.mark.parametrize("name", ["f.docx", "没有/f.csv"])
def test_an_export_that_cannot_be_is_refused(run: Run, name: str) -> None:
    run("db", "upgrade")
    refused(run("catalogue", "export", name))


def test_the_sites_rules_decide_where_the_file_does_not_say(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "目录.csv"
    path.write_text(
        "档号,题名,开放标识\n1-1,张三李四结婚登记申请书,开放\n1-2,关于修建兰水大桥的批复,开放\n",
        encoding="utf-8",
    )
    assert run("catalogue", "import", path).code == 0
    assert run("catalogue", "export", "公众.csv", "--json").json["rows"] == 1
    assert run("catalogue", "export", "全部.csv", "--json", "--all").json["rows"] == 2
