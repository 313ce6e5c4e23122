"""Slow handlers: WeChat never waits longer than it does, and the answer is never lost."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.chat.desks import Desk, a_desk, present, says
from tests.chat.talks import a_router, dead_letters, typed
from tests.core.jobs.works import a_process, until
from wx_archive.chat import answering as answerings
from wx_archive.chat.models import HandledMessage, HeldState
from wx_archive.chat.turn import Turn
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs import Job
from wx_archive.wechat.replies import NoReply, Reply, TextReply

ASKING = """
import sys
from tests.chat.desks import says
from tests.chat.talks import a_router, an_answering
from tests.chat.test_slow import Slow
from wx_archive.core.database import Database
from wx_archive.core.store import open_store
database = Database(sys.argv[1])
router = a_router()
router.on_command("慢", slow=True)(Slow())
says(an_answering(database, open_store(database, "")[0], router, deadline_s=60), sys.argv[2])
"""
HELD = "您先前问的，现在有了答复：\n"


class Slow:
    """A handler that takes its time; tells how often it ran."""

    def __init__(self) -> None:
        self.takes_s = 0.0
        self.failure: Exception | None = None
        self.ran = 0
        self.text = "慢慢算好了"

    def __call__(self, turn: Turn[Any]) -> Reply:
        self.ran += 1
        time.sleep(self.takes_s)
        if self.failure:
            raise self.failure
        return TextReply(f"{self.text} {turn.argument}".strip())


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def desk(database: Database, tmp_path: Path, slow: Slow) -> Iterator[Desk]:
    router = a_router()
    router.on_command("慢", slow=True)(slow)
    router.on_prefix("慢", slow=True)(slow)

    @router.on_command("静", slow=True)
    def silent(_turn: Turn[Any]) -> Reply:
        return NoReply()

    with a_desk(database, tmp_path, router) as opened:
        yield opened


def asked(text: str = "慢", number: int = 1) -> str:
    return typed(text, number=number, created_at=present())


def bodies(desk: Desk) -> list[bytes]:
    with desk.database.reads() as connection:
        return list(connection.scalars(select(HandledMessage.reply)))


def test_an_answer_in_time_is_the_reply(desk: Desk, slow: Slow) -> None:
    slow.takes_s = 0.3
    with desk.working():
        assert says(desk.answering(), asked("慢 公积金")) == "慢慢算好了 公积金"
    assert (desk.states(), desk.wechat.texts) == ({}, [])


def test_a_slow_handler_with_nothing_to_say_says_nothing(desk: Desk) -> None:
    with desk.working():
        assert says(desk.answering(), asked("静")) == ""
    assert desk.states() == {}


def test_an_answer_too_late_is_success_in_time_and_is_held(desk: Desk, slow: Slow) -> None:
    slow.takes_s = 1.6
    answering = desk.answering(deadline_s=1)
    with desk.working():
        told = asked()
        started = time.monotonic()
        assert says(answering, told) == ""
        assert time.monotonic() - started <= 1
        until(lambda: desk.states() == {f"{HELD}慢慢算好了": HeldState.SENT})
        assert says(answering, told) == ""  # WeChat asks once more
    assert desk.wechat.texts == [f"{HELD}慢慢算好了"]
    assert slow.ran == 1


def test_the_deadline_of_the_product_is_inside_wechats(desk: Desk) -> None:
    answering = desk.answering()
    started = time.monotonic()
    assert says(answering, asked()) == ""
    assert time.monotonic() - started <= 4.5
    desk.work()
    assert list(desk.states()) == [f"{HELD}慢慢算好了"]


def test_a_first_message_opens_the_window_that_its_own_late_answer_needs(
    desk: Desk, slow: Slow
) -> None:
    """Also when the answer is ready before the buffer of windows is written."""
    slow.takes_s = 0.5
    with desk.working():
        assert says(desk.answering(deadline_s=0.5), asked()) == ""
        until(lambda: desk.wechat.texts != [])


@pytest.mark.parametrize("deadline_s", [1.0, 3.0])
def test_all_deliveries_at_once_agree(desk: Desk, slow: Slow, deadline_s: float) -> None:
    slow.takes_s = 1.2
    told = asked()
    several = [desk.answering(deadline_s=deadline_s) for _ in range(3)]
    with desk.working(), ThreadPoolExecutor(3) as pool:
        answers = set(pool.map(lambda one: says(one, told), several))
        until(lambda: slow.ran == 1 and b"" not in bodies(desk))
    assert answers == ({""} if deadline_s == 1 else {"慢慢算好了"})
    assert slow.ran == 1


def test_a_later_delivery_gets_the_answer_when_the_process_that_waited_is_gone(
    desk: Desk, slow: Slow
) -> None:
    slow.takes_s = 0.4
    told = asked()
    gone = a_process(ASKING, desk.database, told)
    until(lambda: bodies(desk) == [b""])
    gone.kill()
    gone.communicate(timeout=20)
    with desk.working():
        assert says(desk.answering(), told) == "慢慢算好了"
    assert says(desk.answering(), told) == "慢慢算好了"
    assert slow.ran == 1


def test_more_slow_ones_than_may_wait_do_not_use_up_the_threads(desk: Desk, slow: Slow) -> None:
    answering = desk.answering(deadline_s=2)
    many = answerings.WAITERS + 6

    def ask(number: int) -> float:
        started = time.monotonic()
        assert says(answering, asked(number=number)) == ""
        return time.monotonic() - started

    with ThreadPoolExecutor(many) as pool:
        took_s = sorted(pool.map(ask, range(many)))
    assert sum(1 for each in took_s if each > 1.5) == answerings.WAITERS
    desk.work()
    assert slow.ran == many


@pytest.mark.parametrize("late", [False, True])
def test_a_slow_handler_that_raises_ends_in_a_calm_sentence_and_a_dead_letter(
    desk: Desk, slow: Slow, *, late: bool
) -> None:
    slow.failure = ValueError("张三的身份证")
    answering = desk.answering(deadline_s=0.5 if late else 4.5)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(says, answering, asked())
        if late:
            assert answer.result() == ""
        for _ in range(3):
            until(desk.runner.run_next)
            make_due(desk.database)
        desk.work()
        said = next(iter(desk.states())) if late else answer.result()
    assert "刚才没办成，已经记下" in said
    assert "张三" not in said
    assert slow.ran == 3
    ((handler, cause, message),) = dead_letters(desk.database)
    assert (handler, "慢".encode() in message) == ("own.Slow", True)
    assert "张三的身份证" in cause


def test_a_refusal_is_the_answer(desk: Desk, slow: Slow) -> None:
    slow.failure = RefusedError("今天查不了，请明天再来。")
    with desk.working():
        assert says(desk.answering(), asked()) == "今天查不了，请明天再来。"
    assert slow.ran == 1


def test_a_late_answer_as_long_as_a_reply_may_be_is_held_whole(desk: Desk, slow: Slow) -> None:
    slow.text = "字" * 680
    assert says(desk.answering(deadline_s=0.5), asked()) == ""
    desk.work()
    assert desk.wechat.texts == ["字" * 680]


def test_what_is_slow_has_no_part_in_an_effect() -> None:
    with pytest.raises(RuntimeError, match="slow"):
        a_router().on_command("慢", effect=True, slow=True)(Slow())


def make_due(database: Database) -> None:
    with database.begin() as session:
        session.execute(update(Job).values(run_after=clock.now()))
