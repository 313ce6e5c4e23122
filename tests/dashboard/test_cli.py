"""`wx-archive figures …`: what the pages show, on the terminal."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import Outcome, refused, run_command
from tests.dashboard.history import a_day
from tests.lookup.asking import TODAY, write
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.dashboard import texts

SHIFT = (TODAY - clock.today()).days
Run = Callable[..., Outcome]


@pytest.fixture
def run(
    database: Database,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run `wx-archive figures ARGUMENTS` where something was looked up today."""
    monkeypatch.setenv("WX_ARCHIVE_DATABASE_URL", database_url)
    monkeypatch.setenv("WX_ARCHIVE_DATA_DIR", str(tmp_path / "data"))
    write(database, a_day(SHIFT))
    return lambda *arguments: run_command(monkeypatch, capsys, "figures", *arguments)


def test_the_dashboard_is_printed_with_its_definitions(run: Run) -> None:
    shown = run("dashboard", "--days", "7").out
    assert "■ 关注者\n  现在关注：0 人" in shown
    assert "  查了：7 次" in shown
    assert "    聊天\t5\t3\t2" in shown
    assert f"（{texts.FOLLOWERS_SAY}）" in shown
    assert "  没有查到：3 次（42%）" in shown


def test_the_dashboard_is_printed_as_json(run: Run) -> None:
    told = run("dashboard", "--days", "1", "--json").json
    assert told["first"] == told["last"] == clock.today().isoformat()
    titles = [panel["title"] for panel in told["panels"]]
    assert titles[0] == texts.FOLLOWERS
    assert titles[-2:] == [texts.JOBS, texts.PLATFORM]


def test_use_is_printed_by_month_with_its_definitions(run: Run) -> None:
    today = clock.today().isoformat()
    shown = run("use", "--from", today).out.splitlines()
    assert shown[0].split("\t")[:3] == ["日期", "微信人次", "微信件次"]
    assert shown[1].split("\t")[1:5] == ["4", "5", "2", "3"]
    assert shown[1].startswith(today[:7])
    assert shown[2].startswith("合计\t4\t5\t2\t3")
    assert shown[4:] == texts.USE_SAYS


def test_use_is_printed_as_json(run: Run) -> None:
    today = clock.today().isoformat()
    (day,) = run("use", "--from", today, "--by", "day", "--json").json
    assert (day["period"], day["is_part"], day["people"], day["items"]) == (today, False, 6, 8)
    assert day["channels"]["h5"] == {"people": 2, "items": 3}
    assert day["channels"]["desk"] == {"people": 0, "items": 0}


def test_use_is_written_to_a_file(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "use.csv"
    done = run("use", "--by", "year", "--output", target)
    assert (done.code, done.out) == (0, "")
    rows = list(csv.reader(target.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[-1][:3] == ["合计", "4", "5"]
    assert run("use", "--output", tmp_path / "use.xlsx").code == 0
    assert (tmp_path / "use.xlsx").read_bytes().startswith(b"PK")
    assert ".csv" in refused(run("use", "--output", tmp_path / "use.txt"))


def test_days_that_cannot_be_are_refused(run: Run) -> None:
    assert "先从后到" in refused(run("use", "--from", "2026-02-03", "--to", "2026-02-01"))
    assert "先从后到" in refused(run("use", "--from", "1999-01-01"))
    assert run("use", "--from", "yesterday").code == 2
