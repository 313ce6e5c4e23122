"""The control interface `/sim/…`: what the phones page, the tests and the terminal use."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final, cast
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, make_response, redirect, request

from wx_archive.core import clock
from wx_archive.simulator.bubbles import to_json
from wx_archive.simulator.desk import fault_json
from wx_archive.simulator.errors import RefusedError
from wx_archive.simulator.messages import NodeValue, is_name
from wx_archive.simulator.newsroom import desk_json
from wx_archive.simulator.oauth import COOKIE, COOKIE_PATH, FRAMED
from wx_archive.simulator.reading import (
    asked_number,
    body,
    flag,
    maybe_text,
    number,
    refuse,
    text_value,
    traffic,
)
from wx_archive.simulator.shown import Place, Shown
from wx_archive.simulator.traffic import ASSISTANT

MAX_WAIT_S: Final = 25.0
MAX_VOICE_S: Final = 60
SAMPLE_SCAN: Final = "模拟扫码：第 1 号档案盒"

control = Blueprint("control", __name__, url_prefix="/sim")
control.register_error_handler(RefusedError, refuse)


def _answer(shown: Shown) -> Response:
    return jsonify(
        shown=[to_json(bubble) for bubble in shown.bubbles],
        open=shown.open,
        deliveries=[asdict(delivery) for delivery in shown.deliveries],
        exchange=shown.exchange,
        fault=shown.fault,
        held=shown.held,
    )


# The desk around the phones.


@control.get("/state")
def state() -> Response:
    """Tell what there is: the account, its menu, the phones."""
    platform = traffic().platform
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
        offset_s=clock.offset().total_seconds(),
        faults=[fault_json(fault) for fault in platform.faults.all()],
        wire=asdict(traffic().disorder.present()),
        assistant=ASSISTANT,
        publishing=desk_json(traffic().press),
    )


@control.post("/phones")
def add_phone() -> Response:
    """Add a phone."""
    return jsonify(asdict(traffic().platform.add_phone(maybe_text("nickname"))))


@control.post("/reset")
def reset() -> Response:
    """Start over with one phone."""
    traffic().reset(menu_too=flag("menu"))
    return state()


@control.get("/exchanges")
def exchanges() -> Response:
    """List what went over the wire, decrypted and as posted."""
    ended = traffic().platform.exchanges(after=int(asked_number("after")))
    return jsonify([asdict(exchange) for exchange in ended])


@control.get("/media/<media_id>")
def media(media_id: str) -> Response:
    """Give a phone the bytes of a media file."""
    found = traffic().platform.media_content(media_id)
    if found is None:
        raise RefusedError("没有这个媒体文件。", status=404)
    content_type, content = found
    return Response(content, content_type=content_type)


@control.get("/phones/<openid>/messages")
def messages(openid: str) -> Response:
    """Give what came after a seq, waiting for it up to 25 seconds."""
    after, wait_s = int(asked_number("after")), min(asked_number("wait"), MAX_WAIT_S)
    newer, last = traffic().platform.bubbles(openid, after=after, wait_s=wait_s)
    return jsonify(messages=[to_json(bubble) for bubble in newer], next=last)


@control.get("/phones/<openid>/browse")
def browse(openid: str) -> Response:
    """Open a page in the phone's browser, which WeChat will know again at `authorize`."""
    if not traffic().platform.knows(openid):
        raise RefusedError("没有这部手机。", status=404)
    url = request.args.get("url", "")
    if not _is_web_address(url):
        raise RefusedError("这个地址在微信里打不开。", status=400)
    answer = make_response(redirect(url))
    answer.set_cookie(COOKIE, openid, path=COOKIE_PATH, httponly=True, samesite="Lax")
    answer.headers["Content-Security-Policy"] = FRAMED
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _is_web_address(url: str) -> bool:
    try:
        address = urlsplit(url)
    except ValueError:
        return False
    return address.scheme in {"http", "https"} and bool(address.netloc)


