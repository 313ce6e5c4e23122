"""The worker's side of a conversation: a WeChat that answers as told, and the jobs that call it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from werkzeug.wrappers import Request, Response

from tests.chat.talks import SITE, an_answering, read, words
from tests.wechat.deliveries import OPENID
from tests.wechat.fake_platform import platform_of, serving
from wx_archive.chat import held
from wx_archive.chat import jobs as chat_jobs
from wx_archive.chat.answering import DEADLINE_S, Answering
from wx_archive.chat.models import HeldAnswer, HeldState
from wx_archive.chat.router import Dispatcher, Router
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Runner
from wx_archive.core.services import Services
from wx_archive.core.settings import Settings
from wx_archive.core.site import Site
from wx_archive.core.store import Store, open_store
from wx_archive.followers import service as followers


class WeChat:
    """Takes service messages; `codes` are its next answers, None for one that nobody can read."""

    def __init__(self) -> None:
        self.codes: list[int | None] = []
        self.sent: list[tuple[str, str]] = []
        self.calls = 0
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Response:
        if request.path.endswith("stable_token"):
            return _json({"access_token": "TOKEN", "expires_in": 7200})
        told = json.loads(request.get_data())
        with self._lock:
            self.calls += 1
            code = self.codes.pop(0) if self.codes else 0
            if not code:
                self.sent.append((told["touser"], told["text"]["content"]))
        return Response("<html>") if code is None else _json({"errcode": code, "errmsg": "rid: 1"})

    @property
    def texts(self) -> list[str]:
        return [text for _openid, text in self.sent]


def _json(value: dict[str, Any]) -> Response:
    return Response(json.dumps(value), content_type="application/json")


def _a_little(seconds: float) -> None:
    time.sleep(min(seconds, 0.02))


@dataclass
class Desk:
    """A database, a WeChat, and what the worker does with them."""

    database: Database
    store: Store
    wechat: WeChat
    services: Services
    router: Router
    runner: Runner
    stack: ExitStack = field(repr=False)

    def answering(self, *, deadline_s: float = DEADLINE_S) -> Answering:
        """Start answering as one more process."""
        answering = an_answering(self.database, self.store, self.router, deadline_s=deadline_s)
        self.stack.callback(answering.close)
        return answering

    def work(self) -> None:
        """Do what is due."""
        while self.runner.run_next():
            pass

    @contextmanager
    def working(self) -> Iterator[None]:
        """Do what comes, beside the block."""
        self.runner.start()
        try:
            yield
        finally:
            self.runner.close()

    def tell(self, text: str, *, key: str | None = None, openid: str = OPENID) -> bool:
        """Hold an answer for a follower."""
        now = clock.now()
        with self.database.begin() as session:
            follower_id = followers.ensure(session, openid, now=now)
            return held.tell(session, follower_id, text, key=key or text, now=now)

    def states(self) -> dict[str, str]:
        """Return every held answer's state by its text."""
        with self.database.reads() as connection:
            rows = connection.execute(select(HeldAnswer.text, HeldAnswer.state))
            return {text: HeldState(state) for text, state in rows}


def says(answering: Answering, told: str) -> str:
    """Deliver a message now; return what the phone shows, empty for `success`."""
    answer = answering.reply_to(read(told), told.encode(), now=clock.now())
    return "" if answer == b"success" else words(answer)


def present() -> int:
    return int(clock.now().timestamp())


@contextmanager
def a_desk(
    database: Database, folder: Path, router: Router, *, site: Site = SITE, **settings: Any
) -> Iterator[Desk]:
    wechat = WeChat()
    with ExitStack() as stack:
        url = stack.enter_context(serving(wechat))
        given = Settings.for_demo(data_dir=folder, wechat_api_url=url, **settings)
        store, close = open_store(database, "")
        stack.callback(close)
        platform = stack.enter_context(platform_of(given, store, database, sleep=_a_little))
        services = Services(given, database, store, site)
        jobs = chat_jobs.build(services, platform, Dispatcher([router]))
        runner = Runner(database, jobs, lanes=3)
        yield Desk(database, store, wechat, services, router, runner, stack)
