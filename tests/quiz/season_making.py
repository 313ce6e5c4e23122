"""Builders of seasons as staff plan them, and who plans them."""

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.quiz.making import NOW, TODAY, a_bank, a_follower, some_questions
from wx_archive.quiz import season_desk
from wx_archive.quiz.bank import Bank
from wx_archive.quiz.models import Answer, Card, Draw, Entry, Season
from wx_archive.quiz.season_checks import Place
from wx_archive.quiz.season_plans import CardWords, Plan
from wx_archive.staff.rules import Person, Role

EDITOR = Person(1, "editor", "编辑", frozenset({Role.EDITOR}))
REVIEWER = Person(2, "reviewer", "审核", frozenset({Role.REVIEWER}))
BANK = a_bank(some_questions(150))
_numbers = count(1)


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


def plays(session: Session, season_id: int, openid: str, marks: str, *, day: date = TODAY) -> int:
    """Have somebody answer questions 1, 2, … of the bank, "r" rightly; return their entry."""
    follower = a_follower(session, openid)
    entry = Entry(follower_id=follower, season_id=season_id, seed=1, carried=0, begun_at=NOW)
    session.add(entry)
    session.flush()
    for place, mark in enumerate(marks, start=1):
        is_right = mark == "r"
        dealt = list(BANK.questions.values())[place - 1]
        draw = Draw(
            token=f"t{next(_numbers):011}",
            entry_id=entry.id,
            place=place,
            question_id=dealt.id,
            question_hash=dealt.fingerprint,
            drawn_at=NOW,
            closed_at=NOW,
        )
        session.add(draw)
        session.flush()
        told = {"answered_at": NOW, "day": day, "given": "B", "is_right": is_right}
        number = marks[:place].count("r") if is_right else None
        session.add(Answer(draw_id=draw.id, entry_id=entry.id, right_no=number, **told))
    session.flush()
    return entry.id


def earns(session: Session, entry_id: int, ordinal: int, *, at: datetime = NOW) -> None:
    """Give somebody a card for their next answer without one."""
    taken = select(Card.answer_id)
    answer = session.scalars(
        select(Answer.id).where(Answer.entry_id == entry_id, Answer.id.not_in(taken))
    ).first()
    assert answer
    session.add(Card(entry_id=entry_id, ordinal=ordinal, answer_id=answer, earned_at=at))
    session.flush()


def has_all_ten(session: Session, season_id: int, openid: str, *, at: datetime = NOW) -> int:
    """Give somebody ten cards; return their entry."""
    entry = plays(session, season_id, openid, "r" * 10)
    for ordinal in range(1, 11):
        earns(session, entry, ordinal, at=at)
    return entry
