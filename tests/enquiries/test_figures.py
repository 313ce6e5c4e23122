"""Requests that end by themselves, walk-ins, and the figures of all of them, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import a_record, import_records
from tests.enquiries.conftest import PROJECT
from tests.enquiries.filing import (
    DAY,
    MONDAY,
    PID,
    a_clerk,
    a_follower,
    a_request,
    by_staff,
    does,
    held,
    moves,
    read,
    steps,
)
from tests.talk import NOON, ORIGIN
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.site import Site
from wx_archive.enquiries import desk, figures, jobs, queries, queue
from wx_archive.enquiries.contacts import Contact, Sealer
from wx_archive.enquiries.models import Enquiry, EnquiryContact
from wx_archive.enquiries.queries import Request
from wx_archive.enquiries.rules import Channel, Kind, State
from wx_archive.enquiries.service import Draft
from wx_archive.staff.colleagues import Colleague
from wx_archive.staff.plugs import UseChannel

SITE = Site(PROJECT, ORIGIN)
SEALER = Sealer("a-secret")
# -- by itself --------------------------------------------------------------------------------


class Turn:
    """What a job has of the worker's: transactions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def begin(self) -> Iterator[Session]:
        with self._database.begin() as session:
            yield session


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Have it be so late."""
    clock.move(moment - clock.now())
    try:
        yield
    finally:
        clock.move(timedelta(0))


def runs(database: Database, moment: datetime) -> tuple[int, int]:
    with at(moment):
        turn = Turn(database)
        return jobs.wind_old(turn, SITE), jobs.close_silent(turn, SITE)  # type: ignore[arg-type] # the part of it that is used


def test_silence_of_fifteen_working_days_closes_a_request(database: Database) -> None:
    one = a_follower(database)
    asked, answered, open_ = (a_request(database, one, f"第{each}件").number for each in "甲乙丙")
    moves(database, asked, State.NEED_FIX)
    moves(database, answered, State.REFUSED)
    moves(database, open_, State.ACCEPTED)
    last_day = NOON + 21 * DAY  # 14 December, fifteen working days later
    assert read(database, asked).act_by == clock.day_of(last_day)
    assert runs(database, last_day) == (0, 0)
    told = len(held(database))
    assert runs(database, last_day + DAY) == (0, 2)
    assert [read(database, each).state for each in (asked, answered, open_)] == [
        State.CLOSED,
        State.CLOSED,
        State.ACCEPTED,
    ]
    assert steps(database, asked)[-1].actor == "clock"
    (new,) = held(database)[told:]
    assert asked in new
    assert "没有等到补充" in new
    assert read(database, answered).note == "三楼阅览室"
    assert runs(database, last_day + 2 * DAY) == (0, 0)


def test_what_was_there_before_the_clock_gets_its_day(database: Database) -> None:
    one = a_follower(database)
    first, second = (a_request(database, one, f"第{each}件").number for each in "甲乙")
    moves(database, second, State.ACCEPTED)
    with database.begin() as session:
        for row in session.scalars(select(Enquiry)):
            row.act_by = row.due_on = row.accepted_on = None
            row.promise_days = 0
    assert runs(database, NOON + DAY) == (2, 0)
    assert read(database, first).act_by == date(2026, 11, 25)
    assert read(database, second).clock.due_on == date(2026, 11, 30)
    assert runs(database, NOON + DAY) == (0, 0)


# -- walk-ins and figures ---------------------------------------------------------------------


def walks_in(
    database: Database, clerk: Colleague, channel: Channel = Channel.DESK, now: datetime = NOON
) -> Request:
    with database.begin() as session:
        draft = Draft(Kind.SEARCH, "大坝图纸", channel=channel)
        contact = Contact("张三丰", "13807281234", "兰台市")
        doing = by_staff(now, member_id=clerk.id)
        return desk.write_down(session, draft, contact, SEALER, doing)


def test_a_walk_in_is_accepted_at_once_and_two_alike_are_two(database: Database) -> None:
    clerk = a_clerk(database)
    first, second = walks_in(database, clerk), walks_in(database, clerk)
    assert (first.state, first.first_name) == (State.ACCEPTED, "窗口desk")
    assert first.number != second.number
    assert repr(Contact("张三丰", "1", "2")) == "Contact()"


def test_a_contact_goes_with_the_end_of_its_request(database: Database) -> None:
    clerk = a_clerk(database)
    kept, gone = walks_in(database, clerk), walks_in(database, clerk)
    does(database, clerk, gone.number, State.REFUSED)
    with database.reads() as connection:
        assert len(connection.scalars(select(EnquiryContact.sealed)).all()) == 2
    does(database, clerk, gone.number, State.CLOSED)
    with database.reads() as connection:
        (sealed,) = connection.scalars(select(EnquiryContact.sealed))
    assert SEALER.open(sealed) == Contact("张三丰", "13807281234", "兰台市")
    assert Sealer("another").open(sealed) is None
    assert read(database, kept.number).state is State.ACCEPTED


def test_figures_count_what_their_definition_says(database: Database, tmp_path: Path) -> None:
    import_records(database, tmp_path, a_record())
    clerk = a_clerk(database)
    one = walks_in(database, clerk)
    walks_in(database, clerk, now=NOON + DAY)
    walks_in(database, clerk, Channel.PHONE)
    chat = a_request(database, a_follower(database), "微信来的").number
    with database.begin() as session:
        doing = by_staff(member_id=clerk.id)
        desk.attach(session, one.number, "0001-1-R1", doing, version=None)
    does(database, clerk, one.number, State.SEARCHING, State.FOUND, now=NOON + DAY)
    does(database, clerk, chat, State.ACCEPTED)
    late = NOON + 30 * DAY
    does(database, clerk, chat, State.SEARCHING, State.NOT_FOUND, now=late)
    with database.reads() as connection:
        used = figures.uses(connection, MONDAY, MONDAY + DAY)
        (panel,) = figures.panels(connection, MONDAY, clock.day_of(late))
        outside = figures.uses(connection, MONDAY + 2 * DAY, MONDAY + 9 * DAY)
    assert [(use.day, use.channel, use.people, use.items) for use in used] == [
        (MONDAY, UseChannel.DESK, 1, 0),
        (MONDAY, UseChannel.PHONE, 1, 0),
        (MONDAY + DAY, UseChannel.DESK, 1, 1),
    ]
    assert outside == []
    facts = {fact.label: fact.value for fact in panel.facts}
    assert (facts["在办"], facts["新提出"], facts["已答复"]) == (2, 4, 2)
    assert facts["按期答复"] == "50%"
    assert facts["用时的中位数"] == "11.5 个工作日"
    by_channel = next(table for table in panel.tables if table.head[0] == "从哪里来")
    assert list(by_channel.rows) == [("微信", 1), ("窗口", 2), ("电话", 1)]


def test_figures_of_nothing_are_no_error(database: Database) -> None:
    with database.reads() as connection:
        (panel,) = figures.panels(connection, MONDAY, MONDAY)
        assert figures.uses(connection, MONDAY, MONDAY) == []
        assert figures.alerts(connection, NOON) == []
    assert {fact.value for fact in panel.facts} == {0, "还没有"}


def test_one_alert_a_day_counts_what_is_late(database: Database) -> None:
    one = a_follower(database)
    for each in "甲乙":
        a_request(database, one, f"第{each}件")
    with database.reads() as connection:
        assert figures.alerts(connection, NOON + 2 * DAY) == []
        (alert,) = figures.alerts(connection, NOON + 3 * DAY)
        (next_day,) = figures.alerts(connection, NOON + 4 * DAY)
        told = queue.counts(connection, member_id=1, today=clock.day_of(NOON + 3 * DAY))
    assert alert.title == "有 2 件代查、报错过了期限"
    assert alert.key != next_day.key
    assert clock.day_of(alert.since) == date(2026, 11, 26)
    assert (told.late, told.new_late, told.mine) == (2, 2, 0)


def test_whose_a_request_is_is_told_only_where_that_is_sure(database: Database) -> None:
    one, other = a_follower(database), a_follower(database, "oOther")
    search = a_request(database, one).number
    with database.begin() as session:
        assert queries.follower_of(session, " 查2026-1 ") == one
        assert queries.follower_of(session, "2026-1") == one
        assert queries.follower_of(session, "查2026-2") is None
        assert queries.follower_of(session, "公积金") is None
    a_request(database, other, "错了", kind=Kind.CORRECTION, about_pid=PID)
    a_request(database, None, "也错了", kind=Kind.CORRECTION, about_pid=PID)
    with database.begin() as session:
        assert queries.follower_of(session, search) == one
        assert queries.follower_of(session, "2026-1") is None
        assert queries.follower_of(session, "纠2026-2") is None
