"""Worker processes as operators start them, on an installation whose WeChat the test holds."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import update

from tests.publishing.far_side import FarSide
from tests.publishing.pushing import Bureau, a_bureau
from wx_archive.core import clock, schema
from wx_archive.core.jobs import Job
from wx_archive.publishing.push_models import PushCall
from wx_archive.publishing.rules import CallState

READY_WITHIN_S = 30.0


def until(what: Callable[[], bool], name: str, within_s: float = READY_WITHIN_S) -> None:
    """Wait for something to be so."""
    deadline = time.monotonic() + within_s
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError(name)
        time.sleep(0.02)


@dataclass
class Workers:
    """The workers of one installation, to be killed and frozen one by one."""

    bureau: Bureau
    folder: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def log(self) -> Path:
        return self.folder / "workers.log"

    def start(self) -> subprocess.Popen[bytes]:
        """Start one more, and wait until it works."""
        before = self.said("worker.ready")
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "wx_archive", "worker"],
                env=self.bureau.services.settings.environment(),
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.running.append(process)
        until(lambda: self.said("worker.ready") > before, "worker never ready")
        return process

    def said(self, words: str) -> int:
        return self.log.read_text(errors="replace").count(words) if self.log.exists() else 0

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()
        self.running.remove(process)

    def leases_over(self, *, is_full: bool) -> None:
        """In the short form: let lease and minute be over now instead of in real time."""
        if is_full:
            return
        with self.bureau.database.begin() as session:
            running = update(Job).where(Job.state == "running")
            session.execute(running.values(lease_until=clock.now()))
            calling = update(PushCall).where(PushCall.state == CallState.CALLING)
            session.execute(calling.values(called_at=clock.now() - timedelta(minutes=2)))

    def minute_over(self, *, is_full: bool) -> None:
        """Likewise for a call that was put back to be made again in a minute."""
        if is_full:
            return
        with self.bureau.database.begin() as session:
            calling = update(PushCall).where(PushCall.state == CallState.CALLING)
            session.execute(calling.values(called_at=clock.now() - timedelta(minutes=2)))
            waiting = update(Job).where(Job.state == "waiting", Job.kind == "publishing.send")
            session.execute(waiting.values(run_after=clock.now()))

    def stop(self) -> None:
        for process in self.running:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()


@contextmanager
def workers(database_url: str, folder: Path, wechat: FarSide) -> Iterator[Workers]:
    """Open an installation; its workers end with the block."""
    with a_bureau(database_url, folder / "data", wechat) as bureau:
        schema.mark_demo(bureau.database)
        held = Workers(bureau, folder)
        try:
            yield held
        finally:
            held.stop()
