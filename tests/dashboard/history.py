"""A year of lookups, as if they had happened: what was asked, opened and by how many."""

from collections.abc import Iterator
from datetime import date, timedelta

from tests.lookup.asking import PEOPLE, TODAY, ago, asked, by_all, noon, opened, read_on_page
from wx_archive.catalogue.rules import Kind
from wx_archive.core.database import Database
from wx_archive.lookup import folding
from wx_archive.lookup.models import Channel, What
from wx_archive.lookup.usage import Noted

_nonces = iter(range(10_000_000, 20_000_000))


def seen_on_page(kind: Kind, pid: str, *, days_ago: int = 0) -> Noted:
    """Return that the page of an entry was shown to somebody."""
    return Noted(noon(ago(days_ago)), Channel.H5, What.OPENED, kind, pid, nonce=next(_nonces))


def a_day(days_ago: int) -> Iterator[Noted]:
    """Yield a day: 4 people in the chat with 5 entries, 2 lookups on the web with 3."""
    yield from by_all("公积金", 3, days_ago=days_ago)
    yield from by_all("地铁", 2, days_ago=days_ago, found=0)
    yield asked("公积金", days_ago=days_ago, page=2)
    for who, pid in ((0, "a"), (0, "a"), (0, "b"), (1, "a"), (1, "c")):
        yield opened(Kind.RECORD, pid, PEOPLE[who], days_ago=days_ago)
    yield opened(Kind.DOCUMENT, "d", PEOPLE[8], days_ago=days_ago)
    yield read_on_page("公积金", days_ago=days_ago)
    yield read_on_page("张三", days_ago=days_ago, found=0)
    for pid in ("a", "a", "d"):
        yield seen_on_page(Kind.RECORD, pid, days_ago=days_ago)


def fold(database: Database, *, today: date = TODAY) -> int:
    """Fold every day that is due, as the worker does at night; return how many these were."""
    days = 0
    while True:
        with database.begin() as session:
            day = folding.due_day(session, today=today)
            if day is None:
                return days
            folding.fold(session, day)
            days += 1


def all_folded(database: Database) -> int:
    """Fold every day there is."""
    return fold(database, today=TODAY + timedelta(days=400))
