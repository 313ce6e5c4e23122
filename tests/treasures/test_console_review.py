"""The review in the console: the queue, an upload, its steps; stale versions, hostile words."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.console import Browser, Office
from tests.console_house import opened_house
from tests.html import Page, read_page
from tests.treasures.desk_making import (
    TOLD,
    a_colleague,
    a_file,
    a_follower,
    an_upload,
    by_sender,
    by_staff,
    held,
    noted,
    read,
    steps,
)
from tests.treasures.register_making import ALL, accession_of, entered
from wx_archive.catalogue import decisions
from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.staff.models import Member
from wx_archive.staff.rules import Role
from wx_archive.treasures import console, files, queries, review, uploads
from wx_archive.treasures.console import shown
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.register_models import AccessionPlan
from wx_archive.treasures.rules import Action, Channel, State
from wx_archive.treasures.steps import locked
from wx_archive.treasures.uploads import Told

QUEUE = "/console/treasures"
XSS = "大坝<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
NOWHERE = "0" * 26


@pytest.fixture(scope="module")
def calm(_demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One console for all questions that change nothing that others ask for."""
    with opened_house(_demo_data, tmp_path_factory.mktemp("calm") / "data") as opened:
        yield opened.office


def path_of(one: Upload, *below: str) -> str:
    return "/".join((QUEUE, one.pid, *below))


def received(office: Office, *, told: Told = TOLD, openid: str = "oOne") -> Upload:
    follower = a_follower(office.database, openid)
    return an_upload(office.database, follower, told=told, now=clock.now())


def post(office: Office, editor: Browser, one: Upload, *below: str, **fields: object) -> Page:
    """Send a form of the upload's page as it stands now; it must succeed."""
    version = read(office.database, one).version
    return editor.done(path_of(one, *below), version=version, **fields)


def takes(office: Office, editor: Browser, one: Upload, to: State, note: str = "") -> Page:
    """Take a step in the console, reading what has to be read."""
    path, version = path_of(one, "to", to.value), read(office.database, one).version
    answer = editor.post(path, version=version, note=note)
    if answer.status_code == 422:
        seen = read_page(answer.text).value_of("seen")
        answer = editor.post(path, version=version, note=note, seen=seen)
    assert answer.status_code == 303, read_page(answer.text).text
    return editor.page(answer.headers["Location"])


# -- the way through --------------------------------------------------------------------------


def test_an_upload_is_screened_asked_about_and_accepted(any_office: Office) -> None:
    editor, database = any_office.sits(Role.EDITOR), any_office.database
    one = received(any_office)
    assert one.number
    listed = editor.page(QUEUE)
    assert one.number in listed.text
    page = editor.page(path_of(one))
    for words in (
        "父亲留下的。",
        "家里传下来的",
        "捐赠",
        "可以公开展示",
        "署名：王秀英",
        "第 1 版",
    ):
        assert words in page.text
    takes(any_office, editor, one, State.SCREENING)
    asked = takes(any_office, editor, one, State.NEED_INFO, "背面有字吗？")
    assert "已经问了送件人" in asked.text
    assert "背面有字吗？" in held(database)[-1]
    with database.begin() as session:
        words, doing = "有，写着 1975", by_sender(clock.now())
        uploads.answer(session, locked(session, one.id), words, doing)
    assert "有，写着 1975" in editor.page(path_of(one)).text
    takes(any_office, editor, one, State.APPRAISAL)
    done = takes(any_office, editor, one, State.ACCEPTED, "请来签协议。")
    assert "已改为“决定收”" in done.text
    assert read(database, one).state is State.ACCEPTED
    log = [(entry.action, entry.subject) for entry in noted(database)]
    subject = f"treasure:{one.number}"
    assert log == [
        ("treasure.move", subject),
        ("treasure.ask", subject),
        ("treasure.move", subject),
        ("treasure.move", subject),
    ]
    every = " ".join(f"{entry.subject}{entry.before}{entry.after}" for entry in noted(database))
    for word in ("王秀英", "背面", "大坝", "签协议"):
        assert word not in every


