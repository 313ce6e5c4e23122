"""One message: one effect, one answer, the same for every delivery."""

from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import delete

from tests.chat.conftest import Start, a_store
from tests.chat.talks import (
    Asking,
    a_router,
    dead_letters,
    do_effect,
    effects,
    follower,
    followers,
    handled,
    read,
    reply,
    says,
    tapped,
    typed,
    words,
)
from tests.wechat.deliveries import OPENID, SECOND, xml
from wx_archive.chat import dedupe
from wx_archive.chat.router import Router, Stage
from wx_archive.chat.turn import Turn
from wx_archive.core.clock import seconds
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.store import SqlStore, entries
from wx_archive.wechat.inbound import Unsubscribe
from wx_archive.wechat.replies import NoReply, Reply, TextReply

LONG = seconds(60)


def a_counting_router() -> Router:
    """Answer every word with a number that grows: with an effect on a tap, without on a text."""
    router, count = a_router(), iter(range(1, 1_000))

    @router.on_click("work", effect=True)
    def work(turn: Turn[Any]) -> Reply:
        do_effect(turn)
        return TextReply(f"{next(count)}")

    @router.on_words(Stage.LOOKUP)
    def look(_turn: Turn[Any]) -> Reply:
        return TextReply(f"{next(count)}")

    return router


def empty(store: Any) -> None:
    assert isinstance(store, SqlStore)
    with store._lines.engine.begin() as connection:  # noqa: SLF001 -- no other way to lose it all
        connection.execute(delete(entries))


def test_effect_dedupe_row_follower_and_reply_commit_together(
    database: Database, start: Start
) -> None:
    answer = reply(start(database, a_counting_router()), tapped("work"))
    assert words(answer) == "1"
    assert effects(database) == 1
    assert followers(database) == 1
    ((_key, stored),) = handled(database)
    assert answer.endswith(stored)
    assert OPENID.encode() not in stored


def test_a_retried_effect_gets_the_very_same_reply_and_happens_once(
    database: Database, start: Start
) -> None:
    answering = start(database, a_counting_router())
    first = reply(answering, tapped("work"))
    assert {reply(answering, tapped("work"), later_s=s) for s in (0, 5, 10, 600)} == {first}
    assert effects(database) == 1


def test_a_retried_question_gets_the_very_same_reply(database: Database, start: Start) -> None:
    answering = start(database, a_counting_router())
    first = reply(answering, typed("公积金"))
    assert {reply(answering, typed("公积金"), later_s=s) for s in (0, 5, 10)} == {first}
    assert handled(database) == []


def test_another_message_gets_another_reply(database: Database, start: Start) -> None:
    answering = start(database, a_counting_router())
    told = [typed("a"), typed("a", number=2), typed("a", FromUserName="oOther"), tapped("work")]
    assert [words(reply(answering, one)) for one in told] == ["1", "2", "3", "4"]


def test_a_retried_effect_is_answered_after_the_store_was_emptied(
    database: Database, start: Start, held: ExitStack
) -> None:
    store = a_store(database, held)
    answering = start(database, a_counting_router(), store=store)
    first = reply(answering, tapped("work"))
    empty(store)
    assert reply(answering, tapped("work"), later_s=5) == first
    assert effects(database) == 1


def test_a_question_after_the_store_was_emptied_is_simply_answered_again(
    database: Database, start: Start, held: ExitStack
) -> None:
    store = a_store(database, held)
    router = a_counting_router()
    first = start(database, router, store=store)
    assert words(reply(first, typed("a"))) == "1"
    first.activity.flush()
    another = start(database, router, store=store)
    assert words(reply(another, typed("a"), later_s=5)) == "1"
    empty(store)
    yet_another = start(database, router, store=store)
    assert words(reply(yet_another, typed("a"), later_s=10)) == "2"


def test_a_reply_that_was_kept_first_stands_for_the_threads_of_its_process(
    database: Database, start: Start
) -> None:
    answering = start(database, a_counting_router())
    told = {words(reply(answering, typed("a"))) for _ in range(5)}
    assert told == {"1"}


def test_a_first_delivery_asks_no_store_for_its_reply(
    database: Database, start: Start, held: ExitStack
) -> None:
    store = a_store(database, held)
    answering = start(database, a_counting_router(), store=store)
    store.put({f"reply:{_key_of('a')}": (b"<MsgType><![CDATA[text]]></MsgType></xml>", LONG)})
    assert words(reply(answering, typed("a"))) == "1"
    another = start(database, a_counting_router(), store=store)
    assert words(reply(another, typed("a"), later_s=5)) == ""


