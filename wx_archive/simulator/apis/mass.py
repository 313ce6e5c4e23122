"""Mass sends: `message/mass/…`.

Documented: the shapes and the five speeds. From memory: 43004 for a preview to somebody who does
not follow, a phone's nickname in place of a WeChat number.
"""

from typing import Final

from flask import Blueprint, Response, jsonify

from wx_archive.core import clock
from wx_archive.simulator.audience import Audience
from wx_archive.simulator.calling import (
    Json,
    base_url,
    inside,
    literal_payload,
    ok,
    payload,
    platform,
    press,
    whole,
)
from wx_archive.simulator.errors import ApiError
from wx_archive.simulator.service_messages import text_of

mass = Blueprint("mass", __name__, url_prefix="/message/mass")

REAL_SPEEDS: Final = (80, 60, 45, 30, 10)
"""Ten thousand followers a minute, by speed 0 to 4."""


@mass.post("/sendall")
def send_to_all() -> Response:
    """Send to everybody or to a tag."""
    asked = literal_payload()
    chosen = inside(asked, "filter")
    if chosen.get("is_to_all") in {True, "true"}:
        return _send(asked, Audience(is_to_all=True))
    return _send(asked, Audience(tag_id=whole(chosen, "tag_id", 0)))


@mass.post("/send")
def send_to_list() -> Response:
    """Send to a list of followers."""
    asked = literal_payload()
    openids = asked.get("touser")
    if not isinstance(openids, list) or not openids:
        raise ApiError(40130, "invalid openid list size, at least two openid")
    return _send(asked, Audience(openids=tuple(map(str, openids))))


def _send(asked: Json, audience: Audience) -> Response:
    send = press().send(asked, audience, base_url=base_url(), now=clock.now())
    answer = {"errcode": 0, "errmsg": "send job submission success", "msg_id": send.msg_id}
    if send.token:
        answer["msg_data_id"] = send.msg_data_id
    return jsonify(answer)


@mass.post("/preview")
def preview() -> Response:
    """Show a message to one follower."""
    asked = literal_payload()
    openid = text_of(asked, "touser") or _named(text_of(asked, "towxname"))
    number = press().preview(asked, openid, base_url=base_url(), now=clock.now())
    return jsonify(errcode=0, errmsg="preview success", msg_id=number)


def _named(name: str) -> str:
    found = [phone.openid for phone in platform().phones() if phone.nickname == name]
    if not found:
        raise ApiError(40132, "invalid wxname")
    return found[0]


@mass.post("/get")
def get() -> Response:
    """Tell how far a send is."""
    found = press().mass.get(whole(payload(), "msg_id"))
    return jsonify(msg_id=found.msg_id, msg_status=found.status)


@mass.post("/delete")
def delete() -> Response:
    """Delete what was sent: followers cannot read it any more."""
    asked = payload()
    press().mass.delete(whole(asked, "msg_id"), whole(asked, "article_idx", 0))
    return ok()


@mass.post("/speed/get")
def speed() -> Response:
    """Tell how fast sends go."""
    chosen = press().standing.now.speed
    return jsonify(speed=chosen, realspeed=REAL_SPEEDS[chosen])


@mass.post("/speed/set")
def set_speed() -> Response:
    """Choose how fast sends go."""
    chosen = whole(payload(), "speed")
    if not 0 <= chosen < len(REAL_SPEEDS):
        raise ApiError(45083, "sending speed must be 0 to 4")
    press().standing.change(speed=chosen)
    return ok()
