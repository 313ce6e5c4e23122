"""Figures of uploads: received, answered in time, taken, entered, declined; by month and way."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select

from wx_archive.core import clock
from wx_archive.core.workdays import Calendar
from wx_archive.staff.plugs import Fact, Panel, Table
from wx_archive.treasures import rules
from wx_archive.treasures.models import Treasure, TreasureEvent, TreasureFile
from wx_archive.treasures.rules import Action, Channel, State
from wx_archive.treasures.steps import BY_CLOCK, SENDER

QUEUE: Final = "/console/treasures"
KEEPING: Final = "/console/treasures/keeping"
TITLE: Final = "珍档"
ANSWER_DAYS: Final = rules.DAYS[State.RECEIVED]
SAYS: Final = (
    "珍档：在办的和存着的原件是现在的数，其余只算所选日子里的。收到：交了、有编号的；"
    f"按期答复：收到后 {ANSWER_DAYS} 个工作日内馆里办了第一步的，占已经答复或者已经过期的；"
    "决定收、入藏、婉谢按办这一步的日子算，同一份只算一次。删除了资料的仍计入件数。"
)
NONE_YET: Final = "还没有"
_COUNTED: Final = (State.ACCEPTED, State.ACCESSIONED, State.DECLINED)
_BY_ITSELF: Final = (SENDER, BY_CLOCK, "erasure")


@dataclass(frozen=True, slots=True)
class Received:
    """An upload that was handed in.

    Attributes:
        answered_on: the Shanghai day of the staff's first step; None while there is none.
    """

    day: date
    channel: Channel
    answered_on: date | None


Cell = tuple[str, Channel]
"""A month as 2026-11, and a channel."""


def panels(connection: Connection, first: date, last: date) -> Sequence[Panel]:
    """Return the uploads' box of the dashboard."""
    received = received_between(connection, first, last)
    moved = moves_between(connection, first, last)
    totals: Counter[State] = Counter()
    for (_, _, state), count in moved.items():
        totals[state] += count
    in_time, settled = _promise(received, clock.today())
    files, size_bytes = connection.execute(
        select(func.count(), func.coalesce(func.sum(TreasureFile.size_bytes), 0)).where(
            TreasureFile.state.in_(sorted(rules.STORED))
        )
    ).one()
    under_way = select(func.count()).where(Treasure.state.in_(sorted(rules.OPEN)))
    facts = (
        Fact("在办", connection.execute(under_way).scalar_one(), QUEUE),
        Fact("收到", len(received)),
        Fact(f"{ANSWER_DAYS} 个工作日内答复", _share(in_time, settled)),
        Fact("决定收", totals[State.ACCEPTED]),
        Fact("入藏", totals[State.ACCESSIONED]),
        Fact("婉谢", totals[State.DECLINED]),
        Fact("存着的原件", f"{files:,} 个，{(size_bytes or 0) / 1_000_000:,.1f} MB", KEEPING),
    )
    return [Panel(TITLE, SAYS, facts=facts, tables=(_months(received, moved),))]


def received_between(connection: Connection, first: date, last: date) -> list[Received]:
    """Return the uploads that were handed in on these days, with the staff's first answer."""
    by_staff = (
        select(func.min(TreasureEvent.at))
        .where(
            TreasureEvent.treasure_id == Treasure.id,
            TreasureEvent.actor.not_in(_BY_ITSELF),
            TreasureEvent.action == Action.MOVE,
            TreasureEvent.from_state.is_not(None),
            TreasureEvent.from_state != State.DRAFT,
        )
        .correlate(Treasure)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(TreasureEvent.at, Treasure.channel, by_staff.label("answered_at"))
        .join(Treasure, Treasure.id == TreasureEvent.treasure_id)
        .where(
            TreasureEvent.action == Action.MOVE,
            TreasureEvent.from_state == State.DRAFT,
            TreasureEvent.to_state == State.RECEIVED,
            _between(first, last),
        )
        .order_by(TreasureEvent.id)
    )
    return [
        Received(
            clock.day_of(row.at),
            Channel(row.channel),
            None if row.answered_at is None else clock.day_of(row.answered_at),
        )
        for row in rows
    ]


def moves_between(
    connection: Connection, first: date, last: date
) -> Counter[tuple[str, Channel, State]]:
    """Return how many uploads came into a state that is counted, by month and channel."""
    rows = connection.execute(
        select(Treasure.channel, TreasureEvent.to_state, func.min(TreasureEvent.at).label("at"))
        .join(Treasure, Treasure.id == TreasureEvent.treasure_id)
        .where(
            TreasureEvent.action == Action.MOVE,
            TreasureEvent.to_state.in_(_COUNTED),
            # Taking a piece off what is shown leads to the same state: it is not entered again.
            TreasureEvent.from_state != State.PUBLISHED,
            _between(first, last),
        )
        .group_by(Treasure.id, Treasure.channel, TreasureEvent.to_state)
    )
    return Counter(
        (_month(clock.day_of(row.at)), Channel(row.channel), State(row.to_state)) for row in rows
    )


def in_time(one: Received, today: date) -> bool | None:
    """Tell whether an upload was answered within the promise; None while nobody can tell."""
    due = Calendar({}).add_workdays(one.day, ANSWER_DAYS).day
    if one.answered_on is not None:
        return one.answered_on <= due
    return False if due < today else None


def _promise(received: Iterable[Received], today: date) -> tuple[int, int]:
    told = [kept for one in received if (kept := in_time(one, today)) is not None]
    return sum(told), len(told)


def _months(received: Sequence[Received], moved: Counter[tuple[str, Channel, State]]) -> Table:
    came = Counter((_month(one.day), one.channel) for one in received)
    today = clock.today()
    cells: set[Cell] = came.keys() | {(month, channel) for month, channel, _ in moved}
    rows: list[tuple[int | str, ...]] = []
    for month, channel in sorted(cells, key=lambda cell: (cell[0], list(Channel).index(cell[1]))):
        mine = [one for one in received if (_month(one.day), one.channel) == (month, channel)]
        counts = [moved[month, channel, state] for state in _COUNTED]
        share = _share(*_promise(mine, today))
        rows.append((f"{month} {rules.CHANNELS[channel]}", came[month, channel], share, *counts))
    head = ("月份和来处", "收到", "按期答复", "决定收", "入藏", "婉谢")
    return Table(head, rows, caption="各月、各来处", empty="这些日子没有人送来。")


def _share(part: int, whole: int) -> str:
    return f"{part * 100 // whole}%" if whole else NONE_YET


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _between(first: date, last: date) -> ColumnElement[bool]:
    return (TreasureEvent.at >= _begin(first)) & (
        TreasureEvent.at < _begin(last + timedelta(days=1))
    )


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), clock.SHANGHAI).astimezone(UTC)
