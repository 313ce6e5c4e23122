"""One contract for every store: SQL on both databases, Redis, and Redis with SQL behind it."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wx_archive.core.clock import seconds
from wx_archive.core.database import Database
from wx_archive.core.store import FallbackStore, KeyValues, RedisStore, SqlStore, open_store

KINDS = ["sqlite", "postgresql", "redis", "fallback"]
LONG = seconds(60)
SHORT = seconds(0.15)


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeyValues]:
    if request.param == "redis":
        yield RedisStore.connect(request.getfixturevalue("redis_url"))
        return
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    else:
        url = f"sqlite:///{tmp_path / 'archive.db'}"
    redis_url = request.getfixturevalue("redis_url") if request.param == "fallback" else ""
    database = Database(url)
    opened, close = open_store(database, redis_url)
    assert isinstance(opened, FallbackStore) is bool(redis_url)
    yield opened
    close()
    database.dispose()


def test_what_was_put_is_there(store: KeyValues) -> None:
    assert store.get("a") is None
    store.put({"a": (b"1", LONG), "b": (b"\0\xff\r\n", LONG)})
    assert store.get("a") == b"1"
    assert store.get("b") == b"\0\xff\r\n"


def test_a_newer_value_replaces_the_older(store: KeyValues) -> None:
    store.put({"a": (b"1", LONG)})
    store.put({"a": (b"", LONG)})
    assert store.get("a") == b""


def test_a_large_value_and_a_long_key_are_kept(store: KeyValues) -> None:
    key, value = "k" * 200, bytes(range(256)) * 400
    store.put({key: (value, LONG)})
    assert store.get(key) == value


def test_every_value_expires_after_its_own_time(store: KeyValues) -> None:
    store.put({"short": (b"1", SHORT), "long": (b"2", LONG)})
    assert store.get("short") == b"1"
    time.sleep(0.2)
    assert store.get("short") is None
    assert store.get("long") == b"2"


def test_putting_again_starts_the_time_again(store: KeyValues) -> None:
    store.put({"a": (b"1", SHORT)})
    store.put({"a": (b"2", LONG)})
    time.sleep(0.2)
    assert store.get("a") == b"2"


def test_the_first_to_add_stands(store: KeyValues) -> None:
    assert store.add("a", b"1", ttl=LONG) == b"1"
    assert store.add("a", b"2", ttl=LONG) == b"1"
    assert store.get("a") == b"1"


def test_an_expired_value_gives_way_to_the_next_to_add(store: KeyValues) -> None:
    store.add("a", b"1", ttl=SHORT)
    time.sleep(0.2)
    assert store.add("a", b"2", ttl=LONG) == b"2"
    assert store.get("a") == b"2"


def test_a_loser_does_not_prolong_the_winner(store: KeyValues) -> None:
    store.add("a", b"1", ttl=SHORT)
    store.add("a", b"2", ttl=LONG)
    time.sleep(0.2)
    assert store.get("a") is None


def test_of_many_who_add_at_once_one_wins_and_all_agree(store: KeyValues) -> None:
    together = threading.Barrier(8)

    def add(number: int) -> bytes:
        together.wait()
        return store.add("race", str(number).encode(), ttl=LONG)

    with ThreadPoolExecutor(8) as pool:
        standing = set(pool.map(add, range(8)))
    assert standing == {store.get("race")}


def test_many_may_put_the_same_keys_at_once(store: KeyValues) -> None:
    def put(number: int) -> None:
        for turn in range(10):
            keys = (f"k{key}" for key in (range(5) if turn % 2 else range(4, -1, -1)))
            store.put({key: (str(number).encode(), LONG) for key in keys})

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(put, range(6)))
    assert all(store.get(f"k{key}") for key in range(5))


def test_a_dropped_value_is_gone(store: KeyValues) -> None:
    store.put({"a": (b"1", LONG), "b": (b"2", LONG)})
    store.drop("a")
    store.drop("never-there")
    assert store.get("a") is None
    assert store.get("b") == b"2"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_processes_see_one_store(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'archive.db'}"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres_url")
    databases = [Database(url), Database(url)]
    (one, close_one), (other, close_other) = (open_store(each, "") for each in databases)
    one.put({"a": (b"1", LONG)})
    assert other.get("a") == b"1"
    assert other.add("a", b"2", ttl=LONG) == b"1"
    close_one()
    close_other()
    for database in databases:
        database.dispose()


def test_the_steady_part_outlives_the_accelerator(redis_url: str, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'archive.db'}")
    (fast, close_fast), (safe, close_safe) = (
        open_store(database, redis_url),
        open_store(database, ""),
    )
    assert isinstance(fast, FallbackStore)
    assert isinstance(fast.steady, SqlStore)
    assert safe.steady is safe
    fast.steady.put({"a": (b"1", LONG)})
    assert (fast.get("a"), fast.steady.get("a"), safe.get("a")) == (None, b"1", b"1")
    fast.put({"b": (b"2", LONG)})
    assert (fast.get("b"), fast.steady.get("b")) == (b"2", None)
    for close in (close_fast, close_safe):
        close()
    database.dispose()


def test_to_drop_clears_both_places(redis_url: str, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'archive.db'}")
    store, close = open_store(database, redis_url)
    store.put({"a": (b"1", LONG)})
    store.steady.put({"a": (b"2", LONG)})
    store.drop("a")
    assert (store.get("a"), store.steady.get("a")) == (None, None)
    close()
    database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def steady(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    url = f"sqlite:///{tmp_path / 'archive.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    database = Database(url)
    opened, close = open_store(database, "")
    yield opened.steady
    close()
    database.dispose()


def test_what_goes_along_is_kept_with_the_value_or_not_at_all(steady: SqlStore) -> None:
    first = steady.add_with("reply", b"1", ttl=LONG, along={"list": (b"one", LONG)})
    second = steady.add_with("reply", b"2", ttl=LONG, along={"list": (b"two", LONG)})
    assert (first, second) == (b"1", b"1")
    assert (steady.get("reply"), steady.get("list")) == (b"1", b"one")


def test_what_goes_along_may_have_its_own_time_and_follows_an_expired_value(
    steady: SqlStore,
) -> None:
    steady.add_with("reply", b"1", ttl=SHORT, along={"list": (b"one", LONG)})
    time.sleep(0.2)
    assert steady.add_with("reply", b"2", ttl=LONG, along={"list": (b"two", LONG)}) == b"2"
    assert steady.get("list") == b"two"


def test_of_many_with_something_along_the_one_that_stands_brought_it(steady: SqlStore) -> None:
    together = threading.Barrier(6)

    def add(number: int) -> bytes:
        value = str(number).encode()
        together.wait()
        return steady.add_with("race", value, ttl=LONG, along={"list": (value, LONG)})

    with ThreadPoolExecutor(6) as pool:
        standing = set(pool.map(add, range(6)))
    assert standing == {steady.get("race")} == {steady.get("list")}
