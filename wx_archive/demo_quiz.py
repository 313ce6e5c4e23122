"""The demo's quiz: one invented season that is on, its ten cards, two facsimiles with stock.

Written once, at the demo's first start, through the services that the console uses; the worker
draws the cards.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import Field
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wx_archive.core import clock, schema
from wx_archive.core.jobs import Job
from wx_archive.core.services import Services
from wx_archive.core.yamlfile import FileModel, load
from wx_archive.quiz import bank, facsimiles, season_desk
from wx_archive.quiz.facsimiles import Described
from wx_archive.quiz.season_checks import Place, questions
from wx_archive.quiz.season_plans import RIGHT_FOR_SET, CardWords, Plan
from wx_archive.staff.models import Member, MemberRole
from wx_archive.staff.rules import Person, Role

_MARK: Final = "demo_quiz"
BEGAN: Final = timedelta(days=20)
"""So long ago the season began."""
GOES_ON: Final = timedelta(days=60)
PICKED_UP: Final = timedelta(days=30)
"""So long after its last day vouchers are redeemed."""
SOURCE: Final = "虚构，仅供演示；依据演示目录里的 {number}"


class _SeasonFile(FileModel):
    name: str
    daily_cap: int
    rules: str


class _CardFile(FileModel):
    number: str
    """档号 of an invented record that is open; printed on the card, and linked."""
    title: str
    story: str


class _FacsimileFile(FileModel):
    name: str
    about: str
    entry: str
    pieces: int


class QuizFile(FileModel):
    """`content/demo/quiz.yaml`."""

    season: _SeasonFile
    cards: list[_CardFile] = Field(min_length=10, max_length=10)
    facsimiles: list[_FacsimileFile]


def invent(services: Services) -> None:
    """Release the season and count in the facsimiles, unless that was done before.

    A site without the file, or with a bank too small for ten cards, has no such season.
    """
    path = services.site.content / "demo" / "quiz.yaml"
    if schema.was_invented(services.database, _MARK) or not path.is_file():
        return
    file, now = read(path), clock.now()
    with services.database.begin() as session:
        known = bank.effective(services.site.folder, session.connection())
        # Written on the day before it began: nobody releases a season into the past.
        then = now - BEGAN - timedelta(days=1)
        place = Place(session.connection(), known, clock.day_of(then))
        plan = _plan(file, now=now)
        if questions(place, plan) < RIGHT_FOR_SET:
            return
        _release(session, file, plan, place, then=then)
        # The worker hears of it only now: it is not late by three weeks.
        session.execute(update(Job).where(Job.kind == season_desk.DRAW).values(created_at=now))
        _count_in(session, file, now=then)
        schema.mark_invented(session, _MARK)


def read(path: Path) -> QuizFile:
    """Return what the demo's file says.

    Raises:
        FileProblemError: it breaks its schema.
    """
    return load(path, QuizFile)


def _plan(file: QuizFile, *, now: datetime) -> Plan:
    today, told = clock.day_of(now), file.season
    ends_on = today + GOES_ON
    return Plan(
        told.name,
        today - BEGAN,
        ends_on,
        ends_on + PICKED_UP,
        told.daily_cap,
        rules=told.rules.strip(),
    )


def _release(session: Session, file: QuizFile, plan: Plan, place: Place, *, then: datetime) -> None:
    editor, reviewer = _person(session, Role.EDITOR), _person(session, Role.REVIEWER)
    season = season_desk.add(session, plan, by=editor.login, now=then)
    for ordinal, card in enumerate(file.cards, start=1):
        source = SOURCE.format(number=card.number)
        words = CardWords(card.number, card.title, card.story, source, card.number)
        season_desk.put_card(session, season, ordinal, words, seen=season.version, by=editor.login)
    season_desk.submit(session, season, place, seen=season.version, by=editor.login)
    season_desk.release(session, season, place, seen=season.version, person=reviewer, now=then)


def _count_in(session: Session, file: QuizFile, *, now: datetime) -> None:
    editor, desk = _person(session, Role.EDITOR), _person(session, Role.DESK)
    for told in file.facsimiles:
        source = SOURCE.format(number=told.entry)
        described = Described(told.name, told.about, source, told.entry)
        one = facsimiles.add(session, described, by=editor.login, now=now)
        facsimiles.count_in(session, one, told.pieces, "第一批", by=desk.login, now=now)


def _person(session: Session, role: Role) -> Person:
    member = session.scalars(select(Member).where(Member.login == role.value)).one()
    roles = session.scalars(select(MemberRole.role).where(MemberRole.member_id == member.id))
    return Person(member.id, member.login, member.name, frozenset(Role(one) for one in roles))
