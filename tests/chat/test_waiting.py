"""A locked database is waited for inside the deadline; past it nothing is stored."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.chat.conftest import Start
from tests.chat.talks import (
    a_router,
    do_effect,
    effects,
    followers,
    handled,
    reply,
    says,
    tapped,
    typed,
    words,
)
from wx_archive.chat.router import Router, Stage
from wx_archive.chat.turn import Turn
from wx_archive.core.database import Database
from wx_archive.core.errors import TransientError
from wx_archive.wechat.replies import Reply, TextReply


def a_working_router() -> Router:
    router = a_router()

    @router.on_click("work", effect=True)
    def work(turn: Turn[Any]) -> Reply:
        do_effect(turn)
        return TextReply("done")

    router.on_words(Stage.LOOKUP)(says("found"))
    return router


@contextmanager
def locked(path: Path, for_s: float) -> Iterator[None]:
    """Hold the write lock of a SQLite file for a while, from another connection."""
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    release = threading.Timer(for_s, connection.rollback)
    release.start()
    try:
        yield
    finally:
        release.join()
        connection.close()


def path_of(database: Database) -> Path:
    return Path(database.url.database or "")


def test_a_locked_database_is_waited_for_and_then_answered(sqlite: Database, start: Start) -> None:
    answering = start(sqlite, a_working_router())
    started = time.monotonic()
    with locked(path_of(sqlite), 1.5):
        assert words(reply(answering, tapped("work"))) == "done"
        assert 1.3 < time.monotonic() - started < 4.5
    assert effects(sqlite) == 1


def test_a_database_locked_past_the_deadline_is_a_try_again_and_nothing_is_stored(
    sqlite: Database, start: Start
) -> None:
    answering = start(sqlite, a_working_router(), deadline_s=0.8)
    started = time.monotonic()
    with locked(path_of(sqlite), 2):
        with pytest.raises(TransientError):
            reply(answering, tapped("work"))
        assert 0.5 < time.monotonic() - started < 1.2
    assert (effects(sqlite), followers(sqlite), handled(sqlite)) == (0, 0, [])
    assert words(reply(answering, tapped("work"), later_s=5)) == "done"
    assert effects(sqlite) == 1


def test_the_whole_deadline_is_kept_though_a_single_wait_is_shorter(
    sqlite: Database, start: Start
) -> None:
    answering = start(sqlite, a_working_router())
    with locked(path_of(sqlite), 5.2):
        started = time.monotonic()
        with pytest.raises(TransientError):
            reply(answering, tapped("work"))
        assert 4.2 < time.monotonic() - started < 4.9
    assert effects(sqlite) == 0


def test_questions_are_answered_while_the_database_is_locked(
    sqlite: Database, start: Start
) -> None:
    answering = start(sqlite, a_working_router())
    with locked(path_of(sqlite), 1):
        started = time.monotonic()
        assert words(reply(answering, typed("a"))) == "found"
        assert time.monotonic() - started < 0.5


def test_a_question_is_answered_even_if_the_answer_cannot_be_remembered(
    sqlite: Database, start: Start
) -> None:
    answering = start(sqlite, a_working_router())
    reply(answering, typed("warm"))
    with locked(path_of(sqlite).with_name("state.db"), 4.4):
        started = time.monotonic()
        assert words(reply(answering, typed("a", number=2))) == "found"
        assert time.monotonic() - started < 4.4


def test_a_row_held_past_the_deadline_is_a_try_again_on_postgresql_too(
    postgres_url: str, start: Start
) -> None:
    database = Database(postgres_url)
    answering = start(database, a_working_router(), deadline_s=0.8)
    reply(answering, tapped("work", FromUserName="oOther"))
    with database.engine.begin() as holder:
        holder.execute(text("LOCK TABLE handled_message IN EXCLUSIVE MODE"))
        started = time.monotonic()
        with pytest.raises(TransientError):
            reply(answering, tapped("work"))
        assert 0.5 < time.monotonic() - started < 1.2
    assert effects(database) == 1
    assert words(reply(answering, tapped("work"))) == "done"
    database.dispose()
