"""The object store: files by the hash of their content, in a folder; whole or not at all.

A file is written beside its place, flushed to the disk and put there in one step: whoever is
killed, and whatever disk is full, leaves nothing torn. The folder may be shared by machines.
"""

import fcntl
import hashlib
import io
import logging
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from wx_archive.core.errors import RefusedError, TransientError
from wx_archive.core.settings import Settings

log = logging.getLogger(__name__)

BLOCK_BYTES: Final = 1024 * 1024
_KEY: Final = re.compile(r"[0-9a-f]{64}(?:\.[a-z0-9]{1,16})?")
_WAITING: Final = ".waiting"
"""Where files are written; their names are never keys."""
_NAME: Final = re.compile(r"[0-9a-z][0-9a-z.]{0,99}")


class MissingObjectError(LookupError):
    """The store has nothing under this key."""


class TooManyBytesError(RefusedError):
    """What was to be stored goes on past its bound.

    Attributes:
        most_bytes: the bound.
    """

    def __init__(self, most_bytes: int) -> None:
        super().__init__(f"文件太大，最多 {most_bytes // 1_000_000} MB")
        self.most_bytes = most_bytes


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that was read to its end and has no place in the store yet.

    Attributes:
        sha256: of its bytes, in hexadecimal.
    """

    path: Path
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """Files below one folder; a key is a SHA-256 in hexadecimal, perhaps `.` and a form's name."""

    folder: Path

    @contextmanager
    def waiting(self, source: BinaryIO, *, most_bytes: int) -> Iterator[Waiting]:
        """Write a stream beside the store, to be looked at; it is gone at the end unless placed.

        Raises:
            TooManyBytesError: the stream is longer than ``most_bytes``.
            TransientError: the disk is full or fails.
        """
        with self._beside("") as (file, path):
            yield _written(file, path, source, most_bytes)

    @contextmanager
    def fetched(self, fetch: Callable[[BinaryIO], object], *, name: str) -> Iterator[Waiting]:
        """Have a file written beside the store by ``fetch``; it is gone at the end unless placed.

        Args:
            fetch: writes the file from its beginning; it bounds how much.
            name: tells whoever comes after a killed process what is left of it
                (`discard_waiting`); no two writers have the same.

        Raises:
            TransientError: the disk is full or fails.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(f"not the name of a file that waits: {name!r}")
        with self._beside(name) as (file, path):
            with _on_this_disk():
                fetch(file)
                file.flush()
                os.fsync(file.fileno())
                file.seek(0)
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                size_bytes = file.tell()
            yield Waiting(path, digest, size_bytes)

    def discard_waiting(self, beginning: str) -> int:
        """Delete files that wait under names with this beginning; return how many there were."""
        left = list((self.folder / _WAITING).glob(f"{beginning}*"))
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    @contextmanager
    def _beside(self, name: str) -> Iterator[tuple[io.BufferedRandom, Path]]:
        """Open a new file beside the store, which no sweep touches while its writer lives."""
        with _on_this_disk():
            file, path = _locked_file(self.folder / _WAITING, name)
        try:
            with file:
                yield file, path
        finally:
            path.unlink(missing_ok=True)

    def place(self, waiting: Waiting, key: str) -> None:
        """Put a file that waits under its key, in one step; the same key may be put again.

        Raises:
            TransientError: the disk is full or fails.
        """
        place = self._place(key)
        with _on_this_disk():
            _make_folders(place.parent, below=self.folder)
            with self._lock(fcntl.LOCK_SH):
                # Put anew even if it is there: it is young again, and if it was damaged, whole.
                waiting.path.replace(place)
            _flush_folder(place.parent)

    def put(self, key: str, source: BinaryIO, *, most_bytes: int = 1 << 32) -> None:
        """Store a stream under a key.

        Raises:
            TooManyBytesError: the stream is longer than ``most_bytes``.
            TransientError: the disk is full or fails; nothing was stored.
        """
        self._place(key)
        with self.waiting(source, most_bytes=most_bytes) as waiting:
            self.place(waiting, key)

    def path(self, key: str) -> Path:
        """Return where an object lies, for programs that read files by their names.

        Raises:
            MissingObjectError: there is none.
        """
        place = self._place(key)
        if not place.is_file():
            raise MissingObjectError(key)
        return place

    def open(self, key: str) -> BinaryIO:
        """Open an object for reading.

        Raises:
            MissingObjectError: there is none.
        """
        try:
            return self._place(key).open("rb")
        except FileNotFoundError as err:
            raise MissingObjectError(key) from err

    def exists(self, key: str) -> bool:
        """Tell whether there is an object under this key."""
        return self._place(key).is_file()

    def delete(self, key: str) -> None:
        """Let go of an object; one that is not there is no mistake."""
        self._place(key).unlink(missing_ok=True)

    def keys(self, *, until: datetime) -> Iterator[str]:
        """Yield the keys of all objects that nobody has put since ``until``."""
        for path in self.folder.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"):
            if _KEY.fullmatch(path.name) and _is_old(path, until):
                yield path.name

    def sweep(self, key: str, *, until: datetime) -> bool:
        """Delete an object unless somebody has put it again since ``until``."""
        place = self._place(key)
        with self._lock(fcntl.LOCK_EX):
            if not _is_old(place, until):
                return False
            place.unlink(missing_ok=True)
        return True

    def sweep_waiting(self, *, until: datetime) -> int:
        """Delete what killed processes left beside the store before ``until``; return how much.

        What somebody still writes or looks at stays, however old it is.
        """
        old = (path for path in (self.folder / _WAITING).glob("*") if _is_old(path, until))
        return sum(_abandoned(path) for path in old)

    def free_bytes(self) -> int:
        """Return how much room is left where the objects lie."""
        folder = self.folder
        while not folder.exists():
            folder = folder.parent
        return shutil.disk_usage(folder).free

    def _place(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"not a key of the object store: {key!r}")
        return self.folder / key[:2] / key[2:4] / key

    @contextmanager
    def _lock(self, kind: int) -> Iterator[None]:
        """Keep putting and sweeping apart: what was just put again must not be swept."""
        with (self.folder / f"{_WAITING}.lock").open("a") as file:
            fcntl.flock(file, kind)
            yield


def open_objects(settings: Settings) -> ObjectStore:
    """Return the store that the settings name; nothing is written yet."""
    return ObjectStore(settings.objects)


def _written(file: BinaryIO, path: Path, source: BinaryIO, most_bytes: int) -> Waiting:
    digest, size_bytes = hashlib.sha256(), 0
    while block := source.read(BLOCK_BYTES):
        size_bytes += len(block)
        if size_bytes > most_bytes:
            raise TooManyBytesError(most_bytes)
        digest.update(block)
        with _on_this_disk():
            file.write(block)
    with _on_this_disk():
        file.flush()
        os.fsync(file.fileno())
    return Waiting(path, digest.hexdigest(), size_bytes)


def _locked_file(folder: Path, name: str) -> tuple[io.BufferedRandom, Path]:
    """Make a new file and lock it: the lock goes with the process, however that ends."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        path = folder / (name or secrets.token_hex(16))
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        file = os.fdopen(os.open(path, flags, 0o600), "w+b")
        fcntl.flock(file, fcntl.LOCK_EX)
        if path.exists():  # else a sweep was faster than the lock
            return file, path
        file.close()


def _abandoned(path: Path) -> bool:
    """Delete a file that nobody has in hand; False if somebody has, or it is gone."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
    except (BlockingIOError, FileNotFoundError):
        return False
    return True


@contextmanager
def _on_this_disk() -> Iterator[None]:
    """Turn what a disk can do to us into something that may go better later.

    Raises:
        TransientError: it is full, read-only or broken.
    """
    try:
        yield
    except OSError as err:
        log.warning("media.disk_failed errno=%s", err.errno)
        raise TransientError("媒体文件写不进磁盘，可能是磁盘满了") from err


def _make_folders(folder: Path, *, below: Path) -> None:
    """Make a folder that survives a power cut: its name is on the disk, too."""
    if folder.is_dir() or folder == below:
        return
    _make_folders(folder.parent, below=below)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    _flush_folder(folder.parent)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_old(path: Path, until: datetime) -> bool:
    try:
        return path.stat().st_mtime < until.timestamp()
    except FileNotFoundError:
        return False
