"""The work on uploads: no file harms the worker, none is lost, killed work is done once."""

import gzip
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from tests.builders import a_document, a_record
from tests.catalogue.test_files_sheets import SHEET, a_small_one, repacked, sheet_of
from tests.cataloguing.uploading import (
    an_office,
    as_csv,
    as_lines,
    bring,
    folded,
    kept_files,
    lies_about,
    send,
    states,
    work,
)
from tests.console import Browser, Office
from wx_archive.catalogue.models import Document, ImportBatch, Record
from wx_archive.catalogue.visibility import is_current
from wx_archive.cataloguing import upload_jobs, upload_work
from wx_archive.cataloguing.uploads import CHECK, IMPORT, KEPT
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Job, JobState
from wx_archive.staff.rules import Role

HEAD = ("档号", "题名", "日期", "开放标识", "民生")
ROW = ("9001-1-1", "关于修建青石渡口的批复", "1971-03-02", "开放", "否")
KILLED = """
import os, signal, sys
from wx_archive.cataloguing import upload_jobs, upload_work
from wx_archive.core.jobs import Runner
from wx_archive.core.services import open_services
from wx_archive.core.settings import Settings
from wx_archive.wechat.client import Platform

def die(session, pid, *, done, total):
    if done >= int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)

upload_jobs.STEP_S = 0.0
upload_work.progress = die
settings = Settings.load()
with open_services(settings) as services:
    platform = Platform(settings, services.store, services.database)
    Runner(services.database, upload_jobs.build(services, platform)).run_next()
"""


@pytest.fixture(scope="module")
def still(_demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office for the tests that leave it as it is."""
    with an_office(_demo_data, tmp_path_factory.mktemp("still") / "data") as opened:
        yield opened


@pytest.fixture
def editor(office: Office) -> Browser:
    return office.sits(Role.EDITOR)


def job_of(database: Database, kind: str) -> Job:
    with database.begin() as session:
        return session.scalars(
            select(Job).where(Job.kind == kind).order_by(Job.id.desc()).limit(1)
        ).one()


def orphan(database: Database, kind: str) -> None:
    """Let the lease of a dead worker run out."""
    with database.begin() as session:
        past = clock.now() - timedelta(seconds=1)
        session.execute(update(Job).where(Job.kind == kind).values(lease_until=past))


def due(database: Database, kind: str) -> None:
    """Let what was put back be due at once."""
    with database.begin() as session:
        session.execute(update(Job).where(Job.kind == kind).values(run_after=clock.now()))


def count_of(database: Database, table: type[Document | Record]) -> int:
    statement = select(func.count()).select_from(table).where(is_current(table))
    with database.reads() as connection:
        return connection.execute(statement).scalar_one()


def killed(office: Office, after: int) -> None:
    """Work as a process of its own that is killed once it has come so far."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(after)],
        check=False,
        env=office.settings.environment(),
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == -signal.SIGKILL


def test_a_worker_killed_in_the_middle_of_an_import_is_followed_by_another_that_ends_it_once(
    any_office: Office,
) -> None:
    office, editor, database = any_office, any_office.sits(Role.EDITOR), any_office.database
    before = count_of(database, Record)
    rows = [a_record(f"K{n}", title=f"青石渡口第{n}件") for n in range(2_300)]
    here = bring(office, editor, "渡口.jsonl", as_lines(rows))
    editor.done(f"{here}/import", skipping="0")

    killed(office, after=1_000)
    assert count_of(database, Record) == before  # nothing half-way
    assert lies_about(office) != []
    assert "正在导入" in folded(editor.page(here))
    assert work(office) == 0  # its lease still runs

    orphan(database, IMPORT)
    killed(office, after=2_300)
    orphan(database, IMPORT)
    assert work(office) == 1
    page = folded(editor.page(here))
    assert "读到 新增 更新 没有变化 有误 新公开 2300 2300 0 0 0 2300" in page
    assert count_of(database, Record) == before + 2_300
    assert lies_about(office) == []
    with database.reads() as connection:
        waiting = select(ImportBatch.id).where(ImportBatch.published_at.is_(None))
        assert connection.execute(waiting).all() == []


def test_a_death_between_the_end_and_its_note_does_not_change_what_was_done(
    office: Office, editor: Browser
) -> None:
    here = bring(office, editor, "渡口.csv", as_csv(HEAD, ROW))
    editor.done(f"{here}/import", skipping="0")
    real = upload_work.finish
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upload_work, "finish", lambda *_args, **_kwargs: 1 / 0)
        work(office)
    assert upload_work.finish is real
    due(office.database, IMPORT)
    work(office)
    assert "新公开 1 1 0 0 0 1" in folded(editor.page(here))


def test_a_check_that_was_killed_is_done_again(office: Office, editor: Browser) -> None:
    rows = [a_record(f"K{n}") for n in range(1_200)]
    here = send(editor, "渡口.jsonl", as_lines(rows)).headers["Location"]
    killed(office, after=1_000)
    assert states(office.database) == ["checking"]
    orphan(office.database, CHECK)
    work(office)
    assert "导入全部合格的 1200 行" in folded(editor.page(here))
    assert lies_about(office) == []


