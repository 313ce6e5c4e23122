"""A WeChat that takes what is sent, remembers by its number what it sent, and fails as told."""

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from werkzeug.wrappers import Request, Response

MASS = "message/mass/sendall"
LIST = "message/mass/send"
DRAFT = "draft/add"
SUBMIT = "freepublish/submit"
TOKEN = "stable_token"

Spoil = Callable[["FarSide", Request], Response | None]
"""Answers in WeChat's place; None lets the call have its effect and answer."""


def refuses(code: int) -> Spoil:
    return lambda _side, _request: _json(errcode=code, errmsg="no rid: 1-2-3")


def html(_side: "FarSide", _request: Request) -> Response:
    return Response("<html><body>502</body></html>", content_type="text/html")


def drops_before(_side: "FarSide", request: Request) -> Response:
    return _cut(request)


def drops_after(side: "FarSide", request: Request) -> Response:
    """Have the effect and say nothing."""
    side.do(request)
    return _cut(request)


@dataclass
class Sent:
    """A mass send that had its effect."""

    client_msg_id: str
    msg_id: int
    body: dict[str, Any]


@dataclass
class FarSide:
    """The platform's publishing API.

    Attributes:
        sent: what went to followers, once for each number.
        calls: every call that arrived, by its path below `/cgi-bin/`.
        status: what `mass/get` says.
    """

    sent: list[Sent] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    drafts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    published: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)
    status: str = "SENDING"
    publish_status: int = 1
    spoils: dict[str, list[Spoil]] = field(default_factory=dict)
    for_ever: dict[str, Spoil] = field(default_factory=dict)
    holding: threading.Event | None = None
    _numbers: Any = field(default_factory=lambda: count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def spoil(self, path: str, *spoils: Spoil) -> None:
        """Let the next calls of a path fail, one after the other."""
        self.spoils.setdefault(path, []).extend(spoils)

    def times(self, path: str) -> int:
        return sum(called == path for called, _body in self.calls)

    @property
    def numbers(self) -> list[str]:
        """The clientmsgid of every call that arrived, those repeated too."""
        return [body["clientmsgid"] for path, body in self.calls if path in (MASS, LIST)]

    def __call__(self, request: Request) -> Response:
        path = request.path.removeprefix("/cgi-bin/")
        is_json = request.mimetype == "application/json"
        body = json.loads(request.get_data()) if is_json and request.get_data() else {}
        with self._lock:
            self.calls.append((path, body))
            waiting = self.spoils.get(path)
            spoil = waiting.pop(0) if waiting else self.for_ever.get(path)
        if self.holding is not None and path in (MASS, SUBMIT):
            self.holding.wait(30)
        answer = spoil(self, request) if spoil else None
        return answer or self.do(request)

    def do(self, request: Request) -> Response:
        """Have a call's effect and answer it."""
        path = request.path.removeprefix("/cgi-bin/")
        with self._lock:
            if path in ("media/uploadimg", "material/add_material"):
                number = next(self._numbers)
                return _json(media_id=f"material-{number}", url=f"https://mmbiz.qpic.cn/{number}")
            body = json.loads(request.get_data() or b"{}")
            return _ANSWERS[path](self, body)

    def token(self, _body: dict[str, Any]) -> Response:
        return _json(access_token="TOKEN", expires_in=7200)

    def add_draft(self, body: dict[str, Any]) -> Response:
        media_id = f"draft-{next(self._numbers)}"
        self.drafts[media_id] = body["articles"]
        return _json(media_id=media_id, item=[])

    def get_draft(self, body: dict[str, Any]) -> Response:
        if (found := self.drafts.get(body["media_id"])) is None:
            return _json(errcode=40007, errmsg="invalid media_id")
        return _json(news_item=found)

    def mass(self, body: dict[str, Any]) -> Response:
        number = body["clientmsgid"]
        for one in self.sent:
            if one.client_msg_id == number:
                return _json(errcode=45065, errmsg="clientmsgid exist", msg_id=one.msg_id)
        if "mpnews" in body and self.drafts.pop(body["mpnews"]["media_id"], None) is None:
            return _json(errcode=40007, errmsg="invalid media_id")
        one = Sent(number, 1_000 + next(self._numbers), body)
        self.sent.append(one)
        return _json(errcode=0, errmsg="ok", msg_id=one.msg_id, msg_data_id=1)

    def mass_get(self, body: dict[str, Any]) -> Response:
        return _json(msg_id=body["msg_id"], msg_status=self.status)

    def submit(self, body: dict[str, Any]) -> Response:
        items = self.drafts.pop(body["media_id"], None)
        if items is None:
            return _json(errcode=40007, errmsg="invalid media_id")
        publish_id = str(100_000 + next(self._numbers))
        self.published.append((publish_id, items))
        return _json(errcode=0, errmsg="ok", publish_id=publish_id, msg_data_id="1")

    def publish_get(self, body: dict[str, Any]) -> Response:
        told: dict[str, Any] = {"publish_id": body["publish_id"]}
        if self.publish_status == 0:
            item = [{"idx": 1, "article_url": "https://mp.weixin.qq.com/s/1"}]
            told |= {"article_id": "ART", "article_detail": {"count": 1, "item": item}}
        return _json(**told, publish_status=self.publish_status, fail_idx=[])

    def publish_list(self, _body: dict[str, Any]) -> Response:
        items = [
            {
                "article_id": f"ART-{publish_id}",
                "update_time": 4_000_000_000,
                "content": {"news_item": [{**one, "url": "https://mp/s/1"} for one in articles]},
            }
            for publish_id, articles in self.published
        ]
        return _json(total_count=len(items), item_count=len(items), item=items)


_ANSWERS: dict[str, Callable[[FarSide, dict[str, Any]], Response]] = {
    TOKEN: FarSide.token,
    DRAFT: FarSide.add_draft,
    "draft/get": FarSide.get_draft,
    MASS: FarSide.mass,
    LIST: FarSide.mass,
    "message/mass/get": FarSide.mass_get,
    SUBMIT: FarSide.submit,
    "freepublish/get": FarSide.publish_get,
    "freepublish/batchget": FarSide.publish_list,
}


def _json(**values: Any) -> Response:
    return Response(json.dumps(values, ensure_ascii=False), content_type="application/json")


def _cut(request: Request) -> Response:
    with suppress(OSError):
        line: socket.socket = request.environ["werkzeug.socket"]
        line.shutdown(socket.SHUT_RDWR)
    return Response(status=500)
