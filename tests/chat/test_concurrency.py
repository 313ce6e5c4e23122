"""Deliveries at the same moment, from threads and processes: still one effect and one answer."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text

from tests.chat.conftest import Start
from tests.chat.talks import (
    Asking,
    a_router,
    do_effect,
    effects,
    followers,
    handled,
    reply,
    tapped,
    typed,
    words,
)
from tests.wechat.deliveries import OPENID
from wx_archive.chat.answering import Answering
from wx_archive.chat.router import Router
from wx_archive.chat.turn import Turn
from wx_archive.core.database import Database
from wx_archive.wechat.replies import Reply, TextReply

MANY = 8


def a_slow_router() -> Router:
    """Answer a tap slowly, differently each time."""
    router, count = a_router(), iter(range(1, 1_000))

    @router.on_click("work.*", effect=True)
    def work(turn: Turn[Any]) -> Reply:
        do_effect(turn)
        threading.Event().wait(0.05)
        return TextReply(f"{turn.argument} {next(count)}")

    return router


def at_once(answerings: list[Answering], told: list[str]) -> list[bytes]:
    together = threading.Barrier(len(told))

    def deliver(number: int) -> bytes:
        together.wait()
        return reply(answerings[number % len(answerings)], told[number], later_s=number)

    with ThreadPoolExecutor(len(told)) as pool:
        return list(pool.map(deliver, range(len(told))))


@contextmanager
def again(database: Database) -> Iterator[Database]:
    """Open the database once more, as another process has it."""
    other = Database(database.url.render_as_string(hide_password=False))
    yield other
    other.dispose()


@contextmanager
def no_writing(database: Database) -> Iterator[None]:
    """Let nobody else write for a while."""
    with database.begin() as session:
        session.connection()
        if not database.is_sqlite:
            session.execute(text("LOCK TABLE handled_message IN EXCLUSIVE MODE"))
        yield


def test_many_deliveries_of_one_message_at_once_have_one_effect_and_one_reply(
    database: Database, start: Start
) -> None:
    with again(database) as other:
        answerings = [start(database, a_slow_router()), start(other, a_slow_router())]
        answers = at_once(answerings, [tapped("work.a")] * MANY)
    assert len(set(answers)) == 1
    assert words(answers[0]) == "a 1"
    assert effects(database) == 1
    assert len(handled(database)) == 1


def test_different_messages_at_once_all_have_their_effect(database: Database, start: Start) -> None:
    answering = start(database, a_slow_router())
    told = [tapped("work.a", FromUserName=f"o{number}") for number in range(MANY)]
    answers = at_once([answering], told)
    assert len({words(answer) for answer in answers}) == MANY
    assert effects(database) == MANY
    assert followers(database) == MANY


def test_two_different_events_of_one_second_are_both_handled(
    database: Database, start: Start
) -> None:
    answering = start(database, a_slow_router())
    answers = at_once([answering], [tapped("work.a"), tapped("work.b")])
    assert [words(answer)[0] for answer in answers] == ["a", "b"]
    assert effects(database) == 2


def test_two_answers_to_one_question_at_once_do_not_both_answer_it(
    database: Database, start: Start
) -> None:
    """The state is read before the transaction; it must still hold inside."""
    router = a_router()

    @router.on_command("start", effect=True)
    def begin(turn: Turn[Any]) -> Reply:
        turn.keep(Asking(1))
        return TextReply("go")

    @router.on_state(Asking, effect=True)
    def answer(turn: Turn[Any]) -> Reply:
        assert isinstance(turn.state, Asking)
        if turn.state.number > 1:
            return TextReply("second")
        do_effect(turn)
        turn.keep(Asking(2))
        return TextReply("first")

    answering = start(database, router)
    reply(answering, typed("start", number=1))
    with ThreadPoolExecutor(2) as pool:
        with no_writing(database):
            both = [typed("A", number=2), typed("B", number=3)]
            answers = [pool.submit(reply, answering, each) for each in both]
            threading.Event().wait(0.4)  # both have read the state and wait to write
        told = sorted(words(each.result()) for each in answers)
    assert told == ["first", "second"]
    assert effects(database) == 1


def test_a_retry_that_overlaps_waits_for_the_first(postgres_url: str, start: Start) -> None:
    database = Database(postgres_url)
    router, inside, go_on = a_router(), threading.Event(), threading.Event()

    @router.on_click("work", effect=True)
    def work(turn: Turn[Any]) -> Reply:
        do_effect(turn)
        inside.set()
        go_on.wait(5)
        return TextReply("once")

    answering = start(database, router)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(reply, answering, tapped("work"))
        inside.wait(5)
        second = pool.submit(reply, answering, tapped("work"), later_s=5)
        threading.Event().wait(0.3)
        assert not second.done()
        go_on.set()
        assert first.result() == second.result()
    assert effects(database) == 1
    database.dispose()


def test_when_the_first_fails_the_retry_that_waited_gets_the_same_calm_reply(
    database: Database, start: Start
) -> None:
    router = a_router()

    @router.on_click("work", effect=True)
    def work(turn: Turn[Any]) -> Reply:
        do_effect(turn)
        threading.Event().wait(0.05)
        raise KeyError("x")

    answers = at_once([start(database, router)], [tapped("work")] * 4)
    assert len(set(answers)) == 1
    assert effects(database) == 0


@pytest.mark.parametrize("cut", [True, False])
def test_a_connection_that_breaks_is_replaced_within_the_deadline(
    postgres_url: str, start: Start, *, cut: bool
) -> None:
    database = Database(postgres_url)
    answering = start(database, a_slow_router())
    reply(answering, tapped("work.a"))
    if cut:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as own:
            own.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
    assert words(reply(answering, tapped("work.b", FromUserName=OPENID))).startswith("b")
    assert effects(database) == 2
    database.dispose()
