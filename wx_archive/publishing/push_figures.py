"""What became of pushes: delivered and failed, opened, of use or not, beside the column's median.

Delivered, failed and filtered are WeChat's numbers; opened are our own pages'. Source of the
meaning of WeChat's counts: docs/sources.md#publishing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import Connection, select

from wx_archive.core import clock
from wx_archive.publishing import figures
from wx_archive.publishing.figures import PieceFigures
from wx_archive.publishing.models import Piece
from wx_archive.publishing.push_models import Push, PushPiece
from wx_archive.publishing.rules import Column, Delivery, Kind, PushState

_DONE: Final = (PushState.SENT, PushState.PARTLY, PushState.FAILED)


@dataclass(frozen=True, slots=True)
class Line:
    """A push and its numbers.

    Attributes:
        column, kind: of its first piece.
        filtered_out: whom WeChat left out before it sent.
        opened: pages shown, of all its pieces; `chat` of these from our cards in the chat.
        median: how often the other pieces of the first one's column were opened; None: no others.
    """

    pid: str
    at: datetime
    state: PushState
    delivery: Delivery
    title: str
    count: int
    column: Column
    kind: Kind
    sent: int
    failed: int
    filtered_out: int
    opened: int
    chat: int
    useful: int
    useless: int
    median: float | None

    @property
    def elsewhere(self) -> int:
        """Pages shown that were not opened from our cards."""
        return self.opened - self.chat


@dataclass(frozen=True, slots=True)
class Sum:
    """All pushes of a kind together."""

    kind: Kind
    pushes: int
    sent: int
    failed: int
    opened: int
    useful: int
    useless: int


def between(connection: Connection, first: date, last: date, *, limit: int) -> list[Line]:
    """Return the pushes that went from the first to the last day, both included, newest first."""
    begins = datetime.combine(first, time.min, clock.SHANGHAI)
    ends = datetime.combine(last + timedelta(days=1), time.min, clock.SHANGHAI)
    pushes = connection.execute(
        select(
            Push.id,
            Push.pid,
            Push.sent_at,
            Push.state,
            Push.delivery,
            Push.total,
            Push.filtered,
            Push.sent,
            Push.failed,
        )
        .where(Push.state.in_(_DONE), Push.sent_at >= begins, Push.sent_at < ends)
        .order_by(Push.sent_at.desc(), Push.id.desc())
        .limit(limit)
    ).all()
    pieces = _pieces(connection, [row.id for row in pushes])
    known = figures.of_pieces(
        connection, list({one.id for each in pieces.values() for one in each})
    )
    return [_line(row, pieces[row.id], known) for row in pushes if row.id in pieces]


def by_kind(lines: Sequence[Line]) -> list[Sum]:
    """Return the sums of each kind that was sent."""
    return [
        Sum(
            kind,
            len(mine),
            sum(line.sent for line in mine),
            sum(line.failed for line in mine),
            sum(line.opened for line in mine),
            sum(line.useful for line in mine),
            sum(line.useless for line in mine),
        )
        for kind in Kind
        if (mine := [line for line in lines if line.kind is kind])
    ]


@dataclass(frozen=True, slots=True)
class _Piece:
    id: int
    title: str
    column: Column
    kind: Kind


def _pieces(connection: Connection, push_ids: Sequence[int]) -> dict[int, list[_Piece]]:
    rows = connection.execute(
        select(PushPiece.push_id, Piece.id, Piece.title, Piece.column, Piece.kind)
        .join(Piece, Piece.id == PushPiece.piece_id)
        .where(PushPiece.push_id.in_(push_ids))
        .order_by(PushPiece.push_id, PushPiece.place)
    )
    found: dict[int, list[_Piece]] = {}
    for push_id, piece_id, title, column, kind in rows:
        piece = _Piece(piece_id, title, Column(column), Kind(kind))
        found.setdefault(push_id, []).append(piece)
    return found


def _line(row: Any, pieces: Sequence[_Piece], known: dict[int, PieceFigures]) -> Line:
    push_id, pid, at, state, delivery, total, filtered, sent, failed = row
    del push_id
    own = [known[piece.id] for piece in pieces]
    first = pieces[0]
    return Line(
        pid,
        at,
        PushState(state),
        Delivery(delivery),
        first.title,
        len(pieces),
        first.column,
        first.kind,
        sent,
        failed,
        max(0, total - filtered),
        sum(one.opened for one in own),
        sum(one.opened_from_chat for one in own),
        sum(one.useful for one in own),
        sum(one.useless for one in own),
        own[0].column_median,
    )
