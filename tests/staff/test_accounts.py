"""Accounts as the services change them: roles, closing, the last admin, sessions, sweeping."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pyotp
import pytest
from sqlalchemy import select

from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs import Runner, enqueue
from wx_archive.staff import accounts, authenticators, jobs, secondfactor, sessions, throttle
from wx_archive.staff.models import LoginAttempt, StaffSession
from wx_archive.staff.rules import Role
from wx_archive.staff.sessions import SignedIn, Stage
from wx_archive.staff.throttle import Kind

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
KEY = "the installation's secret"


@pytest.fixture
def people(database: Database) -> Database:
    """A database with two admins, an editor, and nobody else."""
    with database.begin() as session:
        for login, role in (("ann", Role.ADMIN), ("bea", Role.ADMIN), ("eva", Role.EDITOR)):
            accounts.add(session, login=login, name=login, roles=[role], password="-", now=NOW)
    return database


def signed_in(database: Database, login: str, *, now: datetime = NOW) -> SignedIn:
    """Log somebody in."""
    with database.begin() as session:
        member_id = accounts.locked(session, login).id
        token = sessions.start(
            session, member_id, Stage.FULL, address="192.0.2.1", agent="A", now=now
        )
    found = look(database, token, now=now)
    assert found
    return found


def look(database: Database, token: str, *, now: datetime = NOW) -> SignedIn | None:
    with database.reads() as connection:
        return sessions.find(connection, token, now=now)


def test_everybody_is_listed_once_with_all_roles_and_the_closed_ones_last(people: Database) -> None:
    with people.begin() as session:
        accounts.set_roles(session, "eva", [Role.EDITOR, Role.DESK])
        accounts.disable(session, "ann")
    with people.reads() as connection:
        listed = accounts.everybody(connection)
        eva = accounts.find(connection, " EVA ")
        assert accounts.find(connection, "nobody") is None
    assert [account.login for account in listed] == ["bea", "eva", "ann"]
    assert eva
    assert eva.roles == {Role.EDITOR, Role.DESK}
    assert eva.role_names == "编辑、窗口"


def test_nobody_takes_the_last_open_admin_away(people: Database) -> None:
    with people.begin() as session:
        accounts.disable(session, "ann")
    with pytest.raises(RefusedError, match="最后一个"), people.begin() as session:
        accounts.disable(session, "bea")
    with pytest.raises(RefusedError, match="最后一个"), people.begin() as session:
        accounts.set_roles(session, "bea", [Role.EDITOR])
    with people.begin() as session:
        accounts.set_roles(session, "bea", [Role.ADMIN, Role.EDITOR])
        accounts.enable(session, "ann")
        accounts.disable(session, "bea")


def test_two_admins_who_close_each_other_at_once_leave_one(people: Database) -> None:
    together = Barrier(2)

    def close(login: str) -> bool:
        try:
            with people.begin() as session:
                session.connection()
                if not people.is_sqlite:  # there the transactions themselves wait for each other
                    together.wait(timeout=20)
                accounts.disable(session, login)
        except RefusedError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(close, ["ann", "bea"]))
    assert sorted(done) == [False, True]


def test_closing_ends_every_session_and_opening_brings_none_back(people: Database) -> None:
    eva, other = signed_in(people, "eva"), signed_in(people, "ann")
    with people.begin() as session:
        changed = accounts.disable(session, "eva")
    assert (changed.before, changed.after) == ({"disabled": False}, {"disabled": True})
    assert look(people, eva.token) is None
    assert look(people, other.token)
    with people.begin() as session:
        accounts.enable(session, "eva")
    assert look(people, eva.token) is None


def test_a_reset_takes_what_was_lost_and_ends_every_session(people: Database) -> None:
    eva = signed_in(people, "eva")
    with people.begin() as session:
        member = accounts.locked(session, "eva")
        accounts.set_password(session, member, "old", must_change=False, now=NOW)
        member.totp_secret = b"sealed"
        code, *_rest = authenticators.new_codes(session, member.id)
    with people.begin() as session:
        accounts.reset(session, KEY, "eva", second_factor=True, now=NOW)
        member = accounts.locked(session, "eva")
        assert (member.totp_secret, member.must_change) == (None, False)
        assert authenticators.use(session, KEY, member.id, code, now=NOW) is None
    assert look(people, eva.token) is None
    with people.begin() as session:
        accounts.reset(session, KEY, "eva", password="-", now=NOW)
        assert accounts.locked(session, "eva").must_change


def test_an_account_that_is_not_there_cannot_be_changed(people: Database) -> None:
    with pytest.raises(RefusedError, match="没有“nobody”"), people.begin() as session:
        accounts.enable(session, "nobody")


def test_of_two_requests_with_one_code_one_is_let_in(people: Database) -> None:
    secret = secondfactor.new_secret()
    with people.begin() as session:
        member = accounts.locked(session, "eva")
        member.totp_secret = secondfactor.seal(secret, KEY, member_id=member.id)
        recovery = authenticators.new_codes(session, member.id)[0]
        member_id = member.id
    code = pyotp.TOTP(secret).at(NOW)

    together = Barrier(8)

    def use(typed: str) -> bool:
        with people.begin() as session:
            session.connection()
            if not people.is_sqlite:  # there the transactions themselves wait for each other
                together.wait(timeout=20)
            return authenticators.use(session, KEY, member_id, typed, now=NOW) is not None

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(use, [code] * 8)).count(True) == 1
        assert list(pool.map(use, [recovery] * 8)).count(True) == 1


def test_of_two_requests_that_take_a_session_further_one_does(people: Database) -> None:
    eva = signed_in(people, "eva")

    def renew(_number: int) -> str:
        try:
            with people.begin() as session:
                return sessions.renew(session, eva, Stage.FULL, now=NOW)
        except RefusedError:
            return ""

    with ThreadPoolExecutor(6) as pool:
        (token,) = [token for token in pool.map(renew, range(6)) if token]
    assert look(people, eva.token) is None
    renewed = look(people, token)
    assert renewed
    assert (renewed.id, renewed.created_at) == (eva.id, eva.created_at)


@pytest.mark.parametrize(
    ("idle", "old", "is_there"),
    [
        (timedelta(minutes=29), timedelta(hours=11), True),
        (timedelta(minutes=30), timedelta(hours=1), False),
        (timedelta(minutes=1), timedelta(hours=12), False),
    ],
)
def test_a_session_ends_by_rest_and_by_age(
    people: Database, idle: timedelta, old: timedelta, *, is_there: bool
) -> None:
    eva = signed_in(people, "eva", now=NOW - old)
    with people.begin() as session:
        session.get_one(StaffSession, eva.id).seen_at = NOW - idle
    assert (look(people, eva.token) is not None) is is_there
    with people.reads() as connection:
        assert len(sessions.of_member(connection, eva.person.id, now=NOW)) == int(is_there)
    with people.begin() as session:
        assert sessions.sweep(session, now=NOW) == int(not is_there)


def test_every_night_what_is_over_is_swept_and_nothing_else(people: Database) -> None:
    long_ago, present = clock.now() - timedelta(days=3), clock.now()
    signed_in(people, "eva", now=long_ago)
    kept = signed_in(people, "eva", now=present)
    for login, at in (("eva", long_ago), ("ann", present)):
        tries = throttle.tries(KEY, Kind.PASSWORD, login=login, address=login)
        throttle.count(people, tries, now=at)
    with people.begin() as session:
        (schedule,) = jobs.SCHEDULES
        enqueue(session, schedule.kind, {}, key="sweep", now=present)
    Runner(people, jobs.build(people)).run_next()
    with people.reads() as connection:
        assert connection.execute(select(StaffSession.id)).scalars().all() == [kept.id]
        assert len(connection.execute(select(LoginAttempt.key)).all()) == 2
