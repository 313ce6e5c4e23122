"""Keyword replies for tests: written, released, asked of a conversation that knows them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from tests.talk import NOON, ORIGIN, Talk
from wx_archive import features
from wx_archive.chat.answering import Answering
from wx_archive.core.database import Database
from wx_archive.core.live import Live
from wx_archive.core.site import Site
from wx_archive.core.store import open_store
from wx_archive.guide import keywords, rules
from wx_archive.guide.keywords import Others, Place, Written
from wx_archive.guide.models import KeywordReply
from wx_archive.staff.rules import Person, Role

PROJECT = Path(__file__).parents[2]
EDITOR = Person(1, "editor", "编辑", frozenset({Role.EDITOR}))
REVIEWER = Person(2, "reviewer", "审核", frozenset({Role.REVIEWER}))
BOTH = Person(3, "both", "又编又审", frozenset({Role.EDITOR, Role.REVIEWER}))
TODAY = date(2026, 11, 23)


def others(*, number: str = "兰政发〔2015〕1号") -> Others:
    """Return what other features would know."""

    def is_number(_connection: Connection, words: str, _today: date) -> bool:
        return words == number

    return Others(
        commands=lambda: {"帮助", "下一页", "help"},
        prefixes=lambda: {"查", "文件"},
        is_number=is_number,
        empties=lambda _connection, _first, _last: [],
    )


def a_site(database: Database) -> Site:
    """Return the project's own site with what staff edited of it."""
    return Site(PROJECT, ORIGIN, live=Live(database))


def write(
    database: Database,
    *words: str,
    text: str = "答复，看[[帮助]]",
    by: str = "editor",
    of: int | None = None,
    is_ready: bool = True,
) -> int:
    """Write a reply and hand it on; return its number."""
    with database.begin() as session:
        reply = keywords.find(session, of) if of else None
        written = Written(words, text)
        saved = keywords.save(session, reply, written, is_ready=is_ready, by=by, now=NOON)
        return saved.id


def release(
    database: Database, site: Site, number: int, *, person: Person = REVIEWER, seen: str = ""
) -> None:
    """Release a reply as it stands, or as it was seen."""
    with database.begin() as session:
        reply = keywords.find(session, number)
        assert reply is not None
        place = Place(session.connection(), site, others(), TODAY, keywords.versions_of(reply))
        seen = seen or rules.seal(reply.words, reply.text)
        keywords.release(session, reply, place, person=person, seen=seen, now=NOON, live=site.live)


def withdraw(database: Database, site: Site, number: int) -> None:
    """Withdraw a reply."""
    with database.begin() as session:
        reply = keywords.find(session, number)
        assert reply is not None
        keywords.withdraw(session, reply, live=site.live)


def state_of(database: Database, number: int) -> str:
    """Return how a reply stands."""
    with database.begin() as session:
        reply = session.get(KeywordReply, number)
        assert reply is not None
        return reply.state


@contextmanager
def a_talk(database: Database, site: Site) -> Iterator[Talk]:
    """Yield a conversation with an account that knows what staff edited."""
    store, close = open_store(database, "")
    answering = Answering(
        dispatcher=features.dispatcher(),
        database=database,
        store=store,
        site=site,
        secret="a-secret",
    )
    try:
        yield Talk(answering)
    finally:
        answering.close()
        close()
