"""Builders of vouchers: followers with cards, facsimiles with a ledger, people at the desk."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from tests.quiz.making import NOW, TODAY, a_facsimile, a_follower, a_season, known_season
from wx_archive.core.clock import SHANGHAI
from wx_archive.core.database import Database
from wx_archive.quiz import ledgers, stock, vouchers
from wx_archive.quiz.models import Answer, Card, Draw, Entry
from wx_archive.quiz.rules import RIGHT_FOR_CARD, StockAction
from wx_archive.quiz.vouchers import Issued, Outcome, Shown
from wx_archive.staff.models import Member
from wx_archive.staff.rules import Person, Role

SPEECH = "兰水大桥开工批复（复制件）"


def at(day: date, hour: int = 12) -> datetime:
    """Return an hour of a Shanghai day."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)


def after(days: int, hour: int = 12) -> datetime:
    """Return noon so many days after today."""
    return at(TODAY + timedelta(days=days), hour)


def has_right(session: Session, follower_id: int, season_id: int, right: int) -> int:
    """Have somebody take part with so many right answers and their cards; return the entry."""
    entry = Entry(follower_id=follower_id, season_id=season_id, seed=1, carried=0, begun_at=NOW)
    session.add(entry)
    session.flush()
    many = range(1, right + 1)
    draws: list[dict[str, Any]] = [
        {
            "token": f"{entry.id}-{place}",
            "entry_id": entry.id,
            "place": place,
            "question_id": f"things-{place:03}",
            "question_hash": "h",
            "order": "ABCD",
            "picked": "",
            "drawn_at": NOW,
            "closed_at": NOW,
        }
        for place in many
    ]
    if draws:
        session.execute(insert(Draw), draws)
    of_entry = select(Draw.place, Draw.id).where(Draw.entry_id == entry.id)
    draw_of = dict(session.execute(of_entry).all())
    common = {"entry_id": entry.id, "answered_at": NOW, "day": TODAY, "given": "B"}
    answers = [
        {"draw_id": draw_of[place], "is_right": True, "right_no": place, **common} for place in many
    ]
    if answers:
        session.execute(insert(Answer), answers)
    earning = select(Answer.right_no, Answer.id).where(
        Answer.entry_id == entry.id, Answer.right_no % RIGHT_FOR_CARD == 0
    )
    for right_no, answer_id in session.execute(earning).all():
        ordinal = (right_no or 0) // RIGHT_FOR_CARD
        session.add(Card(entry_id=entry.id, ordinal=ordinal, answer_id=answer_id, earned_at=NOW))
    session.flush()
    return entry.id


def a_stock(session: Session, pieces: int, *, name: str = SPEECH) -> int:
    """Add a facsimile and count so many pieces in; return its id."""
    facsimile_id = a_facsimile(session, on_hand=0, name=name)
    if pieces:
        stock.move(session, facsimile_id, StockAction.RECEIVE, pieces=pieces, actor="desk", now=NOW)
    return facsimile_id


def a_collector(
    session: Session, season_id: int, openid: str = "somebody", *, right: int = 100
) -> int:
    """Add a follower with so many right answers; return their id."""
    follower_id = a_follower(session, openid)
    has_right(session, follower_id, season_id, right)
    return follower_id


def a_clerk(session: Session, login: str = "desk", role: Role = Role.DESK) -> Person:
    """Add one of the staff."""
    name = {"desk": "窗口小周", "reviewer": "审核王科长"}.get(login, login)
    member = Member(login=login, name=name, password_hash="", password_set_at=NOW, created_at=NOW)
    session.add(member)
    session.flush()
    return Person(member.id, login, name, frozenset({role}))


def claims(
    database: Database,
    follower_id: int,
    season_id: int,
    facsimile_id: int | None = None,
    *,
    now: datetime = NOW,
) -> Outcome:
    """Ask for the voucher of a season."""
    with database.begin() as session:
        season = known_season(session, season_id)
        return vouchers.issue(session, follower_id, season, facsimile_id, now=now)


def a_voucher(
    database: Database, openid: str = "somebody", *, pieces: int = 42, now: datetime = NOW
) -> Shown:
    """Return the voucher of a new collector of a new season."""
    with database.begin() as session:
        season_id = a_season(session)
        a_stock(session, pieces)
        follower_id = a_collector(session, season_id, openid)
    outcome = claims(database, follower_id, season_id, now=now)
    assert isinstance(outcome, Issued)
    return outcome.voucher


def adds_up(database: Database) -> None:
    """Assert that every ledger adds up."""
    with database.begin() as session:
        assert ledgers.first_breach(session) == ""


def follower_of(database: Database, openid: str = "somebody") -> int:
    """Return a follower's id."""
    with database.begin() as session:
        return a_follower(session, openid)
