"""The auditor's pages: the log as it is read, checked and handed out, by the auditor alone."""

import csv
import hashlib
import io
import json
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from tests.console import Office
from tests.html import read_page
from wx_archive.core import clock
from wx_archive.staff import anchors, audit, audit_pages
from wx_archive.staff.audit import Note
from wx_archive.staff.models import AuditEntry, StaffSession
from wx_archive.staff.rules import Role


def note(office: Office, action: str, subject: str = "record:R1", **after: object) -> int:
    with office.database.begin() as session:
        done = Note(action, subject, {"state": "旧"}, after)
        return audit.append(session, done, actor="editor", address="10.0.0.7", now=clock.now())


def count(office: Office) -> int:
    with office.database.reads() as connection:
        return len(connection.execute(select(AuditEntry.number)).all())


def untied(office: Office) -> None:
    """Let rows be changed, as somebody with the database's own password can."""
    with office.database.engine.begin() as connection:
        if office.database.is_sqlite:
            connection.execute(text("DROP TRIGGER audit_entry_no_update"))
        else:
            connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER USER"))


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUDITOR])
def test_nobody_but_the_auditor_sees_the_log(office: Office, role: Role) -> None:
    number = note(office, "record.open")
    browser = office.sits(role)
    for path in ("/console/audit", f"/console/audit/{number}", "/console/audit/export"):
        assert browser.get(path).status_code == 403, path
    assert browser.post("/console/audit/check").status_code == 403
    assert "审计记录" not in browser.get("/console").text


def test_the_auditor_reads_what_was_done_in_chinese(any_office: Office) -> None:
    note(any_office, "record.open", reason="满25年")
    note(any_office, "something.new")
    auditor = any_office.sits(Role.AUDITOR)
    page = auditor.page("/console/audit")
    assert "开放档案" in page.text
    assert "something.new" in page.text
    assert page.text.index("something.new") < page.text.rindex("开放档案")
    assert "/console/audit" in auditor.page("/console").links


def test_a_row_shows_what_was_before_and_after(office: Office) -> None:
    number = note(office, "record.open", state="开放", reason="满25年", listed=True, below=3)
    page = office.sits(Role.AUDITOR).page(f"/console/audit/{number}")
    for words in ("开放档案", "旧", "满25年", "公众能查到", "是", "10.0.0.7", "档案 R1"):
        assert words in page.text, words


@pytest.mark.parametrize("path", ["999999", "0", str(2**63), str(2**90)])
def test_a_row_that_is_not_there_is_a_missing_page(office: Office, path: str) -> None:
    answer = office.sits(Role.AUDITOR).get(f"/console/audit/{path}")
    assert answer.status_code == 404
    assert "没有这一页" in read_page(answer.text).text


def test_rows_are_filtered_and_the_filter_stays(office: Office) -> None:
    note(office, "record.open", "record:AAA")
    note(office, "record.close", "record:BBB")
    auditor = office.sits(Role.AUDITOR)
    page = auditor.page("/console/audit?action=record.close&subject=record:B")
    assert "BBB" in page.text
    assert "AAA" not in page.text
    assert page.value_of("subject") == "record:B"
    today, later = clock.today(), clock.today() + timedelta(days=1)
    assert "BBB" in auditor.page(f"/console/audit?actor=editor&first={today}&last={today}").text
    assert "没有符合的记录" in auditor.page(f"/console/audit?first={later}").text


@pytest.mark.parametrize(
    "query",
    [
        "first=2026-02-30",
        "first=2026-03-02&last=2026-03-01",
        "actor=nobody",
        "action=nothing",
        "subject=" + "x" * 200,
    ],
)
def test_a_filter_that_makes_no_sense_is_told_beside_its_field(office: Office, query: str) -> None:
    answer = office.sits(Role.AUDITOR).get(f"/console/audit?{query}")
    assert answer.status_code == 422
    read_page(answer.text).check_frame()
    assert 'class="error"' in answer.text


def test_pages_of_the_list_turn(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_pages, "SIZE", 2)
    first = note(office, "record.open", "record:AAA")
    for name in "BCDE":
        note(office, "record.open", f"record:{name}{name}{name}")
    auditor = office.sits(Role.AUDITOR)
    address = "/console/audit?subject=record:"
    seen = []
    for _page in range(3):
        page = auditor.page(address)
        seen += [name for name in "EDCBA" if name * 3 in page.text]
        onward = [link for link in page.links if "below=" in link]
        address = onward[0] if onward else ""
    assert seen == list("EDCBA")
    assert address == ""
    back = auditor.page(f"/console/audit?subject=record:&below={first + 1}")
    assert "above=" in str(back.links)


@pytest.mark.parametrize("place", ["below=x", "above=-1", "below=" + "9" * 50, "below=٣"])
def test_a_place_that_is_none_is_the_newest_page(office: Office, place: str) -> None:
    note(office, "record.open", "record:AAA")
    assert "AAA" in office.sits(Role.AUDITOR).page(f"/console/audit?{place}").text


