"""Bodies of uploads: refused before they are read, a few read at a time, always onto the disk.

The server hands a body over in pieces as it is asked for them, so that what is not read waits at
the sender's. What is read goes to files without names, in the sealed store's own file system:
they are gone with the process that has them open.
"""

import errno
import logging
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any, Final

from flask import Request
from werkzeug.exceptions import (
    HTTPException,
    RequestEntityTooLarge,
    RequestTimeout,
    ServiceUnavailable,
)
from werkzeug.formparser import FormDataParser

from wx_archive.core.settings import Settings
from wx_archive.treasures.sealed import open_sealed

log = logging.getLogger(__name__)

MOST_BYTES: Final = 256 * 1024 * 1024
"""Of one form with all its files."""
MOST_PARTS: Final = 64
"""Each is an open file until the form is done with."""
AT_A_TIME: Final = 4
"""Bodies that a process reads at a time; each holds one of its threads (`serving.THREADS`)."""
WAITING: Final = 4
"""Forms that wait for their turn, each with a thread, too; the next ones are turned away."""
OF_ONE: Final = 2
"""Of one sender: nobody takes all the places, however many lines they leave hanging."""
WAIT_S: Final = 10.0
READ_WITHIN_S: Final = 600.0
"""Nobody holds a thread for longer than this, however slowly they send."""
SPARE_BYTES: Final = 128 * 1024 * 1024
"""So much of the disk is left to everybody else."""
_ARRIVING: Final = ".arriving"


class NoRoomError(HTTPException):
    """The disk is full, or nearly so."""

    code = HTTPStatus.INSUFFICIENT_STORAGE
    description = "no room"


class Bodies:
    """Reads the bodies of this process's uploads."""

    def __init__(self, settings: Settings) -> None:
        self._store = open_sealed(settings)
        self._turns = threading.BoundedSemaphore(AT_A_TIME)
        self._inside = threading.BoundedSemaphore(AT_A_TIME + WAITING)
        self._senders: Counter[int] = Counter()
        self._lock = threading.Lock()

    def check(self, request: Request) -> None:
        """Refuse what is too large, or has no room, before a byte of it is read.

        Raises:
            RequestEntityTooLarge: it says that it is longer than `MOST_BYTES`.
            NoRoomError: the disk has no room for it.
        """
        length = request.content_length or 0
        if length > MOST_BYTES:
            raise RequestEntityTooLarge
        # Once as it arrives, once more where it stays.
        if self._store.free_bytes() < 2 * length + SPARE_BYTES:
            log.warning("treasures.no_room")
            raise NoRoomError

    @contextmanager
    def reading(self, request: Request, follower_id: int) -> Iterator[None]:
        """Read a form with its files, when its turn has come; inside, they are there.

        Raises:
            ServiceUnavailable: too many others are sending, or the same one twice already.
            RequestEntityTooLarge: it goes on past its bound.
            RequestTimeout: it came too slowly.
            NoRoomError: the disk is full; nothing of it is left.
        """
        with (
            self._place_of(follower_id),
            _held(self._inside, 0),
            _held(self._turns, WAIT_S),
            ExitStack() as opened,
        ):
            self._read(request, opened)
            yield

    @contextmanager
    def _place_of(self, follower_id: int) -> Iterator[None]:
        with self._lock:
            if self._senders[follower_id] >= OF_ONE:
                raise ServiceUnavailable
            self._senders[follower_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._senders[follower_id] -= 1
                self._senders += Counter()  # forgets those who have none

    def _read(self, request: Request, opened: ExitStack) -> None:
        folder = self._store.folder / _ARRIVING
        request.max_content_length, request.max_form_parts = MOST_BYTES, MOST_PARTS
        request.environ["wsgi.input"] = _Patient(request.environ["wsgi.input"])
        request.form_data_parser_class = _parser(folder, opened)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            len(request.form)  # read here, where what goes wrong has a name
        except OSError as err:
            if err.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
                raise
            log.warning("treasures.no_room errno=%s", err.errno)
            raise NoRoomError from err


class _Patient:
    """A body that is waited for, but not for ever."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self._until = time.monotonic() + READ_WITHIN_S

    def read(self, size: int = -1) -> bytes:
        """Return the next piece.

        Raises:
            RequestTimeout: it takes too long altogether.
        """
        if time.monotonic() > self._until:
            raise RequestTimeout
        piece: bytes = self._source.read(size)
        return piece


@contextmanager
def _held(places: threading.Semaphore, wait_s: float) -> Iterator[None]:
    if not places.acquire(timeout=wait_s):
        raise ServiceUnavailable
    try:
        yield
    finally:
        places.release()


def _parser(folder: Path, opened: ExitStack) -> type[FormDataParser]:
    """Return a reader of forms whose files go to the disk at once, however small they are."""

    def on_disk(
        total_content_length: int | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        del total_content_length, content_type, filename, content_length
        return opened.enter_context(tempfile.TemporaryFile(dir=folder))

    class OnDisk(FormDataParser):
        """Reads files into the sealed store's file system."""

        def __init__(self, *_factory: object, **bounds: Any) -> None:
            super().__init__(**{**bounds, "stream_factory": on_disk})

    return OnDisk
