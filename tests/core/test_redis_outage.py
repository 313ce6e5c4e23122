"""Redis dies in the middle: the work goes on from SQL, no call is slow, and Redis comes back."""

import logging
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from redis import Redis
from redis.exceptions import RedisError

from tests import services
from wx_archive.core.clock import seconds
from wx_archive.core.database import Database
from wx_archive.core.store import TRY_AGAIN_S, Store, open_store
from wx_archive.demo import free_port

LONG = seconds(60)
T = TypeVar("T")


class PrivateRedis:
    """A Redis of this test alone, to kill, to freeze and to start again."""

    def __init__(self, program: str, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._command = [program, "--port", str(self.port), "--bind", "127.0.0.1"]
        self._command += ["--save", "", "--dir", str(folder)]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        with Redis.from_url(self.url) as client:
            for _ in range(200):
                try:
                    client.ping()
                except RedisError:
                    time.sleep(0.02)
                else:
                    return
        pytest.fail("Redis did not start")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def freeze(self, *, on: bool) -> None:
        os.kill(self._process.pid, signal.SIGSTOP if on else signal.SIGCONT)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[PrivateRedis]:
    program = shutil.which("redis-server")
    if program is None:
        services.missing("Redis")
        return
    server = PrivateRedis(program, tmp_path)
    yield server
    server.kill()


@pytest.fixture
def store(redis: PrivateRedis, tmp_path: Path) -> Iterator[Store]:
    database = Database(f"sqlite:///{tmp_path / 'archive.db'}")
    opened, close = open_store(database, redis.url)
    yield opened
    close()
    database.dispose()


def in_time(call: Callable[[], T]) -> T:
    """Make a call that must not take a second."""
    started = time.monotonic()
    result = call()
    assert time.monotonic() - started < 1
    return result


def every_call_works(store: Store, key: str) -> None:
    in_time(lambda: store.put({key: (b"1", LONG)}))
    assert in_time(lambda: store.get(key)) == b"1"
    assert in_time(lambda: store.add(key, b"2", ttl=LONG)) == b"1"
    in_time(lambda: store.drop(key))
    assert in_time(lambda: store.get(key)) is None
    assert in_time(lambda: store.add(key, b"3", ttl=LONG)) == b"3"


def in_redis(redis: PrivateRedis, key: str) -> object:
    with Redis.from_url(redis.url) as client:
        return client.get(f"wxa:{key}")


def until_used(store: Store, redis: PrivateRedis) -> None:
    """Wait until the store has found out that Redis is there again."""
    deadline = time.monotonic() + 5
    while in_redis(redis, "seen") is None:
        assert time.monotonic() < deadline
        store.put({"seen": (b"1", LONG)})
        time.sleep(0.05)


def test_while_redis_answers_it_is_the_store(store: Store, redis: PrivateRedis) -> None:
    every_call_works(store, "a")
    assert in_redis(redis, "a") == b"3"


def test_redis_killed_in_the_middle_stops_nothing_and_is_used_again(
    store: Store, redis: PrivateRedis, caplog: pytest.LogCaptureFixture
) -> None:
    every_call_works(store, "before")
    with caplog.at_level(logging.WARNING, "wx_archive.core.store"):
        redis.kill()
        assert in_time(lambda: store.get("before")) is None
        every_call_works(store, "during")
        time.sleep(TRY_AGAIN_S)
        every_call_works(store, "during again")
        redis.start()
        until_used(store, redis)
        every_call_works(store, "after")
    assert in_redis(redis, "after") == b"3"
    told = [record.message.split()[0] for record in caplog.records]
    assert told == ["store.redis_away", "store.redis_back"]


def test_a_redis_that_freezes_stops_nothing(store: Store, redis: PrivateRedis) -> None:
    every_call_works(store, "before")
    redis.freeze(on=True)
    try:
        every_call_works(store, "during")
        time.sleep(TRY_AGAIN_S)
        every_call_works(store, "during again")
    finally:
        redis.freeze(on=False)
    until_used(store, redis)
    every_call_works(store, "after")
    assert in_redis(redis, "after") == b"3"


def test_an_account_starts_while_redis_is_away(redis: PrivateRedis, store: Store) -> None:
    redis.kill()
    every_call_works(store, "a")


def test_a_redis_that_refuses_to_write_is_as_good_as_away(
    store: Store, redis: PrivateRedis
) -> None:
    with Redis.from_url(redis.url) as client:
        client.config_set("maxmemory", "1")
    every_call_works(store, "a")
