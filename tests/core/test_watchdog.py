"""Calls that would never come back are broken off; all others are left alone."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from tests.core.proxy import Proxy, in_front_of
from wx_archive.core import watchdog
from wx_archive.core.clock import seconds
from wx_archive.core.database import Database, is_transient
from wx_archive.core.schema import installation
from wx_archive.core.store import open_store
from wx_archive.core.watchdog import TICK_S, limited

ENDLESS = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
)
SLACK_S = 0.5
LONG = seconds(60)


@pytest.fixture
def proxied(postgres_url: str) -> Iterator[tuple[Proxy, Database]]:
    """A PostgreSQL behind a line that can fall silent."""
    with in_front_of(postgres_url) as (proxy, url):
        database = Database(url)
        yield proxy, database
        proxy.cut()
        database.dispose()


@pytest.fixture(autouse=True)
def _nothing_stays_watched() -> Iterator[None]:
    yield
    assert not watchdog._watched  # noqa: SLF001 -- what this file is about


def transiently(call: Callable[[], object], *, within_s: float) -> None:
    """Make a call that must fail for now, in the time given."""
    started = time.monotonic()
    with pytest.raises(DBAPIError) as err:
        call()
    took_s = time.monotonic() - started
    assert is_transient(err.value)
    assert took_s < within_s + SLACK_S


def read(database: Database, within_s: float = 1) -> object:
    with database.reads(within_s=within_s) as connection:
        return connection.execute(text("SELECT 7")).scalar_one()


def write(database: Database, name: str = "a", within_s: float = 1) -> None:
    with database.begin(within_s=within_s) as session:
        session.execute(insert(installation).values(name=name, value="v"))


def written(database: Database) -> list[str]:
    with database.reads() as connection:
        return list(connection.scalars(text("SELECT name FROM installation ORDER BY name")))


def test_an_overdue_block_is_broken_off_and_no_other() -> None:
    broken: list[str] = []
    with limited(10, lambda: broken.append("patient")):
        with limited(0.2, lambda: broken.append("hasty")):
            time.sleep(0.1)
            assert broken == []
            time.sleep(0.2 + TICK_S)
        assert set(broken) == {"hasty"}
        broken.clear()
        time.sleep(3 * TICK_S)
    assert broken == []


def test_what_has_left_its_block_is_never_broken_off_however_close_it_was() -> None:
    inside = [False] * 8
    wrong: list[int] = []

    def abort(number: int) -> None:
        time.sleep(0.001)
        if not inside[number]:
            wrong.append(number)

    def work(number: int) -> None:
        for _ in range(40):
            with limited(0.02, lambda: abort(number)):
                inside[number] = True
                time.sleep(0.02)
            inside[number] = False

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert wrong == []


def test_a_call_that_begins_while_another_is_broken_off_is_watched_too() -> None:
    for _ in range(8):
        first, second = threading.Event(), threading.Event()
        with ExitStack() as other:
            with limited(0.0, first.set):
                assert first.wait(2)
                other.enter_context(limited(0.0, second.set))
            assert second.wait(2)


def test_an_ordinary_call_is_not_disturbed(database: Database) -> None:
    def work(number: int) -> None:
        for turn in range(20):
            assert read(database, 0.9) == 7
            if turn % 5 == 0:
                write(database, f"{number}.{turn}", 3)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert len(written(database)) == 24


def test_a_query_of_sqlite_that_does_not_end_is_interrupted(sqlite_url: str) -> None:
    database = Database(sqlite_url)

    def read_forever() -> None:
        with database.reads(within_s=0.4) as connection:
            connection.execute(ENDLESS)

    def write_forever() -> None:
        with database.begin(within_s=0.4) as session:
            session.execute(insert(installation).values(name="half", value="v"))
            session.execute(ENDLESS)

    transiently(read_forever, within_s=0.4)
    transiently(write_forever, within_s=0.4)
    assert (read(database), written(database)) == (7, [])
    database.dispose()


def test_an_effect_that_begins_its_long_query_late_is_interrupted_too(sqlite_url: str) -> None:
    database = Database(sqlite_url)

    def late() -> None:
        with database.begin(within_s=0.3) as session:
            time.sleep(0.6)
            session.execute(ENDLESS)

    transiently(late, within_s=0.6)
    database.dispose()


def test_waiting_for_another_writer_is_part_of_an_effects_time(sqlite_url: str) -> None:
    database, other = Database(sqlite_url), Database(sqlite_url)

    def after_waiting() -> None:
        with database.begin(within_s=1) as session:
            session.execute(ENDLESS)

    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with other.begin() as session:
            session.connection()
            holding.set()
            release.wait(0.7)

    holder = threading.Thread(target=hold)
    holder.start()
    holding.wait()
    transiently(after_waiting, within_s=1)
    holder.join()
    for each in (database, other):
        each.dispose()


def test_reads_of_a_frozen_postgresql_end_in_time_and_go_on_afterwards(
    proxied: tuple[Proxy, Database],
) -> None:
    proxy, database = proxied
    assert read(database) == 7
    proxy.freeze()
    transiently(lambda: read(database), within_s=1)
    transiently(lambda: read(database, 0.5), within_s=0.5)  # needs a new connection
    proxy.thaw()
    assert read(database) == 7


@pytest.mark.parametrize("within_s", [0.6, 3.2])
def test_effects_on_a_frozen_postgresql_end_in_time_with_nothing_written(
    proxied: tuple[Proxy, Database], within_s: float
) -> None:
    proxy, database = proxied
    write(database, "before")
    proxy.freeze()
    transiently(lambda: write(database, "during", within_s), within_s=within_s)
    transiently(lambda: write(database, "during", 0.5), within_s=0.5)
    proxy.thaw()
    write(database, "after")
    assert written(database) == ["after", "before"]


def test_a_commit_that_hears_nothing_ends_in_time(proxied: tuple[Proxy, Database]) -> None:
    proxy, database = proxied

    def freeze_before_the_commit() -> None:
        with database.begin(within_s=0.6) as session:
            session.execute(insert(installation).values(name="a", value="v"))
            proxy.freeze()

    transiently(freeze_before_the_commit, within_s=0.6)
    proxy.thaw()


def test_an_idle_connection_to_a_frozen_server_costs_no_more_than_the_time_given(
    proxied: tuple[Proxy, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, database = proxied
    assert read(database) == 7
    monkeypatch.setattr("wx_archive.core.database.PING_AFTER_S", 0.1)
    time.sleep(0.2)
    proxy.freeze()
    transiently(lambda: read(database, 1.5), within_s=1.5)
    proxy.thaw()


@pytest.mark.parametrize("act", ["get", "add", "put", "add_with", "drop"])
def test_the_store_on_a_frozen_postgresql_does_not_hang(
    proxied: tuple[Proxy, Database], act: str
) -> None:
    proxy, database = proxied
    store, close = open_store(database, "")
    one = {"b": (b"2", LONG)}
    acts: dict[str, Callable[[], object]] = {
        "get": lambda: store.get("a"),
        "add": lambda: store.add("a", b"1", ttl=LONG),
        "put": lambda: store.put(one),
        "add_with": lambda: store.steady.add_with("c", b"3", ttl=LONG, along=one),
        "drop": lambda: store.drop("c"),
    }
    for warm in (acts["get"], acts["put"], acts[act]):
        warm()
    proxy.freeze()
    transiently(acts[act], within_s=3)
    proxy.thaw()
    assert store.get("b") == b"2"
    close()


def test_a_connection_that_was_idle_while_its_server_was_restarted_costs_no_error(
    proxied: tuple[Proxy, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, database = proxied
    monkeypatch.setattr("wx_archive.core.database.PING_AFTER_S", 0.1)
    write(database, "a")
    before = proxy.accepted
    time.sleep(0.2)
    assert read(database) == 7
    assert proxy.accepted == before  # a live one is kept
    time.sleep(0.2)
    proxy.cut()
    write(database, "b")
    time.sleep(0.2)
    proxy.cut()
    assert read(database) == 7
    assert written(database) == ["a", "b"]


def test_a_host_that_is_gone_is_noticed_without_a_word_from_it(postgres_url: str) -> None:
    database = Database(postgres_url)
    with database.reads() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        with socket.socket(fileno=driver.fileno()) as line:
            try:
                assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
                assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) <= 10
                assert 0 < line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 20_000
            finally:
                line.detach()
    database.dispose()
