"""kill -9 of the worker at each step of a sending: sent once, or held for a person."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from werkzeug.wrappers import Request, Response

from tests.faults.conftest import Size
from tests.publishing.far_side import DRAFT, MASS, SUBMIT, TOKEN, FarSide
from tests.publishing.pushing import Bureau, a_text, an_article
from tests.publishing.sending_faults.workers import Workers, until, workers
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.rules import Delivery

FINISHED = {"sending", "sent", "held"}


class Gate:
    """Holds one call at WeChat until it is let go, before or after its effect."""

    def __init__(self, *, after: bool) -> None:
        self.after = after
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self, side: FarSide, request: Request) -> Response | None:
        answer = side.do(request) if self.after else None
        self.reached.set()
        self.open.wait(20)
        # Whoever asked is dead: what he asked for last must not happen now.
        return answer or Response(status=500)


@dataclass(frozen=True)
class Step:
    """Where a worker is killed: in a call at WeChat, before or after its effect there."""

    name: str
    path: str
    after: bool = False
    delivery: Delivery = Delivery.MASS


STEPS = (
    Step("before anything is asked", TOKEN),  # first: later workers know the token
    Step("the picture on its way", "media/uploadimg"),
    Step("the draft asked for", DRAFT),
    Step("the draft made and not told", DRAFT, after=True),
    Step("the call on its way", MASS),
    Step("sent and not told", MASS, after=True),
    Step("asked what became of it", "message/mass/get"),
    Step("published and not told", SUBMIT, after=True, delivery=Delivery.PUBLISH),
)


def the_content(step: Step, picture: str) -> Content:
    if step.path in (TOKEN, MASS, "message/mass/get"):
        return a_text(step.name)
    body = f"![库房](media:{picture})"
    return an_article(step.name, cover=picture, body=body)


def forget(bureau: Bureau) -> None:
    """Let the next push of the month have its place, and its token be asked for anew."""
    with bureau.database.begin() as session:
        session.connection().exec_driver_sql("DELETE FROM send_period")
        session.connection().exec_driver_sql("UPDATE push SET scope = ''")
        session.connection().exec_driver_sql("DELETE FROM media_hosted")


def killed_at(place: Workers, step: Step, picture: str, *, is_full: bool) -> tuple[str, int]:
    """Kill the worker at a step; return how the push stands after another, how often it left."""
    bureau, wechat = place.bureau, place.bureau.wechat
    forget(bureau)
    before = len(wechat.sent) + len(wechat.published)
    gate = Gate(after=step.after)
    wechat.spoils.clear()
    wechat.spoil(step.path, gate)
    content = the_content(step, picture)
    pid = bureau.schedules(content, delivery=step.delivery, within=timedelta(milliseconds=500))
    if step.path == "message/mass/get":
        until(lambda: bureau.push(pid).sent_at is not None, "never taken")
        hurry_polls(bureau)
    try:
        until(gate.reached.is_set, step.name)
    except TimeoutError:
        return f"never reached: {bureau.stands(pid)} {bureau.push(pid).sentence}", 0
    place.kill(place.running[-1])
    gate.open.set()
    place.leases_over(is_full=is_full)
    place.start()
    settled = settled_of(place, pid, is_full=is_full)
    until(settled, f"not taken over: {step.name}", 150 if is_full else 30)
    return bureau.stands(pid)[0], len(wechat.sent) + len(wechat.published) - before


def settled_of(place: Workers, pid: str, *, is_full: bool) -> Callable[[], bool]:
    def settled() -> bool:
        place.minute_over(is_full=is_full)
        push = place.bureau.push(pid)
        return push.state in ("sent", "held") or push.sent_at is not None

    return settled


def hurry_polls(bureau: Bureau) -> None:
    with bureau.database.begin() as session:
        session.connection().exec_driver_sql(
            "UPDATE job SET run_after = created_at WHERE kind = 'publishing.poll'"
        )


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_worker_killed_at_any_step_leaves_a_push_sent_once_or_held(
    kind: str, tmp_path: Path, size: Size, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("sqlite_url" if kind == "sqlite" else "postgres_url")
    breaches = []
    with workers(url, tmp_path, FarSide()) as place:
        picture = place.bureau.brings_in()
        place.start()
        # In the short form each step on one of the databases.
        steps = STEPS if size.is_full else STEPS[kind == "postgresql" :: 2]
        for step in steps:
            for _ in range(size.count(5, 1)):
                state, times = killed_at(place, step, picture, is_full=size.is_full)
                if state not in FINISHED or times > 1 or (state != "held" and times != 1):
                    breaches.append(f"{step.name}: {state}, {times} times")
        assert not place.said("Traceback"), place.log.read_text()[-4_000:]
    assert not breaches
