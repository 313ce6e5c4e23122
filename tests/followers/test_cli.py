"""`followers export|erase`: one JSON document, a private file, a question before erasing."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import Outcome, refused, run_command
from tests.wechat.deliveries import NOW
from wx_archive.core.database import Database
from wx_archive.followers import consents, interests
from wx_archive.followers import service as followers

Run = Callable[..., Outcome]
PROJECT = Path(__file__).parents[2]


@pytest.fixture
def run(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Run:
    """Run a command in this process on the database, with two followers in it."""
    with database.begin() as session:
        for openid in ("oNoise", "oOne"):
            number = followers.ensure(session, openid, now=NOW)
            interests.toggle(session, number, "history", now=NOW)
            consents.give(session, number, "quiz", version=1, now=NOW)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WX_ARCHIVE_SITE_DIR", str(PROJECT))
    monkeypatch.setenv("WX_ARCHIVE_SECRET_KEY", "a-secret")
    address = database.url.render_as_string(hide_password=False)
    monkeypatch.setenv("WX_ARCHIVE_DATABASE_URL", address)

    def run(*arguments: str | Path, answers: str = "") -> Outcome:
        monkeypatch.setattr("click.termui.visible_prompt_func", lambda _prompt: answers)
        return run_command(monkeypatch, capsys, "followers", *arguments)

    return run


def known(database: Database, openid: str) -> bool:
    with database.reads() as connection:
        return followers.find(connection, openid) is not None


def test_an_export_is_one_json_document_about_one_person(run: Run) -> None:
    outcome = run("export", "oOne", "--json")
    assert outcome.code == 0
    told = outcome.json["资料"]
    assert told["关注者"][0]["微信给的代码"] == "oOne"
    assert told["想收的消息"] == [{"主题": "历史钩沉", "选上的时间": "2026-11-23T10:00:00+08:00"}]
    assert [row["用途"] for row in told["同意记录"]] == ["答题记录"]
    assert "oNoise" not in outcome.out


def test_an_export_can_be_read_by_people(run: Run) -> None:
    outcome = run("export", "oOne")
    assert "想收的消息（1 条）" in outcome.out
    assert "正在关注：是" in outcome.out
    assert "撤回时间：—" in outcome.out


def test_an_export_to_a_file_shows_nothing_and_is_private(run: Run, tmp_path: Path) -> None:
    target, victim = tmp_path / "one.json", tmp_path / "victim"
    victim.write_text("untouched", encoding="utf-8")
    target.symlink_to(victim)
    outcome = run("export", "oOne", "--output", target)
    assert outcome.code == 0
    assert "oOne" not in outcome.out
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert json.loads(target.read_text(encoding="utf-8"))["资料"]["关注者"]
    assert victim.read_text(encoding="utf-8") == "untouched"
    assert sorted(path.name for path in tmp_path.glob("*one*")) == ["one.json"]


def test_a_file_and_a_json_document_can_be_had_at_once(run: Run, tmp_path: Path) -> None:
    outcome = run("export", "oOne", "--json", "--output", tmp_path / "one.json")
    assert outcome.json == json.loads((tmp_path / "one.json").read_text(encoding="utf-8"))


def test_a_file_that_cannot_be_written_is_refused(run: Run, tmp_path: Path) -> None:
    refused(run("export", "oOne", "--output", tmp_path / "nowhere" / "one.json"))


def test_erasing_takes_everything_of_one_person_and_tells_so_the_second_time(
    run: Run, database: Database
) -> None:
    outcome = run("erase", "oOne", "--yes")
    assert outcome.code == 0
    assert "已删除" in outcome.out
    assert not known(database, "oOne")
    assert known(database, "oNoise")
    assert "没有这位关注者" in refused(run("erase", "oOne", "--yes"))
    assert run("export", "oNoise", "--json").json["资料"]["想收的消息"]


def test_erasing_asks_first(run: Run, database: Database) -> None:
    assert run("erase", "oOne", answers="n").code == 1
    assert known(database, "oOne")
    outcome = run("erase", "oOne", answers="y")
    assert outcome.code == 0
    assert not known(database, "oOne")


@pytest.mark.parametrize("command", ["export", "erase"])
def test_somebody_unknown_is_refused_without_being_asked(run: Run, command: str) -> None:
    assert "没有这位关注者" in refused(run(command, "oNobody"))


def test_a_name_is_needed(run: Run) -> None:
    assert run("erase").code == 2
