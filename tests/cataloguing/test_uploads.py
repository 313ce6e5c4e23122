"""Uploads at the console: checked first, shown as a table, imported when somebody says so."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.builders import a_document, a_record
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
from tests.html import read_page
from wx_archive.catalogue import search
from wx_archive.catalogue.query import understand
from wx_archive.core import clock
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.rules import Role

HEAD = ("档号", "题名", "日期", "开放标识", "民生")
GOOD = ("9001-1-1", "关于修建青石渡口的批复", "1971-03-02", "开放", "否")
TWO_BAD = as_csv(
    HEAD,
    GOOD,
    ("", "没有档号的一行", "1971", "开放", "否"),
    ("9001-1-3", "=HYPERLINK(1)", "1971", "敞开", "否"),
    ("9001-1-4", "关于青石渡口用地的函", "1972-05-06", "开放", "否"),
)


def found(office: Office, words: str) -> list[str]:
    """Return the titles that a citizen finds."""
    with office.database.reads() as connection:
        hits = search.search(connection, understand(words), today=clock.today()).hits
    return [hit.title for hit in hits]


def notes(office: Office, action: str) -> list[tuple[str, str]]:
    """Return actor and after of what was written down about an action."""
    with office.database.reads() as connection:
        rows = connection.execute(
            select(AuditEntry.actor, AuditEntry.after)
            .where(AuditEntry.action == action)
            .order_by(AuditEntry.number)
        )
        return [(str(actor), str(after)) for actor, after in rows]


@pytest.fixture(scope="module")
def still(_demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office for the tests that leave it as it is."""
    with an_office(_demo_data, tmp_path_factory.mktemp("still") / "data") as opened:
        yield opened


@pytest.fixture
def editor(office: Office) -> Browser:
    return office.sits(Role.EDITOR)


def test_a_table_with_two_bad_rows_is_looked_at_and_its_good_rows_come_in(
    any_office: Office,
) -> None:
    office, editor = any_office, any_office.sits(Role.EDITOR)
    here = bring(office, editor, "渡口.csv", TWO_BAD)
    page = editor.page(here)
    assert "读到 新增 更新 没有变化 有误 新公开 4 2 0 0 2 2" in folded(page)
    assert "3 档号 不能为空" in folded(page)
    assert "4 开放标识 只能填" in folded(page)
    assert found(office, "青石渡口") == []

    asked = editor.page(f"{here}/import")
    assert asked.headings == ["导入合格的 2 行"]
    assert "跳过 2 行，导入 2 行" in folded(asked)
    editor.done(f"{here}/import", skipping=asked.value_of("skipping"))
    assert "正在导入" in folded(editor.page(here))
    assert work(office) == 1
    assert "已导入" in folded(editor.page(here))
    assert sorted(found(office, "青石渡口")) == ["关于修建青石渡口的批复", "关于青石渡口用地的函"]
    assert kept_files(office.database) == 0
    assert lies_about(office) == []
    ((actor, after),) = notes(office, "upload.import")
    assert actor == "editor"
    assert '"added":2' in after
    assert '"skipped":2' in after


def test_a_clean_file_is_imported_by_the_button_with_its_number(
    office: Office, editor: Browser
) -> None:
    rows = [a_document(f"U{n}", title=f"青石街道门前三包办法{n}") for n in range(3)]
    here = bring(office, editor, "办法.jsonl", as_lines(rows), kind="document", openness="none")
    assert "导入全部合格的 3 行" in folded(editor.page(here))
    editor.done(f"{here}/import", skipping="0")
    work(office)
    assert len(found(office, "青石 门前三包")) == 3


def test_bad_rows_are_skipped_only_by_somebody_who_has_seen_how_many(
    office: Office, editor: Browser
) -> None:
    here = bring(office, editor, "渡口.csv", TWO_BAD)
    for told in ("", "0", "1", "99999999999999999999", "-2", "两"):
        answer = editor.post(f"{here}/import", skipping=told)
        assert answer.status_code == 409, told
        assert "有 2 行有误" in answer.text
    assert states(office.database) == ["checked"]


