"""The account as operators start it: one command, a tree of processes, found by its data folder."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from tests.faults.wire import is_ready
from wx_archive.core.settings import Settings

READY_WITHIN_S: Final = 30.0
POLL_S: Final = 0.05


class Role(StrEnum):
    """What a process of the tree does."""

    PARENT = "parent"
    SERVER = "server"
    WEB = "web worker"
    WORKER = "worker"
    SCHEDULER = "scheduler"
    HELPER = "helper"


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the tree."""

    pid: int
    parent: int
    role: Role


def processes_of(folder: Path) -> list[Process]:
    """Find every living process whose data folder this is, whoever its parent is by now."""
    mark = f"WX_ARCHIVE_DATA_DIR={folder.absolute()}".encode()
    found: dict[int, tuple[int, list[str]]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if mark not in (entry / "environ").read_bytes().split(b"\0"):
                continue
            words = (entry / "cmdline").read_bytes().decode().rstrip("\0").split("\0")
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue  # it has just ended, or is not ours to read
        found[int(entry.name)] = (parent, words)
    return [
        Process(pid, parent, _role(words, found.get(parent, (0, []))[1]))
        for pid, (parent, words) in sorted(found.items())
    ]


def _role(words: list[str], words_of_parent: list[str]) -> Role:
    """Tell a process by its words; the server's own workers are copies of it."""
    if "--all-in-one" in words:
        return Role.PARENT
    for role in (Role.WORKER, Role.SCHEDULER):
        if role.value in words:
            return role
    if "serve" not in words:
        return Role.HELPER
    return Role.WEB if "--with-parent" in words_of_parent else Role.SERVER


def rss_bytes(pid: int) -> int:
    """Return the memory that a process has in use; 0 when it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    return 0


def end(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


class Tree:
    """`wx-archive serve --all-in-one` on an installation of its own."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.settings = settings
        self.port = settings.port
        self.folder = settings.data_dir
        self.log = log
        self._parent: subprocess.Popen[bytes] | None = None
        self._others: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        self._parent = self._run("serve", "--all-in-one", "--workers", "2")

    def start_another(self, command: str) -> int:
        """Start a worker or scheduler beside those of the tree; return its number."""
        other = self._run(command)
        self._others.append(other)
        return other.pid

    def _run(self, *words: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "wx_archive", *words],
                env=self.settings.environment(),
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def ready(self, within_s: float = READY_WITHIN_S) -> float:
        """Wait until the account answers; return how long that took, in seconds."""
        started = time.monotonic()
        while not await is_ready(self.port):
            if time.monotonic() - started > within_s:
                raise TimeoutError(f"not ready: {self.log.read_text()[-4_000:]}")
            await asyncio.sleep(POLL_S)
        return time.monotonic() - started

    async def all_up(self) -> None:
        """Wait until the account answers and every part of the tree has come up."""
        await self.ready()
        for told in ("worker.ready", "scheduler.ready"):
            await self.said(told)

    async def said(self, words: str, times: int = 1, within_s: float = READY_WITHIN_S) -> None:
        """Wait for words in the log."""
        deadline = time.monotonic() + within_s
        while self.times_said(words) < times:
            if time.monotonic() > deadline:
                raise TimeoutError(f"never said {words}")
            await asyncio.sleep(POLL_S)

    def times_said(self, words: str) -> int:
        return self.log.read_text(errors="replace").count(words)

    def of(self, *roles: Role) -> list[int]:
        """Return the numbers of the processes that have these roles."""
        return [process.pid for process in processes_of(self.folder) if process.role in roles]

    def kill_parent(self) -> None:
        if self._parent is not None:
            self._parent.kill()
            self._parent.wait()

    async def orphans(self, within_s: float = 3.0) -> Sequence[Process]:
        """Wait for the tree to be gone; return what is left of it, having ended that too."""
        deadline = time.monotonic() + within_s
        left = processes_of(self.folder)
        while left and time.monotonic() < deadline:
            await asyncio.sleep(POLL_S)
            left = processes_of(self.folder)
        for process in left:
            end(process.pid)
        return left

    def memory_bytes(self) -> int:
        return sum(rss_bytes(process.pid) for process in processes_of(self.folder))

    def stop(self) -> None:
        """End the tree in order; what does not end is killed."""
        running = [one for one in (self._parent, *self._others) if one is not None]
        for process in running:
            end(process.pid, signal.SIGCONT)
            process.terminate()
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=12)
        for left in processes_of(self.folder):
            end(left.pid)
        for process in running:
            process.wait()


@contextmanager
def account(settings: Settings, log: Path | None = None) -> Iterator[Tree]:
    """Run an account for as long as the block lasts; its log lies beside its data folder."""
    tree = Tree(settings, log or settings.data_dir.with_suffix(".log"))
    tree.start()
    try:
        yield tree
    finally:
        tree.stop()
