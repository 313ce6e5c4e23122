"""A real ClamAV with signatures of our own: what it finds, what it takes, when it is away."""

import io
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.media.files import a_photo, a_picture
from tests.treasures.scanning import EICAR, MARKER, STREAM_MB, Clamd, clamd
from wx_archive.core.errors import SettingsError
from wx_archive.core.settings import Settings
from wx_archive.media.scanner import Scanner, ScannerAwayError, Verdict

MB = 1024 * 1024


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clamd]:
    with clamd(tmp_path_factory.mktemp("clamd")) as running:
        yield running


ON_THIS_MACHINE = pytest.mark.enable_socket
"""Else the tests' guard takes a socket in a folder for one of the network."""


@pytest.fixture(params=["tcp", pytest.param("unix", marks=ON_THIS_MACHINE)])
def scanner(request: pytest.FixtureRequest, daemon: Clamd) -> Scanner:
    return Scanner(daemon.tcp_url if request.param == "tcp" else daemon.unix_url)


def scan(scanner: Scanner, content: bytes) -> Verdict:
    return scanner.scan(io.BytesIO(content))


def test_what_is_clean_is_clean(scanner: Scanner) -> None:
    for content in (a_photo(), b"", b"x", bytes(3 * MB)):
        assert scan(scanner, content) == Verdict()
        assert scan(scanner, content).is_clean


@pytest.mark.parametrize(
    ("content", "signature"),
    [
        (EICAR, "Eicar-Test-Signature"),
        (MARKER, "WxArchive.Test.Marker"),
        (a_picture(comment=MARKER), "WxArchive.Test.Marker"),
        (a_photo() + bytes(3 * MB) + MARKER + bytes(100), "WxArchive.Test.Marker"),
    ],
    ids=["EICAR", "marker", "inside a JPEG", "behind megabytes"],
)
def test_what_bears_a_signature_is_found(scanner: Scanner, content: bytes, signature: str) -> None:
    verdict = scan(scanner, content)
    assert verdict.found.startswith(signature)
    assert not verdict.is_clean


def test_a_file_that_the_scanner_does_not_take_is_not_clean(scanner: Scanner) -> None:
    for _again in range(5):
        verdict = scan(scanner, bytes((STREAM_MB + 1) * MB))
        assert verdict == Verdict(is_too_large=True)
        assert not verdict.is_clean
    assert scan(scanner, bytes((STREAM_MB - 1) * MB)).is_clean


def test_it_says_what_it_is(scanner: Scanner) -> None:
    assert scanner.version().startswith("ClamAV ")


@ON_THIS_MACHINE
def test_a_scanner_that_does_not_answer_is_away(daemon: Clamd) -> None:
    for url in (daemon.tcp_url, daemon.unix_url):
        with daemon.stopped():
            begun = time.monotonic()
            with pytest.raises(ScannerAwayError):
                scan(Scanner(url, answer_s=0.3), EICAR)
            assert time.monotonic() - begun < 3
        assert not scan(Scanner(url), EICAR).is_clean


@ON_THIS_MACHINE
def test_a_scanner_that_is_not_there_is_away(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for url in (f"tcp://127.0.0.1:{port}", f"unix:{tmp_path}/nothing", f"unix:{tmp_path}"):
        with pytest.raises(ScannerAwayError):
            scan(Scanner(url), b"x")
        with pytest.raises(ScannerAwayError):
            Scanner(url).version()


@contextmanager
def answering(words: bytes) -> Iterator[str]:
    """Listen as a daemon that reads everything and always says the same."""

    def answer() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                while not connection.recv(65_536).endswith(bytes(4)):
                    pass
                connection.sendall(words)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
    thread.join(10)


@pytest.mark.parametrize(
    "words",
    [
        b"",
        b"stream: OK",  # cut off: a whole answer ends with a zero
        b"stream: Can't allocate memory ERROR\0",
        b"stream: OK but not quite\0",
        b"OKAY\0",
        b"\0",
        b"UNKNOWN COMMAND\0",
        b"HTTP/1.1 200 OK\r\n\r\n\0",
        b"x" * 9000,
    ],
)
def test_whatever_else_it_says_is_not_clean(words: bytes) -> None:
    with answering(words) as url, pytest.raises(ScannerAwayError):
        scan(Scanner(url), b"x")


def test_a_signatures_name_has_nothing_in_it_that_could_forge_a_line() -> None:
    with answering(b"stream: Evil\r\n2026 \xe2\x80\xa8INFO fine FOUND\0") as url:
        assert scan(Scanner(url), b"x").found == "Evil_2026_INFO_fine"


@pytest.mark.parametrize(
    "url", ["", "tcp://127.0.0.1:3310", "tcp://[::1]:3310", "unix:/run/clamav/clamd.ctl"]
)
def test_a_place_to_listen_may_be_named(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("WX_ARCHIVE_CLAMD_URL", url)
    assert Settings.load().clamd_url == url


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:3310",
        "tcp://127.0.0.1",
        "tcp://:3310",
        "tcp://host:many",
        "http://127.0.0.1:3310",
        "unix:relative.sock",
        "unix://host/path",
    ],
)
def test_a_place_that_makes_no_sense_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("WX_ARCHIVE_CLAMD_URL", url)
    with pytest.raises(SettingsError) as refused:
        Settings.load()
    (problem,) = refused.value.problems
    assert problem.startswith("WX_ARCHIVE_CLAMD_URL：")
    assert "tcp://主机:端口 或 unix:/绝对路径" in problem
