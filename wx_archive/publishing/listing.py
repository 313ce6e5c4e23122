"""往期: what is out, by column, month, words and interests; a page at a time, never by counting."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Self
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from wx_archive.catalogue import tokens
from wx_archive.core import clock
from wx_archive.core.text import fold, xml_safe
from wx_archive.publishing import out
from wx_archive.publishing.models import Piece, PieceRevision
from wx_archive.publishing.out import Out
from wx_archive.publishing.rules import Column

PER_PAGE: Final = 20
MOST_WORDS: Final = 5
MOST_TYPED: Final = 64
SEARCHED: Final = 5_000
"""Words are looked for in so many pieces, the newest."""
MOST_MONTHS: Final = 240


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last piece of the page before."""

    out_at: datetime
    id: int

    def written(self) -> str:
        """Return it as an address has it."""
        return f"{int(self.out_at.timestamp() * 1_000_000)}.{self.id}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return what an address names; None for what makes no sense."""
        moment, _dot, number = text.partition(".")
        if not all(one.isascii() and one.isdigit() and len(one) < 18 for one in (moment, number)):
            return None
        return cls(_EPOCH + timedelta(microseconds=int(moment)), int(number))


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list was asked for; whatever makes no sense is taken as not said.

    Attributes:
        month: its first day.
        words: as typed.
        mine: only what belongs to the reader's topics.
        cursor: the last piece of the page before.
    """

    column: Column | None = None
    month: date | None = None
    words: str = ""
    mine: bool = False
    cursor: Cursor | None = None

    @classmethod
    def of(cls, arguments: Mapping[str, str], column: Column | None = None) -> Self:
        """Return what an address asks; ``column`` is the one that its path names."""
        named = arguments.get("column", "")
        known = Column(named) if named in {one.value for one in Column} else None
        words = " ".join(xml_safe(arguments.get("q", "")).split())[:MOST_TYPED]
        return cls(
            column or known,
            _month(arguments.get("month", "")),
            words,
            arguments.get("mine") == "1",
            Cursor.read(arguments.get("before", "")),
        )

    @property
    def is_narrowed(self) -> bool:
        """It asks for more than a column."""
        return bool(self.month or self.words)

    def after(self, piece: Out) -> Self:
        """Return the page that begins behind a piece."""
        return replace(self, cursor=Cursor(piece.out_at, piece.id))

    def within(self, column: Column | None) -> Self:
        """Return the same of one column, or of all."""
        return replace(self, column=column, cursor=None)

    def since(self, month: date | None) -> Self:
        """Return the same of one month, or of all."""
        return replace(self, month=month, cursor=None)

    def for_me(self, *, mine: bool) -> Self:
        """Return the same with or without what does not belong to the reader's topics."""
        return replace(self, mine=mine, cursor=None)

    @property
    def address(self) -> str:
        """The address that asks this."""
        told = {
            "q": self.words,
            "month": f"{self.month:%Y-%m}" if self.month else "",
            "mine": "1" if self.mine else "",
            "before": self.cursor.written() if self.cursor else "",
        }
        path = f"/h5/columns/{self.column.value}" if self.column else "/h5/articles"
        query = urlencode({name: value for name, value in told.items() if value})
        return f"{path}?{query}" if query else path


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the list.

    Attributes:
        left_out: how many pieces are not listed for not being of the reader's topics.
        months: where there are pieces, by their first days, the newest first.
    """

    pieces: Sequence[Out]
    has_more: bool
    left_out: int = 0
    months: Sequence[date] = field(default=())


def _month(text: str) -> date | None:
    try:
        return date.fromisoformat(f"{text}-01") if len(text) == len("2026-01") else None
    except ValueError:
        return None


def find(
    connection: Connection, asked: Asked, *, now: datetime, topics: Collection[str] = ()
) -> Listed:
    """Return a page of what is out.

    Args:
        connection: for reading.
        asked: what for.
        now: what comes later is left out.
        topics: the reader's own, for ``asked.mine``.
    """
    wanted = [out.is_out(now), *_narrowed(asked, now)]
    mine = _of_topics(topics) if asked.mine else None
    shown = [*wanted, mine] if mine is not None else wanted
    if asked.cursor:
        shown.append(out.before(asked.cursor.out_at, asked.cursor.id))
    rows = connection.execute(
        out.select_out()
        .where(*shown)
        .order_by(Piece.out_at.desc(), Piece.id.desc())
        .limit(PER_PAGE + 1)
    ).all()
    left_out = _count(connection, [*wanted, ~mine]) if mine is not None else 0
    pieces = [out.out_of(row) for row in rows[:PER_PAGE]]
    months = () if asked.words else _months(connection, asked, now)
    return Listed(pieces, len(rows) > PER_PAGE, left_out, months)


def _narrowed(asked: Asked, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if asked.column:
        conditions.append(Piece.column == asked.column)
    if asked.month:
        first, last = _bounds(asked.month)
        conditions += [Piece.out_at >= first, Piece.out_at < last]
    words = fold(asked.words).split()[:MOST_WORDS]
    if words:
        newest = select(Piece.id).where(out.is_out(now)).order_by(Piece.out_at.desc())
        conditions.append(Piece.id.in_(newest.limit(SEARCHED)))
        conditions += [_contains(word) for word in words]
    return conditions


def _bounds(month: date) -> tuple[datetime, datetime]:
    """Return when a month of Shanghai's calendar begins and ends."""
    after = (month + timedelta(days=31)).replace(day=1)
    begins, ends = (datetime.combine(day, time.min, clock.SHANGHAI) for day in (month, after))
    return begins, ends


def _contains(word: str) -> ColumnElement[bool]:
    """Pieces with a word, in any width, case or script, in the words that readers see."""
    spellings = dict.fromkeys((word, tokens.normalise(word)))
    present = (Piece.title, Piece.summary, Piece.body, Piece.topics)
    is_current = Piece.revision == Piece.approved_revision
    return or_(
        *(and_(is_current, _has(column, one)) for one in spellings for column in present),
        *(and_(~is_current, _has(PieceRevision.content, one)) for one in spellings),
    )


def _has(column: Any, word: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = func.lower(column).contains(word, autoescape=True)
    return found


def _of_topics(topics: Collection[str]) -> ColumnElement[bool]:
    named = [Piece.interests.contains(f'"{slug}"', autoescape=True) for slug in sorted(topics)]
    return or_(*named) if named else Piece.id.is_(None)


def _count(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> int:
    found = out.select_out().where(*conditions).subquery()
    return connection.execute(select(func.count()).select_from(found)).scalar_one()


def _months(connection: Connection, asked: Asked, now: datetime) -> Sequence[date]:
    conditions = [out.is_out(now)]
    if asked.column:
        conditions.append(Piece.column == asked.column)
    rows = connection.scalars(
        select(Piece.out_at).where(*conditions).order_by(Piece.out_at.desc()).limit(SEARCHED)
    )
    days = (clock.day_of(moment).replace(day=1) for moment in rows if moment is not None)
    return list(dict.fromkeys(days))[:MOST_MONTHS]
