"""Staff's commands: what they did, in one sentence or one JSON document; refusals with reasons."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import a_document, a_file, a_record
from tests.commands import Outcome, refused, run_command
from wx_archive.catalogue import openings, repeals
from wx_archive.catalogue.service import Importer
from wx_archive.core import clock, schema
from wx_archive.core.database import Database
from wx_archive.core.ids import stable_pid
from wx_archive.core.settings import Settings

Run = Callable[..., Outcome]


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A demo with two documents, a closed file with an item, and two single records."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WX_ARCHIVE_DATA_DIR", str(tmp_path / "data"))
    settings = Settings.for_demo(data_dir=tmp_path / "data")
    database = Database(settings.database)
    schema.upgrade(database)
    schema.mark_demo(database)
    importer = Importer(database, settings.secret())
    importer.records(
        a_file(
            tmp_path / "records.jsonl",
            [
                a_record("file", ref_code="9-1", level="file", open=0, title="案卷"),
                a_record("item", ref_code="9-1-1", parent="9-1", title="文书"),
                a_record("new", open=None, title="没审核的"),
                a_record("private", livelihood=1, title="民生的"),
                a_record("internal", open=0, secrecy="内部", title="内部的"),
            ],
        )
    )
    importer.documents(
        a_file(
            tmp_path / "documents.jsonl",
            [
                a_document("old", title="旧办法"),
                a_document("next", title="新办法", date="2020-01-01", body="《旧办法》同时废止。"),
            ],
        )
    )
    repeals.propose_all(database, now=clock.now())
    openings.make_reviews(database, today=clock.today(), now=clock.now())
    database.dispose()
    return settings


@pytest.fixture
def run(
    archive: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run a command as a shell would; a ``:key`` stands for the public id of a row."""

    def run(*arguments: str) -> Outcome:
        kind = "document" if arguments[0] == "documents" else "record"
        given = [
            stable_pid(kind, each[1:], archive.secret()) if each.startswith(":") else each
            for each in arguments
        ]
        return run_command(monkeypatch, capsys, *given)

    return run


def test_opening_and_closing_say_what_became_of_the_entry(run: Run) -> None:
    assert "可以看到" in run("catalogue", "open", ":new").out
    assert "不再出现" in run("catalogue", "close", ":new", "--reason", "涉及隐私").out
    opened = run("catalogue", "open", ":file")
    assert "1 条一起变动" in opened.out
    closed = run("catalogue", "close", ":file", "--json").json
    assert closed | {"pid": ""} == {
        "kind": "record",
        "pid": "",
        "title": "案卷",
        "listed": False,
        "hindrance": None,
        "below": 1,
    }


def test_what_is_opened_but_not_listed_is_said_so(run: Run) -> None:
    assert "民生" in run("catalogue", "open", ":private").out
    assert "上级" in run("catalogue", "open", ":item").out
    assert run("catalogue", "open", ":private", "--json").json["hindrance"] == "livelihood"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("catalogue", "open", ":nobody"), "没有编号"),
        (("catalogue", "open", ":internal"), "内部"),
        (("catalogue", "close", ":nobody"), "没有编号"),
        (("documents", "withdraw", ":nobody"), "没有编号"),
        (("documents", "restore", ":old"), "没有撤下过"),
        (("documents", "repeal", ":nobody"), "没有编号"),
        (("documents", "accept", "999"), "没有编号 999"),
        (("documents", "reject", "999"), "没有编号 999"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(
    run: Run, arguments: tuple[str, ...], reason: str
) -> None:
    assert reason in refused(run(*arguments))


def test_a_day_that_is_none_is_a_wrong_use(run: Run) -> None:
    assert run("documents", "repeal", ":old", "--on", "2023-13-01").code == 2
    assert run("documents", "accept", "one").code == 2


def test_a_document_is_withdrawn_and_restored(run: Run) -> None:
    assert "不再出现" in run("documents", "withdraw", ":old").out
    assert run("lookup", "旧办法", "--json").json["total"] == 1  # the other one speaks of it
    assert "可以看到" in run("documents", "restore", ":old").out
    assert run("documents", "withdraw", ":old", "--json").json["listed"] is False
    assert run("documents", "restore", ":old", "--json").json["listed"] is True


def test_an_announced_repeal_is_shown_and_decided(run: Run) -> None:
    (proposal,) = run("documents", "proposals", "--json").json
    assert proposal["document"]["title"] == "新办法"
    assert proposal["target"]["title"] == "旧办法"
    assert proposal["sentence"] == "《旧办法》同时废止。"
    assert proposal["repealed_on"] is None
    shown = run("documents", "proposals").out
    assert "《旧办法》没有写明哪天废止" in shown
    assert "共 1 条待确认" in shown
    number = str(proposal["id"])
    assert "--on" in refused(run("documents", "accept", number))
    accepted = run("documents", "accept", number, "--on", "2020-02-01")
    assert accepted.out == "已确认：《旧办法》从 2020-02-01 起废止。\n"
    assert run("documents", "proposals", "--json").json == []
    assert run("documents", "reject", number, "--json").json["state"] == "rejected"
    assert run("documents", "accept", number, "--json").json["repealed_on"] == "2020-02-01"


def test_a_repeal_is_stated_by_hand(run: Run) -> None:
    found = run("lookup", "旧办法", "--json").json["results"]
    assert {result["title"] for result in found} == {"旧办法", "新办法"}
    said = run("documents", "repeal", ":old", "--on", "2021-01-01", "--by", ":next")
    assert said.out == "《旧办法》从 2021-01-01 起废止。\n"
    told = run("documents", "repeal", ":old", "--json").json
    assert told["repealed_on"] == clock.today().isoformat()


def test_what_is_due_for_review_is_listed_and_stays_closed(run: Run) -> None:
    (review,) = run("catalogue", "reviews", "--json").json
    assert (review["title"], review["due_on"]) == ("没审核的", "1995-05-12")
    shown = run("catalogue", "reviews").out
    assert "共 1 条待审核" in shown
    assert "不会自动开放" in shown
    run("catalogue", "open", ":new")
    assert run("catalogue", "reviews", "--json").json == []
