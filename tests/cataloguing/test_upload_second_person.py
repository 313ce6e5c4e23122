"""What an upload shows the public more: counted, and imported by another person where wanted."""

import json
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.builders import SECRET, Row, a_document, a_file, a_record
from tests.cataloguing.uploading import as_lines, bring, folded, kept_files, states, work
from tests.conftest import PROJECT, SettingsFactory, closing_office
from tests.console import Office
from wx_archive.catalogue import decisions
from wx_archive.catalogue.models import Record
from wx_archive.catalogue.rules import Disclosure, Kind
from wx_archive.catalogue.service import Importer
from wx_archive.cataloguing import uploads
from wx_archive.cataloguing.upload_openings import Openings
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.ids import stable_pid
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.rules import Person, Role, SamePersonError

TODAY = date(2026, 11, 23)
TOMORROW = (TODAY + timedelta(days=1)).isoformat()


@pytest.fixture
def careful(demo_settings: SettingsFactory, tmp_path: Path) -> Iterator[Office]:
    """An office that wants a second person for what is shown to the public."""
    site = tmp_path / "site"
    for name in ("content", "menus", "quiz_bank"):
        shutil.copytree(PROJECT / name, site / name)
    path = site / "content" / "site.yaml"
    before = path.read_text(encoding="utf-8")
    after = before.replace("import_needs_second_person: false", "import_needs_second_person: true")
    assert before != after
    path.write_text(after, encoding="utf-8")
    with closing_office(demo_settings(site_dir=site)) as office:
        yield office


def opens(database: Database, folder: Path, rows: list[Row], kind: Kind = Kind.RECORD) -> int:
    """Return how many rows would show the public more."""
    path = a_file(folder / "new.jsonl", rows)
    return Openings(database, Disclosure.NONE, None, TODAY).count(path, kind)


def take_in(database: Database, folder: Path, rows: list[Row], kind: Kind = Kind.RECORD) -> None:
    path = a_file(folder / "old.jsonl", rows)
    importer = Importer(database, SECRET, openness=Disclosure.NONE)
    if kind is Kind.RECORD:
        importer.records(path)
    else:
        importer.documents(path)


def a_record_that(**changes: object) -> Row:
    """Return a record that says how open it is in words."""
    row = a_record("R1") | changes
    return {name: value for name, value in row.items() if value is not None}


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        (None, {}, 1),
        (None, {"open": 0}, 0),
        (None, {"open": None}, 0),
        (None, {"livelihood": 1}, 0),
        (None, {"open": None, "openness": "未审核"}, 0),
        (None, {"open": None, "openness": "延期开放", "open_on": TOMORROW}, 1),
        (None, {"open": 0, "secrecy": "内部"}, 0),
        ({}, {}, 0),
        ({}, {"title": "改了题名"}, 0),
        ({}, {"open": 0}, 0),
        ({"open": 0}, {}, 1),
        ({"open": 0}, {"open": 0, "title": "改了题名"}, 0),
        ({"livelihood": 1}, {}, 1),
        ({"open": 0, "secrecy": "内部"}, {}, 1),
        ({"open_on": "2040-01-01"}, {}, 1),
        ({"open_on": "2040-01-01"}, {"open_on": "2039-01-01"}, 1),
        ({"open_on": "2040-01-01"}, {"open_on": "2041-01-01"}, 0),
        ({"open_on": "2020-01-01"}, {}, 0),
        ({"open": None, "openness": "延期开放", "open_on": "2020-01-01"}, {}, 0),
        ({"open": 0, "level": "file"}, {"open": None, "level": "file"}, 1),
        ({"open": 0, "level": "item"}, {"open": None, "level": "item"}, 0),
    ],
)
def test_a_record_counts_where_the_public_would_see_what_it_does_not_see_now(
    sqlite_url: str, tmp_path: Path, before: Row | None, after: Row, count: int
) -> None:
    database = Database(sqlite_url)
    if before is not None:
        take_in(database, tmp_path, [a_record_that(**before)])
    assert opens(database, tmp_path, [a_record_that(**after)]) == count
    database.dispose()


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        (None, "full", 1),
        (None, "partial", 1),
        (None, "none", 0),
        (None, "", 0),
        ("none", "partial", 1),
        ("partial", "full", 1),
        ("full", "partial", 0),
        ("full", "full", 0),
        ("none", "", 0),
    ],
)
def test_a_document_counts_where_more_of_it_would_be_open(
    sqlite_url: str, tmp_path: Path, before: str | None, after: str, count: int
) -> None:
    database = Database(sqlite_url)
    if before is not None:
        take_in(database, tmp_path, [a_document("D1", openness=before)], Kind.DOCUMENT)
    rows = [a_document("D1", openness=after, title="新题名")]
    assert opens(database, tmp_path, rows, Kind.DOCUMENT) == count
    database.dispose()


def test_what_staff_have_closed_stays_closed_and_does_not_count(
    database: Database, tmp_path: Path
) -> None:
    take_in(database, tmp_path, [a_record("R1"), a_record("R2", open=0)])
    pid = stable_pid(Kind.RECORD.value, "R1", SECRET)
    with database.begin() as session:
        decisions.close_record(session, pid, reason="复核", now=clock.now(), today=TODAY)
    again = [a_record("R1", title="改了题名"), a_record("R2"), a_record("R3")]
    assert opens(database, tmp_path, again) == 2
    take_in(database, tmp_path, again)
    with database.reads() as connection:
        kept = connection.execute(
            select(Record.openness).where(Record.pid == pid, ~Record.is_superseded)
        )
        assert kept.scalars().all() == ["controlled"]