def test_what_the_sender_will_read_is_shown_first_and_changed_words_once_more(
    office: Office,
) -> None:
    editor, one = office.sits(Role.EDITOR), received(office)
    path = path_of(one, "to", "declined")
    first = editor.post(path, version=one.version, note="馆里已有。")
    page = read_page(first.text)
    assert first.status_code == 422
    assert "送件人会收到这段话" in page.text
    assert "seen=" not in page.text
    assert "这一次没有收下" in page.text
    assert read(office.database, one) == one
    assert held(office.database) == []
    seen = page.value_of("seen")
    changed = editor.post(path, version=one.version, note="不要了", seen=seen)
    assert changed.status_code == 422
    assert read(office.database, one).state is State.RECEIVED
    other = editor.post(path_of(one, "to", "need_info"), version=1, note="馆里已有。", seen=seen)
    assert other.status_code in (409, 422)
    assert read(office.database, one).state is State.RECEIVED
    last = editor.post(path, version=one.version, note="馆里已有。", seen=seen)
    assert last.status_code == 303
    assert len(held(office.database)) == 1


def test_a_second_click_and_a_page_that_is_out_of_date_change_nothing(office: Office) -> None:
    editor, one = office.sits(Role.EDITOR), received(office)
    path = path_of(one, "to", "screening")
    assert editor.post(path, version=one.version).status_code == 303
    again = editor.post(path, version=one.version)
    assert again.status_code == 303
    for below in (("to", "declined"), ("owner",), ("ask-rights",)):
        stale = editor.post(path_of(one, *below), version=one.version, note="为什么", member="1")
        assert stale.status_code in (409, 422), below
        if stale.status_code == 409:
            assert "刚才您自己已经改过这一份" in read_page(stale.text).text, below
    moves = [step for step in steps(office.database, one) if step.to_state is State.SCREENING]
    assert len(moves) == 1
    first, second = noted(office.database)
    assert ("{}" in first.after, "{}" in second.after) == (False, True)


def test_a_question_that_is_sent_twice_was_sent(office: Office) -> None:
    editor, one = office.sits(Role.EDITOR), received(office)
    path = path_of(one, "to", "need_info")
    read_first = editor.post(path, version=one.version, note="背面有字吗？")
    carried = {"version": one.version, "note": "背面有字吗？"}
    carried["seen"] = read_page(read_first.text).value_of("seen")
    said = [editor.page(editor.post(path, **carried).headers["Location"]).text for _ in range(2)]
    assert all("已经问了送件人" in text for text in said)
    assert len(held(office.database)) == 1
    assert len([step for step in steps(office.database, one) if step.note]) == 1
    other = editor.post(path, **(carried | {"note": "正面有字吗？"}))
    assert other.status_code == 409
    assert "您自己" in read_page(other.text).text
    with office.database.begin() as session:
        uploads.answer(session, locked(session, one.id), "有", by_sender(clock.now()))
    late = editor.post(path, **carried)
    assert late.status_code == 409
    assert "送件人已经改过" in read_page(late.text).text


def test_a_second_click_on_the_other_forms_does_nothing_more(office: Office) -> None:
    editor, follower = office.sits(Role.EDITOR), a_follower(office.database)
    one = an_upload(office.database, follower, wishes=None, now=clock.now())
    with office.database.reads() as connection:
        own = next(each.id for each in review.colleagues(connection) if "编辑" in each.name)
    for below, fields in (
        ("owner", {"member": own, "version": one.version}),
        ("ask-rights", {"version": one.version + 1}),
        ("remarks", {"words": "问问李工"}),
    ):
        editor.done(path_of(one, below), **fields)
        before = steps(office.database, one)
        editor.done(path_of(one, below), **fields)
        assert steps(office.database, one) == before, below
    assert len(held(office.database)) == 1


def test_what_does_not_count_is_listed_apart_with_its_reason(office: Office) -> None:
    one = an_upload(office.database, None, contents=((b"a", ""), (b"b", "")), now=clock.now())
    with office.database.begin() as session:
        _pid, _key = a_file(session, locked(session, one.id), b"MZ", name="x.exe", is_clean=False)
        last = queries.files(session.connection(), one.id)[-1]
        files.refused(session, last.id, "不是照片", now=clock.now())
    text = office.sits(Role.EDITOR).page(path_of(one)).text
    assert "送来的 2 件" in text
    assert "第 3 件" not in text
    assert "没有收下的，1 件" in text
    assert "x.exe" in text
    assert "不是照片" in text


