"""What one builds from the tutorials of wechatpy, Flask and SQLAlchemy: one turn, fairly written.

Check and open, deduplicate (SET NX in Redis, else INSERT OR IGNORE in SQLite), load the session
(JSON, wechatpy's storage), read one row of the catalogue through the ORM, keep the session, answer.
No search, no visibility, no log line, no follower, no promise of equal answers to a repeated
message: less than the account does.
"""

import json
import os
import sqlite3
import threading
from typing import Any

from flask import Flask, abort, request
from redis import Redis
from sqlalchemy import String, Text, create_engine, or_, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from wechatpy import create_reply, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException
from wechatpy.session import SessionStorage
from wechatpy.session.redisstorage import RedisStorage
from wechatpy.utils import check_signature

SESSION_S = 1_800
REPEATS_S = 60

setup = json.loads(os.environ.get("BENCHMARK_SETUP", "{}"))  # noqa: TID251 -- an app of its own


class Base(DeclarativeBase):
    """Root of the tables."""


class Entry(Base):
    """One row of the catalogue, or one entry of the menu (then `number` is its key)."""

    __tablename__ = "entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(100), index=True)
    title: Mapped[str] = mapped_column(String(300), index=True)
    issuer: Mapped[str] = mapped_column(String(100))
    dated: Mapped[str] = mapped_column(String(10))
    summary: Mapped[str] = mapped_column(Text)


class SqliteStorage(SessionStorage):
    """wechatpy's storage interface on a file, for who has no Redis; a connection per thread."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._local = threading.local()
        with self.connection as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE seen (id TEXT PRIMARY KEY) WITHOUT ROWID")
            connection.execute("CREATE TABLE session (id TEXT PRIMARY KEY, value TEXT)")

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        if not hasattr(self._local, "connection"):
            self._local.connection = sqlite3.connect(self._path, timeout=10)
            self._local.connection.execute("PRAGMA synchronous=NORMAL")
        connection: sqlite3.Connection = self._local.connection
        return connection

    def get(self, key: str, default: Any = None) -> Any:
        """Return a session."""
        row = self.connection.execute("SELECT value FROM session WHERE id = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else default

    def set(self, key: str, value: Any, ttl: int | None = None) -> None:
        """Keep a session."""
        del ttl
        with self.connection as connection:
            connection.execute("REPLACE INTO session VALUES (?, ?)", (key, json.dumps(value)))

    def add(self, key: str) -> bool:
        """Tell whether the message is seen for the first time."""
        with self.connection as connection:
            found = connection.execute("INSERT OR IGNORE INTO seen VALUES (?)", (key,))
        return found.rowcount == 1


def create_app() -> Flask:
    """Return the application."""
    app = Flask(__name__)
    crypto = WeChatCrypto(setup["token"], setup["aes_key"], setup["app_id"])
    engine = create_engine(setup["catalogue_url"])
    if setup["redis_url"]:
        redis = Redis.from_url(setup["redis_url"])
        storage: Any = RedisStorage(redis)

        def is_new(key: str) -> bool:
            return bool(redis.set(f"seen:{key}", 1, nx=True, ex=REPEATS_S))
    else:
        storage = SqliteStorage(setup["state_path"])
        is_new = storage.add

    @app.post("/wechat")
    def wechat() -> str:
        timestamp, nonce = request.args.get("timestamp", ""), request.args.get("nonce", "")
        try:
            check_signature(setup["token"], request.args.get("signature", ""), timestamp, nonce)
            xml = crypto.decrypt_message(
                request.data, request.args.get("msg_signature", ""), timestamp, nonce
            )
        except (InvalidSignatureException, InvalidAppIdException):
            abort(403)
        message = parse_message(xml)
        if not is_new(str(message.id or f"{message.source}{message.time}")):
            return "success"
        words = message.content if message.type == "text" else message.key
        session = storage.get(message.source, {})
        session["count"] = session.get("count", 0) + 1
        session["last"] = words
        answer = find(words)
        storage.set(message.source, session, SESSION_S)
        reply = create_reply(answer, message)
        return str(crypto.encrypt_message(reply.render(), nonce, timestamp))

    def find(words: str) -> str:
        with Session(engine) as session:
            entry = session.scalars(
                select(Entry)
                .where(or_(Entry.number == words, Entry.title.contains(words)))
                .limit(1)
            ).first()
            if entry is None:
                return f"没有找到“{words}”。"
            return f"{entry.title}\n{entry.number} {entry.issuer} {entry.dated}\n{entry.summary}"

    return app
