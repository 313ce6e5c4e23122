"""The desk beside the phones `/sim/…`: clock, faults, quotas, and what the account did."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar

from flask import Blueprint, Response, jsonify

from wx_archive.core import clock
from wx_archive.simulator.clock_desk import FARTHEST, Reading
from wx_archive.simulator.errors import RefusedError
from wx_archive.simulator.faults import EVERYWHERE, LONGEST_S, Fault, Kind, name_of
from wx_archive.simulator.quotas import Quota
from wx_archive.simulator.reading import (
    asked_number,
    body,
    number,
    refuse,
    text_value,
    traffic,
    whole_number,
)
from wx_archive.simulator.wire_faults import Disorder, Duplicate

MAX_WAIT_S: Final = 25.0

desk = Blueprint("desk", __name__, url_prefix="/sim")
desk.register_error_handler(RefusedError, refuse)

Choice = TypeVar("Choice", bound=StrEnum)


def _choice(kind: type[Choice], value: object) -> Choice:
    known = [each for each in kind if each.value == value]
    if not known:
        names = "、".join(each.value for each in kind)
        raise RefusedError(f"只能是 {names} 之一。", status=400)
    return known[0]


# The clock.


@desk.get("/clock")
def read_clock() -> Response:
    """Tell the time, at once or when it is moved away from version ``after``."""
    after, wait_s = int(asked_number("after")), min(asked_number("wait"), MAX_WAIT_S)
    return _reading(traffic().platform.clock.read(after=after, wait_s=wait_s))


@desk.post("/clock")
def move_clock() -> Response:
    """Move the clock by seconds, to an instant, or back; the answer comes when it is moved."""
    clocks, asked = traffic().platform.clock, body()
    if asked.get("reset") is True:
        return _reading(clocks.put(timedelta(0)))
    if "now" in asked:
        return _reading(clocks.show(_instant()))
    step_s = number("advance_s")
    if abs(step_s) > FARTHEST.total_seconds():
        raise RefusedError("时钟最多前后拨 100 年。", status=400)
    return _reading(clocks.advance(timedelta(seconds=step_s)))


def _instant() -> datetime:
    try:
        instant = datetime.fromisoformat(text_value("now"))
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise RefusedError("now 要是带时区的时间，例如 2026-12-01T08:00:00+08:00。", status=400)
    return instant


def _reading(reading: Reading) -> Response:
    return jsonify(
        now=reading.now.isoformat(),
        offset_s=reading.offset.total_seconds(),
        version=reading.version,
        followers=reading.followers,
    )


# Faults of the API.


@desk.get("/faults")
def faults() -> Response:
    """List the faults that are on."""
    return jsonify([fault_json(fault) for fault in traffic().platform.faults.all()])


@desk.post("/faults")
def add_fault() -> Response:
    """Switch a fault on."""
    asked = body()
    path = name_of(text_value("path")) or EVERYWHERE
    times = None if asked.get("times", 1) is None else whole_number("times", 1, least=1)
    fault = Fault(path=path, fault=_choice(Kind, asked.get("fault")), times=times)
    match fault.fault:
        case Kind.ERRCODE:
            fault = replace(fault, errcode=whole_number("errcode", least=-1000))
        case Kind.SLOW | Kind.DRIP:
            fault = replace(fault, seconds=_duration("seconds", fault.seconds))
        case Kind.STATUS:
            fault = replace(fault, status=_status(fault.status))
    return jsonify(fault_json(traffic().platform.faults.add(fault)))


def _duration(name: str, default: float) -> float:
    value = number(name, default)
    if not 0 <= value <= LONGEST_S:
        raise RefusedError(f"{name} 要在 0 至 {LONGEST_S:.0f} 秒之间。", status=400)
    return value


def _status(default: int) -> int:
    status = whole_number("status", default, least=200)
    if status > 599:
        raise RefusedError("status 要在 200 至 599 之间。", status=400)
    return status


@desk.delete("/faults")
def clear_faults() -> Response:
    """Switch all faults off."""
    traffic().platform.faults.clear()
    return faults()


@desk.delete("/faults/<int:fault_id>")
def remove_fault(fault_id: int) -> Response:
    """Switch one fault off."""
    if not traffic().platform.faults.remove(fault_id):
        raise RefusedError("没有这个故障，也许已经用完了。", status=404)
    return faults()


def fault_json(fault: Fault) -> dict[str, object]:
    """Return a fault with the one parameter that its kind has."""
    told: dict[str, object] = {
        "id": fault.id,
        "path": fault.path,
        "fault": fault.fault,
        "times": fault.times,
        "hits": fault.hits,
    }
    extra = {
        Kind.ERRCODE: "errcode",
        Kind.SLOW: "seconds",
        Kind.DRIP: "seconds",
        Kind.STATUS: "status",
    }
    if fault.fault in extra:
        told[extra[fault.fault]] = getattr(fault, extra[fault.fault])
    return told


# Faults of the wire to the account.


@desk.get("/wire")
def wire() -> Response:
    """Tell what is wrong with the wire."""
    return jsonify(asdict(traffic().disorder.present()))


@desk.post("/wire")
def upset_wire() -> Response:
    """Change what is wrong with the wire; what is not named stays."""
    asked, disorder = body(), traffic().disorder
    now = disorder.present()
    same = asked.get("same_signature", now.same_signature)
    if not isinstance(same, bool):
        raise RefusedError("same_signature 要是 true 或 false。", status=400)
    changed = Disorder(
        duplicate=_choice(Duplicate, asked.get("duplicate", now.duplicate.value)),
        later_s=_duration("later_s", now.later_s),
        same_signature=same,
        drop_answer=whole_number("drop_answer", now.drop_answer),
    )
    disorder.put(changed)
    return wire()


@desk.delete("/wire")
def mend_wire() -> Response:
    """Put the wire in order."""
    traffic().disorder.put(Disorder())
    return wire()


# What the account did, and may do.


@desk.get("/quota")
def quotas() -> Response:
    """Tell how the day stands for every call that has a limit."""
    today = traffic().platform.quotas.all(now=clock.now())
    return jsonify({path: _quota(quota) for path, quota in today.items()})


@desk.post("/quota")
def limit_quota() -> Response:
    """Set another daily limit for a call; null brings WeChat's back."""
    limit = None if body().get("limit") is None else whole_number("limit")
    traffic().platform.quotas.limit(name_of(text_value("cgi_path")), limit)
    return quotas()


def _quota(quota: Quota) -> Mapping[str, int]:
    return {"daily_limit": quota.daily_limit, "used": quota.used, "remain": quota.remain}


@desk.get("/calls")
def calls() -> Response:
    """List the API's calls, and how many there were of each."""
    journal = traffic().platform.calls
    entries, last = journal.after(int(asked_number("after")))
    listed = [{"seq": seq, **asdict(call)} for seq, call in entries]
    return jsonify(calls=listed, totals=journal.totals(), next=last)


@desk.get("/outbox")
def outbox() -> Response:
    """List the service messages that were sent."""
    entries, last = traffic().platform.outbox.after(int(asked_number("after")))
    return jsonify(messages=[{"seq": seq, **asdict(sent)} for seq, sent in entries], next=last)
