"""What people ask, noted beside the answers: bounded in memory, written in batches.

A handler or a page only says what happened; it is handed over once the answer stands, and costs
it some microseconds. Everything else (masking, keyed hashes, the database) is done by a thread of
its own. A process that dies loses a second of statistics; a database that is away loses none until
the buffer is full, and never holds up an answer.
"""

import hashlib
import hmac
import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from wx_archive.catalogue.rules import Kind
from wx_archive.chat.turn import Turn
from wx_archive.core import clock
from wx_archive.core.database import Database, insert_into, is_transient
from wx_archive.core.flushing import Flusher
from wx_archive.core.services import Services
from wx_archive.followers import service as followers
from wx_archive.lookup import wording
from wx_archive.lookup.models import Channel, Label, LookupEvent, What

log = logging.getLogger(__name__)

BOUND: Final = 10_000
BATCH: Final = 1_000
HELD_S: Final = 300.0
"""For so long a database may be away; an erasure looks back only a little longer for what comes
late (`followers.erased_since`)."""
WITHIN_S: Final = 2.0
"""How long one batch may take; a process that ends waits for no longer."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What somebody did, as it is held for a second.

    Attributes:
        about: the words that were asked for, or the public id of the entry that was opened.
        found: how many entries the asker was told of.
        openid: whose doing; empty for the readers of a page.
        nonce: tells two readers of a page apart.
    """

    at: datetime
    channel: Channel
    what: What
    kind: Kind | None
    about: str = field(repr=False)
    found: int = 0
    page: int = 1
    openid: str = field(default="", repr=False)
    nonce: int = 0


def note_asked(turn: Turn[Any], text: str, kind: Kind | None, *, found: int, page: int = 1) -> None:
    """Note a question of the chat.

    Args:
        turn: whose answer this is part of.
        text: what was asked for, without command and scope words.
        kind: the scope, if one was asked for.
        found: the bounded number of entries that the answer tells of; 0 where nothing contains
            the words, also when something near is offered instead.
        page: which page of the list it is, from 1.
    """
    what = What.ASKED if page == 1 else What.TURNED
    openid = turn.message.header.openid
    turn.noted.append(Noted(turn.now, Channel.CHAT, what, kind, text, found, page, openid))


def note_opened(turn: Turn[Any], kind: Kind, pid: str) -> None:
    """Note that the chat showed the card of a public entry."""
    openid = turn.message.header.openid
    turn.noted.append(Noted(turn.now, Channel.CHAT, What.OPENED, kind, pid, openid=openid))


def asked_on_page(text: str, kind: Kind | None, *, found: int, page: int = 1) -> Noted:
    """Return the note of a question on the search page; its reader stays unknown."""
    what = What.ASKED if page == 1 else What.TURNED
    nonce = secrets.randbits(64)
    return Noted(clock.now(), Channel.H5, what, kind, text, found, page, nonce=nonce)


def opened_on_page(kind: Kind, pid: str) -> Noted:
    """Return the note of an entry whose page was shown."""
    nonce = secrets.randbits(64)
    return Noted(clock.now(), Channel.H5, What.OPENED, kind, pid, nonce=nonce)


def buffer(services: Services) -> "Usage":
    """Return the buffer of an installation."""
    return Usage(services.database, services.settings.secret())


class Usage:
    """A bounded buffer in front of the table of lookups; safe to share between threads."""

    def __init__(self, database: Database, secret: str) -> None:
        self._database = database
        self._secret = secret
        self._noted: deque[Noted] = deque()
        self._dropped = 0
        self._is_away, self._away_since = False, 0.0
        self._months: dict[tuple[int, int], bytes] = {}
        self._writing = threading.Lock()
        self._flusher = Flusher("usage", self.flush)

    def take(self, noted: Iterable[object]) -> None:
        """Take what an answer noted; dropped when the buffer is full. Never waits, never fails."""
        for each in noted:
            if not isinstance(each, Noted):
                continue
            if len(self._noted) < BOUND:
                self._noted.append(each)
            else:
                self._dropped += 1
        if self._noted:
            self._flusher.start()

    def flush(self) -> None:
        """Write what was noted; what the database cannot take now is tried with the next batch."""
        with self._writing:
            while batch := [self._noted.popleft() for _ in range(min(BATCH, len(self._noted)))]:
                try:
                    with self._database.begin(within_s=WITHIN_S) as session:
                        self._write(session.connection(), batch)
                except SQLAlchemyError as err:
                    self._failed(batch, err)
                    return
                self._changed(is_away=False)

    def close(self) -> None:
        """Stop, writing what is left."""
        self._flusher.close()

    def _write(self, connection: Connection, batch: Sequence[Noted]) -> None:
        first = {each.openid: each.at for each in reversed(batch) if each.openid}
        gone = followers.erased_since(connection, first)
        rows = [self._row(each) for each in batch if each.openid not in gone]
        if rows:
            insert = insert_into(connection, LookupEvent).on_conflict_do_nothing()
            # In order: two processes that write the same rows must not wait for each other.
            connection.execute(insert, sorted(rows, key=itemgetter("id")))

    def _row(self, noted: Noted) -> dict[str, Any]:
        day = clock.day_of(noted.at)
        month = self._month(day)
        label, words = Label.NONE, ""
        if noted.what is not What.OPENED:
            label, words = wording.kept(noted.about, found=noted.found)
        return {
            "id": _id_of(noted, words or noted.about, day, month),
            "day": day,
            "channel": noted.channel,
            "what": noted.what,
            "kind": noted.kind or "",
            "label": label,
            "words": words,
            "found": wording.at_least(noted.found),
            "page": min(noted.page, 999),
            "person_key": wording.person_key(noted.openid, month) if noted.openid else None,
        }

    def _month(self, day: date) -> bytes:
        key = (day.year, day.month)
        if key not in self._months:
            self._months = {key: wording.month_key(self._secret, day)}
        return self._months[key]

    def _failed(self, batch: list[Noted], err: SQLAlchemyError) -> None:
        """Keep the batch for later; drop it where trying again would not help."""
        self._changed(is_away=True, cause=type(err).__name__)
        if not is_transient(err) or len(self._noted) + len(batch) > BOUND:
            self._dropped += len(batch)
        elif time.monotonic() - self._away_since > HELD_S:
            self._dropped += len(batch) + len(self._noted)
            self._noted.clear()
        else:
            self._noted.extendleft(reversed(batch))

    def _changed(self, *, is_away: bool, cause: str = "") -> None:
        if is_away == self._is_away:
            return
        self._is_away, self._away_since = is_away, time.monotonic()
        if is_away:
            log.warning("usage.not_written cause=%s", cause)
        else:
            log.warning("usage.written_again dropped=%d", self._dropped)
            self._dropped = 0


def _id_of(noted: Noted, about: str, day: date, month: bytes) -> int:
    """Return the row's number: the same for the same doing of one person on one day."""
    told = (day, noted.channel, noted.what, noted.kind, noted.page, noted.openid, noted.nonce)
    spelt = "\0".join(map(str, (*told, about)))
    digest = hmac.digest(month, spelt.encode(errors="replace"), hashlib.sha256)
    return int.from_bytes(digest[:8], "big", signed=True)
