"""The one-time state of an authorisation: this browser, once, within ten minutes."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.store import Lasting, Store, entries, open_store
from wx_archive.followers import oauth


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def store(request: pytest.FixtureRequest, sqlite_url: str) -> Iterator[Store]:
    """The shared store, of every kind."""
    is_postgres = request.param == "postgresql"
    url = str(request.getfixturevalue("postgres_url")) if is_postgres else sqlite_url
    redis = str(request.getfixturevalue("redis_url")) if request.param == "redis" else ""
    database = Database(url)
    store, close = open_store(database, redis)
    yield store
    close()
    database.dispose()


def test_the_browser_that_began_is_led_where_it_wanted_to_go(store: Store) -> None:
    begun = oauth.begin(store, "/h5/me")
    assert oauth.finish(store, begun.state, begun.browser) == "/h5/me"


def test_a_state_is_good_once(store: Store) -> None:
    begun = oauth.begin(store, "/h5/me")
    oauth.finish(store, begun.state, begun.browser)
    assert oauth.finish(store, begun.state, begun.browser) is None


def test_another_browsers_state_is_refused_and_not_used_up(store: Store) -> None:
    own, other = oauth.begin(store, "/h5/me"), oauth.begin(store, "/h5/lookup")
    assert oauth.finish(store, own.state, other.browser) is None
    assert oauth.finish(store, own.state, "") is None
    assert oauth.finish(store, own.state, own.browser) == "/h5/me"


def test_a_state_that_nobody_began_is_refused(store: Store) -> None:
    begun = oauth.begin(store, "/h5/me")
    for state in ("", "0" * 64, begun.state[:-1], begun.browser):
        assert oauth.finish(store, state, begun.browser) is None


def test_a_state_is_good_for_ten_minutes(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    store, close = open_store(database, "")
    try:
        late, early = oauth.begin(store, "/h5/me"), oauth.begin(store, "/h5/me")
        clock.move(oauth.LASTS - clock.seconds(5))
        assert oauth.finish(store, early.state, early.browser) == "/h5/me"
        clock.move(oauth.LASTS + clock.seconds(1))
        assert oauth.finish(store, late.state, late.browser) is None
    finally:
        clock.move(clock.seconds(0))
        close()
        database.dispose()


@dataclass
class Racing:
    """A store on which every reader has read before the first of them goes on."""

    store: Store
    ready: threading.Barrier

    def get(self, key: str) -> bytes | None:
        value = self.store.get(key)
        self.ready.wait(timeout=10)
        return value

    def put(self, values: Mapping[str, Lasting]) -> None:
        self.store.put(values)

    def add(self, key: str, value: bytes, *, ttl: timedelta) -> bytes:
        return self.store.add(key, value, ttl=ttl)

    def add_all(self, values: Mapping[str, Lasting]) -> None:
        self.store.add_all(values)

    def drop(self, key: str) -> None:
        self.store.drop(key)


def test_of_requests_at_one_moment_exactly_one_is_let_in(store: Store) -> None:
    begun = oauth.begin(store, "/h5/me")
    racing = Racing(store, threading.Barrier(4))
    results: list[str | None] = []

    def finish() -> None:
        results.append(oauth.finish(racing, begun.state, begun.browser))

    threads = [threading.Thread(target=finish) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, results)) == ["/h5/me", *["None"] * 3]


def test_who_reads_the_store_cannot_finish_anything(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    store, close = open_store(database, "")
    begun = oauth.begin(store, "/h5/me")
    with store.steady._lines.engine.connect() as connection:  # noqa: SLF001 -- what a thief would see
        held = " ".join(str(row) for row in connection.execute(select(entries)))
    close()
    database.dispose()
    assert "/h5/me" in held
    assert begun.state not in held
    assert begun.browser not in held


def test_states_are_what_wechat_takes_and_never_the_same(store: Store) -> None:
    states = {oauth.begin(store, "/h5/me").state for _ in range(20)}
    assert len(states) == 20
    assert all(state.isalnum() and len(state) <= 128 for state in states)
