"""The staff's queue: open requests first, by their day; a page begins where the last one ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    literal,
    select,
)

from wx_archive.core.paging import NEVER, Keys, Place, turned
from wx_archive.enquiries import rules
from wx_archive.enquiries.models import Enquiry
from wx_archive.enquiries.queries import COLUMNS, Request
from wx_archive.enquiries.rules import Channel, Kind, State

PAGE: Final = 30
_RANK: Final = case(
    (Enquiry.state.in_(sorted(rules.OPEN)), 0),
    (Enquiry.state.in_(sorted(rules.ANSWERED)), 1),
    else_=2,
)
_IS_OVER: Final = Enquiry.state.in_(sorted(rules.OVER))
_DAY: Final = case(
    (_IS_OVER, NEVER), else_=func.coalesce(Enquiry.due_on, Enquiry.act_by, literal(NEVER))
)
_ORDER: Final = case((_IS_OVER, -Enquiry.id), else_=Enquiry.id)
"""What is over has the newest first."""
_KEYS: Final = Keys(_RANK, _DAY, _ORDER)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which requests are to be listed; what is None is not asked for.

    Attributes:
        states: any of these.
        owner_id: in this member's hands; 0 for nobody's.
        is_late: those alone whose day has passed.
        number: of these numbers alone.
    """

    states: frozenset[State] | None = None
    kind: Kind | None = None
    channel: Channel | None = None
    owner_id: int | None = None
    is_late: bool = False
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the queue, and where those before and after begin."""

    requests: Sequence[Request]
    newer: Place | None
    older: Place | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many requests there are of each sort."""

    by_state: dict[State, int]
    new_late: int
    mine: int
    mine_late: int
    late: int

    def of(self, *states: State) -> int:
        """Return how many stand in any of these states."""
        return sum(self.by_state.get(state, 0) for state in states)


def page(
    connection: Connection,
    wanted: Wanted,
    *,
    today: date,
    after: Place | None = None,
    before: Place | None = None,
) -> Page:
    """Return a page of the queue: after a line, before one, or the first."""
    found = _listed(wanted, today)
    shown = turned(connection, found, _KEYS, size=PAGE, after=after, before=before)
    return Page([Request.of(row) for row in shown.rows], shown.newer, shown.older)


def counts(connection: Connection, *, member_id: int, today: date) -> Counts:
    """Return how many requests wait, for everybody and for one of the staff."""
    rows = connection.execute(select(Enquiry.state, func.count()).group_by(Enquiry.state))
    by_state = {State(state): number for state, number in rows}
    is_mine, is_new = Enquiry.owner_id == member_id, Enquiry.state == State.SUBMITTED.value
    in_hand, late = Enquiry.state.in_(sorted(rules.WORKED)), is_late(today)
    sums = (
        and_(is_new, late),
        and_(is_mine, in_hand),
        and_(is_mine, in_hand, late),
        late,
    )
    told = connection.execute(
        select(*(func.coalesce(func.sum(case((each, 1), else_=0)), 0) for each in sums)).where(
            Enquiry.state.in_(sorted(rules.OPEN))
        )
    ).one()
    return Counts(by_state, *(int(each) for each in told))


def is_late(today: date) -> ColumnElement[bool]:
    """Requests whose day the staff have let pass."""
    return and_(Enquiry.state.in_(sorted(rules.STAFF_ACTS)), Enquiry.act_by < today)


def _listed(wanted: Wanted, today: date) -> Select[Any]:
    found = COLUMNS
    if wanted.states is not None:
        found = found.where(Enquiry.state.in_(sorted(wanted.states)))
    if wanted.kind is not None:
        found = found.where(Enquiry.kind == wanted.kind.value)
    if wanted.channel is not None:
        found = found.where(Enquiry.channel == wanted.channel.value)
    if wanted.owner_id is not None:
        mine = Enquiry.owner_id == wanted.owner_id
        found = found.where(mine if wanted.owner_id else Enquiry.owner_id.is_(None))
    if wanted.is_late:
        found = found.where(is_late(today))
    if wanted.numbers:
        found = found.where(Enquiry.number.in_(wanted.numbers))
    return found
