"""The only clock of the product: aware UTC instants and Shanghai calendar days."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 -- this is the clock the ban points to


def today() -> date:
    """Return the present day in the Shanghai calendar."""
    return day_of(now())


def day_of(instant: datetime) -> date:
    """Return the Shanghai calendar day an aware ``instant`` falls on."""
    return instant.astimezone(SHANGHAI).date()


def seconds(count: float) -> timedelta:
    """Return a duration of ``count`` seconds."""
    return timedelta(seconds=count)
