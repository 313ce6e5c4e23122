"""代查 in the console: every step of a request, two people at one page, what never leaks."""

import re

import pytest
from sqlalchemy import select

from tests.console import Office
from tests.enquiries.clerk import (
    QUEUE,
    a_desk,
    a_public_document,
    asked,
    noted,
    now_of,
    path_of,
    post,
    steps_to,
    told,
)
from tests.enquiries.filing import PID, a_follower, a_request, moves, steps
from tests.html import Page, read_page
from wx_archive.catalogue import visibility
from wx_archive.catalogue.models import Document, Record
from wx_archive.core import clock
from wx_archive.enquiries.models import Enquiry
from wx_archive.enquiries.rules import Kind, State
from wx_archive.staff.rules import Role

# -- the queue --------------------------------------------------------------------------------


def test_the_queue_says_what_waits_and_leads_to_it(any_office: Office) -> None:
    desk = a_desk(any_office)
    assert "这里没有" in desk.page(QUEUE).text
    one = asked(any_office)
    correction = a_request(any_office.database, None, "错了", kind=Kind.CORRECTION, about_pid=PID)
    page = desk.page(QUEUE)
    assert one.number in page.text
    assert correction.number in page.text
    assert path_of(one) in page.links
    todos = desk.page("/console").text
    assert "等受理的代查、报错" in todos


def test_filters_show_what_they_say_and_nonsense_filters_nothing(office: Office) -> None:
    desk = a_desk(office)
    mine, other = asked(office), asked(office, "房改文件", "oOther")
    steps_to(office, desk, mine, State.ACCEPTED)
    wrong = a_request(office.database, None, "错了", kind=Kind.CORRECTION, about_pid=PID)

    def shown(query: str) -> set[str]:
        text = desk.page(f"{QUEUE}?{query}").text
        return {one.number for one in (mine, other, wrong) if one.number in text}

    assert shown("state=accepted") == {mine.number}
    assert shown("owner=mine") == {mine.number}
    assert shown("owner=0") == {other.number, wrong.number}
    assert shown("kind=correction") == {wrong.number}
    assert shown("channel=phone") == set()
    assert shown("number=2026-2") == {other.number}
    everything = {mine.number, other.number, wrong.number}
    for nonsense in ("state=x&kind=y&owner=z&channel=' OR 1=1&after=a.b.c", "after=%00", "owner=²"):
        assert shown(nonsense) == everything, nonsense


def test_many_requests_are_turned_page_by_page_without_gap_or_double(any_office: Office) -> None:
    desk = a_desk(any_office)
    every = [
        a_request(any_office.database, a_follower(any_office.database, f"o{place}"), "大坝图纸")
        for place in range(70)
    ]
    for one in every[:20]:
        moves(any_office.database, one.number, State.REFUSED)
    for one in every[10:20]:
        moves(any_office.database, one.number, State.CLOSED)
    seen: list[list[str]] = []
    path, page = f"{QUEUE}?state=all", Page()
    while path:
        page = desk.page(path)
        seen.append(re.findall(r"查\d{4}-\d{6}", page.text))
        path = next((link for link in page.links if "after=" in link), "")
    numbers = [number for part in seen for number in part]
    assert len(numbers) == len(set(numbers)) == 70
    assert [len(part) for part in seen] == [30, 30, 10]
    back = next(link for link in page.links if "before=" in link)
    assert re.findall(r"查\d{4}-\d{6}", desk.page(back).text) == seen[1]


def test_what_is_late_is_marked_by_word_and_shape_and_told_of(office: Office) -> None:
    desk, one = a_desk(office), asked(office)
    steps_to(office, desk, one, State.ACCEPTED)
    assert "已过" not in desk.page(QUEUE).text
    with office.database.begin() as session:
        row = session.scalars(select(Enquiry)).one()
        row.due_on = row.act_by = clock.today().replace(year=2020)
    page = desk.page(f"{QUEUE}?late=1").text
    assert one.number in page
    assert "已过" in page
    assert "过了期限的代查、报错" in desk.page("/console").text


# -- a request's life -------------------------------------------------------------------------


def test_a_request_is_accepted_searched_consulted_and_answered(any_office: Office) -> None:
    desk, one = a_desk(any_office), asked(any_office)
    page = steps_to(any_office, desk, one, State.ACCEPTED)
    assert "首问责任人窗口小周" in page.text.replace("\n", "").replace(" ", "")
    assert "承诺 5 个工作日" in page.text
    steps_to(any_office, desk, one, State.SEARCHING)
    steps_to(any_office, desk, one, State.CONSULTING, note="问一下水利局")
    pid, title = a_public_document(any_office)
    page = post(any_office, desk, one, "entries", entry=pid)
    assert title in page.text
    page = steps_to(any_office, desk, one, State.FOUND, note="查到了，点下面的题名")
    assert "查到了" in page.text
    assert [step.to_state for step in steps(any_office.database, one.number)] == [
        State.SUBMITTED,
        State.ACCEPTED,
        State.SEARCHING,
        State.CONSULTING,
        State.CONSULTING,
        State.FOUND,
    ]
    consulting, answer = told(any_office)
    assert "问一下水利局" in consulting
    assert f"/h5/documents/{pid}" in answer
    assert "评价" in answer
    assert [entry.action for entry in noted(any_office)] == [
        *["enquiry.move"] * 3,
        "enquiry.attach",
        "enquiry.move",
    ]


