"""The pages where followers read: an article, and the list of what the account sent.

Own drawing after look.md part 1; the content passes WeChat's filter once more.
"""

from datetime import datetime
from typing import Final

from flask import Blueprint, Response, make_response, render_template
from markupsafe import Markup

from wx_archive.core import clock
from wx_archive.simulator.articles import NewsItem
from wx_archive.simulator.editions import Edition
from wx_archive.simulator.replies import media_url
from wx_archive.simulator.traffic import current_traffic

reader = Blueprint("reader", __name__, url_prefix="/s")

POLICY: Final = (
    "default-src 'none'; img-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
"""No scripts at all; only an article's own style attributes are taken beside our sheet."""


@reader.get("/<token>/<int:place>")
def article(token: str, place: int) -> Response:
    """Show an article, place from 1."""
    press = current_traffic().press
    found = press.read(token, place)
    if found is None:
        return _page("simulator/gone.html", complaint="该内容不存在", status=404)
    edition, item = found
    if item.is_deleted:
        return _page("simulator/gone.html", complaint="该内容已被发布者删除")
    return _page(
        "simulator/article.html",
        item=item,
        # The filter has left nothing that could run.
        content=Markup(press.rules.filtered(item.content)) if _is_news(item) else item.content,  # noqa: S704 -- filtered
        pictures=[media_url(media_id) for media_id in item.pictures],
        day=_day(edition),
        others=_others(edition, place),
    )


@reader.get("/history")
def history() -> Response:
    """List what the account sent to everybody."""
    editions = current_traffic().press.history()
    listed = [
        (_day(edition), [_card(edition, place) for place in range(len(edition.items))])
        for edition in editions
    ]
    return _page("simulator/history.html", listed=listed)


def _page(template: str, *, status: int = 200, **values: object) -> Response:
    config = current_traffic().platform.config
    page = make_response(
        render_template(template, account_name=config.account_name, **values), status
    )
    page.headers["Content-Security-Policy"] = POLICY
    page.headers["Cache-Control"] = "no-store"
    return page


def _is_news(item: NewsItem) -> bool:
    return item.article_type == "news"


def _day(edition: Edition) -> str:
    day = clock.day_of(datetime.fromisoformat(edition.at))
    return f"{day.year}年{day.month}月{day.day}日"


def _others(edition: Edition, place: int) -> list[dict[str, str]]:
    return [_card(edition, each) for each in range(len(edition.items)) if each + 1 != place]


def _card(edition: Edition, place: int) -> dict[str, str]:
    item = edition.items[place]
    return {
        "title": item.title,
        "digest": item.digest,
        "url": edition.url(place),
        "cover": media_url(item.cover) if item.cover else "",
        "deleted": "是" if item.is_deleted else "",
    }
