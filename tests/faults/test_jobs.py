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
TIDY = "chat.tidy"


class HangingApi:
    """A WeChat that takes a service message and says nothing until it is let go."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self._silence = threading.Event()

    def let_go(self) -> None:
        """Answer what waits; what comes later waits again."""
        silence, self._silence = self._silence, threading.Event()
        silence.set()

    def __call__(self, request: Request) -> Response:
        if request.path == "/cgi-bin/stable_token":
            return Response(a_token()[1])
        if request.path == "/cgi-bin/message/custom/send":
            self.sent.append(json.loads(request.get_data())["touser"])
            self._silence.wait(90)
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


async def a_send_in_hand(tree: Tree, database: Database, api: HangingApi, openid: str) -> None:
    """Have an answer held for a follower who just wrote, and its sending begun."""
    await WeChat(tree.port).tell(a_message(Kind.LOOKUP, openid, present(), "公积金"))
    opened = (
        "SELECT 1 FROM service_window JOIN follower ON follower.id = follower_id "
        "WHERE openid = :openid"
    )
    window = partial(rows, database, opened, openid=openid)
    await until(lambda: bool(window()), 20, "no window for service messages")
    with database.begin() as session:
        follower_id = session.scalars(select(Follower.id).where(Follower.openid == openid)).one()
        assert held.tell(session, follower_id, WORDS, key=openid, now=clock.now())
    await until(lambda: openid in api.sent, 20, "never sent")


async def lease_over(database: Database, size: Size) -> None:
    """In the short form: let the dead holder's lease be over now instead of in half a minute."""
    if not size.is_full:
        with database.begin() as session:
            running = update(Job).where(Job.kind == held.DELIVER, Job.state == "running")
            session.execute(running.values(lease_until=clock.now()))


def delivery(database: Database, openid: str) -> Any:
    """Return the job's state, its fencing number, and the state of the follower's answer."""
    of_follower = "JOIN follower ON follower.id = follower_id WHERE openid = :openid"
    asked = f"SELECT job.state, fence FROM job {of_follower} AND kind = :kind"  # noqa: S608 -- ours
    (job,) = rows(database, asked, kind=held.DELIVER, openid=openid)
    held_for = f"SELECT held_answer.state FROM held_answer {of_follower}"  # noqa: S608 -- ours
    ((answer,),) = rows(database, held_for, openid=openid)
    return job[0], job[1], answer


async def taken_over(database: Database, openid: str) -> None:
    limit_s = TAKEN_OVER_WITHIN_S
    await until(lambda: delivery(database, openid)[0] == "done", limit_s, "never taken over")


async def fetched(tree: Tree, openid: str) -> int:
    """Return how often the follower gets the answer who asks for it twice."""
    wechat = WeChat(tree.port)
    for second in (1, 2):
        await wechat.tell(a_message(Kind.LOOKUP, openid, present() + second, "取结果"))
    return sum(WORDS in (told.outcomes[-1].reply or "") for told in wechat.told)


async def killed(tree: Tree, database: Database, api: HangingApi, size: Size) -> list[str]:
    """Kill the worker while WeChat has taken the message and not said so."""
    openid = "oKilled00000000000000000000"
    await a_send_in_hand(tree, database, api, openid)
    for pid in tree.of(Role.WORKER):
        end(pid)
    await lease_over(database, size)
    await taken_over(database, openid)
    return await told_once(tree, database, api, openid)


async def frozen(tree: Tree, database: Database, api: HangingApi, size: Size) -> list[str]:
    """Freeze the worker for longer than its lease; then let it go on as if nothing had been."""
    openid = "oFrozen00000000000000000000"
    await a_send_in_hand(tree, database, api, openid)
    holders = tree.of(Role.WORKER)
    tree.start_another("worker")
    for pid in holders:
        end(pid, signal.SIGSTOP)
    try:
        await lease_over(database, size)
        await taken_over(database, openid)
        api.let_go()
    finally:
        for pid in holders:
            end(pid, signal.SIGCONT)
    await tree.said("jobs.lost")
    return await told_once(tree, database, api, openid)


async def told_once(tree: Tree, database: Database, api: HangingApi, openid: str) -> list[str]:
    sent = api.sent.count(openid)
    breaches = [f"sent {sent} times" for _ in range(1) if sent != 1]
    state = delivery(database, openid)
    if state != ("done", 2, "waiting"):
        breaches.append(f"not taken over once: {state}")
    if (times := await fetched(tree, openid)) != 1:
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


CASES: tuple[tuple[str, Case], ...] = (
    ("schedulers", schedulers),
    ("killed", killed),
    ("frozen", frozen),  # last: it leaves a worker of its own behind
)


async def cases_on(place: Place, api: HangingApi, size: Size) -> list[tuple[str, list[str], float]]:
    """Let one account go through every case; return what was broken and how long it took."""
    loop = asyncio.get_running_loop()
    seen = []
    with account(place.settings) as tree:
        await tree.all_up()
        database = Database(place.settings.database)
        try:
            for name, case in CASES:
                start = loop.time()
                breaches = await case(tree, database, api, size)
                seen.append((name, breaches, loop.time() - start))
                api.let_go()
        finally:
            api.let_go()
            database.dispose()
    return seen


@pytest.mark.timeout(400)
def test_jobs_survive_their_holders_and_are_done_once(make: Make, size: Size, tell: Tell) -> None:
    places: list[Place] = []

    async def on_both(held_up: ExitStack) -> list[list[tuple[str, list[str], float]]]:
        running = []
        async with asyncio.TaskGroup() as group:
            for kind in ("sqlite", "postgresql"):
                api = HangingApi()
                url = held_up.enter_context(serving(api))
                held_up.callback(api.let_go)
                places.append(make(kind, wechat_api_url=url))
                running.append(group.create_task(cases_on(places[-1], api, size)))
        return [task.result() for task in running]

    with ExitStack() as held_up:
        seen = asyncio.run(on_both(held_up))
    for place, cases in zip(places, seen, strict=True):
        for name, breaches, took_s in cases:
            tell(Row(f"jobs: {name}", place.name, verdict(breaches, f"({took_s:.0f} s)")))
    assert not [
        breach for cases in seen for _name, breaches, _took_s in cases for breach in breaches
    ]
