"""The access token: one for everybody, renewed by one at a time, and never in a storm."""

import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.wrappers import Request, Response

from tests.wechat.deliveries import APP_ID, settings_for
from tests.wechat.fake_platform import (
    A_MENU,
    BUTTONS,
    NOON,
    TOKEN_KEY,
    Answer,
    Scripted,
    VirtualTime,
    a_token,
    platform_of,
    refused,
    serving,
)
from wx_archive.core.clock import seconds
from wx_archive.core.database import Database
from wx_archive.core.settings import DEMO_CREDENTIALS
from wx_archive.core.store import SqlStore, Store, open_store
from wx_archive.wechat.errors import (
    BusyError,
    MisconfiguredError,
    PlatformError,
    TokenRefusedError,
    UnknownOutcomeError,
)
from wx_archive.wechat.tokens import token_of

PROJECT = Path(__file__).parents[2]
TOKEN_PATH = "/cgi-bin/stable_token"
LOCK_KEY = f"token-lock:{APP_ID}"


def ask(store: Store, script: Scripted, **options: Any) -> None:
    """Ask for the menu, as a process of its own would."""
    with (
        serving(script) as url,
        platform_of(settings_for(wechat_api_url=url), store, **options) as platform,
    ):
        assert platform.menu() == BUTTONS


def refusal(store: Store, script: Scripted, **options: Any) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        ask(store, script, **options)
    return caught.value


def test_one_token_serves_many_calls_of_many_processes(store: Store) -> None:
    script = Scripted(a_token(), A_MENU, A_MENU, A_MENU)
    with serving(script) as url:
        for _ in range(3):
            with platform_of(settings_for(wechat_api_url=url), store) as platform:
                platform.menu()
    assert script.paths == [TOKEN_PATH, *["/cgi-bin/menu/get"] * 3]
    assert {asked.token for asked in script.asked[1:]} == {"TOKEN-1"}
    assert script.asked[0].json == {
        "grant_type": "client_credential",
        "appid": APP_ID,
        "secret": DEMO_CREDENTIALS["wechat_app_secret"],
        "force_refresh": False,
    }


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_a_refused_token_leads_to_one_refresh_and_one_retry(code: int, store: Store) -> None:
    store.put({TOKEN_KEY: (b"TOKEN-0", seconds(7_000))})
    script = Scripted(refused(code), a_token("TOKEN-1"), refused(code), a_token("TOKEN-2"))
    error = refusal(store, script)
    assert (type(error), error.code, error.rid) == (TokenRefusedError, code, "1-2-3")
    assert [(asked.path, asked.token) for asked in script.asked] == [
        ("/cgi-bin/menu/get", "TOKEN-0"),
        (TOKEN_PATH, ""),
        ("/cgi-bin/menu/get", "TOKEN-1"),
    ]


def test_another_code_is_no_reason_to_renew_the_token(store: Store) -> None:
    script = Scripted(a_token(), refused(48001))
    assert refusal(store, script).code == 48001
    assert len(script.asked) == 2


def test_what_another_process_has_renewed_is_taken_instead(store: Store) -> None:
    store.put({TOKEN_KEY: (b"TOKEN-0", seconds(7_000))})

    def meanwhile(_request: Request) -> Response:
        store.put({TOKEN_KEY: (b"TOKEN-1", seconds(7_000))})
        return Response(refused(40001)[1])

    script = Scripted(meanwhile, A_MENU)
    ask(store, script)
    assert script.paths == ["/cgi-bin/menu/get"] * 2
    assert script.asked[1].token == "TOKEN-1"


def test_the_very_token_that_was_refused_is_renewed_by_force_once(store: Store) -> None:
    store.put({TOKEN_KEY: (b"TOKEN-0", seconds(7_000))})
    script = Scripted(refused(40001), a_token("TOKEN-0"), a_token("TOKEN-1"), A_MENU)
    ask(store, script)
    forced = [json.loads(asked.body or b"{}").get("force_refresh") for asked in script.asked]
    assert forced == [None, False, True, None]
    assert store.get(TOKEN_KEY) == b"TOKEN-1"


class Refusing:
    """A WeChat that refuses every token for ever, and notes when it is asked for one."""

    def __init__(self, present: VirtualTime, *, gives_the_same: bool) -> None:
        self.present = present
        self.gives_the_same = gives_the_same
        self.asked: list[tuple[float, bool]] = []
        self.calls = 0

    def __call__(self, request: Request) -> Response:
        if request.path != TOKEN_PATH:
            self.calls += 1
            return Response(refused(40001)[1])
        self.asked.append((self.present.now().timestamp(), request.get_json()["force_refresh"]))
        name = "TOKEN" if self.gives_the_same else f"TOKEN-{len(self.asked)}"
        return Response(a_token(name)[1])

    def most_within(self, span_s: float, *, forced: bool = False) -> int:
        moments = [at for at, by_force in self.asked if by_force or not forced]
        return max(sum(at <= other < at + span_s for other in moments) for at in moments)


