"""Real services for tests: a private PostgreSQL cluster and a private Redis, started when needed.

Given addresses (`WX_ARCHIVE_TEST_POSTGRES_URL`, `WX_ARCHIVE_TEST_REDIS_URL`) are used instead.
Where neither can be had a test is skipped, except under CI, where that is a failure.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
import pytest
from redis import Redis
from redis.exceptions import RedisError

from wx_archive.demo import free_port

MEMORY: Final = Path("/dev/shm")  # noqa: S108 -- a name of its own is made in it
ROOM_BYTES: Final = 2 << 30


def missing(what: str) -> None:
    """Skip the test for want of a service; under CI that is a failure."""
    if os.environ.get("CI") == "true":  # noqa: TID251 -- CI tells it this way only
        pytest.fail(f"{what} is not installed: .ci/run must install it")
    pytest.skip(f"{what} is not installed")


def _given(name: str) -> str | None:
    return os.environ.get(name)  # noqa: TID251 -- addresses of running services


def _postgres_program(name: str) -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if found:
        return found[-1]
    on_path = shutil.which(name)
    return Path(on_path) if on_path else None


@contextmanager
def postgres(*settings: str) -> Iterator[str]:
    """Yield the address (without a database name) of a PostgreSQL server.

    Args:
        settings: of a server started here: ``shared_buffers=1GB``.
    """
    if given := _given("WX_ARCHIVE_TEST_POSTGRES_URL"):
        yield given
        return
    initdb, server = _postgres_program("initdb"), _postgres_program("postgres")
    if initdb is None or server is None:
        missing("PostgreSQL")
        return
    with cluster_folder() as folder, _cluster(folder, initdb, server, settings) as url:
        yield url


@contextmanager
def cluster_folder() -> Iterator[Path]:
    """Yield a folder for a cluster, in memory where there is room.

    A database is a thousand files: to copy them is ten times cheaper there than on a disk. And it
    is not below pytest's folder, which other runs make private to root again while we use it.
    """
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    parent = MEMORY if has_room and os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="wx-archive-postgres-", dir=parent) as name:
        yield Path(name)


@contextmanager
def _cluster(folder: Path, initdb: Path, server: Path, settings: Sequence[str]) -> Iterator[str]:
    user = None
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = "postgres"
        owner = pwd.getpwnam(user)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data, port = folder / "cluster", free_port()
    subprocess.run(
        [initdb, "-D", data, "-U", "test", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        check=True,
        capture_output=True,
        user=user,
    )
    command = [str(server), "-D", str(data), "-p", str(port), "-c", "listen_addresses=127.0.0.1"]
    command += ["-c", "fsync=off", "-c", f"unix_socket_directories={folder}"]
    command += [part for setting in settings for part in ("-c", setting)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, user=user)
    try:
        url = f"postgresql+psycopg://test@127.0.0.1:{port}"
        _wait_for_postgres(url, process)
        yield url
    finally:
        process.send_signal(signal.SIGINT)  # the fast shutdown: do not wait for clients
        process.wait(timeout=20)


def _wait_for_postgres(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(url.replace("+psycopg", "") + "/postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline or process.poll() is not None:
                raise
            time.sleep(0.05)
        else:
            return


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Yield the address of a Redis server."""
    if given := _given("WX_ARCHIVE_TEST_REDIS_URL"):
        yield given
        return
    program = shutil.which("redis-server")
    if program is None:
        missing("Redis")
        return
    port = free_port()
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
        stdout=subprocess.DEVNULL,
    )
    try:
        url = f"redis://127.0.0.1:{port}/0"
        _wait_for_redis(url)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for_redis(url: str) -> None:
    deadline = time.monotonic() + 10
    with Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
            except RedisError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return


def chromium() -> Path:
    """Return the browser, or skip."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return Path(found)
    missing("Chromium")
    raise AssertionError


def two_free_ports() -> tuple[int, int]:
    """Return two different ports that nobody listens on just now."""
    first = free_port()
    while (second := free_port()) == first:
        pass  # it was free again already
    return first, second
