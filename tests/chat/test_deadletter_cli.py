"""`wx-archive deadletter`: what failed is listed without a word of anybody's, and tried again."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.builders import wide
from tests.chat.desks import Desk, a_desk, present, says
from tests.chat.talks import a_router, dead_letters, typed
from tests.commands import Outcome, refused, run_command
from tests.wechat.deliveries import OPENID
from wx_archive.chat import jobs as chat_jobs
from wx_archive.chat.models import DeadLetter, HeldState
from wx_archive.chat.router import Dispatcher
from wx_archive.chat.turn import Turn
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Job, JobState, enqueue, queue
from wx_archive.features import Product
from wx_archive.wechat.replies import Reply, TextReply

Run = Callable[..., Outcome]
SECRET_WORDS = "张三的身份证"


class Broken:
    """Fails on every message until it is mended."""

    def __init__(self) -> None:
        self.is_mended = False

    def __call__(self, turn: Turn[Any]) -> Reply:
        if self.is_mended:
            return TextReply(f"好了：{turn.argument}")
        # As a driver's errors do: several lines, the last of them a follower's words.
        raise ValueError(f"about {turn.argument}\n{OPENID}\n{turn.words}")


class Changing(Broken):
    """Fails likewise, on messages that would change something."""


@pytest.fixture
def broken() -> Broken:
    return Broken()


@pytest.fixture
def desk(database: Database, tmp_path: Path, broken: Broken) -> Iterator[Desk]:
    router = a_router()
    router.on_prefix("查")(broken)
    router.on_prefix("改", effect=True)(Changing())
    with a_desk(database, tmp_path, router) as opened:
        yield opened


@pytest.fixture
def run(desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process, on the desk's database, with its handlers."""
    url = desk.database.url.render_as_string(hide_password=False)
    monkeypatch.setenv("WX_ARCHIVE_DATABASE_URL", url)
    monkeypatch.setenv("WX_ARCHIVE_SITE_DIR", str(Path(__file__).parents[2]))
    monkeypatch.setenv("WX_ARCHIVE_DATA_DIR", str(desk.services.settings.data_dir))
    product = Product(Dispatcher([desk.router]), ())
    monkeypatch.setattr("wx_archive.features.product", lambda: product)

    def run(*arguments: str) -> Outcome:
        return run_command(monkeypatch, capsys, "deadletter", *arguments)

    return run


def fails(desk: Desk, words: str, number: int = 1) -> None:
    """Send a message that nobody can handle."""
    answer = says(desk.answering(), typed(words, number=number, created_at=present()))
    assert "刚才没办成，已经记下" in answer


def a_dead_job(desk: Desk) -> int:
    now = clock.now()
    with desk.database.begin() as session:
        enqueue(session, chat_jobs.TIDY, {"words": SECRET_WORDS}, key="k", now=now)
    job = queue.claim(desk.database, [chat_jobs.TIDY], now=now)
    assert job
    with desk.database.begin() as session:
        queue.bury(session, job, KeyError(f"{SECRET_WORDS}\n{OPENID}: {SECRET_WORDS}"), now=now)
    return job.id


def letter_states(desk: Desk) -> list[str]:
    with desk.database.reads() as connection:
        return list(connection.scalars(select(DeadLetter.state)))


def job_state(desk: Desk, number: int) -> str:
    with desk.database.reads() as connection:
        return connection.execute(select(Job.state).where(Job.id == number)).scalar_one()


def test_without_failures_the_list_says_so(run: Run) -> None:
    assert run("list").out == "没有。\n"
    assert run("list", "--json").json == []


def test_the_list_names_number_handler_time_and_kind_of_cause(desk: Desk, run: Run) -> None:
    fails(desk, "查 一")
    number = a_dead_job(desk)
    lines = run("list", "--json").json
    assert [(line["number"], line["what"], line["cause"]) for line in lines] == [
        ("m1", "own.Broken", "ValueError"),
        (f"j{number}", chat_jobs.TIDY, "KeyError"),
    ]
    assert all(line["failed_at"][:4].isdecimal() for line in lines)
    told = run("list").out
    for word in ("m1", f"j{number}", "own.Broken", "ValueError", "KeyError", "共 2 条"):
        assert word in told


