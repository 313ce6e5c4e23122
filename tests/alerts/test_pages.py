"""The console's pages about what goes wrong: who sees what, and what they can do about it."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.alerts.watches import an_alert
from tests.console import Browser, Office
from tests.html import read_page
from wx_archive import features
from wx_archive.alerts import rules, service, texts
from wx_archive.alerts.models import RaisedAlert, StaffWechat
from wx_archive.chat import held
from wx_archive.chat.models import DeadLetter
from wx_archive.core import clock
from wx_archive.core.jobs import Job, JobState
from wx_archive.core.jobs.models import ScheduleState
from wx_archive.core.schema import HEAD
from wx_archive.followers import service as followers
from wx_archive.staff.models import AuditEntry, Member
from wx_archive.staff.plugs import Alert
from wx_archive.staff.rules import Permission, Role
from wx_archive.wechat.client import Platform
from wx_archive.wechat.limits import limits
from wx_archive.wechat.quota import Ledger

BADGE = re.compile(r'<b class="badge-count">(\d+)</b>')
OPENID = "oSomebodyWhoWroteToUs000001"
WORDS = "<script>alert(1)</script>张三的身份证"
SEND = "/cgi-bin/message/custom/send"


def raise_all(office: Office, *found: Alert) -> None:
    with office.database.begin() as session:
        service.raise_all(session, found, now=clock.now())
        service.note_look(session, now=clock.now())


def badge(browser: Browser) -> int:
    found = BADGE.search(browser.get("/console").text)
    return int(found[1]) if found else 0


def audit(office: Office) -> list[tuple[str, str, str]]:
    with office.database.begin() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.number))
        return [(row.actor, row.action, row.subject) for row in rows]


def fail(office: Office, handler: str = "lookup.search") -> None:
    """Leave a message and a job that failed on somebody's words."""
    now = clock.now()
    cause = f"Traceback (most recent call last):\nValueError: {WORDS} {OPENID}"
    with office.database.begin() as session:
        number = followers.ensure(session, OPENID, now=now)
        session.add(
            DeadLetter(
                key=f"k-{handler}",
                follower_id=number,
                handler=handler,
                message=f"{OPENID}{WORDS}".encode(),
                cause=cause,
                failed_at=now,
                state="open",
            )
        )
        session.add(
            Job(
                kind="chat.tidy",
                key=f"j-{handler}",
                payload="{}",
                follower_id=number,
                state=JobState.DEAD,
                run_after=now,
                created_at=now,
                attempts=8,
                cause=cause,
                finished_at=now,
            )
        )


def a_replayable() -> str:
    """Return the name of a handler that writes nothing."""
    return next(
        route.name
        for feature in features.FEATURES
        if feature.bot
        for route in feature.bot.routes()
        if not route.effect
    )


def test_without_trouble_the_page_says_so(office: Office) -> None:
    page = office.sits(Role.EDITOR).page("/console/alerts")
    assert "现在没有要提醒您的" in page.text


def test_one_sees_what_concerns_one_and_says_that_one_knows(any_office: Office) -> None:
    raise_all(
        any_office,
        an_alert("pump", is_urgent=True),
        an_alert("queue", needs=Permission.ENQUIRIES_WORK, path="/console/enquiries"),
    )
    admin, desk = any_office.sits(Role.ADMIN), any_office.sits(Role.DESK)
    seen = admin.page("/console/alerts")
    assert "pump 停了" in seen.text
    assert "queue" not in seen.text
    assert "/console/system" in seen.links
    assert "queue 停了" in desk.page("/console/alerts").text
    assert (badge(admin), badge(desk)) == (1, 1)
    assert "条提醒您还没看过" in admin.page("/console").text
    number = _number(any_office, "pump")
    after = admin.done(f"/console/alerts/{number}/seen")
    assert "pump 停了" in after.text
    assert "记下了" in after.text
    assert (badge(admin), badge(desk)) == (0, 1)
    assert ("admin", "alert.acknowledge", f"alert:{number}") in audit(any_office)
    assert desk.post(f"/console/alerts/{number}/seen").status_code == 409


def test_what_is_over_stands_below(office: Office) -> None:
    raise_all(office, an_alert("pump"))
    with office.database.begin() as session:
        service.end_others(session, (), now=clock.now())
    admin = office.sits(Role.ADMIN)
    page = admin.page("/console/alerts")
    assert "现在没有要提醒您的" in page.text
    assert "pump 停了" in page.text
    assert badge(admin) == 0


def test_when_nobody_looks_any_more_the_admin_is_told_by_the_page(office: Office) -> None:
    with office.database.begin() as session:
        service.note_look(session, now=clock.now() - rules.LOOK_LATE - timedelta(minutes=1))
    admin = office.sits(Role.ADMIN)
    assert badge(admin) == 1
    assert "没有人在检查" in admin.page("/console/alerts").text
    assert "太久了" in admin.page("/console/system").text
    assert badge(office.sits(Role.DESK)) == 0


def test_a_code_is_shown_once_and_binds_ones_own_account(office: Office) -> None:
    desk = office.sits(Role.DESK)
    assert "没有绑定" in desk.page("/console/alerts/wechat").text
    answer = desk.post("/console/alerts/wechat/code")
    assert answer.status_code == 200
    page = read_page(answer.text)
    page.check_frame()
    assert re.search(r"绑定 [0-9]{8}\b", page.text)
    assert not re.search(r"绑定 [0-9]{8}\b", desk.page("/console/alerts/wechat").text)
    assert ("desk", "wechat.code", "member:desk") in audit(office)
    code = re.search(r"绑定 ([0-9]{8})", page.text)
    assert code
    with office.database.begin() as session:
        notes = session.scalars(select(AuditEntry)).all()
        assert not [note for note in notes if code[1] in note.after + note.before]


