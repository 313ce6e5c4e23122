"""`/h5/preview/<token>`: a piece that is not out, for whoever was given its link, for a day."""

from http import HTTPStatus

from flask import Blueprint, Response, abort, make_response, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.chat.replies import plain
from wx_archive.core import clock
from wx_archive.core.services import Services
from wx_archive.media import pages as media_pages
from wx_archive.media import service as media
from wx_archive.media.objects import open_objects
from wx_archive.publishing import page_html, preview_links
from wx_archive.publishing.models import Piece
from wx_archive.publishing.page_html import Picture
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.rules import TITLES, Kind


def add(pages: Blueprint, services: Services) -> None:
    """Add the page and the files that it shows."""
    store = open_objects(services.settings)

    @pages.get("/h5/preview/<token>")
    def preview(token: str) -> ResponseReturnValue:
        content = _content(services, token)
        text = plain(services.site, content.body)
        with services.database.reads() as connection:
            found = media.find(connection, _files(content, text))
        pictures = {
            pid: Picture(one.alt, one.credit, one.width_px or 0, one.height_px or 0)
            for pid, one in found.items()
        }
        body = str(page_html.render(content, pictures, text=text))
        own = f"/h5/preview/{token}/media/"
        page = render_template(
            "publishing/h5/preview.html",
            content=content,
            column=TITLES[content.column],
            body=Markup(body.replace(page_html.MEDIA_PATH, own)),  # noqa: S704 -- rendered above
            media=own,
            files=[pid for pid in content.assets if pid in pictures],
            pictures=pictures,
            kinds=Kind,
        )
        return _unkept(make_response(page))

    @pages.get("/h5/preview/<token>/media/<pid>")
    def preview_media(token: str, pid: str) -> ResponseReturnValue:
        content = _content(services, token)
        if pid not in _files(content, plain(services.site, content.body)):
            abort(HTTPStatus.NOT_FOUND)
        with services.database.reads() as connection:
            held = media.find(connection, [pid]).get(pid)
        if held is None:
            abort(HTTPStatus.NOT_FOUND)
        answer = media_pages.answer(store, held, "")
        answer.headers["X-Robots-Tag"] = "noindex, nofollow"
        return answer


def _content(services: Services, token: str) -> Content:
    """Return the piece that a link shows; 404 for every link that is good for nothing."""
    link = preview_links.read(services.settings.secret(), token, now=clock.now())
    if link is None:
        abort(HTTPStatus.NOT_FOUND)
    with services.database.reads() as connection, Session(bind=connection) as session:
        piece = session.scalars(select(Piece).where(Piece.pid == link.pid)).one_or_none()
        if piece is None or not link.is_for(piece.content_hash) or piece.withdrawn_at is not None:
            abort(HTTPStatus.NOT_FOUND)
        return Content.of(piece)


def _files(content: Content, text: str) -> list[str]:
    cover = [content.cover] if content.cover else []
    return list(dict.fromkeys([*cover, *content.assets, *page_html.pids(text)]))


def _unkept(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Cache-Control"] = "no-store"
    return response
