"""The clock: aware instants, and days as Shanghai counts them."""

from datetime import UTC, date, datetime, timedelta

from wx_archive.core import clock


def test_now_is_aware_and_utc() -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_a_day_ends_at_midnight_in_shanghai() -> None:
    assert clock.day_of(datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC)) == date(2026, 11, 22)
    assert clock.day_of(datetime(2026, 11, 22, 16, 0, tzinfo=UTC)) == date(2026, 11, 23)


def test_today_is_the_day_of_now() -> None:
    before = clock.day_of(clock.now())
    assert before <= clock.today() <= clock.day_of(clock.now())


def test_seconds_make_a_duration() -> None:
    assert clock.seconds(1.5) == timedelta(milliseconds=1_500)
