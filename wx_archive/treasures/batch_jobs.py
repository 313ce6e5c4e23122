"""How a batch came in: one line when it has settled, one more if what was late did not come.

The job stays for as long as something of its batch is under way, so that nothing that was sent
is dropped in silence, whatever ends it: WeChat, the scanner, or its own content.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.chat import held
from wx_archive.core import clock
from wx_archive.core.jobs import Job, Jobs, LaterError, Work
from wx_archive.core.services import Services
from wx_archive.treasures import batch_texts, queries, rules, uploads
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.queries import File, Upload
from wx_archive.treasures.rules import Channel, FileState, State
from wx_archive.wechat.account import Capability
from wx_archive.wechat.client import Platform

ATTEMPTS: Final = 100
SETTLES_WITHIN: Final = timedelta(seconds=20)
"""So long the line waits for files of a batch that is over; then it says which are not here."""
GIVES_UP_AFTER: Final = rules.MEDIA_LASTS + timedelta(days=1)
LINE_LASTS: Final = timedelta(minutes=10)
"""A line that could not be sent is of no use later."""
_LOOKS_AGAIN: Final = timedelta(seconds=1.5)
_LONGEST_PAUSE: Final = timedelta(minutes=10)
_UNDER_WAY: Final = (FileState.AWAITED, FileState.QUARANTINED)
_MISSED: Final = (FileState.LOST, FileState.REFUSED)
_UNDECIDED: Final = rules.OPEN | {State.DRAFT}
_LAST: Final = "last"
"""Step: the newest file that a line was said of."""
_OPEN: Final = "open"
"""Step: the files that no line has told the end of."""


def build(services: Services, platform: Platform) -> Jobs:
    """Return the kind of job."""
    del services
    own, teller = Jobs(), _Teller(can_send=platform.account.may(Capability.SERVICE_MESSAGES))
    own.handles(uploads.SUMMARY, attempts=ATTEMPTS)(teller.follow)
    return own


@dataclass(frozen=True, slots=True)
class _Batch:
    """A batch as it stands; it has one file at least, the oldest first."""

    upload: Upload
    files: Sequence[File]

    @property
    def last_at(self) -> datetime:
        """When its newest file came."""
        return self.files[-1].received_at

    @property
    def ids(self) -> list[int]:
        """Its files' numbers."""
        return [file.id for file in self.files]

    def among(self, *states: FileState) -> list[File]:
        """Return its files in these states."""
        return [file for file in self.files if file.state in states]


class _Teller:
    """The handler.

    Attributes:
        can_send: the account has service messages; without them nobody is told that all is well.
    """

    def __init__(self, *, can_send: bool) -> None:
        self._can_send = can_send

    def follow(self, work: Work) -> None:
        """Follow a batch to its end.

        Raises:
            LaterError: it is not at its end.
        """
        now = clock.now()
        with work.begin() as session:
            batch = _batch(session, work)
        if batch is None or batch.upload.state not in _UNDECIDED:
            return
        if batch.upload.state is State.DRAFT:
            if batch.ids[-1] != work.recorded(_LAST):
                self._say_line(work, batch, now)
            if now - batch.last_at <= rules.BATCH:  # another photo may still join it
                raise LaterError(_pause(batch, now))
        elif not work.recorded(_LAST):
            # Handed in before anything was said: only what was not taken is worth a word.
            _record(work, batch, batch.ids)
        self._say_rest(work, batch, now)

    def _say_line(self, work: Work, batch: _Batch, now: datetime) -> None:
        """Say how the batch came in, if there is anything to say.

        Raises:
            LaterError: it is not over, or has not settled.
        """
        over_at = batch.last_at + rules.SETTLED
        if now < over_at:
            raise LaterError(over_at - now)
        late = batch.among(*_UNDER_WAY)
        if late and now < over_at + SETTLES_WITHIN:
            raise LaterError(_LOOKS_AGAIN)
        left_open = [file.id for file in late]
        if len(batch.files) > 1 or any(map(batch_texts.is_wrong, batch.files)):
            said = batch_texts.line(batch.files)
            key = f"{work.job.key}:{batch.ids[-1]}"
            is_told = self._can_send and _tell(work, batch, said, key, now, lasts=LINE_LASTS)
            if not is_told:
                # Or a holder that died has said it, and nobody knows how the batch stood then.
                left_open = batch.ids
        _record(work, batch, left_open)

    def _say_rest(self, work: Work, batch: _Batch, now: datetime) -> None:
        """Tell what was not taken of the files whose end nobody was told.

        Raises:
            LaterError: one of them is still under way.
        """
        left_open = set(work.recorded(_OPEN) or ())
        waits = any(file.id in left_open for file in batch.among(*_UNDER_WAY))
        if waits and now - batch.last_at < GIVES_UP_AFTER:
            raise LaterError(_pause(batch, now))
        missed = [file for file in batch.among(*_MISSED) if file.id in left_open]
        if missed:
            said = batch_texts.rest(batch.upload, missed)
            _tell(work, batch, said, f"{work.job.key}:rest", now)


def _batch(session: Session, work: Work) -> _Batch | None:
    """Return the files that came one after the other since the job was left; None of nothing."""
    treasure_id, connection = int(work.payload["treasure"]), session.connection()
    # Not by their places: their sender may put them into another order meanwhile.
    began_at = session.scalars(select(Job.created_at).where(Job.id == work.job.id)).one()
    if session.get(Treasure, treasure_id) is None:
        return None
    found: list[File] = []
    every = queries.files(connection, treasure_id)
    for file in sorted(every, key=lambda one: one.id):
        if file.source is not Channel.CHAT or file.received_at < began_at:
            continue
        if found and file.received_at - found[-1].received_at > rules.BATCH:
            break
        found.append(file)
    files = [file for file in found if file.state is not FileState.ERASED]
    return _Batch(queries.by_id(connection, treasure_id), files) if files else None


def _tell(
    work: Work,
    batch: _Batch,
    text: str,
    key: str,
    now: datetime,
    *,
    lasts: timedelta = held.KEPT,
) -> bool:
    """Tell the sender; False if they were told under this key before."""
    follower_id = batch.upload.follower_id
    if follower_id is None:
        return True
    with work.begin() as session:
        return held.tell(session, follower_id, text, key=key, now=now, lasts=lasts)


def _record(work: Work, batch: _Batch, left_open: Sequence[int]) -> None:
    known = set(work.recorded(_OPEN) or ())
    work.record(_OPEN, fact=sorted(known | set(left_open)))
    work.record(_LAST, fact=batch.ids[-1])


def _pause(batch: _Batch, now: datetime) -> timedelta:
    """Return when to look again: soon while the batch is young, then ever more seldom."""
    return min(max((now - batch.last_at) / 2, rules.SETTLED), _LONGEST_PAUSE)