def test_to_confirm_the_form_again_is_no_handing_in(office: Office) -> None:
    first = clock.now() - timedelta(days=2)
    one = an_upload(office.database, None, now=first)
    with office.database.begin() as session:
        session.get_one(Treasure, one.id).consented_at = clock.now()
    editor = office.sits(Role.EDITOR)
    assert f"{shown.moment(first)} 交来" in editor.page(path_of(one)).text
    listed = editor.page(f"{QUEUE}?number={one.number}").text
    assert shown.day(first) in listed
    assert shown.day(clock.now()) not in listed


def test_whoever_may_not_work_on_it_has_none(office: Office) -> None:
    one = an_upload(office.database, None, now=clock.now())
    clerk = a_colleague(office.database, "zhou", Role.DESK)
    with office.database.begin() as session:
        session.get_one(Treasure, one.id).owner_id = clerk.id
    editor = office.sits(Role.EDITOR)
    assert clerk.name not in editor.page(path_of(one)).text
    listed = editor.page(f"{QUEUE}?owner=0").text
    assert str(one.number) in listed
    assert clerk.name not in listed
    refused = editor.post(path_of(one, "owner"), version=one.version, member=clerk.id, note="x")
    assert refused.status_code == 422
    with office.database.begin() as session, pytest.raises(RefusedError, match="不能办珍档"):
        review.assign(session, one.id, clerk, by_staff(clerk), note="x", version=None)


def test_certificates_and_the_originals_check_are_found_from_the_queue(office: Office) -> None:
    page = office.sits(Role.EDITOR).page(QUEUE)
    rail = [entry.title for entry in console.CONSOLE.entries]
    assert rail == ["珍档", "珍档登记", "入藏登记簿"]
    for path in ("certificates", "keeping"):
        assert f"{QUEUE}/{path}" in page.links


def test_a_refused_step_gives_the_words_back(office: Office) -> None:
    editor, one = office.sits(Role.EDITOR), received(office)
    takes(office, editor, one, State.SCREENING)
    stale = editor.post(path_of(one, "to", "declined"), version=1, note="写了很久的话")
    assert stale.status_code == 409
    assert "写了很久的话" in stale.text


# -- rights that are not known ----------------------------------------------------------------


