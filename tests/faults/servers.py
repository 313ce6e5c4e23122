"""A PostgreSQL and a Redis of one's own, to freeze, cut, kill and start again; a slow line."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from tests import services
from wx_archive.demo import free_port


class PrivatePostgres:
    """A cluster of one's own."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder, self._programs = folder, programs
        self._user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
        if self._user:
            owner = pwd.getpwnam(self._user)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        self.port = free_port()
        words = ["-U", "test", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            [programs / "initdb", "-D", folder / "cluster", *words],
            check=True,
            capture_output=True,
            user=self._user,
        )
        self.start()

    def start(self) -> None:
        words = ["-D", str(self._folder / "cluster"), "-p", str(self.port)]
        for option in (
            "listen_addresses=127.0.0.1",
            "fsync=off",
            f"unix_socket_directories={self._folder}",
        ):
            words += ["-c", option]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._programs / "postgres"), *words], stdout=log, stderr=log, user=self._user
            )
        deadline = time.monotonic() + 20
        while True:
            try:
                self.sql("SELECT 1")
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://test@127.0.0.1:{self.port}/{name}"

    def sql(self, statement: str) -> None:
        address = f"postgresql://test@127.0.0.1:{self.port}/postgres"
        with psycopg.connect(address, autocommit=True, connect_timeout=2) as connection:
            connection.execute(statement.encode())

    def freeze(self, *, on: bool) -> None:
        """Stop the server and every one of its processes in mid-air, or let them go on."""
        for pid in [self._process.pid, *self._children()]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP if on else signal.SIGCONT)

    def kill(self) -> None:
        for pid in [self._process.pid, *self._children()]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def cut(self) -> None:
        """End every connection."""
        self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=20)

    def _children(self) -> list[int]:
        path = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(word) for word in path.read_text().split()] if path.exists() else []


@contextmanager
def private_postgres() -> Iterator[PrivatePostgres]:
    """Run a cluster for as long as the block lasts."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    program = found[-1] if found else shutil.which("initdb")
    if program is None:
        services.missing("PostgreSQL")
        return
    with services.cluster_folder() as folder:
        server = PrivatePostgres(folder, Path(program).parent)
        try:
            yield server
        finally:
            server.stop()


class PrivateRedis:
    """A Redis of one's own, empty whenever it starts."""

    def __init__(self, program: str, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._command = [program, "--port", str(self.port), "--bind", "127.0.0.1"]
        self._command += ["--save", "", "--dir", str(folder)]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                self.ask("PING")
            except RedisError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def ask(self, *words: str, password: str | None = None) -> object:
        """Ask the server itself, not through any line."""
        with Redis.from_url(self.url, password=password) as client:
            return client.execute_command(*words)


@contextmanager
def private_redis(folder: Path) -> Iterator[PrivateRedis]:
    """Run a Redis for as long as the block lasts."""
    program = shutil.which("redis-server")
    if program is None:
        services.missing("Redis")
        return
    server = PrivateRedis(program, folder)
    try:
        yield server
    finally:
        server.kill()


class SlowLine:
    """A line to a server on this machine that takes its time with everything it brings back."""

    def __init__(self, to_port: int, port: int) -> None:
        self.port = port
        self.delay_s = 0.0
        self._to_port = to_port
        self._lines: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._server.close()
        await self.cut()

    async def cut(self) -> None:
        """Break every line; new ones can be made."""
        lines = list(self._lines)
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)

    async def _carry(self, here: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        line = asyncio.ensure_future(self._connect(here, back))
        self._lines.add(line)
        line.add_done_callback(self._lines.discard)
        with suppress(asyncio.CancelledError):
            await line

    async def _connect(self, here: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        try:
            there, on = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:
            back.close()
            return
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(here, on, slowly=False))
                group.create_task(self._pump(there, back, slowly=True))
        finally:
            on.close()
            back.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, slowly: bool
    ) -> None:
        with suppress(OSError):
            while piece := await reader.read(65_536):
                if slowly and self.delay_s:
                    await asyncio.sleep(self.delay_s)
                writer.write(piece)
                await writer.drain()
        writer.close()