def test_the_list_holds_no_words_no_openid_and_no_name(desk: Desk, run: Run) -> None:
    fails(desk, f"查 {SECRET_WORDS}")
    a_dead_job(desk)
    assert SECRET_WORDS in dead_letters(desk.database)[0].cause
    for outcome in (run("list"), run("list", "--json"), run("list", "--all")):
        for word in (SECRET_WORDS, OPENID, "about", "张三"):
            assert word not in outcome.out
            assert word not in outcome.err


def test_a_replayed_question_is_answered_by_a_held_answer(
    desk: Desk, run: Run, broken: Broken
) -> None:
    fails(desk, "查 公积金")
    broken.is_mended = True
    assert "m1 已排队" in run("replay", "m1").out
    assert letter_states(desk) == ["queued"]
    desk.answering().activity.close()
    desk.work()
    ((text, state),) = desk.states().items()
    assert text.endswith("好了：公积金")
    assert text.startswith("您先前问的，现在有了答复")
    assert state in (HeldState.SENT, HeldState.WAITING)
    assert letter_states(desk) == ["replayed"]
    assert run("list", "--json").json == []
    assert [line["number"] for line in run("list", "--all", "--json").json] == ["m1"]
    assert "没有编号为 m1" in refused(run("replay", "m1"))


def test_a_question_that_is_replayed_twice_is_answered_once(
    desk: Desk, run: Run, broken: Broken
) -> None:
    fails(desk, "查 公积金")
    broken.is_mended = True
    for _ in range(2):
        assert run("replay", "m1", "--json").json == {"number": "m1", "queued": True}
    desk.work()
    assert len(desk.states()) == 1


def test_a_replay_that_fails_again_is_listed_again(desk: Desk, run: Run) -> None:
    fails(desk, "查 公积金")
    run("replay", "m1")
    desk.work()
    lines = run("list", "--json").json
    assert [(line["number"][0], line["what"]) for line in lines] == [
        ("m", "own.Broken"),
        ("j", chat_jobs.REPLAY),
    ]
    assert desk.states() == {}


def test_a_message_with_an_effect_is_not_replayed(desk: Desk, run: Run) -> None:
    fails(desk, "改 地址")
    told = refused(run("replay", "m1"))
    assert "它会改动数据，不能重放" in told
    assert letter_states(desk) == ["open"]
    desk.work()
    assert desk.states() == {}


def test_a_dead_job_is_done_after_all(desk: Desk, run: Run) -> None:
    number = a_dead_job(desk)
    assert f"j{number} 已排队" in run("replay", f"j{number}").out
    assert job_state(desk, number) == JobState.WAITING
    desk.work()
    assert job_state(desk, number) == JobState.DONE
    assert f"没有编号为 j{number}" in refused(run("replay", f"j{number}"))


@pytest.mark.parametrize(
    "number",
    [
        "m1",
        "j1",
        "m0",
        f"m{10**17}",
        f"m{10**30}",
        f"j{10**30}",
        "1",
        "m",
        "x1",
        "m-1",
        wide("m1"),
    ],
)
def test_a_number_that_there_is_not_is_refused_with_a_sentence(run: Run, number: str) -> None:
    refused(run("replay", "--", number))


def test_tidying_up_forgets_letters_that_nobody_looked_after(desk: Desk, run: Run) -> None:
    fails(desk, "查 公积金")
    for age, left in ((queue.KEPT_DEAD * 0.9, 1), (queue.KEPT_DEAD * 1.1, 0)):
        now = clock.now()
        with desk.database.begin() as session:
            session.execute(update(DeadLetter).values(failed_at=now - age))
            enqueue(session, chat_jobs.TIDY, {}, key=str(age), now=now)
        desk.work()
        assert len(run("list", "--json").json) == left