def test_an_acceptance_without_rights_is_refused_and_one_click_asks(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    follower = a_follower(office.database)
    one = an_upload(office.database, follower, wishes=None, now=clock.now())
    page = editor.page(path_of(one))
    assert "请送件人填权利" in page.text
    takes(office, editor, one, State.SCREENING)
    version = read(office.database, one).version
    refused = editor.post(path_of(one, "to", "accepted"), version=version, note="收")
    assert refused.status_code == 422
    assert "先请送件人填权利" in read_page(refused.text).text
    assert path_of(one, "ask-rights") in refused.text
    post(office, editor, one, "ask-rights")
    now = read(office.database, one)
    assert (now.state, now.asked_from) == (State.NEED_INFO, State.SCREENING)
    assert "打开这一份" in held(office.database)[-1]
    assert [entry.action for entry in noted(office.database)][-1] == "treasure.ask"


def test_a_sender_without_wechat_is_to_be_told_by_a_person(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    one = an_upload(office.database, None, now=clock.now())
    assert "没有微信" in editor.page(path_of(one)).text
    path = path_of(one, "to", "need_info")
    first = editor.post(path, version=one.version, note="背面有字吗？")
    assert "打电话或者当面说" in read_page(first.text).text
    page = takes(office, editor, one, State.NEED_INFO, "背面有字吗？")
    assert "没有微信" in page.text


# -- who has it, what is noted ----------------------------------------------------------------


def test_an_upload_is_taken_and_found_in_ones_hands(office: Office) -> None:
    editor, one = office.sits(Role.EDITOR), received(office)
    received(office, openid="oTwo")
    with office.database.reads() as connection:
        number = connection.scalar(
            Member.__table__.select().with_only_columns(Member.id).where(Member.login == "editor")
        )
    assert "请选要交给哪一位" in editor.post(path_of(one, "owner"), version=one.version).text
    post(office, editor, one, "owner", member=number)
    assert one.number
    mine = editor.page(f"{QUEUE}?owner=mine&state=staff").text
    assert one.number in mine
    assert mine.count("珍2026-") == 1
    home = editor.page("/console").text
    assert "在您手里的珍档" in home
    assert "等初审的珍档" in home


def test_an_internal_note_is_seen_by_staff_and_never_told(office: Office) -> None:
    reviewer, one = office.sits(Role.REVIEWER), received(office)
    page = post(office, reviewer, one, "remarks", words="像是翻拍的，问问李工")
    assert "像是翻拍的，问问李工" in page.text
    assert steps(office.database, one)[-1].action is Action.NOTE
    assert held(office.database) == []
    (entry,) = noted(office.database)
    assert entry.action == "treasure.note"
    assert "翻拍" not in f"{entry.before}{entry.after}"
    long = reviewer.post(path_of(one, "remarks"), words="长" * 1001)
    assert long.status_code == 422
    assert "1001" in read_page(long.text).text


# -- likes ------------------------------------------------------------------------------------


def test_what_may_be_here_already_is_told_to_staff(office: Office) -> None:
    database, near = office.database, "f0e1d2c3b4a59686"
    first = an_upload(database, contents=((b"same", "f0e1d2c3b4a59687"),), now=clock.now())
    second = an_upload(database, contents=((b"same", ""), (b"x", near)), now=clock.now())
    assert first.number
    text = office.sits(Role.EDITOR).page(path_of(second)).text
    assert f"{first.number}（一模一样，待审）" in " ".join(text.split())
    assert "很像" in text


# -- the queue --------------------------------------------------------------------------------


def test_the_queue_is_filtered_by_its_addresses(office: Office) -> None:
    editor, one = office.sits(Role.EDITOR), received(office)
    assert one.number
    for query in ("?state=received", "?owner=0", "?channel=h5", "?state=all", "?number=2026-1"):
        assert one.number in editor.page(QUEUE + query).text, query
    for query in ("?state=declined", "?late=1", "?channel=desk", "?owner=mine", "?number=2026-9"):
        assert one.number not in editor.page(QUEUE + query).text, query
    strange = (
        "?state=x",
        "?after=zzz",
        "?before=1.2.3",
        "?owner=--",
        f"?number={XSS}",
        "?channel=x",
    )
    for query in strange:
        editor.page(QUEUE + query)


def test_a_draft_has_no_page(office: Office) -> None:
    with office.database.begin() as session:
        draft = uploads.begin(session, Channel.H5, by_sender(clock.now())).pid
    editor = office.sits(Role.EDITOR)
    for path in ("", "/to/screening", "/to/declined"):
        assert editor.get(f"{QUEUE}/{draft}{path}").status_code == 404
    assert editor.post(f"{QUEUE}/{draft}/to/screening", version=1).status_code == 404
    assert editor.post(f"{QUEUE}/{draft}/remarks", words="x").status_code == 404


# -- what is not there, what is hostile -------------------------------------------------------


@pytest.mark.parametrize("to", [*sorted(set(State)), "x", "", "DECLINED"])
def test_only_what_may_follow_follows(calm: Office, to: str) -> None:
    editor, one = calm.sits(Role.EDITOR), an_upload(calm.database, None, now=clock.now())
    answer = editor.post(path_of(one, "to", to), version=one.version, note="x")
    if to == State.SCREENING:
        assert answer.status_code == 303
    else:
        assert answer.status_code in (404, 422)
        assert read(calm.database, one) == one
    assert editor.get(path_of(one, "to", to)).status_code in (200, 404)


@pytest.mark.parametrize("version", ["", "-1", "9" * 12, "1.0", "一", "²"])
def test_a_version_that_is_none_is_stale(calm: Office, version: str) -> None:
    editor, one = calm.sits(Role.EDITOR), an_upload(calm.database, None, now=clock.now())
    for below in ("to/screening", "ask-rights"):
        answer = editor.post(path_of(one, below), version=version)
        assert answer.status_code == 409, below
    assert read(calm.database, one) == one


def test_what_people_write_is_inert_on_every_page(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    one = received(office, told=Told(XSS[:60], XSS, XSS[:40], XSS[:80], XSS))
    post(office, editor, one, "remarks", words=XSS)
    first = editor.post(
        path_of(one, "to", "declined"), version=read(office.database, one).version, note=XSS
    )
    assert "<script>alert" not in first.text
    read_page(first.text).check_frame()
    takes(office, editor, one, State.NEED_INFO, XSS)
    pages = [QUEUE, path_of(one), path_of(one, "to", "declined"), f"{QUEUE}?number={XSS}"]
    for path in pages:
        page = editor.page(path)  # the strict parser finds no script in it
        assert "onerror" not in str(page.scripts), path


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.EDITOR, Role.REVIEWER}))
def test_nobody_else_comes_in(calm: Office, role: Role) -> None:
    one = an_upload(calm.database, None, now=clock.now())
    stranger = calm.sits(role)
    for below in ("", "/to/declined", "/contact"):
        assert stranger.get(path_of(one) + below).status_code == 403, below
    assert stranger.get(QUEUE).status_code == 403
    for below in ("to/screening", "owner", "remarks", "ask-rights"):
        answer = stranger.post(path_of(one, below), version=one.version, words="x")
        assert answer.status_code == 403
    assert read(calm.database, one) == one