def storm(store: Store, answering: Refusing, *, count: int, every_s: float) -> None:
    """Ask ``count`` times, ``every_s`` apart, in three processes by turns."""
    present = answering.present
    clockwork = {"now": present.now, "sleep": present.sleep}
    with serving(answering) as url:
        settings = settings_for(wechat_api_url=url)
        with (
            platform_of(settings, store, **clockwork) as one,
            platform_of(settings, store, **clockwork) as two,
            platform_of(settings, store, **clockwork) as three,
        ):
            for number in range(count):
                with pytest.raises((TokenRefusedError, BusyError)):
                    (one, two, three)[number % 3].menu()
                present.pass_(every_s)


@pytest.mark.parametrize("gives_the_same", [True, False])
def test_a_token_refused_for_ever_costs_two_token_calls_a_minute(
    gives_the_same: bool,  # noqa: FBT001 -- pytest's way
    store: Store,
) -> None:
    answering = Refusing(VirtualTime(), gives_the_same=gives_the_same)
    storm(store, answering, count=200, every_s=1)
    assert answering.most_within(60) == 2
    assert len(answering.asked) >= 4, "the renewal was not tried again after a minute"
    assert answering.calls <= 400


def test_force_is_used_twenty_times_a_day_at_most_and_never_twice_in_half_a_minute(
    store: Store,
) -> None:
    answering = Refusing(VirtualTime(), gives_the_same=True)
    storm(store, answering, count=300, every_s=360)
    forced = [at for at, by_force in answering.asked if by_force]
    assert answering.most_within(86_400, forced=True) <= 20
    assert len(forced) >= 20, "it gave up"
    assert min(later - earlier for earlier, later in pairwise(forced)) >= 30
    assert answering.most_within(3_600 * 12, forced=True) <= 13, "the day's twenty went at once"


def test_two_forced_renewals_are_half_a_minute_apart(store: Store) -> None:
    present = VirtualTime()
    answering = Refusing(present, gives_the_same=True)
    storm(store, answering, count=30, every_s=7)
    forced = [at for at, by_force in answering.asked if by_force]
    assert len(forced) >= 2
    assert min(later - earlier for earlier, later in pairwise(forced)) >= 30


def test_a_clock_that_was_set_back_does_not_stop_the_renewal(store: Store) -> None:
    present = VirtualTime()
    script = Scripted(a_token("A"), A_MENU, refused(40001), a_token("B"), A_MENU)
    script.answers += [refused(40001), a_token("C"), A_MENU]
    with serving(script) as url:
        settings = settings_for(wechat_api_url=url)
        with platform_of(settings, store, now=present.now, sleep=present.sleep) as platform:
            platform.menu()
            platform.menu()
            present.pass_(-7_200)
            platform.menu()
    assert script.asked[-1].token == "C"


def test_the_cold_and_the_refused_share_one_minutes_calls(store: Store) -> None:
    present = VirtualTime()
    script = Scripted(refused(-1), refused(-1))
    for expected in (-1, -1, None):
        error = refusal(store, script, now=present.now, sleep=present.sleep)
        assert (type(error), error.code) == (BusyError, expected)
    assert script.paths == [TOKEN_PATH] * 2
    present.pass_(60)
    script.answers = [a_token(), A_MENU]
    ask(store, script, now=present.now, sleep=present.sleep)


@pytest.mark.parametrize("code", [40125, 40013, 40164, 40001])
def test_a_wrong_secret_is_the_staffs_business_and_not_tried_again(code: int, store: Store) -> None:
    script = Scripted(refused(code, "invalid ip 10.1.2.3 ipv6 ::1, not in whitelist rid: 9"))
    error = refusal(store, script)
    assert (type(error), error.code) == (MisconfiguredError, code)
    assert len(script.asked) == 1
    store.put({TOKEN_KEY: (b"TOKEN-0", seconds(7_000))})
    script.answers = [refused(42001), refused(code)]
    assert type(refusal(store, script)) is MisconfiguredError


def test_a_refusal_stays_a_refusal_when_the_renewal_fails(store: Store) -> None:
    store.put({TOKEN_KEY: (b"TOKEN-0", seconds(7_000))})
    error = refusal(store, Scripted(refused(42001), (500, "oops")))
    assert (type(error), error.code) == (TokenRefusedError, 42001)


