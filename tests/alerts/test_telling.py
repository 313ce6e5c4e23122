"""Whom an alert concerns hears of it on their own WeChat: once, by day, in a way WeChat allows."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.alerts.watches import PROJECT, TEMPLATE, Watch, a_watch, an_alert, at, later
from wx_archive.alerts import rules, service
from wx_archive.alerts.models import StaffWechat
from wx_archive.alerts.telling import TELL
from wx_archive.chat.models import HeldAnswer
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.site import Site
from wx_archive.staff.rules import Permission, Role


@pytest.fixture
def with_template(database: Database, tmp_path: Path) -> Iterator[Watch]:
    """A worker of a site that names a template."""
    folder = tmp_path / "site"
    shutil.copytree(PROJECT / "content", folder / "content")
    profile = folder / "content" / "site.yaml"
    told = profile.read_text(encoding="utf-8")
    profile.write_text(
        told.replace('alert_template: ""', f"alert_template: {TEMPLATE}"), encoding="utf-8"
    )
    with a_watch(database, tmp_path, site=Site(folder, "https://archive.example.org")) as opened:
        yield opened


def held(watch: Watch) -> list[HeldAnswer]:
    with watch.database.begin() as session:
        return list(session.scalars(select(HeldAnswer).order_by(HeldAnswer.id)))


def test_a_new_alert_reaches_whom_it_concerns_once(watch: Watch) -> None:
    watch.staff("admin", Role.ADMIN, "o-admin")
    watch.staff("desk", Role.DESK, "o-desk")
    watch.staff("other", Role.ADMIN)
    watch.found = [an_alert("pump")]
    for _ in range(3):
        watch.looks()
    ((openid, text),) = watch.wechat.texts
    assert openid == "o-admin"
    assert "pump 停了" in text
    assert "/console/alerts" in text
    assert watch.ways == [rules.Way.SERVICE]


def test_everybody_whom_it_concerns_is_told(watch: Watch) -> None:
    watch.staff("admin", Role.ADMIN, "o-one")
    watch.staff("other", Role.ADMIN, "o-two")
    watch.staff("desk", Role.DESK, "o-desk")
    watch.found = [an_alert("pump"), an_alert("queue", needs=Permission.ENQUIRIES_WORK)]
    watch.looks()
    told = sorted((openid, text.split()[0]) for openid, text in watch.wechat.texts)
    assert told == [
        ("o-desk", "【提醒】queue"),
        ("o-one", "【提醒】pump"),
        ("o-two", "【提醒】pump"),
    ]


def test_who_was_disabled_is_not_told_and_bound_no_longer(watch: Watch) -> None:
    watch.disables(watch.staff("admin", Role.ADMIN, "o-admin"))
    watch.found = [an_alert()]
    watch.looks()
    assert watch.wechat.texts == []
    with watch.database.begin() as session:
        assert session.scalars(select(StaffWechat)).all() == []


def test_who_is_disabled_before_the_morning_is_not_told(watch: Watch) -> None:
    admin = watch.staff("admin", Role.ADMIN, "o-admin")
    at(23)
    watch.found = [an_alert()]
    watch.looks()
    watch.disables(admin)
    at(8)
    watch.works()
    assert watch.wechat.texts == []
    assert watch.ways == [rules.Way.NOT]


@pytest.mark.parametrize(("hour", "minute"), [(22, 0), (3, 30), (6, 59)])
def test_nobody_is_woken_up(watch: Watch, hour: int, minute: int) -> None:
    at(hour, minute)
    watch.staff("admin", Role.ADMIN, "o-admin")
    watch.found = [an_alert()]
    watch.looks()
    assert watch.wechat.texts == []
    due = watch.waits_until(TELL).astimezone(clock.SHANGHAI)
    assert (due.hour, due.minute) == (7, 0)
    assert due - clock.now() <= timedelta(hours=9)
    at(7, 1)
    watch.works()
    assert len(watch.wechat.texts) == 1


def test_messages_that_go_unanswered_are_told_by_night(watch: Watch) -> None:
    at(3)
    watch.staff("admin", Role.ADMIN, "o-admin")
    watch.found = [an_alert(is_urgent=True)]
    watch.looks()
    assert len(watch.wechat.texts) == 1


def test_what_is_over_in_the_morning_is_not_told(watch: Watch) -> None:
    at(23)
    watch.staff("admin", Role.ADMIN, "o-admin")
    watch.found = [an_alert()]
    watch.looks()
    watch.found = []
    at(6)
    watch.looks()
    at(8)
    watch.looks()
    assert watch.wechat.texts == []


def test_what_was_seen_in_the_console_is_not_told_as_well(watch: Watch) -> None:
    at(23)
    admin = watch.staff("admin", Role.ADMIN, "o-admin")
    watch.found = [an_alert()]
    watch.looks()
    with watch.database.begin() as session:
        service.acknowledge(session, watch.raised[0].id, admin, now=clock.now())
    at(8)
    watch.works()
    assert watch.wechat.texts == []


def test_what_comes_and_goes_is_told_once_an_hour(watch: Watch) -> None:
    watch.staff("admin", Role.ADMIN, "o-admin")
    for found in ([an_alert()], [], [an_alert()], []):
        watch.found = found
        watch.looks()
    assert len(watch.raised) == 2
    assert len(watch.wechat.texts) == 1
    later(hours=1, minutes=1)
    watch.found = [an_alert()]
    watch.looks()
    assert len(watch.wechat.texts) == 2


def test_an_urgent_one_that_comes_back_is_told_again(watch: Watch) -> None:
    watch.staff("admin", Role.ADMIN, "o-admin")
    for found in ([an_alert(is_urgent=True)], [], [an_alert(is_urgent=True)]):
        watch.found = found
        watch.looks()
    assert len(watch.wechat.texts) == 2


def test_without_window_and_template_it_waits_in_the_chat_for_a_day(watch: Watch) -> None:
    watch.staff("admin", Role.ADMIN, "o-admin", heard=False)
    watch.found = [an_alert()]
    watch.looks()
    assert watch.wechat.texts == []
    (answer,) = held(watch)
    assert answer.expires_at - answer.created_at == timedelta(days=1)
    assert answer.state == "waiting"


def test_outside_of_the_window_a_template_is_used(with_template: Watch) -> None:
    watch = with_template
    watch.staff("admin", Role.ADMIN, "o-admin")
    later(hours=49)
    title = "很长很长的一句话说的是哪一个水泵从什么时候起停了没有人管"
    watch.found = [an_alert(title=title)]
    for _ in range(2):
        watch.looks()
    (told,) = watch.wechat.templates
    assert (told["touser"], told["template_id"]) == ("o-admin", TEMPLATE)
    assert len(told["data"]["thing1"]["value"]) == 20
    assert told["data"]["time2"]["value"][:4].isdecimal()
    assert told["url"].endswith("/console/alerts")
    assert watch.wechat.texts == []
    assert watch.ways == [rules.Way.TEMPLATE]


def test_a_telling_that_is_asked_for_again_is_not_sent_again(with_template: Watch) -> None:
    watch = with_template
    admin = watch.staff("admin", Role.ADMIN, "o-admin", heard=False)
    watch.found = [an_alert()]
    watch.looks()
    watch.enqueue(TELL, {"alert": str(watch.raised[0].id), "member": str(admin.id)})
    watch.works()
    assert len(watch.wechat.templates) == 1


def test_inside_of_the_window_no_template_is_used(with_template: Watch) -> None:
    with_template.staff("admin", Role.ADMIN, "o-admin")
    with_template.found = [an_alert()]
    with_template.looks()
    assert len(with_template.wechat.texts) == 1
    assert with_template.wechat.templates == []


def test_a_template_nobody_knows_of_is_sent_again_under_its_number(with_template: Watch) -> None:
    watch = with_template
    watch.staff("admin", Role.ADMIN, "o-admin", heard=False)
    watch.found = [an_alert()]
    watch.wechat.codes = [None]
    watch.looks()
    assert watch.ways == [""]
    later(minutes=2)
    watch.works()
    first, second = watch.wechat.templates
    assert first["client_msg_id"] == second["client_msg_id"]
    assert 1 <= len(first["client_msg_id"]) <= 32
    assert watch.ways == [rules.Way.TEMPLATE]


def test_after_ten_minutes_of_doubt_it_is_not_sent_again(with_template: Watch) -> None:
    watch = with_template
    watch.staff("admin", Role.ADMIN, "o-admin", heard=False)
    watch.found = [an_alert()]
    watch.wechat.codes = [None]
    watch.looks()
    later(minutes=11)
    watch.works()
    assert len(watch.wechat.templates) == 1
    assert watch.ways == [rules.Way.UNKNOWN]


def test_while_wechat_is_busy_the_template_waits(with_template: Watch) -> None:
    watch = with_template
    watch.staff("admin", Role.ADMIN, "o-admin", heard=False)
    watch.found = [an_alert()]
    watch.wechat.codes = [-1, -1, -1]
    watch.looks()
    assert watch.ways == [""]
    later(minutes=15)
    watch.works()
    assert watch.ways == [rules.Way.TEMPLATE]


def test_a_wrong_template_leaves_it_to_the_chat(with_template: Watch) -> None:
    watch = with_template
    watch.staff("admin", Role.ADMIN, "o-admin", heard=False)
    watch.found = [an_alert()]
    watch.wechat.codes = [40037]
    watch.looks()
    assert [answer.state for answer in held(watch)] == ["waiting"]
    assert watch.ways == [rules.Way.SERVICE]
