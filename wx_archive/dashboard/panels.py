"""The dashboard's own boxes: followers, messages, jobs, the platform; SELECTs made readable."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from wx_archive.chat import figures as messages
from wx_archive.core.clock import SHANGHAI
from wx_archive.core.jobs import Job, JobState
from wx_archive.dashboard import texts
from wx_archive.dashboard.rules import Span
from wx_archive.followers import figures as followers
from wx_archive.followers.figures import Coming
from wx_archive.staff.plugs import Chart, Fact, Panel, Table
from wx_archive.staff.rules import Permission
from wx_archive.wechat.limits import limits
from wx_archive.wechat.models import ApiUsage


def of_followers(connection: Connection, span: Span) -> Panel:
    """Return the box about followers."""
    told = followers.gather(connection, span.first, span.last)
    days = sorted({*told.came, *told.left}, reverse=True)
    nobody = Coming()
    return Panel(
        texts.FOLLOWERS,
        texts.FOLLOWERS_SAY,
        facts=(
            Fact("现在关注", f"{told.following:,} 人"),
            Fact("新来", f"{sum(each.first for each in told.came.values()):,} 人次"),
            Fact("回来", f"{sum(each.again for each in told.came.values()):,} 人次"),
            Fact("取消", f"{sum(told.left.values()):,} 人"),
        ),
        chart=_daily(
            "每天新来的关注者", span, {day: each.first for day, each in told.came.items()}, "人"
        ),
        tables=(
            Table(
                ("日期", "新来", "回来", "取消"),
                [
                    (
                        day.isoformat(),
                        told.came.get(day, nobody).first,
                        told.came.get(day, nobody).again,
                        told.left.get(day, 0),
                    )
                    for day in days
                ],
                caption="有变化的日子",
                empty="这段时间没有人来，也没有人走。",
            ),
            Table(
                ("从哪个场景码来", "新来", "回来"),
                [(scene or texts.NO_SCENE, each.first, each.again) for scene, each in told.scenes],
                caption="怎么来的",
                empty="这段时间没有人来。",
            ),
        ),
    )


def of_messages(connection: Connection, span: Span) -> Panel:
    """Return the box about messages."""
    told = messages.gather(connection, span.first, span.last)
    return Panel(
        texts.MESSAGES,
        texts.MESSAGES_SAY,
        facts=(
            Fact("收到并答复", f"{sum(told.answered.values()):,} 条"),
            Fact("晚到的答复", f"{sum(told.held.values()):,} 条"),
            Fact("没处理好", f"{told.failed:,} 条"),
            Fact("其中还没人看的（不限时间）", f"{told.failed_open:,} 条"),
            Fact("没接上", f"{told.unavailable:,} 次"),
            Fact("拒收（不是微信发的，或读不了）", f"{sum(told.refused.values()):,} 次"),
        ),
        chart=_daily("每天答复的消息", span, told.answered, "条"),
        tables=(
            Table(
                ("内容", "条数"),
                _most_first(told.by_feature, texts.FEATURES),
                caption="答的是什么",
                empty="这段时间没有收到消息。",
            ),
            Table(
                ("晚到的答复", "条数"),
                [
                    (name, told.held[state])
                    for state, name in texts.HELD.items()
                    if state in told.held
                ],
                caption="晚到的答复后来怎样",
                empty="没有晚到的答复。",
            ),
        ),
    )


def of_jobs(connection: Connection) -> Panel:
    """Return the box about the work of the background."""
    by_state = connection.execute(select(Job.state, func.count()).group_by(Job.state))
    counted = {row[0]: int(row[1]) for row in by_state}
    given_up = connection.execute(
        select(Job.kind, func.count())
        .where(Job.state == JobState.DEAD)
        .group_by(Job.kind)
        .order_by(Job.kind)
    )
    return Panel(
        texts.JOBS,
        texts.JOBS_SAY,
        facts=[
            Fact(name, f"{counted.get(state.value, 0):,} 件")
            for state, name in texts.JOB_STATES.items()
        ],
        tables=(
            Table(
                ("种类", "件数"),
                [(row[0], int(row[1])) for row in given_up],
                caption="放弃了的",
                empty="没有放弃了的任务。",
            ),
        ),
        needs=Permission.SYSTEM_READ,
    )


def of_platform(connection: Connection, span: Span, *, now: datetime) -> Panel:
    """Return the box about calls to WeChat's API."""
    by_day = connection.execute(
        select(ApiUsage.day, func.sum(ApiUsage.used))
        .where(ApiUsage.day.between(span.first, span.last))
        .group_by(ApiUsage.day)
    )
    calls = {day: int(used) for day, used in by_day}
    return Panel(
        texts.PLATFORM,
        texts.PLATFORM_SAYS,
        facts=(Fact("调用", f"{sum(calls.values()):,} 次"),),
        chart=_daily("每天调用微信接口", span, calls, "次"),
        tables=(
            Table(
                ("接口", "今天用了", "每天限额", "叫停到"),
                _quotas(connection, now=now),
                caption="今天的额度",
            ),
        ),
        needs=Permission.SYSTEM_READ,
    )


def _quotas(connection: Connection, *, now: datetime) -> list[tuple[str, int, int | str, str]]:
    """Return every call that has a limit or was made today, by its name."""
    today = now.astimezone(SHANGHAI).date()
    known = limits().quotas
    rows = {
        row.path: row
        for row in connection.execute(select(ApiUsage.__table__).where(ApiUsage.day == today))
    }
    lines = []
    for path in {*known, *rows}:
        row, quota = rows.get(path), known.get(path)
        lines.append(
            (
                quota.name if quota else path,
                int(row.used) if row else 0,
                quota.per_day if quota else "不知道",
                _until(row.stopped_until if row else None, now=now),
            )
        )
    return sorted(lines, key=lambda line: (-line[1], line[0]))


def _until(stop: datetime | None, *, now: datetime) -> str:
    return f"{stop.astimezone(SHANGHAI):%m-%d %H:%M}" if stop is not None and stop > now else ""


def _daily(title: str, span: Span, counts: Mapping[date, int], unit: str) -> Chart:
    return Chart(title, [(day.isoformat(), counts.get(day, 0)) for day in span.each()], unit)


def _most_first(counts: Mapping[str, int], names: Mapping[str, str]) -> Sequence[tuple[str, int]]:
    lines = [(names.get(key, key), count) for key, count in counts.items()]
    return sorted(lines, key=lambda line: (-line[1], line[0]))
