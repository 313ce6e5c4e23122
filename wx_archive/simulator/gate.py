"""The way into and out of the platform's API: faults strike here, and every call is noted."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from flask import Response, g, jsonify, request

from wx_archive.core import clock
from wx_archive.simulator.errors import ApiError
from wx_archive.simulator.faults import LONGEST_S, Fault, Kind, name_of
from wx_archive.simulator.journal import Call
from wx_archive.simulator.traffic import current_traffic

_DROPS: Final = 20
_PAGE: Final = (
    "<!doctype html><html><head><title>502 Bad Gateway</title></head>"
    "<body><h1>502 Bad Gateway</h1><hr>nginx</body></html>"
)


def admit() -> Response | None:
    """Let a call in, unless it meets a fault that keeps it from having its effect.

    Raises:
        ApiError: the fault is an errcode.
    """
    faults = current_traffic().platform.faults
    g.call_path = name_of(request.path)
    g.call_fault = fault = faults.take(g.call_path)
    match fault:
        case Fault(fault=Kind.ERRCODE):
            raise ApiError(fault.errcode, fault.errmsg)
        case Fault(fault=Kind.STATUS):
            return Response(_PAGE, status=fault.status, content_type="text/html")
        case Fault(fault=Kind.HTML):
            return Response(_PAGE, content_type="text/html")
        case Fault(fault=Kind.HANG):
            faults.wait(LONGEST_S)
            return _cut()
        case Fault(fault=Kind.DROP):
            return _cut()
        case Fault(fault=Kind.SLOW):
            faults.wait(fault.seconds)
    return None


def let_out(response: Response) -> Response:
    """Note a call, and spoil its answer when it met a fault after its effect."""
    if "call_path" not in g:
        return response
    fault: Fault | None = g.call_fault
    match fault:
        case Fault(fault=Kind.DROP_AFTER):
            response = _cut()
        case Fault(fault=Kind.TRUNCATED):
            whole = response.get_data()
            response.set_data(whole[: len(whole) // 2])
        case Fault(fault=Kind.WRONG_TYPES):
            if response.is_json:
                response.set_data(jsonify(_bent(response.get_json())).get_data())
    _note(response, fault)
    match fault:
        case Fault(fault=Kind.DRIP):
            _send_slowly(response, fault.seconds)
        case Fault(fault=Kind.CUT):
            _send_half(response)
    return response


def _note(response: Response, fault: Fault | None) -> None:
    name = None if fault is None else fault.fault.value
    call = Call(g.call_path, _errcode(response), name, clock.now().isoformat())
    current_traffic().platform.calls.add(call)


def _errcode(response: Response) -> int | None:
    """Return what the account reads: 0 for success, None when it cannot tell."""
    if not response.is_json:
        told = response.status_code == 200 and response.mimetype not in {"", "text/html"}
        return 0 if told else None
    answer = response.get_json(silent=True)
    errcode = answer.get("errcode", 0) if isinstance(answer, dict) else None
    return errcode if isinstance(errcode, int) else None


def _cut() -> Response:
    """Break the connection: the account reads the end of it and no answer."""
    # The development server gives its socket away; what it writes afterwards goes nowhere.
    with suppress(OSError):
        request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return Response(status=500, mimetype="")


def _send_slowly(response: Response, seconds: float) -> None:
    """Send an answer in drops."""
    whole, wait = response.get_data(), current_traffic().platform.faults.wait
    size = max(1, len(whole) // _DROPS)
    drops = [whole[at : at + size] for at in range(0, len(whole), size)]

    def falling() -> Iterator[bytes]:
        for drop in drops:
            yield drop
            wait(seconds / len(drops))

    _send(response, falling(), len(whole))


def _send_half(response: Response) -> None:
    """Send half of an answer, and break the connection."""
    whole, line = response.get_data(), request.environ["werkzeug.socket"]

    def breaking() -> Iterator[bytes]:
        yield whole[: len(whole) // 2]
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)

    _send(response, breaking(), len(whole))


def _send(response: Response, pieces: Iterator[bytes], length: int) -> None:
    response.response = pieces
    response.content_length = length


def _bent(value: Any) -> Any:
    """Give every value of a JSON object another type."""
    if isinstance(value, dict):
        return {name: _other_type(each) for name, each in value.items()}
    return _other_type(value)


def _other_type(value: Any) -> object:
    match value:
        case bool() | None:
            return "无"
        case int() | float():
            return "七"
        case str():
            return 7
        case _:
            return [] if isinstance(value, dict) else {}
