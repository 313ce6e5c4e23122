"""A WeChat that answers as told, call by call, over a real socket."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from tests.wechat.deliveries import APP_ID
from wx_archive.core.settings import Settings
from wx_archive.core.store import Store
from wx_archive.wechat.client import Platform

TOKEN_KEY = f"token:{APP_ID}"
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
BUTTONS: list[dict[str, Any]] = [{"type": "click", "name": "查档案", "key": "lookup.start"}]
Reply = tuple[int, str]
Answer = Reply | Callable[[Request], Response] | None
"""Status and body, or what makes the answer, or None for silence."""


@dataclass(frozen=True)
class Asked:
    """What one call asked."""

    method: str
    path: str
    params: dict[str, str]
    body: bytes

    @property
    def token(self) -> str:
        return self.params.get("access_token", "")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Scripted:
    """Gives one answer after the other, `{}` when there are none left."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[Asked] = []
        self.ended = threading.Event()

    def __call__(self, request: Request) -> Response:
        body = request.get_data()
        self.asked.append(Asked(request.method, request.path, request.args.to_dict(), body))
        answer = self.answers.pop(0) if self.answers else (200, "{}")
        if answer is None:
            self.ended.wait(10)
            return Response("{}")
        return answer(request) if callable(answer) else Response(answer[1], status=answer[0])

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]


def a_token(value: str = "TOKEN-1", *, life_s: int = 7200) -> Reply:
    return 200, json.dumps({"access_token": value, "expires_in": life_s})


def refused(code: int, words: str = "refused rid: 1-2-3") -> Reply:
    return 200, json.dumps({"errcode": code, "errmsg": words})


OK = (200, '{"errcode": 0, "errmsg": "ok"}')
A_MENU = (200, json.dumps({"menu": {"button": BUTTONS}}))


class _QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 -- werkzeug's name
        pass


@contextmanager
def serving(answer: Callable[[Request], Response]) -> Iterator[str]:
    application = Request.application(answer)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_QuietHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def speaking(*pieces: bytes) -> Iterator[str]:
    """A server that says these very bytes to whoever comes, and hangs up."""
    stopped = threading.Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(0.05)

        def run() -> None:
            while not stopped.is_set():
                try:
                    line, _address = server.accept()
                except TimeoutError:
                    continue
                with closing(line):
                    line.recv(65_536)
                    for piece in pieces:
                        line.sendall(piece)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            stopped.set()
            thread.join()


class VirtualTime:
    """A clock that only moves when told, or when somebody sleeps by it."""

    def __init__(self, start: datetime = NOON) -> None:
        self.present = start
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.present

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_(seconds)

    def pass_(self, seconds: float) -> None:
        self.present += timedelta(seconds=seconds)


@contextmanager
def platform_of(settings: Settings, store: Store, *args: Any, **options: Any) -> Iterator[Platform]:
    """The account's side; it does not really wait between tries."""
    platform = Platform(settings, store, *args, **({"sleep": lambda _seconds: None} | options))
    try:
        yield platform
    finally:
        platform.close()
