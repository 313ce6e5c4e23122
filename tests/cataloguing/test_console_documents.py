"""The catalogue's desk: looking, editing, relating, closing; what each page says and refuses."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.builders import a_document, a_file, a_record
from tests.console import Browser, Office
from tests.html import Page, read_page
from wx_archive.catalogue import openings, search
from wx_archive.catalogue.models import Document, Record
from wx_archive.catalogue.query import understand
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.service import Importer
from wx_archive.core import clock
from wx_archive.core.ids import stable_pid
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.rules import Role

DOCUMENT = "/console/documents/"
RECORD = "/console/records/"
XSS = "<script>window.ran=1</script>\"'><img src=x onerror=alert(1)>"


@dataclass
class Desk:
    """An editor's browser, and what the public finds."""

    office: Office
    editor: Browser

    def pid(self, key: str = "own", kind: str = "document") -> str:
        """Return the public id of one of our entries."""
        return stable_pid(kind, key, self.office.settings.secret())

    def record(self, key: str) -> str:
        """Return that of a record."""
        return self.pid(key, "record")

    def seen(self, path: str) -> str:
        """Return the fingerprint that the form of a page carries."""
        return self.editor.page(path).value_of("seen")

    def found(self, words: str) -> list[str]:
        with self.office.database.reads() as connection:
            hits = search.search(connection, understand(words), today=clock.today(), limit=50).hits
        return [hit.title for hit in hits]

    def notes(self, pid: str) -> list[tuple[str, str, str]]:
        """Return what the audit log says was done to an entry."""
        with self.office.database.reads() as connection:
            rows = connection.execute(
                select(AuditEntry.action, AuditEntry.actor, AuditEntry.after)
                .where(AuditEntry.subject.endswith(pid))
                .order_by(AuditEntry.number)
            )
            return [(row.action, row.actor, row.after) for row in rows]

    def saves(self, pid: str, base: str = DOCUMENT, **fields: str) -> Page:
        """Edit an entry as a person does: the form, the changes, and saving them."""
        path = f"{base}{pid}/edit"
        seen = self.seen(path)
        diff = read_page(self.editor.post(path, seen=seen, **fields).text)
        assert diff.headings == ["改动前后"], diff.text
        return self.editor.done(path, seen=diff.value_of("seen"), confirmed="1", **fields)


@pytest.fixture
def desk(any_office: Office, tmp_path: Path) -> Desk:
    """The desk on SQLite, and on PostgreSQL and Redis."""
    return a_desk(any_office, tmp_path)


@pytest.fixture
def small_desk(office: Office, tmp_path: Path) -> Desk:
    """The desk on SQLite, for what no database decides."""
    return a_desk(office, tmp_path)


def a_desk(office: Office, folder: Path) -> Desk:
    """Return the desk, with entries of every kind beside the demo's, which are all public."""
    importer = Importer(office.database, office.settings.secret())
    documents = [
        a_document("own", title="兰台市渡槽养护办法"),
        a_document("other", title="兰台市渡槽管理条例", doc_no="兰政发〔2019〕77号"),
        a_document("partial", title="兰台市渡槽收费办法", openness="partial"),
    ]
    records = [
        a_record("old1", open=None, title="关于渡槽塌方的报告"),
        a_record("old2", open=None, title="关于渡槽重建的请示"),
        a_record("closed", open=0, title="关于渡槽事故的处分"),
        a_record("life", livelihood=1, title="渡槽民工名册"),
        a_record("shown", title="关于修建渡槽的批复"),
    ]
    importer.documents(a_file(folder / "documents.jsonl", documents))
    importer.records(a_file(folder / "records.jsonl", records))
    openings.make_reviews(office.database, today=clock.today(), now=clock.now())
    return Desk(office, office.sits(Role.EDITOR))


def words_of(answer: TestResponse, status: int) -> str:
    """Return what a refusal says; it is a whole page all the same."""
    assert answer.status_code == status, answer.status
    page = read_page(answer.text)
    page.check_frame()
    return page.text


