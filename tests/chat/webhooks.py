"""The webhook as any WSGI server calls it, without a server."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.wechat.deliveries import Delivery, settings_for
from wx_archive.chat.answering import Answering
from wx_archive.chat.webhook import Webhook
from wx_archive.core import clock
from wx_archive.core.store import Store


@dataclass
class Answered:
    """What the server would send."""

    status: int = 0
    phrase: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def a_webhook(answering: Answering, store: Store, mode: str = "safe", **changes: Any) -> Webhook:
    return Webhook(settings_for(mode, **changes), store, answering)


def call(webhook: Webhook, query: str, body: bytes = b"", **environ: Any) -> Answered:
    """Call once; `environ` bends what the server hands over, None takes a variable away."""
    answered = Answered()

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        code, _, answered.phrase = status.partition(" ")
        answered.status, answered.headers = int(code), dict(headers)
        assert len(answered.headers) == len(headers)

    given = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "",
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    } | environ
    present = {name: value for name, value in given.items() if value is not None}
    answered.body = b"".join(webhook(present, start_response))
    assert answered.headers["Content-Length"] == str(len(answered.body))
    return answered


def post(webhook: Webhook, delivery: Delivery, **environ: Any) -> Answered:
    return call(webhook, delivery.query_string, delivery.body, **environ)


def present() -> int:
    """Return the second it is: the webhook has the real clock."""
    return int(clock.now().timestamp())
