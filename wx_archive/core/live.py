"""What staff edit while the account runs: known to every process within two seconds.

A part (the bureau's profile, the keyword replies) is read from the database when it is first asked
for, and again after somebody changed anything: `changed` raises a number in the transaction of the
change, and every process looks at the numbers each `FRESH_S`. In between, asking costs a look at
the monotonic clock. There is no thread: a process that nobody asks need not know.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Connection, Integer, String, event, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from wx_archive.core.database import Base, Database, insert_into

log = logging.getLogger(__name__)
T = TypeVar("T")

FRESH_S: Final = 1.5
"""For so long a process goes by what it knows; with the reading it stays below two seconds."""
WITHIN_S: Final = 0.3
"""An answer waits no longer than this for a database that is away."""
FIRST_WITHIN_S: Final = 2.0
"""So long for the first reading: there is nothing to go by yet, and WeChat waits five seconds."""


class Change(Base):
    """How often staff have changed something, so that every process notices."""

    __tablename__ = "live_change"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int] = mapped_column(Integer)


@dataclass(frozen=True, slots=True, eq=False)
class Part(Generic[T]):
    """Something that staff edit, as processes know it.

    Attributes:
        read: reads it, in single statements.
        without: what counts for as long as the database could never be asked.
    """

    read: Callable[[Connection], T]
    without: Callable[[], T]


class Live:
    """What this process knows of one database's parts; safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changes = database.lines.prepare(select(func.coalesce(func.sum(Change.number), 0)))
        self._parts: tuple[Part[Any], ...] = ()
        self._known: dict[Part[Any], Any] = {}
        self._number: int | None = None
        """The changes that `_known` holds; None while a part was never read."""
        self._look_at = 0.0
        self._looking = threading.Lock()
        self._is_away = False

    def get(self, part: Part[T]) -> T:
        """Return a part as it was at most two seconds ago, or when the database last answered."""
        if time.monotonic() >= self._look_at and self._looking.acquire(blocking=False):
            try:  # one thread looks, the others go on with what is known
                self._look()
            finally:
                self._looking.release()
        try:
            value: T = self._known[part]
        except KeyError:
            return self._first(part)
        return value

    def expire(self) -> None:
        """Have this process look again at once."""
        self._look_at = 0.0

    def _first(self, part: Part[T]) -> T:
        with self._looking:
            if part not in self._parts:
                self._parts = (*self._parts, part)
                self._number = None
                self._look(WITHIN_S if self._is_away else FIRST_WITHIN_S)
            if part not in self._known:
                self._known = {**self._known, part: part.without()}
            value: T = self._known[part]
        return value

    def _look(self, within_s: float = WITHIN_S) -> None:
        """Read everything again if something was changed; what is known stands if that fails."""
        self._look_at = time.monotonic() + FRESH_S
        try:
            row = self._database.lines.run(self._changes, {}, within_s=within_s)
            number = int(row[0]) if row else 0
            if number != self._number:
                with self._database.reads(within_s=within_s) as connection:
                    known = {
                        part: _settled(part.read(connection), self._known.get(part))
                        for part in self._parts
                    }
                self._known, self._number = known, number
        except SQLAlchemyError as err:
            self._told(is_away=True, cause=type(err).__name__)
        else:
            self._told(is_away=False)

    def _told(self, *, is_away: bool, cause: str = "") -> None:
        if is_away == self._is_away:
            return
        self._is_away = is_away
        if is_away:
            log.warning("live.not_read cause=%s", cause)
        else:
            log.warning("live.read_again")


def _settled(value: T, before: T | None) -> T:
    """Return the object that was known before where it says the same: caches go by it."""
    return before if before is not None and value == before else value


def changed(session: Session, name: str, live: Live | None = None) -> None:
    """Have every process read what staff edit again, once this transaction has committed.

    Whoever changes the same thing at once waits here: call it before reading what is to be changed.

    Args:
        session: of the change.
        name: of what is changed.
        live: this process's knowledge, which need not wait.
    """
    put = insert_into(session, Change).values(name=name, number=1)
    raised = {"number": Change.number + 1}
    session.execute(put.on_conflict_do_update(index_elements=["name"], set_=raised))
    if live is not None:
        event.listen(session, "after_commit", lambda _session: live.expire(), once=True)
