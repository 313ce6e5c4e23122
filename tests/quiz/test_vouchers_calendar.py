"""The worker's part: vouchers expire by themselves, owners are reminded once, three days before."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.conftest import SettingsFactory
from tests.quiz.making import TODAY, a_follower, a_season
from tests.quiz.vouchers_making import a_clerk, a_collector, a_stock, adds_up, after, at, claims
from wx_archive import features
from wx_archive.chat import held
from wx_archive.chat.models import HeldAnswer
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Job, Runner
from wx_archive.core.jobs.schedule import insert_due
from wx_archive.core.services import Services, open_services
from wx_archive.quiz import jobs, redemption
from wx_archive.quiz.voucher_jobs import EXPIRE, REMIND, SCHEDULES
from wx_archive.quiz.voucher_models import Voucher
from wx_archive.quiz.vouchers import Issued, void_of
from wx_archive.staff.rules import Role
from wx_archive.wechat.client import Platform


@pytest.fixture
def services(demo_settings: SettingsFactory) -> Iterator[Services]:
    with open_services(demo_settings()) as opened:
        yield opened
    clock.move(timedelta(0))


def stands_at(instant: datetime) -> None:
    """Move the product's clock, as the simulator's does in the demo."""
    clock.move(instant.astimezone(UTC) - (clock.now() - clock.offset()))


def works(services: Services, instant: datetime) -> None:
    """Let scheduler and worker do what is due at an instant."""
    stands_at(instant)
    insert_due(services.database, SCHEDULES, now=clock.now())
    platform = Platform(services.settings, services.store, services.database)
    runner = Runner(services.database, jobs.build(services, platform))
    while runner.run_next():
        pass
    platform.close()


def some(database: Database, people: int = 2) -> None:
    """Issue vouchers today that expire in fifty days."""
    with database.begin() as session:
        season_id = a_season(session)
        facsimile_id = a_stock(session, 9)
        found = [a_collector(session, season_id, f"f{number}") for number in range(people)]
    for follower_id in found:
        assert isinstance(claims(database, follower_id, season_id, facsimile_id), Issued)


def texts_to(database: Database) -> list[str]:
    with database.begin() as session:
        return list(session.scalars(select(HeldAnswer.text).order_by(HeldAnswer.id)))


def states(database: Database) -> set[str]:
    with database.begin() as session:
        return set(session.scalars(select(Voucher.state)))


def test_five_past_midnight_after_the_last_day_they_expire(services: Services) -> None:
    some(services.database)
    last_day = TODAY + timedelta(days=50)
    works(services, at(last_day, 22))  # the schedule is known from here on
    works(services, at(last_day, 23) + timedelta(minutes=30))
    assert states(services.database) == {"issued"}
    works(services, at(last_day + timedelta(days=1), 0) + timedelta(minutes=4))
    assert states(services.database) == {"issued"}
    works(services, at(last_day + timedelta(days=1), 0) + timedelta(minutes=6))
    assert states(services.database) == {"expired"}
    assert len(texts_to(services.database)) == 2
    adds_up(services.database)


def test_a_clock_that_is_moved_by_months_catches_up_once(services: Services) -> None:
    some(services.database)
    works(services, after(0))
    works(services, after(120))
    assert states(services.database) == {"expired"}
    assert len(texts_to(services.database)) == 2
    with services.database.begin() as session:
        done = session.scalars(select(Job.kind).where(Job.kind.in_((EXPIRE, REMIND)))).all()
    assert sorted(done) == [EXPIRE, REMIND]
    adds_up(services.database)


def test_three_days_before_owners_are_reminded_once(services: Services) -> None:
    some(services.database)
    works(services, after(46, hour=8))
    works(services, after(46, hour=10))
    assert texts_to(services.database) == []
    works(services, after(47, hour=10))
    first = texts_to(services.database)
    assert len(first) == 2
    assert all("2027年1月12日是最后一天" in text for text in first)
    for days in (48, 49, 50):
        works(services, after(days, hour=10))
    assert texts_to(services.database) == first


def test_who_was_given_it_on_the_same_day_is_not_reminded(services: Services) -> None:
    with services.database.begin() as session:
        season_id = a_season(session, ends_on=TODAY, pick_up_until=TODAY + timedelta(days=2))
        facsimile_id = a_stock(session, 9)
        follower_id = a_collector(session, season_id)
    works(services, at(TODAY, 8))
    claims(services.database, follower_id, season_id, facsimile_id, now=at(TODAY, 9))
    works(services, at(TODAY, 12))
    assert texts_to(services.database) == []
    works(services, after(1, hour=12))
    (text,) = texts_to(services.database)
    assert "快到期了" in text


def fetched(services: Services, openid: str, instant: datetime) -> list[str]:
    """Return what somebody is handed who asks for what waits."""
    with services.database.begin() as session:
        follower_id = a_follower(session, openid)
        return held.fetch(session, follower_id, room_bytes=2_048, now=instant)


def test_a_reminder_is_read_until_its_last_day_ends_and_never_beside_the_expiry(
    services: Services,
) -> None:
    some(services.database)
    works(services, after(46))
    works(services, after(48, hour=10))
    last = at(TODAY + timedelta(days=50), 23) + timedelta(minutes=59)
    (text,) = fetched(services, "f0", last)
    assert "快到期了" in text
    midnight = at(TODAY + timedelta(days=51), 0)
    assert fetched(services, "f1", midnight) == []  # before the job comes that lets it expire
    works(services, after(51))
    (text,) = fetched(services, "f1", after(51))
    assert "已经过期" in text


def test_a_reminder_that_nobody_read_is_dropped_once_the_voucher_is_settled(
    services: Services,
) -> None:
    some(services.database, 4)
    works(services, after(46))
    works(services, after(48, hour=10))
    assert len(texts_to(services.database)) == 4
    with services.database.begin() as session:
        first, second = list(session.scalars(select(Voucher.code).order_by(Voucher.id)))[:2]
        clerk, reviewer = a_clerk(session, "one"), a_clerk(session, "two", Role.REVIEWER)
    with services.database.begin() as session:
        redemption.redeem(session, first, member=clerk, now=after(49))
        done = redemption.redeem(session, second, member=clerk, now=after(49))
        void_of(session, a_follower(session, "f2"), now=after(49))
    (text,) = fetched(services, "f0", after(49))
    assert text.startswith("已领取")
    assert fetched(services, "f2", after(49)) == []
    (text,) = fetched(services, "f3", after(49))
    assert text.startswith("提醒您")
    # Good again, and its owner was never told: the next morning they are.
    with services.database.begin() as session:
        redemption.undo(session, done.number, member=reviewer, reason="扫错了人", now=after(49))
    works(services, after(50, hour=10))
    assert "1月12日是最后一天" in fetched(services, "f1", after(50))[-1]
    assert fetched(services, "f0", after(50)) == []
    adds_up(services.database)


def test_an_expired_voucher_leaves_no_reminder_behind(services: Services) -> None:
    some(services.database, 1)
    works(services, after(46))
    works(services, after(48, hour=10))
    works(services, after(51))
    (text,) = texts_to(services.database)
    assert "已经过期" in text


def test_both_kinds_of_job_are_the_products(services: Services) -> None:
    platform = Platform(services.settings, services.store, services.database)
    kinds = features.jobs(services, platform).kinds
    platform.close()
    assert {EXPIRE, REMIND} <= set(kinds)
    assert set(SCHEDULES) <= set(features.schedules())
