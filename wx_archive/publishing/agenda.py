"""What is on each day of the calendar: pushes, slots, wanted pieces, days off, the quota."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy.orm import aliased

from wx_archive.core import clock
from wx_archive.core.workdays import Calendar
from wx_archive.publishing import important_days, ledger, slots
from wx_archive.publishing.calendar import Plan
from wx_archive.publishing.important_days import Coming
from wx_archive.publishing.ledger import Standing
from wx_archive.publishing.models import Piece
from wx_archive.publishing.push_models import Push, PushPiece
from wx_archive.publishing.rules import (
    AudienceKind,
    Delivery,
    PieceState,
    PushState,
)
from wx_archive.publishing.slots import Occurrence
from wx_archive.wechat.account import Entitlements

_SATURDAY: Final = 5
_NOON: Final = timedelta(hours=12)
_SHOWN: Final = frozenset(PushState) - {PushState.PREPARING, PushState.CANCELLED}


@dataclass(frozen=True, slots=True)
class Listed:
    """A push as lists show it.

    Attributes:
        title: of its first piece.
        count: of its pieces.
        at: when it went, else when it is to go; None while nobody has said.
    """

    pid: str
    state: PushState
    delivery: Delivery
    title: str
    count: int
    at: datetime | None
    counted: int
    sent: int


@dataclass(frozen=True, slots=True)
class Wish:
    """A piece that somebody wants to come out at a time."""

    pid: str
    title: str
    state: PieceState
    at: datetime


@dataclass(frozen=True, slots=True)
class Round:
    """A slot that comes round.

    Attributes:
        piece: the draft that was made for it; None: it is still to be made.
    """

    slot: Occurrence
    piece: Wish | None


@dataclass(frozen=True, slots=True)
class Day:
    """One Shanghai day.

    Attributes:
        mark: 休 for a weekday off, 班 for a weekend day worked, else empty.
        standing: of the quota of this day; None where the account is counted by months.
    """

    day: date
    mark: str
    pushes: tuple[Listed, ...] = ()
    rounds: tuple[Round, ...] = ()
    wishes: tuple[Wish, ...] = ()
    important: tuple[Coming, ...] = ()
    standing: Standing | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing is on."""
        return not (self.pushes or self.rounds or self.wishes or self.important)


@dataclass(frozen=True, slots=True)
class Agenda:
    """Some days, and the quota of the months they lie in.

    Attributes:
        months: how each month's quota stands; empty for an account that is counted by days.
        is_known: the State Council's notice is out for every day; else days off go by weekends.
    """

    days: tuple[Day, ...]
    months: tuple[Standing, ...]
    is_known: bool


def between(
    connection: Connection,
    first: date,
    last: date,
    *,
    plan: Plan,
    calendar: Calendar,
    account: Entitlements,
) -> Agenda:
    """Return what is on from the first to the last day, both included."""
    span = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    pushes = _by_day(listed(connection, _when(first, last)))
    rounds, wishes = _rounds(connection, slots.between(plan, calendar, first, last), first, last)
    important = important_days.between(plan, first, last)
    days = tuple(
        Day(
            day,
            _mark(day, calendar),
            tuple(pushes.get(day, ())),
            tuple(each for each in rounds if each.slot.day == day),
            tuple(each for each in wishes if clock.day_of(each.at) == day),
            tuple(each for each in important if each.day == day),
            _standing(connection, day, account, has_pushes=bool(pushes.get(day))),
        )
        for day in span
    )
    return Agenda(days, _months(connection, span, account), calendar.knows(first, last))


