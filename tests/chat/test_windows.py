"""The ledger of service messages: never more, never longer than WeChat's rules allow."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from tests.chat.talks import read
from tests.wechat.deliveries import NOW, OPENID, an_event, xml
from wx_archive.chat import windows
from wx_archive.chat.activity import Activity
from wx_archive.chat.models import ServiceWindow
from wx_archive.core.database import Database
from wx_archive.followers import service as followers
from wx_archive.wechat.limits import Occasion, limits

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def follower_id(database: Database) -> int:
    with database.begin() as session:
        return followers.ensure(session, OPENID, now=NOW)


def opens(database: Database, occasion: Occasion, at: datetime = NOW) -> None:
    with database.begin() as session:
        windows.note_opened(session.connection(), {(OPENID, occasion): at})


def spends(database: Database, follower_id: int, now: datetime, *, times: int = 1) -> list[bool]:
    def spend() -> bool:
        with database.begin() as session:
            return windows.spend(session, follower_id, now=now)

    return [spend() for _ in range(times)]


def used(database: Database) -> dict[str, int]:
    with database.reads() as connection:
        rows = connection.execute(select(ServiceWindow.occasion, ServiceWindow.used))
        return {occasion: number for occasion, number in rows}  # noqa: C416 -- rows, no pairs


@pytest.mark.parametrize(
    ("told", "occasion"),
    [
        (xml(Content="在吗"), Occasion.MESSAGE),
        (xml(MsgType="image", PicUrl="http://x/", MediaId="m"), Occasion.MESSAGE),
        (xml(Content="1", bizmsgmenuid="lookup.1"), Occasion.CLICK),
        (an_event("CLICK", EventKey="lookup.start"), Occasion.CLICK),
        (an_event("subscribe"), Occasion.SUBSCRIBE),
        (an_event("SCAN", EventKey="poster", Ticket="t"), Occasion.SCAN),
        (an_event("VIEW", EventKey="https://example.org/"), None),
        (an_event("unsubscribe"), None),
        (an_event("LOCATION", Latitude="1", Longitude="1", Precision="1"), None),
    ],
)
def test_what_a_follower_did_opens_the_window_that_the_rules_name(
    told: str, occasion: Occasion | None
) -> None:
    assert windows.occasion_of(read(told)) is occasion


def test_without_a_window_nothing_is_spent(database: Database, follower_id: int) -> None:
    assert spends(database, follower_id, NOW) == [False]


@pytest.mark.parametrize("occasion", list(Occasion))
def test_a_window_allows_what_the_rules_say_and_no_more(
    database: Database, follower_id: int, occasion: Occasion
) -> None:
    allowed = limits().windows[occasion]
    opens(database, occasion)
    last = NOW + allowed.lasts - SECOND
    assert spends(database, follower_id, last, times=allowed.messages) == [True] * allowed.messages
    assert spends(database, follower_id, last) == [False]


@pytest.mark.parametrize("occasion", list(Occasion))
def test_a_window_closes_when_its_time_is_over(
    database: Database, follower_id: int, occasion: Occasion
) -> None:
    opens(database, occasion)
    assert spends(database, follower_id, NOW + limits().windows[occasion].lasts) == [False]
    assert used(database) == {occasion.value: 0}


def test_the_rules_are_five_after_a_message_and_three_within_a_minute_of_a_click() -> None:
    rules = limits().windows
    assert (rules[Occasion.MESSAGE].messages, rules[Occasion.MESSAGE].lasts) == (5, 48 * HOUR)
    assert (rules[Occasion.CLICK].messages, rules[Occasion.CLICK].lasts) == (3, MINUTE)


def test_the_window_that_closes_first_is_used_first(database: Database, follower_id: int) -> None:
    opens(database, Occasion.MESSAGE)
    opens(database, Occasion.CLICK)
    assert spends(database, follower_id, NOW, times=3) == [True] * 3
    assert used(database) == {"click": 3, "message": 0}
    assert spends(database, follower_id, NOW, times=6) == [True] * 5 + [False]


def test_a_newer_message_opens_the_window_anew_and_an_older_one_changes_nothing(
    database: Database, follower_id: int
) -> None:
    opens(database, Occasion.MESSAGE)
    spends(database, follower_id, NOW, times=5)
    for at in (NOW, NOW - HOUR):
        opens(database, Occasion.MESSAGE, at)
        assert spends(database, follower_id, NOW) == [False]
    opens(database, Occasion.MESSAGE, NOW + SECOND)
    assert spends(database, follower_id, NOW + SECOND) == [True]


def test_many_at_once_never_spend_more_than_there_is(database: Database, follower_id: int) -> None:
    opens(database, Occasion.MESSAGE)
    opens(database, Occasion.CLICK)
    together = Barrier(8)

    def spend(_number: int) -> list[bool]:
        together.wait()
        return spends(database, follower_id, NOW, times=2)

    with ThreadPoolExecutor(8) as pool:
        results = [one for many in pool.map(spend, range(8)) for one in many]
    assert sum(results) == 8
    assert used(database) == {"click": 3, "message": 5}


def test_who_left_has_no_window(database: Database, follower_id: int) -> None:
    opens(database, Occasion.MESSAGE)
    with database.begin() as session:
        followers.leave(session, follower_id, at=int(NOW.timestamp()))
        windows.close(session, follower_id)
    opens(database, Occasion.MESSAGE, NOW + SECOND)
    assert spends(database, follower_id, NOW + SECOND) == [False]
    assert used(database) == {}


def test_a_window_of_nobody_we_know_is_no_window(database: Database) -> None:
    opens(database, Occasion.MESSAGE)
    assert used(database) == {}


def test_what_followers_did_reaches_the_ledger_through_the_buffer(database: Database) -> None:
    activity = Activity(database)
    for told, at in (
        (xml(Content="a"), NOW),
        (xml(Content="b"), NOW + SECOND),
        (an_event("CLICK", EventKey="k"), NOW),
    ):
        activity.note(read(told), at)
    activity.close()
    with database.reads() as connection:
        rows = connection.execute(select(ServiceWindow.occasion, ServiceWindow.opened_at))
        assert set(map(tuple, rows)) == {("message", NOW + SECOND), ("click", NOW)}
