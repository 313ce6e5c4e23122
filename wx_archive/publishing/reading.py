"""How often pieces are opened, counted beside the pages: by piece, day and channel, nothing else.

Nobody's name, address or phone is kept: a page that is opened adds one to a number. What is lost
is at most a second's count, with a process that is killed.
"""

import logging
import re
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from flask import Request
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from wx_archive.core import clock
from wx_archive.core.batches import batches
from wx_archive.core.database import Database, insert_into, is_transient
from wx_archive.core.flushing import Flusher
from wx_archive.core.services import Services
from wx_archive.publishing.models import Piece
from wx_archive.publishing.reader_models import PieceReading

log = logging.getLogger(__name__)

CHAT: Final = "chat"
"""Opened from one of our cards in the chat. WeChat's own `from` tells of sharing: another word."""
H5: Final = "h5"
VIA: Final = "via"
CHANNELS: Final = {CHAT: "公众号里", H5: "别处打开"}
BOUND: Final = 10_000
BATCH: Final = 500
WITHIN_S: Final = 2.0

_MACHINE: Final = re.compile(
    r"bot|spider|crawl|slurp|preview|headless|curl|wget|python|java/|okhttp|httpclient|go-http"
    r"|monitor|uptime|scan|fetch",
    re.IGNORECASE,
)
Key = tuple[int, date, str]


@dataclass(frozen=True, slots=True)
class Opened:
    """A piece's page was shown to somebody."""

    piece_id: int
    at: datetime
    channel: str


def is_person(request: Request) -> bool:
    """Tell whether a page is shown to a person, as far as the request tells.

    Not counted are: whatever only asks for the head; a browser that loads the page ahead of its
    reader (`Purpose` or `Sec-Purpose`: prefetch); a program that names itself as one (bot,
    spider, crawler, preview, headless browser, command-line tool, library, monitor); one that
    names itself not at all. Whoever reads a piece twice is counted twice.
    """
    if request.method != "GET":
        return False
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    agent = request.headers.get("User-Agent", "")
    return "prefetch" not in purpose and bool(agent) and _MACHINE.search(agent) is None


def noted(request: Request, piece_id: int) -> list[Opened]:
    """Return what is to be counted of a request: one opening, or nothing."""
    if not is_person(request):
        return []
    channel = CHAT if request.args.get(VIA) == CHAT else H5
    return [Opened(piece_id, clock.now(), channel)]


def buffer(services: Services) -> "Readings":
    """Return the buffer of an installation."""
    return Readings(services.database)


class Readings:
    """A bounded buffer in front of the counts; safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counts: Counter[Key] = Counter()
        self._lock = threading.Lock()
        self._is_away = False
        self._dropped = 0
        self._flusher = Flusher("readings", self.flush)

    def take(self, noted: Iterable[object]) -> None:
        """Count what a page noted; dropped where the buffer is full. Never waits, never fails."""
        for each in noted:
            if isinstance(each, Opened):
                self._add({(each.piece_id, clock.day_of(each.at), each.channel): 1})
                self._flusher.start()

    def flush(self) -> None:
        """Write what was counted; what the database cannot take now is tried again."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        for batch in batches(sorted(counts.items()), BATCH):
            try:
                with self._database.begin(within_s=WITHIN_S) as session:
                    _write(session.connection(), dict(batch))
            except SQLAlchemyError as err:
                self._failed(dict(batch), err)
            else:
                self._told(is_away=False)

    def close(self) -> None:
        """Stop, writing what is left."""
        self._flusher.close()

    def _add(self, counts: dict[Key, int]) -> None:
        with self._lock:
            for key, count in counts.items():
                if key in self._counts or len(self._counts) < BOUND:
                    self._counts[key] += count
                else:
                    self._dropped += count

    def _failed(self, counts: dict[Key, int], err: SQLAlchemyError) -> None:
        self._told(is_away=True, cause=type(err).__name__)
        if is_transient(err):
            self._add(counts)
        else:
            self._dropped += sum(counts.values())

    def _told(self, *, is_away: bool, cause: str = "") -> None:
        if is_away == self._is_away:
            return
        self._is_away = is_away
        if is_away:
            log.warning("readings.not_written cause=%s", cause)
        else:
            log.warning("readings.written_again dropped=%d", self._dropped)
            self._dropped = 0


def _write(connection: Connection, counts: dict[Key, int]) -> None:
    known = set(
        connection.scalars(select(Piece.id).where(Piece.id.in_({piece for piece, *_ in counts})))
    )
    rows = [
        {"piece_id": piece, "day": day, "channel": channel, "opened": count}
        for (piece, day, channel), count in counts.items()
        if piece in known
    ]
    if not rows:
        return
    insert = insert_into(connection, PieceReading)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["piece_id", "day", "channel"],
            set_={"opened": PieceReading.opened + insert.excluded.opened},
        ),
        rows,
    )