def _key_of(content: str) -> str:
    return dedupe.key_of(read(typed(content)).header)


@pytest.mark.parametrize("told", [tapped("work"), typed("公积金")])
def test_another_process_gives_a_retry_the_very_same_reply(
    database: Database, start: Start, told: str
) -> None:
    first = reply(start(database, a_counting_router()), told)
    other_database = Database(str(database.url.render_as_string(hide_password=False)))
    other = start(other_database, a_counting_router())
    assert reply(other, told, later_s=5) == first
    assert effects(database) <= 1
    other_database.dispose()


def test_a_handler_that_raises_leaves_a_dead_letter_and_a_calm_reply(
    database: Database, start: Start
) -> None:
    router = a_router()

    @router.on_click("work", effect=True)
    def work(turn: Turn[Any]) -> Reply:
        do_effect(turn)
        turn.keep(Asking(1))
        turn.remember("seen", b"1", ttl=seconds(60))
        raise KeyError("the handler's mistake")

    answering = start(database, router)
    calm = reply(answering, tapped("work"))
    assert "没" in words(calm)
    assert "KeyError" not in words(calm)
    assert effects(database) == 0
    ((name, cause, message),) = dead_letters(database)
    assert name == "own.work"
    assert "the handler's mistake" in cause
    assert message.decode() == tapped("work")
    assert {reply(answering, tapped("work"), later_s=s) for s in (5, 10)} == {calm}
    assert reply(start(database, router), tapped("work"), later_s=15) == calm
    assert len(dead_letters(database)) == 1


def test_a_question_that_fails_is_answered_calmly_for_good(
    database: Database, start: Start
) -> None:
    router, failures = a_router(), iter([ZeroDivisionError("x")])

    @router.on_words(Stage.LOOKUP)
    def look(_turn: Turn[Any]) -> Reply:
        for failure in failures:
            raise failure
        return TextReply("well again")

    answering = start(database, router)
    calm = reply(answering, typed("a"))
    assert reply(answering, typed("a"), later_s=5) == calm
    assert words(reply(answering, typed("a", number=2))) == "well again"
    assert len(dead_letters(database)) == 1


def test_a_mistake_in_a_handlers_sql_is_poison_and_not_waited_for(
    database: Database, start: Start
) -> None:
    router = a_router()

    @router.on_words(Stage.LOOKUP)
    def look(turn: Turn[Any]) -> Reply:
        with turn.reads() as connection:
            connection.exec_driver_sql("SELECT * FROM no_such_table")
        return TextReply("never")

    reply(start(database, router, deadline_s=1), typed("a"))
    assert len(dead_letters(database)) == 1


def test_a_handler_without_an_effect_cannot_write(database: Database, start: Start) -> None:
    router = a_router()
    router.on_command("session")(do_effect)

    @router.on_command("keep")
    def keep(turn: Turn[Any]) -> Reply:
        turn.keep(Asking(1))
        return TextReply("never")

    answering = start(database, router)
    for number, word in enumerate(("session", "keep")):
        reply(answering, typed(word, number=number))
    assert effects(database) == 0
    assert all("effect=True" in cause for _name, cause, _message in dead_letters(database))
    assert len(dead_letters(database)) == 2


def test_an_effect_that_is_not_mine_leaves_nothing_and_the_next_one_answers(
    database: Database, start: Start
) -> None:
    router = a_router()

    @router.on_command("x", effect=True)
    def not_mine(turn: Turn[Any]) -> Reply | None:
        do_effect(turn)
        turn.keep(Asking(1))
        return None

    router.on_words(Stage.LOOKUP)(says("found"))
    answering = start(database, router)
    assert words(reply(answering, typed("x"))) == "found"
    assert (effects(database), followers(database), handled(database)) == (0, 0, [])


def test_an_effect_with_nothing_to_show_is_still_an_effect(
    database: Database, start: Start
) -> None:
    router = a_router()

    @router.on_kind(Unsubscribe, effect=True)
    def noted(turn: Turn[Any]) -> Reply:
        do_effect(turn)
        return NoReply()

    answering = start(database, router)
    told = xml(MsgType="event", Event="unsubscribe", MsgId="")
    assert [reply(answering, told) for _ in range(3)] == [b"success"] * 3
    assert effects(database) == 1


