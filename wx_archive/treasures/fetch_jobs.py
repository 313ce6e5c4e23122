"""What comes in the chat is taken over from WeChat, which holds it for three days only.

An outage of hours must end in the file being stored, so a failed try is no failure of the job's:
it is made again, at first at once, later every ten minutes, for as long as WeChat has the file.
"""

import logging
import random
from datetime import datetime, timedelta
from typing import BinaryIO, Final

from wx_archive.core import clock
from wx_archive.core.errors import TransientError
from wx_archive.core.jobs import Jobs, LaterError, Work
from wx_archive.core.services import Services
from wx_archive.media.objects import Waiting
from wx_archive.treasures import fetch_texts, files, queries, rules
from wx_archive.treasures.lanes import DOWNLOADS, at_most
from wx_archive.treasures.models import TreasureFile
from wx_archive.treasures.queries import File
from wx_archive.treasures.rules import FileState
from wx_archive.treasures.sealed import open_sealed
from wx_archive.wechat.account import Capability
from wx_archive.wechat.client import Platform
from wx_archive.wechat.errors import ContentError, OversizedError, PlatformError, QuotaError
from wx_archive.wechat.refusals import MEDIA_GONE

log = logging.getLogger(__name__)

ATTEMPTS: Final = 1_000
"""Every claim of a worker that died counts as one; what ends the tries is WeChat's three days."""
FIRST_PAUSE: Final = timedelta(seconds=2)
LONGEST_PAUSE: Final = timedelta(minutes=10)
_LEAST_PAUSE: Final = timedelta(seconds=1)


def build(services: Services, platform: Platform) -> Jobs:
    """Return the kind of job."""
    own, porter = Jobs(), _Porter(services, platform)
    own.handles(files.FETCH, attempts=ATTEMPTS)(at_most(DOWNLOADS, porter.fetch))
    return own


class _Porter:
    """The handler, with what it works with."""

    def __init__(self, services: Services, platform: Platform) -> None:
        self._services = services
        self._platform = platform
        self._store = open_sealed(services.settings)

    def fetch(self, work: Work) -> None:
        """Take a file over; whoever did it before may have died at any point."""
        file = self._awaited(int(work.payload["file"]))
        if file is None:
            return
        # Attempts have names of their own: a holder that only seemed dead writes into nothing.
        self._store.discard_waiting(f"{file.object_key}.")
        if not self._platform.account.may(Capability.MEDIA):
            self._refuse(work, file, fetch_texts.NO_MEDIA)
            return
        self._try(work, file)

    def _try(self, work: Work, file: File) -> None:
        try:
            self._download(work, file)
        except OversizedError:
            self._refuse(work, file, fetch_texts.too_large(file.kind))
        except ContentError as err:
            if err.code == MEDIA_GONE:
                self._lose(work, file)
            else:
                log.warning("treasures.not_to_be_had file=%d code=%s", file.id, err.code)
                self._refuse(work, file, fetch_texts.NOT_TO_BE_HAD)
        except (PlatformError, TransientError) as err:
            self._later(work, file, err)

    def _later(self, work: Work, file: File, err: Exception) -> None:
        """Try again, unless this was the last try: WeChat promises nothing after its three days.

        Raises:
            LaterError: with the pause until the next try.
        """
        now = clock.now()
        if file.media_until is not None and file.media_until <= now:
            self._lose(work, file)
            return
        pause = pause_after(err, file, now=now)
        cause, pause_s = type(err).__name__, pause.total_seconds()
        log.warning("treasures.fetch_again file=%d cause=%s in_s=%.0f", file.id, cause, pause_s)
        raise LaterError(pause) from err

    def _download(self, work: Work, file: File) -> None:
        media_id, most_bytes = file.media_id or "", rules.MOST_BYTES[file.kind]

        def write(into: BinaryIO) -> None:
            self._platform.download(media_id, into, max_bytes=most_bytes)

        name = f"{file.object_key}.{work.job.fence}"
        with self._store.fetched(write, name=name) as waiting:
            self._keep(work, file, waiting)

    def _keep(self, work: Work, file: File, waiting: Waiting) -> None:
        """Note that the file is there and put it in its place, both or neither.

        Put before the commit: a row that says «stored» has its object whatever dies. An object
        whose commit never came lies under the name that the row still waits for.
        """
        now = clock.now()
        with work.finishing() as session:
            is_wanted = files.stored(
                session, file.id, sha256=waiting.sha256, size_bytes=waiting.size_bytes, now=now
            )
            if is_wanted and file.object_key is not None:
                self._store.place(waiting, file.object_key)
        took_ms = (now - file.received_at).total_seconds() * 1000
        log.info(
            "treasures.fetched kind=%s bytes=%d wanted=%s after_ms=%.0f",
            file.kind,
            waiting.size_bytes,
            is_wanted,
            took_ms,
        )

    def _refuse(self, work: Work, file: File, reason: str) -> None:
        with work.finishing() as session:
            files.refused(session, file.id, reason, now=clock.now())

    def _lose(self, work: Work, file: File) -> None:
        with work.finishing() as session:
            files.lost(session, file.id, now=clock.now())
        log.error("treasures.lost file=%d kind=%s", file.id, file.kind)

    def _awaited(self, file_id: int) -> File | None:
        awaited = TreasureFile.state == FileState.AWAITED
        with self._services.database.reads() as connection:
            row = connection.execute(
                queries.FILES.where(TreasureFile.id == file_id, awaited)
            ).one_or_none()
        return None if row is None else File.of(row)


def pause_after(err: Exception, file: File, *, now: datetime) -> timedelta:
    """Return how long to wait before a file is tried again.

    Half as long as it has been waited for so far, so that the tries grow apart; and not past the
    moment at which WeChat lets go of it, so that its sender is told in time.
    """
    waited = now - file.received_at
    pause = min(max(waited / 2, FIRST_PAUSE), LONGEST_PAUSE)
    pause *= random.uniform(0.8, 1.0)  # noqa: S311 -- spreads retries, no secret
    if isinstance(err, QuotaError):
        pause = max(pause, err.until - now)
    if file.media_until is not None:
        pause = min(pause, file.media_until - now)
    return max(pause, _LEAST_PAUSE)
