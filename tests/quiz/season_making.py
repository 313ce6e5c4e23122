"""Builders of seasons as staff plan them, and who plans them."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from tests.quiz.making import NOW, TODAY, a_bank, some_questions
from wx_archive.quiz import season_desk
from wx_archive.quiz.bank import Bank
from wx_archive.quiz.models import Season
from wx_archive.quiz.season_checks import Place
from wx_archive.quiz.season_plans import CardWords, Plan
from wx_archive.staff.rules import Person, Role

EDITOR = Person(1, "editor", "编辑", frozenset({Role.EDITOR}))
REVIEWER = Person(2, "reviewer", "审核", frozenset({Role.REVIEWER}))
BANK = a_bank(some_questions(150))


def a_plan(**changes: Any) -> Plan:
    """Return a plan: thirty days from tomorrow on."""
    told: dict[str, Any] = {
        "name": "试一季",
        "starts_on": TODAY + timedelta(days=1),
        "ends_on": TODAY + timedelta(days=30),
        "pick_up_until": TODAY + timedelta(days=60),
        "daily_cap": 5,
        "rules": "到馆领取。",
    }
    return Plan(**told | changes)


def a_card(ordinal: int = 1, **changes: Any) -> CardWords:
    """Return what a card says."""
    told: dict[str, Any] = {
        "number": f"001-{ordinal:03}",
        "title": f"第{ordinal}件",
        "story": "为测试而写的故事。",
        "source": "虚构",
    }
    return CardWords(**told | changes)


def a_place(session: Session, *, bank: Bank = BANK, today: date = TODAY) -> Place:
    """Return what seasons are judged by."""
    return Place(session.connection(), bank, today)


def a_draft(
    session: Session, *, cards: int = 10, by: str = EDITOR.login, now: datetime = NOW, **plan: Any
) -> Season:
    """Plan a season with so many cards."""
    season = season_desk.add(session, a_plan(**plan), by=by, now=now)
    for ordinal in range(1, cards + 1):
        words = a_card(ordinal)
        season_desk.put_card(session, season, ordinal, words, seen=season.version, by=by)
    return season


def a_waiting(session: Session, **plan: Any) -> Season:
    """Plan a season and hand it to the second person."""
    season = a_draft(session, **plan)
    place = a_place(session)
    season_desk.submit(session, season, place, seen=season.version, by=EDITOR.login)
    return season


def released(session: Session, season: Season, *, today: date = TODAY) -> Season:
    """Have the second person release a season that waits."""
    place = a_place(session, today=today)
    season_desk.release(session, season, place, seen=season.version, person=REVIEWER, now=NOW)
    return season


def a_released(session: Session, **plan: Any) -> Season:
    """Plan a season and have it released."""
    return released(session, a_waiting(session, **plan))


def begun(session: Session, *, days_ago: int = 10, **plan: Any) -> Season:
    """Plan and release a season that began so many days ago."""
    first = TODAY - timedelta(days=days_ago)
    season = a_draft(session, starts_on=first, **plan)
    place = a_place(session, today=first - timedelta(days=1))
    season_desk.submit(session, season, place, seen=season.version, by=EDITOR.login)
    return released(session, season, today=first - timedelta(days=1))
