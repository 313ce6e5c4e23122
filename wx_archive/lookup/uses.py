"""人次 and 件次 of the chat and the web, counted anew from the rows each time they are asked for.

Definitions (docs/sources.md#use):

- 人次 in the chat: a follower counts once on each Shanghai day on which they looked something up,
  turned a page or opened an entry, as a visitor to the reading room counts once a visit.
- 人次 on the web: nobody is known there, so every lookup counts; who comes from the chat to an
  entry's page was counted in the chat.
- 件次: entries that were handed over. In the chat an entry counts once for each person and day;
  on the web, where nobody is known, each time its page was shown.

Both follow from the rows of the last ninety days as from the sums of those before: what `folding`
adds up is what is counted here (`rebuild` proves it).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from wx_archive.lookup.models import Channel, LookupEvent, LookupSum, What
from wx_archive.staff.plugs import Use, UseChannel

_Table = type[LookupEvent | LookupSum]
CHANNELS: Final[Mapping[Channel, UseChannel]] = {
    Channel.CHAT: UseChannel.CHAT,
    Channel.H5: UseChannel.H5,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """How much was looked up on a day in one channel.

    Attributes:
        lookups: questions; the same question of one person counts once a day.
        empties: those that found nothing.
    """

    day: date
    channel: Channel
    lookups: int
    empties: int


def uses(connection: Connection, first: date, last: date) -> list[Use]:
    """Return 人次 and 件次 by day and channel; what nobody used is left out."""
    found: dict[tuple[date, Channel], tuple[int, int]] = {}
    for row in (*connection.execute(_live(first, last)), *connection.execute(_folded(first, last))):
        for channel, people, items in (
            (Channel.CHAT, row.people, row.chat_opened),
            (Channel.H5, row.web_asked, row.web_opened),
        ):
            old = found.get((row.day, channel), (0, 0))
            found[row.day, channel] = (old[0] + int(people), old[1] + int(items))
    return [
        Use(day, CHANNELS[channel], people, items)
        for (day, channel), (people, items) in sorted(found.items())
        if people or items
    ]


def asked(connection: Connection, first: date, last: date) -> Sequence[Asked]:
    """Return what was looked up by day and channel; days without any are left out."""
    found: dict[tuple[date, Channel], tuple[int, int]] = {}
    for table in (LookupEvent, LookupSum):
        for row in connection.execute(_questions(table, first, last)):
            for channel, lookups, empties in (
                (Channel.CHAT, row.chat, row.chat_empty),
                (Channel.H5, row.web, row.web_empty),
            ):
                old = found.get((row.day, channel), (0, 0))
                found[row.day, channel] = (old[0] + int(lookups), old[1] + int(empties))
    return [Asked(*key, *numbers) for key, numbers in sorted(found.items()) if numbers[0]]


def _live(first: date, last: date) -> Select[*tuple[Any, ...]]:
    people = func.count(LookupEvent.person_key.distinct())
    return _of_days(LookupEvent, first, last, people=people)


def _folded(first: date, last: date) -> Select[*tuple[Any, ...]]:
    people = _when(LookupSum, What.PEOPLE, Channel.CHAT)
    uses_only = LookupSum.what.in_((What.PEOPLE, What.OPENED, What.ASKED))
    return _of_days(LookupSum, first, last, people=people).where(uses_only)


def _of_days(
    table: _Table, first: date, last: date, *, people: ColumnElement[int]
) -> Select[*tuple[Any, ...]]:
    """Return one row a day, in the order of the index: nothing is sorted."""
    chosen: Select[*tuple[Any, ...]] = select(
        table.day,
        people.label("people"),
        _when(table, What.OPENED, Channel.CHAT).label("chat_opened"),
        _when(table, What.ASKED, Channel.H5).label("web_asked"),
        _when(table, What.OPENED, Channel.H5).label("web_opened"),
    )
    return chosen.where(table.day.between(first, last)).group_by(table.day)


def _questions(table: _Table, first: date, last: date) -> Select[*tuple[Any, ...]]:
    chosen: Select[*tuple[Any, ...]] = select(
        table.day,
        _when(table, What.ASKED, Channel.CHAT).label("chat"),
        _when(table, What.ASKED, Channel.H5).label("web"),
        _when(table, What.ASKED, Channel.CHAT, only_empty=True).label("chat_empty"),
        _when(table, What.ASKED, Channel.H5, only_empty=True).label("web_empty"),
    )
    return chosen.where(table.day.between(first, last)).group_by(table.day)


def _when(
    table: _Table, what: What, channel: Channel, *, only_empty: bool = False
) -> ColumnElement[int]:
    """Return how often something was done in a channel."""
    is_it = (table.what == what) & (table.channel == channel)
    if table is LookupSum:
        counted = LookupSum.empties if only_empty else LookupSum.count
        return func.coalesce(func.sum(case((is_it, counted), else_=0)), 0)
    if only_empty:
        is_it &= LookupEvent.found == 0
    return func.sum(case((is_it, 1), else_=0))
