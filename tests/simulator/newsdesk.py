"""An account that publishes: its calls, its switches, and what came back to it."""

import json
from collections.abc import Callable, Mapping
from time import monotonic, sleep
from typing import Any

import requests

from tests.simulator.caller import Api
from tests.simulator.fake_account import FakeAccount, Received
from wx_archive.simulator.media import draw_picture

PATIENCE_S = 5.0


def picture(seed: int) -> bytes:
    """A small PNG, quickly drawn."""
    return draw_picture(seed, width_px=48, height_px=36)


def until(ready: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """Return the first answer that is something."""
    deadline = monotonic() + patience_s
    while not (found := ready()):
        assert monotonic() < deadline, "it never came"
        sleep(0.02)
    return found


class Newsdesk(Api):
    """Calls with texts as they are: WeChat shows escapes to readers."""

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self.base_url = base_url
        self._image = ""

    def post(self, path: str, payload: object) -> Any:
        return self.raw(path, json.dumps(payload, ensure_ascii=False)).json()

    def raw(self, path: str, body: str) -> requests.Response:
        return self.answer("POST", path, data=body.encode())

    def material(self, kind: str, content: bytes, **description: str) -> Any:
        form = {"description": json.dumps(description, ensure_ascii=False)} if description else {}
        return self.answer(
            "POST",
            "material/add_material",
            params={"type": kind},
            files={"media": ("老照片.png", content)},
            data=form,
        ).json()

    @property
    def image(self) -> str:
        """A permanent image, the same one every time."""
        self._image = self._image or self.material("image", picture(1))["media_id"]
        return self._image

    def article(self, title: str = "馆藏珍品", **changes: Any) -> dict[str, object]:
        content = {"content": "<p>一纸地契</p>", "thumb_media_id": self.image}
        return {"title": title} | content | changes

    def add(self, *articles: dict[str, object]) -> Any:
        return self.post("draft/add", {"articles": list(articles or [self.article()])})

    def draft(self, *articles: dict[str, object]) -> str:
        return str(self.add(*articles)["media_id"])

    def send(self, to: Mapping[str, object] | None = None, **changes: Any) -> Any:
        """Send a text, unless the changes say otherwise, to everybody unless `to` says whom."""
        message = {"msgtype": "text", "text": {"content": "今天闭馆"}} | changes
        chosen = {"filter": to or {"is_to_all": True}}
        return self.post("message/mass/sendall", chosen | message)

    def send_news(self, media_id: str, **changes: Any) -> Any:
        return self.send(msgtype="mpnews", mpnews={"media_id": media_id}, **changes)

    def send_to(self, *openids: str, **changes: object) -> Any:
        message = {"msgtype": "text", "text": {"content": "请来取件"}} | changes
        return self.post("message/mass/send", {"touser": list(openids)} | message)

    def status(self, msg_id: int) -> str:
        return str(self.post("message/mass/get", {"msg_id": msg_id})["msg_status"])

    def ended(self, msg_id: int) -> Any:
        """Wait for the end of a send and return what the control interface tells of it."""
        until(lambda: self.status(msg_id) != "SENDING")
        return next(each for each in self.pushes()["mass"] if each["msg_id"] == msg_id)

    # The control interface.

    def switch(self, **switches: object) -> Any:
        return self.control("publishing", **switches)

    def control(self, where: str, /, **body: object) -> Any:
        answer = requests.post(f"{self.base_url}/sim/{where}", json=body, timeout=10)
        return answer.json()

    def pushes(self) -> Any:
        return requests.get(f"{self.base_url}/sim/pushes", timeout=5).json()

    def advance(self, seconds: float) -> None:
        self.control("clock", advance_s=seconds)

    def switches(self) -> Any:
        return requests.get(f"{self.base_url}/sim/publishing", timeout=5).json()


def events(account: FakeAccount, kind: str) -> list[Received]:
    return [each for each in list(account.received) if each.nodes.get("Event") == kind]


def event(account: FakeAccount, kind: str) -> Received:
    """Wait for the one event of a kind."""
    (found,) = until(lambda: events(account, kind))
    return found  # type: ignore[no-any-return]  # a Received