def test_a_file_that_ends_every_worker_is_given_up_and_can_be_tried_again(
    office: Office, editor: Browser
) -> None:
    here = send(editor, "渡口.jsonl", as_lines([a_record("K1")])).headers["Location"]
    killed(office, after=1)
    with office.database.begin() as session:  # as after so many deaths
        session.execute(update(Job).where(Job.kind == CHECK).values(attempts=upload_jobs.TRIES))
    orphan(office.database, CHECK)
    work(office)
    page = folded(editor.page(here))
    assert "没能处理完" in page
    assert "再试一次" in page
    assert job_of(office.database, CHECK).state == JobState.DONE
    editor.done(f"{here}/again")
    work(office)
    assert "导入全部合格的 1 行" in folded(editor.page(here))
    assert editor.post(f"{here}/again").status_code == 409


def test_what_fails_on_our_side_is_told_to_staff_until_somebody_looks(
    office: Office, editor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = bring(office, editor, "渡口.csv", as_csv(HEAD, ROW))
    editor.done(f"{here}/import", skipping="0")
    with monkeypatch.context() as patch:
        patch.setattr(upload_jobs, "_read", lambda *_args: 1 / 0)
        for _ in range(upload_jobs.TRIES):
            due(office.database, IMPORT)
            work(office)
    assert states(office.database) == ["failed"]
    assert kept_files(office.database) == 1
    with office.database.reads() as connection:
        from wx_archive.cataloguing.console import uploads_console  # noqa: PLC0415 -- plugs

        (alert,) = uploads_console.alerts(connection, clock.now())
    assert (alert.path, alert.key) == (here, f"upload:{here.rpartition('/')[2]}")
    editor.done(f"{here}/again")
    work(office)
    assert states(office.database) == ["done"]
    with office.database.reads() as connection:
        assert uploads_console.alerts(connection, clock.now()) == []


@pytest.mark.parametrize("kind", [CHECK, IMPORT])
def test_another_import_is_waited_for_and_the_page_says_so(any_office: Office, kind: str) -> None:
    office, editor = any_office, any_office.sits(Role.EDITOR)
    here = send(editor, "渡口.csv", as_csv(HEAD, ROW)).headers["Location"]
    if kind == IMPORT:
        work(office)
        editor.done(f"{here}/import", skipping="0")
    for _ in range(upload_jobs.TRIES + 3):
        with office.database.exclusively("import") as alone:
            assert alone
            due(office.database, kind)
            work(office)
        assert "另一个导入或导出正在进行，等它结束就轮到这份。" in folded(editor.page(here))
    due(office.database, kind)
    work(office)
    assert states(office.database) == ["done" if kind == IMPORT else "checked"]
    assert "另一个导入" not in folded(editor.page(here))


def test_a_file_deleted_before_its_turn_is_not_worked_on(office: Office, editor: Browser) -> None:
    here = send(editor, "渡口.csv", as_csv(HEAD, ROW)).headers["Location"]
    editor.done(f"{here}/drop")
    assert work(office) == 1
    assert states(office.database) == ["dropped"]


def test_files_that_nobody_decides_on_go_after_a_fortnight(office: Office, editor: Browser) -> None:
    here = bring(office, editor, "渡口.csv", as_csv(HEAD, ROW))
    done = bring(office, editor, "另一份.csv", as_csv(HEAD, (*ROW[:1], "青石渡口", *ROW[2:])))
    editor.done(f"{done}/import", skipping="0")
    work(office)
    left = office.settings.data_dir / "uploads" / f"{here.rpartition('/')[2]}-7"
    left.mkdir(parents=True)
    with office.database.begin() as session:
        assert upload_work.tidy(session, now=clock.now() + KEPT - timedelta(minutes=5)) == 0
        assert upload_work.tidy(session, now=clock.now() + KEPT) == 1
    assert states(office.database) == ["dropped", "done"]
    assert kept_files(office.database) == 0
    assert "放了 14 天没有人处理，文件已经删掉" in folded(editor.page(here))
    _Desk = upload_jobs._Desk  # noqa: N806, SLF001 -- what the schedule does beside the database
    _Desk(office.application.services).sweep()
    assert not left.exists()


def _gzip_bomb(_folder: Path) -> bytes:
    return gzip.compress(b"\0" * 100_000_000, 1)


def _sheet_bomb(folder: Path) -> bytes:
    return repacked(a_small_one(folder), {SHEET: sheet_of(" " * 100_000_000)}).read_bytes()


def _laughs(folder: Path) -> bytes:
    text = b'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY a "a">]><sst><si><t>&a;</t></si></sst>'
    return repacked(a_small_one(folder), {"xl/sharedStrings.xml": text}).read_bytes()


def _torn_sheet(folder: Path) -> bytes:
    return a_small_one(folder).read_bytes()[:-200]


HOSTILE: dict[str, tuple[str, bytes | Callable[[Path], bytes], str]] = {
    "a bomb of one gzip": ("a.jsonl.gz", _gzip_bomb, "不像目录|没有空格|16 MB|展开后超过"),
    "a bomb of a sheet": ("a.xlsx", _sheet_bomb, "展开后太大"),
    "entities": ("a.xlsx", _laughs, "XML 实体定义"),
    "a torn sheet": ("a.xlsx", _torn_sheet, "已损坏"),
    "a torn gzip": ("a.csv.gz", gzip.compress(b"x" * 5000)[:-9], "压缩包不完整"),
    "an old workbook": ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "旧格式"),
    "a picture": ("a.csv", b"\x89PNG\r\n\x1a\n", "这是图片"),
    "a web page": ("a.xlsx", b"<!DOCTYPE html><script>alert(1)</script>", "网页或 XML"),
    "no encoding": ("a.csv", "档号,题名\n".encode() + b"\xff\xfe\x81\x00\xff" * 9, "UTF-8|残缺"),
    "half of UTF-16": ("a.csv", "档号,题名".encode("utf-16")[:-1], "残缺|UTF-8"),
    "no header": ("a.csv", b"\xe7\x94\xb2,\xe4\xb9\x99\n1,2\n", "缺：档号"),
    "a list of JSON": ("a.json", b"[\n{}\n]", "JSON 列表"),
    "an open quote": ("a.csv", '档号,题名\n"甲,乙\n'.encode() * 3, "引号没有配对"),
    "nothing but spaces": ("a.csv", b" \r\n" * 400, "是空的"),
    "an endless line": ("a.csv", b"\xe6\xa1\xa3" * 5_800_000, "16 MB|缺：|超过"),
    "a private name": ("../../etc/passwd.csv", b"\x00\x01\x02", "缺：|残缺"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_ends_in_a_sentence_and_harms_nobody(
    still: Office, tmp_path: Path, case: str
) -> None:
    office, editor = still, still.sits(Role.EDITOR)
    name, made, reason = HOSTILE[case]
    content = made if isinstance(made, bytes) else made(tmp_path)
    here = bring(office, editor, name, content)
    page = folded(editor.page(here))
    assert states(office.database)[-1] == "refused", page
    said = page.rpartition(" 读不了 ")[2]
    assert re.search(reason, said), said
    assert str(office.settings.data_dir) not in page
    assert "etc/" not in page
    assert kept_files(office.database) == 0
    assert lies_about(office) == []
    assert job_of(office.database, CHECK).state == JobState.DONE
    # The worker goes on.
    good = bring(office, editor, "好.csv", as_csv(HEAD, ROW))
    assert "导入全部合格的 1 行" in folded(editor.page(good))
    editor.done(f"{good}/drop")


def test_rows_made_to_hurt_are_named_one_by_one(office: Office, editor: Browser) -> None:
    deep = b'{"id":' + b"[" * 3_000 + b"]" * 3_000 + b"}\n"
    lines = [
        b'{"id": "1", "title": "a\\u0000b", "ref_code": "1"}\n',
        b'{"id": "2", "title": "\\ud800", "ref_code": "2"}\n',
        deep,
        b"\xff\xfe\n",
        b'{"id": "4", "ref_code": ' + b"9" * 5_000 + b', "title": "x"}\n',
        as_lines([a_record("H5", title="<script>alert(1)</script>")]),
    ]
    here = bring(office, editor, "a.jsonl", b"".join(lines))
    page = editor.page(here)
    assert "新公开 6 1 0 0 5 1 " in folded(page)
    asked = editor.page(f"{here}/import")
    editor.done(f"{here}/import", skipping=asked.value_of("skipping"))
    work(office)
    assert states(office.database) == ["done"]


def test_a_header_as_long_as_the_file_is_cut_and_inert(office: Office, editor: Browser) -> None:
    header = "<img src=x onerror=alert(1)>" + "长" * 400_000
    here = bring(office, editor, "a.csv", as_csv((*HEAD, header), (*ROW, "")))
    page = editor.page(here)
    assert "<img src=x onerror" in page.text
    assert len(page.text) < 20_000


def test_documents_that_announce_repeals_make_proposals_as_from_the_command_line(
    office: Office, editor: Browser
) -> None:
    rows = [
        a_document("U1", title="青石渡口管理办法", doc_no="兰政发〔2001〕901号"),
        a_document(
            "U2",
            title="青石渡口管理规定",
            date="2019-05-06",
            body="本规定自2019年6月1日起施行，《青石渡口管理办法》（兰政发〔2001〕901号）同时废止。",
        ),
    ]
    here = bring(office, editor, "文.jsonl", as_lines(rows), kind="document", openness="none")
    editor.done(f"{here}/import", skipping="0")
    work(office)
    assert "《青石渡口管理办法》" in editor.page("/console/proposals").text
