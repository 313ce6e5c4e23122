"""A fresh menu tap asks the database nothing, and nobody can tell."""

from typing import Any

import pytest

from tests.chat.conftest import Start
from tests.chat.talks import (
    Asking,
    a_router,
    dead_letters,
    do_effect,
    effects,
    reply,
    says,
    tapped,
    typed,
    words,
)
from tests.wechat.deliveries import NOW, OPENID
from wx_archive.chat import held, known
from wx_archive.chat.answering import Answering
from wx_archive.chat.router import Router
from wx_archive.chat.turn import Turn
from wx_archive.core.database import Database
from wx_archive.followers import service as followers
from wx_archive.wechat.replies import Reply, TextReply


def a_tapped_router() -> Router:
    router = a_router()
    router.on_click("plain")(says("plain"))
    router.on_state(Asking)(says("asked"))

    @router.on_command("begin", effect=True)
    def begin(turn: Turn[Any]) -> Reply:
        turn.keep(Asking(7))
        return TextReply("begun")

    @router.on_click("work", effect=True)
    def work(turn: Turn[Any]) -> Reply:
        do_effect(turn)
        return TextReply(f"state {turn.state}")

    @router.on_click("broken")
    def broken(_turn: Turn[Any]) -> Reply:
        raise KeyError("the handler's mistake")

    return router


@pytest.fixture
def answering(database: Database, start: Start) -> Answering:
    """An account that knows who has an answer waiting, as it does a second after its start."""
    started = start(database, a_tapped_router())
    started.activity.flush()
    return started


def test_a_fresh_tap_without_an_effect_looks_nothing_up(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    look_up = known.Looking.up

    def up(self: known.Looking, message_key: str, openid: str, **rest: Any) -> known.Known:
        asked.append(message_key)
        return look_up(self, message_key, openid, **rest)

    monkeypatch.setattr(known.Looking, "up", up)
    assert words(reply(answering, tapped("plain"))) == "plain"
    assert asked == []
    assert words(reply(answering, typed("begin"))) == "begun"
    assert len(asked) == 1


def test_a_tap_with_an_effect_sees_the_state_the_follower_is_in(
    answering: Answering, database: Database
) -> None:
    reply(answering, typed("begin"))
    first = reply(answering, tapped("work"))
    assert words(first) == f"state {Asking(7)}"
    assert {reply(answering, tapped("work"), later_s=s) for s in (0, 1, 5)} == {first}
    assert effects(database) == 1


def test_a_tap_that_a_handler_fails_on_gets_one_answer_however_soon_it_comes_again(
    answering: Answering, database: Database
) -> None:
    calm = reply(answering, tapped("broken"))
    assert {reply(answering, tapped("broken"), later_s=s) for s in (0, 1, 5)} == {calm}
    assert len(dead_letters(database)) == 1


def test_a_tap_offers_what_waits_as_soon_as_that_is_known(
    answering: Answering, database: Database
) -> None:
    with database.begin() as session:
        number = followers.ensure(session, OPENID, now=NOW)
        held.tell(session, number, "来了", key="k", now=NOW)
    answering.activity.flush()
    assert "取结果" in words(reply(answering, tapped("plain")))
    other = tapped("plain", FromUserName="oSomebodyElse")
    assert words(reply(answering, other)) == "plain"
