"""People who ask: notes of the past, written as the product writes them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from wx_archive.catalogue.rules import Kind
from wx_archive.core.database import Database
from wx_archive.lookup.models import Channel, LookupEvent, LookupSum, What
from wx_archive.lookup.usage import Noted, Usage

SECRET = "a-secret"
TODAY = date(2026, 11, 23)
PEOPLE = tuple(f"oPerson{number}" for number in range(9))
_numbers = iter(range(1, 1_000_000))


def noon(day: date) -> datetime:
    """Return noon of a Shanghai day."""
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def asked(
    words: str, who: str = PEOPLE[0], *, days_ago: int = 0, found: int = 3, page: int = 1
) -> Noted:
    """Return a question of the chat."""
    what = What.ASKED if page == 1 else What.TURNED
    return Noted(noon(ago(days_ago)), Channel.CHAT, what, None, words, found, page, who)


def by_all(words: str, people: int, *, days_ago: int = 0, found: int = 3) -> list[Noted]:
    """Return the same question of several people."""
    return [asked(words, who, days_ago=days_ago, found=found) for who in PEOPLE[:people]]


def read_on_page(words: str, *, days_ago: int = 0, found: int = 3) -> Noted:
    """Return a question on the search page."""
    at = noon(ago(days_ago))
    return Noted(at, Channel.H5, What.ASKED, None, words, found, nonce=next(_numbers))


def opened(kind: Kind, pid: str, who: str = PEOPLE[0], *, days_ago: int = 0) -> Noted:
    """Return that somebody opened an entry."""
    return Noted(noon(ago(days_ago)), Channel.CHAT, What.OPENED, kind, pid, openid=who)


def write(database: Database, *noted: Noted | Iterable[Noted]) -> None:
    """Write notes through the product's buffer."""
    usage = Usage(database, SECRET)
    for each in noted:
        usage.take([each] if isinstance(each, Noted) else each)
    usage.close()


def events(database: Database) -> list[LookupEvent]:
    """Return every lookup in the table, in the order of days, words and people."""
    order = (LookupEvent.day, LookupEvent.words, LookupEvent.person_key)
    with database.begin() as session:
        return list(session.scalars(select(LookupEvent).order_by(*order)))


def sums(database: Database) -> list[tuple[object, ...]]:
    """Return what, label, words, count and empties of every sum."""
    columns = (LookupSum.what, LookupSum.label, LookupSum.words)
    query = select(*columns, LookupSum.count, LookupSum.empties)
    with database.reads() as connection:
        return sorted(tuple(row) for row in connection.execute(query))
