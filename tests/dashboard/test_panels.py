"""The dashboard's own boxes on both databases: counted by the Shanghai calendar."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.lookup.asking import PEOPLE, TODAY, ago, noon
from wx_archive import features
from wx_archive.chat import figures as messages
from wx_archive.chat.models import DeadLetter, HeldAnswer, HeldState, Tally
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Job, JobState
from wx_archive.dashboard import gathering, panels, texts
from wx_archive.dashboard.rules import Span
from wx_archive.followers import figures as followers
from wx_archive.followers import service
from wx_archive.followers.figures import Coming
from wx_archive.staff.plugs import Fact, Panel
from wx_archive.wechat.limits import limits
from wx_archive.wechat.models import ApiUsage

WEEK = Span(TODAY - timedelta(days=6), TODAY)


def second(day: date, hour: int = 12, minute: int = 0) -> int:
    """Return a second as WeChat counts it, by the clock of Shanghai."""
    moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=clock.SHANGHAI)
    return int(moment.timestamp())


def arrive(database: Database, who: str, at: int, scene: str = "") -> None:
    with database.begin() as session:
        number = service.ensure(session, who, now=datetime.fromtimestamp(at, tz=UTC))
        service.arrive(session, number, scene=scene, at=at)


def leave(database: Database, who: str, at: int) -> None:
    with database.begin() as session:
        number = service.ensure(session, who, now=datetime.fromtimestamp(at, tz=UTC))
        service.leave(session, number, at=at)


def of_followers(database: Database, span: Span = WEEK) -> followers.FollowerFigures:
    with database.reads() as connection:
        return followers.gather(connection, span.first, span.last)


def facts(panel: Panel) -> dict[str, object]:
    return {fact.label: fact.value for fact in panel.facts}


# -- followers --------------------------------------------------------------------------------


def test_who_comes_back_is_not_new(database: Database) -> None:
    arrive(database, PEOPLE[0], second(ago(40)), "exhibition")
    leave(database, PEOPLE[0], second(ago(20)))
    arrive(database, PEOPLE[0], second(ago(1)), "desk")
    arrive(database, PEOPLE[1], second(ago(1)), "desk")
    arrive(database, PEOPLE[2], second(TODAY))
    told = of_followers(database)
    assert told.following == 3
    assert told.came == {ago(1): Coming(1, 1), TODAY: Coming(1, 0)}
    assert told.left == {}
    assert told.scenes == [("desk", Coming(1, 1)), ("", Coming(1, 0))]


def test_days_are_those_of_shanghai(database: Database) -> None:
    arrive(database, PEOPLE[0], second(WEEK.first, 0, 0))
    arrive(database, PEOPLE[1], second(WEEK.first, 0, 0) - 1)  # the day before
    arrive(database, PEOPLE[2], second(TODAY, 23, 59))
    leave(database, PEOPLE[2], second(TODAY, 23, 59) + 59)
    leave(database, PEOPLE[1], second(TODAY, 23, 59) + 60)  # tomorrow
    told = of_followers(database)
    assert told.came == {WEEK.first: Coming(1), TODAY: Coming(1)}
    assert told.left == {TODAY: 1}
    assert told.following == 1


def test_who_never_left_did_not_leave_when_time_began(database: Database) -> None:
    arrive(database, PEOPLE[0], second(TODAY))
    assert of_followers(database, Span(date(2000, 1, 1), TODAY)).left == {}


def test_the_box_about_followers_tells_codes_and_days(database: Database) -> None:
    arrive(database, PEOPLE[0], second(ago(1)), "展览")
    arrive(database, PEOPLE[1], second(TODAY))
    leave(database, PEOPLE[1], second(TODAY) + 60)
    with database.reads() as connection:
        panel = panels.of_followers(connection, WEEK)
    assert facts(panel) == {"现在关注": "1 人", "新来": "2 人次", "回来": "0 人次", "取消": "1 人"}
    days, scenes = panel.tables
    assert days.rows == [(TODAY.isoformat(), 1, 0, 1), (ago(1).isoformat(), 1, 0, 0)]
    assert {tuple(row) for row in scenes.rows} == {("展览", 1, 0), (texts.NO_SCENE, 1, 0)}
    assert panel.chart
    assert [count for _day, count in panel.chart.points] == [0, 0, 0, 0, 0, 1, 1]


# -- messages ---------------------------------------------------------------------------------


def a_held(session: Session, key: str, follower: int, state: HeldState, at: datetime) -> None:
    session.add(
        HeldAnswer(
            key=key,
            follower_id=follower,
            text="答复",
            state=state,
            created_at=at,
            expires_at=at + timedelta(days=30),
        )
    )


def a_letter(key: str, at: datetime, state: str = "open") -> DeadLetter:
    return DeadLetter(
        key=key, handler="lookup.look_up", message=b"<xml/>", cause="…", failed_at=at, state=state
    )


@pytest.fixture
def talked(database: Database) -> Database:
    """A database of an account that was written to."""
    with database.begin() as session:
        for day, name, label, count in (
            (TODAY, "answered", "lookup.look_up", 7),
            (TODAY, "answered", "lookup.open_numbered", 2),
            (ago(1), "answered", "guide.keyword", 4),
            (ago(7), "answered", "guide.keyword", 100),
            (TODAY, "refused", "signature", 3),
            (ago(1), "unavailable", "locked", 2),
        ):
            session.add(Tally(day=day, name=name, label=label, count=count))
        follower = service.ensure(session, PEOPLE[0], now=noon(TODAY))
        a_held(session, "1", follower, HeldState.WAITING, noon(TODAY))
        a_held(session, "2", follower, HeldState.FETCHED, noon(ago(1)))
        a_held(session, "3", follower, HeldState.SENT, noon(ago(7)))
        session.add(a_letter("1", noon(TODAY)))
        session.add(a_letter("2", noon(ago(2)), "done"))
        session.add(a_letter("3", noon(ago(9))))
    return database


def test_messages_are_counted_by_day_and_by_what_answered(talked: Database) -> None:
    with talked.reads() as connection:
        told = messages.gather(connection, WEEK.first, WEEK.last)
    assert told.answered == {TODAY: 9, ago(1): 4}
    assert told.by_feature == {"lookup": 9, "guide": 4}
    assert (told.refused, told.unavailable) == ({"signature": 3}, 2)
    assert told.held == {HeldState.WAITING: 1, HeldState.FETCHED: 1}
    assert (told.failed, told.failed_open) == (2, 2)


def test_the_box_about_messages_speaks_chinese(talked: Database) -> None:
    with talked.reads() as connection:
        panel = panels.of_messages(connection, WEEK)
    assert facts(panel) == {
        "收到并答复": "13 条",
        "晚到的答复": "2 条",
        "没处理好": "2 条",
        "其中还没人看的（不限时间）": "2 条",
        "没接上": "2 次",
        "拒收（不是微信发的，或读不了）": "3 次",
    }
    by_feature, held = panel.tables
    assert by_feature.rows == [("查文件和档案", 9), ("指南、问候和其他", 4)]
    assert held.rows == [("等着来取", 1), ("已取走", 1)]


def test_every_feature_that_answers_has_a_name() -> None:
    answering = {bot.feature for each in features.FEATURES if (bot := each.bot)}
    assert answering <= set(texts.FEATURES)
    assert set(texts.HELD) == set(HeldState)
    assert set(texts.JOB_STATES) == set(JobState)


# -- jobs and the platform --------------------------------------------------------------------


def test_jobs_are_counted_by_state_and_those_given_up_by_kind(database: Database) -> None:
    with database.begin() as session:
        for number, state in enumerate(("waiting", "done", "done", "dead")):
            session.add(
                Job(
                    kind="chat.deliver",
                    key=str(number),
                    payload="{}",
                    state=state,
                    run_after=noon(TODAY),
                    created_at=noon(TODAY),
                )
            )
    with database.reads() as connection:
        panel = panels.of_jobs(connection)
    assert facts(panel) == {"等着办": "1 件", "正在办": "0 件", "办完了": "2 件", "放弃了": "1 件"}
    assert panel.tables[0].rows == [("chat.deliver", 1)]


def test_calls_to_the_platform_stand_beside_their_limits(database: Database) -> None:
    send, until = "/cgi-bin/message/custom/send", noon(TODAY) + timedelta(hours=2)
    with database.begin() as session:
        session.add(ApiUsage(path=send, day=TODAY, used=40, stopped_until=until))
        session.add(ApiUsage(path="/cgi-bin/unheard", day=TODAY, used=7, stopped_until=None))
        session.add(ApiUsage(path=send, day=ago(1), used=5, stopped_until=None))
    with database.reads() as connection:
        panel = panels.of_platform(connection, WEEK, now=noon(TODAY))
        later = panels.of_platform(connection, WEEK, now=until)
    assert facts(panel) == {"调用": "52 次"}
    rows = panel.tables[0].rows
    assert rows[0] == ("发送客服消息", 40, limits().quotas[send].per_day, "11-23 14:00")
    assert rows[1] == ("/cgi-bin/unheard", 7, "不知道", "")
    assert len(rows) == len(limits().quotas) + 1
    assert later.tables[0].rows[0][3] == ""


# -- today ------------------------------------------------------------------------------------


def test_the_facts_of_today_are_of_today(talked: Database) -> None:
    arrive(talked, PEOPLE[3], second(TODAY))
    arrive(talked, PEOPLE[4], second(ago(1)))
    leave(talked, PEOPLE[4], second(TODAY))
    with talked.reads() as connection:
        told = gathering.today(connection, noon(TODAY), consoles=features.consoles())
    assert {fact.label: fact.value for fact in told} == {
        "今天的人次": 0,
        "今天的件次": 0,
        "今天答复的消息": 9,
        "今天新来的关注者": 1,
        "今天取消关注的": 1,
        "现在关注的人": 2,
    }
    assert all(isinstance(fact, Fact) for fact in told)
