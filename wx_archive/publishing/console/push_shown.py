"""What the pages of pushes have in common: words and marks, and what each of them means."""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from wx_archive.core import clock
from wx_archive.publishing.calendar import WEEKDAYS
from wx_archive.publishing.rules import (
    DELIVERY_NAMES,
    PUSH_STATE_NAMES,
    Delivery,
    PushState,
)

PATH: Final = "/console/pushes"
SHANGHAI: Final = clock.SHANGHAI
MARKS: Final[Mapping[PushState, str]] = {
    PushState.PREPARING: "",
    PushState.SCHEDULED: "wait",
    PushState.SENDING: "wait",
    PushState.SENT: "good",
    PushState.PARTLY: "warn",
    PushState.FAILED: "warn",
    PushState.CANCELLED: "over",
    PushState.HELD: "warn",
}
MEANINGS: Final[Mapping[PushState, str]] = {
    PushState.PREPARING: "选好了稿件，还没有定时间。没有体检、没有确认，什么也不会发出去。",
    PushState.SCHEDULED: "到时间自动发。发之前可以取消或改时间；稿件一改，就停下来等人决定。",
    PushState.SENDING: (
        "已经交给微信，等微信告诉结果，一般几分钟。账号开了群发保护的，还要等管理员在手机上确认。"
    ),
    PushState.SENT: "微信报告发完了。失败的人数里，多半是本月已收满次数或拒收的人。",
    PushState.PARTLY: "有的发到了，有的没有。已经收到的人不会再收一次。",
    PushState.FAILED: "没有发出去，原因写在下面。改好以后另做一次推送。",
    PushState.CANCELLED: "有人取消了，没有发出去，占的次数已经还回去。",
    PushState.HELD: "程序停下来等人决定，决定以前什么也不会发。",
}


def moment(at: datetime | None) -> str:
    """Write a moment as the pages show it: 11月25日 周三 09:00."""
    if at is None:
        return ""
    local = at.astimezone(clock.SHANGHAI)
    return f"{local.month}月{local.day}日 {WEEKDAYS[local.weekday()]} {local:%H:%M}"


def full_moment(at: datetime | None) -> str:
    """Write a moment with its year and seconds, as the history shows it."""
    return "" if at is None else f"{at.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M:%S}"


def hour(at: datetime | None) -> str:
    """Write a moment's time of day: 09:00."""
    return "" if at is None else f"{at.astimezone(clock.SHANGHAI):%H:%M}"


def day(value: date) -> str:
    """Write a day: 11月25日."""
    return f"{value.month}月{value.day}日"


def at_day(at: datetime) -> str:
    """Write the day of a moment: 11月25日."""
    return day(clock.day_of(at))


def people(count: int) -> str:
    """Write a number as buttons have it: 16,203."""
    return f"{count:,}"


def title_of(title: str, count: int) -> str:
    """Return a push's name: its first piece, and how many there are."""
    return f"《{title}》" if count == 1 else f"《{title}》等 {count} 篇"


def state(value: str) -> str:
    """Return a state in Chinese."""
    return PUSH_STATE_NAMES[PushState(value)]


def mark(value: str) -> str:
    """Return the mark beside a state."""
    return MARKS[PushState(value)]


def delivery(value: str) -> str:
    """Return a delivery in Chinese."""
    return DELIVERY_NAMES[Delivery(value)]


SAY: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "moment": moment,
        "full_moment": full_moment,
        "hour": hour,
        "day": day,
        "at_day": at_day,
        "people": people,
        "title": title_of,
        "state": state,
        "mark": mark,
        "delivery": delivery,
        "path": PATH,
    }
)
"""How the pages word what they show."""
