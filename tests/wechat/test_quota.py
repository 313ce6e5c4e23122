"""The ledger of calls: every process counts, nobody goes past the day's limit."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from tests.wechat.deliveries import settings_for
from tests.wechat.fake_platform import (
    A_MENU,
    BUTTONS,
    NOON,
    TOKEN_KEY,
    Scripted,
    VirtualTime,
    platform_of,
    refused,
    serving,
)
from wx_archive.core.clock import SHANGHAI, seconds
from wx_archive.core.database import Database
from wx_archive.core.store import Store
from wx_archive.wechat.client import Platform
from wx_archive.wechat.errors import QuotaError
from wx_archive.wechat.limits import Quota, limits
from wx_archive.wechat.quota import ApiQuota, Ledger

PATH = "/cgi-bin/menu/create"
BEFORE_MIDNIGHT = datetime(2026, 11, 23, 23, 59, 50, tzinfo=SHANGHAI)
MIDNIGHT = datetime(2026, 11, 24, 0, 0, tzinfo=SHANGHAI)


def quotas(per_day: int) -> dict[str, Quota]:
    fact = Quota(name="菜单", per_day=per_day, as_of=date(2026, 11, 23), source="test")
    return {PATH: fact}


def ledger_of(database: Database | None, *, per_day: int = 3) -> Ledger:
    return Ledger(database, quotas(per_day))


def until(ledger: Ledger, *, now: datetime, path: str = PATH) -> datetime:
    with pytest.raises(QuotaError) as caught:
        ledger.charge(path, now=now)
    return caught.value.until


def used(ledger: Ledger, now: datetime) -> int:
    return next(one.used for one in ledger.today(now=now) if one.path == PATH)


def test_the_call_after_the_last_is_not_made(database: Database) -> None:
    ledger = ledger_of(database)
    for _ in range(3):
        ledger.charge(PATH, now=NOON)
    assert until(ledger, now=NOON) == MIDNIGHT
    assert used(ledger, NOON) == 3


def test_another_call_has_a_count_of_its_own(database: Database) -> None:
    ledger = ledger_of(database, per_day=1)
    ledger.charge(PATH, now=NOON)
    for _ in range(5):
        ledger.charge("/cgi-bin/unheard/of", now=NOON)
    assert [(one.path, one.used, one.limit) for one in ledger.today(now=NOON)] == [
        (PATH, 1, 1),
        ("/cgi-bin/unheard/of", 5, None),
    ]


def test_the_day_ends_at_midnight_in_shanghai(database: Database) -> None:
    ledger = ledger_of(database, per_day=1)
    ledger.charge(PATH, now=BEFORE_MIDNIGHT)
    last = MIDNIGHT - timedelta(microseconds=1)
    assert until(ledger, now=last) == MIDNIGHT
    ledger.charge(PATH, now=MIDNIGHT.astimezone(UTC))
    assert until(ledger, now=datetime(2026, 11, 24, 15, 59, tzinfo=UTC)) == MIDNIGHT + timedelta(1)


def test_processes_count_together(database: Database) -> None:
    """Two processes are two ledgers on engines of their own."""
    other = Database(database.url.render_as_string(hide_password=False))
    ledgers = [ledger_of(database, per_day=30), ledger_of(other, per_day=30)]

    def charge(number: int) -> bool:
        try:
            ledgers[number % 2].charge(PATH, now=NOON)
        except QuotaError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(charge, range(60)))
    assert sum(made) == 30
    assert used(ledgers[0], NOON) == used(ledgers[1], NOON) == 30
    other.dispose()


@pytest.mark.parametrize("with_database", [True, False])
def test_what_wechat_has_stopped_is_not_asked_before_its_time(
    with_database: bool,  # noqa: FBT001 -- pytest's way
    database: Database,
) -> None:
    ledger = ledger_of(database if with_database else None)
    ledger.stop(PATH, NOON + timedelta(minutes=1), now=NOON)
    assert until(ledger, now=NOON) == NOON + timedelta(minutes=1)
    assert until(ledger, now=NOON + timedelta(seconds=59)) == NOON + timedelta(minutes=1)
    (standing,) = ledger.today(now=NOON)
    assert standing.stopped_until == NOON + timedelta(minutes=1)
    ledger.charge(PATH, now=NOON + timedelta(minutes=1))
    (standing,) = ledger.today(now=NOON + timedelta(minutes=1))
    assert standing.stopped_until is None
    ledger.charge("/cgi-bin/another", now=NOON)


def test_a_stop_of_one_process_stops_the_other(database: Database) -> None:
    ledger_of(database).stop(PATH, MIDNIGHT, now=NOON)
    assert until(ledger_of(database), now=NOON) == MIDNIGHT


def test_a_cleared_day_begins_anew(database: Database) -> None:
    ledger = ledger_of(database, per_day=1)
    ledger.charge(PATH, now=NOON - timedelta(days=1))
    ledger.charge(PATH, now=NOON)
    ledger.stop(PATH, MIDNIGHT, now=NOON)
    ledger.clear(now=NOON)
    ledger.charge(PATH, now=NOON)
    assert used(ledger, NOON - timedelta(days=1)) == 1


@pytest.mark.parametrize("fault", ["a lost table", "a held lock"])
def test_a_call_is_made_uncounted_while_the_database_is_away(
    fault: str, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    database, holder = Database(sqlite_url), Database(sqlite_url)
    ledger = ledger_of(database, per_day=1)
    time = VirtualTime()
    with caplog.at_level(logging.WARNING):
        if fault == "a lost table":
            with holder.begin() as session:
                session.execute(text("ALTER TABLE api_usage RENAME TO hidden"))
            ledger.charge(PATH, now=time.now())
            ledger.charge(PATH, now=time.now())
            with holder.begin() as session:
                session.execute(text("ALTER TABLE hidden RENAME TO api_usage"))
        else:
            with holder.begin() as session:
                session.execute(text("DELETE FROM api_usage"))
                ledger.charge(PATH, now=time.now())
                ledger.charge(PATH, now=time.now())
        time.pass_(11)
        ledger.charge(PATH, now=time.now())
        assert until(ledger, now=time.now()) == MIDNIGHT
    told = [record.message.partition(" ")[0] for record in caplog.records]
    assert told == ["wechat.ledger_away", "wechat.ledger_back"]
    database.dispose()
    holder.dispose()


def test_a_stop_holds_in_the_process_when_the_database_is_away(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.begin() as session:
        session.execute(text("DROP TABLE api_usage"))
    ledger = ledger_of(database)
    ledger.stop(PATH, MIDNIGHT, now=NOON)
    assert until(ledger, now=NOON) == MIDNIGHT
    ledger.charge(PATH, now=MIDNIGHT)
    database.dispose()


@pytest.fixture
def calling(store: Store, database: Database) -> Iterator[tuple[Platform, Scripted, VirtualTime]]:
    """A platform on a clock of its own, with a token and a ledger."""
    store.put({TOKEN_KEY: (b"TOKEN-1", seconds(7_000))})
    script, time = Scripted(), VirtualTime()
    with serving(script) as url:
        settings = settings_for(wechat_api_url=url)
        with platform_of(settings, store, database, now=time.now, sleep=time.sleep) as platform:
            yield platform, script, time


def menu_quota(platform: Platform) -> ApiQuota:
    return next(one for one in platform.quota() if one.path == "/cgi-bin/menu/get")


def test_the_days_limit_of_wechat_stops_that_call_until_midnight_and_no_other(
    calling: tuple[Platform, Scripted, VirtualTime],
) -> None:
    platform, script, time = calling
    script.answers = [refused(45009)]
    with pytest.raises(QuotaError) as caught:
        platform.menu()
    assert (caught.value.code, caught.value.until) == (45009, MIDNIGHT)
    with pytest.raises(QuotaError) as caught:
        platform.menu()
    assert (caught.value.code, caught.value.until) == (None, MIDNIGHT)
    assert len(script.asked) == 1
    assert menu_quota(platform) == ApiQuota(
        "/cgi-bin/menu/get", "自定义菜单查询", 1, 10_000, MIDNIGHT
    )
    script.answers = [(200, '{"errcode": 0}')]
    platform.push_menu(BUTTONS)
    time.present = MIDNIGHT
    script.answers = [A_MENU]
    assert platform.menu() == BUTTONS
    assert (menu_quota(platform).used, menu_quota(platform).stopped_until) == (1, None)


def test_the_minutes_limit_of_wechat_stops_that_call_for_a_minute(
    calling: tuple[Platform, Scripted, VirtualTime],
) -> None:
    platform, script, time = calling
    script.answers = [refused(45011)]
    for _ in range(3):
        with pytest.raises(QuotaError) as caught:
            platform.menu()
        assert caught.value.until == NOON + timedelta(minutes=1)
    assert len(script.asked) == 1
    time.pass_(60)
    script.answers = [A_MENU]
    assert platform.menu() == BUTTONS


def test_every_try_is_counted(calling: tuple[Platform, Scripted, VirtualTime]) -> None:
    platform, script, _time = calling
    script.answers = [refused(-1), refused(-1), A_MENU]
    platform.menu()
    assert menu_quota(platform).used == 3


def test_a_forced_renewal_has_a_limit_of_its_own(
    calling: tuple[Platform, Scripted, VirtualTime],
) -> None:
    platform, script, _time = calling
    script.answers = [
        refused(40001),
        (200, '{"access_token": "TOKEN-1", "expires_in": 7200}'),
        refused(45009),
    ]
    with pytest.raises(Exception, match="access_token"):
        platform.menu()
    standing = {one.path: one for one in platform.quota()}
    assert standing["/cgi-bin/stable_token?force_refresh=true"].stopped_until == MIDNIGHT
    assert standing["/cgi-bin/stable_token"].stopped_until is None


def test_the_dashboard_lists_every_limit_even_unused(
    calling: tuple[Platform, Scripted, VirtualTime],
) -> None:
    platform, _script, _time = calling
    listed = platform.quota()
    assert {one.path for one in listed} == set(limits().quotas)
    assert [one.path for one in listed] == sorted(one.path for one in listed)
    assert {one.used for one in listed} == {0}


def test_a_stop_without_a_database_is_cleared_too() -> None:
    ledger = ledger_of(None)
    ledger.stop(PATH, MIDNIGHT, now=NOON)
    ledger.clear(now=NOON)
    ledger.charge(PATH, now=NOON)


def test_without_a_database_nothing_is_counted_and_all_is_called(store: Store) -> None:
    store.put({TOKEN_KEY: (b"TOKEN-1", seconds(7_000))})
    with (
        serving(Scripted(A_MENU)) as url,
        platform_of(settings_for(wechat_api_url=url), store) as platform,
    ):
        assert platform.menu() == BUTTONS
        assert {one.used for one in platform.quota()} == {0}