def test_what_rows_that_do_not_say_become_is_the_uploaders_choice(
    office: Office, editor: Browser
) -> None:
    row = a_document("U1", title="青石街道门前三包办法") | {"openness": ""}
    for openness, listed in (("none", 0), ("partial", 1)):
        name = f"{openness}.jsonl"
        here = bring(office, editor, name, as_lines([row]), kind="document", openness=openness)
        assert f"有误 新公开 1 {1 - listed} {listed} 0 0 {listed}" in folded(editor.page(here))
        editor.done(f"{here}/import", skipping="0")
        work(office)
        assert len(found(office, "青石 门前三包")) == listed


def test_the_same_file_again_has_nothing_to_import(office: Office, editor: Browser) -> None:
    content = as_lines([a_record("U1", title="青石渡口")])
    here = bring(office, editor, "一.jsonl", content)
    editor.done(f"{here}/import", skipping="0")
    work(office)
    here = bring(office, editor, "二.jsonl", content)
    assert "合格的行和馆里的一样，不用导入" in folded(editor.page(here))
    assert editor.post(f"{here}/import", skipping="0").status_code == 409


def test_a_second_click_is_the_same_upload(office: Office, editor: Browser) -> None:
    answers = [send(editor, "渡口.csv", TWO_BAD) for _ in range(3)]
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert states(office.database) == ["received"]
    assert kept_files(office.database) == 1


def test_nobody_fills_the_database_with_files_that_wait(office: Office, editor: Browser) -> None:
    for n in range(10):
        assert send(editor, f"{n}.csv", TWO_BAD + b"\r\n" * n).status_code == 303
    answer = send(editor, "11.csv", TWO_BAD + b"\r\n" * 11)
    assert answer.status_code == 422
    assert "您已有 10 份文件等着处理" in answer.text
    assert len(states(office.database)) == 10


def test_deleting_asks_once_more_and_takes_the_file_away(office: Office, editor: Browser) -> None:
    here = bring(office, editor, "渡口.csv", TWO_BAD)
    assert "原件不动" in folded(editor.page(f"{here}/drop"))
    assert kept_files(office.database) == 1
    listing = editor.done(f"{here}/drop")
    assert "《渡口.csv》已删掉，没有导入。" in folded(listing)
    assert kept_files(office.database) == 0
    assert states(office.database) == ["dropped"]
    assert editor.post(f"{here}/import", skipping="2").status_code == 409
    assert editor.post(f"{here}/drop").status_code == 409
    assert found(office, "青石渡口") == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "请选一份文件"),
        ({"kind": ""}, "请选一样：现行文件，还是档案目录"),
        ({"kind": "treasure"}, "请选一样：现行文件，还是档案目录"),
        ({"kind": "document"}, "请选一样；每一行都写明了的，选“不公开”最稳妥"),
        ({"kind": "document", "openness": "everything"}, "请选一样；每一行都写明了的"),
        ({"content": b""}, "这份文件是空的"),
    ],
)
def test_a_form_that_is_not_filled_in_says_what_is_missing(
    still: Office, fields: dict[str, str | bytes], sentence: str
) -> None:
    editor = still.sits(Role.EDITOR)
    told = {"name": "渡口.csv", "content": TWO_BAD, "kind": "record", "openness": ""} | fields
    answer = send(editor, **told)  # type: ignore[arg-type] # as the case says
    assert answer.status_code == 422
    page = read_page(answer.text)
    page.check_frame()
    assert sentence in folded(page)
    assert states(still.database) == []


def test_a_file_that_is_too_large_is_refused_with_a_sentence(
    office: Office, editor: Browser
) -> None:
    for size in (20 * 1024 * 1024 + 1, 21 * 1024 * 1024):
        answer = send(editor, "大.csv", b"x" * size)
        assert answer.status_code in (413, 422)
        assert "文件超过 20 MB。请压缩成 .gz、分成几份上传" in answer.text
        read_page(answer.text).check_frame()
    assert states(office.database) == []


def test_other_forms_take_no_files(office: Office, editor: Browser) -> None:
    answer = editor.post("/console/synonyms", words="公积金" * 400_000)
    assert answer.status_code == 413
    assert "什么都没有改动" in answer.text
    read_page(answer.text).check_frame()
    stranger = office.stranger()
    assert stranger.post("/console/login", login="x" * 2_000_000).status_code == 413


