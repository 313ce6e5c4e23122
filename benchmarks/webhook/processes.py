"""Server processes: started on a core of their own, measured as a whole tree (Linux)."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

UP_WITHIN_S: Final = 30.0
CORES: Final = sorted(os.sched_getaffinity(0))
SERVER_CORE: Final = {CORES[0]}
OTHER_CORE: Final = {CORES[-1]}
_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Memory:
    """Of a whole tree, in MB; PSS counts a page shared by two processes once."""

    rss_mb: float
    pss_mb: float
    largest_rss_mb: float


@contextmanager
def on_cores(cores: set[int]) -> Iterator[None]:
    """Start what is started inside on these cores: children inherit them."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def server(
    command: Sequence[str | Path],
    environment: Mapping[str, str],
    *,
    port: int,
    folder: Path,
    cores: set[int],
) -> Iterator[int]:
    """Run a server until the end of the block; yields its process id once it listens."""
    log = folder / "log"
    with log.open("wb") as output, on_cores(cores):
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=output, stderr=output
        )
    try:
        _wait_until_listening(port, process, log)
        yield process.pid
    finally:
        _end(process)


def _wait_until_listening(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + UP_WITHIN_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError as err:
            if process.poll() is not None or time.monotonic() > deadline:
                told = log.read_text(encoding="utf-8", errors="replace")[-2_000:]
                message = f"the server did not come up:\n{told}"
                raise RuntimeError(message) from err
            time.sleep(0.05)
        else:
            return


def _end(process: subprocess.Popen[bytes]) -> None:
    members = tree(process.pid)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        for pid in members:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def tree(root: int) -> list[int]:
    """Return a process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                # The name in brackets may contain anything; the parent is two fields behind it.
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for pid in found:  # grows while it is read
        found += children.get(pid, [])
    return found


def children_named(names: Sequence[str]) -> list[int]:
    """Return the children of this process that bear one of the names."""
    found = []
    for pid in tree(os.getpid())[1:]:
        with suppress(OSError):
            told = Path(f"/proc/{pid}/stat").read_text().partition("(")[2]
            name, _, fields = told.rpartition(")")
            if name in names and int(fields.split()[1]) == os.getpid():
                found.append(pid)
    return found


def cpu_s(roots: Sequence[int]) -> float:
    """Return the CPU time that the trees have used so far, members that have ended included.

    The living by their own CPU clocks (/proc/PID/stat counts the same in steps of 10 ms), the
    others by what their parents have been told of them.
    Source of the clock's number: clock_getcpuclockid(3), glibc's and the kernel's formula.
    """
    total = 0.0
    for pid in (member for root in roots for member in tree(root)):
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ended = (int(fields[13]) + int(fields[14])) / _TICKS_A_SECOND
            total += time.clock_gettime((~pid << 3) | 2) + ended
    return total


def move(roots: Sequence[int], cores: set[int]) -> None:
    """Let the trees run on these cores only; what they start later stays there as well."""
    for pid in (member for root in roots for member in tree(root)):
        with suppress(OSError):
            os.sched_setaffinity(pid, cores)


def memory(pids: Sequence[int]) -> Memory:
    """Return what the processes hold now."""
    rss, pss = [], []
    for pid in pids:
        with suppress(OSError):
            told = Path(f"/proc/{pid}/smaps_rollup").read_text()
            rss.append(_kilobytes(told, "Rss:"))
            pss.append(_kilobytes(told, "Pss:"))
    return Memory(sum(rss) / 1024, sum(pss) / 1024, max(rss, default=0) / 1024)


def _kilobytes(rollup: str, name: str) -> int:
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith(name))