def test_nothing_goes_out_that_was_not_read_as_the_citizen_will_read_it(office: Office) -> None:
    desk, one = a_desk(office), asked(office)
    steps_to(office, desk, one, State.ACCEPTED, State.SEARCHING)
    path, version = path_of(one, "to", "found"), now_of(office, one).version
    first = desk.post(path, version=version, note="请到三楼看")
    page = read_page(first.text)
    page.check_frame()
    assert first.status_code == 422
    assert "读者会收到这段话" in page.text
    assert f"{one.number} 有了新进展：查到了。" in page.text
    assert "「看这一件」" in page.text
    changed = desk.post(path, version=version, note="请到四楼看", seen=page.value_of("seen"))
    assert changed.status_code == 422
    assert "请到四楼看" in changed.text
    assert told(office) == []
    assert now_of(office, one).state is State.SEARCHING
    sent = desk.post(path, version=version, note="请到三楼看", seen=page.value_of("seen"))
    assert sent.status_code == 303
    assert len(told(office)) == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"note": " "}, "要写明原因"),
        ({"note": "长" * 401}, "最多 400 个字"),
        ({"version": "x"}, "已经动过"),
        ({"version": "999"}, "已经动过"),
    ],
)
def test_a_step_that_cannot_be_taken_says_why_and_changes_nothing(
    office: Office, fields: dict[str, str], says: str
) -> None:
    desk, one = a_desk(office), asked(office)
    sent = {"version": "1", "note": "不能"} | fields
    answer = desk.post(path_of(one, "to", "refused"), **sent)
    assert answer.status_code in (409, 422)
    page = read_page(answer.text)
    page.check_frame()
    assert says in page.text
    assert len(steps(office.database, one.number)) == 1
    assert noted(office) == []


def test_of_two_people_on_one_page_the_second_is_told_and_loses_no_word(office: Office) -> None:
    first, second, one = a_desk(office), a_desk(office), asked(office)
    steps_to(office, first, one, State.ACCEPTED, State.SEARCHING)
    old = now_of(office, one).version
    steps_to(office, first, one, State.FOUND, note="请到三楼看")
    answer = second.post(path_of(one, "to", "not_found"), version=old, note="我查了半天，没有找到")
    page = read_page(answer.text)
    page.check_frame()
    assert answer.status_code == 409
    assert "刚才窗口小周已经动过这一件，现在是“查到了”" in page.text
    assert "我查了半天，没有找到" in page.text
    assert len(told(office)) == 1
    for below in (("owner",), ("extend",), ("entries",), ("entries", "remove"), ("contact",)):
        sent = {"version": old, "note": "我写的话", "reason": "我写的话", "entry": "我写的话"}
        answer = second.post(path_of(one, *below), member="4", days="3", **sent)
        assert answer.status_code == 422, below
        assert "已经动过" in answer.text, below
    assert now_of(office, one).version == old + 1


def test_a_step_from_an_old_page_to_where_one_cannot_go_any_more_is_refused(office: Office) -> None:
    desk, one = a_desk(office), asked(office)
    steps_to(office, desk, one, State.REFUSED, note="不能提供")
    page = desk.page(path_of(one, "to", "accepted")).text
    assert "不能改为“已受理”" in page
    answer = desk.post(path_of(one, "to", "accepted"), version=now_of(office, one).version)
    assert answer.status_code == 422
    for path in (path_of(one, "to", "nowhere"), f"{QUEUE}/{'0' * 26}", f"{QUEUE}/x"):
        assert desk.get(path).status_code == 404


def test_often_given_answers_are_filled_in_and_editable(office: Office) -> None:
    desk, one = a_desk(office), asked(office)
    steps_to(office, desk, one, State.ACCEPTED, State.SEARCHING)
    path = path_of(one, "to", "not_held")
    page = desk.page(path)
    assert f"{path}?reply=1" in page.links
    filled = desk.page(f"{path}?reply=1").text
    assert "不由本馆保管" in filled
    assert "{telephone}" not in filled
    assert "不由本馆保管" not in desk.page(f"{path}?reply=99").text


def test_private_matters_are_warned_of_before_they_go_out(office: Office) -> None:
    desk, one = a_desk(office), asked(office, "兰台县知青名册")
    warned = "查到的内容不要写进微信答复"
    assert warned in desk.page(path_of(one)).text
    assert warned not in desk.page(path_of(asked(office, "大坝图纸", "oOther"))).text
    steps_to(office, desk, one, State.ACCEPTED, State.SEARCHING)
    assert "查到的内容不能在微信里答复" in desk.page(path_of(one, "to", "found")).text