def test_the_list_holds_hidden_entries_and_says_why(desk: Desk) -> None:
    pid = desk.record("closed")
    page = desk.editor.page(f"/console/documents?q={pid}")
    assert f"{RECORD}{pid}" in page.links
    assert "查不到：" in page.text
    assert "控制使用" in page.text
    public = desk.editor.page("/console/documents?kind=record&public=yes&state=open")
    assert "查不到：" not in public.text
    for asked in ("only=edited", "only=waiting", "only=livelihood", "validity=已废止", "q=%00x"):
        desk.editor.page(f"/console/documents?{asked}")


def test_every_kind_of_entry_has_a_page_that_says_what_the_public_sees(desk: Desk) -> None:
    for key, why in (
        ("shown", ""),
        ("closed", "控制使用"),
        ("old1", "还没有做过开放审核"),
        ("life", "是民生档案：开放与否都不列出"),
    ):
        pid = desk.record(key)
        page = desk.editor.page(f"{RECORD}{pid}")
        assert (f"/h5/records/{pid}" in page.links) == (key == "shown"), key
        assert ("查不到" in page.text) == (key != "shown")
        assert why in page.text
    shown = desk.pid()
    assert f"/h5/documents/{shown}" in desk.editor.page(f"{DOCUMENT}{shown}").links
    for path in (f"{DOCUMENT}nobody", f"{RECORD}{'0' * 26}", f"{RECORD}{shown}"):
        assert desk.editor.get(path).status_code == 404, path


def test_only_the_desk_for_requests_is_pointed_to_them(small_desk: Desk) -> None:
    pid = small_desk.pid()
    link = f"/console/enquiries?about={pid}"
    assert link not in small_desk.editor.page(f"{DOCUMENT}{pid}").links
    at_the_desk = small_desk.office.sits(Role.DESK).page(f"{DOCUMENT}{pid}")
    assert link in at_the_desk.links
    assert f"{DOCUMENT}{pid}/edit" not in at_the_desk.links


def test_an_edit_is_looked_at_saved_noted_and_public(desk: Desk) -> None:
    pid = desk.pid()
    page = desk.saves(pid, title="兰台市猫狗管理办法", body="第一条 猫狗都要登记。\r\n第二条 完。")
    assert page.headings == ["兰台市猫狗管理办法"]
    assert "公众现在看到的就是改过的" in page.text
    assert desk.found("猫狗都要登记") == ["兰台市猫狗管理办法"]
    (note,) = desk.notes(pid)
    assert note[:2] == ("document.edit", "editor")
    assert '"title":"兰台市猫狗管理办法"' in note[2]
    assert "编辑小陈 改动内容：题名、正文" in " ".join(page.text.split())
    assert pid in desk.editor.get("/console/documents?only=edited").text


def test_looking_at_the_changes_saves_nothing(small_desk: Desk) -> None:
    pid = small_desk.pid()
    path = f"{DOCUMENT}{pid}/edit"
    seen = small_desk.seen(path)
    diff = small_desk.editor.post(path, seen=seen, title="没有存的题名")
    assert diff.status_code == 200
    again = small_desk.editor.post(path, seen=seen, title="没有存的题名", again="1")
    assert read_page(again.text).value_of("title") == "没有存的题名"
    assert small_desk.notes(pid) == []
    assert small_desk.found("没有存的题名") == []


def test_mistakes_stand_beside_their_fields_and_what_was_typed_stays(small_desk: Desk) -> None:
    path = f"{DOCUMENT}{small_desk.pid()}/edit"
    answer = small_desk.editor.post(
        path, seen=small_desk.seen(path), title="", date="某年", issuer="新机关"
    )
    said = words_of(answer, 422)
    assert "不能为空" in said
    page = read_page(answer.text)
    assert (page.value_of("issuer"), page.value_of("date")) == ("新机关", "某年")
    same = small_desk.editor.post(path, seen=small_desk.seen(path))
    assert "没有改动" in words_of(same, 422)