def test_the_state_is_kept_with_the_effect_and_steers_the_next_message(
    database: Database, start: Start
) -> None:
    router = a_router()

    @router.on_command("答题", effect=True)
    def begin(turn: Turn[Any]) -> Reply:
        turn.keep(Asking(1))
        return TextReply("first")

    @router.on_state(Asking, effect=True)
    def go_on(turn: Turn[Any]) -> Reply:
        assert isinstance(turn.state, Asking)
        if turn.words == "退出":
            turn.leave()
            return TextReply("left")
        turn.keep(Asking(turn.state.number + 1))
        return TextReply(f"after {turn.state.number}: {turn.words}")

    answering = start(database, router)
    told = [typed(text, number=n) for n, text in enumerate(["A", "答题", "A", "B", "退出", "C"])]
    answers = [words(reply(answering, one)) for one in told]
    assert answers == ["otherwise", "first", "after 1: A", "after 2: B", "left", "otherwise"]
    assert words(reply(answering, typed("答题", number=7))) == "first"
    assert words(reply(answering, typed("A", number=8), later_s=601)) == "otherwise"


def test_what_a_turn_remembers_the_next_one_recalls(database: Database, start: Start) -> None:
    router = a_router()

    @router.on_command("put")
    def put(turn: Turn[Any]) -> Reply:
        turn.remember("list", turn.message.header.openid.encode(), ttl=seconds(60))
        return TextReply("ok")

    @router.on_command("get")
    def get(turn: Turn[Any]) -> Reply:
        return TextReply((turn.recall("list") or b"none").decode())

    answering = start(database, router)
    for number, openid in enumerate((OPENID, "oOther")):
        reply(answering, typed("put", number=number, FromUserName=openid))
    assert words(reply(answering, typed("get", number=3))) == OPENID
    assert words(reply(answering, typed("get", number=4, FromUserName="oThird"))) == "none"


def test_a_spoken_question_is_answered_with_what_was_heard(
    database: Database, start: Start
) -> None:
    router = a_router()
    router.on_words(Stage.LOOKUP)(says("found"))
    spoken = xml(MsgType="voice", MediaId="m", Recognition="公积金。")
    answer = words(reply(start(database, router), spoken))
    assert "公积金" in answer
    assert answer.endswith("\nfound")


def test_a_reply_bears_the_questions_second_so_that_it_renders_the_same_again(
    database: Database, start: Start
) -> None:
    answer = reply(start(database, a_counting_router()), tapped("work"), later_s=3)
    assert f"<CreateTime>{SECOND}</CreateTime>".encode() in answer
    assert follower(database).openid == OPENID


def test_of_two_deliveries_at_one_moment_the_first_answer_stands_and_only_it_is_remembered(
    database: Database, start: Start
) -> None:
    router = a_router()
    pages = iter("12")

    @router.on_words(Stage.LOOKUP)
    def turn_page(turn: Turn[Any]) -> Reply:
        page = next(pages)
        turn.remember("page", page.encode(), ttl=seconds(60))
        return TextReply(page)

    @router.on_click("where")
    def where(turn: Turn[Any]) -> Reply:
        return TextReply((turn.recall("page") or b"nowhere").decode())

    answering = start(database, router)
    first = reply(answering, typed("下一页"))
    assert reply(answering, typed("下一页")) == first
    assert words(first) == "1"
    assert words(reply(answering, tapped("where"))) == "1"


def test_a_message_that_moved_the_list_on_does_not_move_it_twice(
    database: Database, start: Start
) -> None:
    router = a_router()

    @router.on_words(Stage.LOOKUP)
    def turn_page(turn: Turn[Any]) -> Reply:
        page = int(turn.recall("page") or b"0") + 1
        turn.remember("page", str(page).encode(), ttl=seconds(60))
        return TextReply(f"page {page}")

    answering = start(database, router)
    assert [words(reply(answering, typed("n", number=1))) for _ in range(3)] == ["page 1"] * 3
    again = start(database, router)  # another process, as after a crash
    assert [words(reply(again, typed("n", number=2))) for _ in range(2)] == ["page 2"] * 2
    assert words(reply(answering, typed("n", number=1))) == "page 1"


def test_a_refusal_is_told_in_its_own_words_and_changes_nothing(
    database: Database, start: Start
) -> None:
    router = a_router()

    @router.on_click("work", effect=True)
    def work(turn: Turn[Any]) -> Reply:
        do_effect(turn)
        raise RefusedError("这张凭证已经领过了。")

    answering = start(database, router)
    first = reply(answering, tapped("work"))
    assert words(first) == "这张凭证已经领过了。"
    assert reply(answering, tapped("work"), later_s=5) == first
    assert effects(database) == 0
    assert dead_letters(database) == []
