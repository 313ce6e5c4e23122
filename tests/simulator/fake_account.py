"""An account that remembers what WeChat posts and answers as each test likes."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server


@dataclass(frozen=True)
class Received:
    path: str
    query_string: str
    headers: Mapping[str, str]
    body: str

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.query_string, strict_parsing=True))

    @property
    def nodes(self) -> dict[str, str]:
        return {node.tag: node.text or "" for node in ET.fromstring(self.body)}  # noqa: S314 -- own


AnswerWith = Callable[[Received], "tuple[int, str]"]


@dataclass
class FakeAccount:
    """Answers `success` until told otherwise; `hold` makes it slow until the test ends."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answer: AnswerWith = lambda _: (200, "success")
    ended: threading.Event = field(default_factory=threading.Event)

    def replies(self, *answers: str | int) -> None:
        """Give these answers in turn: a text with status 200, or a bare status."""
        left = list(answers)

        def next_answer(_: Received) -> tuple[int, str]:
            answer = left.pop(0) if left else "success"
            return (answer, "") if isinstance(answer, int) else (200, answer)

        self.answer = next_answer

    def never_answers(self) -> None:
        def wait(_: Received) -> tuple[int, str]:
            self.ended.wait(20)
            return 200, "success"

        self.answer = wait

    def says(self, text: str) -> None:
        self.answer = lambda received: (200, text_reply(received, text))

    def __call__(self, request: Request) -> Response:
        received = Received(
            request.path,
            request.query_string.decode(),
            dict(request.headers),
            request.get_data(as_text=True),
        )
        self.received.append(received)
        status, body = self.answer(received)
        return Response(body, status=status, content_type="text/xml")


class _QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 -- werkzeug's name
        pass


@contextmanager
def an_account() -> Iterator[FakeAccount]:
    account = FakeAccount()
    application = Request.application(account)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_QuietHandler)
    # Waiting for the last answer closes its socket in time.
    server.daemon_threads = False  # type: ignore[attr-defined]  # a ThreadingMixIn
    account.url = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield account
    finally:
        account.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def reply(received: Received, kind: str, inside: str, **head: str) -> str:
    """Return a reply to a plain (or compatible) message; `head` bends the common nodes."""
    nodes = received.nodes
    common = {
        "ToUserName": nodes["FromUserName"],
        "FromUserName": nodes["ToUserName"],
        "CreateTime": "1700000000",
        "MsgType": kind,
    } | head
    return f"<xml>{''.join(f'<{n}>{v}</{n}>' for n, v in common.items())}{inside}</xml>"


def text_reply(received: Received, text: str) -> str:
    return reply(received, "text", f"<Content><![CDATA[{text}]]></Content>")


def news_reply(received: Received, *titles: str) -> str:
    items = "".join(
        f"<item><Title>{title}</Title><Description>简介</Description>"
        f"<PicUrl>http://p/1.jpg</PicUrl><Url>http://h5/{title}</Url></item>"
        for title in titles
    )
    inside = f"<ArticleCount>{len(titles)}</ArticleCount><Articles>{items}</Articles>"
    return reply(received, "news", inside)
