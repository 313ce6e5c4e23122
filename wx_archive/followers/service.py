"""Arriving, leaving, being seen. The newest CreateTime decides; ties go to the later arrival."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from wx_archive.followers.models import Follower


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a follower came.

    Attributes:
        is_return: they had been here before.
        is_stale: a newer event is already known; nothing changed.
    """

    is_return: bool
    is_stale: bool


def ensure(session: Session, openid: str, *, now: datetime) -> int:
    """Return the follower's id, making the row in this transaction if there is none."""
    _upsert(session.connection(), {openid: now})
    return session.scalars(select(Follower.id).where(Follower.openid == openid)).one()


def arrive(session: Session, follower_id: int, *, scene: str | None, at: int) -> Arrival:
    """Note that the follower follows since second ``at`` (WeChat's clock)."""
    before = session.scalars(select(Follower.changed_at).where(Follower.id == follower_id)).one()
    fresh = _change(session, follower_id, at=at, is_following=True)
    if fresh and scene and before == 0:
        session.execute(
            update(Follower)
            .where(Follower.id == follower_id, Follower.scene.is_(None))
            .values(scene=scene[:128])
        )
    return Arrival(is_return=before > 0, is_stale=not fresh)


def leave(session: Session, follower_id: int, *, at: int) -> bool:
    """Note that the follower left at second ``at``; False when a newer event is known."""
    return _change(session, follower_id, at=at, is_following=False)


def note_seen(connection: Connection, seen: Mapping[str, datetime]) -> None:
    """Write a batch of last-seen moments by openid; unknown followers get their row here."""
    if seen:
        _upsert(connection, seen)


def _change(session: Session, follower_id: int, *, at: int, is_following: bool) -> bool:
    changed = session.execute(
        update(Follower)
        .where(Follower.id == follower_id, Follower.changed_at <= at)
        .values(is_following=is_following, changed_at=at)
        .returning(Follower.id)
    )
    return changed.scalar_one_or_none() is not None


def _upsert(connection: Connection, seen: Mapping[str, datetime]) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    insert = (sqlite if is_sqlite else postgresql).insert(Follower)
    greatest = func.max if is_sqlite else func.greatest
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["openid"],
            set_={"last_seen_at": greatest(Follower.last_seen_at, insert.excluded.last_seen_at)},
        ),
        [
            {
                "openid": openid,
                "is_following": True,
                "changed_at": 0,
                "first_seen_at": at,
                "last_seen_at": at,
            }
            for openid, at in sorted(seen.items())
        ],
    )
