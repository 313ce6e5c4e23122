"""A stored file is let out of quarantine: scanned first, and only then decoded.

Nothing passes that was not scanned where a scanner is configured: while it is away files wait.
The file is read again from its beginning if this is done twice, and nothing else happens.
"""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Final

from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs import Jobs, LaterError, Work
from wx_archive.core.services import Services
from wx_archive.media.objects import MissingObjectError, ObjectStore
from wx_archive.media.scanner import Scanner, ScannerAwayError
from wx_archive.treasures import file_texts, files, looking, queries, removal, views
from wx_archive.treasures.files import Looked
from wx_archive.treasures.lanes import LOOKS, at_most
from wx_archive.treasures.models import TreasureFile
from wx_archive.treasures.queries import File
from wx_archive.treasures.rules import FileKind, FileState
from wx_archive.treasures.sealed import open_sealed
from wx_archive.treasures.views import Form
from wx_archive.wechat.client import Platform

log = logging.getLogger(__name__)

SCANNER_AGAIN: Final = timedelta(seconds=30)
LOOKED_AT_AGAIN: Final = timedelta(seconds=2)
FETCHED_AGAIN: Final = timedelta(seconds=5)
"""A file whose object was gone is looked at when it has been fetched anew."""
NOT_AWAITED_AFTER: Final = timedelta(hours=1)
"""After WeChat has let go of a file nobody waits any longer for it to be fetched."""
ATTEMPTS: Final = 100
"""A worker that is killed while it looks counts as one; a file must not stay behind for that."""
_NAME_LENGTH: Final = 60


def build(services: Services, _platform: Platform) -> Jobs:
    """Return the kind of job."""
    url = services.settings.clamd_url
    scanner = Scanner(url) if url else None
    inspector = Inspector(services.database, open_sealed(services.settings), scanner)
    own = Jobs()
    own.handles(files.LOOK, attempts=ATTEMPTS)(
        at_most(LOOKS, inspector.inspect, again=LOOKED_AT_AGAIN)
    )
    return own


class Inspector:
    """The handler, with what it works with; ``scanner`` is None where none is configured."""

    def __init__(self, database: Database, store: ObjectStore, scanner: Scanner | None) -> None:
        self._database = database
        self._store = store
        self._scanner = scanner
        self._is_away = False

    def inspect(self, work: Work) -> None:
        """Look at a file that is in quarantine, and settle it.

        Raises:
            LaterError: the scanner is away, or the file is being fetched anew.
        """
        file = self._file(int(work.payload["file"]))
        if file is None or file.state is not FileState.QUARANTINED:
            self._wait_if_awaited(file)
            return
        try:
            looked = self._looked(file)
        except MissingObjectError:
            self._fetch_again(work, file)
        except RefusedError as err:
            self._refuse(work, file, str(err))
        else:
            with work.finishing() as session:
                files.cleaned(session, file.id, looked, now=clock.now())

    def _looked(self, file: File) -> Looked:
        """Return what a file is, and draw what everybody will want to see of it.

        Raises:
            RefusedError: it is not fit.
            MissingObjectError: it is not in the store.
            LaterError: the scanner is away.
        """
        scanned_by = "" if self._scanner is None else self._scanned(self._scanner, file)
        looked = looking.look(self._store, file)
        if looked.kind is FileKind.IMAGE:
            key, content_type = file.object_key or "", looked.content_type
            views.made(self._store, key, content_type, Form.THUMB, turned=file.turned).close()
        return replace(looked, scanner=scanned_by)

    def _scanned(self, scanner: Scanner, file: File) -> str:
        """Return the name of the scanner that found a file clean."""
        if file.object_key is None:
            raise MissingObjectError(file.pid)
        try:
            with self._store.open(file.object_key) as content:
                verdict = scanner.scan(content)
            name = scanner.version()[:_NAME_LENGTH]
        except ScannerAwayError as err:
            self._changed(is_away=True)
            raise LaterError(SCANNER_AGAIN) from err
        self._changed(is_away=False)
        if verdict.found:
            log.warning("treasures.infected kind=%s signature=%s", file.kind, verdict.found)
            raise RefusedError(file_texts.INFECTED)
        if not verdict.is_clean:
            log.warning("treasures.not_scanned kind=%s bytes=%s", file.kind, file.size_bytes)
            raise RefusedError(file_texts.TOO_LARGE_TO_SCAN)
        return name

    def _refuse(self, work: Work, file: File, reason: str) -> None:
        """Refuse a file, and have its object deleted once that is certain."""
        now = clock.now()
        with work.finishing() as session:
            is_refused = files.refused(session, file.id, reason, now=now)
            if is_refused and file.object_key is not None:
                removal.later(session, [file.object_key], now=now)
        log.info("treasures.refused kind=%s file=%d", file.kind, file.id)

    def _fetch_again(self, work: Work, file: File) -> None:
        log.error("treasures.object_missing file=%d", file.id)
        with work.begin() as session:
            is_awaited = files.missing(session, file.id, now=clock.now())
        if is_awaited:
            raise LaterError(FETCHED_AGAIN)

    def _wait_if_awaited(self, file: File | None) -> None:
        """Come again for a file that is fetched anew: nobody else asks for it to be looked at."""
        if file is None or file.state is not FileState.AWAITED or file.media_until is None:
            return
        if clock.now() < file.media_until + NOT_AWAITED_AFTER:
            raise LaterError(FETCHED_AGAIN)

    def _file(self, file_id: int) -> File | None:
        with self._database.reads() as connection:
            row = connection.execute(queries.FILES.where(TreasureFile.id == file_id)).one_or_none()
        return None if row is None else File.of(row)

    def _changed(self, *, is_away: bool) -> None:
        """Log once that the scanner went away, and once that it is back."""
        if is_away is not self._is_away:
            self._is_away = is_away
            log.warning("treasures.scanner_%s", "away" if is_away else "back")
