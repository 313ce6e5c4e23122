"""`serve --all-in-one` and `worker`: a tree that lives, dies and ends together."""

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest
import requests
from sqlalchemy import select
from werkzeug.wrappers import Request, Response

from tests.conftest import SettingsFactory
from tests.trees import Tree, a_tree, descendants, direct_children, is_running
from tests.wechat.fake_platform import serving as served
from wx_archive import serving
from wx_archive.chat import answering, held, windows
from wx_archive.chat import jobs as chat_jobs
from wx_archive.chat.models import HeldAnswer, HeldState
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Job, JobState, enqueue
from wx_archive.core.settings import Settings
from wx_archive.followers import service as followers
from wx_archive.wechat.limits import Occasion

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc"),
]


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, demo_settings: SettingsFactory) -> Settings:
    if request.param == "sqlite":
        return demo_settings()
    chosen: Settings = request.getfixturevalue("postgres_redis_settings")
    return chosen


def is_answering(settings: Settings) -> bool:
    try:
        with requests.get(f"{settings.origin}/-/ready", timeout=1) as answer:
            return answer.ok
    except requests.RequestException:
        return False


def up(tree: Tree, settings: Settings) -> None:
    tree.until(lambda: is_answering(settings))
    tree.wait_until("worker.ready")
    tree.wait_until("scheduler.ready")


def leave_work(settings: Settings, key: str) -> None:
    database = Database(settings.database)
    with database.begin() as session:
        enqueue(session, chat_jobs.TIDY, {}, key=key, now=clock.now())
    database.dispose()


def state_of(settings: Settings, key: str) -> str:
    database = Database(settings.database)
    with database.reads() as connection:
        state = connection.execute(select(Job.state).where(Job.key == key)).scalar_one()
    database.dispose()
    return state


def test_one_command_starts_web_worker_and_scheduler_and_they_end_in_order(
    settings: Settings, tmp_path: Path
) -> None:
    with a_tree(settings, tmp_path / "log", "serve", "--all-in-one") as tree:
        up(tree, settings)
        assert {tree.child(name) for name in ("serve", "worker", "scheduler")} == set(
            direct_children(tree.process.pid)
        )
        leave_work(settings, "a")
        tree.until(lambda: state_of(settings, "a") == JobState.DONE)
        everybody = descendants(tree.process.pid)
        started = time.monotonic()
        assert tree.end(signal.SIGTERM) == 0
        assert time.monotonic() - started < 10
        assert not any(map(is_running, everybody))
        assert not is_answering(settings)
        assert "Traceback" not in tree.words


@pytest.mark.parametrize("after_s", [0.0, 0.15, 0.4])
def test_a_parent_that_is_killed_while_its_children_start_leaves_nobody_behind(
    demo_settings: SettingsFactory, tmp_path: Path, after_s: float
) -> None:
    settings = demo_settings()
    with a_tree(settings, tmp_path / "log", "serve", "--all-in-one") as tree:
        tree.until(lambda: len(direct_children(tree.process.pid)) == 3)
        time.sleep(after_s)
        everybody = descendants(tree.process.pid)
        tree.end(signal.SIGKILL)
        tree.until(lambda: not any(map(is_running, everybody)), within_s=10)
        assert not is_answering(settings)


def test_a_killed_child_comes_back_and_a_killed_parent_leaves_nobody_behind(
    demo_settings: SettingsFactory, tmp_path: Path
) -> None:
    settings = demo_settings()
    with a_tree(settings, tmp_path / "log", "serve", "--all-in-one") as tree:
        up(tree, settings)
        before = {name: tree.child(name) for name in ("serve", "worker", "scheduler")}
        for name in ("worker", "scheduler"):
            os.kill(before[name], signal.SIGKILL)
        for name in ("worker", "scheduler"):
            tree.wait_until(f"{name}.ready", times=2)
            assert tree.child(name) != before[name]
        assert tree.child("serve") == before["serve"]
        leave_work(settings, "a")
        tree.until(lambda: state_of(settings, "a") == JobState.DONE)
        everybody = descendants(tree.process.pid)
        assert len(everybody) >= 4
        tree.end(signal.SIGKILL)
        tree.until(lambda: not any(map(is_running, everybody)), within_s=2)


def test_a_worker_that_is_told_to_end_finishes_or_puts_back_what_is_in_hand(
    demo_settings: SettingsFactory, tmp_path: Path
) -> None:
    settings = demo_settings()
    database = Database(settings.database)
    with a_tree(settings, tmp_path / "log", "worker") as worker:
        worker.wait_until("worker.ready")
        leave_work(settings, "a")
        worker.until(lambda: state_of(settings, "a") != JobState.WAITING)
        started = time.monotonic()
        assert worker.end(signal.SIGTERM) == 0
        assert time.monotonic() - started < 10
        assert state_of(settings, "a") in (JobState.DONE, JobState.WAITING)
        assert "Traceback" not in worker.words
    database.dispose()


class Stuck:
    """A WeChat that takes a service message and says nothing."""

    def __init__(self) -> None:
        self.calls = 0
        self.go_on = threading.Event()

    def __call__(self, request: Request) -> Response:
        if request.path.endswith("stable_token"):
            return Response(json.dumps({"access_token": "TOKEN", "expires_in": 7200}))
        self.calls += 1
        self.go_on.wait(40)
        return Response("{}")


def test_a_worker_that_is_stuck_in_a_call_ends_in_time_and_what_it_held_is_not_sent_again(
    demo_settings: SettingsFactory, tmp_path: Path
) -> None:
    stuck = Stuck()
    with served(stuck) as url:
        settings = demo_settings(wechat_api_url=url)
        leave_answer(settings)
        with a_tree(settings, tmp_path / "1", "worker") as worker:
            worker.until(lambda: stuck.calls == 1)
            started = time.monotonic()
            assert worker.end(signal.SIGTERM) == 0
            assert time.monotonic() - started < 10
            assert "Traceback" not in worker.words
        assert state_of(settings, "chat.deliver:1") == JobState.WAITING
        stuck.go_on.set()
        with a_tree(settings, tmp_path / "2", "worker") as worker:
            worker.until(lambda: state_of(settings, "chat.deliver:1") == JobState.DONE)
    assert stuck.calls == 1
    database = Database(settings.database)
    with database.reads() as connection:
        assert connection.execute(select(HeldAnswer.state)).scalar_one() == HeldState.WAITING
    database.dispose()


def leave_answer(settings: Settings) -> None:
    """Hold an answer for a follower who wrote just now."""
    database, now = Database(settings.database), clock.now()
    with database.begin() as session:
        follower_id = followers.ensure(session, "oCitizen", now=now)
        opening = ("oCitizen", Occasion.MESSAGE)
        windows.note_opened(session.connection(), {opening: now})
        held.tell(session, follower_id, "答复", key="k", now=now)
    database.dispose()


def test_those_who_wait_for_slow_answers_leave_a_worker_threads_for_the_others() -> None:
    assert answering.WAITERS < serving.THREADS
