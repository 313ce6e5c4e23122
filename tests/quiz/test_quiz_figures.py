"""Figures of the quiz: counted as they say they are; of too few people nothing is told."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from tests.quiz.making import NOW, TODAY, a_facsimile, a_season
from tests.quiz.season_making import (
    BANK,
    EDITOR,
    REVIEWER,
    a_draft,
    a_waiting,
    earns,
    has_all_ten,
    plays,
)
from wx_archive.core import jobs
from wx_archive.core.database import Database
from wx_archive.core.ids import random_pid
from wx_archive.core.jobs import Job
from wx_archive.quiz import figures, season_desk, season_proposals
from wx_archive.quiz.models import CardKind, Season
from wx_archive.quiz.rules import VoucherState
from wx_archive.quiz.season_plans import with_changes
from wx_archive.quiz.voucher_models import Facsimile, Voucher
from wx_archive.staff.plugs import Panel
from wx_archive.staff.rules import Permission

DAY = timedelta(days=1)
_numbers = count(1)


def a_voucher(session: Session, entry_id: int, facsimile_id: int, **changes: Any) -> None:
    """Give somebody a voucher."""
    told = {"state": VoucherState.ISSUED, "issued_at": NOW, "expires_on": TODAY + 60 * DAY}
    code = f"{next(_numbers):010}"
    session.add(Voucher(code=code, entry_id=entry_id, facsimile_id=facsimile_id, **told | changes))
    session.flush()


def have_been_drawn(session: Session) -> None:
    """Note that the worker has drawn all cards."""
    session.execute(update(CardKind).values(art_pid=random_pid()))


def facts(panel: Panel) -> dict[str, int | str]:
    """Return a box's facts."""
    return {fact.label: fact.value for fact in panel.facts}


def keys(session: Session, *, now: datetime = NOW) -> list[str]:
    """Return the keys of what is amiss, without numbers."""
    return [alert.key.split(":")[0] for alert in figures.alerts(session.connection(), now)]


def test_people_answers_cards_and_sets_are_counted_within_the_days(database: Database) -> None:
    with database.begin() as session:
        season = a_season(session)
        for number in range(3):
            plays(session, season, f"p{number}", "rw")
        plays(session, season, "before", "r", day=TODAY - 9 * DAY)
        full = has_all_ten(session, season, "full")
        early = plays(session, season, "early", "r", day=TODAY - 9 * DAY)
        earns(session, early, 1, at=NOW - 9 * DAY)
        shelf = a_facsimile(session, on_hand=7)
        handed = {"state": VoucherState.REDEEMED, "receipt": "领2026-000001"}
        a_voucher(session, full, shelf, settled_at=NOW, **handed)
        handed["receipt"] = "领2026-000002"
        a_voucher(session, early, shelf, settled_at=NOW - 9 * DAY, **handed)
    with database.reads() as connection:
        (panel,) = figures.panels(connection, TODAY - DAY, TODAY)
    assert facts(panel) == {
        "参加": "4 人",
        "答题": "16 次",
        "正确率": "81%",
        "得卡": "10 张",
        "集齐": "1 套",
        "窗口交付": "1 件",
        "复制件还可以许出": "7 件",
    }
    assert panel.chart is not None
    assert list(panel.chart.points) == [("11-22", 0), ("11-23", 16)]
    assert list(panel.tables[0].rows) == [("已领取", 2)]
    assert str(figures.MIN_PEOPLE) in panel.says


def test_the_same_person_in_two_seasons_is_one_person(database: Database) -> None:
    with database.begin() as session:
        first = a_season(session)
        gone = {"starts_on": TODAY - 90 * DAY, "ends_on": TODAY - 60 * DAY}
        second = a_season(session, **gone, pick_up_until=TODAY - 30 * DAY)
        plays(session, first, "same", "r")
        plays(session, second, "same", "r")
        told = figures.answers(session.connection())
    assert (told.people, told.answered) == (1, 2)


@pytest.mark.parametrize(("people", "rate"), [(0, "还没有"), (2, "人太少，不显示"), (3, "50%")])
def test_how_one_or_two_people_answer_is_not_told(
    database: Database, people: int, rate: str
) -> None:
    with database.begin() as session:
        season = a_season(session)
        for number in range(people):
            plays(session, season, f"p{number}", "rw")
    with database.reads() as connection:
        (panel,) = figures.panels(connection, TODAY, TODAY)
        assert facts(panel)["正确率"] == rate


def test_each_theme_and_difficulty_has_its_rate_unless_too_few_met_it(database: Database) -> None:
    with database.begin() as session:
        season = a_season(session)
        for number in range(3):  # questions 1 and 2 are of other themes and difficulties
            plays(session, season, f"p{number}", "rr" if number == 0 else "rw")
        plays(session, season, "more", "rrr")  # the third only by one
    with database.reads() as connection:
        themes = figures.by_theme(connection, BANK, TODAY, TODAY)
        levels = figures.by_difficulty(connection, BANK, TODAY, TODAY)
        nothing = figures.by_theme(connection, BANK, TODAY - 9 * DAY, TODAY - 8 * DAY)
    few = figures.TOO_FEW
    assert list(themes.rows) == [("papers", 4, "100%"), ("places", 4, "50%"), ("things", few, few)]
    assert list(levels.rows) == [("容易", few, few), ("适中", 4, "100%"), ("较难", 4, "50%")]
    assert nothing.rows == []