def test_what_leaves_a_closed_file_counts(database: Database, tmp_path: Path) -> None:
    above = a_record("F1", ref_code="F1", level="file", open=0)
    below = a_record("R1", parent="F1")
    take_in(database, tmp_path, [above, below])
    assert opens(database, tmp_path, [a_record("R1", parent="F1", title="改了题名")]) == 0
    assert opens(database, tmp_path, [a_record("R1", parent="")]) == 1


def test_what_shows_the_public_more_is_imported_by_another_person(careful: Office) -> None:
    editor, reviewer = careful.sits(Role.EDITOR), careful.sits(Role.REVIEWER)
    rows = [a_record("S1", title="青石渡口"), a_record("S2", title="青石桥", open=0)]
    here = bring(careful, editor, "渡口.jsonl", as_lines(rows))
    assert "其中 1 行会让公众看到以前看不到的内容，要由另一个人放行。" in folded(editor.page(here))
    assert reviewer.post(f"{here}/release").status_code == 409  # nobody has asked for it yet
    editor.done(f"{here}/import", skipping="0")
    assert states(careful.database) == ["proposed"]
    assert work(careful) == 0

    assert editor.post(f"{here}/release").status_code == 403
    assert editor.post(f"{here}/import", skipping="0").status_code == 409
    assert "份导入等您放行" not in folded(editor.page("/console"))
    assert "1 份导入等您放行" in folded(reviewer.page("/console"))
    assert here in reviewer.page("/console/uploads").links
    assert "放行，导入合格的 2 行" in folded(reviewer.page(here))
    reviewer.done(f"{here}/release")
    work(careful)
    assert states(careful.database) == ["done"]
    with careful.database.reads() as connection:
        actors = connection.execute(
            select(AuditEntry.action, AuditEntry.actor, AuditEntry.after)
            .where(AuditEntry.action.like("upload.%"))
            .order_by(AuditEntry.number)
        ).all()
    assert [(action, actor) for action, actor, _after in actors] == [
        ("upload.receive", "editor"),
        ("upload.propose", "editor"),
        ("upload.release", "reviewer"),
    ]
    assert json.loads(actors[2][2])["made_by"] == "editor"


def test_what_shows_nothing_more_is_imported_alone(careful: Office) -> None:
    editor = careful.sits(Role.EDITOR)
    here = bring(careful, editor, "渡口.jsonl", as_lines([a_record("S1", open=0)]))
    assert "另一个人" not in folded(editor.page(here))
    editor.done(f"{here}/import", skipping="0")
    work(careful)
    assert states(careful.database) == ["done"]


def test_a_second_person_sends_back_with_a_reason(careful: Office) -> None:
    editor, reviewer = careful.sits(Role.EDITOR), careful.sits(Role.REVIEWER)
    here = bring(careful, editor, "渡口.jsonl", as_lines([a_record("S1")]))
    editor.done(f"{here}/import", skipping="0")
    answer = reviewer.post(f"{here}/return", reason="  ")
    assert answer.status_code == 422
    assert "请写一句原因" in answer.text
    assert states(careful.database) == ["proposed"]
    reviewer.done(f"{here}/return", reason="题名里有私人姓名")
    assert "退回：题名里有私人姓名" in folded(editor.page(here))
    editor.done(f"{here}/import", skipping="0")
    editor.done(f"{here}/drop")
    assert reviewer.post(f"{here}/release").status_code == 409
    assert kept_files(careful.database) == 0


def test_nobody_releases_their_own_upload_whatever_their_roles(careful: Office) -> None:
    editor = careful.sits(Role.EDITOR)
    here = bring(careful, editor, "渡口.jsonl", as_lines([a_record("S1")]))
    pid = here.rpartition("/")[2]
    both = frozenset({Role.EDITOR, Role.REVIEWER})
    own, other = Person(1, "editor", "甲", both), Person(2, "other", "乙", both)
    now = clock.now()
    with careful.database.begin() as session:
        state = uploads.start(session, pid, person=own, skipping=0, rule=True, now=now)
        assert state == "proposed"
        with pytest.raises(SamePersonError):
            uploads.release(session, pid, person=own, now=now)
        uploads.send_back(session, pid, reason="再看看")
        state = uploads.start(session, pid, person=other, skipping=0, rule=True, now=now)
        assert state == "importing"


def test_what_would_open_only_since_the_check_is_given_back(careful: Office) -> None:
    editor = careful.sits(Role.EDITOR)
    database, settings = careful.database, careful.settings
    importer = Importer(database, settings.secret())
    folder = settings.data_dir
    importer.records(a_file(folder / "open.jsonl", [a_record("S1")]))
    here = bring(careful, editor, "渡口.jsonl", as_lines([a_record("S1", title="改了题名")]))
    editor.done(f"{here}/import", skipping="0")
    assert states(database) == ["importing"]
    importer.records(a_file(folder / "closed.jsonl", [a_record("S1", open=0)]))
    work(careful)
    assert states(database) == ["checked"]
    page = folded(editor.page(here))
    assert "检查之后馆里的目录变过，现在有 1 行会让公众看到以前看不到的内容" in page
    editor.done(f"{here}/import", skipping="0")
    assert states(database) == ["proposed"]
