"""The calendar's page: what is on when, how the quota stands, and the first page's to-dos."""

import re
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import update

from tests.conftest import PROJECT
from tests.console import Office
from tests.publishing.pushing import a_push, a_text, an_article, terms
from tests.publishing.test_console_pushes import scheduled
from wx_archive.core.database import Database
from wx_archive.core.site import Site
from wx_archive.core.workdays import Calendar, Year
from wx_archive.publishing import agenda, pieces, plans, push_todos, pushes, slots
from wx_archive.publishing.agenda import Agenda, Day
from wx_archive.publishing.calendar import Plan, Slot
from wx_archive.publishing.models import Piece
from wx_archive.publishing.push_models import Push
from wx_archive.publishing.rules import Column, PushState
from wx_archive.staff.rules import Person, Role
from wx_archive.wechat.account import Entitlements
from wx_archive.wechat.limits import AccountType

SERVICE = Entitlements(AccountType.SERVICE_VERIFIED)
SUBSCRIPTION = Entitlements(AccountType.SUBSCRIPTION_VERIFIED)
NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
WEDNESDAY = datetime(2026, 11, 25, 1, tzinfo=UTC)
MONDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 29)
PLAN = Plan(
    slots=(Slot(column=Column.HISTORY, weekdays=("周四",), time="09:00", title="历史钩沉"),)
)
PUBLISHER = Person(1, "fabu", "发布老李", frozenset({Role.PUBLISHER}))


def the_week(
    database: Database, *, account: Entitlements = SERVICE, calendar: Calendar | None = None
) -> Agenda:
    with database.reads() as connection:
        return agenda.between(
            connection, MONDAY, SUNDAY, plan=PLAN, calendar=calendar or Calendar(), account=account
        )


def day_of(found: Agenda, day: date) -> Day:
    return next(one for one in found.days if one.day == day)


def one_is_scheduled(database: Database, account: Entitlements, at: datetime = WEDNESDAY) -> None:
    site = Site(PROJECT, "https://archive.example")
    with database.begin() as session:
        push = a_push(session, a_text("排着的"), now=NOW)
        pushes.schedule(session, push, terms(at), account=account, profile=site.profile, now=NOW)


def test_a_push_stands_on_its_shanghai_day(database: Database) -> None:
    one_is_scheduled(database, SERVICE, datetime(2026, 11, 24, 16, tzinfo=UTC))
    found = the_week(database)
    assert [one.title for one in day_of(found, date(2026, 11, 25)).pushes] == ["排着的"]
    assert day_of(found, date(2026, 11, 24)).is_empty


def test_what_is_being_prepared_or_was_cancelled_stands_nowhere(database: Database) -> None:
    with database.begin() as session:
        for state in (PushState.PREPARING, PushState.CANCELLED):
            push = a_push(session, a_text(), now=NOW)
            push.state, push.due_at = state, WEDNESDAY
    assert all(day.pushes == () for day in the_week(database).days)


def test_a_service_account_is_counted_by_months(database: Database) -> None:
    one_is_scheduled(database, SERVICE)
    found = the_week(database)
    [month] = found.months
    assert (month.limit, month.reserved, month.left) == (4, 1, 3)
    assert all(day.standing is None for day in found.days)


def test_a_subscription_account_is_counted_by_days(database: Database) -> None:
    one_is_scheduled(database, SUBSCRIPTION)
    found = the_week(database, account=SUBSCRIPTION)
    assert found.months == ()
    left = {day.day: day.standing.left for day in found.days if day.standing}
    assert left[date(2026, 11, 25)] == 0
    assert set(left.values()) == {0, 1}
    assert list(left.values()).count(0) == 1


def test_days_off_and_weekends_worked_are_marked(database: Database) -> None:
    off = Calendar({2026: Year(holidays=[date(2026, 11, 25)], workdays=[date(2026, 11, 28)])})
    found = the_week(database, calendar=off)
    assert {day.day.day: day.mark for day in found.days if day.mark} == {25: "休", 28: "班"}