def test_a_check_says_that_all_is_well_and_is_noted(any_office: Office) -> None:
    number = note(any_office, "record.open")
    anchors.add(any_office.database, anchors.path_of(any_office.settings), today=clock.today())
    auditor = any_office.sits(Role.AUDITOR)
    answer = auditor.post("/console/audit/check")
    assert answer.status_code == 200
    page = read_page(answer.text)
    page.check_frame()
    assert f"到第 {number} 行，首尾相连，没有改动" in page.text
    assert "1 个" in page.text
    assert "核对审计记录" in auditor.page("/console/audit").text


def test_a_check_names_the_row_that_was_changed(office: Office) -> None:
    number = note(office, "record.open")
    note(office, "record.close")
    untied(office)
    with office.database.engine.begin() as connection:
        connection.execute(
            update(AuditEntry).where(AuditEntry.number == number).values(actor="somebody")
        )
    answer = office.sits(Role.AUDITOR).post("/console/audit/check")
    assert answer.status_code == 200
    assert f"第 {number} 行的内容被改过" in read_page(answer.text).text
    assert 'role="alert"' in answer.text


def test_a_check_tells_of_a_file_of_anchors_that_somebody_wrote_into(office: Office) -> None:
    note(office, "record.open")
    anchors.path_of(office.settings).write_text("nonsense\n")
    answer = office.sits(Role.AUDITOR).post("/console/audit/check")
    assert "锚文件被人改过" in read_page(answer.text).text


def test_a_check_reads_no_more_than_its_share(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_pages, "CHECKED", 2)
    last = [note(office, "record.open") for _each in range(5)][-1]
    answer = office.sits(Role.AUDITOR).post("/console/audit/check")
    assert f"第 {last - 1} 行到第 {last} 行" in read_page(answer.text).text


def test_the_file_for_a_spreadsheet_is_readable_and_harmless(office: Office) -> None:
    note(office, "record.open", "=cmd|'/c calc'!A1", reason='说"好"，\n就开')
    auditor = office.sits(Role.AUDITOR)
    with auditor.get("/console/audit/export?format=csv") as answer:
        assert answer.status_code == 200
        assert answer.mimetype == "text/csv"
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert rows[0][:4] == ["编号", "时间（北京）", "谁", "从哪里"]
    row = next(row for row in rows if row[5] == "record.open")
    assert row[4] == "开放档案"
    assert row[6] == "'=cmd|'/c calc'!A1"
    assert json.loads(row[8]) == {"reason": '说"好"，\n就开'}
    assert "导出审计记录" in auditor.page("/console/audit").text


def test_the_file_for_a_check_has_what_every_hash_is_made_of(any_office: Office) -> None:
    note(any_office, "record.open", reason="满25年")
    note(any_office, "record.close")
    with any_office.sits(Role.AUDITOR).get("/console/audit/export?format=jsonl") as answer:
        lines = answer.get_data().decode().splitlines()
    previous = audit.ROOT
    for line in lines:
        told = json.loads(line)
        said = [
            previous,
            str(told["number"]),
            told["at"],
            *(told[name] for name in ("actor", "address", "action", "subject")),
            told["before"],
            told["after"],
        ]
        sealed = hashlib.sha256(audit.canonical(said).encode()).hexdigest()
        assert told["hash"] == sealed
        previous = sealed


def test_an_export_keeps_to_its_days(office: Office) -> None:
    note(office, "record.open")
    later = clock.today() + timedelta(days=1)
    auditor = office.sits(Role.AUDITOR)
    with auditor.get(f"/console/audit/export?format=jsonl&first={later}") as answer:
        assert answer.get_data() == b""
    before = count(office)
    answer = auditor.get(f"/console/audit/export?first={later}&last={clock.today()}")
    assert answer.status_code == 422
    read_page(answer.text).check_frame()
    assert count(office) == before


def test_an_export_asks_for_the_password_again(office: Office) -> None:
    auditor = office.sits(Role.AUDITOR)
    with office.database.begin() as session:
        long_ago = clock.now() - timedelta(hours=1)
        session.execute(update(StaffSession).values(confirmed_at=long_ago))
    before = count(office)
    answer = auditor.get("/console/audit/export?format=csv")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/console/confirm?next=%2Fconsole%2Faudit")
    assert count(office) == before


def test_the_auditor_is_told_when_the_end_does_not_fit(office: Office) -> None:
    alerts = audit_pages.AUDIT.alerts
    assert alerts is not None
    note(office, "record.open")
    with office.database.reads() as connection:
        assert alerts(connection, clock.now()) == ()
    with office.database.engine.begin() as connection:
        connection.execute(text("UPDATE audit_head SET number = number + 1"))
    with office.database.reads() as connection:
        [alert] = alerts(connection, clock.now())
    assert alert.key == "audit.end"
