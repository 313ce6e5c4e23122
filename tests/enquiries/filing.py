"""Builders: followers and their requests; a process that files some."""

from datetime import datetime

from sqlalchemy import select

from tests.talk import NOON
from wx_archive.core.database import Database
from wx_archive.enquiries import queries, service
from wx_archive.enquiries.models import Enquiry
from wx_archive.enquiries.queries import Request, Step
from wx_archive.enquiries.rules import Kind, State
from wx_archive.enquiries.service import Draft
from wx_archive.followers import service as followers

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
        return service.file(session, draft, now=now).request


def moves(database: Database, number: str, *states: State, note: str = "三楼阅览室") -> Request:
    """Take a request through some states, one or more, as staff do."""
    for state in states[:-1]:
        moves(database, number, state, note=note)
    with database.begin() as session:
        return service.move(session, number, states[-1], note=note, actor="cli", now=NOON)


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
