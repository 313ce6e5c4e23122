"""Figures of pieces: how often they were opened, whether they were of use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, case, func, select

from wx_archive.core import clock
from wx_archive.publishing.models import Piece
from wx_archive.publishing.reader_models import PieceOpinion, PieceReading
from wx_archive.publishing.reading import CHANNELS, CHAT
from wx_archive.publishing.rules import TITLES, Column
from wx_archive.staff.plugs import Chart, Fact, Panel, Table

SAYS: Final = (
    "打开：手机页面每显示一次算一次，认得出是程序的不算，同一个人看两次算两次；"
    "微信里的阅读数由微信另外统计，不在内。有用、没用：每位关注者对每篇只算最新的一次。"
)
MOST_READ: Final = 10


@dataclass(frozen=True, slots=True)
class PieceFigures:
    """What readers did with a piece, since it was out.

    Attributes:
        opened: pages shown.
        opened_from_chat: of these, from one of our cards.
        by_day: pages shown on each Shanghai day that had any, oldest first.
        words: how many readers said why.
        column_median: of the pages shown of the column's other pieces; None where there is none.
    """

    opened: int = 0
    opened_from_chat: int = 0
    by_day: Sequence[tuple[date, int]] = ()
    useful: int = 0
    useless: int = 0
    words: int = 0
    column_median: float | None = None


def of_piece(connection: Connection, piece_id: int) -> PieceFigures:
    """Return a piece's figures."""
    rows = connection.execute(
        select(PieceReading.day, PieceReading.channel, PieceReading.opened)
        .where(PieceReading.piece_id == piece_id)
        .order_by(PieceReading.day)
    ).all()
    by_day: dict[date, int] = {}
    for row in rows:
        by_day[row.day] = by_day.get(row.day, 0) + row.opened
    useful, useless, words = _opinions(connection, PieceOpinion.piece_id == piece_id)
    return PieceFigures(
        opened=sum(by_day.values()),
        opened_from_chat=sum(row.opened for row in rows if row.channel == CHAT),
        by_day=tuple(by_day.items()),
        useful=useful,
        useless=useless,
        words=words,
        column_median=_median_beside(connection, piece_id),
    )


def of_pieces(connection: Connection, piece_ids: Sequence[int]) -> dict[int, PieceFigures]:
    """Return the figures of a push's pieces."""
    return {piece_id: of_piece(connection, piece_id) for piece_id in piece_ids}


def panels(connection: Connection, first: date, last: date) -> Sequence[Panel]:
    """Return the columns' box of the dashboard."""
    opened = _opened_by_day(connection, first, last)
    useful, useless, words = _opinions(connection, _made_between(first, last))
    rated = useful + useless
    return [
        Panel(
            "栏目",
            SAYS,
            facts=(
                Fact("新上的", _came_out(connection, first, last)),
                Fact("打开", sum(count for _day, count in opened)),
                Fact(
                    "觉得有用", f"{useful * 100 // rated}%（{rated} 人评）" if rated else "还没有"
                ),
                Fact("说了一句", words),
            ),
            chart=Chart("每天打开", [(f"{day:%m-%d}", count) for day, count in opened], "次"),
            tables=(_by_column(connection, first, last), _most_read(connection, first, last)),
        )
    ]


def _opened_by_day(connection: Connection, first: date, last: date) -> list[tuple[date, int]]:
    rows = connection.execute(
        select(PieceReading.day, func.sum(PieceReading.opened))
        .where(PieceReading.day.between(first, last))
        .group_by(PieceReading.day)
    )
    counts: dict[date, int] = {day: int(count) for day, count in rows}
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [(day, counts.get(day, 0)) for day in days] if counts else []


def _opinions(connection: Connection, which: ColumnElement[bool]) -> tuple[int, int, int]:
    """Return how many found it useful, useless, and said why."""

    def counted(condition: Any) -> Any:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    row = connection.execute(
        select(
            counted(PieceOpinion.is_useful.is_(True)),
            counted(PieceOpinion.is_useful.is_(False)),
            counted(PieceOpinion.words != ""),
        ).where(which)
    ).one()
    return int(row[0]), int(row[1]), int(row[2])


def _median_beside(connection: Connection, piece_id: int) -> float | None:
    mine = select(Piece.column).where(Piece.id == piece_id).scalar_subquery()
    beside = (Piece.column == mine, Piece.id != piece_id, Piece.out_at.is_not(None))
    opened = func.coalesce(func.sum(PieceReading.opened), 0)
    rows = connection.scalars(
        select(opened)
        .select_from(Piece)
        .outerjoin(PieceReading, PieceReading.piece_id == Piece.id)
        .where(*beside)
        .group_by(Piece.id)
    ).all()
    return float(median(int(one) for one in rows)) if rows else None


def _moments(first: date, last: date) -> tuple[datetime, datetime]:
    begins = datetime.combine(first, time.min, clock.SHANGHAI)
    return begins, datetime.combine(last + timedelta(days=1), time.min, clock.SHANGHAI)


def _made_between(first: date, last: date) -> ColumnElement[bool]:
    begins, ends = _moments(first, last)
    return (PieceOpinion.made_at >= begins) & (PieceOpinion.made_at < ends)


def _came_out(connection: Connection, first: date, last: date) -> int:
    begins, ends = _moments(first, last)
    which = (Piece.out_at >= begins, Piece.out_at < ends, Piece.withdrawn_at.is_(None))
    return connection.execute(select(func.count()).where(*which)).scalar_one()


def _by_column(connection: Connection, first: date, last: date) -> Table:
    rows = connection.execute(
        select(Piece.column, PieceReading.channel, func.sum(PieceReading.opened))
        .join(PieceReading, PieceReading.piece_id == Piece.id)
        .where(PieceReading.day.between(first, last))
        .group_by(Piece.column, PieceReading.channel)
    )
    counts = {(column, channel): int(count) for column, channel, count in rows}
    return Table(
        ("栏目", *CHANNELS.values()),
        [
            (TITLES[column], *(counts.get((column, channel), 0) for channel in CHANNELS))
            for column in Column
            if any((column, channel) in counts for channel in CHANNELS)
        ],
        caption="各栏目打开的次数",
        empty="这些天还没有人打开过文章。",
    )


def _most_read(connection: Connection, first: date, last: date) -> Table:
    opened = func.sum(PieceReading.opened)
    rows = connection.execute(
        select(Piece.title, Piece.column, opened)
        .join(PieceReading, PieceReading.piece_id == Piece.id)
        .where(PieceReading.day.between(first, last))
        .group_by(Piece.id, Piece.title, Piece.column)
        .order_by(opened.desc(), Piece.id)
        .limit(MOST_READ)
    )
    return Table(
        ("文章", "栏目", "打开"),
        [(title, TITLES[Column(column)], int(count)) for title, column, count in rows],
        caption="打开最多的",
        empty="这些天还没有人打开过文章。",
    )
