"""Brute force is slowed: counted before it is looked at, per account and address, doubling."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from wx_archive.core.database import Database
from wx_archive.staff import throttle
from wx_archive.staff.models import LoginAttempt
from wx_archive.staff.throttle import Kind

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SECRET = "a-secret"
MINUTE = timedelta(minutes=1)


def at(
    login: str = "chenxm", address: str = "203.0.113.7", kind: Kind = Kind.PASSWORD
) -> throttle.Tries:
    return throttle.tries(SECRET, kind, login=login, address=address)


def fail(database: Database, tries: throttle.Tries, times: int, *, now: datetime = NOW) -> None:
    """Fail so often, waiting patiently each time."""
    for _try in range(times):
        wait = throttle.count(database, tries, now=now)
        if wait is not None:
            now += wait
            assert throttle.count(database, tries, now=now) is None


def test_five_tries_are_free_and_then_the_pause_doubles_up_to_its_bound() -> None:
    pauses = [
        int(throttle.pause_after(failures, throttle.LONGEST_PAUSE).total_seconds())
        for failures in range(16)
    ]
    assert pauses == [0, 0, 0, 0, 0, 5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]
    assert throttle.pause_after(10**9, throttle.LONGEST_PAUSE) == throttle.LONGEST_PAUSE
    assert throttle.pause_after(50, throttle.LONGEST_PAUSE_OF_ADDRESS) == 5 * MINUTE


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("no address", "no address"),
    ],
)
def test_an_ipv6_address_counts_with_all_of_its_network(address: str, network: str) -> None:
    assert throttle.network_of(address) == network


def test_rows_name_neither_account_nor_address(database: Database) -> None:
    throttle.count(database, at("a-password-typed-here-by-mistake"), now=NOW)
    with database.reads() as connection:
        keys = connection.execute(select(LoginAttempt.key)).scalars().all()
    assert [len(key) for key in keys] == [64, 64]
    others = throttle.tries("other", Kind.PASSWORD, login="chenxm", address="203.0.113.7")
    assert {at().address, at().account}.isdisjoint({others.address, others.account})


def test_the_sixth_try_waits_from_whatever_address(database: Database) -> None:
    for number in range(5):
        assert throttle.count(database, at(address=f"203.0.113.{number}"), now=NOW) is None
    wait = throttle.count(database, at(address="203.0.113.99"), now=NOW + timedelta(seconds=1))
    assert wait == timedelta(seconds=4)
    later = NOW + timedelta(seconds=5)
    assert throttle.count(database, at(address="203.0.113.99"), now=later) is None
    assert throttle.count(database, at("another"), now=NOW) is None


def test_an_address_waits_with_whatever_account(database: Database) -> None:
    for number in range(5):
        assert throttle.count(database, at(f"login{number}"), now=NOW) is None
    assert throttle.count(database, at("login9"), now=NOW) == timedelta(seconds=5)
    assert throttle.count(database, at("login9", "198.51.100.1"), now=NOW) is None


def test_tries_during_a_pause_do_not_prolong_it_and_leave_no_row(database: Database) -> None:
    fail(database, at(), 5)
    for number in range(20):
        assert throttle.count(database, at(f"login{number}"), now=NOW) == timedelta(seconds=5)
    with database.reads() as connection:
        assert connection.execute(select(func.count(LoginAttempt.key))).scalar_one() == 2


def test_a_success_is_taken_back_and_forgives_the_account_but_not_the_address(
    database: Database,
) -> None:
    fail(database, at(), 4)
    assert throttle.count(database, at(), now=NOW) is None
    with database.begin() as session:
        throttle.forgive(session, at(), now=NOW)
    assert throttle.count(database, at(address="198.51.100.1"), now=NOW) is None
    assert throttle.count(database, at("another"), now=NOW) is None
    assert throttle.count(database, at("third"), now=NOW) == timedelta(seconds=5)


def test_a_right_password_does_not_make_up_for_wrong_codes(database: Database) -> None:
    for number in range(5):
        throttle.count(database, at(address=f"203.0.113.{number}", kind=Kind.CODE), now=NOW)
    assert throttle.count(database, at(address="198.51.100.1"), now=NOW) is None
    with database.begin() as session:
        throttle.forgive(session, at(address="198.51.100.1"), now=NOW)
    code = at(address="198.51.100.1", kind=Kind.CODE)
    assert throttle.count(database, code, now=NOW) == timedelta(seconds=5)


def test_an_admin_opens_an_account_at_once(database: Database) -> None:
    for kind in Kind:
        for number in range(5):
            throttle.count(
                database, at(address=f"203.0.{kind == 'code':d}.{number}", kind=kind), now=NOW
            )
    with database.begin() as session:
        throttle.reopen(session, SECRET, login="chenxm")
    for kind in Kind:
        assert throttle.count(database, at(address="198.51.100.1", kind=kind), now=NOW) is None


def test_failures_are_forgotten_after_a_day_and_swept(database: Database) -> None:
    fail(database, at(), 9)
    later = NOW + timedelta(days=2)
    assert throttle.count(database, at(), now=later) is None
    throttle.count(database, at("old", "198.51.100.1"), now=NOW)
    with database.begin() as session:
        assert throttle.sweep(session, now=later) == 2
    with database.reads() as connection:
        assert set(connection.execute(select(LoginAttempt.failures)).scalars()) == {1}


def test_of_many_tries_at_once_none_slips_through(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _n: throttle.count(database, at(), now=NOW), range(24)))
    assert waits.count(None) == 5
    assert set(waits) == {None, timedelta(seconds=5)}


def test_tries_of_many_accounts_from_many_addresses_never_wait_for_each_other_in_a_ring(
    database: Database,
) -> None:
    def one(number: int) -> timedelta | None:
        tries = at(f"login{number % 3}", f"203.0.113.{number % 4}")
        wait = throttle.count(database, tries, now=NOW)
        if wait is None and number % 5 == 0:
            with database.begin() as session:
                throttle.forgive(session, tries, now=NOW)
        return wait

    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(one, range(40)))) == 40
