"""导出: what the public may see, or everything; noted, fresh, and no lock held meanwhile."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import insert, select, update

from tests.builders import a_document, a_file, a_record
from tests.cataloguing.uploading import an_office, folded
from tests.console import Browser, Office
from wx_archive.catalogue.files import export
from wx_archive.catalogue.service import Importer
from wx_archive.cataloguing.console import downloads
from wx_archive.core import clock, schema
from wx_archive.staff.models import AuditEntry, StaffSession
from wx_archive.staff.rules import Role

FILE = "/console/exports/file"


@pytest.fixture
def stocked(any_office: Office) -> Office:
    """An office with some things that are open and some that are not."""
    importer = Importer(any_office.database, any_office.settings.secret())
    folder = any_office.settings.data_dir
    importer.documents(
        a_file(
            folder / "d.jsonl",
            [
                a_document("E1", title="=HYPERLINK(1)渡口办法"),
                a_document("E2", title="只公开目录的渡口办法", openness="partial", body="秘而不宣"),
                a_document("E3", title="不公开的渡口办法", openness="none", body="秘而不宣"),
            ],
        )
    )
    importer.records(
        a_file(
            folder / "r.jsonl",
            [a_record("E4"), a_record("E5", title="未开放的渡口", open=0, location="三库五列")],
        )
    )
    return any_office


@pytest.fixture(scope="module")
def still(_demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office for the tests that leave it as it is."""
    with an_office(_demo_data, tmp_path_factory.mktemp("still") / "data") as opened:
        yield opened


def download(browser: Browser, **wanted: str) -> bytes:
    """Return the bytes of an export."""
    query = "&".join(f"{name}={value}" for name, value in wanted.items())
    answer = browser.get(f"{FILE}?{query}")
    with closing(answer):
        assert answer.status_code == 200, answer.text
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        return bytes(answer.data)


def notes(office: Office) -> list[tuple[str, str, dict[str, object]]]:
    with office.database.reads() as connection:
        rows = connection.execute(
            select(AuditEntry.actor, AuditEntry.subject, AuditEntry.after)
            .where(AuditEntry.action == "catalogue.export")
            .order_by(AuditEntry.number)
        )
        return [(str(actor), str(subject), json.loads(after)) for actor, subject, after in rows]


def test_the_public_part_holds_what_the_public_may_see_and_formulas_are_text(
    stocked: Office,
) -> None:
    editor = stocked.sits(Role.EDITOR)
    text = download(editor, kind="document", scope="public", format="csv").decode("utf-8-sig")
    assert "秘而不宣" not in text
    assert "不公开的渡口办法" not in text
    titles = [row["题名"] for row in csv.DictReader(io.StringIO(text))]
    assert "'=HYPERLINK(1)渡口办法" in titles
    assert "只公开目录的渡口办法" in titles
    records = download(editor, kind="record", scope="public", format="jsonl").decode()
    assert "未开放的渡口" not in records
    assert "三库五列" not in records
    actor, subject, told = notes(stocked)[0]
    assert (actor, subject) == ("editor", "catalogue:document")
    assert told == {"scope": "public", "format": "csv", "rows": len(titles)}


def test_everything_holds_the_rest_too_and_the_page_says_so(stocked: Office) -> None:
    reviewer = stocked.sits(Role.REVIEWER)
    page = folded(reviewer.page("/console/exports"))
    assert "不公开的文件和它们的正文、没有开放的档案、民生档案的题名、库位和控制说明" in page
    assert "下载全部，连同不公开的" in page
    book = download(reviewer, kind="record", scope="all", format="xlsx")
    with zipfile.ZipFile(io.BytesIO(book)) as package:
        cells = b"".join(package.read(name) for name in package.namelist()).decode(errors="ignore")
    assert "未开放的渡口" in cells
    assert "三库五列" in cells
    assert notes(stocked)[0][2]["scope"] == "all"


def test_a_file_has_a_chinese_name_that_every_browser_understands(still: Office) -> None:
    with closing(still.sits(Role.EDITOR).get(f"{FILE}?kind=record&scope=all&format=csv")) as answer:
        told = answer.headers["Content-Disposition"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.mimetype == "text/csv"
    assert re.fullmatch(r"attachment; filename=[-\w.]+; filename\*=UTF-8''[-%.\w]+", told)
    assert "%E5%85%A8%E9%83%A8" in told


def test_somebody_whose_password_was_long_ago_gives_it_again(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    with office.database.begin() as session:
        session.execute(update(StaffSession).values(confirmed_at=clock.now() - timedelta(hours=1)))
    answer = editor.get(f"{FILE}?kind=record&scope=all&format=csv")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/console/confirm?next=%2Fconsole%2Fexports")
    assert notes(office) == []


@pytest.mark.parametrize(
    "query", ["", "kind=record", "kind=record&scope=all&format=exe", "kind=x&scope=all&format=csv"]
)
def test_an_export_that_there_is_none_of_is_refused(still: Office, query: str) -> None:
    answer = still.sits(Role.EDITOR).get(f"{FILE}?{query}")
    assert answer.status_code == 409
    assert "没有这样的导出" in answer.text
    assert "export" not in answer.headers.get("Content-Disposition", "")


def test_an_export_during_an_import_is_refused_and_not_noted(any_office: Office) -> None:
    with any_office.database.exclusively("import"):
        answer = any_office.sits(Role.EDITOR).get(f"{FILE}?kind=record&scope=all&format=csv")
    assert answer.status_code == 409
    assert "等它结束再导出" in answer.text
    assert notes(any_office) == []


def test_nobody_waits_for_an_export(any_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    database, seen = any_office.database, []
    real = export.Export._rows  # noqa: SLF001 -- to be there while rows are read

    def rows(self: export.Export) -> Iterator[export.Values]:
        with database.begin(within_s=1) as session:
            session.execute(insert(schema.installation).values(name="during", value="done"))
            seen.append(True)
        yield from real(self)

    monkeypatch.setattr(export.Export, "_rows", rows)
    download(any_office.sits(Role.EDITOR), kind="record", scope="public", format="jsonl")
    assert seen == [True]


def test_others_have_no_door_to_exports(still: Office) -> None:
    for role in (Role.DESK, Role.CORRESPONDENT, Role.AUDITOR, Role.ADMIN, Role.PUBLISHER):
        assert still.sits(role).get(f"{FILE}?kind=record&scope=all&format=csv").status_code == 403


def test_no_cell_of_a_small_table_is_a_formula_either() -> None:
    with Flask("test").test_request_context():
        answer = downloads.table("表.csv", ("=1+1",), [("=CMD()", 3), ("-1", "@x")])
        with closing(answer):
            answer.direct_passthrough = False
            rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows == [["'=1+1"], ["'=CMD()", "3"], ["'-1", "'@x"]]