def test_one_unbinds_ones_own_wechat_only(office: Office) -> None:
    with office.database.begin() as session:
        for login in ("desk", "admin"):
            member = session.scalars(select(Member.id).where(Member.login == login)).one()
            number = followers.ensure(session, f"o-{login}", now=clock.now())
            session.add(StaffWechat(member_id=member, follower_id=number, bound_at=clock.now()))
    desk = office.sits(Role.DESK)
    assert "已绑定" in desk.page("/console/alerts/wechat").text
    assert "没有绑定" in desk.done("/console/alerts/wechat/unbind").text
    assert desk.post("/console/alerts/wechat/unbind").status_code == 409
    assert "已绑定" in office.sits(Role.ADMIN).page("/console/alerts/wechat").text


def test_the_systems_page_tells_how_it_is_doing(any_office: Office) -> None:
    now = clock.now()
    calls = Ledger(any_office.database, limits().quotas)
    calls.charge(SEND, now=now)
    calls.refuse(SEND, 48001, now=now)
    with any_office.database.begin() as session:
        number = followers.ensure(session, OPENID, now=now)
        held.tell(session, number, WORDS, key="h", now=now - timedelta(days=1))
        late = now - timedelta(minutes=30)
        session.add(ScheduleState(name="chat.tidy", cron="* * * * *", next_fire_at=late))
        session.execute(update(Job).values(run_after=late))
    page = any_office.sits(Role.ADMIN).page("/console/system")
    for words in (
        HEAD,
        "是这个版本的",
        "已认证的服务号",
        "发送客服消息",
        "本账号没有这个接口的权限",
        "没有再成功过",
        "1 份",
        "没有按时排出",
        "等了 30 分钟",
        "这是演示",
        "补发留着的答复",
        "PostgreSQL" if "psycopg" in any_office.settings.database else "SQLite",
    ):
        assert words in page.text, words
    redis = "通" if any_office.settings.redis_url.get_secret_value() else "没有用"
    assert redis in page.text


def test_nothing_secret_and_nobodys_words_stand_on_the_systems_page(office: Office) -> None:
    fail(office)
    text = office.sits(Role.ADMIN).get("/console/system").text
    assert "ValueError" in text
    settings = office.settings
    for secret in (
        OPENID,
        WORDS,
        "张三",
        "alert(1)",
        settings.secret(),
        settings.wechat_app_secret.get_secret_value(),
        settings.wechat_token.get_secret_value(),
        settings.wechat_aes_key.get_secret_value(),
    ):
        assert secret not in text


def test_what_failed_is_tried_again_or_put_aside_and_that_is_noted(any_office: Office) -> None:
    fail(any_office, a_replayable())
    admin = any_office.sits(Role.ADMIN)
    letter, job = _failures(admin)
    assert "已排队" in admin.done("/console/system/replay", number=letter).text
    assert "已经排队重放" in admin.page("/console/system").text
    assert "不再处理" in admin.done("/console/system/close", number=job).text
    assert _failures(admin) == [letter]
    done = audit(any_office)
    assert ("admin", "failure.replay", f"failure:{letter}") in done
    assert ("admin", "failure.close", f"failure:{job}") in done
    assert admin.post("/console/system/close", number=job).status_code == 409


def test_what_would_change_data_is_not_offered_to_be_tried_again(office: Office) -> None:
    fail(office, "privacy.about_me")
    admin = office.sits(Role.ADMIN)
    assert "会改动数据，不能重放" in admin.page("/console/system").text
    letter, _job = _failures(admin)
    assert admin.post("/console/system/replay", number=letter).status_code == 409
    assert audit(office) == []


@pytest.mark.parametrize("role", [Role.DESK, Role.EDITOR, Role.AUDITOR])
def test_only_who_minds_the_system_sees_its_page(office: Office, role: Role) -> None:
    fail(office)
    browser = office.sits(role)
    assert browser.get("/console/system").status_code == 403
    assert browser.post("/console/system/replay", number="m1").status_code == 403
    assert browser.post("/console/system/close", number="m1").status_code == 403


@pytest.mark.parametrize("number", ["", "m99", "x", "<b>m1</b>"])
def test_a_number_that_there_is_not_is_refused(office: Office, number: str) -> None:
    admin = office.sits(Role.ADMIN)
    for path in ("/console/system/replay", "/console/system/close"):
        answer = admin.post(path, number=number)
        assert answer.status_code == 409
        assert "<b>m1" not in answer.text


def _number(office: Office, key: str) -> int:
    with office.database.reads() as connection:
        return connection.execute(select(RaisedAlert.id).where(RaisedAlert.key == key)).scalar_one()


def _failures(browser: Browser) -> list[str]:
    found = re.findall(r'<td class="mono">([mj]\d+)</td>', browser.get("/console/system").text)
    return list(found)


def test_every_kind_of_job_and_every_schedule_has_a_name_that_people_understand(
    office: Office,
) -> None:
    services = office.application.services
    platform = Platform(services.settings, services.store, services.database)
    kinds = set(features.jobs(services, platform).kinds)
    platform.close()
    kinds |= {schedule.kind for schedule in features.schedules()}
    kinds |= {schedule.name for schedule in features.schedules()}
    assert kinds - texts.JOBS.keys() == set()
