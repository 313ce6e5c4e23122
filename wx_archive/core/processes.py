"""Processes that live and die together."""

import ctypes
import gc
import logging
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType, TracebackType
from typing import Final, Self

from wx_archive.core.errors import RefusedError

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG: Final = 1
_POLL_S: Final = 0.5
STOP_WITHIN_S: Final = 10.0
QUICK_S: Final = 3.0
"""A child that ends sooner, by itself, has not come up."""
QUICK_ENDS: Final = 5
RESTART_AFTER_S: Final = 0.2
LATER_S: Final = 1.5


class _Child:
    """One process of a tree, started again when it ends."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._name = name
        self._command = [sys.executable, "-m", "wx_archive", *command, "--with-parent"]
        self._command.append(str(os.getpid()))
        self._environment = dict(environment)
        self._quick_ends = 0
        self._restart_at: float | None = None
        self._start()

    def _start(self) -> None:
        # In a session of its own: Ctrl+C reaches only the parent, which ends the tree in order.
        self.process = subprocess.Popen(  # noqa: S603 -- ourselves
            self._command, env=self._environment, start_new_session=True
        )
        self._started_at = time.monotonic()
        self._restart_at = None

    def tend(self) -> None:
        code = self.process.poll()
        if code is None:
            return
        now = time.monotonic()
        if self._restart_at is None:
            is_quick = code >= 0 and now - self._started_at < QUICK_S
            self._quick_ends = self._quick_ends + 1 if is_quick else 0
            if self._quick_ends >= QUICK_ENDS:
                raise RefusedError(f"{self._name}进程一再启动失败，已停止；原因见上面几行")
            log.warning("process.ended name=%s code=%d", self._command[3], code)
            self._restart_at = now + RESTART_AFTER_S
        elif now >= self._restart_at:
            self._start()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()

    def wait(self, timeout_s: float) -> None:
        try:
            self.process.wait(timeout=max(0.1, timeout_s))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Supervisor:
    """A tree of our own commands: restarts what dies, ends all of it on SIGTERM or Ctrl+C.

    The web server ends itself when one of its workers dies twice within seconds; an account must
    not be silent because of that. Use it in the main thread.

    Args:
        commands: what people call each child → the arguments of `wx-archive`; every one of these
            commands takes `--with-parent PID` and then dies with this process, however it dies.
        environment: of all children.
        later: more of them, started a moment after: what answers people goes first.
    """

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        environment: Mapping[str, str],
        later: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        self._commands = commands
        self._environment = environment
        self._later = dict(later)
        self._later_at = time.monotonic() + LATER_S
        self._children: list[_Child] = []
        self._stop = threading.Event()

    def __enter__(self) -> Self:
        """Start the tree."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        self._start(self._commands)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """End the tree: ask, wait, then kill."""
        for child in self._children:
            child.end()
        deadline = time.monotonic() + STOP_WITHIN_S
        for child in self._children:
            child.wait(deadline - time.monotonic())

    def _start(self, commands: Mapping[str, Sequence[str]]) -> None:
        for name, command in commands.items():
            self._children.append(_Child(name, command, self._environment))

    def tend(self, pause_s: float) -> bool:
        """Start again what has died, then wait; return False once the tree is to end.

        Raises:
            RefusedError: a child does not come up.
        """
        if self._later and time.monotonic() >= self._later_at:
            self._start(self._later)
            self._later = {}
        for child in self._children:
            child.tend()
        return not self._stop.wait(pause_s)


@contextmanager
def unswept() -> Iterator[None]:
    """Load code that stays for good: the garbage collector neither looks it through now nor later.

    Doing so again and again took a third of the start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def die_with_parent(parent: int) -> None:
    """End this process when its parent does, even by kill -9.

    An orphaned worker would go on answering beside the new ones, with the old code.

    Args:
        parent: its process id, told by itself: it may have died before this process asks.
    """
    if platform.system() == "Linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)
        return
    threading.Thread(target=_watch, args=(parent,), name="parent-watch", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_S)
    os._exit(1)
