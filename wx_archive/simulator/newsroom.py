"""The control interface of publishing, `/sim/publishing` and `/sim/pushes`."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Final

from flask import Blueprint, Response, jsonify

from wx_archive.core import clock
from wx_archive.simulator.errors import RefusedError
from wx_archive.simulator.finishing import Manner
from wx_archive.simulator.mass import MassSend
from wx_archive.simulator.press import Press
from wx_archive.simulator.publications import Publication, Stage
from wx_archive.simulator.reading import body, number, refuse, traffic, whole_number

MOST_CROWD: Final = 1_000_000
LONGEST_S: Final = 60.0
MOST_VERDICTS: Final = 1_000
LONGEST_NAME: Final = 20

newsroom = Blueprint("newsroom", __name__, url_prefix="/sim")
newsroom.register_error_handler(RefusedError, refuse)


def _press() -> Press:
    return traffic().press


@newsroom.get("/publishing")
def publishing() -> Response:
    """Tell the switches, what waits, and how much there is."""
    press = _press()
    standing = press.standing.now
    return jsonify(
        protection=standing.protected,
        crowd={"followers": standing.crowd, "failing": standing.failing},
        speed=standing.speed,
        limits=asdict(press.mass.limits),
        finish={
            "manner": press.finishing.manner,
            "after_s": press.finishing.after_s,
            "waiting": press.finishing.waiting,
        },
        verdicts=list(press.mass.verdicts),
        stages=list(press.stages),
        replays_too_fast=press.mass.replays_too_fast,
        drafts=len(press.drafts.all()),
        waiting=[_mass_json(send) for send in press.mass.waiting()],
    )


def desk_json(press: Press) -> dict[str, object]:
    """Return what the desk beside the phones shows."""
    waiting = [
        {"msg_id": send.msg_id, "name": _name(press, send), "until": _clock(send.waits_until)}
        for send in press.mass.waiting()
    ]
    return {"protection": press.standing.now.protected, "waiting": waiting}


def _name(press: Press, send: MassSend) -> str:
    edition = press.editions.get(send.token)
    return edition.items[0].title if edition else send.message.text[:LONGEST_NAME] or "一条消息"


def _clock(instant: str) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(clock.SHANGHAI):%H:%M}"


@newsroom.post("/publishing")
def switch() -> Response:
    """Change switches; what is not named stays."""
    press, asked = _press(), body()
    if "protection" in asked:
        press.standing.change(protected=_truth("protection"))
    if "replays_too_fast" in asked:
        press.mass.replays_too_fast = _truth("replays_too_fast")
    if "crowd" in asked:
        _set_crowd(press)
    if "limits" in asked:
        _set_limits(press)
    if "finish" in asked or "finish_after_s" in asked:
        _set_finish(press)
    if "verdicts" in asked:
        press.mass.verdicts.clear()
        press.mass.verdicts.extend(_listed("verdicts"))
    if "stages" in asked:
        press.stages.clear()
        press.stages.extend(_stages())
    return publishing()


def _truth(name: str) -> bool:
    value = body().get(name)
    if not isinstance(value, bool):
        raise RefusedError(f"{name} 要是 true 或 false。", status=400)
    return value


def _set_crowd(press: Press) -> None:
    followers = whole_number("crowd")
    failing = whole_number("failing", 0)
    if followers > MOST_CROWD or failing > followers:
        raise RefusedError("虚拟关注者最多 100 万人，收不到的不能比他们多。", status=400)
    press.standing.change(crowd=followers, failing=failing)


def _set_limits(press: Press) -> None:
    given, present = body().get("limits"), press.mass.limits
    known = asdict(present)
    if not isinstance(given, dict) or not given.keys() <= known.keys():
        raise RefusedError(f"limits 只认 {'、'.join(known)}。", status=400)
    if not all(type(each) is int and each >= 0 for each in given.values()):
        raise RefusedError("limits 里要是不小于 0 的整数。", status=400)
    press.mass.limits = replace(present, **given)


def _set_finish(press: Press) -> None:
    named = body().get("finish", press.finishing.manner.value)
    known = [each for each in Manner if each.value == named]
    if not known:
        names = "、".join(each.value for each in Manner)
        raise RefusedError(f"finish 只能是 {names} 之一。", status=400)
    after_s = number("finish_after_s", press.finishing.after_s)
    if not 0 <= after_s <= LONGEST_S:
        raise RefusedError(f"finish_after_s 要在 0 至 {LONGEST_S:.0f} 秒之间。", status=400)
    press.finishing.set(known[0], after_s)


def _listed(name: str) -> list[str]:
    given = body().get(name)
    if not isinstance(given, list) or len(given) > MOST_VERDICTS:
        raise RefusedError(f"{name} 要是一个数组。", status=400)
    return [str(each) for each in given]


def _stages() -> list[Stage]:
    try:
        return [Stage(int(each)) for each in _listed("stages")]
    except ValueError as err:
        raise RefusedError("stages 里要是 0 至 6 的发布状态。", status=400) from err


@newsroom.post("/publishing/release")
def release() -> Response:
    """Deliver finish events that were held back and end jobs that stalled."""
    return jsonify(released=_press().finishing.release())


@newsroom.post("/publishing/confirm")
def confirm() -> Response:
    """Be the administrator: let a send that waits go on, or refuse it; the oldest by default."""
    waiting = _press().mass.waiting()
    if not waiting:
        raise RefusedError("没有等管理员确认的群发。")
    msg_id = whole_number("msg_id", waiting[0].msg_id)
    _press().mass.confirm(msg_id, approve=body().get("approve", True) is True)
    return publishing()


@newsroom.get("/pushes")
def pushes() -> Response:
    """List mass sends and publications, and how often each clientmsgid was called with."""
    press = _press()
    press.mass.expire(now=clock.now())
    sends = press.mass.all()
    return jsonify(
        mass=[_mass_json(send) for send in sends],
        published=[_publication_json(press, each) for each in press.publications.all()],
        client_msg_ids={send.client_msg_id: send.calls for send in sends if send.client_msg_id},
    )


def _mass_json(send: MassSend) -> dict[str, object]:
    edition = _press().editions.get(send.token)
    return {
        "msg_id": send.msg_id,
        "msg_data_id": send.msg_data_id,
        "client_msg_id": send.client_msg_id,
        "calls": send.calls,
        "at": send.at,
        "kind": send.message.kind,
        "text": send.message.text,
        "media_ids": list(send.message.media_ids),
        "titles": [item.title for item in edition.items] if edition else [],
        "urls": list(edition.urls) if edition else [],
        "to_all": send.audience.is_to_all,
        "tag_id": send.audience.tag_id or None,
        "openids": list(send.audience.openids),
        "status": send.status,
        "ending": send.ending,
        "waits_until": send.waits_until or None,
        "total": send.total,
        "filtered": send.filtered,
        "sent": send.sent,
        "errors": send.errors,
    }


def _publication_json(press: Press, each: Publication) -> dict[str, object]:
    edition = press.publications.edition(each)
    return {
        "publish_id": each.publish_id,
        "article_id": each.token,
        "status": each.stage,
        "at": each.at,
        "titles": [item.title for item in edition.items],
        "urls": list(edition.urls),
    }
