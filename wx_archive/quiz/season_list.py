"""Every season in a line, and how many people one has met."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Row, func, select

from wx_archive.quiz.models import Card, CardKind, Entry, Season
from wx_archive.quiz.rules import CARDS, SeasonState


@dataclass(frozen=True, slots=True)
class Line:
    """A season in the list."""

    pid: str
    name: str
    starts_on: date
    ends_on: date
    pick_up_until: date
    state: SeasonState
    made_by: str
    cards: int
    has_proposal: bool
    is_refused: bool
    people: int

    def standing(self, today: date) -> str:
        """Say in words how it stands on a Shanghai day."""
        if self.state is not SeasonState.RELEASED:
            return ""
        if today < self.starts_on:
            return "还没开始"
        return "正在答题" if today <= self.ends_on else "已结束"


def listed(connection: Connection) -> list[Line]:
    """Return every season, the newest first."""
    cards = select(func.count()).where(CardKind.season_id == Season.id).scalar_subquery()
    people = select(func.count()).where(Entry.season_id == Season.id).scalar_subquery()
    rows = connection.execute(
        select(
            Season.pid,
            Season.name,
            Season.starts_on,
            Season.ends_on,
            Season.pick_up_until,
            Season.state,
            Season.made_by,
            cards,
            Season.proposal != "",
            (Season.proposal != "") & (Season.note != ""),
            people,
        ).order_by(Season.starts_on.desc(), Season.id.desc())
    )
    return [_line(row) for row in rows]


def _line(row: Row[str, str, date, date, date, str, str, int, bool, bool, int]) -> Line:
    pid, name, starts, ends, pick_up, state, made_by, cards, proposal, refused, people = row
    return Line(
        pid,
        name,
        starts,
        ends,
        pick_up,
        SeasonState(state),
        made_by,
        cards,
        bool(proposal),
        bool(refused),
        people,
    )


@dataclass(frozen=True, slots=True)
class Involved:
    """How many somebody who withdraws a season would meet.

    Attributes:
        people: have begun.
        cards: have been earned.
        complete: have all ten of them.
    """

    people: int
    cards: int
    complete: int


def involved(connection: Connection, season_id: int) -> Involved:
    """Return how many take part in a season."""
    people = select(func.count()).where(Entry.season_id == season_id)
    cards = (
        select(func.count(), func.count().filter(Card.ordinal == CARDS))
        .join(Entry, Entry.id == Card.entry_id)
        .where(Entry.season_id == season_id)
    )
    earned, complete = connection.execute(cards).one()
    return Involved(connection.execute(people).scalar_one(), earned, complete)
