"""The runner: done at least once, tried again, given up with the cause, ended in order."""

import logging
import os
import random
import signal
import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import insert

from tests.core.jobs import works
from tests.core.jobs.works import (
    KIND,
    a_process,
    a_runner,
    is_in,
    job_of,
    leave,
    note,
    notes,
    orphan,
    overdue,
    running,
    until,
)
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs import Jobs, JobState, LaterError, LostLeaseError, Runner, Work, queue
from wx_archive.core.jobs import runner as runners
from wx_archive.core.schema import installation

DOER = """
import os, sys, time
from wx_archive.core.database import Database
from wx_archive.core.jobs import Jobs, Runner
from tests.core.jobs.works import note
database = Database(sys.argv[1])
jobs = Jobs()
jobs.handles("test.note")(lambda work: (time.sleep(0.01), note(work, str(os.getpid()))))
runner = Runner(database, jobs, lanes=3)
runner.start()
print("ready", flush=True)
sys.stdin.read() if sys.argv[2] == "wait" else time.sleep(float(sys.argv[2]))
runner.close()
"""

DYING = """
import os, sys
from wx_archive.core.database import Database
from wx_archive.core.jobs import Jobs, Runner
jobs = Jobs()
jobs.handles("test.note", attempts=2)(lambda work: os._exit(9))
Runner(Database(sys.argv[1]), jobs).run_next()
"""


def test_a_job_is_done_and_its_effect_commits_with_its_end(database: Database) -> None:
    leave(database, payload={"n": 1})
    runner = a_runner(database)
    assert runner.run_next()
    assert not runner.run_next()
    job = job_of(database)
    assert (job.state, job.attempts, job.lease_until) == (JobState.DONE, 1, None)
    assert notes(database) == {"k1": "done"}


def test_a_handler_need_not_end_its_job_itself(database: Database) -> None:
    leave(database)
    assert a_runner(database, lambda _work: None).run_next()
    assert is_in(database, JobState.DONE)


def test_an_effect_that_fails_rolls_the_jobs_end_back_too(database: Database) -> None:
    def half(work: Work) -> None:
        with work.finishing() as session:
            session.execute(insert(installation).values(name=work.job.key, value="half"))
            raise KeyError

    leave(database)
    assert a_runner(database, half).run_next()
    assert (is_in(database, JobState.WAITING), notes(database)) == (True, {})


def test_runners_in_one_process_never_do_a_job_twice(database: Database) -> None:
    done: Counter[str] = Counter()

    def count(work: Work) -> None:
        done[work.job.key] += 1
        time.sleep(0.005)
        note(work)

    for number in range(30):
        leave(database, f"k{number}")
    with running(a_runner(database, count, lanes=3)), running(a_runner(database, count, lanes=3)):
        until(lambda: len(notes(database)) == 30)
    assert set(done.values()) == {1}


def test_runners_in_several_processes_never_do_a_job_twice(database: Database) -> None:
    doers = [a_process(DOER, database, "4") for _ in range(2)]
    for doer in doers:
        assert doer.stdout
        assert doer.stdout.readline() == "ready\n"
    for number in range(40):
        leave(database, f"k{number}")
    until(lambda: len(notes(database)) == 40)
    told = [doer.communicate(timeout=20)[0] for doer in doers]
    assert told == ["", ""]
    assert set(notes(database).values()) == {str(doer.pid) for doer in doers}
    assert all(job_of(database, f"k{number}").attempts == 1 for number in range(40))


def test_the_job_of_a_killed_process_is_taken_over(database: Database) -> None:
    hanging = DOER.replace("time.sleep(0.01)", "time.sleep(60)")
    doer = a_process(hanging, database, "60")
    leave(database)
    until(lambda: is_in(database, JobState.RUNNING))
    os.kill(doer.pid, signal.SIGKILL)
    doer.communicate(timeout=20)
    assert not a_runner(database).run_next()
    orphan(database, since=clock.now())
    assert a_runner(database).run_next()
    assert (notes(database), job_of(database).attempts) == ({"k1": "done"}, 2)


