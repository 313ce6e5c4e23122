"""Figures about what people ask, for the dashboard; definitions stand with each of them.

Counted is what was asked, and the number of public entries that the asker was told of: nothing
here was read from the catalogue, so that nothing hidden can show. A *lookup* is one person asking
for the same words in the same scope on one Shanghai day, however often; on the web, where nobody
is known, every page shown. Words appear only when at least `MIN_PEOPLE` different followers asked
for them. One person has another keyed hash each month, so people are counted month by month and
the fullest month stands; the web's readers count as nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    case,
    extract,
    func,
    literal,
    null,
    select,
    union_all,
)

from wx_archive.lookup.models import Channel, Label, LookupEvent, LookupSum, What

MIN_PEOPLE: Final = 3
"""So many different people must have asked for words before anybody reads them."""
TOP: Final = 20
WEEK: Final = timedelta(days=7)
WEEKS_BEFORE: Final = 4
RISING_FLOOR: Final = 5
"""Lookups in this week; less is chance."""
RISING_TIMES: Final = 2
"""How many times the average week before."""


@dataclass(frozen=True, slots=True)
class Term:
    """Words that people asked for.

    Attributes:
        lookups: how often.
        empties: how many of these found nothing.
        people: at least so many different followers.
    """

    words: str
    lookups: int
    empties: int
    people: int


@dataclass(frozen=True, slots=True)
class Rising:
    """Words asked for more than before.

    Attributes:
        this_week: lookups in the last seven days, today included.
        before: lookups in the 28 days before these.
    """

    words: str
    this_week: int
    before: int


@dataclass(frozen=True, slots=True)
class Day:
    """One Shanghai day.

    Attributes:
        lookups: questions, both channels.
        empties: those that found nothing.
        people: different followers who looked something up, turned a page or opened an entry; the
            web's readers are not known.
        by_channel: lookups by `Channel`.
        turned: pages of results past the first.
        opened: cards and pages of entries that were shown, by the entry's kind.
    """

    day: date
    lookups: int = 0
    empties: int = 0
    people: int = 0
    by_channel: Mapping[str, int] = field(default_factory=dict)
    turned: int = 0
    opened: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LookupFigures:
    """Everything about lookups from ``first`` to ``last``, both days included.

    Attributes:
        top: the words asked for most.
        empty: the words that found nothing most often; only those lookups are counted.
        rising: see `rising`; always about the 35 days up to ``last``.
        labelled: lookups whose words are not kept, by `Label`; `RARE` are those asked for by too
            few people to be shown.
    """

    first: date
    last: date
    days: Sequence[Day]
    top: Sequence[Term]
    empty: Sequence[Term]
    rising: Sequence[Rising]
    labelled: Mapping[str, int]


def gather(connection: Connection, *, today: date, days: int) -> LookupFigures:
    """Return the figures of the last ``days`` days, today included."""
    first = today - timedelta(days=days - 1)
    return LookupFigures(
        first=first,
        last=today,
        days=by_day(connection, first, today),
        top=top(connection, first, today),
        empty=top(connection, first, today, only_empty=True),
        rising=rising(connection, today),
        labelled=labelled(connection, first, today),
    )


def top(
    connection: Connection, first: date, last: date, *, only_empty: bool = False, limit: int = TOP
) -> list[Term]:
    """Return the words asked for most, ties by their spelling.

    With ``only_empty`` nothing but lookups that found nothing is counted, people included: words
    that three people asked for in vain.
    """
    terms = _terms(first, last, only_empty=only_empty)
    rows = connection.execute(
        select(terms)
        .where(terms.c.people >= MIN_PEOPLE)
        .order_by(terms.c.lookups.desc(), terms.c.words)
        .limit(limit)
    )
    return [Term(row.words, int(row.lookups), int(row.empties), int(row.people)) for row in rows]


def labelled(connection: Connection, first: date, last: date) -> dict[str, int]:
    """Return the lookups without words to show, by label; words of too few people are `RARE`."""
    found: dict[str, int] = {}
    for model, count in ((LookupEvent, func.count()), (LookupSum, func.sum(LookupSum.count))):
        rows = connection.execute(
            select(model.label, count)
            .where(*_asked(model, first, last), model.label != Label.NONE)
            .group_by(model.label)
        )
        for label, number in rows:
            found[label] = found.get(label, 0) + int(number)
    terms = _terms(first, last)
    few = select(func.coalesce(func.sum(terms.c.lookups), 0)).where(terms.c.people < MIN_PEOPLE)
    rare = int(connection.execute(few).scalar_one()) + found.get(Label.RARE, 0)
    return found | ({Label.RARE: rare} if rare else {})


def rising(connection: Connection, today: date, *, limit: int = TOP) -> list[Rising]:
    """Return the words asked for at least twice as often this week as in an average week before.

    This week is the last seven days, before are the 28 days ahead of them. At least
    `RISING_FLOOR` lookups by `MIN_PEOPLE` people this week; the greatest gain comes first.
    """
    week_begins = today - WEEK + timedelta(days=1)
    begins = week_begins - WEEKS_BEFORE * WEEK
    is_new = LookupEvent.day >= week_begins
    by_month = (
        select(
            LookupEvent.words,
            func.sum(case((is_new, 1), else_=0)).label("week"),
            func.sum(case((is_new, 0), else_=1)).label("before"),
            func.count(case((is_new, LookupEvent.person_key), else_=null()).distinct()).label(
                "people"
            ),
        )
        .where(*_asked(LookupEvent, begins, today), LookupEvent.label == Label.NONE)
        .group_by(LookupEvent.words, _month())
        .subquery()
    )
    week, before = func.sum(by_month.c.week), func.sum(by_month.c.before)
    rows = connection.execute(
        select(by_month.c.words, week, before)
        .group_by(by_month.c.words)
        .having(
            func.max(by_month.c.people) >= MIN_PEOPLE,
            week >= RISING_FLOOR,
            week * WEEKS_BEFORE >= before * RISING_TIMES,
        )
        .order_by((week * WEEKS_BEFORE - before).desc(), by_month.c.words)
        .limit(limit)
    )
    return [Rising(words, int(this_week), int(old)) for words, this_week, old in rows]


def by_day(connection: Connection, first: date, last: date) -> list[Day]:
    """Return every day of the span, days on which nobody asked included."""
    counts: dict[date, dict[tuple[str, str, str], int]] = {}
    empties: dict[date, int] = {}
    for row in connection.execute(_day_counts(first, last)):
        of_day = counts.setdefault(row.day, {})
        key = (row.what, row.channel, row.kind if row.what == What.OPENED else "")
        of_day[key] = of_day.get(key, 0) + int(row.number)
        if row.what == What.ASKED:
            empties[row.day] = empties.get(row.day, 0) + int(row.empties)
    span = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [_a_day(day, counts.get(day, {}), empties.get(day, 0)) for day in span]


def people_of_words(first: date) -> Subquery:
    """Return how many different followers asked for each word since ``first``: at least."""
    by_month = (
        select(LookupEvent.words, func.count(LookupEvent.person_key.distinct()).label("people"))
        .where(
            LookupEvent.day >= first,
            LookupEvent.what == What.ASKED,
            LookupEvent.label == Label.NONE,
        )
        .group_by(LookupEvent.words, _month())
        .subquery()
    )
    return (
        select(by_month.c.words, func.max(by_month.c.people).label("people"))
        .group_by(by_month.c.words)
        .subquery()
    )


def _terms(first: date, last: date, *, only_empty: bool = False) -> Subquery:
    """Return words, lookups, empties and people; words in the sums have had people enough."""
    empty = func.sum(case((LookupEvent.found == 0, 1), else_=0))
    live = (
        select(
            LookupEvent.words.label("words"),
            func.count().label("lookups"),
            empty.label("empties"),
            func.count(LookupEvent.person_key.distinct()).label("people"),
        )
        .where(*_asked(LookupEvent, first, last), LookupEvent.label == Label.NONE)
        .group_by(LookupEvent.words, _month())
    )
    folded = (
        select(
            LookupSum.words,
            func.sum(LookupSum.empties if only_empty else LookupSum.count),
            func.sum(LookupSum.empties),
            literal(MIN_PEOPLE),
        )
        .where(*_asked(LookupSum, first, last), LookupSum.label == Label.NONE)
        .group_by(LookupSum.words)
    )
    if only_empty:
        live = live.where(LookupEvent.found == 0)
        folded = folded.where(LookupSum.empties > 0)
    parts = union_all(live, folded).subquery()
    return (
        select(
            parts.c.words,
            func.sum(parts.c.lookups).label("lookups"),
            func.sum(parts.c.empties).label("empties"),
            func.max(parts.c.people).label("people"),
        )
        .group_by(parts.c.words)
        .subquery()
    )


def _day_counts(first: date, last: date) -> Select[Any]:
    day, what, channel, kind = (
        LookupEvent.day,
        LookupEvent.what,
        LookupEvent.channel,
        LookupEvent.kind,
    )
    live = (
        select(
            day,
            what.label("what"),
            channel.label("channel"),
            kind.label("kind"),
            func.count().label("number"),
            func.sum(case((LookupEvent.found == 0, 1), else_=0)).label("empties"),
        )
        .where(day.between(first, last))
        .group_by(day, what, channel, kind)
    )
    people = (
        select(
            day,
            literal(What.PEOPLE.value),
            literal(Channel.CHAT.value),
            literal(""),
            func.count(LookupEvent.person_key.distinct()),
            literal(0),
        )
        .where(day.between(first, last))
        .group_by(day)
    )
    folded = select(
        LookupSum.day,
        LookupSum.what,
        LookupSum.channel,
        LookupSum.kind,
        LookupSum.count,
        LookupSum.empties,
    ).where(LookupSum.day.between(first, last))
    return select(union_all(live, people, folded).subquery())


def _a_day(day: date, counts: Mapping[tuple[str, str, str], int], empties: int) -> Day:
    def total(what: What) -> int:
        return sum(number for key, number in counts.items() if key[0] == what)

    asked = {key[1]: number for key, number in counts.items() if key[0] == What.ASKED}
    opened: dict[str, int] = {}
    for (what, _channel, kind), number in counts.items():
        if what == What.OPENED:
            opened[kind] = opened.get(kind, 0) + number
    return Day(
        day=day,
        lookups=total(What.ASKED),
        empties=empties,
        people=total(What.PEOPLE),
        by_channel=asked,
        turned=total(What.TURNED),
        opened=opened,
    )


def _asked(
    model: type[LookupEvent | LookupSum], first: date, last: date
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (model.day.between(first, last), model.what == What.ASKED)


def _month() -> ColumnElement[int]:
    return extract("year", LookupEvent.day) * 12 + extract("month", LookupEvent.day)