def test_a_slot_shows_its_draft_once_it_is_made(database: Database) -> None:
    thursday = date(2026, 11, 26)
    [empty] = day_of(the_week(database), thursday).rounds
    assert empty.piece is None
    with database.begin() as session:
        slots.make_draft(session, empty.slot, now=NOW)
    day = day_of(the_week(database), thursday)
    [round_] = day.rounds
    assert round_.piece is not None
    assert round_.piece.title == "历史钩沉"
    assert day.wishes == ()


def test_a_piece_that_is_wanted_stands_on_its_day_until_it_is_out(database: Database) -> None:
    with database.begin() as session:
        piece = pieces.add(session, an_article("想周三出"), made_by="bianji", now=NOW)
        piece.wanted_at = WEDNESDAY
    assert [one.title for one in day_of(the_week(database), date(2026, 11, 25)).wishes] == [
        "想周三出"
    ]
    with database.begin() as session:
        session.execute(update(Piece).values(out_at=NOW))
    assert day_of(the_week(database), date(2026, 11, 25)).wishes == ()


def test_a_year_without_its_notice_is_not_known(database: Database) -> None:
    assert the_week(database).is_known
    with database.reads() as connection:
        far = agenda.between(
            connection,
            date(2099, 1, 1),
            date(2099, 1, 2),
            plan=PLAN,
            calendar=Calendar(),
            account=SERVICE,
        )
    assert not far.is_known


# -- to-dos -----------------------------------------------------------------------------------


def todos(database: Database, now: datetime, account: Entitlements = SERVICE) -> dict[str, int]:
    with database.reads() as connection:
        found = push_todos.todos(connection, PUBLISHER, now, account=account)
    return {todo.title: todo.count for todo in found}


def test_what_goes_out_today_is_a_todo(database: Database) -> None:
    one_is_scheduled(database, SERVICE)
    assert todos(database, WEDNESDAY - timedelta(days=1))["今天还要发的推送"] == 0
    assert todos(database, WEDNESDAY - timedelta(hours=1))["今天还要发的推送"] == 1


def test_places_left_over_are_told_in_the_months_last_days(database: Database) -> None:
    title = "次群发本月还没有安排"
    one_is_scheduled(database, SERVICE)
    assert todos(database, datetime(2026, 11, 25, 2, tzinfo=UTC))[title] == 0
    assert todos(database, datetime(2026, 11, 26, 2, tzinfo=UTC))[title] == 3
    assert todos(database, datetime(2026, 11, 26, 2, tzinfo=UTC), SUBSCRIPTION)[title] == 0


# -- the page ---------------------------------------------------------------------------------


def test_the_page_shows_a_push_by_month_and_by_week(any_office: Office) -> None:
    pid = scheduled(any_office)
    with any_office.database.begin() as session:
        push = plans.locked(session, pid)
        assert push is not None
        push.due_at = datetime(2027, 3, 10, 1, tzinfo=UTC)
    editor = any_office.sits(Role.EDITOR)
    for query in ("month=2027-03", "week=2027-03-12"):
        page = editor.page(f"/console/calendar?{query}")
        assert f"/console/pushes/{pid}" in page.links
        assert "09:00 《闭馆通知》" in re.sub(r"\s+", " ", page.text)
    assert f"/console/pushes/{pid}" not in editor.page("/console/calendar?month=2027-02").links


def test_months_lead_to_their_neighbours_over_the_new_year(office: Office) -> None:
    links = office.sits(Role.EDITOR).page("/console/calendar?month=2026-12").links
    assert "/console/calendar?month=2026-11" in links
    assert "/console/calendar?month=2027-01" in links


def test_a_day_that_is_none_is_not_there(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    for query in ("month=2026-13", "week=gestern", "month=1826-01", "month=", "week=2026-02-30"):
        assert editor.get(f"/console/calendar?{query}").status_code == 404, query


def test_an_important_day_is_a_todo_of_the_editors(office: Office) -> None:
    with office.database.begin() as session:
        session.execute(update(Push).values(state=PushState.CANCELLED))
    page = office.sits(Role.EDITOR).page("/console/calendar")
    coming = re.findall(r"(\d+) 天后（[^）]+）是", page.text)
    home = office.sits(Role.EDITOR).page("/console")
    assert len(re.findall("天后是", home.text)) == len(coming)
