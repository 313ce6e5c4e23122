"""Figures about messages: how many were answered, by whom, and what did not go as it should.

Sums that were written beside the answers, and the rows of what is kept or failed; nothing here
says who wrote or what.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from wx_archive.chat.models import DeadLetter, HeldAnswer, HeldState, Tally
from wx_archive.core import clock

ANSWERED: Final = "answered"
REFUSED: Final = "refused"
UNAVAILABLE: Final = "unavailable"


@dataclass(frozen=True, slots=True)
class MessageFigures:
    """Messages and events from one Shanghai day to another, both included.

    Attributes:
        answered: by day, days without any left out.
        by_feature: answered, by the feature that did.
        refused: deliveries that were not WeChat's or not fit to read, by reason.
        unavailable: deliveries that got no answer because the database was away; WeChat comes
            again, so that these may be answered too.
        held: answers that came too late to be given at once, by what became of them; they are
            kept for thirty days.
        failed: messages that a handler failed on.
        failed_open: those that nobody has looked after yet, of all days.
    """

    answered: Mapping[date, int]
    by_feature: Mapping[str, int]
    refused: Mapping[str, int]
    unavailable: int
    held: Mapping[HeldState, int]
    failed: int
    failed_open: int


def gather(connection: Connection, first: date, last: date) -> MessageFigures:
    """Return the figures of the days."""
    return MessageFigures(
        answered=answered(connection, first, last),
        by_feature=_by_feature(_by_label(connection, ANSWERED, first, last)),
        refused=_by_label(connection, REFUSED, first, last),
        unavailable=sum(_by_label(connection, UNAVAILABLE, first, last).values()),
        held=held(connection, first, last),
        failed=failed(connection, first, last),
        failed_open=failed_open(connection),
    )


def answered(connection: Connection, first: date, last: date) -> dict[date, int]:
    """Return how many messages and events were answered on each day."""
    rows = connection.execute(
        select(Tally.day, func.sum(Tally.count))
        .where(Tally.day.between(first, last), Tally.name == ANSWERED)
        .group_by(Tally.day)
    )
    return {day: int(count) for day, count in rows}


def held(connection: Connection, first: date, last: date) -> dict[HeldState, int]:
    """Return what became of the answers that were kept back on these days."""
    begin, end = _instants(first, last)
    rows = connection.execute(
        select(HeldAnswer.state, func.count())
        .where(HeldAnswer.created_at >= begin, HeldAnswer.created_at < end)
        .group_by(HeldAnswer.state)
    )
    return {HeldState(state): int(count) for state, count in rows}


def failed(connection: Connection, first: date, last: date) -> int:
    """Return how many messages a handler failed on."""
    begin, end = _instants(first, last)
    query = select(func.count()).where(DeadLetter.failed_at >= begin, DeadLetter.failed_at < end)
    return connection.execute(query).scalar_one()


def failed_open(connection: Connection) -> int:
    """Return how many of them nobody has looked after yet."""
    query = select(func.count()).where(DeadLetter.state == "open")
    return connection.execute(query).scalar_one()


def _by_label(connection: Connection, name: str, first: date, last: date) -> dict[str, int]:
    rows = connection.execute(
        select(Tally.label, func.sum(Tally.count))
        .where(Tally.day.between(first, last), Tally.name == name)
        .group_by(Tally.label)
    )
    return {label: int(count) for label, count in rows}


def _by_feature(by_route: Mapping[str, int]) -> dict[str, int]:
    """Return the sums by the folder that the route belongs to: ``lookup.open_tapped``."""
    found: dict[str, int] = {}
    for route, count in by_route.items():
        feature = route.partition(".")[0]
        found[feature] = found.get(feature, 0) + count
    return found


def _instants(first: date, last: date) -> tuple[datetime, datetime]:
    """Return when the first day begins and when the last one is over."""
    after = last + timedelta(days=1)
    return (
        datetime(first.year, first.month, first.day, tzinfo=clock.SHANGHAI),
        datetime(after.year, after.month, after.day, tzinfo=clock.SHANGHAI),
    )
