"""A conversation without a wire: routers of the test's own, messages as values."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar
from xml.etree import ElementTree as ET

from sqlalchemy import insert, select

from tests.wechat.deliveries import NOW, OPENID, an_event, xml
from wx_archive.chat.answering import DEADLINE_S, Answering
from wx_archive.chat.models import DeadLetter, HandledMessage
from wx_archive.chat.router import Dispatcher, Router
from wx_archive.chat.turn import Turn
from wx_archive.core.database import Database
from wx_archive.core.schema import installation
from wx_archive.core.site import Site
from wx_archive.core.store import Store
from wx_archive.followers.models import Follower
from wx_archive.wechat import decoder, inbound
from wx_archive.wechat.replies import Reply, TextReply

SITE = Site(Path(__file__).parents[2], "http://127.0.0.1:8000", is_demo=True)
EFFECT = "effect"


@dataclass(frozen=True)
class Asking:
    """A question is open."""

    number: int
    name: ClassVar[str] = "asking"
    version: ClassVar[int] = 1
    lasts: ClassVar[timedelta] = timedelta(minutes=10)


def says(reply: str) -> Any:
    """Return a handler that always says the same."""

    def handler(_turn: Turn[Any]) -> Reply:
        return TextReply(reply)

    handler.__name__ = f"says_{reply}"
    return handler


def a_router(feature: str = "own") -> Router:
    """Return a router with the one handler that every conversation needs."""
    router = Router(feature)
    router.otherwise(says("otherwise"))
    return router


def an_answering(
    database: Database, store: Store, router: Router, *, deadline_s: float = DEADLINE_S
) -> Answering:
    return Answering(
        dispatcher=Dispatcher([router]),
        database=database,
        store=store,
        site=SITE,
        secret="s",
        deadline_s=deadline_s,
    )


def do_effect(turn: Turn[Any]) -> None:
    """Leave a trace in the effect's own transaction."""
    turn.session.execute(insert(installation).values(name=secrets.token_hex(8), value=EFFECT))


def read(text: str) -> inbound.Inbound:
    return decoder.decode(text.encode())


def reply(answering: Answering, told: str, *, later_s: float = 0) -> bytes:
    """Deliver one message, perhaps some seconds later than the first time."""
    now = NOW + timedelta(seconds=later_s)
    return answering.reply_to(read(told), told.encode(), now=now)


def words(answer: bytes) -> str:
    return ET.fromstring(answer).findtext("Content", "")  # noqa: S314 -- our own


def typed(text: str, *, number: int = 1, **nodes: Any) -> str:
    return xml(Content=text, MsgId=str(number), **nodes)


def tapped(key: str, **nodes: Any) -> str:
    return an_event("CLICK", EventKey=key, **nodes)


def effects(database: Database) -> int:
    return len(_rows(database, select(installation.c.name).where(installation.c.value == EFFECT)))


def handled(database: Database) -> list[Any]:
    return _rows(database, select(HandledMessage.key, HandledMessage.reply))


def dead_letters(database: Database) -> list[Any]:
    return _rows(database, select(DeadLetter.handler, DeadLetter.cause, DeadLetter.message))


def follower(database: Database, openid: str = OPENID) -> Any:
    (row,) = _rows(database, select(Follower.__table__).where(Follower.openid == openid))
    return row


def followers(database: Database) -> int:
    return len(_rows(database, select(Follower.id)))


def _rows(database: Database, query: Any) -> list[Any]:
    with database.reads() as connection:
        return list(connection.execute(query))
