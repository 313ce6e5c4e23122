"""The control interface `/sim/…`: what the phones page, the tests and the terminal use."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from typing import Final

from flask import Blueprint, Response, jsonify, request

from wx_archive.core import clock
from wx_archive.simulator.bubbles import to_json
from wx_archive.simulator.errors import RefusedError
from wx_archive.simulator.messages import NodeValue, is_encodable, is_name
from wx_archive.simulator.traffic import Place, Shown, Traffic, current_traffic

MAX_WAIT_S: Final = 25.0
MAX_VOICE_S: Final = 60
SAMPLE_SCAN: Final = "模拟扫码：第 1 号档案盒"

control = Blueprint("control", __name__, url_prefix="/sim")


@control.errorhandler(RefusedError)
def _refuse(err: RefusedError) -> tuple[Response, int]:
    return jsonify(error=err.text), err.status


def _traffic() -> Traffic:
    return current_traffic()


# Reading requests.


def _body() -> Mapping[str, object]:
    if not request.get_data():
        return {}
    body: object = request.get_json(silent=True)
    if not isinstance(body, Mapping) or not is_encodable(body):
        raise RefusedError("请求内容要是一个 JSON 对象。", status=400)
    return body


def _text(name: str) -> str:
    value = _body().get(name)
    if not isinstance(value, str) or not value:
        raise RefusedError(f"请填写 {name}（文字）。", status=400)
    return value


def _maybe_text(name: str) -> str | None:
    return None if _body().get(name) in (None, "") else _text(name)


def _number(name: str, default: float | None = None) -> float:
    value = _body().get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
        raise RefusedError(f"请填写 {name}（数字）。", status=400)
    return value


def _flag(name: str) -> bool:
    return _body().get(name) is True


def _asked_number(name: str) -> float:
    value = request.args.get(name, default=0.0, type=float)
    if not isfinite(value):
        raise RefusedError(f"参数 {name} 要是一个数。", status=400)
    return value


def _answer(shown: Shown) -> Response:
    return jsonify(
        shown=[to_json(bubble) for bubble in shown.bubbles],
        open=shown.open,
        deliveries=[asdict(delivery) for delivery in shown.deliveries],
        exchange=shown.exchange,
        fault=shown.fault,
    )


# The desk around the phones.


@control.get("/state")
def state() -> Response:
    """Tell what there is: the account, its menu, the phones."""
    platform = _traffic().platform
    config, menu = platform.config, platform.menu()
    return jsonify(
        account={
            "name": config.account_name,
            "original_id": config.original_id,
            "encryption": config.encryption,
            "url": config.account_url,
        },
        menu={"button": [button.as_json() for button in menu]} if menu else None,
        phones=[asdict(phone) for phone in platform.phones()],
        now=clock.now().isoformat(),
    )


@control.post("/phones")
def add_phone() -> Response:
    """Add a phone."""
    return jsonify(asdict(_traffic().platform.add_phone(_maybe_text("nickname"))))


@control.post("/reset")
def reset() -> Response:
    """Start over with one phone."""
    _traffic().platform.reset(menu_too=_flag("menu"))
    return state()


@control.get("/exchanges")
def exchanges() -> Response:
    """List what went over the wire, decrypted and as posted."""
    ended = _traffic().platform.exchanges(after=int(_asked_number("after")))
    return jsonify([asdict(exchange) for exchange in ended])


@control.get("/media/<media_id>")
def media(media_id: str) -> Response:
    """Give a phone the bytes of a media file."""
    found = _traffic().platform.media_content(media_id)
    if found is None:
        raise RefusedError("没有这个媒体文件。", status=404)
    content_type, content = found
    return Response(content, content_type=content_type)


@control.get("/phones/<openid>/messages")
def messages(openid: str) -> Response:
    """Give what came after a seq, waiting for it up to 25 seconds."""
    after, wait_s = int(_asked_number("after")), min(_asked_number("wait"), MAX_WAIT_S)
    newer, last = _traffic().platform.bubbles(openid, after=after, wait_s=wait_s)
    return jsonify(messages=[to_json(bubble) for bubble in newer], next=last)


# What a person does with a phone.


@control.post("/phones/<openid>/follow")
def follow(openid: str) -> Response:
    """Follow the account."""
    return _answer(_traffic().follow(openid, _maybe_text("scene")))


@control.post("/phones/<openid>/unfollow")
def unfollow(openid: str) -> Response:
    """Leave the account."""
    return _answer(_traffic().unfollow(openid))


@control.post("/phones/<openid>/scan")
def scan(openid: str) -> Response:
    """Read a poster's code."""
    return _answer(_traffic().scan(openid, _text("scene")))


