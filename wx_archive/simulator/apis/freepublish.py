"""Publishing without telling followers: `freepublish/…`."""

from datetime import datetime

from flask import Blueprint, Response, jsonify

from wx_archive.core import clock
from wx_archive.simulator.articles import as_news_item
from wx_archive.simulator.calling import (
    absolute,
    base_url,
    ok,
    page,
    payload,
    press,
    whole,
)
from wx_archive.simulator.editions import Edition
from wx_archive.simulator.errors import ApiError
from wx_archive.simulator.publications import Stage
from wx_archive.simulator.service_messages import text_of

freepublish = Blueprint("freepublish", __name__, url_prefix="/freepublish")


@freepublish.post("/submit")
def submit() -> Response:
    """Begin to publish a draft."""
    media_id = text_of(payload(), "media_id")
    begun = press().publish(media_id, base_url=base_url(), now=clock.now())
    return jsonify(
        errcode=0, errmsg="ok", publish_id=begun.publish_id, msg_data_id=begun.msg_data_id
    )


@freepublish.post("/get")
def get() -> Response:
    """Tell how far a publication is."""
    asked = payload().get("publish_id")
    found = press().publications.get(str(asked))
    told: dict[str, object] = {
        "publish_id": found.publish_id,
        "publish_status": found.stage,
        "fail_idx": [],
    }
    if found.stage == Stage.DONE:
        urls = press().publications.edition(found).urls
        items = [{"idx": idx, "article_url": url} for idx, url in enumerate(urls, start=1)]
        told |= {"article_id": found.token, "article_detail": {"count": len(urls), "item": items}}
    elif found.stage in {Stage.NOT_ORIGINAL, Stage.FAILED, Stage.REFUSED}:
        told["fail_idx"] = [1]
    return jsonify(told)


@freepublish.post("/delete")
def delete() -> Response:
    """Delete a published article, or all of them."""
    asked = payload()
    token = text_of(asked, "article_id")
    _published(token)
    press().editions.delete(token, whole(asked, "index", 0))
    return ok()


@freepublish.post("/getarticle")
def article() -> Response:
    """Repeat what was published."""
    return jsonify(news_item=_news_items(_published(text_of(payload(), "article_id"))))


@freepublish.post("/batchget")
def batch() -> Response:
    """List what was published, the latest first."""
    asked = payload()
    offset, number = page(asked)
    with_content = not whole(asked, "no_content", 0)
    public = press().publications.public()
    listed = [
        {
            "article_id": each.token,
            "content": {"news_item": _news_items(edition, with_content=with_content)},
            "update_time": _second(edition),
        }
        for each, edition in public[offset : offset + number]
    ]
    return jsonify(total_count=len(public), item_count=len(listed), item=listed)


def _published(token: str) -> Edition:
    edition = press().editions.get(token)
    if edition is None or not press().publications.is_public(token):
        raise ApiError(53600, "invalid article_id")
    return edition


def _news_items(edition: Edition, *, with_content: bool = True) -> list[dict[str, object]]:
    return [
        as_news_item(
            item,
            url=edition.url(place),
            thumb_url=absolute(item.cover),
            with_content=with_content,
        )
        | {"is_deleted": item.is_deleted}
        for place, item in enumerate(edition.items)
    ]


def _second(edition: Edition) -> int:
    return int(datetime.fromisoformat(edition.at).timestamp())
