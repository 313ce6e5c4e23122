"""What a follower wants news about: the topics of `content/interests.yaml`, chosen one by one."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

from pydantic import Field, field_validator
from sqlalchemy import Connection, Dialect, bindparam, delete, select
from sqlalchemy.orm import Session

from wx_archive.core.database import insert_into
from wx_archive.core.lines import Prepared
from wx_archive.core.site import Site
from wx_archive.core.text import fold
from wx_archive.core.yamlfile import FileModel, load
from wx_archive.followers.models import Follower, Interest


class Topic(FileModel):
    """One topic as the file says."""

    slug: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    name: str = Field(min_length=2, max_length=12)
    line: str = Field(min_length=1, max_length=40)


class _Topics(FileModel):
    topics: list[Topic] = Field(min_length=1, max_length=12)

    @field_validator("topics")
    @classmethod
    def _distinct(cls, topics: list[Topic]) -> list[Topic]:
        seen: set[str] = set()
        for word in (word for topic in topics for word in (topic.slug, fold(topic.name))):
            if word in seen:
                message = f"“{word}”写了两次，slug 和名称都不能重复"
                raise ValueError(message)
            seen.add(word)
        return topics


@cache
def _all(folder: Path) -> Mapping[str, Topic]:
    found = load(folder / "content" / "interests.yaml", _Topics)
    return {topic.slug: topic for topic in found.topics}


def topics(site: Site) -> Mapping[str, Topic]:
    """Return the topics by slug, in the order of the file.

    Raises:
        FileProblemError: the file breaks its schema.
    """
    return _all(site.folder)


def check(site: Site) -> int:
    """Check the file; return how many topics it has."""
    return len(topics(site))


def named(site: Site, words: str) -> Topic | None:
    """Return the topic that somebody typed by its name."""
    wanted = fold(words).strip('“”"「」 ')
    return next((one for one in topics(site).values() if fold(one.name) == wanted), None)


def chosen(connection: Connection, follower_id: int) -> Mapping[str, datetime]:
    """Return since when the follower wants news about which topics, by slug."""
    rows = connection.execute(
        select(Interest.topic, Interest.since)
        .where(Interest.follower_id == follower_id)
        .order_by(Interest.since, Interest.topic)
    )
    return dict(rows.all())


def chosen_by(connection: Connection, openid: str) -> tuple[str, ...]:
    """Return the topics of whoever has this openid, the shortest way: for answers to a tap."""
    rows = _chosen_by(connection.dialect).rows(connection, openid=openid)
    return tuple(topic for (topic,) in rows)


@cache
def _chosen_by(dialect: Dialect) -> Prepared:
    statement = (
        select(Interest.topic)
        .join(Follower, Follower.id == Interest.follower_id)
        .where(Follower.openid == bindparam("openid"))
        .order_by(Interest.since, Interest.topic)
    )
    return Prepared(statement, dialect)


def toggle(session: Session, follower_id: int, topic: str, *, now: datetime) -> bool:
    """Choose the topic, or drop it if it was chosen; return whether it is chosen now.

    Deliberately no «set»: done twice it is undone, so that a doubled effect shows.
    """
    # The follower's row first: two different messages of one person must not both see «none».
    mine = select(Follower.id).where(Follower.id == follower_id).with_for_update()
    if session.scalars(mine).one_or_none() is None:
        return False  # erased a moment ago
    dropped = session.execute(
        delete(Interest)
        .where(Interest.follower_id == follower_id, Interest.topic == topic)
        .returning(Interest.topic)
    ).scalar_one_or_none()
    if dropped is not None:
        return False
    session.execute(
        insert_into(session, Interest)
        .values(follower_id=follower_id, topic=topic, since=now)
        .on_conflict_do_nothing()
    )
    return True