def test_who_looked_at_an_older_state_is_shown_the_newer_one(small_desk: Desk) -> None:
    pid = small_desk.pid()
    path = f"{DOCUMENT}{pid}/edit"
    seen = small_desk.seen(path)
    small_desk.saves(pid, issuer="第一个人写的机关")
    answer = small_desk.editor.post(path, seen=seen, title="第二个人的题名", confirmed="1")
    assert "刚被别人改过" in words_of(answer, 409)
    assert read_page(answer.text).value_of("title") == "第二个人的题名"
    assert small_desk.found("第二个人的题名") == []


def test_a_field_that_would_show_more_is_not_in_the_form_and_not_taken(small_desk: Desk) -> None:
    pid = small_desk.record("life")
    path = f"{RECORD}{pid}/edit"
    assert 'name="livelihood"' not in small_desk.editor.get(path).text
    answer = small_desk.editor.post(path, seen=small_desk.seen(path), livelihood="0", confirmed="1")
    assert "没有改动" in words_of(answer, 422)
    hidden = small_desk.pid("partial")
    form = small_desk.editor.get(f"{DOCUMENT}{hidden}/edit").text
    assert 'value="none"' in form
    assert 'value="full"' not in form


def test_a_long_text_comes_through_whole(small_desk: Desk) -> None:
    body = "档案" * 250_000
    pid = small_desk.pid()
    small_desk.saves(pid, body=body)
    with small_desk.office.database.reads() as connection:
        assert connection.scalar(select(Document.body).where(Document.pid == pid)) == body
    assert len(small_desk.notes(pid)[0][2]) < 1_000


def test_strange_texts_are_inert_on_every_page(small_desk: Desk) -> None:
    document, record = small_desk.pid(), small_desk.record("shown")
    small_desk.saves(document, title=XSS, issuer=XSS, body=XSS, source=XSS, url=XSS)
    small_desk.saves(record, RECORD, title=XSS, note=XSS, location=XSS, restriction_note=XSS)
    edited = small_desk.seen(f"{RECORD}{record}/edit")
    for path in (
        f"{DOCUMENT}{document}",
        f"{DOCUMENT}{document}/edit",
        f"{DOCUMENT}{document}/withdraw",
        f"{DOCUMENT}{document}/relate?which={XSS}",
        f"{RECORD}{record}",
        f"{RECORD}{record}/edit",
        f"{RECORD}{record}/propose?what=record.defer",
        f"/console/documents?q={XSS}",
        "/console/documents?only=edited",
        "/console/releases",
        "/console/conflicts",
        "/console/reviews",
    ):
        small_desk.editor.page(path)  # the reader refuses scripts and handlers
    diff = small_desk.editor.post(f"{RECORD}{record}/edit", seen=edited, title=XSS + "2")
    read_page(diff.text).check_frame()


def test_closing_asks_once_more_and_takes_effect_at_once(desk: Desk) -> None:
    pid = desk.record("shown")
    page = desk.editor.page(f"{RECORD}{pid}/close")
    assert "立刻查不到" in page.text
    title = desk.editor.page(f"{RECORD}{pid}").headings[0]
    assert title in desk.found(title)
    assert "理由" in words_of(desk.editor.post(f"{RECORD}{pid}/close", reason=" "), 422)
    assert title in desk.found(title)
    done = desk.editor.done(f"{RECORD}{pid}/close", reason="涉及个人")
    assert "公众从现在起查不到它" in done.text
    assert title not in desk.found(title)
    assert [note[:2] for note in desk.notes(pid)] == [("record.close", "editor")]
    assert "理由：涉及个人" in done.text


