"""Lookups that found nothing, as the statistics keep them."""

from datetime import date

from wx_archive.chat.models import Tally
from wx_archive.core.database import Database
from wx_archive.guide.unanswered import UNANSWERED
from wx_archive.lookup.models import Channel, LookupEvent, What


def ask(database: Database, words: str, *people: str, day: date, found: int = 0) -> None:
    """Have each of these people look up some words on a day."""
    with database.begin() as session:
        for person in people:
            number = abs(hash((words, person, day))) % 2**62
            session.add(
                LookupEvent(
                    id=number,
                    day=day,
                    channel=Channel.CHAT,
                    what=What.ASKED,
                    words=words,
                    found=found,
                    person_key=person,
                )
            )


def leave_unanswered(database: Database, count: int, *, day: date) -> None:
    """Have so many messages answered by nothing."""
    with database.begin() as session:
        session.add(Tally(day=day, name="answered", label=UNANSWERED, count=count))
