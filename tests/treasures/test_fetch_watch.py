"""Staff are told before WeChat lets go of what was not fetched, and when a day was let pass."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from tests.treasures.fetching import PHOTO, Depot, a_depot, passes
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.staff.plugs import Alert
from wx_archive.staff.rules import Permission
from wx_archive.treasures import watch
from wx_archive.treasures.rules import State
from wx_archive.treasures.steps import Doing, advance, locked


@pytest.fixture
def depot(database: Database, tmp_path: Path) -> Iterator[Depot]:
    with a_depot(database, tmp_path) as opened:
        yield opened


def alerts(depot: Depot) -> Sequence[Alert]:
    with depot.database.reads() as connection:
        return watch.alerts(connection, clock.now())


def test_files_are_told_of_when_a_day_is_left(depot: Depot) -> None:
    depot.wechat.is_away = True
    treasure_id = depot.sends("m1", "m2")
    passes(2 * 86_400 - 60)
    assert alerts(depot) == []
    passes(120)
    (alert,) = alerts(depot)
    assert alert.is_urgent
    assert alert.needs is Permission.TREASURES_WORK
    assert "2 件" in alert.title
    until = depot.files(treasure_id)[0].media_until
    assert until is not None
    assert f"{until.astimezone(clock.SHANGHAI):%H:%M}" in alert.title
    assert alert.since == until - timedelta(days=1)


def test_it_is_over_when_they_are_here(depot: Depot) -> None:
    depot.wechat.is_away = True
    depot.sends("m1")
    passes(2.5 * 86_400)
    key = alerts(depot)[0].key
    assert alerts(depot)[0].key == key
    depot.wechat.is_away = False
    depot.wechat.has["m1"] = PHOTO
    depot.works()
    assert alerts(depot) == []


def test_an_upload_whose_day_has_passed_is_told_of(depot: Depot) -> None:
    depot.wechat.has["m1"] = PHOTO
    treasure_id = depot.sends("m1")
    depot.works()
    due = depot.finishes().act_by
    assert due is not None
    passes((due - clock.today()).days * 86_400)
    assert alerts(depot) == []
    passes(86_400)
    (alert,) = alerts(depot)
    assert "1 份" in alert.title
    assert clock.day_of(alert.since) == due + timedelta(days=1)
    staff = Doing.of(depot.services.site, "wang", now=clock.now())
    with depot.database.begin() as session:  # what the sender lets pass is nobody's fault
        advance(session, locked(session, treasure_id), State.NEED_INFO, staff, note="哪一年")
    passes(90 * 86_400)
    assert alerts(depot) == []