def listed(
    connection: Connection,
    *where: ColumnElement[bool],
    limit: int | None = None,
    is_newest_first: bool = False,
) -> list[Listed]:
    """Return pushes as lists show them, the earliest first, or those made last."""
    first, every = aliased(PushPiece), aliased(PushPiece)
    count = (
        select(func.count())
        .select_from(every)
        .where(every.push_id == Push.id)
        .correlate(Push)
        .scalar_subquery()
    )
    at = func.coalesce(Push.sent_at, Push.due_at, type_=Push.due_at.type)
    rows = connection.execute(
        select(
            Push.pid,
            Push.state,
            Push.delivery,
            Piece.title,
            count.label("count"),
            at.label("at"),
            Push.counted,
            Push.sent,
        )
        .join(first, (first.push_id == Push.id) & (first.place == 0))
        .join(Piece, Piece.id == first.piece_id)
        .where(*where)
        .order_by(*((Push.id.desc(),) if is_newest_first else (at, Push.id)))
        .limit(limit)
    )
    return [
        Listed(pid, PushState(state), Delivery(delivery), title, number, when, counted, sent)
        for pid, state, delivery, title, number, when, counted, sent in rows
    ]


def _when(first: date, last: date) -> ColumnElement[bool]:
    begins = datetime.combine(first, datetime.min.time(), clock.SHANGHAI)
    ends = datetime.combine(last + timedelta(days=1), datetime.min.time(), clock.SHANGHAI)
    at = func.coalesce(Push.sent_at, Push.due_at, type_=Push.due_at.type)
    return Push.state.in_(_SHOWN) & (at >= begins) & (at < ends)


def _by_day(pushes: Sequence[Listed]) -> Mapping[date, list[Listed]]:
    found: dict[date, list[Listed]] = {}
    for push in pushes:
        if push.at is not None:
            found.setdefault(clock.day_of(push.at), []).append(push)
    return found


def _rounds(
    connection: Connection, coming: Sequence[Occurrence], first: date, last: date
) -> tuple[list[Round], list[Wish]]:
    """Return the slots with their drafts, and the other pieces that are wanted in these days."""
    begins = datetime.combine(first, datetime.min.time(), clock.SHANGHAI)
    ends = datetime.combine(last + timedelta(days=1), datetime.min.time(), clock.SHANGHAI)
    keys = [each.key for each in coming]
    columns = (Piece.pid, Piece.title, Piece.state, Piece.wanted_at, Piece.slot, Piece.out_at)
    on_way = (
        select(PushPiece.piece_id)
        .join(Push, Push.id == PushPiece.push_id)
        .where(Push.state.in_((PushState.SCHEDULED, PushState.SENDING, PushState.HELD)))
    )  # the push stands in the calendar itself
    wanted = (Piece.wanted_at >= begins) & (Piece.wanted_at < ends) & Piece.id.not_in(on_way)
    rows = connection.execute(
        select(*columns).where(wanted | Piece.slot.in_(keys)).order_by(Piece.wanted_at, Piece.id)
    ).all()
    drafts = {
        row.slot: Wish(row.pid, row.title, PieceState(row.state), row.wanted_at)
        for row in rows
        if row.slot and row.wanted_at
    }
    wishes = [
        Wish(row.pid, row.title, PieceState(row.state), row.wanted_at)
        for row in rows
        if row.wanted_at and row.slot not in keys and row.out_at is None
    ]
    return [Round(each, drafts.get(each.key)) for each in coming], wishes


def _mark(day: date, calendar: Calendar) -> str:
    if day.weekday() >= _SATURDAY:
        return "班" if calendar.is_workday(day) else ""
    return "" if calendar.is_workday(day) else "休"


def _scope(day: date, account: Entitlements) -> str:
    noon = datetime.combine(day, datetime.min.time(), clock.SHANGHAI) + _NOON
    found = ledger.scopes_for(account, noon, Delivery.MASS, AudienceKind.ALL)
    return found[0] if found else ""


def _standing(
    connection: Connection, day: date, account: Entitlements, *, has_pushes: bool
) -> Standing | None:
    scope = _scope(day, account)
    if not scope.startswith("day:"):
        return None
    if has_pushes:
        return ledger.standing(connection, scope)
    return Standing(scope, ledger.limit_of(scope), 0, 0, ())


def _months(
    connection: Connection, days: Sequence[date], account: Entitlements
) -> tuple[Standing, ...]:
    scopes = dict.fromkeys(_scope(day, account) for day in days)
    return tuple(
        ledger.standing(connection, scope) for scope in scopes if scope.startswith("month:")
    )
