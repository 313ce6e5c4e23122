"""来稿: sent in, taken over, given back; who sends how much; lists and what waits too long."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.publishing.writing import (
    CORRESPONDENT,
    EDITOR,
    NOW,
    OTHER_EDITOR,
    a_piece,
    approved,
    submitted,
)
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.workdays import Calendar
from wx_archive.publishing import inbox, piece_list, reviewing
from wx_archive.publishing.piece_list import Wanted
from wx_archive.publishing.rules import PieceState, WrongStateError
from wx_archive.staff import accounts
from wx_archive.staff.rules import Role

TODAY = clock.day_of(NOW)


def test_a_piece_is_sent_in_and_taken_over_once(database: Database) -> None:
    with database.begin() as session:
        piece = a_piece(session, by=CORRESPONDENT)
        inbox.send_in(session, piece, person=CORRESPONDENT, now=NOW)
        assert (piece.state, piece.sent_in_at) == (PieceState.INBOX, NOW)
        assert [one.pid for one in inbox.waiting(session.connection())] == [piece.pid]
        inbox.take_over(session, piece, person=EDITOR, now=NOW)
        assert (piece.state, piece.owner) == (PieceState.DRAFT, EDITOR.login)
        with pytest.raises(WrongStateError, match="别人刚接走"):
            inbox.take_over(session, piece, person=OTHER_EDITOR, now=NOW)
        assert piece.owner == EDITOR.login


def test_an_empty_piece_is_not_sent_in(database: Database) -> None:
    with database.begin() as session:
        piece = a_piece(session, by=CORRESPONDENT, body=" ")
        with pytest.raises(RefusedError, match="还没有正文"):
            inbox.send_in(session, piece, person=CORRESPONDENT, now=NOW)
        assert piece.state == PieceState.DRAFT


def test_giving_back_needs_a_word_and_the_first_day_counts(database: Database) -> None:
    with database.begin() as session:
        piece = a_piece(session, by=CORRESPONDENT)
        inbox.send_in(session, piece, person=CORRESPONDENT, now=NOW)
        with pytest.raises(RefusedError, match="一句话"):
            inbox.give_back(session, piece, " ", person=EDITOR, now=NOW)
        inbox.give_back(session, piece, "缺出处", person=EDITOR, now=NOW)
        assert piece.state == PieceState.RETURNED
        told = reviewing.reviews(session.connection(), piece.id)
        assert [(one.name, one.note, one.is_approval) for one in told] == [
            (EDITOR.name, "缺出处", False)
        ]
        assert piece_list.returned_to(session.connection(), CORRESPONDENT.login) == 1
        later = NOW + timedelta(days=1)
        inbox.send_in(session, piece, person=CORRESPONDENT, now=later)
        assert (piece.sent_in_at, piece.changed_at) == (NOW, later)


def a_member(session: Session, login: str, role: Role = Role.CORRESPONDENT) -> None:
    accounts.add(
        session,
        login=login,
        name=f"联络员{login}",
        roles=[role],
        password="a-long-password-2026",
        must_change=False,
        now=NOW,
    )


def sends(session: Session, at: datetime, *, wanted: datetime | None = None) -> None:
    piece = a_piece(session, by=CORRESPONDENT)
    piece.wanted_at = wanted
    inbox.send_in(session, piece, person=CORRESPONDENT, now=at)


def test_each_correspondents_month_is_counted(database: Database) -> None:
    last_of_october = datetime(2026, 10, 31, 15, 59, tzinfo=UTC)
    with database.begin() as session:
        a_member(session, "he")
        a_member(session, "lazy")
        a_member(session, "chen", Role.EDITOR)
        sends(session, last_of_october)
        sends(session, last_of_october + timedelta(minutes=1))
        sends(session, NOW, wanted=NOW - timedelta(days=1))
        sends(session, NOW, wanted=NOW + timedelta(days=1))
        a_piece(session, by=CORRESPONDENT).wanted_at = NOW - timedelta(days=3)
        session.flush()
        lazy, busy = inbox.doings(session.connection(), TODAY, now=NOW)
        assert (lazy.login, lazy.sent, lazy.last) == ("lazy", 0, None)
        assert (busy.sent, busy.late, busy.unsent, busy.approved) == (3, 1, 1, 0)
        assert busy.last == NOW
        lazy, busy = inbox.doings(session.connection(), date(2026, 10, 3), now=NOW)
        assert (busy.login, busy.sent) == ("he", 1)


@pytest.mark.parametrize(
    ("month", "first", "after"),
    [
        (date(2026, 12, 31), "2026-11-30T16:00", "2026-12-31T16:00"),
        (date(2026, 1, 1), "2025-12-31T16:00", "2026-01-31T16:00"),
    ],
)
def test_a_month_is_shanghais(month: date, first: str, after: str) -> None:
    found = [f"{one.astimezone(UTC):%Y-%m-%dT%H:%M}" for one in inbox.month_bounds(month)]
    assert found == [first, after]


# -- lists ------------------------------------------------------------------------------------


def test_a_piece_that_waits_longer_than_two_working_days_is_late(database: Database) -> None:
    """What came on Wednesday evening is late on Monday, what came on Thursday is not."""
    with database.begin() as session:
        for title, days in (("周三来的", 5), ("周四来的", 4)):
            piece = submitted(session, title=title)
            piece.changed_at = NOW - timedelta(days=days)
        session.flush()
        connection = session.connection()
        late = piece_list.page(connection, Wanted(is_late=True), today=TODAY).lines
        assert [one.title for one in late] == ["周三来的"]
        assert piece_list.count(connection, Wanted(is_late=True), today=TODAY) == 1
        every = piece_list.page(connection, Wanted(), today=TODAY).lines
        assert [piece_list.is_late(one, TODAY) for one in every] == [False, True]


def test_holidays_are_not_counted_as_waiting() -> None:
    first_day_back = date(2026, 10, 8)
    assert clock.day_of(piece_list.late_before(first_day_back, Calendar())) <= date(2026, 9, 30)


def test_a_list_is_narrowed_and_turned(database: Database) -> None:
    with database.begin() as session:
        for number in range(65):
            a_piece(session, title=f"第{number}篇")
        a_piece(session, by=CORRESPONDENT, title="联络员的100%")
        bare = submitted(session, title="缺封面的")
        connection = session.connection()
        first = piece_list.page(connection, Wanted(), today=TODAY)
        assert (len(first.lines), first.newer) == (30, None)
        second = piece_list.page(connection, Wanted(), today=TODAY, below=first.older)
        third = piece_list.page(connection, Wanted(), today=TODAY, below=second.older)
        assert (len(third.lines), third.older) == (7, None)
        back = piece_list.page(connection, Wanted(), today=TODAY, above=third.newer)
        assert back.lines == second.lines
        start = piece_list.page(connection, Wanted(), today=TODAY, above=second.newer)
        assert (start.lines, start.newer) == (first.lines, None)

        def titles(**told: object) -> list[str]:
            wanted = Wanted(**told)  # type: ignore[arg-type] # a test's own
            return [one.title for one in piece_list.page(connection, wanted, today=TODAY).lines]

        assert titles(only_of=CORRESPONDENT.login) == ["联络员的100%"]
        assert titles(words="100%") == ["联络员的100%"]
        assert titles(words="1_0") == []
        assert titles(is_without_cover=True) == ["缺封面的"]
        assert titles(state=PieceState.SUBMITTED, by=EDITOR.login) == ["缺封面的"]
        assert piece_list.to_review(connection, "wang") == 1
        assert piece_list.to_review(connection, EDITOR.login) == 0
        assert bare.cover is None


def test_what_is_out_lacks_no_cover_any_more(database: Database) -> None:
    with database.begin() as session:
        piece = approved(session)
        connection = session.connection()
        wanted = Wanted(is_without_cover=True)
        assert piece_list.count(connection, wanted, today=TODAY) == 1
        piece.out_at = NOW
        session.flush()
        assert piece_list.count(connection, wanted, today=TODAY) == 0
