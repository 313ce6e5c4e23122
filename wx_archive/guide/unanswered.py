"""Words that found nothing, as staff see them: grouped, with what was done about them."""

import secrets
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.orm import Session

from wx_archive.catalogue.words import sounds
from wx_archive.chat.models import Tally
from wx_archive.guide import keywords, rules
from wx_archive.guide.keywords import Listed, Others
from wx_archive.guide.models import IgnoredWord, State
from wx_archive.guide.rules import Group, key_of

UNANSWERED: Final = "guide.unanswered"
"""The route that answers what nothing else does, as the tallies call it."""
KEY_LENGTH: Final = 200
_EVERY: Final = 10_000
_STANDS: Final = (State.RELEASED, State.WAITING, State.REFUSED, State.DRAFT)
"""What is said of a word that several replies have: the first of these."""


@dataclass(frozen=True, slots=True)
class Line:
    """A group of words, and the reply that one of them has or may soon have.

    Attributes:
        hidden_id: of the note that staff need not see it; None while they do.
    """

    group: Group
    reply: Listed | None
    hidden_id: int | None = None
    hidden_until: date | None = None


def lines(connection: Connection, others: Others, *, today: date, weeks: int) -> list[Line]:
    """Return the groups of the last ``weeks`` weeks; those without a reply come first."""
    spans = rules.weeks_of(today, weeks)
    table = sounds.table(connection)
    groups = rules.group(
        others.empties(connection, spans[0][0], today),
        [others.empties(connection, first, last) for first, last in spans],
        begins=spans[0][0],
        sound=lambda word: sounds.sound(sounds.syllables(word, table)),
    )
    replies = _replies(connection)
    hidden = _hidden(connection, today)
    found = []
    for group in groups:
        reply = next(
            (replies[key] for word in group.words if (key := key_of(word)) in replies), None
        )
        found.append(Line(group, reply, *hidden.get(group.key[:KEY_LENGTH], (None, None))))
    return sorted(found, key=lambda line: line.reply is not None)


def ignore(session: Session, word: str, *, today: date) -> int:
    """Hide the words that sound like this one for ninety days; return the note's number."""
    table = sounds.table(session.connection())
    key = sounds.sound(sounds.syllables("".join(word.split()), table))[:KEY_LENGTH]
    session.execute(
        delete(IgnoredWord).where((IgnoredWord.until <= today) | (IgnoredWord.key == key))
    )
    number = secrets.randbits(62)
    note = IgnoredWord(id=number, key=key, until=today + rules.IGNORED_FOR)
    session.add(note)
    session.flush()
    return number


def show_again(session: Session, number: int) -> bool:
    """Show a group again; tell whether it was hidden."""
    note = session.get(IgnoredWord, number)
    if note is not None:
        session.delete(note)
    return note is not None


def tallies(connection: Connection, today: date) -> tuple[int, int]:
    """Return how many messages nothing answered in the last seven days, and in those before."""
    spans = rules.weeks_of(today, 2)
    before, now = (
        connection.execute(
            select(func.coalesce(func.sum(Tally.count), 0)).where(
                Tally.name == "answered", Tally.label == UNANSWERED, Tally.day.between(*span)
            )
        ).scalar_one()
        for span in spans
    )
    return int(now), int(before)


def _replies(connection: Connection) -> dict[str, Listed]:
    """Return the replies that count or may soon, by their keywords."""
    every = keywords.listed(connection, _STANDS, limit=_EVERY)
    found: dict[str, Listed] = {}
    for reply in sorted(every, key=lambda reply: _STANDS.index(reply.state)):
        for word in reply.words:
            found.setdefault(key_of(word), reply)
    return found


def _hidden(connection: Connection, today: date) -> dict[str, tuple[int, date]]:
    rows = connection.execute(
        select(IgnoredWord.key, IgnoredWord.id, IgnoredWord.until).where(IgnoredWord.until > today)
    )
    return {key: (number, until) for key, number, until in rows}
