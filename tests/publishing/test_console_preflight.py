"""The pre-flight page: the only road to a send, and what comes back when something has moved."""

import re
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.console import Browser, Office
from tests.publishing.crowd import a_follower
from tests.publishing.pushing import a_push, a_text, an_article
from tests.publishing.test_console_pushes import a_text_push, actions, push_of, scheduled
from wx_archive.core import clock
from wx_archive.core.jobs.models import Job
from wx_archive.publishing import similar
from wx_archive.publishing.models import Piece
from wx_archive.publishing.push_models import Push
from wx_archive.publishing.rules import PushState
from wx_archive.staff.models import StaffSession
from wx_archive.staff.rules import FRESH, Role

HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
AT = {"when": "at", "date": "2030-05-15", "time": "09:00"}
NINE = datetime(2030, 5, 15, 1, tzinfo=UTC)
QUERY = "when=at&date=2030-05-15&time=09:00"


def on_button(browser: Browser, path: str) -> dict[str, str]:
    """Return what the form of the last button holds."""
    html = browser.get(path).text
    form = html[html.index('/send"') :]
    return {name: value for name, value in HIDDEN.findall(form) if name != "csrf"}


def presses(browser: Browser, pid: str, query: str = QUERY, **changes: str) -> TestResponse:
    """Press the button of a pre-flight page, perhaps with something changed on the way."""
    fields = on_button(browser, f"/console/pushes/{pid}/check?{query}")
    return browser.post(f"/console/pushes/{pid}/send", **(fields | changes))


def test_the_number_is_on_the_button_and_pressing_it_schedules(any_office: Office) -> None:
    pid = a_text_push(any_office)
    publisher = any_office.sits(Role.PUBLISHER)
    page = publisher.page(f"/console/pushes/{pid}/check?{QUERY}")
    assert "确认群发给 2 人" in page.text
    assert "✘ 不行" not in page.text
    answer = presses(publisher, pid)
    assert answer.status_code == 303, answer.text
    push = push_of(any_office, pid)
    assert push.state == PushState.SCHEDULED
    assert push.due_at == NINE
    assert push.counted == 2
    assert push.signed_by == "publisher"
    assert push.scope == "month:2030-05"
    assert actions(any_office) == ["push.schedule"]
    with any_office.database.reads() as connection:
        due = connection.scalars(select(Job.run_after).where(Job.kind == "publishing.send")).one()
    assert due == NINE


def test_now_is_a_minute_from_now(office: Office) -> None:
    pid = a_text_push(office)
    before = clock.now()
    assert presses(office.sits(Role.PUBLISHER), pid, "when=now").status_code == 303
    push = push_of(office, pid)
    assert push.due_at == push.cooling_until
    assert push.due_at is not None
    assert before + timedelta(seconds=60) <= push.due_at <= clock.now() + timedelta(seconds=60)


def test_the_latest_time_is_kept(office: Office) -> None:
    pid = a_text_push(office)
    answer = presses(office.sits(Role.PUBLISHER), pid, f"{QUERY}&latest_time=11:30")
    assert answer.status_code == 303
    assert push_of(office, pid).latest_at == NINE + timedelta(hours=2, minutes=30)


def test_a_number_that_has_moved_brings_the_page_back_with_the_new_one(
    any_office: Office,
) -> None:
    pid = a_text_push(any_office)
    publisher = any_office.sits(Role.PUBLISHER)
    fields = on_button(publisher, f"/console/pushes/{pid}/check?{QUERY}")
    with any_office.database.begin() as session:
        a_follower(session, "oLate")
    answer = publisher.post(f"/console/pushes/{pid}/send", **fields)
    assert answer.status_code == 409
    assert "情况变了" in answer.text
    assert "确认群发给 3 人" in answer.text
    assert push_of(any_office, pid).state == PushState.PREPARING
    assert actions(any_office) == []


