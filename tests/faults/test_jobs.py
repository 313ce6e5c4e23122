"""Workers and schedulers killed and frozen in the middle: taken over, and nothing done twice."""

import asyncio
import json
import signal
import threading
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, update
from werkzeug.wrappers import Request, Response

from tests.faults import invariants
from tests.faults.caller import WeChat
from tests.faults.conftest import Make, Place, Size, Tell
from tests.faults.ledger import rows
from tests.faults.messages import Kind, a_message
from tests.faults.report import Row, verdict
from tests.faults.tree import Role, Tree, account, end
from tests.faults.wire import present
from tests.wechat.fake_platform import OK, a_token, serving
from wx_archive.chat import held
from wx_archive.core import clock
from wx_archive.core.clock import SHANGHAI
from wx_archive.core.database import Database
from wx_archive.core.jobs.models import Job, ScheduleState
from wx_archive.followers.models import Follower

TAKEN_OVER_WITHIN_S = 60.0
WORDS = "您要的那一页找到了。"
OPENID = "oHeld0000000000000000000000"
TIDY = "chat.tidy"


class HangingApi:
    """A WeChat that takes a service message and says nothing until it is let go."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.let_go = threading.Event()

    def __call__(self, request: Request) -> Response:
        if request.path == "/cgi-bin/stable_token":
            return Response(a_token()[1])
        if request.path == "/cgi-bin/message/custom/send":
            self.sent.append(json.loads(request.get_data())["touser"])
            self.let_go.wait(90)
        return Response(OK[1])


Case = Callable[[Tree, Database, HangingApi, Size], Awaitable[list[str]]]


async def until(what: Callable[[], bool], within_s: float, name: str) -> None:
    """Wait for something to be so."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while not what():
        if loop.time() > deadline:
            raise TimeoutError(name)
        await asyncio.sleep(0.1)


async def a_send_in_hand(tree: Tree, database: Database, api: HangingApi) -> None:
    """Have an answer held for a follower who just wrote, and its sending begun."""
    await WeChat(tree.port).tell(a_message(Kind.LOOKUP, OPENID, present(), "公积金"))
    opened = "SELECT 1 FROM service_window JOIN follower ON follower.id = follower_id"
    await until(lambda: bool(rows(database, opened)), 20, "no window for service messages")
    with database.begin() as session:
        follower_id = session.scalars(select(Follower.id).where(Follower.openid == OPENID)).one()
        assert held.tell(session, follower_id, WORDS, key="faults", now=clock.now())
    await until(lambda: bool(api.sent), 20, "never sent")


async def lease_over(database: Database, size: Size) -> None:
    """In the short form: let the dead holder's lease be over now instead of in half a minute."""
    if not size.is_full:
        with database.begin() as session:
            running = update(Job).where(Job.kind == held.DELIVER, Job.state == "running")
            session.execute(running.values(lease_until=clock.now()))


def delivery(database: Database) -> Any:
    """Return the job's state, its fencing number, and the state of the answer."""
    asked = "SELECT state, fence FROM job WHERE kind = :kind"
    (job,) = rows(database, asked, kind=held.DELIVER)
    ((answer,),) = rows(database, "SELECT state FROM held_answer")
    return job[0], job[1], answer


async def taken_over_s(database: Database) -> float:
    loop = asyncio.get_running_loop()
    start = loop.time()
    limit_s = TAKEN_OVER_WITHIN_S
    await until(lambda: delivery(database)[0] == "done", limit_s, "never taken over")
    return loop.time() - start


async def fetched(tree: Tree) -> int:
    """Return how often the follower gets the answer who asks for it twice."""
    wechat = WeChat(tree.port)
    for second in (1, 2):
        await wechat.tell(a_message(Kind.LOOKUP, OPENID, present() + second, "取结果"))
    return sum(WORDS in (told.outcomes[-1].reply or "") for told in wechat.told)


async def killed(tree: Tree, database: Database, api: HangingApi, size: Size) -> list[str]:
    """Kill the worker while WeChat has taken the message and not said so."""
    await a_send_in_hand(tree, database, api)
    for pid in tree.of(Role.WORKER):
        end(pid)
    await lease_over(database, size)
    await taken_over_s(database)
    return await told_once(tree, database, api)


