"""Lists of pieces for staff: by state, column, kind, person and words; what waits too long."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from wx_archive.core import clock
from wx_archive.core.workdays import Calendar
from wx_archive.publishing.models import Piece, PieceRevision
from wx_archive.publishing.rules import Column, Kind, PieceState
from wx_archive.staff.models import Member

PAGE: Final = 30
LATE_AFTER: Final = 2
"""Working days that a piece may wait for its reviewers."""
_LOOKS_BACK: Final = timedelta(days=31)
"""Longer than any run of holidays."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for; None: whatever there is.

    Attributes:
        by: login of whoever wrote it or has it on their desk.
        only_of: login of the only person whose pieces may be seen; None for everybody's.
        words: part of a title.
        is_late: only those that wait too long.
        is_without_cover: only articles that are on their way and have no cover.
    """

    state: PieceState | None = None
    column: Column | None = None
    kind: Kind | None = None
    by: str | None = None
    only_of: str | None = None
    words: str = ""
    is_late: bool = False
    is_without_cover: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A piece as a list shows it."""

    id: int
    pid: str
    title: str
    state: PieceState
    column: Column
    kind: Kind
    made_by: str
    owner: str | None
    cover: str | None
    changed_at: datetime
    wanted_at: datetime | None
    out_at: datetime | None
    withdrawn_at: datetime | None

    @property
    def lacks_cover(self) -> bool:
        """Tell whether it is an article on its way out without a cover."""
        on_way = self.state in (PieceState.SUBMITTED, PieceState.APPROVED)
        return on_way and self.kind is Kind.ARTICLE and not self.cover and self.out_at is None


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list; `older` and `newer` are ids to go on from."""

    lines: Sequence[Line]
    older: int | None
    newer: int | None


_COLUMNS: Final = (
    Piece.id,
    Piece.pid,
    Piece.title,
    Piece.state,
    Piece.column,
    Piece.kind,
    Piece.made_by,
    Piece.owner,
    Piece.cover,
    Piece.changed_at,
    Piece.wanted_at,
    Piece.out_at,
    Piece.withdrawn_at,
)


def page(
    connection: Connection,
    wanted: Wanted,
    *,
    today: date,
    below: int | None = None,
    above: int | None = None,
) -> Listed:
    """Return the newest pieces that are asked for, or those before and after an id."""
    rules = _rules(wanted, today)
    place = [Piece.id < below] if below else [Piece.id > above] if above else []
    order = Piece.id.asc() if above and not below else Piece.id.desc()
    query = select(*_COLUMNS).where(*rules, *place).order_by(order).limit(PAGE + 1)
    lines = [_line(row) for row in connection.execute(query)]
    has_more = len(lines) > PAGE
    lines = sorted(lines[:PAGE], key=lambda one: -one.id)
    is_back = bool(above and not below)
    return Listed(
        lines,
        lines[-1].id if lines and (has_more or is_back) else None,
        lines[0].id if lines and (below or (is_back and has_more)) else None,
    )


def count(connection: Connection, wanted: Wanted, *, today: date) -> int:
    """Return how many pieces a list has."""
    query = select(func.count()).select_from(Piece).where(*_rules(wanted, today))
    return connection.execute(query).scalar_one()


def late_before(today: date, calendar: Calendar) -> datetime:
    """Return the instant before which a piece began to wait that waits too long today."""
    day, earliest = today, today - _LOOKS_BACK
    while day > earliest and calendar.count_workdays(day, today) <= LATE_AFTER:
        day -= timedelta(days=1)
    return datetime.combine(day + timedelta(days=1), time.min, clock.SHANGHAI)


def is_late(line: Line, today: date) -> bool:
    """Tell whether a piece waits too long for its reviewers."""
    waits = line.state is PieceState.SUBMITTED
    return waits and line.changed_at < late_before(today, Calendar())


def to_review(connection: Connection, login: str) -> int:
    """Return how many pieces wait for review that somebody never wrote at."""
    own = select(PieceRevision.piece_id).where(PieceRevision.made_by == login)
    waits = select(func.count()).where(Piece.state == PieceState.SUBMITTED, Piece.id.not_in(own))
    return connection.execute(waits).scalar_one()


def returned_to(connection: Connection, login: str) -> int:
    """Return how many pieces were given back to somebody."""
    wanted = select(func.count()).where(Piece.state == PieceState.RETURNED, whose(login))
    return connection.execute(wanted).scalar_one()


def whose(login: str) -> ColumnElement[bool]:
    """Pieces on somebody's desk: taken over by them, or their own and taken over by nobody."""
    return or_(Piece.owner == login, and_(Piece.owner.is_(None), Piece.made_by == login))


def people(connection: Connection) -> dict[str, str]:
    """Return everybody's name by their login, of those who left too."""
    return {row[0]: row[1] for row in connection.execute(select(Member.login, Member.name))}


def writers(connection: Connection) -> list[tuple[str, str]]:
    """Return login and name of everybody who has begun or taken over a piece."""
    logins = select(Piece.made_by).union(select(Piece.owner).where(Piece.owner.is_not(None)))
    rows = select(Member.login, Member.name).where(Member.login.in_(logins)).order_by(Member.name)
    return [(row[0], row[1]) for row in connection.execute(rows)]


def _rules(wanted: Wanted, today: date) -> list[ColumnElement[bool]]:
    rules: list[ColumnElement[bool]] = []
    for column, value in (
        (Piece.state, wanted.state),
        (Piece.column, wanted.column),
        (Piece.kind, wanted.kind),
        (Piece.made_by, wanted.only_of),
    ):
        if value is not None:
            rules.append(column == value)
    if wanted.by is not None:
        rules.append(or_(Piece.made_by == wanted.by, Piece.owner == wanted.by))
    if wanted.words:
        rules.append(Piece.title.contains(wanted.words, autoescape=True))
    if wanted.is_late:
        rules.append(Piece.state == PieceState.SUBMITTED)
        rules.append(Piece.changed_at < late_before(today, Calendar()))
    if wanted.is_without_cover:
        rules.append(Piece.state.in_((PieceState.SUBMITTED, PieceState.APPROVED)))
        rules.append(Piece.kind == Kind.ARTICLE)
        rules.append(and_(Piece.cover.is_(None), Piece.out_at.is_(None)))
    return rules


def _line(row: Any) -> Line:
    number, pid, title, state, column, kind, *rest = row
    return Line(number, pid, title, PieceState(state), Column(column), Kind(kind), *rest)
