"""The staff's queue of uploads: what the staff must do first, by its day; drafts are nobody's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, literal, or_, select

from wx_archive.core.paging import NEVER, Keys, Place, turned
from wx_archive.staff.colleagues import who_may
from wx_archive.staff.rules import Permission
from wx_archive.treasures import rules
from wx_archive.treasures.models import Treasure, TreasureEvent, TreasureFile
from wx_archive.treasures.queries import COLUMNS, Upload
from wx_archive.treasures.rules import Action, Channel, State

PAGE: Final = 30
_IS_OPEN: Final = Treasure.state.in_(sorted(rules.OPEN))
_KEYS: Final = Keys(
    case(
        (Treasure.state.in_(sorted(rules.STAFF_ACTS)), 0),
        (_IS_OPEN, 1),
        (Treasure.state.in_(sorted(rules.KEPT)), 2),
        else_=3,
    ),
    case((_IS_OPEN, func.coalesce(Treasure.act_by, literal(NEVER))), else_=NEVER),
    case((_IS_OPEN, Treasure.id), else_=-Treasure.id),
)
"""What waits for the staff, then for senders, then what is kept, then what is over, newest first.

Whatever is late stands at the very beginning: its day is the earliest.
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which uploads are to be listed; what is None is not asked for.

    Attributes:
        states: any of these.
        owner_id: in this member's hands; 0 for nobody's, or for those of somebody who may not
            work on it.
        is_late: those alone whose day has passed.
        number: this one alone.
    """

    states: frozenset[State] | None = None
    channel: Channel | None = None
    owner_id: int | None = None
    is_late: bool = False
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the queue, and where those before and after begin.

    Attributes:
        pieces: how many files of each upload count, by its id.
        handed_in: when each was; to confirm its form once more is no handing in.
    """

    uploads: Sequence[Upload]
    pieces: dict[int, int]
    handed_in: dict[int, datetime]
    newer: Place | None
    older: Place | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many uploads there are of each sort.

    Attributes:
        mine: in a member's hands, for the staff to do something.
    """

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
    if wanted.owner_id == 0:
        found = found.where(_is_nobodys(connection))
    shown = turned(connection, found, _KEYS, size=PAGE, after=after, before=before)
    uploads = [Upload.of(row) for row in shown.rows]
    told = _pieces(connection, uploads), _handed_in(connection, uploads)
    return Page(uploads, *told, shown.newer, shown.older)


def counts(connection: Connection, *, member_id: int, today: date) -> Counts:
    """Return how many uploads wait, for everybody and for one of the staff."""
    rows = connection.execute(
        select(Treasure.state, func.count())
        .where(Treasure.state != State.DRAFT.value)
        .group_by(Treasure.state)
    )
    by_state = {State(state): number for state, number in rows}
    is_mine, late = Treasure.owner_id == member_id, is_late(today)
    sums = (
        and_(Treasure.state == State.RECEIVED.value, late),
        is_mine,
        and_(is_mine, late),
        late,
    )
    told = connection.execute(
        select(*(func.coalesce(func.sum(case((each, 1), else_=0)), 0) for each in sums)).where(
            Treasure.state.in_(sorted(rules.STAFF_ACTS))
        )
    ).one()
    return Counts(by_state, *(int(each) for each in told))


def is_late(today: date) -> ColumnElement[bool]:
    """Uploads whose day the staff have let pass."""
    return and_(Treasure.state.in_(sorted(rules.STAFF_ACTS)), Treasure.act_by < today)


def _listed(wanted: Wanted, today: date) -> Select[Any]:
    found = COLUMNS.where(Treasure.state != State.DRAFT.value)
    if wanted.states is not None:
        found = found.where(Treasure.state.in_(sorted(wanted.states)))
    if wanted.channel is not None:
        found = found.where(Treasure.channel == wanted.channel.value)
    if wanted.owner_id:
        found = found.where(Treasure.owner_id == wanted.owner_id)
    if wanted.is_late:
        found = found.where(is_late(today))
    if wanted.number is not None:
        found = found.where(Treasure.number == wanted.number)
    return found


def _is_nobodys(connection: Connection) -> ColumnElement[bool]:
    may_own = [one.id for one in who_may(connection, Permission.TREASURES_WORK)]
    return or_(Treasure.owner_id.is_(None), Treasure.owner_id.not_in(may_own))


def _handed_in(connection: Connection, uploads: Sequence[Upload]) -> dict[int, datetime]:
    rows = connection.execute(
        select(TreasureEvent.treasure_id, func.min(TreasureEvent.at))
        .where(
            TreasureEvent.treasure_id.in_([each.id for each in uploads]),
            TreasureEvent.action == Action.MOVE.value,
            TreasureEvent.to_state == State.RECEIVED.value,
        )
        .group_by(TreasureEvent.treasure_id)
    )
    return {treasure_id: at for treasure_id, at in rows}  # noqa: C416 -- rows are no pairs


def _pieces(connection: Connection, uploads: Sequence[Upload]) -> dict[int, int]:
    rows = connection.execute(
        select(TreasureFile.treasure_id, func.count())
        .where(
            TreasureFile.treasure_id.in_([each.id for each in uploads]),
            TreasureFile.state.in_(sorted(rules.STANDING)),
            TreasureFile.is_evidence.is_(False),
        )
        .group_by(TreasureFile.treasure_id)
    )
    return {treasure_id: count for treasure_id, count in rows}  # noqa: C416 -- rows are no pairs
