"""A ClamAV of our own, which knows two signatures: EICAR's and one that only we write."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests import services
from wx_archive.demo import free_port
from wx_archive.media.scanner import Scanner, ScannerAwayError

EICAR: Final = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-" + b"FILE!$H+H*"
MARKER: Final = b"WX-ARCHIVE-AV-TEST-" + b"MARKER-0001"
_SIGNATURES: Final = {
    "eicar.hdb": "44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test-Signature",
    "own.ndb": f"WxArchive.Test.Marker:0:*:{MARKER.hex()}",
}
STREAM_MB: Final = 25


@dataclass(frozen=True)
class Clamd:
    """A running daemon; it listens at two places."""

    process: subprocess.Popen[bytes]
    tcp_url: str
    unix_url: str

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let it neither answer nor end for a while."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextmanager
def clamd(folder: Path) -> Iterator[Clamd]:
    """Start a daemon in a folder of its own, or skip the test where there is none."""
    program = shutil.which("clamd", path="/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin")
    if program is None:
        services.missing("clamd")
        raise AssertionError
    socket, port = folder / "clamd.socket", free_port()
    (signatures := folder / "signatures").mkdir(parents=True)
    for name, line in _SIGNATURES.items():
        (signatures / name).write_text(f"{line}\n")
    settings = (
        f"DatabaseDirectory {signatures}",
        f"TemporaryDirectory {folder}",
        f"LocalSocket {socket}",
        f"TCPSocket {port}",
        "TCPAddr 127.0.0.1",
        f"StreamMaxLength {STREAM_MB}M",
        "Foreground yes",
    )
    (folder / "clamd.conf").write_text("\n".join(settings) + "\n")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, "--config-file", folder / "clamd.conf"], stdout=log, stderr=log
        )
    try:
        tcp_url = f"tcp://127.0.0.1:{port}"
        _wait(Scanner(tcp_url), process, folder / "log")
        yield Clamd(process, tcp_url, f"unix:{socket}")
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(timeout=20)


def _wait(scanner: Scanner, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 40
    while True:
        try:
            scanner.version()
        except ScannerAwayError:
            if time.monotonic() > deadline or process.poll() is not None:
                raise AssertionError(log.read_text()) from None
            time.sleep(0.05)
        else:
            return
