"""The newest pieces of each column, known to every process: a menu tap reads no piece.

What is to come is known before its hour and left out of answers until then.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, func, select
from sqlalchemy.orm import Session

from wx_archive.core import clock, live
from wx_archive.core.live import Live, Part
from wx_archive.core.site import Site
from wx_archive.publishing import out
from wx_archive.publishing.models import Piece
from wx_archive.publishing.pieces import LIVE, Content
from wx_archive.publishing.rules import Column, Kind

KNOWN: Final = 12
"""So many pieces of each column that are out are known."""
TO_COME: Final = 100
"""So many that are not out yet, the next ones first."""


@dataclass(frozen=True, slots=True)
class Newest:
    """A piece as a card shows it.

    Attributes:
        cover: public id of the cover's asset, or None.
        interests: slugs of the topics it belongs to.
    """

    pid: str
    column: Column
    kind: Kind
    title: str
    summary: str
    cover: str | None
    interests: tuple[str, ...]
    out_at: datetime


Known = Mapping[Column, Sequence[Newest]]


def _unread() -> Known | None:
    return None


def _read(connection: Connection) -> Known:
    """Read each column's newest pieces and what is to come, the newest first."""
    now = clock.now()
    known: dict[Column, list[Newest]] = {}
    for row in (*connection.execute(_to_come(now)), *connection.execute(_out(now))):
        one = _newest(row)
        known.setdefault(one.column, []).append(one)
    for pieces in known.values():
        pieces.sort(key=lambda one: one.out_at, reverse=True)  # stable: the ids' order stays
    return known


def _to_come(now: datetime) -> Any:
    soon = select(Piece.id).where(out.may_be_seen(), Piece.out_at > now)
    chosen = soon.order_by(Piece.out_at, Piece.id).limit(TO_COME).subquery()
    return out.select_out().join(chosen, chosen.c.id == Piece.id).order_by(Piece.id.desc())


def _out(now: datetime) -> Any:
    order = (Piece.out_at.desc(), Piece.id.desc())
    place = func.row_number().over(partition_by=Piece.column, order_by=order)
    ranked = select(Piece.id, place.label("place")).where(out.is_out(now)).subquery()
    chosen = and_(ranked.c.id == Piece.id, ranked.c.place <= KNOWN)
    return out.select_out().join(ranked, chosen).order_by(*order)


def _newest(row: Any) -> Newest:
    content = Content.from_json(row.content)
    return Newest(
        pid=row.pid,
        column=content.column,
        kind=content.kind,
        title=content.title,
        summary=content.summary,
        cover=content.cover,
        interests=content.interests,
        out_at=row.out_at,
    )


PART: Final[Part[Known | None]] = Part(_read, _unread)

Connect = Callable[[], AbstractContextManager[Connection]]


def of_column(site: Site, column: Column, *, now: datetime, connect: Connect) -> Sequence[Newest]:
    """Return a column's pieces that are out, the newest first.

    Args:
        site: whose.
        column: which.
        now: what comes later is left out.
        connect: used where the site has nothing that tells it what staff change, or could not ask.
    """
    return [one for one in _known(site, connect).get(column, ()) if one.out_at <= now]


def of_all(site: Site, *, now: datetime, connect: Connect, limit: int) -> Sequence[Newest]:
    """Return the newest pieces of all columns."""
    every = [one for column in _known(site, connect).values() for one in column]
    seen = (one for one in every if one.out_at <= now)
    return sorted(seen, key=lambda one: one.out_at, reverse=True)[:limit]


def _known(site: Site, connect: Connect) -> Known:
    known = site.live.get(PART) if site.live is not None else None
    if known is not None:
        return known
    with connect() as connection:
        return _read(connection)


def changed(session: Session, known: Live | None = None) -> None:
    """Have every process read the newest pieces again, once this transaction has committed."""
    live.changed(session, LIVE, known)
