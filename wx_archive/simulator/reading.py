"""Reading the control interface's requests, with a Chinese sentence for what is missing."""

from collections.abc import Mapping
from math import isfinite

from flask import Response, jsonify, request

from wx_archive.simulator.errors import RefusedError
from wx_archive.simulator.messages import is_encodable
from wx_archive.simulator.traffic import Traffic, current_traffic


def refuse(err: RefusedError) -> tuple[Response, int]:
    """Answer a refused request with its sentence."""
    return jsonify(error=err.text), err.status


def traffic() -> Traffic:
    """Return the traffic of the running app."""
    return current_traffic()


def body() -> Mapping[str, object]:
    """Return the request's JSON object, an empty one when there is no body.

    Raises:
        RefusedError: it is something else.
    """
    if not request.get_data():
        return {}
    sent: object = request.get_json(silent=True)
    if not isinstance(sent, Mapping) or not is_encodable(sent):
        raise RefusedError("请求内容要是一个 JSON 对象。", status=400)
    return sent


def text_value(name: str) -> str:
    """Return a text that must be there."""
    value = body().get(name)
    if not isinstance(value, str) or not value:
        raise RefusedError(f"请填写 {name}（文字）。", status=400)
    return value


def maybe_text(name: str) -> str | None:
    """Return a text, or None when it is missing or empty."""
    return None if body().get(name) in (None, "") else text_value(name)


def number(name: str, default: float | None = None) -> float:
    """Return a finite number, which must be there unless it has a default."""
    value = body().get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
        raise RefusedError(f"请填写 {name}（数字）。", status=400)
    return value


def whole_number(name: str, default: int | None = None, *, least: int = 0) -> int:
    """Return a whole number that is not too small."""
    value = number(name, default)
    if value != int(value) or value < least:
        raise RefusedError(f"{name} 要是不小于 {least} 的整数。", status=400)
    return int(value)


def flag(name: str) -> bool:
    """Tell whether something is switched on."""
    return body().get(name) is True


def asked_number(name: str) -> float:
    """Return a finite number from the query, 0 when it is missing."""
    value = request.args.get(name, default=0.0, type=float)
    if not isfinite(value):
        raise RefusedError(f"参数 {name} 要是一个数。", status=400)
    return value
