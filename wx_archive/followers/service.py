"""Arriving, leaving, being seen. The newest CreateTime decides; ties go to the later arrival."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final, cast

from sqlalchemy import Connection, Insert, Table, and_, case, delete, func, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from wx_archive.core.database import insert_into, insert_of
from wx_archive.core.schema import installation
from wx_archive.followers.models import SCENE_LENGTH, Follower, Interest, SceneEntry

_ERASED_AT: Final = "erased_at"
_NEVER: Final = datetime.min.replace(tzinfo=UTC).isoformat()
_BUFFERED: Final = timedelta(minutes=10)
"""No moment waits longer to be written; an erasure further ahead is a clock that was put back."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a follower came.

    Attributes:
        is_return: they had been here before.
        is_stale: a newer event is already known; nothing changed.
    """

    is_return: bool
    is_stale: bool


@dataclass(frozen=True, slots=True)
class SceneTally:
    """What one code has brought; people who were erased since are not counted.

    Attributes:
        scene: the code; empty for arrivals without one.
        arrivals: how often somebody came through it.
        people: how many people that were.
        came_first: people who came through it the first time they came at all.
        came_last: people who came through it the last time they came.
    """

    scene: str
    arrivals: int
    people: int
    came_first: int
    came_last: int
    first_at: datetime
    last_at: datetime


def find(connection: Connection, openid: str) -> int | None:
    """Return the follower's id, or None if there is no row."""
    return connection.execute(
        select(Follower.id).where(Follower.openid == openid)
    ).scalar_one_or_none()


def ensure(session: Session, openid: str, *, now: datetime, is_following: bool = True) -> int:
    """Return the follower's id, making the row in this transaction if there is none.

    Args:
        session: where the row is made.
        openid: whose row.
        now: they are seen at this moment.
        is_following: how a row made now begins: who writes to us follows, who only opens a
            page may not.
    """
    connection = session.connection()
    row = _seen(openid, now, is_following=is_following)
    number: int = connection.execute(_ensuring(connection.dialect.name), row).scalar_one()
    return number


def arrive(session: Session, follower_id: int, *, scene: str | None, at: int) -> Arrival:
    """Note that the follower follows since second ``at`` (WeChat's clock)."""
    before = session.scalars(select(Follower.changed_at).where(Follower.id == follower_id)).one()
    fresh = _change(session, follower_id, at=at, is_following=True)
    session.execute(
        insert_into(session, SceneEntry)
        .values(follower_id=follower_id, at=at, scene=(scene or "")[:SCENE_LENGTH])
        .on_conflict_do_nothing()
    )
    return Arrival(is_return=before > 0, is_stale=not fresh)


def leave(session: Session, follower_id: int, *, at: int) -> bool:
    """Note that the follower left at second ``at``; False when a newer event is known.

    However late it arrives, what they had asked for up to then ends: the topics they wanted
    news about, and whatever was waiting to be sent (see `may_receive`).
    """
    session.execute(
        update(Follower).where(Follower.id == follower_id, Follower.left_at < at).values(left_at=at)
    )
    session.execute(
        delete(Interest).where(
            Interest.follower_id == follower_id,
            Interest.since < datetime.fromtimestamp(at + 1, tz=UTC),
        )
    )
    return _change(session, follower_id, at=at, is_following=False)


def may_receive(session: Session, follower_id: int, *, asked_at: datetime | None = None) -> bool:
    """Tell whether something may be sent to the follower now.

    Args:
        session: reads here.
        follower_id: whom to ask about; nobody may write to an erased one.
        asked_at: when the sending was decided. Who left since then and came back does not get
            it: a later subscribe brings nothing back to life.
    """
    row = session.execute(
        select(Follower.is_following, Follower.left_at).where(Follower.id == follower_id)
    ).one_or_none()
    if row is None or not row.is_following:
        return False
    return asked_at is None or int(asked_at.timestamp()) > row.left_at


def note_seen(connection: Connection, seen: Mapping[str, datetime]) -> None:
    """Write a batch of last-seen moments by openid; unknown followers get their row here.

    Whoever was erased since a moment was noted is not brought back by it. Nobody's name is kept
    for that: what is older than the last erasure of anybody only updates rows that are there.
    """
    if not seen:
        return
    while True:
        erased_at = _last_erasure(connection)
        late = {one: at for one, at in seen.items() if at <= erased_at <= at + _BUFFERED}
        attempt = connection.begin_nested()
        _touch(connection, late)
        _upsert(connection, {one: seen[one] for one in seen.keys() - late}, is_following=True)
        # The rows may have been locked by an erasure that is through by now.
        if _last_erasure(connection) == erased_at:
            attempt.commit()
            return
        attempt.rollback()


def note_erasure(session: Session, *, now: datetime) -> None:
    """Remember that somebody was erased at ``now``, not who."""
    told = {"value": now.astimezone(UTC).isoformat()}
    statement = insert_into(session, installation).values(name=_ERASED_AT, **told)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=told))


