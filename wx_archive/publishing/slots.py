"""When the columns' slots come round, and the drafts that are made for them ahead of time.

A slot makes a draft and nothing more: whatever it is about, people write it, review it and send it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.workdays import Calendar
from wx_archive.publishing import pieces
from wx_archive.publishing.calendar import Plan, Shift, Slot
from wx_archive.publishing.models import Piece
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.rules import Kind

MADE_BY: Final = "calendar"
"""Stands where a login would: whoever takes the draft in hand writes it."""
HORIZON: Final = timedelta(days=60)
"""No lead of 20 working days is longer than this, the longest holidays included."""
_LONGEST_SHIFT: Final = 15
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One day on which a slot comes round.

    Attributes:
        planned: the day by the weekday, before any shift; part of its key.
        at: when it is to come out.
        draft_at: from when on its draft is made.
        is_known: the State Council's notice for the year is out; else the day goes by weekends.
    """

    slot: Slot
    planned: date
    at: datetime
    draft_at: datetime
    is_known: bool

    @property
    def key(self) -> str:
        """The same for the same occurrence, however often it is asked for."""
        return f"{self.slot.column}:{self.planned.isoformat()}T{self.slot.time}"

    @property
    def day(self) -> date:
        """The Shanghai day on which it comes out."""
        return clock.day_of(self.at)

    @property
    def title(self) -> str:
        """The title that its draft begins with."""
        return self.slot.title_on(self.day)


def between(plan: Plan, calendar: Calendar, first: date, last: date) -> list[Occurrence]:
    """Return what comes out from the first to the last day, both included, in order."""
    span = timedelta(days=_LONGEST_SHIFT)
    found = [
        occurrence
        for slot in plan.slots
        for planned in _days(first - span, last + span)
        if planned.weekday() in slot.days
        and (occurrence := _occurrence(slot, planned, calendar)) is not None
        and first <= occurrence.day <= last
    ]
    return sorted(found, key=lambda each: (each.at, each.slot.column))


def due(plan: Plan, calendar: Calendar, *, now: datetime) -> list[Occurrence]:
    """Return the slots whose draft should be there by now; those that are over make none."""
    today = clock.day_of(now)
    coming = between(plan, calendar, today, today + HORIZON)
    return [each for each in coming if each.draft_at <= now < each.at]


def missing(connection: Connection, wanted: Sequence[Occurrence]) -> list[Occurrence]:
    """Return those for which no draft was made yet."""
    keys = [each.key for each in wanted]
    made = set(connection.scalars(select(Piece.slot).where(Piece.slot.in_(keys))))
    return [each for each in wanted if each.key not in made]


def make_draft(session: Session, wanted: Occurrence, *, now: datetime) -> Piece:
    """Make a slot's draft; its key makes a second one impossible."""
    content = Content(wanted.slot.column, Kind.ARTICLE, wanted.title)
    piece = pieces.add(session, content, made_by=MADE_BY, now=now)
    piece.slot = wanted.key
    piece.wanted_at = wanted.at
    session.flush()
    return piece


def workdays_before(calendar: Calendar, day: date, count: int) -> date:
    """Return the day that is ``count`` working days before ``day``; that day itself for 0."""
    reached = day
    for _ in range(count):
        reached = _nearest(calendar, reached, timedelta(days=-1))
    return reached


def _occurrence(slot: Slot, planned: date, calendar: Calendar) -> Occurrence | None:
    """Return the occurrence of a planned day; None where the holiday takes it away.

    A slot on a Saturday or Sunday is meant for readers at home and never shifts.
    """
    day = planned
    if planned.weekday() < _SATURDAY and not calendar.is_workday(planned):
        if slot.shift is Shift.SKIP:
            return None
        step = timedelta(days=-1 if slot.shift is Shift.BEFORE else 1)
        day = _nearest(calendar, planned, step)
    begun = workdays_before(calendar, day, slot.lead_days)
    is_known = calendar.knows(min(begun, planned), max(day, planned))
    return Occurrence(slot, planned, _instant(day, slot), _instant(begun, slot), is_known)


def _instant(day: date, slot: Slot) -> datetime:
    return datetime.combine(day, slot.hour, clock.SHANGHAI)


def _nearest(calendar: Calendar, day: date, step: timedelta) -> date:
    reached = day + step
    while not calendar.is_workday(reached):
        reached += step
    return reached


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
