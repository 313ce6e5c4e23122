"""Permanent material: `material/…`, and `media/uploadvideo`.

`media/uploadvideo` is from memory: it gives a video of `media/upload` or `material/add_material`
a title and a description, and the media_id that a mass send of an mpvideo takes.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from flask import Blueprint, Response, jsonify, request

from wx_archive.core import clock
from wx_archive.simulator.calling import absolute, ok, page, payload, platform, press, uploaded
from wx_archive.simulator.errors import ApiError
from wx_archive.simulator.library import Material
from wx_archive.simulator.media import EXTENSIONS
from wx_archive.simulator.service_messages import text_of

material = Blueprint("material", __name__)

KINDS: Final = ("voice", "video", "image")


@material.post("/material/add_material")
def add() -> Response:
    """Keep a file for good."""
    kind, (name, content) = request.args.get("type", ""), uploaded()
    texts = _description() if kind == "video" else {}
    made = press().library.add(kind, name, content, texts, now=clock.now())
    if kind in {"image", "thumb"}:
        return jsonify(media_id=made.media_id, url=absolute(made.media_id))
    return jsonify(media_id=made.media_id)


def _description() -> Mapping[str, str]:
    """Return a video's texts, which come as a form field of their own."""
    try:
        given = json.loads(request.form.get("description", ""))
    except ValueError as err:
        raise ApiError(47001, "data format error: description") from err
    if not isinstance(given, dict):
        raise ApiError(47001, "data format error: description")
    return {name: text_of(given, name) for name in ("title", "introduction")}


@material.post("/material/get_material")
def get() -> Response:
    """Give a file out; of a video only where to fetch it."""
    found = press().library.find(text_of(payload(), "media_id"))
    if found is None:
        raise ApiError(40007, "invalid media_id")
    if found.kind == "video":
        return jsonify(
            title=found.title,
            description=found.introduction,
            down_url=absolute(found.media_id),
        )
    content_type, content = press().library.content(found.media_id) or ("", b"")
    answer = Response(content, content_type=content_type)
    name = f"{found.media_id}.{EXTENSIONS[found.content_type]}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@material.post("/material/del_material")
def delete() -> Response:
    """Delete a file."""
    press().library.remove(text_of(payload(), "media_id"))
    return ok()


@material.get("/material/get_materialcount")
def count() -> Response:
    """Tell how many files there are of each kind; articles are drafts now, so never any."""
    counts = {f"{kind}_count": len(press().library.of_kind(kind)) for kind in KINDS}
    return jsonify(counts | {"news_count": 0})


@material.post("/material/batchget_material")
def batch() -> Response:
    """List the files of a kind, the latest first."""
    asked = payload()
    kind = text_of(asked, "type")
    if kind not in KINDS:
        raise ApiError(40004, "invalid media type")
    offset, number = page(asked)
    everything = press().library.of_kind(kind)
    listed = [_listed(each) for each in everything[offset : offset + number]]
    return jsonify(total_count=len(everything), item_count=len(listed), item=listed)


def _listed(each: Material) -> dict[str, object]:
    told: dict[str, object] = {
        "media_id": each.media_id,
        "name": each.title or each.name,
        "update_time": each.updated_at,
    }
    return told | {"url": absolute(each.media_id)} if each.kind == "image" else told


@material.post("/media/uploadvideo")
def make_video_ready() -> Response:
    """Give an uploaded video a title for a mass send."""
    asked, now = payload(), clock.now()
    media_id = text_of(asked, "media_id")
    source = platform().media(media_id, now=now)
    found = platform().media_content(media_id)
    if source is None or source.kind != "video" or found is None:
        raise ApiError(40007, "invalid media_id")
    texts = {name: text_of(asked, name) for name in ("title", "description")}
    ready = press().library.make_video_ready(source, found[1], texts, now=now)
    created_at = int(datetime.timestamp(now))
    return jsonify(type="video", media_id=ready.media_id, created_at=created_at)
