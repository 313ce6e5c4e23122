"""The account's own processes: started as an office does, watched through /proc, killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from wx_archive.core.settings import Settings

PATIENCE_S = 40


class Tree:
    """A command of ours that runs, with its log."""

    def __init__(self, settings: Settings, log: Path, *command: str) -> None:
        self._log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "wx_archive", *command],
                env=settings.environment(),
                stdout=file,
                stderr=file,
            )

    @property
    def words(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def wait_until(self, words: str, times: int = 1) -> None:
        self.until(lambda: self.words.count(words) >= times)

    def until(self, so: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + within_s
        while not so():
            assert time.monotonic() < deadline, self.words
            time.sleep(0.05)

    def children(self) -> dict[int, str]:
        """Return the processes below this one, with their commands."""
        return {pid: command_of(pid) for pid in descendants(self.process.pid)}

    def child(self, name: str) -> int:
        """Return the one direct child that runs a command."""
        (found,) = [
            pid for pid in direct_children(self.process.pid) if f" {name} " in command_of(pid)
        ]
        return found

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE_S)


@contextmanager
def a_tree(settings: Settings, log: Path, *command: str) -> Iterator[Tree]:
    tree = Tree(settings, log, *command)
    try:
        yield tree
    finally:
        left = descendants(tree.process.pid)
        if tree.process.poll() is None:
            tree.end(signal.SIGKILL)
        for pid in left:
            if is_running(pid):
                os.kill(pid, signal.SIGKILL)


def direct_children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(number) for number in task.read_text(encoding="ascii").split()]
    return found


def descendants(pid: int) -> list[int]:
    direct = direct_children(pid)
    return direct + [grandchild for child in direct for grandchild in descendants(child)]


def command_of(pid: int) -> str:
    try:
        told = Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return ""
    return told.replace(b"\0", b" ").decode()


def is_running(pid: int) -> bool:
    """Tell whether a process is there and not merely unburied."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"