@control.post("/phones/<openid>/text")
def text(openid: str) -> Response:
    """Send a text or tap a choice in the chat."""
    menu_id = _body().get("menu_id")
    if menu_id is not None and not isinstance(menu_id, str):
        raise RefusedError("menu_id 要是文字。", status=400)
    return _answer(_traffic().text(openid, _text("content"), menu_id))


@control.post("/phones/<openid>/voice")
def voice(openid: str) -> Response:
    """Send a voice message."""
    seconds = int(_number("seconds", 3))
    if not 1 <= seconds <= MAX_VOICE_S:
        raise RefusedError("语音长度要在 1 至 60 秒之间。", status=400)
    return _answer(_traffic().voice(openid, _maybe_text("recognition"), seconds))


@control.post("/phones/<openid>/image")
def image(openid: str) -> Response:
    """Send an uploaded picture, or a sample the simulator draws."""
    upload = request.files.get("file")
    if upload is None and not _flag("sample"):
        raise RefusedError("请选择一张图片。", status=400)
    picture = _traffic().sample_picture() if upload is None else upload.read()
    return _answer(_traffic().image(openid, picture, base_url=request.host_url))


@control.post("/phones/<openid>/video")
def video(openid: str) -> Response:
    """Send a sample video."""
    return _answer(_traffic().video(openid, short=_flag("short")))


@control.post("/phones/<openid>/file")
def file(openid: str) -> Response:
    """Send a document."""
    return _answer(_traffic().file(openid, _text("title")))


@control.post("/phones/<openid>/location")
def location(openid: str) -> Response:
    """Send a place."""
    place = Place(
        latitude=_number("latitude"),
        longitude=_number("longitude"),
        label=_maybe_text("label") or "",
        scale=int(_number("scale", 15)),
    )
    return _answer(_traffic().location(openid, place))


@control.post("/phones/<openid>/link")
def link(openid: str) -> Response:
    """Share a page."""
    description = _maybe_text("description") or ""
    return _answer(_traffic().link(openid, _text("title"), description, _text("url")))


@control.post("/phones/<openid>/tap")
def tap(openid: str) -> Response:
    """Tap a menu button."""
    scan_result = _maybe_text("scan_result") or SAMPLE_SCAN
    return _answer(
        _traffic().tap(openid, _text("path"), scan_result=scan_result, base_url=request.host_url)
    )


@control.post("/phones/<openid>/raw")
def raw(openid: str) -> Response:
    """Send any nodes."""
    nodes = _body().get("nodes")
    if not isinstance(nodes, Mapping):
        raise RefusedError("请填写 nodes（节点名到内容）。", status=400)
    return _answer(_traffic().raw(openid, {n: _node(n, v) for n, v in nodes.items()}))


def _node(name: str, value: object) -> NodeValue:
    if not is_name(name):
        raise RefusedError(f"「{name}」不能作 XML 节点名。", status=400)
    if isinstance(value, Mapping):
        return {inner: _node(inner, each) for inner, each in value.items()}
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return [_node(name, each) for each in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise RefusedError(f"节点 {name} 的内容要是文字、数字、对象或数组。", status=400)
