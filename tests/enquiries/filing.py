"""Builders: followers, their requests, clerks who work on them; a process that files some."""

from datetime import date, datetime, timedelta

from sqlalchemy import select

from tests.talk import NOON
from wx_archive.chat.models import HeldAnswer
from wx_archive.core.database import Database
from wx_archive.core.workdays import Calendar
from wx_archive.enquiries import desk, queries, service
from wx_archive.enquiries.models import Enquiry
from wx_archive.enquiries.queries import Request, Step
from wx_archive.enquiries.rules import Kind, State
from wx_archive.enquiries.service import Draft
from wx_archive.enquiries.steps import READER, Doing, Terms
from wx_archive.followers import service as followers
from wx_archive.staff import accounts
from wx_archive.staff.colleagues import Colleague
from wx_archive.staff.rules import Role

TERMS = Terms(Calendar(), "https://archive.example.org", search_days=5, correction_days=5)
DAY = timedelta(days=1)
MONDAY = date(2026, 11, 23)
PID = "0123456789ABCDEFGHJKMNPQRS"


def a_follower(database: Database, openid: str = "oOne") -> int:
    with database.begin() as session:
        return followers.ensure(session, openid, now=NOON)


def a_request(
    database: Database,
    follower_id: int | None,
    words: str = "大坝图纸",
    *,
    kind: Kind = Kind.SEARCH,
    about_pid: str | None = None,
    form_key: str | None = None,
    now: datetime = NOON,
) -> Request:
    draft = Draft(kind, words, follower_id, about_pid, form_key)
    with database.begin() as session:
        return service.file(session, draft, by_reader(now)).request


def by_reader(now: datetime = NOON) -> Doing:
    return Doing(READER, now, TERMS)


def by_staff(now: datetime = NOON, *, member_id: int | None = None) -> Doing:
    return Doing("desk" if member_id else "cli:test", now, TERMS, member_id)


def moves(
    database: Database,
    number: str,
    *states: State,
    note: str = "三楼阅览室",
    now: datetime = NOON,
) -> Request:
    """Take a request through some states, one or more, as staff do."""
    for state in states[:-1]:
        moves(database, number, state, note=note, now=now)
    with database.begin() as session:
        return desk.move(session, number, states[-1], by_staff(now), note=note)


def steps(database: Database, number: str) -> list[Step]:
    with database.reads() as connection:
        return list(queries.steps(connection, number))


def numbers(database: Database) -> list[str]:
    with database.reads() as connection:
        return sorted(connection.scalars(select(Enquiry.number)))


def file_some(url: str, name: str, count: int) -> None:
    """File requests, each in a transaction of its own, as another process does."""
    database = Database(url)
    try:
        for place in range(count):
            follower_id = a_follower(database, f"o{name}{place}")
            a_request(database, follower_id, f"{name} 第{place}件 图纸")
    finally:
        database.dispose()


def a_clerk(database: Database, login: str = "desk", role: Role = Role.DESK) -> Colleague:
    with database.begin() as session:
        member = accounts.add(
            session,
            login=login,
            name=f"窗口{login}",
            roles=[role],
            password="a-long-password-of-the-test",
            now=NOON,
        )
        return Colleague(member.id, member.name)


def does(
    database: Database,
    clerk: Colleague,
    number: str,
    *states: State,
    note: str = "三楼阅览室",
    now: datetime = NOON,
) -> Request:
    """Take a request through some states as one of the staff."""
    for state in states:
        with database.begin() as session:
            doing = by_staff(now, member_id=clerk.id)
            desk.move(session, number, state, doing, note=note)
    return read(database, number)


def read(database: Database, number: str) -> Request:
    with database.reads() as connection:
        found = queries.by_number(connection, [number])
    assert found
    return found


def held(database: Database) -> list[str]:
    with database.reads() as connection:
        return list(connection.scalars(select(HeldAnswer.text).order_by(HeldAnswer.id)))