@pytest.mark.parametrize(
    ("right", "answered", "rate"), [(2, 3, "67%"), (1, 3, "33%"), (1, 8, "13%"), (3, 3, "100%")]
)
def test_rates_are_rounded_to_the_nearest(right: int, answered: int, rate: str) -> None:
    assert figures.Answers(people=3, answered=answered, right=right).rate == rate


# -- to-dos -----------------------------------------------------------------------------------


def waits(session: Session, login: str) -> dict[str, int]:
    """Return what waits for somebody, of what does."""
    person = next(one for one in (EDITOR, REVIEWER) if one.login == login)
    told = figures.todos(session.connection(), person, NOW)
    return {todo.title: todo.count for todo in told if todo.count}


def test_seasons_and_changes_wait_for_the_second_person_alone(database: Database) -> None:
    with database.begin() as session:
        a_draft(session)
        a_waiting(session)
        season = session.get(Season, a_season(session))
        assert season
        plan = with_changes(season_desk.current_plan(season), {"daily_cap": 3})
        season_proposals.propose_plan(
            session, season, plan, seen=season.version, by="editor", today=TODAY
        )
        assert waits(session, "reviewer") == {"等您放行的答题季": 1, "等您同意的答题季改动": 1}
        assert waits(session, "editor") == {}


def test_what_was_given_back_waits_for_its_writer(database: Database) -> None:
    with database.begin() as session:
        season = a_waiting(session)
        season_desk.refuse(session, season, "再改", seen=season.version, person=REVIEWER)
        assert waits(session, "editor") == {"退回给您改的答题季或改动": 1}
        assert waits(session, "reviewer") == {}


def test_a_change_that_was_given_back_waits_for_its_writer_alone(database: Database) -> None:
    with database.begin() as session:
        season = session.get(Season, a_season(session))
        assert season
        plan = with_changes(season_desk.current_plan(season), {"daily_cap": 3})
        told = {"by": "editor", "today": TODAY}
        season_proposals.propose_plan(session, season, plan, seen=season.version, **told)  # type: ignore[arg-type] # each is what it must be
        season_proposals.refuse(session, season, "再改", seen=season.version, person=REVIEWER)
        assert waits(session, "editor") == {"退回给您改的答题季或改动": 1}
        assert waits(session, "reviewer") == {}
        season_proposals.propose_again(session, season, seen=season.version, by="editor")
        assert waits(session, "editor") == {}
        assert waits(session, "reviewer") == {"等您同意的答题季改动": 1}


# -- what is amiss ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("people", "pieces", "vouchers", "is_amiss"),
    [
        (3, 2, 0, True),
        (2, 2, 0, False),
        (6, 5, 0, False),
        (6, 4, 0, True),
        (3, 2, 1, False),
        (1, 0, 0, True),
    ],
)
def test_somebody_is_told_when_full_sets_outnumber_the_last_pieces(
    database: Database, people: int, pieces: int, vouchers: int, *, is_amiss: bool
) -> None:
    with database.begin() as session:
        season = a_season(session)
        have_been_drawn(session)
        hidden = a_facsimile(session, on_hand=50)
        session.execute(update(Facsimile).where(Facsimile.id == hidden).values(is_offered=False))
        shelf = a_facsimile(session, on_hand=pieces)
        entries = [has_all_ten(session, season, f"p{number}") for number in range(people)]
        for entry in entries[:vouchers]:
            a_voucher(session, entry, shelf, state=VoucherState.REDEEMED)
        found = figures.alerts(session.connection(), NOW)
        assert [alert.key for alert in found] == (["quiz.stock"] if is_amiss else [])
        assert all(alert.needs is Permission.STOCK_KEEP for alert in found)
        later = NOW + 60 * DAY
        assert keys(session, now=later) == [], "nothing is picked up any more"


def test_a_voucher_that_expired_counts_as_a_set_that_waits(database: Database) -> None:
    with database.begin() as session:
        season = a_season(session)
        have_been_drawn(session)
        shelf = a_facsimile(session, on_hand=0)
        entry = has_all_ten(session, season, "somebody")
        a_voucher(session, entry, shelf, state=VoucherState.EXPIRED)
        assert keys(session) == ["quiz.stock"]


@pytest.mark.parametrize(
    ("left", "has_next", "is_amiss"),
    [(8, False, False), (7, False, True), (0, False, True), (-1, False, False), (3, True, False)],
)
def test_somebody_is_told_a_week_before_a_season_ends_without_another(
    database: Database, left: int, *, has_next: bool, is_amiss: bool
) -> None:
    with database.begin() as session:
        a_season(session, ends_on=TODAY + left * DAY)
        if has_next:
            first = TODAY + 10 * DAY
            a_season(session, starts_on=first, ends_on=first, pick_up_until=first)
        a_waiting(session, starts_on=TODAY + 12 * DAY)  # is not released
        have_been_drawn(session)
        assert keys(session) == (["quiz.ends"] if is_amiss else [])


def test_somebody_is_told_of_cards_that_nobody_has_drawn_in_time(database: Database) -> None:
    with database.begin() as session:
        number = a_season(session)
        assert keys(session) == [], "the worker has had no time yet"
        later = NOW + timedelta(minutes=16)
        (found,) = figures.alerts(session.connection(), later)
        assert found.title == "“试一季”有 10 张卡还没有画出来"
        told = {"season": number}
        jobs.enqueue(session, season_desk.DRAW, told, key="x", now=later)
        assert keys(session, now=later) == [], "the worker is at it"
        assert keys(session, now=later + timedelta(minutes=16)) == ["quiz.not_drawn"]
        session.execute(delete(Job))
        have_been_drawn(session)
        assert keys(session, now=later) == []