async def frozen(tree: Tree, database: Database, api: HangingApi, size: Size) -> list[str]:
    """Freeze the worker for longer than its lease; then let it go on as if nothing had been."""
    await a_send_in_hand(tree, database, api)
    holders = tree.of(Role.WORKER)
    tree.start_another("worker")
    for pid in holders:
        end(pid, signal.SIGSTOP)
    try:
        await lease_over(database, size)
        await taken_over_s(database)
        api.let_go.set()
    finally:
        for pid in holders:
            end(pid, signal.SIGCONT)
    await tree.said("jobs.lost")
    return await told_once(tree, database, api)


async def told_once(tree: Tree, database: Database, api: HangingApi) -> list[str]:
    breaches = [f"sent {len(api.sent)} times" for _ in range(1) if len(api.sent) != 1]
    state = delivery(database)
    if state != ("done", 2, "waiting"):
        breaches.append(f"not taken over once: {state}")
    if (times := await fetched(tree)) != 1:
        breaches.append(f"fetched {times} times")
    return breaches


async def schedulers(tree: Tree, database: Database, _api: HangingApi, size: Size) -> list[str]:
    """Three schedulers, one of them frozen for a while."""
    tree.start_another("scheduler")
    tree.start_another("scheduler")
    await tree.said("scheduler.ready", times=3)
    victim = tree.of(Role.SCHEDULER)[0]
    # Just after the last mark of its own clock, which would else be the newest firing that is due.
    now = clock.now()
    mark = now.replace(minute=now.minute // 10 * 10, second=0, microsecond=0)
    moments = [mark + timedelta(milliseconds=1 + n) for n in range(size.count(9, 3))]
    for number, moment in enumerate(moments):
        if number == len(moments) // 3:
            end(victim, signal.SIGSTOP)
        if number == 2 * len(moments) // 3:
            end(victim, signal.SIGCONT)
        make_due(database, moment)
        await until(partial(has_fired, database, moment), 20, "never fired")
    done = "SELECT count(*) FROM job WHERE kind = :kind AND state <> 'done'"
    await until(lambda: rows(database, done, kind=TIDY) == [(0,)], 20, "never done")
    return invariants.firing_breaches(map(key_of, moments), attempts(database))


def make_due(database: Database, moment: datetime) -> None:
    with database.begin() as session:
        schedule = update(ScheduleState).where(ScheduleState.name == TIDY)
        session.execute(schedule.values(next_fire_at=moment))


def key_of(moment: datetime) -> str:
    return f"{TIDY}@{moment.astimezone(SHANGHAI).isoformat()}"


def has_fired(database: Database, moment: datetime) -> bool:
    return key_of(moment) in attempts(database)


def attempts(database: Database) -> dict[str, int]:
    """Return how often each firing was begun; not those that the clock itself made due."""
    found = rows(database, "SELECT key, attempts FROM job WHERE kind = :kind", kind=TIDY)
    return {key: number for key, number in found if not key.endswith(":00+08:00")}


async def case_on(place: Place, api: HangingApi, case: Case, size: Size) -> tuple[list[str], float]:
    loop = asyncio.get_running_loop()
    with account(place.settings) as tree:
        await tree.all_up()
        database = Database(place.settings.database)
        start = loop.time()
        try:
            return await case(tree, database, api, size), loop.time() - start
        finally:
            api.let_go.set()
            database.dispose()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("case", [killed, frozen, schedulers])
def test_jobs_survive_their_holders_and_are_done_once(
    make: Make, case: Case, size: Size, tell: Tell
) -> None:
    async def on_both(held_up: ExitStack) -> list[tuple[Place, list[str], float]]:
        places, running = [], []
        async with asyncio.TaskGroup() as group:
            for kind in ("sqlite", "postgresql"):
                api = HangingApi()
                url = held_up.enter_context(serving(api))
                held_up.callback(api.let_go.set)
                places.append(make(kind, wechat_api_url=url))
                running.append(group.create_task(case_on(places[-1], api, case, size)))
        results = [task.result() for task in running]
        return [(place, *result) for place, result in zip(places, results, strict=True)]

    with ExitStack() as held_up:
        seen = asyncio.run(on_both(held_up))
    name = getattr(case, "__name__", "")
    for place, breaches, took_s in seen:
        tell(Row(f"jobs: {name}", place.name, verdict(breaches, f"({took_s:.0f} s)")))
    assert not [breach for _place, breaches, _took in seen for breach in breaches]
