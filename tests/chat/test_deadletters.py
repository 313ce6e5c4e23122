"""Dead letters as console and command line share them: listed, tried again, taken off the list."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from tests.builders import wide
from tests.chat.talks import a_router, says
from tests.talk import NOON
from wx_archive.chat import deadletters
from wx_archive.chat.deadletters import Failure
from wx_archive.chat.models import DeadLetter
from wx_archive.chat.router import Dispatcher
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs import Job, JobState

CAUSE = "Traceback (most recent call last):\n  File x\nValueError: 张三的身份证"


@pytest.fixture
def dispatcher() -> Dispatcher:
    router = a_router()
    router.on_command("查")(says("reading"))
    router.on_command("改", effect=True)(says("writing"))
    return Dispatcher([router])


def a_letter(number: int, handler: str = "own.says_reading", state: str = "open") -> DeadLetter:
    return DeadLetter(
        id=number,
        key=str(number),
        handler=handler,
        message=b"<Content>secret</Content>",
        cause=CAUSE,
        failed_at=NOON - timedelta(hours=number),
        state=state,
    )


def a_dead_job(number: int, finished_at: datetime = NOON) -> Job:
    return Job(
        id=number,
        kind="chat.tidy",
        key=str(number),
        payload="{}",
        state=JobState.DEAD,
        run_after=NOON,
        created_at=NOON,
        attempts=8,
        cause=CAUSE,
        finished_at=finished_at,
    )


def add(database: Database, *rows: object) -> None:
    with database.begin() as session:
        session.add_all(rows)


def listed(database: Database, *, all_wanted: bool = False) -> list[Failure]:
    with database.reads() as connection:
        letters = deadletters.messages(connection, all_wanted=all_wanted)
        return [*letters, *deadletters.dead_jobs(connection)]


def test_failures_are_listed_without_a_word_of_what_was_sent(database: Database) -> None:
    add(database, a_letter(1), a_letter(2, state="queued"), a_dead_job(7))
    failures = listed(database)
    assert [(one.number, one.cause, one.attempts) for one in failures] == [
        ("m2", "ValueError", 0),
        ("m1", "ValueError", 0),
        ("j7", "ValueError", 8),
    ]
    assert "张三" not in repr(failures)
    assert "secret" not in repr(failures)


def test_what_is_over_is_listed_only_when_asked_for(database: Database) -> None:
    add(database, a_letter(1, state="replayed"), a_letter(2, state="closed"))
    assert listed(database) == []
    assert [one.number for one in listed(database, all_wanted=True)] == ["m2", "m1"]


def test_how_many_wait_and_since_when(database: Database) -> None:
    with database.reads() as connection:
        assert deadletters.waiting_messages(connection) is None
        assert deadletters.waiting_jobs(connection) is None
    early = NOON - timedelta(days=2)
    add(database, a_letter(1), a_letter(3), a_letter(5, state="queued"))
    add(database, a_dead_job(1), a_dead_job(2, early))
    with database.reads() as connection:
        assert deadletters.waiting_messages(connection) == deadletters.Waiting(
            2, NOON - timedelta(hours=3)
        )
        assert deadletters.waiting_jobs(connection) == deadletters.Waiting(2, early)


def test_it_says_what_cannot_be_tried_again_and_why(
    database: Database, dispatcher: Dispatcher
) -> None:
    add(
        database,
        a_letter(1),
        a_letter(2, "own.says_writing"),
        a_letter(3, "gone.handler"),
        a_letter(4, state="queued"),
        a_dead_job(5),
    )
    why = {one.number: deadletters.obstacle(one, dispatcher) for one in listed(database)}
    assert (why["m1"], why["j5"]) == ("", "")
    assert why["m2"] == why["m3"] == "会改动数据，不能重放"
    assert why["m4"] == "已经排队重放"


def test_what_somebody_looked_after_is_off_the_list(
    database: Database, dispatcher: Dispatcher
) -> None:
    add(database, a_letter(1), a_dead_job(2))
    for number in ("m1", "j2"):
        with database.begin() as session:
            deadletters.close(session, number, now=NOON)
        with pytest.raises(RefusedError), database.begin() as session:
            deadletters.close(session, number, now=NOON)
        with pytest.raises(RefusedError), database.begin() as session:
            deadletters.replay(session, number, dispatcher, now=NOON)
    assert listed(database) == []


def test_trying_again_leaves_it_to_the_worker(database: Database, dispatcher: Dispatcher) -> None:
    add(database, a_letter(1), a_dead_job(2))
    for number in ("m1", "j2"):
        with database.begin() as session:
            deadletters.replay(session, number, dispatcher, now=NOON)
    with database.reads() as connection:
        waiting = connection.execute(
            select(Job.kind, Job.attempts).where(Job.state == JobState.WAITING)
        ).all()
    assert sorted((row.kind, row.attempts) for row in waiting) == [
        ("chat.replay", 0),
        ("chat.tidy", 0),
    ]


@pytest.mark.parametrize(
    "number", ["", "m", "1", "x1", "m-1", "m1 ", wide("m1"), f"m{10**20}", "m9"]
)
def test_a_number_that_there_is_not_is_refused(
    database: Database, dispatcher: Dispatcher, number: str
) -> None:
    with pytest.raises(RefusedError), database.begin() as session:
        deadletters.replay(session, number, dispatcher, now=NOON)
    with pytest.raises(RefusedError), database.begin() as session:
        deadletters.close(session, number, now=NOON)
