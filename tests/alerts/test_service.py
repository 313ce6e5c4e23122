"""Alerts are raised once, end when the trouble does, and are seen by each for themselves."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from tests.alerts.watches import Watch, an_alert
from wx_archive.alerts import rules, service
from wx_archive.alerts.service import New
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.staff.plugs import Alert
from wx_archive.staff.rules import Permission, Person, Role


def raise_all(database: Database, *found: Alert, now: datetime) -> list[New]:
    with database.begin() as session:
        return service.raise_all(session, found, now=now)


def badge(database: Database, person: Person, *, now: datetime | None = None) -> int:
    with database.reads() as connection:
        return service.badge(connection, person, now=now or clock.now())


def listed(database: Database, person: Person) -> list[service.Shown]:
    with database.reads() as connection:
        return service.open_alerts(connection, person)


def test_the_same_trouble_is_raised_once_and_kept_up_to_date(watch: Watch) -> None:
    now = clock.now()
    assert len(raise_all(watch.database, an_alert(title="有 1 条"), now=now)) == 1
    assert raise_all(watch.database, an_alert(title="有 2 条"), now=now) == []
    (alert,) = watch.raised
    assert (alert.title, alert.over_at) == ("有 2 条", None)


def test_of_many_who_look_at_once_one_raises_it(database: Database) -> None:
    now, alert = clock.now(), an_alert()
    with ThreadPoolExecutor(6) as pool:
        raised = list(pool.map(lambda _: raise_all(database, alert, now=now), range(6)))
    assert sum(map(len, raised)) == 1


def test_what_is_mended_is_over_and_may_come_back_as_another(watch: Watch) -> None:
    now = clock.now()
    raise_all(watch.database, an_alert("pump"), an_alert("lamp"), now=now)
    with watch.database.begin() as session:
        service.end_others(session, {"lamp"}, now=now)
    assert watch.open_keys == ["lamp"]
    assert len(raise_all(watch.database, an_alert("pump"), now=now)) == 1
    assert sorted(watch.open_keys) == ["lamp", "pump"]
    assert [alert.key for alert in watch.raised if alert.over_at == now] == ["pump"]


def test_the_badge_counts_what_concerns_one_and_was_not_seen(watch: Watch) -> None:
    admin, desk = watch.staff("admin", Role.ADMIN), watch.staff("desk", Role.DESK)
    other = watch.staff("other", Role.ADMIN)
    now = clock.now()
    raise_all(
        watch.database,
        an_alert("pump"),
        an_alert("lamp"),
        an_alert("queue", needs=Permission.ENQUIRIES_WORK),
        now=now,
    )
    assert [badge(watch.database, one) for one in (admin, desk)] == [2, 1]
    first = listed(watch.database, admin)[0]
    for _ in range(2):
        with watch.database.begin() as session:
            service.acknowledge(session, first.id, admin, now=now)
    assert [badge(watch.database, one) for one in (admin, other, desk)] == [1, 2, 1]
    assert [alert.is_seen for alert in listed(watch.database, admin)] == [True, False]


def test_nobody_acknowledges_what_is_over_or_not_theirs(watch: Watch) -> None:
    admin, desk = watch.staff("admin", Role.ADMIN), watch.staff("desk", Role.DESK)
    now = clock.now()
    (new,) = raise_all(watch.database, an_alert(), now=now)
    with watch.database.begin() as session, pytest.raises(RefusedError):
        service.acknowledge(session, new.id, desk, now=now)
    with watch.database.begin() as session:
        service.end_others(session, (), now=now)
    with watch.database.begin() as session, pytest.raises(RefusedError):
        service.acknowledge(session, new.id, admin, now=now)


def test_what_is_urgent_and_old_comes_first(watch: Watch) -> None:
    admin, now = watch.staff("admin", Role.ADMIN), clock.now()
    raise_all(
        watch.database,
        an_alert("new", since=now),
        an_alert("old", since=now - timedelta(days=1)),
        an_alert("urgent", since=now, is_urgent=True),
        now=now,
    )
    titles = [alert.title.split()[0] for alert in listed(watch.database, admin)]
    assert titles == ["urgent", "old", "new"]


def test_when_nobody_looks_any_more_the_page_itself_says_so(watch: Watch) -> None:
    admin, desk = watch.staff("admin", Role.ADMIN), watch.staff("desk", Role.DESK)
    now = clock.now()
    assert badge(watch.database, admin) == 0  # nobody has ever looked: nothing was installed yet
    watch.looks()
    soon, late = now + rules.LOOK_LATE, now + rules.LOOK_LATE + timedelta(minutes=1)
    assert [badge(watch.database, admin, now=at) for at in (soon, late)] == [0, 1]
    assert badge(watch.database, desk, now=late) == 0


def test_what_was_mended_is_listed_for_ninety_days(watch: Watch) -> None:
    admin, now = watch.staff("admin", Role.ADMIN), clock.now()
    raise_all(watch.database, an_alert(), now=now)
    with watch.database.begin() as session:
        service.end_others(session, (), now=now)
    for age, left in ((0.99, 1), (1.01, 0)):
        with watch.database.begin() as session:
            service.sweep(session, now=now + rules.KEPT_OVER * age)
        with watch.database.reads() as connection:
            assert len(service.past_alerts(connection, admin, limit=9)) == left
