"""Being seen: rows come through a buffer within two seconds and cost a question nothing."""

import time
from datetime import timedelta

import pytest

from tests.chat.conftest import Start
from tests.chat.talks import a_router, follower, followers, reply, typed
from tests.wechat.deliveries import NOW, OPENID
from wx_archive.chat import activity
from wx_archive.chat.activity import Activity
from wx_archive.core import flushing
from wx_archive.core.database import Database
from wx_archive.wechat.inbound import Header, Text


def a_text(openid: str = OPENID) -> Text:
    return Text(Header("gh_test", openid, int(NOW.timestamp()), "m1"), "公积金")


def test_an_unknown_follower_who_asks_gets_a_row_within_two_seconds(
    database: Database, start: Start
) -> None:
    reply(start(database, a_router()), typed("公积金"))
    deadline = time.monotonic() + 2
    while not followers(database) and time.monotonic() < deadline:
        time.sleep(0.05)
    row = follower(database)
    assert row.is_following
    assert row.changed_at == 0


def test_what_was_noted_is_written_at_the_end(database: Database) -> None:
    buffer = Activity(database)
    buffer.note(a_text(), NOW)
    buffer.note(a_text("oOther"), NOW)
    buffer.note(a_text(), NOW + timedelta(minutes=1))
    buffer.close()
    assert followers(database) == 2
    assert follower(database).last_seen_at == NOW + timedelta(minutes=1)


def test_what_cannot_be_written_now_is_written_later(sqlite: Database) -> None:
    buffer = Activity(sqlite)
    with sqlite.begin() as session:  # a first row, so that the table's name may go
        session.connection().exec_driver_sql("ALTER TABLE follower RENAME TO hidden")
    buffer.note(a_text(), NOW)
    buffer.flush()
    with sqlite.begin() as session:
        session.connection().exec_driver_sql("ALTER TABLE hidden RENAME TO follower")
    buffer.close()
    assert follower(sqlite).last_seen_at == NOW


def test_a_full_buffer_takes_nobody_new_but_goes_on_for_those_it_has(sqlite: Database) -> None:
    buffer = Activity(sqlite)
    for number in range(activity.BOUND + 5):
        buffer.note(a_text(f"o{number}"), NOW)
    buffer.note(a_text("o0"), NOW + timedelta(minutes=1))
    buffer.close()
    assert followers(sqlite) == activity.BOUND
    assert follower(sqlite, "o0").last_seen_at == NOW + timedelta(minutes=1)


def test_a_neighbour_that_fails_does_not_end_the_writing(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(flushing, "EVERY_S", 0.02)

    def fail() -> None:
        raise KeyError("not the database's fault")

    buffer = Activity(sqlite, (fail,))
    for number in range(3):
        buffer.note(a_text(f"o{number}"), NOW)
        deadline = time.monotonic() + 5
        while followers(sqlite) <= number and time.monotonic() < deadline:
            time.sleep(0.01)
        assert followers(sqlite) == number + 1
    with pytest.raises(KeyError):
        buffer.close()
    assert "activity.failed" in caplog.text
