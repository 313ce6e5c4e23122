"""Road, audience, quota and hour of a push: what the pre-flight says of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.workdays import Calendar
from wx_archive.publishing import agenda, ledger
from wx_archive.publishing.audiences import Counted
from wx_archive.publishing.calendar import WEEKDAYS
from wx_archive.publishing.ledger import Standing
from wx_archive.publishing.push_models import Push
from wx_archive.publishing.rules import (
    COOLING,
    LATE_BY,
    AudienceKind,
    Delivery,
    PushState,
)
from wx_archive.wechat.account import Capability, Entitlements
from wx_archive.wechat.limits import limits

QUIET_FROM: Final = time(22)
QUIET_UNTIL: Final = time(7)
"""Between them, Shanghai time, nobody wants to be woken by the archives."""
NOT_TOLD: Final = {
    Delivery.PUBLISH: "发布不提醒粉丝，不占群发次数；发布以后在公众号主页和搜一搜里看得到。",
    Delivery.DRAFT: "只存到微信草稿箱，谁也看不到；要发还得到公众平台去发。",
    Delivery.SITE: "只放进菜单和往期，不经过微信，不占次数，不提醒谁。",
}


class Mark(StrEnum):
    """What a check says."""

    GOOD = "good"
    WARNS = "warns"
    BLOCKS = "blocks"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the pre-flight.

    Attributes:
        path: where it is mended; empty where there is nothing to mend.
    """

    mark: Mark
    sentence: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class When:
    """When a push is to leave.

    Attributes:
        due_at: None: now, after the cooling-off.
        latest_at: after it a person is asked; None: ten minutes after its time.
    """

    due_at: datetime | None = None
    latest_at: datetime | None = None

    def leaves_at(self, now: datetime) -> datetime:
        """Return the moment at which the push is due."""
        return self.due_at or now + COOLING

    @property
    def written(self) -> str:
        """The same for the same terms."""
        parts = (self.due_at, self.latest_at)
        return "/".join(part.isoformat() if part else "" for part in parts)


def capability_of(delivery: Delivery, audience: AudienceKind) -> Capability | None:
    """Return what the account must be allowed to do; None where WeChat has no part in it."""
    match delivery:
        case Delivery.SITE:
            return None
        case Delivery.PUBLISH:
            return Capability.FREE_PUBLISH
        case Delivery.DRAFT:
            return Capability.DRAFTS
        case Delivery.MASS:
            by_list = audience is AudienceKind.LIST
            return Capability.MASS_SEND_BY_LIST if by_list else Capability.MASS_SEND_BY_TAG


def refusal(account: Entitlements, delivery: Delivery, audience: AudienceKind) -> str:
    """Return why an account may not send in this way; empty: it may."""
    needed = capability_of(delivery, audience)
    if needed is None:
        return ""
    try:
        account.require(needed)
    except RefusedError as err:
        return str(err)
    return ""


def road(push: Push, counted: Counted | None, account: Entitlements) -> Iterator[Check]:
    """Say whether the account may, whom it reaches, and whom not."""
    delivery, audience = Delivery(push.delivery), AudienceKind(push.audience)
    if why := refusal(account, delivery, audience):
        yield Check(Mark.BLOCKS, f"{why}。", "/console/pushes/new")
    if delivery is not Delivery.MASS:
        yield Check(Mark.GOOD, NOT_TOLD[delivery])
        return
    if counted is None or not counted.total:
        yield Check(Mark.BLOCKS, "这个范围里一个人也没有，请换一个范围。", "/console/pushes/new")
        return
    least = limits().mass_send.list_least
    if audience is AudienceKind.LIST and counted.total < least:
        said = f"按名单群发至少要 {least} 人，现在只有 {counted.total} 人。请放宽条件。"
        yield Check(Mark.BLOCKS, said, "/console/pushes/new")
        return
    yield Check(Mark.GOOD, f"将发给 {counted.total:,} 人。")
    if counted.over_quota:
        most = limits().mass_send.service_per_month
        said = f"其中 {counted.over_quota:,} 人本月已收满 {most} 次，不会收到。"
        yield Check(Mark.WARNS if counted.reached else Mark.BLOCKS, said)


