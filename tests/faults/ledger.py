"""What the account's tables say after a fault, read directly."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text

from wx_archive.core.database import Database
from wx_archive.core.settings import Settings

Cell = tuple[str, str]
"""A follower and a topic."""


@dataclass(frozen=True, slots=True)
class Books:
    """What the account holds to be true.

    Attributes:
        handled: keys of the messages whose effect is done.
        unfinished: keys of messages without a reply.
        chosen: topics that followers chose.
        following: whether a follower follows, by openid.
        changed_at: CreateTime of the event that decided that.
        buried: dead letters.
    """

    handled: frozenset[str]
    unfinished: frozenset[str]
    chosen: frozenset[Cell]
    following: dict[str, bool]
    changed_at: dict[str, int]
    buried: int

    def about(self, openids: Collection[str]) -> "Books":
        """Return what the books hold about these followers, if an account saw several scenarios."""
        return replace(
            self,
            chosen=frozenset(cell for cell in self.chosen if cell[0] in openids),
            following={who: state for who, state in self.following.items() if who in openids},
            changed_at={who: at for who, at in self.changed_at.items() if who in openids},
        )


def read(settings: Settings) -> Books:
    """Read the tables."""
    database = Database(settings.database)
    try:
        handled = rows(database, "SELECT key, length(reply) FROM handled_message")
        chosen = rows(
            database,
            "SELECT openid, topic FROM interest JOIN follower ON follower.id = follower_id",
        )
        known = rows(database, "SELECT openid, is_following, changed_at FROM follower")
        buried = rows(database, "SELECT count(*) FROM dead_letter")[0][0]
    finally:
        database.dispose()
    return Books(
        handled=frozenset(key for key, _length in handled),
        unfinished=frozenset(key for key, length in handled if not length),
        chosen=frozenset((openid, topic) for openid, topic in chosen),
        following={openid: bool(follows) for openid, follows, _at in known},
        changed_at={openid: at for openid, _follows, at in known},
        buried=buried,
    )


def rows(database: Database, statement: str, **values: object) -> list[Any]:
    """Return the rows of one question, asked in plain SQL."""
    with database.reads() as connection:
        return list(connection.execute(text(statement), values).all())
