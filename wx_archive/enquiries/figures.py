"""Figures of requests: what waits, whether promises are kept, how people come, how they rate it."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, func, select

from wx_archive.core import clock
from wx_archive.enquiries import rules, texts
from wx_archive.enquiries.models import Enquiry, EnquiryItem
from wx_archive.enquiries.queue import is_late
from wx_archive.enquiries.rules import Channel, Kind, State
from wx_archive.staff.plugs import Alert, Fact, Panel, Table, Use, UseChannel
from wx_archive.staff.rules import Permission

QUEUE: Final = "/console/enquiries"
SAYS: Final = (
    "在办的是现在的件数，其余只算所选日子里的。按期：答复日不晚于承诺办结日；"
    "用时：从受理次日到答复日的工作日，等补充和征求意见的日子不算；评分由读者自愿给出。"
)


def alerts(connection: Connection, now: datetime) -> Sequence[Alert]:
    """Return the one alert of a day about requests whose day has passed."""
    today = clock.day_of(now)
    late = select(func.count(), func.min(Enquiry.act_by)).where(is_late(today))
    count, first = connection.execute(late).one()
    if first is None:
        return []
    since = _begin(first + timedelta(days=1))
    title = f"有 {count} 件代查、报错过了期限"
    key = f"enquiries.late:{today.isoformat()}"
    return [Alert(key, title, f"{QUEUE}?late=1", Permission.ENQUIRIES_WORK, since)]


def panels(connection: Connection, first: date, last: date) -> Sequence[Panel]:
    """Return the requests' box of the dashboard."""
    return [
        Panel(
            "代查和报错",
            SAYS,
            facts=_facts(connection, first, last),
            tables=(
                _by_state(connection),
                _by_channel(connection, first, last),
                _ratings(connection, first, last),
            ),
        )
    ]


def uses(connection: Connection, first: date, last: date) -> Sequence[Use]:
    """Return 人次 and 件次 of requests at the desk, by letter and by telephone.

    People are requests filed on a day; items are the entries of the answers given on a day.
    """
    by_staff = Enquiry.channel.in_(sorted(rules.BY_STAFF))
    people: Counter[tuple[date, str]] = Counter()
    filed = select(Enquiry.created_at, Enquiry.channel).where(by_staff, _made_between(first, last))
    for created_at, channel in connection.execute(filed):
        people[clock.day_of(created_at), channel] += 1
    answered: Any = Enquiry.answered_on  # not NULL where it lies between two days
    given = (
        select(answered, Enquiry.channel, func.count())
        .join(EnquiryItem, EnquiryItem.enquiry_id == Enquiry.id)
        .where(by_staff, answered.between(first, last))
        .group_by(answered, Enquiry.channel)
    )
    items = {(day, channel): count for day, channel, count in connection.execute(given)}
    return [
        Use(day, UseChannel(channel), people[day, channel], items.get((day, channel), 0))
        for day, channel in sorted(people.keys() | items.keys())
    ]


def _facts(connection: Connection, first: date, last: date) -> tuple[Fact, ...]:
    today_open = select(func.count()).where(Enquiry.state.in_(sorted(rules.OPEN)))
    filed = select(func.count()).where(_made_between(first, last))
    rows = connection.execute(
        select(Enquiry.answered_on, Enquiry.due_on, Enquiry.used_days).where(
            Enquiry.answered_on.between(first, last)
        )
    ).all()
    promised = [row for row in rows if row.due_on is not None]
    kept = sum(row.answered_on <= row.due_on for row in promised)
    used = [row.used_days for row in rows if row.used_days is not None]
    return (
        Fact("在办", connection.execute(today_open).scalar_one(), QUEUE),
        Fact("新提出", connection.execute(filed).scalar_one()),
        Fact("已答复", len(rows)),
        Fact("按期答复", f"{kept * 100 // len(promised)}%" if promised else "还没有"),
        Fact("用时的中位数", f"{median(used):g} 个工作日" if used else "还没有"),
    )


def _by_state(connection: Connection) -> Table:
    rows = connection.execute(
        select(Enquiry.state, Enquiry.kind, func.count())
        .where(Enquiry.state.not_in(sorted(rules.OVER)))
        .group_by(Enquiry.state, Enquiry.kind)
    )
    found = {(State(state), Kind(kind)): count for state, kind, count in rows}
    order = [state for state in State if any((state, kind) in found for kind in Kind)]
    return Table(
        ("办到哪一步", *texts.KINDS.values()),
        [
            (rules.label(Kind.SEARCH, state), *(found.get((state, kind), 0) for kind in Kind))
            for state in order
        ],
        caption="现在没有办结的",
        empty="没有在办的。",
    )


def _by_channel(connection: Connection, first: date, last: date) -> Table:
    rows = connection.execute(
        select(Enquiry.channel, func.count())
        .where(_made_between(first, last))
        .group_by(Enquiry.channel)
    )
    found = {Channel(channel): count for channel, count in rows}
    return Table(
        ("从哪里来", "件数"),
        [(texts.CHANNELS[channel], found[channel]) for channel in Channel if channel in found],
        caption="新提出的",
        empty="这些日子没有新提出的。",
    )


def _ratings(connection: Connection, first: date, last: date) -> Table:
    rows = connection.execute(
        select(Enquiry.rating, func.count())
        .where(Enquiry.answered_on.between(first, last), Enquiry.rating.is_not(None))
        .group_by(Enquiry.rating)
    )
    found = {score: count for score, count in rows if score is not None}
    return Table(
        ("评分", "件数"),
        [
            (f"{score} {texts.SCORES[score]}", found[score])
            for score in reversed(rules.RATINGS)
            if score in found
        ],
        caption="读者怎么评",
        empty="还没有读者评价。",
    )


def _made_between(first: date, last: date) -> ColumnElement[bool]:
    return Enquiry.created_at.between(
        _begin(first), _begin(last + timedelta(days=1)) - timedelta(microseconds=1)
    )


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), clock.SHANGHAI).astimezone(UTC)
