"""Tags and who has them: `tags/…` and `user/tag/get`."""

from flask import Blueprint, Response, jsonify

from wx_archive.simulator.calling import Json, inside, ok, payload, press, whole
from wx_archive.simulator.errors import ApiError
from wx_archive.simulator.service_messages import text_of
from wx_archive.simulator.tags import MOST_LISTED

tags = Blueprint("tags", __name__)


@tags.post("/tags/create")
def create() -> Response:
    """Make a tag."""
    tag = press().tags.create(text_of(_tag(), "name"))
    return jsonify(tag={"id": tag.id, "name": tag.name})


@tags.get("/tags/get")
def listed() -> Response:
    """List the tags and how many followers have each."""
    desk = press().tags
    told = [
        {"id": tag.id, "name": tag.name, "count": len(desk.members(tag.id))} for tag in desk.all()
    ]
    return jsonify(tags=told)


@tags.post("/tags/update")
def rename() -> Response:
    """Give a tag another name."""
    tag = _tag()
    press().tags.rename(whole(tag, "id"), text_of(tag, "name"))
    return ok()


@tags.post("/tags/delete")
def delete() -> Response:
    """Delete a tag."""
    press().tags.delete(whole(_tag(), "id"))
    return ok()


@tags.post("/tags/members/batchtagging")
def put_on() -> Response:
    """Tag up to 50 followers."""
    asked = payload()
    press().tags.put_on(whole(asked, "tagid"), _openids(asked))
    return ok()


@tags.post("/tags/members/batchuntagging")
def take_off() -> Response:
    """Take a tag off up to 50 followers."""
    asked = payload()
    press().tags.take_off(whole(asked, "tagid"), _openids(asked))
    return ok()


@tags.post("/tags/getidlist")
def of_follower() -> Response:
    """List a follower's tags."""
    openid = text_of(payload(), "openid")
    if not press().follows(openid):
        raise ApiError(40003, "invalid openid")
    return jsonify(tagid_list=press().tags.of(openid))


@tags.post("/user/tag/get")
def members() -> Response:
    """List the followers who have a tag, after an openid."""
    asked = payload()
    openids, after = press().tags.members(whole(asked, "tagid")), text_of(asked, "next_openid")
    if after and after not in openids:
        raise ApiError(40003, "invalid openid")
    found = openids[openids.index(after) + 1 if after else 0 :][:MOST_LISTED]
    answer: dict[str, object] = {"count": len(found)}
    if found:
        answer |= {"data": {"openid": found}, "next_openid": found[-1]}
    return jsonify(answer)


def _tag() -> Json:
    return inside(payload(), "tag")


def _openids(asked: Json) -> list[str]:
    openids = asked.get("openid_list")
    return [str(each) for each in openids] if isinstance(openids, list) else []