@pytest.mark.parametrize(
    "answer",
    [
        (200, "{}"),
        (200, '{"access_token": 5, "expires_in": 7200}'),
        (200, '{"access_token": "", "expires_in": 7200}'),
        (200, '{"access_token": "T"}'),
        (200, '{"access_token": "T", "expires_in": "7200"}'),
        (500, "oops"),
    ],
)
def test_a_token_answer_without_a_token_is_an_error(answer: Answer, store: Store) -> None:
    script = Scripted(answer)
    assert type(refusal(store, script)) is UnknownOutcomeError
    assert store.get(TOKEN_KEY) is None
    assert len(script.asked) == 1, "each try is a token call, and those are rationed"


@pytest.mark.parametrize(
    ("told_s", "kept_s"), [(7200, 6900), (400, 100), (300, 60), (-5, 60), (10**12, 7200)]
)
def test_the_last_five_minutes_of_a_token_are_not_used(told_s: int, kept_s: int) -> None:
    answer = {"access_token": "T", "expires_in": told_s}
    assert token_of(answer) == ("T", timedelta(seconds=kept_s))


def test_a_dead_holder_of_the_lock_does_not_block(store: Store) -> None:
    store.put({LOCK_KEY: (b"dead", seconds(30))})
    polls: list[float] = []

    def sleep(pause_s: float) -> None:
        polls.append(pause_s)
        if len(polls) == 10:
            store.put({LOCK_KEY: (b"dead", timedelta(microseconds=1))})
            time.sleep(0.01)

    ask(store, Scripted(a_token(), A_MENU), sleep=sleep)
    assert len(polls) == 10
    assert store.get(LOCK_KEY) is None


def test_a_lock_that_is_never_given_back_ends_in_an_error(store: Store) -> None:
    store.put({LOCK_KEY: (b"alive", seconds(3_000))})
    waited: list[float] = []
    script = Scripted(a_token())
    error = refusal(store, script, sleep=waited.append)
    assert type(error) is BusyError
    assert 30 < sum(waited) < 60, "shorter than a dead holder's lock, or without an end"
    assert script.asked == []
    assert store.get(LOCK_KEY) == b"alive"


def test_the_lock_is_given_back_when_the_call_fails(store: Store) -> None:
    assert refusal(store, Scripted((500, "oops"))).code is None
    assert store.get(LOCK_KEY) is None


@pytest.fixture
def breakable(tmp_path: Path) -> Iterator[tuple[Store, Database]]:
    """A store whose table can be taken away."""
    database = Database(f"sqlite:///{tmp_path / 'broken' / 'archive.db'}")
    store, close = open_store(database, "")
    state = Database(f"sqlite:///{tmp_path / 'broken' / 'state.db'}")
    yield store, state
    state.dispose()
    close()
    database.dispose()


def run(state: Database, statement: str) -> None:
    with state.begin() as session:
        session.execute(text(statement))


def test_while_the_store_is_away_the_token_in_the_process_serves(
    breakable: tuple[Store, Database], caplog: pytest.LogCaptureFixture
) -> None:
    store, state = breakable
    script = Scripted(a_token(), A_MENU, A_MENU, A_MENU)
    with (
        caplog.at_level(logging.WARNING),
        serving(script) as url,
        platform_of(settings_for(wechat_api_url=url), store) as platform,
    ):
        platform.menu()
        run(state, "ALTER TABLE state_entry RENAME TO hidden")
        platform.menu()
        platform.menu()
        script.answers = [refused(40001), a_token("TOKEN-2"), A_MENU, A_MENU]
        platform.menu()
        platform.menu()
        run(state, "ALTER TABLE hidden RENAME TO state_entry")
        script.answers = [A_MENU]
        platform.menu()
    assert script.paths.count(TOKEN_PATH) == 2
    assert script.asked[-1].token == "TOKEN-2"
    told = [record.message for record in caplog.records if "token_store" in record.message]
    assert told == ["wechat.token_store_away cause=OperationalError"]


def test_a_cold_process_without_a_store_fetches_one_token_and_keeps_it(
    breakable: tuple[Store, Database],
) -> None:
    store, state = breakable
    run(state, "DROP TABLE state_entry")
    script = Scripted(a_token(), A_MENU, A_MENU)
    present = VirtualTime(NOON)
    with serving(script) as url:
        settings = settings_for(wechat_api_url=url)
        with platform_of(settings, store, now=present.now, sleep=present.sleep) as platform:
            platform.menu()
            platform.menu()
            assert script.paths == [TOKEN_PATH, *["/cgi-bin/menu/get"] * 2]
            present.pass_(7_200)
            script.answers = [a_token("TOKEN-2"), A_MENU]
            platform.menu()
    assert script.asked[-1].token == "TOKEN-2"


