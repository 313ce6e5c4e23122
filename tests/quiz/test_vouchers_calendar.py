"""The worker's part: vouchers expire by themselves, owners are reminded once, three days before."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.conftest import SettingsFactory
from tests.quiz.making import TODAY, a_season
from tests.quiz.vouchers_making import a_collector, a_stock, adds_up, after, at, claims
from wx_archive import features
from wx_archive.chat.models import HeldAnswer
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Job, Runner
from wx_archive.core.jobs.schedule import insert_due
from wx_archive.core.services import Services, open_services
from wx_archive.quiz import jobs
from wx_archive.quiz.voucher_jobs import EXPIRE, REMIND, SCHEDULES
from wx_archive.quiz.voucher_models import Voucher
from wx_archive.quiz.vouchers import Issued
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
    assert all("只剩 3 天（到 2027年1月12日）" in text for text in first)
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
    assert "只剩 1 天" in text


def test_both_kinds_of_job_are_the_products(services: Services) -> None:
    platform = Platform(services.settings, services.store, services.database)
    kinds = features.jobs(services, platform).kinds
    platform.close()
    assert {EXPIRE, REMIND} <= set(kinds)
    assert set(SCHEDULES) <= set(features.schedules())
