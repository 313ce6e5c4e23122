"""ClamAV's daemon: a file is sent to it piece by piece, and it says what it found.

Only what it expressly calls clean is clean: whatever else it says, or does not say, is not.

Source: clamd(8), commands INSTREAM and VERSION; docs/sources.md#treasures.
"""

import re
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO, Final
from urllib.parse import unquote, urlsplit

from wx_archive.core.errors import TransientError

CONNECT_S: Final = 3.0
ANSWER_S: Final = 60.0
CHUNK_BYTES: Final = 64 * 1024
_MOST_ANSWER_BYTES: Final = 4096
_UNPRINTED: Final = re.compile(r"[^\w.:()/-]+", re.ASCII)


class ScannerAwayError(TransientError):
    """Nobody scans at the moment: what waits has to wait."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the scanner says of a file.

    Attributes:
        found: the signature that it bears; empty for none.
        is_too_large: the scanner takes no files of this size, so nobody knows.
    """

    found: str = ""
    is_too_large: bool = False

    @property
    def is_clean(self) -> bool:
        """Whether it was scanned to its end and nothing was found."""
        return not self.found and not self.is_too_large


@dataclass(frozen=True, slots=True)
class Scanner:
    """A daemon at `tcp://host:port` or `unix:/path`; one connection for each question."""

    url: str
    answer_s: float = ANSWER_S

    def scan(self, file: BinaryIO) -> Verdict:
        """Have a file scanned.

        Raises:
            ScannerAwayError: it is not there, takes too long, or fails at it.
        """
        with self._connected() as connection:
            with suppress(BrokenPipeError, ConnectionResetError):
                _send(connection, file)  # broken off by the other side: it says why
            answer = _answer(connection)
        return _verdict(answer)

    def version(self) -> str:
        """Return what the scanner calls itself: program, signatures, their date.

        Raises:
            ScannerAwayError: it is not there, or does not say.
        """
        with self._connected() as connection:
            connection.sendall(b"zVERSION\0")
            return _answer(connection)

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        parts = urlsplit(self.url)
        try:
            if parts.scheme == "unix":
                connection = socket.socket(socket.AF_UNIX)
                address: str | tuple[str, int] = unquote(parts.path)
            else:
                address = (parts.hostname or "", parts.port or 0)
                family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
                connection = socket.socket(family)
            with connection:
                connection.settimeout(CONNECT_S)
                connection.connect(address)
                connection.settimeout(self.answer_s)
                yield connection
        except OSError as err:
            raise ScannerAwayError(f"clamd: {type(err).__name__}") from err


def _send(connection: socket.socket, file: BinaryIO) -> None:
    """Send a file in pieces that are told their length, until it ends or is answered."""
    connection.sendall(b"zINSTREAM\0")
    while chunk := file.read(CHUNK_BYTES):
        is_answered, _, _ = select.select([connection], [], [], 0)
        if is_answered:
            return
        connection.sendall(len(chunk).to_bytes(4, "big") + chunk)
    connection.sendall(bytes(4))


def _answer(connection: socket.socket) -> str:
    told = b""
    while not told.endswith(b"\0") and len(told) < _MOST_ANSWER_BYTES:
        part = connection.recv(_MOST_ANSWER_BYTES)
        if not part:
            break
        told += part
    if not told.endswith(b"\0"):
        raise ScannerAwayError("clamd: no whole answer")
    return told.rstrip(b"\0").decode("utf-8", "replace").strip()


def _verdict(answer: str) -> Verdict:
    told = answer.removeprefix("stream: ")
    if told == "OK":
        return Verdict()
    if told.endswith(" FOUND"):
        found = _UNPRINTED.sub("_", told.removesuffix(" FOUND"))
        return Verdict(found=found[:80] or "unnamed")
    if "size limit exceeded" in told:
        return Verdict(is_too_large=True)
    raise ScannerAwayError("clamd: failed at a file")