def erased_since(connection: Connection, noted: Mapping[str, datetime]) -> set[str]:
    """Return who was erased since the moment that was noted of them, by openid.

    Until the transaction ends nobody else is erased: what it writes about the others stays true.
    """
    if not noted:
        return set()
    lock = select(installation.c.value).where(installation.c.name == _ERASED_AT)
    if connection.execute(lock.with_for_update(read=True)).first() is None:
        # Nobody was ever erased: what is not there cannot be locked, and the first erasure
        # would not wait for us.
        never = insert_into(connection, installation).values(name=_ERASED_AT, value=_NEVER)
        connection.execute(never.on_conflict_do_nothing())
        connection.execute(lock.with_for_update(read=True))
    erased_at = _last_erasure(connection)
    late = {one for one, at in noted.items() if at <= erased_at <= at + _BUFFERED}
    if not late:
        return set()
    there = connection.scalars(select(Follower.openid).where(Follower.openid.in_(late)))
    return late - set(there)


def _last_erasure(connection: Connection) -> datetime:
    told = connection.execute(
        select(installation.c.value).where(installation.c.name == _ERASED_AT)
    ).scalar_one_or_none()
    return datetime.fromisoformat(told) if told else datetime.min.replace(tzinfo=UTC)


def _touch(connection: Connection, seen: Mapping[str, datetime]) -> None:
    for openid, at in sorted(seen.items()):
        mine = update(Follower).where(Follower.openid == openid, Follower.last_seen_at < at)
        connection.execute(mine.values(last_seen_at=at))


def by_scene(connection: Connection) -> Sequence[SceneTally]:
    """Return what each code has brought, the most arrivals first."""
    person = SceneEntry.follower_id
    turn = (SceneEntry.at, SceneEntry.scene)
    ranked = select(
        SceneEntry.scene,
        person,
        SceneEntry.at,
        func.row_number().over(partition_by=person, order_by=turn).label("nth"),
        func.row_number()
        .over(partition_by=person, order_by=tuple(part.desc() for part in turn))
        .label("nth_last"),
    ).subquery()
    arrivals = func.count()
    rows = connection.execute(
        select(
            ranked.c.scene,
            arrivals,
            func.count(ranked.c.follower_id.distinct()),
            func.sum(case((ranked.c.nth == 1, 1), else_=0)),
            func.sum(case((ranked.c.nth_last == 1, 1), else_=0)),
            func.min(ranked.c.at),
            func.max(ranked.c.at),
        )
        .group_by(ranked.c.scene)
        .order_by(arrivals.desc(), ranked.c.scene)
    )
    return [
        SceneTally(scene, times, people, as_first, as_last, _moment(first), _moment(last))
        for scene, times, people, as_first, as_last, first, last in rows
    ]


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, tz=UTC)


def _change(session: Session, follower_id: int, *, at: int, is_following: bool) -> bool:
    changed = session.execute(
        update(Follower)
        .where(Follower.id == follower_id, Follower.changed_at <= at)
        .values(is_following=is_following, changed_at=at)
        .returning(Follower.id)
    )
    return changed.scalar_one_or_none() is not None


def _upsert(connection: Connection, seen: Mapping[str, datetime], *, is_following: bool) -> None:
    if not seen:
        return
    rows = [_seen(openid, at, is_following=is_following) for openid, at in sorted(seen.items())]
    connection.execute(_upserting(connection.dialect.name), rows)


def _seen(openid: str, at: datetime, *, is_following: bool) -> dict[str, object]:
    return {
        "openid": openid,
        "is_following": is_following,
        "changed_at": 0,
        "left_at": 0,
        "first_seen_at": at,
        "last_seen_at": at,
    }


@cache
def _upserting(dialect: str) -> Insert:
    """Return the statement; built once, as building it costs more than running it."""
    table = cast("Table", Follower.__table__)
    insert = insert_of(dialect, table)
    greatest = func.max if dialect == "sqlite" else func.greatest
    # Who was only seen on a page and now writes does follow; an event knows better than both.
    first_sign = and_(table.c.changed_at == 0, insert.excluded.is_following)
    return insert.on_conflict_do_update(
        index_elements=["openid"],
        set_={
            "last_seen_at": greatest(table.c.last_seen_at, insert.excluded.last_seen_at),
            "is_following": or_(table.c.is_following, first_sign),
        },
    )


@cache
def _ensuring(dialect: str) -> ReturningInsert[int]:
    return _upserting(dialect).returning(Follower.__table__.c.id)


def hold(session: Session, follower_id: int) -> bool:
    """Wait for, and keep out, every other turn of a follower, their erasure above all.

    What belongs to them is locked after them: an erasure takes the rows in this order.

    Returns:
        False if there is no such follower.
    """
    row = session.execute(
        select(Follower.id).where(Follower.id == follower_id).with_for_update(key_share=True)
    )
    return row.scalar_one_or_none() is not None