def test_anothers_lock_does_not_outlive_the_store(breakable: tuple[Store, Database]) -> None:
    store, state = breakable
    store.put({LOCK_KEY: (b"alive", seconds(3_000))})
    polls: list[float] = []

    def sleep(pause_s: float) -> None:
        polls.append(pause_s)
        if len(polls) == 3:
            run(state, "DROP TABLE state_entry")

    ask(store, Scripted(a_token(), A_MENU), sleep=sleep)
    assert len(polls) == 3


def test_a_store_that_is_full_does_not_spend_the_minutes_calls(
    breakable: tuple[Store, Database],
) -> None:
    store, state = breakable
    run(
        state,
        "CREATE TRIGGER full_disk BEFORE INSERT ON state_entry "
        "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
    )
    script = Scripted(a_token(), A_MENU, A_MENU, A_MENU, A_MENU)
    with serving(script) as url, platform_of(settings_for(wechat_api_url=url), store) as platform:
        for _ in range(4):
            platform.menu()
    assert script.paths.count(TOKEN_PATH) == 1


def ask_at_once(store: Store, threads: int) -> list[str]:
    """Ask for the menu in so many threads of one process; return the paths asked."""
    asked: list[str] = []

    def answer(incoming: Request) -> Response:
        asked.append(incoming.path)
        if incoming.path == TOKEN_PATH:
            time.sleep(0.2)
            return Response(a_token()[1])
        return Response(A_MENU[1])

    with (
        serving(answer) as url,
        platform_of(settings_for(wechat_api_url=url), store, sleep=time.sleep) as platform,
        ThreadPoolExecutor(threads) as pool,
    ):
        assert list(pool.map(lambda _: platform.menu(), range(threads))) == [BUTTONS] * threads
    return asked


class Racing:
    """A store on which something happens just before the lock is taken."""

    def __init__(self, store: Store, before: Callable[[], bool]) -> None:
        self._store = store
        self._before = before
        self.get, self.put, self.drop = store.get, store.put, store.drop
        self.add_all = store.add_all

    @property
    def steady(self) -> SqlStore:
        return self._store.steady

    def add(self, key: str, value: bytes, *, ttl: timedelta) -> bytes:
        return self._store.add(key, value, ttl=ttl) if self._before() else value


def test_behind_the_lock_it_looks_again(store: Store) -> None:
    def renew() -> bool:
        store.put({TOKEN_KEY: (b"TOKEN-OF-THE-OTHER", seconds(7_000))})
        return True

    script = Scripted(A_MENU)
    ask(Racing(store, renew), script)
    assert [asked.token for asked in script.asked] == ["TOKEN-OF-THE-OTHER"]


def test_a_lock_that_was_not_written_is_none(store: Store) -> None:
    """A store may say that ours stands when another's has just ended, and nothing is kept."""
    tries: list[None] = []

    def just_ended() -> bool:
        tries.append(None)
        return len(tries) > 2

    script = Scripted(a_token(), A_MENU)
    ask(Racing(store, just_ended), script)
    assert len(tries) == 3
    assert script.paths == [TOKEN_PATH, "/cgi-bin/menu/get"]


def test_threads_without_a_store_make_one_token_call(breakable: tuple[Store, Database]) -> None:
    store, state = breakable
    run(state, "DROP TABLE state_entry")
    asked = ask_at_once(store, 4)
    assert asked.count(TOKEN_PATH) == 1


def test_eight_threads_of_a_cold_process_make_one_token_call(store: Store) -> None:
    assert ask_at_once(store, 8).count(TOKEN_PATH) == 1


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_eight_cold_processes_make_one_token_call(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    redis_url = request.getfixturevalue("redis_url") if kind == "redis" else ""
    asked: list[str] = []

    def answer(incoming: Request) -> Response:
        asked.append(incoming.path)
        if incoming.path == TOKEN_PATH:
            time.sleep(0.4)
            return Response(a_token(f"TOKEN-{len(asked)}")[1])
        return Response(A_MENU[1])

    with serving(answer) as url:
        command = [sys.executable, "-m", "tests.wechat.cold_processes"]
        told = subprocess.run(
            [*command, url, f"sqlite:///{tmp_path / 'archive.db'}", redis_url, "8"],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
            timeout=50,
        )
    assert told.returncode == 0, told.stderr
    assert asked.count(TOKEN_PATH) == 1
    assert asked.count("/cgi-bin/menu/get") == 8