def quota(
    connection: Connection, push: Push, when: When, account: Entitlements, *, now: datetime
) -> Iterator[Check]:
    """Say how the quota stands of the period in which a push would take a place."""
    delivery, audience = Delivery(push.delivery), AudienceKind(push.audience)
    if delivery is not Delivery.MASS:
        return
    leaves_at = when.leaves_at(now)
    scopes = ledger.scopes_for(account, leaves_at, delivery, audience)
    if not scopes:
        said = "按主题或名单群发，不占公众号的次数，占收到的每位粉丝各自的一次。"
        yield Check(Mark.GOOD, said)
        return
    for scope in scopes:
        standing = ledger.standing(connection, scope)
        holders = _titles(connection, standing, but_of=push.pid)
        is_mine = push.scope == scope
        yield _of_period(standing, holders, is_mine=is_mine, today=leaves_at, now=now)


def hours(push: Push, when: When, calendar: Calendar, *, now: datetime) -> Iterator[Check]:
    """Say whether the hour is one at which people like to be told something."""
    if when.due_at is not None and when.due_at <= now:
        yield Check(Mark.BLOCKS, "定的时间已经过了，请选后面的时间，或者现在就发。")
        return
    leaves_at = when.leaves_at(now)
    if when.latest_at is not None and when.latest_at < leaves_at:
        yield Check(Mark.BLOCKS, "最迟发送时间要在发送时间之后。")
        return
    local = leaves_at.astimezone(clock.SHANGHAI)
    if when.due_at is None:
        yield Check(Mark.GOOD, f"确认以后等 {COOLING.seconds} 秒再发，这段时间可以撤回。")
    else:
        late = (when.latest_at or leaves_at + LATE_BY).astimezone(clock.SHANGHAI)
        yield Check(Mark.GOOD, f"{_said(local)} 发；过了 {_said(late)} 还没发出去，就停下来问您。")
    if push.delivery == Delivery.MASS and not QUIET_UNTIL <= local.time() < QUIET_FROM:
        yield Check(Mark.WARNS, "晚上十点到早上七点，群发的提醒会打扰人休息。")
    day = local.date()
    if push.delivery == Delivery.MASS and not calendar.is_workday(day):
        yield Check(Mark.WARNS, f"{day.month}月{day.day}日放假，万一出错，可能没有人在班上处理。")


def _of_period(
    standing: Standing, holders: list[str], *, is_mine: bool, today: datetime, now: datetime
) -> Check:
    """Return the sentence of a period; a place that the push has already is not missing."""
    taken = standing.used + standing.reserved - is_mine
    reserved = standing.reserved - is_mine
    is_full = taken >= standing.limit
    mark = Mark.BLOCKS if is_full else Mark.GOOD
    path = "/console/calendar" if is_full else ""
    held = "、".join(holders)
    if standing.scope.startswith("day:"):
        rule = f"订阅号每天只能群发 {standing.limit} 次。"
        if is_full:
            return Check(mark, f"{rule}{standing.name}已被{held}占用，请换一天。", path)
        return Check(mark, f"{rule}{standing.name}还没有安排。", path)
    rule = f"服务号每位粉丝每月最多收到 {standing.limit} 次群发。"
    month = "本月" if clock.day_of(today).month == clock.day_of(now).month else standing.name
    left = standing.limit - standing.used
    if is_full:
        told = f"{month}已发 {standing.used} 次，还排着 {reserved} 次，没有空位了。"
        return Check(mark, f"{rule}{told}请换一个月，或先取消排着的{held}。", path)
    told = f"{month}还可发 {left} 次" + (f"，其中 {reserved} 次已被{held}占用" if reserved else "")
    return Check(mark, f"{rule}{told}。", path)


def _titles(connection: Connection, standing: Standing, *, but_of: str) -> list[str]:
    """Return the titles of the pushes that hold a place; of a month only those still to come."""
    is_day = standing.scope.startswith("day:")
    others = [pid for pid in standing.holders if pid != but_of]
    waiting = () if is_day else (Push.state.in_((PushState.SCHEDULED, PushState.HELD)),)
    found = agenda.listed(connection, Push.pid.in_(others), *waiting)
    return [f"《{each.title}》" for each in found]


def _said(local: datetime) -> str:
    day = f"{local.month}月{local.day}日 {WEEKDAYS[local.weekday()]}"
    return f"{day} {local:%H:%M}"
