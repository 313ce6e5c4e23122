"""The console's pages of pushes: composing, the list, one push, deciding, who may."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from tests.console import Browser, Office
from tests.publishing.crowd import a_follower
from tests.publishing.pushing import a_push, a_text, an_approved, an_article, terms
from wx_archive.core import clock
from wx_archive.core.jobs.models import Job
from wx_archive.publishing import plans, progress, pushes
from wx_archive.publishing.models import Piece
from wx_archive.publishing.push_models import Push, PushPiece, PushStep
from wx_archive.publishing.rules import AudienceKind, HoldReason, PushState
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.rules import Role
from wx_archive.wechat.account import Entitlements

VERSION = re.compile(r'name="version" value="(\d+)"')


def made(office: Office, *titles: str) -> list[str]:
    """Add approved articles; return their public ids."""
    with office.database.begin() as session:
        return [
            an_approved(session, an_article(title, sources=("本馆",)), now=clock.now()).pid
            for title in titles
        ]


def a_text_push(office: Office, *, people: int = 2) -> str:
    """Compose a push of a text, with people to send it to; return its public id."""
    with office.database.begin() as session:
        for number in range(people):
            a_follower(session, f"oPush{number}")
        return a_push(session, a_text(sources=("本馆",)), now=clock.now()).pid


def scheduled(office: Office, *, within: timedelta | None = timedelta(days=1)) -> str:
    """Schedule it; None is now."""
    pid, now = a_text_push(office), clock.now()
    with office.database.begin() as session:
        push = plans.locked(session, pid)
        assert push is not None
        pushes.schedule(
            session,
            push,
            terms(now + within if within else None),
            account=Entitlements.of(office.settings),
            profile=office.application.services.site.profile,
            now=now,
        )
    return pid


def held(office: Office, reason: HoldReason = HoldReason.MISSED) -> str:
    """Have a scheduled push wait for a person."""
    pid = scheduled(office)
    with office.database.begin() as session:
        push = plans.locked(session, pid)
        assert push is not None
        progress.hold(session, push, reason, "最晚时间已经过了", now=clock.now())
    return pid


def push_of(office: Office, pid: str) -> Push:
    with office.database.begin() as session:
        return session.scalars(select(Push).where(Push.pid == pid)).one()


def actions(office: Office) -> list[str]:
    """Return what was noted of pushes, the oldest first."""
    with office.database.reads() as connection:
        rows = connection.scalars(
            select(AuditEntry.action)
            .where(AuditEntry.action.like("push.%"))
            .order_by(AuditEntry.number)
        )
        return list(rows)


def version_on(browser: Browser, path: str) -> str:
    found = VERSION.search(browser.get(path).text)
    assert found, path
    return found[1]


# -- composing --------------------------------------------------------------------------------


def test_a_push_is_composed_of_approved_articles_in_the_chosen_order(any_office: Office) -> None:
    first, second = made(any_office, "甲篇", "乙篇")
    publisher = any_office.sits(Role.PUBLISHER)
    shown = publisher.page("/console/pushes/new")
    assert "甲篇" in shown.text
    look = publisher.page(f"/console/pushes/new?look=1&piece={first}&piece={second}")
    [swap] = {link for link in look.links if f"piece={second}&piece={first}" in link}
    assert "看一遍：《乙篇》等 2 篇" in publisher.page(swap).text
    done = publisher.done(
        "/console/pushes/new", piece=[second, first], delivery="mass", audience="all"
    )
    assert "发送前体检：《乙篇》等 2 篇" in done.text
    with any_office.database.reads() as connection:
        order = connection.execute(
            select(PushPiece.place, Piece.pid)
            .join(Piece, Piece.id == PushPiece.piece_id)
            .order_by(PushPiece.place)
        ).all()
    assert [tuple(row) for row in order] == [(0, second), (1, first)]
    assert actions(any_office) == ["push.compose"]


def test_what_does_not_go_together_is_refused_and_nothing_is_made(office: Office) -> None:
    [article] = made(office, "甲篇")
    with office.database.begin() as session:
        text = an_approved(session, a_text(), now=clock.now()).pid
    publisher = office.sits(Role.PUBLISHER)
    refused = publisher.post("/console/pushes/new", piece=[article, text], delivery="mass")
    assert refused.status_code == 422
    assert "只能都是图文" in refused.text
    assert publisher.post("/console/pushes/new", delivery="mass").status_code == 422
    nine = made(office, *(f"第{number}篇" for number in range(9)))
    assert "一次最多 8 篇" in publisher.post("/console/pushes/new", piece=nine).text
    assert office.sits(Role.PUBLISHER).page("/console/pushes").text.count("筹备（0）") == 1


def test_a_piece_that_is_not_approved_any_more_is_refused(office: Office) -> None:
    [pid] = made(office, "甲篇")
    with office.database.begin() as session:
        session.execute(update(Piece).where(Piece.pid == pid).values(state="draft"))
    publisher = office.sits(Role.PUBLISHER)
    assert "甲篇" not in publisher.page("/console/pushes/new").text
    refused = publisher.post("/console/pushes/new", piece=pid, delivery="mass", audience="all")
    assert refused.status_code == 422
    assert "不再是已审定" in refused.text


def test_an_audience_is_counted_before_anything_is_made(office: Office) -> None:
    with office.database.begin() as session:
        a_follower(session, "o1", topics=["history"])
        a_follower(session, "o2", topics=["history", "city"])
        a_follower(session, "o3", quiet_for=timedelta(days=40))
    publisher = office.sits(Role.PUBLISHER)

    def counted(query: str) -> str:
        page = publisher.page(f"/console/pushes/count?delivery=mass&{query}")
        return re.sub(r"\s+", "", page.text)

    assert "现在数一数：3人" in counted("audience=all")
    assert "现在数一数：2人" in counted("audience=tag&topic=history")
    assert "现在数一数：1人" in counted("audience=list&topics=city")
    assert "不提醒粉丝，不占群发次数" in publisher.page("/console/pushes/count?delivery=site").text


def test_a_list_keeps_its_conditions(office: Office) -> None:
    [pid] = made(office, "甲篇")
    office.sits(Role.PUBLISHER).done(
        "/console/pushes/new",
        piece=pid,
        delivery="mass",
        audience="list",
        topics=["history", "city"],
        active="30",
    )
    with office.database.reads() as connection:
        row = connection.execute(select(Push.audience, Push.segment)).one()
    assert row.audience == AudienceKind.LIST
    assert row.segment == '{"active_within_days": 30, "topics": ["history", "city"]}'


# -- one push ---------------------------------------------------------------------------------


def test_a_page_says_how_a_push_stands_and_what_each_state_means(office: Office) -> None:
    pid = scheduled(office)
    page = office.sits(Role.EDITOR).page(f"/console/pushes/{pid}")
    assert "已排期" in page.text
    assert "到时间自动发" in page.text
    assert "每个状态是什么意思" in page.text
    assert "改到" not in page.text


def test_while_it_cools_it_is_called_back_at_one_tap(office: Office) -> None:
    pid = scheduled(office, within=None)
    publisher = office.sits(Role.PUBLISHER)
    path = f"/console/pushes/{pid}"
    page = publisher.page(path)
    left = re.search(r"还可以撤回 (\d+) 秒", page.text)
    assert left
    assert 50 < int(left[1]) <= 60
    done = publisher.done(f"{path}/cancel", version=version_on(publisher, path))
    assert "已取消" in done.text
    assert push_of(office, pid).state == PushState.CANCELLED
    assert push_of(office, pid).scope == ""
    assert actions(office) == ["push.cancel"]


def test_a_scheduled_push_is_cancelled_on_a_page_of_its_own(office: Office) -> None:
    pid = scheduled(office)
    publisher = office.sits(Role.PUBLISHER)
    ask = f"/console/pushes/{pid}/cancel"
    assert ask in publisher.page(f"/console/pushes/{pid}").links
    assert "不会发出去" in publisher.page(ask).text
    publisher.done(ask, version=version_on(publisher, ask))
    assert push_of(office, pid).state == PushState.CANCELLED


def test_a_page_that_is_out_of_date_does_nothing(office: Office) -> None:
    pid = scheduled(office)
    publisher = office.sits(Role.PUBLISHER)
    path = f"/console/pushes/{pid}"
    old = version_on(publisher, f"{path}/cancel")
    with office.database.begin() as session:
        push = plans.locked(session, pid)
        assert push is not None
        progress.note(session, push, "preview", actor="fabu", now=clock.now())
    refused = publisher.post(f"{path}/cancel", version=old)
    assert refused.status_code == 409
    assert push_of(office, pid).state == PushState.SCHEDULED


def test_another_time_takes_it_back_and_leads_to_the_preflight(office: Office) -> None:
    pid = scheduled(office)
    publisher = office.sits(Role.PUBLISHER)
    path = f"/console/pushes/{pid}"
    day = clock.day_of(clock.now() + timedelta(days=3)).isoformat()
    done = publisher.done(
        f"{path}/postpone", version=version_on(publisher, path), date=day, time="09:30"
    )
    assert done.value_of("date") == day
    assert done.value_of("time") == "09:30"
    assert push_of(office, pid).state == PushState.PREPARING
    assert push_of(office, pid).scope == ""


def test_a_polled_page_asks_for_all_of_it_once_something_has_changed(office: Office) -> None:
    pid = scheduled(office, within=None)
    publisher = office.sits(Role.PUBLISHER)
    version = push_of(office, pid).version
    same = publisher.get(f"/console/pushes/{pid}/state?version={version}")
    assert "HX-Refresh" not in same.headers
    other = publisher.get(f"/console/pushes/{pid}/state?version={version - 1}")
    assert other.headers["HX-Refresh"] == "true"


def test_waiting_for_the_administrator_is_told(office: Office) -> None:
    pid = scheduled(office)
    with office.database.begin() as session:
        push = plans.locked(session, pid)
        assert push is not None
        progress.advance(session, push, PushState.SENDING, actor="scheduler", now=clock.now())
        push.sent_at = datetime(2026, 11, 25, 1, tzinfo=UTC)
        push.sentence = "等管理员在手机上确认"
    page = office.sits(Role.EDITOR).page(f"/console/pushes/{pid}")
    assert "最晚 11月25日 周三 09:30" in page.text


@pytest.mark.parametrize(
    "path", ["/console/pushes/AAAAAAAAAAAAAAAAAAAAAAAAAA", "/console/pushes/x"]
)
def test_a_push_that_is_not_there_is_not_there(office: Office, path: str) -> None:
    assert office.sits(Role.EDITOR).get(path).status_code == 404


# -- deciding ---------------------------------------------------------------------------------


def test_a_held_push_is_explained_and_decided_on_a_page_of_its_own(any_office: Office) -> None:
    pid = held(any_office)
    publisher = any_office.sits(Role.PUBLISHER)
    page = publisher.page(f"/console/pushes/{pid}")
    assert "最晚时间已经过了" in page.text
    assert "不自己补发" in page.text
    ask = f"/console/pushes/{pid}/decide/reschedule"
    assert ask in page.links
    for never in ("ask_again", "resend_new"):
        assert f"/console/pushes/{pid}/decide/{never}" not in page.links
    answer = publisher.post(ask, version=version_on(publisher, ask))
    assert answer.headers["Location"].endswith(f"/console/pushes/{pid}/check")
    assert push_of(any_office, pid).state == PushState.PREPARING
    assert actions(any_office) == ["push.decide"]


@pytest.mark.parametrize(
    ("decision", "state"),
    [
        ("reschedule", PushState.PREPARING),
        ("take_for_sent", PushState.SENT),
        ("take_for_failed", PushState.FAILED),
        ("cancel", PushState.CANCELLED),
    ],
)
def test_every_decision_ends_in_its_state(office: Office, decision: str, state: PushState) -> None:
    pid = held(office)
    publisher = office.sits(Role.PUBLISHER)
    ask = f"/console/pushes/{pid}/decide/{decision}"
    publisher.done(ask, version=version_on(publisher, ask))
    assert push_of(office, pid).state == state


def test_what_may_not_be_decided_now_has_no_page(office: Office) -> None:
    pid = held(office)
    publisher = office.sits(Role.PUBLISHER)
    assert publisher.get(f"/console/pushes/{pid}/decide/resend_new").status_code == 404
    assert publisher.get(f"/console/pushes/{pid}/decide/burn").status_code == 404


# -- preview ----------------------------------------------------------------------------------


def test_a_preview_is_a_job_for_ones_own_phone_and_moves_nothing(office: Office) -> None:
    pid = a_text_push(office)
    before = push_of(office, pid).version
    office.sits(Role.EDITOR).done(f"/console/pushes/{pid}/preview")
    assert push_of(office, pid).version == before
    with office.database.reads() as connection:
        assert connection.scalars(select(Job.kind).where(Job.kind == "publishing.preview")).all()
        steps = connection.scalars(select(PushStep.step).order_by(PushStep.id)).all()
    assert steps == ["preparing", "preview.asked"]


# -- who may ----------------------------------------------------------------------------------


def test_only_a_publisher_sends(office: Office) -> None:
    pid = a_text_push(office)
    editor = office.sits(Role.EDITOR)
    assert editor.get("/console/pushes/new").status_code == 403
    assert editor.post(f"/console/pushes/{pid}/send").status_code == 403
    assert editor.post(f"/console/pushes/{pid}/cancel").status_code == 403
    assert "要由“发布”角色的人来按" in editor.page(f"/console/pushes/{pid}/check").text
    assert office.sits(Role.DESK).get("/console/pushes").status_code == 403


def test_the_list_puts_what_waits_for_a_person_first(office: Office) -> None:
    scheduled(office)
    held_pid = held_in(office)
    text = office.sits(Role.PUBLISHER).get("/console/pushes").text
    assert text.index(held_pid) < text.index("到时间自动发")
    filtered = office.sits(Role.PUBLISHER).get("/console/pushes?state=scheduled").text
    assert held_pid not in filtered


def held_in(office: Office) -> str:
    """Add another push that is held."""
    with office.database.begin() as session:
        push = a_push(session, a_text("等人的"), now=clock.now())
        push.state, push.reason, push.sentence = PushState.HELD, HoldReason.REFUSED, "微信没有收"
        return push.pid