def test_a_job_that_kills_its_process_every_time_ends_dead(database: Database) -> None:
    leave(database)
    for _ in range(2):
        dying = a_process(DYING, database)
        dying.communicate(timeout=40)
        assert dying.returncode == 9
        orphan(database, since=clock.now())
    assert a_runner(database, attempts=2).run_next()
    job = job_of(database)
    assert (job.state, notes(database)) == (JobState.DEAD, {})
    assert "执行它的进程中途没了" in job.cause


def test_an_old_holders_begin_record_and_finish_raise_and_change_nothing(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    raised = []

    def overtaken(work: Work) -> None:
        orphan(database, since=clock.now())
        assert a_runner(database).run_next()
        for write in (work.begin, work.finishing):
            with pytest.raises(LostLeaseError) as err, write() as session:
                session.execute(insert(installation).values(name="late", value="late"))
            raised.append(err)
        with pytest.raises(LostLeaseError) as err:
            work.record("sent")
        raised.append(err)
        work.record("again")

    leave(database)
    with caplog.at_level(logging.WARNING, "wx_archive.core.jobs.runner"):
        assert a_runner(database, overtaken).run_next()
    assert len(raised) == 3
    assert notes(database) == {"k1": "done"}
    assert (job_of(database).state, job_of(database).steps) == (JobState.DONE, "{}")
    assert [record.message.split()[0] for record in caplog.records] == ["jobs.lost"]


def test_what_was_recorded_is_known_to_the_next_attempt(database: Database) -> None:
    seen = []

    def handler(work: Work) -> None:
        seen.append((work.recorded("sending"), work.recorded("number")))
        work.record("sending")
        work.record("number", fact=7)
        if len(seen) == 1:
            raise KeyError

    leave(database)
    assert a_runner(database, handler).run_next()
    overdue(database)
    assert a_runner(database, handler).run_next()
    assert seen == [(None, None), (True, 7)]


def test_a_heartbeat_keeps_a_long_job(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runners, "HEARTBEAT_S", 0.1)
    monkeypatch.setattr(queue, "LEASE", timedelta(seconds=0.8))
    done: Counter[str] = Counter()

    def slow(work: Work) -> None:
        done[work.job.key] += 1
        time.sleep(2)

    leave(database)
    with running(a_runner(database, slow)), running(a_runner(database, slow)):
        until(lambda: is_in(database, JobState.DONE))
    assert (done["k1"], job_of(database).attempts) == (1, 1)


def test_the_lease_outlives_several_missed_heartbeats_and_ends_within_a_minute() -> None:
    lease_s = queue.LEASE.total_seconds()
    assert lease_s > 3 * runners.HEARTBEAT_S
    assert lease_s + runners.IDLE_S * 1.2 < 60


def test_a_failed_job_is_tried_again_later_until_its_attempts_are_used_up(
    database: Database,
) -> None:
    def failing(work: Work) -> None:
        raise ValueError(f"attempt {work.job.attempts}")

    leave(database)
    for attempt in (1, 2):
        before = clock.now()
        assert a_runner(database, failing, attempts=3).run_next()
        job = job_of(database)
        assert (job.state, job.attempts) == (JobState.WAITING, attempt)
        assert f"ValueError: attempt {attempt}" in job.cause
        pause_s = (job.run_after - before).total_seconds()
        assert 0.8 * 2**attempt <= pause_s <= 1.2 * 2**attempt + 1
        assert not a_runner(database, failing, attempts=3).run_next()
        overdue(database)
    assert a_runner(database, failing, attempts=3).run_next()
    job = job_of(database)
    assert (job.state, job.attempts) == (JobState.DEAD, 3)
    assert job.cause.endswith("ValueError: attempt 3\n")
    assert job.finished_at is not None


def test_the_pauses_double_with_jitter_up_to_an_hour() -> None:
    random.seed(1)
    for attempts, pause_s in ((1, 2), (2, 4), (8, 256), (20, 3_600), (900, 3_600)):
        drawn = [runners.pause_s(attempts) for _ in range(50)]
        assert min(drawn) >= 0.8 * pause_s
        assert max(drawn) <= 1.2 * pause_s
        assert len(set(drawn)) > 10


def test_a_refusal_is_final_at_once(database: Database) -> None:
    def refuse(_work: Work) -> None:
        raise RefusedError("不行")

    leave(database)
    assert a_runner(database, refuse).run_next()
    job = job_of(database)
    assert (job.state, job.attempts) == (JobState.DEAD, 1)
    assert "不行" in job.cause


def test_to_ask_for_later_costs_no_attempt(database: Database) -> None:
    def later(_work: Work) -> None:
        raise LaterError(timedelta(minutes=1))

    leave(database)
    for _ in range(4):
        before = clock.now()
        assert a_runner(database, later, attempts=1).run_next()
        job = job_of(database)
        assert (job.state, job.attempts) == (JobState.WAITING, 0)
        assert timedelta(minutes=1) <= job.run_after - before < timedelta(minutes=1.1)
        overdue(database)


def test_a_kind_has_one_handler() -> None:
    jobs, other = Jobs(), Jobs()
    for each in (jobs, other):
        each.handles(KIND)(note)
    with pytest.raises(RuntimeError, match="two handlers"):
        jobs.take_in(other)


def test_closing_lets_what_is_in_hand_end(database: Database) -> None:
    def slow(work: Work) -> None:
        time.sleep(0.7)
        note(work)

    leave(database, "k1")
    leave(database, "k2")
    runner = a_runner(database, slow)
    runner.start()
    until(lambda: is_in(database, JobState.RUNNING))
    runner.close()
    assert notes(database) == {"k1": "done"}
    assert is_in(database, JobState.DONE, "k1")
    assert is_in(database, JobState.WAITING, "k2")


def test_closing_puts_back_what_does_not_end_in_time(database: Database) -> None:
    go_on, ended = threading.Event(), threading.Event()

    def stuck(work: Work) -> None:
        go_on.wait(20)
        try:
            note(work, "too late")
        finally:
            ended.set()

    leave(database)
    runner = a_runner(database, stuck)
    runner.start()
    until(lambda: is_in(database, JobState.RUNNING))
    started = time.monotonic()
    runner.close(within_s=0.3)
    assert time.monotonic() - started < 2
    job = job_of(database)
    assert (job.state, job.attempts, job.lease_until) == (JobState.WAITING, 0, None)
    assert a_runner(database).run_next()
    go_on.set()
    assert ended.wait(20)
    assert notes(database) == {"k1": "done"}


def test_a_runner_that_never_started_can_be_closed(database: Database) -> None:
    Runner(database, Jobs()).close()


def test_a_lane_outlives_handlers_that_fail_and_a_database_that_is_locked(
    sqlite_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wx_archive.core.database.BUSY_TIMEOUT_MS", 100)
    database, other = Database(sqlite_url), Database(sqlite_url)
    leave(database, "bad", kind="test.bad")
    jobs = Jobs()
    jobs.handles(KIND)(note)
    jobs.handles("test.bad")(lambda _work: (_ for _ in ()).throw(ValueError("bad")))
    with caplog.at_level(logging.WARNING, "wx_archive.core.jobs.runner"):
        with running(Runner(database, jobs, lanes=2)):
            until(lambda: job_of(other, "bad").cause != "")
            leave(other, "k1", due=clock.now() + timedelta(seconds=0.5))
            with other.begin() as session:
                session.connection()
                time.sleep(1.5)
            until(lambda: is_in(other, JobState.DONE, "k1"))
        told = [record.message.split()[0] for record in caplog.records]
    away = [event for event in told if event.startswith("jobs.database")]
    assert away == ["jobs.database_away", "jobs.database_back"]
    assert "jobs.again" in told
    database.dispose()
    other.dispose()


def test_an_idle_runner_only_reads(sqlite_url: str) -> None:
    database, other = Database(sqlite_url), Database(sqlite_url)
    with other.begin() as session:
        session.connection()
        assert not a_runner(database).run_next()
    assert works.keys(database) == []
    database.dispose()
    other.dispose()