def test_a_reviewer_reads_and_notes_and_moves_nothing(office: Office) -> None:
    reviewer, one = office.sits(Role.REVIEWER), received(office)
    page = reviewer.page(path_of(one))
    assert "由编辑办" in page.text
    assert f"{path_of(one)}/to/" not in " ".join(page.links)
    for below in ("to/screening", "owner", "ask-rights"):
        assert reviewer.post(path_of(one, below), version=one.version).status_code == 403


def test_a_late_upload_says_so(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    one = an_upload(office.database, None, now=clock.now() - timedelta(days=30))
    assert "已过" in editor.page(path_of(one)).text
    assert "过了期限" in editor.page("/console").text
    assert one.number
    assert one.number in editor.page(f"{QUEUE}?late=1").text


def test_what_comes_after_the_decision_is_a_link_away(office: Office) -> None:
    editor, one = office.sits(Role.EDITOR), received(office)
    assert path_of(one, "register") not in editor.page(path_of(one)).links
    takes(office, editor, one, State.SCREENING)
    takes(office, editor, one, State.ACCEPTED, "请来签协议。")
    assert path_of(one, "register") in editor.page(path_of(one)).links
    editor.page(path_of(one, "register"))
    listed = editor.page(f"{QUEUE}?state=accepted").text
    assert str(one.number) in listed


def test_an_accession_that_another_proposed_waits_for_the_reviewer(office: Office) -> None:
    reviewer, one = office.sits(Role.REVIEWER), received(office)
    assert "等您放行的入藏" not in reviewer.page("/console").text
    plan = {"treasure_id": one.id, "title": "大坝合龙", "received_on": clock.today()}
    with office.database.begin() as session:
        session.get_one(Treasure, one.id).state = State.AGREEMENT.value
        session.add(AccessionPlan(**plan, proposed_by="editor", proposed_at=clock.now()))
    assert "等您放行的入藏" in reviewer.page("/console").text
    assert "等您放行的入藏" not in office.sits(Role.EDITOR).page("/console").text
    with office.database.begin() as session:
        session.get_one(AccessionPlan, one.id).proposed_by = "reviewer"
    assert "等您放行的入藏" not in reviewer.page("/console").text


def test_a_pieces_record_says_that_no_file_has_brought_it(office: Office) -> None:
    one = entered(office.database, *ALL)
    accession = accession_of(office.database, one.id)
    editor = office.sits(Role.EDITOR)
    record_path = f"/console/records/{accession.record_pid}"
    closed = editor.page(record_path).text
    assert "登记以后还没有人动过它" in closed
    assert "永久" in closed
    with office.database.begin() as session:
        day, now = clock.today(), clock.now()
        decisions.open_record(
            session, str(accession.record_pid), reason="珍档展示", now=now, today=day
        )
    text = editor.page(record_path).text
    assert "工作人员开放过。理由：珍档展示" in " ".join(text.split())
    for wrong in ("还没有人动过它", "导入", "文件里写的"):
        assert wrong not in text[text.index("公众现在") :], wrong
