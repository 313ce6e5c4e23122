"""What staff have changed of the site's files, one numbered text after the other.

A file of `content/` is the seed; the newest revision of its name wins over it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Integer, Select, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from wx_archive.core.database import Base
from wx_archive.core.errors import RefusedError
from wx_archive.core.live import Live, changed


class Revision(Base):
    """One state of something that staff edit; the newest number counts."""

    __tablename__ = "revision"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    """What it is a revision of: `profile`."""
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    body: Mapped[str] = mapped_column(Text)
    """JSON; empty where staff went back to the file."""
    seed: Mapped[str] = mapped_column(Text)
    """The file's content then, so that a change in both is noticed."""
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Kept:
    """A revision as it was read.

    Attributes:
        body: JSON; empty where staff went back to the file.
        seed: the file's content when it was made, as JSON.
    """

    number: int
    body: str = field(repr=False)
    seed: str = field(repr=False)
    made_by: str
    made_at: datetime


class StaleError(RefusedError):
    """Somebody else has changed it since it was shown."""

    def __init__(self) -> None:
        super().__init__("您打开这一页以后，别人已经改过。请重新打开，看清现在的样子再改")


def newest(connection: Connection, name: str) -> Kept | None:
    """Return the revision that counts; None where only the file does."""
    return next(iter(history(connection, name, limit=1)), None)


def at(connection: Connection, name: str, number: int) -> Kept | None:
    """Return one revision, if there is such a number."""
    row = connection.execute(_of(name).where(Revision.number == number)).one_or_none()
    return Kept(*row) if row else None


def history(connection: Connection, name: str, *, limit: int) -> Sequence[Kept]:
    """Return the revisions, the newest first."""
    rows = connection.execute(_of(name).order_by(Revision.number.desc()).limit(limit))
    return [Kept(*row) for row in rows]


def add(session: Session, revision: Revision, *, since: int, live: Live | None = None) -> None:
    """Add a revision as the newest one.

    Args:
        session: of the change.
        revision: all of it but its number.
        since: the number of the newest one that was seen; 0 where there was none.
        live: this process's knowledge.

    Raises:
        StaleError: somebody added one in between.
    """
    changed(session, revision.name, live)  # whoever else adds one waits from here on
    latest = select(func.max(Revision.number)).where(Revision.name == revision.name)
    if (session.execute(latest).scalar_one() or 0) != since:
        raise StaleError
    revision.number = since + 1
    session.add(revision)
    session.flush()


def _of(name: str) -> Select[int, str, str, str, datetime]:
    columns = (
        Revision.number,
        Revision.body,
        Revision.seed,
        Revision.made_by,
        Revision.made_at,
    )
    return select(*columns).where(Revision.name == name)
