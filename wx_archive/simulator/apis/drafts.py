"""The draft box: `draft/…`."""

from flask import Blueprint, Response, jsonify

from wx_archive.core import clock
from wx_archive.simulator.articles import as_news_item
from wx_archive.simulator.calling import (
    absolute,
    inside,
    literal_payload,
    ok,
    page,
    payload,
    press,
    whole,
)
from wx_archive.simulator.editions import Draft
from wx_archive.simulator.service_messages import text_of

drafts = Blueprint("drafts", __name__, url_prefix="/draft")


@drafts.post("/add")
def add() -> Response:
    """Keep a draft."""
    draft = press().drafts.add(literal_payload(), now=clock.now())
    items = [{"index": place, "ad_count": 0} for place in range(len(draft.items))]
    return jsonify(media_id=draft.media_id, item=items)


@drafts.post("/get")
def get() -> Response:
    """Repeat a draft."""
    draft = press().drafts.get(text_of(payload(), "media_id"))
    times = {"create_time": draft.created_at, "update_time": draft.updated_at}
    return jsonify({"news_item": _news_items(draft, with_content=True)} | times)


@drafts.post("/update")
def update() -> Response:
    """Replace an article of a draft."""
    asked = literal_payload()
    press().drafts.update(
        text_of(asked, "media_id"),
        whole(asked, "index", 0),
        inside(asked, "articles"),
        now=clock.now(),
    )
    return ok()


@drafts.post("/delete")
def delete() -> Response:
    """Throw a draft away."""
    press().drafts.take(text_of(payload(), "media_id"))
    return ok()


@drafts.get("/count")
def count() -> Response:
    """Tell how many drafts there are."""
    return jsonify(total_count=len(press().drafts.all()))


@drafts.post("/batchget")
def batch() -> Response:
    """List drafts, the one changed last first."""
    asked = payload()
    offset, number = page(asked)
    with_content = not whole(asked, "no_content", 0)
    everything = press().drafts.all()
    listed = [
        {
            "media_id": draft.media_id,
            "content": {
                "news_item": _news_items(draft, with_content=with_content),
                "create_time": draft.created_at,
                "update_time": draft.updated_at,
            },
            "update_time": draft.updated_at,
        }
        for draft in everything[offset : offset + number]
    ]
    return jsonify(total_count=len(everything), item_count=len(listed), item=listed)


def _news_items(draft: Draft, *, with_content: bool) -> list[dict[str, object]]:
    return [
        as_news_item(item, url="", thumb_url=absolute(item.cover), with_content=with_content)
        for item in draft.items
    ]