def test_a_withdrawn_document_is_proposed_released_and_back(desk: Desk) -> None:
    pid = desk.pid()
    title = desk.editor.page(f"{DOCUMENT}{pid}").headings[0]
    desk.editor.done(f"{DOCUMENT}{pid}/withdraw", reason="待核")
    assert title not in desk.found(title)
    ask = f"{DOCUMENT}{pid}/propose"
    page = desk.editor.page(f"{ask}?what=document.restore")
    assert "看到目录和全文" in page.text
    seen = page.value_of("seen")
    form = {"what": "document.restore", "reason": "核过了"}
    assert "刚被别人改过" in words_of(desk.editor.post(ask, seen="x", **form), 422)
    assert "正在等另一个人放行" in desk.editor.done(ask, seen=seen, **form).text
    assert title not in desk.found(title)
    reviewer = desk.office.sits(Role.REVIEWER)
    assert "等您放行的开放" in reviewer.page("/console").text
    waiting = reviewer.page("/console/releases")
    (path,) = {link for link in waiting.links if link.startswith("/console/releases/")}
    assert "看到目录和全文" in reviewer.page(path).text
    assert "查得到" in reviewer.done(f"{path}/release", note="同意").text
    assert title in desk.found(title)
    assert [note[:2] for note in desk.notes(pid)] == [
        ("document.withdraw", "editor"),
        ("document.propose", "editor"),
        ("release.release", "reviewer"),
    ]
    assert "等您放行的开放" not in reviewer.page("/console").text


def _proposes(desk: Desk, count: int = 1) -> list[str]:
    """Propose to open records; return their public ids."""
    pids = [desk.record(key) for key in ("old1", "old2")[:count]]
    for pid in pids:
        page = desk.editor.page(f"{RECORD}{pid}/propose?what=record.open")
        desk.editor.done(
            f"{RECORD}{pid}/propose",
            seen=page.value_of("seen"),
            what="record.open",
            reason="会同移交单位审核，可以开放",
        )
    return pids


def test_whoever_may_not_release_does_not(small_desk: Desk) -> None:
    (pid,) = _proposes(small_desk)
    for role in (Role.EDITOR, Role.DESK, Role.PUBLISHER, Role.ADMIN, Role.AUDITOR):
        browser = small_desk.office.sits(role)
        assert browser.post("/console/releases/1/release").status_code == 403, role
        assert browser.post("/console/releases", release="1").status_code == 403, role
    page = small_desk.editor.page("/console/releases/1")
    assert "要由另一个人来放行" in page.text
    assert "release.release" not in str(small_desk.notes(pid))


def test_a_refusal_says_why_and_reaches_its_maker(small_desk: Desk) -> None:
    _proposes(small_desk)
    reviewer = small_desk.office.sits(Role.REVIEWER)
    assert "理由" in words_of(reviewer.post("/console/releases/1/refuse", note=""), 422)
    reviewer.done("/console/releases/1/refuse", note="再问一问移交单位")
    assert "您提出的被退回" in small_desk.editor.page("/console").text
    mine = small_desk.editor.page("/console/releases?of=mine")
    assert "再问一问移交单位" in mine.text
    assert "再问一问移交单位" in small_desk.editor.page("/console/releases/1").text


def test_many_are_released_together_or_none(small_desk: Desk) -> None:
    first, second = _proposes(small_desk, 2)
    with small_desk.office.database.begin() as session:
        session.execute(update(Record).where(Record.pid == second).values(note="变了"))
    reviewer = small_desk.office.sits(Role.REVIEWER)
    assert "又变过了" in words_of(reviewer.post("/console/releases", release=["1", "2"]), 409)
    assert "又变过了" in reviewer.page("/console/releases/2").text
    assert "查不到" in small_desk.editor.page(f"{RECORD}{first}").text
    assert "已经放行 1 条" in reviewer.done("/console/releases", release=["1"]).text
    assert "release.release" in str(small_desk.notes(first))
    assert "先勾选" in words_of(reviewer.post("/console/releases"), 409)


def test_an_editor_takes_back_what_nobody_has_decided(small_desk: Desk) -> None:
    _proposes(small_desk)
    reviewer = small_desk.office.sits(Role.REVIEWER)
    assert reviewer.post("/console/releases/1/withdraw").status_code == 403
    small_desk.editor.done("/console/releases/1/withdraw")
    assert "已经有人办过" in words_of(reviewer.post("/console/releases/1/release"), 409)


