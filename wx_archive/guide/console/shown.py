"""How people and moments are written on these pages."""

from datetime import datetime

from sqlalchemy import Connection, select

from wx_archive.core.clock import SHANGHAI
from wx_archive.staff.models import Member


def names(connection: Connection) -> dict[str, str]:
    """Return what colleagues call each other, by login."""
    rows = connection.execute(select(Member.login, Member.name))
    return {login: name for login, name in rows}  # noqa: C416 -- rows are no pairs to mypy


def moment(instant: datetime) -> str:
    """Return a moment on Shanghai's clock."""
    there = instant.astimezone(SHANGHAI)
    return f"{there.year}年{there.month}月{there.day}日 {there:%H:%M}"