def test_the_bad_rows_are_downloaded_as_a_table_without_formulas(
    office: Office, editor: Browser
) -> None:
    content = as_csv((*HEAD, "=CMD()"), ("", "甲", "1971", "开放", "否", ""))
    here = bring(office, editor, "表“一”.csv", content)
    answer = editor.get(f"{here}/bad.csv")
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert "filename*=UTF-8''%E8%A1%A8" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows == [["行", "列", "哪里不对、怎么改"], ["2", "档号", "不能为空"]]
    assert "=CMD() 第 6 列没有这一项" in folded(editor.page(here))


def test_many_bad_rows_are_read_page_by_page(office: Office, editor: Browser) -> None:
    rows = [("", f"甲{n}", "1971", "开放", "否") for n in range(620)]
    here = bring(office, editor, "表.csv", as_csv(HEAD, *rows))
    first, second = editor.page(here), editor.page(f"{here}?page=2")
    assert "共 620 行、620 处有误，列出前 500 处" in folded(first)
    assert " 51 档号" in folded(first)
    assert " 52 档号" not in folded(first)
    assert " 52 档号" in folded(second)
    assert f"{here}?page=2" in first.links
    assert {f"{here}?page=1", f"{here}?page=3"} <= set(second.links)
    assert f"{here}?page=11" not in editor.page(f"{here}?page=10").links
    for page in ("0", "-1", "999999999999999999999", "x"):
        editor.page(f"{here}?page={page}")
    assert "没有一行合格" in folded(first)
    assert "导入合格" not in folded(first)


def test_a_page_under_way_looks_again_by_itself_and_that_is_nobodys_doing(
    office: Office, editor: Browser
) -> None:
    here = send(editor, "渡口.csv", TWO_BAD).headers["Location"]
    answer = editor.get(here)
    assert answer.headers["Refresh"] == f"3; url={here}/watch"
    assert editor.get(f"{here}/watch").headers["Refresh"] == f"3; url={here}/watch"
    work(office)
    assert "Refresh" not in editor.get(f"{here}/watch").headers
    assert "Refresh" not in editor.get(here).headers


def test_what_waits_stands_on_the_first_page_of_whoever_uploaded_it(
    office: Office, editor: Browser
) -> None:
    bring(office, editor, "渡口.csv", TWO_BAD)
    assert "1 份上传的文件查好了，等您决定" in folded(editor.page("/console"))
    assert "等您决定" not in folded(office.sits(Role.REVIEWER).page("/console"))


def test_templates_are_workbooks_that_come_back_in(office: Office, editor: Browser) -> None:
    for kind in ("document", "record"):
        answer = editor.get(f"/console/uploads/template/{kind}")
        assert answer.data[:2] == b"PK"
        assert ".xlsx" in answer.headers["Content-Disposition"]
        here = bring(office, editor, "模板.xlsx", answer.data, kind=kind, openness="none")
        assert "这是模板里的示例行，没有导入" in folded(editor.page(here))
    assert editor.get("/console/uploads/template/treasure").status_code == 404


def test_an_upload_that_is_not_there_is_not_there(editor: Browser) -> None:
    for path in ("", "/watch", "/bad.csv", "/import", "/drop"):
        assert editor.get(f"/console/uploads/{'0' * 26}{path}").status_code == 404, path
    for path in ("/import", "/drop", "/again"):
        assert editor.post(f"/console/uploads/{'0' * 26}{path}").status_code == 409, path


def test_the_list_turns_its_pages(editor: Browser) -> None:
    for n in range(31):
        here = send(editor, f"第{n}份.csv", TWO_BAD + b"\r\n" * n).headers["Location"]
        editor.done(f"{here}/drop")
    first = editor.page("/console/uploads")
    (older,) = [link for link in first.links if "before=" in link]
    second = editor.page(older)
    assert "第30份.csv" in first.text
    assert "第0份.csv" not in first.text
    assert "第0份.csv" in second.text
    for told in ("x", "-1", "9" * 30):
        editor.page(f"/console/uploads?before={told}")
