"""Alerts about uploads, in one sentence each."""

from datetime import datetime

from wx_archive.core import clock


def about_to_be_lost(count: int, first: datetime, last: datetime) -> str:
    """Say how many files were not fetched, and until when WeChat holds them."""
    until = _moment(first) if first == last else f"{_moment(first)}到{_moment(last)}"
    return f"市民发来的 {count} 件珍档还没有从微信取到，微信只留到 {until}，请查网络和接口权限"


def overdue(count: int) -> str:
    """Say how many uploads wait for longer than was promised."""
    return f"{count} 份珍档过了该办的日子"


def _moment(instant: datetime) -> str:
    local = instant.astimezone(clock.SHANGHAI)
    return f"{local.month}月{local.day}日{local:%H:%M}"