def test_a_push_that_has_moved_brings_the_page_back(office: Office) -> None:
    pid = a_text_push(office)
    publisher = office.sits(Role.PUBLISHER)
    fields = on_button(publisher, f"/console/pushes/{pid}/check?{QUERY}")
    with office.database.begin() as session:
        session.execute(update(Push).where(Push.pid == pid).values(version=Push.version + 1))
    answer = publisher.post(f"/console/pushes/{pid}/send", **fields)
    assert answer.status_code == 409
    assert "情况变了" in answer.text
    assert push_of(office, pid).state == PushState.PREPARING


def test_other_terms_than_those_that_were_shown_are_not_taken(office: Office) -> None:
    pid = a_text_push(office)
    answer = presses(office.sits(Role.PUBLISHER), pid, time="09:01")
    assert answer.status_code == 409
    assert push_of(office, pid).state == PushState.PREPARING


def test_an_obstacle_leaves_no_button_and_no_way_around_it(office: Office) -> None:
    with office.database.begin() as session:
        a_follower(session, "o1")
        pid = a_push(session, an_article(), now=clock.now()).pid
    publisher = office.sits(Role.PUBLISHER)
    page = publisher.get(f"/console/pushes/{pid}/check?{QUERY}")
    assert "确认群发给" not in page.text
    assert "还没有封面" in page.text
    seal = "0" * 24
    forced = publisher.post(f"/console/pushes/{pid}/send", version="1", seal=seal, **AT)
    assert forced.status_code == 409
    assert push_of(office, pid).state == PushState.PREPARING


def test_the_same_again_needs_a_reason_that_is_kept(office: Office) -> None:
    scheduled(office)
    with office.database.begin() as session:
        again = a_push(session, a_text(sources=("本馆",)), now=clock.now()).pid
    publisher = office.sits(Role.PUBLISHER)
    refused = presses(publisher, again, reason="  ")
    assert refused.status_code == 409
    assert "请写明为什么还要发" in refused.text
    assert presses(publisher, again, reason="上次漏了开馆时间").status_code == 303
    assert push_of(office, again).override == "上次漏了开馆时间"
    assert similar.WITHIN.days == 90


def test_terms_that_nobody_can_read_leave_no_button(office: Office) -> None:
    pid = a_text_push(office)
    publisher = office.sits(Role.PUBLISHER)
    for query in ("when=at", "when=at&date=2030-02-31&time=09:00", "when=at&time=09:00"):
        page = publisher.page(f"/console/pushes/{pid}/check?{query}")
        assert "请选哪天、几点发" in page.text
        assert "确认群发给" not in page.text
    day = publisher.page(f"/console/pushes/{pid}/check?{QUERY}&latest_date=2030-05-16")
    assert "还要写最晚几点" in day.text


def test_a_wish_is_the_time_that_the_page_begins_with(office: Office) -> None:
    pid = a_text_push(office)
    with office.database.begin() as session:
        session.execute(update(Piece).values(wanted_at=NINE))
    page = office.sits(Role.PUBLISHER).page(f"/console/pushes/{pid}/check")
    assert page.value_of("date") == "2030-05-15"
    assert page.value_of("time") == "09:00"


def test_the_password_must_be_fresh(office: Office) -> None:
    pid = a_text_push(office)
    publisher = office.sits(Role.PUBLISHER)
    fields = on_button(publisher, f"/console/pushes/{pid}/check?{QUERY}")
    with office.database.begin() as session:
        session.execute(update(StaffSession).values(confirmed_at=clock.now() - FRESH))
    answer = publisher.post(f"/console/pushes/{pid}/send", **fields)
    assert answer.headers["Location"].startswith("/console/confirm")
    assert push_of(office, pid).state == PushState.PREPARING


def test_a_push_that_is_scheduled_has_no_pre_flight_any_more(office: Office) -> None:
    pid = scheduled(office)
    answer = office.sits(Role.PUBLISHER).get(f"/console/pushes/{pid}/check")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/console/pushes/{pid}"
