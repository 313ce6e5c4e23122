"""What becomes of lookups after ninety days: sums for each day, without anybody's keyed hash."""

from collections import Counter
from datetime import date, timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from wx_archive.core.database import insert_into
from wx_archive.lookup import figures
from wx_archive.lookup.models import Channel, Label, LookupEvent, LookupSum, What

KEPT: Final = timedelta(days=90)
COLUMNS: Final = ("day", "channel", "what", "kind", "label", "words")
SumKey = tuple[date, str, str, str, str, str]


def due_day(session: Session, *, today: date) -> date | None:
    """Return the oldest day that must be folded, if there is one."""
    oldest = session.scalar(select(func.min(LookupEvent.day)))
    return oldest if oldest is not None and oldest < today - KEPT else None


def fold(session: Session, day: date) -> int:
    """Turn the lookups of a day into sums in this transaction; return how many they were.

    Words that fewer than `figures.MIN_PEOPLE` people have asked for, on that day and on all days
    since together, are summed up as `Label.RARE`. Running it twice changes nothing: only the one
    that deletes a row adds it.
    """
    people = figures.people_of_words(day)
    words = session.scalars(select(people.c.words).where(people.c.people >= figures.MIN_PEOPLE))
    shown = frozenset(words)
    gone = session.execute(
        delete(LookupEvent)
        .where(LookupEvent.day == day)
        .returning(
            LookupEvent.channel,
            LookupEvent.what,
            LookupEvent.kind,
            LookupEvent.label,
            LookupEvent.words,
            LookupEvent.found,
            LookupEvent.person_key,
        )
    ).all()
    counts: Counter[SumKey] = Counter()
    empties: Counter[SumKey] = Counter()
    for channel, what, kind, label, text, found, _person in gone:
        key = (day, channel, what, kind, *_told(what, label, text, shown))
        counts[key] += 1
        empties[key] += what == What.ASKED and found == 0
    if people_there := len({row.person_key for row in gone} - {None}):
        counts[day, Channel.CHAT, What.PEOPLE, "", Label.NONE, ""] = people_there
    _add(session, counts, empties)
    return len(gone)


def _told(what: str, label: str, text: str, shown: frozenset[str]) -> tuple[str, str]:
    """Return the label and the words that stay."""
    if what != What.ASKED:
        return Label.NONE, ""
    if label == Label.NONE and text not in shown:
        return Label.RARE, ""
    return label, text


def _add(session: Session, counts: Counter[SumKey], empties: Counter[SumKey]) -> None:
    if not counts:
        return
    insert = insert_into(session, LookupSum)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=list(COLUMNS),
            set_={
                "count": LookupSum.count + insert.excluded.count,
                "empties": LookupSum.empties + insert.excluded.empties,
            },
        ),
        [
            dict(zip(COLUMNS, key, strict=True)) | {"count": count, "empties": empties[key]}
            for key, count in sorted(counts.items())
        ],
    )