@control.post("/phones/<openid>/hold")
def hold(openid: str) -> Response:
    """Collect what the phone sends instead of delivering it."""
    traffic().hold(openid)
    return _answer(Shown(held=True))


@control.post("/phones/<openid>/release")
def release(openid: str) -> Response:
    """Deliver what was collected, in any order."""
    order = body().get("order")
    if order is not None and not _are_places(order):
        raise RefusedError("order 要是序号的数组。", status=400)
    return _answer(traffic().release(openid, cast("Sequence[int] | None", order)))


def _are_places(order: object) -> bool:
    return isinstance(order, list) and all(type(place) is int for place in order)


# What a person does with a phone.


@control.post("/phones/<openid>/follow")
def follow(openid: str) -> Response:
    """Follow the account."""
    return _answer(traffic().follow(openid, maybe_text("scene")))


@control.post("/phones/<openid>/unfollow")
def unfollow(openid: str) -> Response:
    """Leave the account."""
    return _answer(traffic().unfollow(openid))


@control.post("/phones/<openid>/scan")
def scan(openid: str) -> Response:
    """Read a poster's code."""
    return _answer(traffic().scan(openid, text_value("scene")))


@control.post("/phones/<openid>/text")
def text(openid: str) -> Response:
    """Send a text or tap a choice in the chat."""
    menu_id = body().get("menu_id")
    if menu_id is not None and not isinstance(menu_id, str):
        raise RefusedError("menu_id 要是文字。", status=400)
    return _answer(traffic().text(openid, text_value("content"), menu_id))


@control.post("/phones/<openid>/voice")
def voice(openid: str) -> Response:
    """Send a voice message."""
    seconds = int(number("seconds", 3))
    if not 1 <= seconds <= MAX_VOICE_S:
        raise RefusedError("语音长度要在 1 至 60 秒之间。", status=400)
    return _answer(traffic().voice(openid, maybe_text("recognition"), seconds))


@control.post("/phones/<openid>/image")
def image(openid: str) -> Response:
    """Send an uploaded picture, or a sample the simulator draws."""
    upload = request.files.get("file")
    if upload is None and not flag("sample"):
        raise RefusedError("请选择一张图片。", status=400)
    picture = traffic().sample_picture() if upload is None else upload.read()
    return _answer(traffic().image(openid, picture, base_url=request.host_url))


@control.post("/phones/<openid>/video")
def video(openid: str) -> Response:
    """Send an uploaded video, or a sample."""
    upload = request.files.get("file")
    if upload is not None:
        return _answer(traffic().video(openid, upload.read(), short=False))
    return _answer(traffic().video(openid, traffic().sample_film(), short=flag("short")))


@control.post("/phones/<openid>/file")
def file(openid: str) -> Response:
    """Send a document."""
    return _answer(traffic().file(openid, text_value("title")))


@control.post("/phones/<openid>/location")
def location(openid: str) -> Response:
    """Send a place."""
    place = Place(
        latitude=number("latitude"),
        longitude=number("longitude"),
        label=maybe_text("label") or "",
        scale=int(number("scale", 15)),
    )
    return _answer(traffic().location(openid, place))


@control.post("/phones/<openid>/link")
def link(openid: str) -> Response:
    """Share a page."""
    description = maybe_text("description") or ""
    return _answer(traffic().link(openid, text_value("title"), description, text_value("url")))


@control.post("/phones/<openid>/tap")
def tap(openid: str) -> Response:
    """Tap a menu button."""
    scan_result = maybe_text("scan_result") or SAMPLE_SCAN
    return _answer(
        traffic().tap(
            openid, text_value("path"), scan_result=scan_result, base_url=request.host_url
        )
    )


@control.post("/phones/<openid>/raw")
def raw(openid: str) -> Response:
    """Send any nodes."""
    nodes = body().get("nodes")
    if not isinstance(nodes, Mapping):
        raise RefusedError("请填写 nodes（节点名到内容）。", status=400)
    return _answer(traffic().raw(openid, {n: _node(n, v) for n, v in nodes.items()}))


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
