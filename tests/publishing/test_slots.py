"""A slot of the calendar makes its draft once, ahead of time, and never more than a draft."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from wx_archive.core.database import Database
from wx_archive.core.workdays import Calendar
from wx_archive.publishing import slots
from wx_archive.publishing.calendar import Plan, Slot
from wx_archive.publishing.models import Piece
from wx_archive.publishing.rules import Column, PieceState

PLAN = Plan(
    slots=(
        Slot(column=Column.HISTORY, weekdays=("周三",), time="09:00", title="历史钩沉 {day}日"),
        Slot(column=Column.CITY, weekdays=("周三",), time="10:00", title="出彩十堰 {day}日"),
    )
)
NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)


def made(database: Database) -> list[tuple[str | None, str, str]]:
    """Return every piece's slot, state and title."""
    with database.reads() as connection:
        rows = connection.execute(select(Piece.slot, Piece.state, Piece.title).order_by(Piece.slot))
        return [(row.slot, row.state, row.title) for row in rows]


def make_all(database: Database, *, now: datetime) -> None:
    """Make every draft that should be there."""
    with database.begin() as session:
        wanted = slots.due(PLAN, Calendar(), now=now)
        for each in slots.missing(session.connection(), wanted):
            slots.make_draft(session, each, now=now)


def test_a_slot_makes_one_draft_however_often_it_is_looked_at(database: Database) -> None:
    make_all(database, now=NOW)
    make_all(database, now=NOW + timedelta(hours=1))
    assert made(database) == [
        ("city:2026-11-25T10:00", PieceState.DRAFT, "出彩十堰 25日"),
        ("history:2026-11-25T09:00", PieceState.DRAFT, "历史钩沉 25日"),
    ]


def test_a_draft_says_when_it_is_wanted(database: Database) -> None:
    make_all(database, now=NOW)
    with database.reads() as connection:
        wanted = connection.scalars(
            select(Piece.wanted_at).where(Piece.slot == "history:2026-11-25T09:00")
        ).one()
    assert wanted == datetime(2026, 11, 25, 1, tzinfo=UTC)


def test_the_database_takes_no_second_draft_of_a_slot(database: Database) -> None:
    [first, _other] = slots.due(PLAN, Calendar(), now=NOW)
    with database.begin() as session:
        slots.make_draft(session, first, now=NOW)
    with pytest.raises(IntegrityError), database.begin() as session:
        slots.make_draft(session, first, now=NOW)
    assert len(made(database)) == 1
