"""What readers see: pieces that are out, in the words that were approved last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, select

from wx_archive.catalogue.appearances import Appearance
from wx_archive.core import clock
from wx_archive.publishing.models import Piece, PieceEntry, PieceRevision
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.rules import TITLES, Column

MOST_APPEARANCES: Final = 5


@dataclass(frozen=True, slots=True)
class Out:
    """A piece as readers see it.

    Attributes:
        content: as it was approved last; what is being written at is nobody's business.
    """

    id: int
    pid: str
    out_at: datetime
    content: Content

    @property
    def column(self) -> str:
        """The column's name."""
        return TITLES[self.content.column]

    @property
    def path(self) -> str:
        """Address of its page, below the site's."""
        return f"/h5/articles/{self.pid}"


def is_out(now: datetime) -> ColumnElement[bool]:
    """Pieces that readers may see at ``now``: fails closed."""
    return and_(Piece.out_at <= now, may_be_seen())


def may_be_seen() -> ColumnElement[bool]:
    """Pieces that are out or will be at their hour."""
    return and_(
        Piece.out_at.is_not(None),
        Piece.withdrawn_at.is_(None),
        Piece.approved_revision.is_not(None),
    )


def select_out() -> Select[int, str, Any, str]:
    """Select pieces in their approved words; the rows are for `out_of`."""
    return select(Piece.id, Piece.pid, Piece.out_at, PieceRevision.content).join(
        PieceRevision,
        and_(
            PieceRevision.piece_id == Piece.id,
            PieceRevision.number == Piece.approved_revision,
        ),
    )


def out_of(row: Any) -> Out:
    """Return what a row of `select_out` holds."""
    return Out(row.id, row.pid, row.out_at, Content.from_json(row.content))


def find(connection: Connection, pid: str, *, now: datetime) -> Out | None:
    """Return a piece that is out; missing, to come and withdrawn are the same None."""
    row = connection.execute(select_out().where(Piece.pid == pid, is_out(now))).one_or_none()
    return out_of(row) if row else None


def titled(connection: Connection, title: str, *, now: datetime) -> Out | None:
    """Return the newest piece of this very title that is out."""
    newest = select_out().where(Piece.title == title, is_out(now)).order_by(Piece.out_at.desc())
    row = connection.execute(newest.limit(1)).one_or_none()
    found = out_of(row) if row else None
    # The column holds what is being written, too: nobody hears of that.
    return found if found and found.content.title == title else None


def newest(connection: Connection, *, now: datetime, limit: int) -> Sequence[Out]:
    """Return the newest pieces of all columns."""
    rows = connection.execute(
        select_out().where(is_out(now)).order_by(Piece.out_at.desc(), Piece.id.desc()).limit(limit)
    )
    return [out_of(row) for row in rows]


def older(connection: Connection, piece: Out, *, now: datetime) -> Out | None:
    """Return the piece of the same column before this one."""
    order = (Piece.out_at.desc(), Piece.id.desc())
    behind = before(piece.out_at, piece.id)
    return _beside(connection, piece.content.column, behind, order, now)


def newer(connection: Connection, piece: Out, *, now: datetime) -> Out | None:
    """Return the piece of the same column after this one."""
    after = (Piece.out_at > piece.out_at) | and_(Piece.out_at == piece.out_at, Piece.id > piece.id)
    return _beside(connection, piece.content.column, after, (Piece.out_at, Piece.id), now)


def _beside(
    connection: Connection,
    column: Column,
    condition: ColumnElement[bool],
    order: tuple[Any, ...],
    now: datetime,
) -> Out | None:
    mine = select_out().where(Piece.column == column, condition, is_out(now))
    row = connection.execute(mine.order_by(*order).limit(1)).one_or_none()
    return out_of(row) if row else None


def before(moment: datetime, number: int) -> ColumnElement[bool]:
    """Pieces that stand behind one in a list, the newest first."""
    return (Piece.out_at < moment) | and_(Piece.out_at == moment, Piece.id < number)


def appears_in(connection: Connection, entry_pid: str, now: datetime) -> Sequence[Appearance]:
    """Return the pieces that tell of a record or document, the newest first."""
    rows = connection.execute(
        select_out()
        .join(PieceEntry, PieceEntry.piece_id == Piece.id)
        .where(PieceEntry.entry_pid == entry_pid, is_out(now))
        .order_by(Piece.out_at.desc(), Piece.id.desc())
        .limit(MOST_APPEARANCES)
    )
    told = (out_of(row) for row in rows)
    return [
        Appearance(one.content.title, one.path, one.column, clock.day_of(one.out_at))
        for one in told
        if entry_pid in one.content.entries
    ]