# -- whose it is, until when ------------------------------------------------------------------


def test_who_accepted_first_stays_responsible_whoever_has_it(office: Office) -> None:
    desk, one = a_desk(office), asked(office)
    steps_to(office, desk, one, State.ACCEPTED)
    with office.database.begin() as session:
        from wx_archive.staff import accounts  # noqa: PLC0415 -- this test alone

        other = accounts.add(
            session,
            login="desk2",
            name="窗口小李",
            roles=[Role.DESK],
            password="a-long-password-of-the-test",
            now=clock.now(),
        )
        number = other.id
    version = now_of(office, one).version
    silent = desk.post(path_of(one, "owner"), version=version, member=number, note="")
    assert silent.status_code == 422
    assert "要写一句为什么" in silent.text
    page = post(office, desk, one, "owner", member=number, note="我休假，目录查过了")
    assert "转给窗口小李：我休假，目录查过了" in page.text
    now = now_of(office, one)
    assert (now.first_name, now.owner_name) == ("窗口小周", "窗口小李")
    assert told(office) == []
    for wrong in ("", "x", "999"):
        answer = desk.post(path_of(one, "owner"), version=now.version, member=wrong, note="转")
        assert "请选要转给哪一位" in answer.text


def test_a_promise_is_extended_once_with_a_reason_that_is_told(office: Office) -> None:
    desk, one = a_desk(office), asked(office)
    early = desk.post(path_of(one, "extend"), version=1, days="3", reason="要调卷")
    assert "受理以后" in early.text
    steps_to(office, desk, one, State.ACCEPTED)
    before = now_of(office, one)
    for days, reason, says in (
        ("3", "", "要写明原因"),
        ("0", "要调卷", "1 到 15"),
        ("x", "要调卷", "1 到 15"),
    ):
        version = before.version
        answer = desk.post(path_of(one, "extend"), version=version, days=days, reason=reason)
        assert answer.status_code == 422
        assert says in answer.text
    post(office, desk, one, "extend", days="3", reason="要到另一处库房调卷")
    after = now_of(office, one)
    assert before.clock.due_on
    assert after.clock.due_on
    assert after.clock.due_on > before.clock.due_on
    (text,) = told(office)
    assert "要多办几天" in text
    assert "要到另一处库房调卷" in text
    again = desk.post(path_of(one, "extend"), version=after.version, days="3", reason="再延")
    assert "已经延长过一次" in again.text


# -- entries ----------------------------------------------------------------------------------


def test_only_what_is_public_is_attached(any_office: Office) -> None:
    desk, one = a_desk(any_office), asked(any_office)
    with any_office.database.reads() as connection:
        hidden = connection.execute(
            select(Record.pid, Record.reference_code, Record.title)
            .where(~visibility.public_records(clock.today()))
            .limit(1)
        ).one()
        public = connection.execute(
            select(Record.reference_code, Record.title)
            .where(visibility.public_records(clock.today()))
            .limit(1)
        ).one()
    version = now_of(any_office, one).version
    for named in (hidden.pid, hidden.reference_code, "没有这样的文号", "", "0" * 26):
        answer = desk.post(path_of(one, "entries"), version=version, entry=named)
        assert answer.status_code == 422, named
        assert "没有公开的条目叫" in answer.text
        assert hidden.title not in answer.text
    page = post(any_office, desk, one, "entries", entry=public.reference_code)
    assert public.title in page.text
    version = now_of(any_office, one).version
    twice = desk.post(path_of(one, "entries"), version=version, entry=public.reference_code)
    assert "已经附上了" in twice.text


def test_what_was_closed_meanwhile_does_not_go_out_with_the_answer(office: Office) -> None:
    desk, one = a_desk(office), asked(office)
    pid, title = a_public_document(office)
    steps_to(office, desk, one, State.ACCEPTED, State.SEARCHING)
    post(office, desk, one, "entries", entry=pid)
    with office.database.begin() as session:
        document = session.scalars(select(Document).where(Document.pid == pid)).one()
        document.disclosure = "none"
    page = desk.page(path_of(one)).text
    assert "现在不公开" in page
    assert title not in page
    path, version = path_of(one, "to", "found"), now_of(office, one).version
    answer = desk.post(path, version=version, note="看这个")
    if answer.status_code == 422 and 'name="seen"' in answer.text:
        seen = read_page(answer.text).value_of("seen")
        answer = desk.post(path, version=version, note="看这个", seen=seen)
    assert answer.status_code == 422
    assert "不公开" in answer.text
    assert told(office) == []
    post(office, desk, one, "entries", "remove", entry=pid)
    steps_to(office, desk, one, State.FOUND, note="请来馆看")
    assert len(told(office)) == 1
