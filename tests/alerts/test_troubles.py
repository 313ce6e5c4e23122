"""What every installation looks for by itself, as the database tells it."""

from datetime import datetime, timedelta

import pytest

from tests.alerts.watches import Watch
from wx_archive.alerts import troubles
from wx_archive.chat import held
from wx_archive.chat.models import DeadLetter, HeldAnswer
from wx_archive.core import clock
from wx_archive.core.clock import SHANGHAI
from wx_archive.core.database import Database
from wx_archive.core.jobs import Job, JobState
from wx_archive.core.jobs.models import ScheduleState
from wx_archive.followers import service as followers
from wx_archive.staff.plugs import Alert
from wx_archive.staff.rules import Permission
from wx_archive.wechat.limits import limits
from wx_archive.wechat.quota import Ledger

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=SHANGHAI)
SEND = "/cgi-bin/message/custom/send"
TOKEN = "/cgi-bin/stable_token"


def found(database: Database, now: datetime = NOW) -> list[Alert]:
    with database.reads() as connection:
        return troubles.alerts(connection, now)


def keys(database: Database, now: datetime = NOW) -> list[str]:
    return [alert.key for alert in found(database, now)]


def a_job(key: str, **changes: object) -> Job:
    told: dict[str, object] = {
        "kind": "chat.tidy",
        "key": key,
        "payload": "{}",
        "state": JobState.WAITING,
        "run_after": NOW,
        "created_at": NOW,
    }
    return Job(**told | changes)


def a_letter(number: int, state: str = "open") -> DeadLetter:
    at = NOW - timedelta(minutes=number)
    return DeadLetter(
        key=str(number), handler="x.y", message=b"", cause="", failed_at=at, state=state
    )


def add(database: Database, *rows: object) -> None:
    with database.begin() as session:
        session.add_all(rows)


def ledger(database: Database) -> Ledger:
    return Ledger(database, limits().quotas)


def test_where_nothing_is_wrong_nothing_is_told(database: Database) -> None:
    add(
        database,
        a_letter(1, "replayed"),
        a_letter(2, "closed"),
        a_letter(3, "queued"),
        a_job("due", run_after=NOW - timedelta(minutes=4)),
        a_job("running", run_after=NOW - timedelta(hours=1), state=JobState.RUNNING),
        a_job("done", run_after=NOW - timedelta(hours=1), state=JobState.DONE),
        ScheduleState(name="s", cron="* * * * *", next_fire_at=NOW - timedelta(minutes=9)),
    )
    assert found(database) == []


def test_messages_and_jobs_that_failed_are_one_alert_each(database: Database) -> None:
    dead = {"state": JobState.DEAD, "finished_at": NOW - timedelta(hours=2)}
    add(database, a_letter(5), a_letter(9), a_job("dead", **dead))
    letters, jobs = found(database)
    assert (letters.key, letters.is_urgent) == ("dead-letters", True)
    assert "2 条消息" in letters.title
    assert letters.since == NOW - timedelta(minutes=9)
    assert (jobs.key, jobs.since) == ("dead-jobs", NOW - timedelta(hours=2))
    assert {one.needs for one in (letters, jobs)} == {Permission.SYSTEM_READ}
    assert {one.path for one in (letters, jobs)} == {"/console/system"}


def test_jobs_that_wait_for_five_minutes_are_late(database: Database) -> None:
    add(database, a_job("late", run_after=NOW - timedelta(minutes=6)))
    (alert,) = found(database)
    assert (alert.key, alert.is_urgent) == ("late-jobs", True)
    assert alert.since == NOW - timedelta(minutes=6)


def test_a_schedule_that_should_have_fired_ten_minutes_ago_is_late(database: Database) -> None:
    due = NOW - timedelta(minutes=11)
    add(database, ScheduleState(name="s", cron="* * * * *", next_fire_at=due))
    (alert,) = found(database)
    assert (alert.key, alert.since) == ("late-schedules", due)


def test_a_call_stopped_for_the_day_is_told_one_stopped_for_a_minute_is_not(
    database: Database,
) -> None:
    calls = ledger(database)
    calls.refuse(SEND, 45009, now=NOW)
    calls.stop(SEND, NOW + timedelta(hours=12), now=NOW)
    calls.stop(TOKEN, NOW + timedelta(minutes=1), now=NOW)
    (alert,) = found(database)
    assert (alert.key, alert.since) == (f"stopped:{SEND}", NOW)
    assert "发送客服消息" in alert.title
    assert keys(database, NOW + timedelta(hours=12)) == []


def test_a_day_that_is_used_up_is_told(database: Database) -> None:
    path = "/cgi-bin/message/mass/send"
    calls = ledger(database)
    for _ in range(limits().quotas[path].per_day):
        calls.charge(path, now=NOW)
    assert keys(database) == [f"stopped:{path}"]


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        (SEND, 48001, "没有这个接口的权限"),
        (TOKEN, 40164, "IP 白名单"),
        (TOKEN, 40125, "AppSecret"),
        (TOKEN, 40001, "AppSecret"),
        (SEND, 48004, "封禁"),
    ],
)
def test_what_wechat_refuses_is_told_until_it_succeeds(
    database: Database, path: str, code: int, words: str
) -> None:
    calls = ledger(database)
    calls.refuse(path, code, now=NOW)
    calls.refuse(path, code, now=NOW + timedelta(minutes=5))
    later = NOW + timedelta(minutes=10)
    (alert,) = found(database, later)
    assert words in alert.title
    assert alert.since == NOW
    ledger(database).allow("/cgi-bin/menu/get", now=later)  # another process, another call
    assert len(found(database, later)) == 1
    ledger(database).allow(path, now=later)
    assert found(database, later) == []
    calls.refuse(path, code, now=later)
    assert [one.since for one in found(database, later)] == [later]


def test_refusals_that_are_nobodys_fault_are_not_told(database: Database) -> None:
    calls = ledger(database)
    for code in (-1, 45011, 40033, 45002, 99999):
        calls.refuse(SEND, code, now=NOW)
    assert found(database) == []


def test_a_token_that_is_renewed_is_no_trouble_one_that_is_refused_for_good_is(
    database: Database,
) -> None:
    calls = ledger(database)
    for _ in range(4):
        calls.refuse(SEND, 42001, now=NOW)
        calls.allow(SEND, now=NOW)
        assert found(database) == []
    for _ in range(3):
        calls.refuse(SEND, 42001, now=NOW)
    assert len(found(database)) == 1


def test_an_answer_that_nobody_fetches_for_a_week_is_told(database: Database) -> None:
    with database.begin() as session:
        number = followers.ensure(session, "o", now=NOW)
        held.tell(session, number, "答复", key="a", now=NOW)
        session.flush()
        session.query(HeldAnswer).one()
        session.query(Job).delete()
    assert keys(database, NOW + timedelta(days=7)) == []
    (alert,) = found(database, NOW + timedelta(days=7, hours=1))
    assert (alert.key, alert.since) == ("held", NOW + timedelta(days=7))
    assert keys(database, NOW + held.KEPT) == []


def test_what_is_wrong_is_raised_by_the_worker(watch: Watch) -> None:
    watch.sources.append(("alerts", troubles.alerts))
    add(watch.database, a_letter(1))
    watch.looks()
    assert watch.open_keys == ["dead-letters"]
    assert clock.now() - watch.raised[0].raised_at < timedelta(minutes=1)