def test_relations_and_repeals_are_stated_and_taken_back(desk: Desk) -> None:
    one, other, name = desk.pid(), desk.pid("other"), "兰台市渡槽管理条例"
    candidates = desk.editor.page(f"{DOCUMENT}{one}/relate?type=amends&which={name}")
    assert f"{DOCUMENT}{other}" in candidates.links
    page = desk.editor.done(
        f"{DOCUMENT}{one}/relate", type="amends", target=other, since="2020-01-01"
    )
    assert f"修改《{name}》" in page.text
    assert "已修改" in desk.editor.page(f"{DOCUMENT}{other}").text
    relation = page.value_of("relation")
    again = desk.editor.post(f"{DOCUMENT}{one}/relate", type="amends", target=other)
    assert "已经有了" in words_of(again, 422)
    desk.editor.done(f"{DOCUMENT}{one}/unrelate", relation=relation)
    assert "已修改" not in desk.editor.page(f"{DOCUMENT}{other}").text
    path = f"{DOCUMENT}{one}/repeal"
    assert "日期" in words_of(desk.editor.post(path, on="今天", reason="来函"), 422)
    assert "没有找到" in words_of(
        desk.editor.post(path, on="2020-01-01", reason="来函", by="没有这份"), 422
    )
    done = desk.editor.done(path, on="2020-01-01", reason="来函", by=other)
    assert "已废止" in done.text
    assert f"2020年1月1日 被《{name}》废止" in done.text
    desk.editor.page(f"{DOCUMENT}{one}/unrepeal?by={other}")
    back = desk.editor.done(f"{DOCUMENT}{one}/unrepeal", by=other)
    assert "已废止" not in back.text
    assert [note[0] for note in desk.notes(one)] == [
        "document.relate",
        "document.unrelate",
        "document.repeal",
        "document.unrepeal",
    ]


def test_reviews_are_decided_on_the_page_with_one_reason(desk: Desk) -> None:
    pids = [desk.record("old1"), desk.record("old2")]
    due = desk.editor.page("/console/reviews")
    assert {f"{RECORD}{pid}" for pid in pids} <= set(due.links)
    form: dict[str, object] = {"record": pids, "verdict": "control", "reason": ""}
    answer = desk.editor.post("/console/reviews", **form)
    assert "理由" in words_of(answer, 422)
    assert answer.text.count(" checked") >= 2
    assert "审核意见" in words_of(desk.editor.post("/console/reviews", record=pids), 422)
    done = desk.editor.done("/console/reviews", **form | {"reason": "涉及个人"})
    assert "2 条已经定为控制使用" in done.text
    assert not any(pid in str(done.links) for pid in pids)
    assert [note[:2] for note in desk.notes(pids[0])] == [("record.review", "editor")]


def test_conflicts_with_files_are_listed_and_decided(small_desk: Desk) -> None:
    pid = small_desk.pid()
    small_desk.saves(pid, issuer="我们的机关")
    with small_desk.office.database.begin() as session:
        session.connection().exec_driver_sql(
            'UPDATE entry_edit SET incoming = \'{"issuer": "文件的机关"}\''
        )
    assert "改过的地方文件也改了" in small_desk.editor.page("/console").text
    page = small_desk.editor.page("/console/conflicts")
    assert "文件的机关" in page.text
    form = {"kind": Kind.DOCUMENT.value, "pid": pid, "key": "issuer"}
    assert small_desk.editor.post("/console/conflicts", **form, use="x").status_code == 409
    small_desk.editor.done("/console/conflicts", **form, use="file")
    assert "文件的机关" in small_desk.editor.page(f"{DOCUMENT}{pid}").text
    assert "没有不一致" in small_desk.editor.page("/console/conflicts").text


def test_only_who_may_see_hidden_entries_is_told_how_many_there_are(small_desk: Desk) -> None:
    assert "民生（都不列出）" in small_desk.editor.page("/console/figures").text
    publisher = small_desk.office.sits(Role.PUBLISHER).page("/console/figures")
    assert "民生（都不列出）" not in publisher.text
