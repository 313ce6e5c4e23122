"""Pieces and the list of all that is out, as pages: complete without script, in any type size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

from flask import Blueprint, abort, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy import Connection

from wx_archive.catalogue import search
from wx_archive.catalogue.search import Hit
from wx_archive.chat.replies import plain
from wx_archive.core import clock
from wx_archive.core.services import Services
from wx_archive.core.site import Site
from wx_archive.followers import interests
from wx_archive.followers.identity import Door, Visitor
from wx_archive.followers.interests import Topic
from wx_archive.followers.pages import find_visitor, identified, private
from wx_archive.media import service as media
from wx_archive.publishing import listing, opinions, out, page_html, preview_pages, reading
from wx_archive.publishing.bot import PURPOSE
from wx_archive.publishing.listing import Asked
from wx_archive.publishing.opinions import Opinion
from wx_archive.publishing.out import Out
from wx_archive.publishing.page_html import Picture
from wx_archive.publishing.reader_texts import chinese_day
from wx_archive.publishing.rules import TITLES, Column

MOST_ENTRIES: Final = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """A piece as its page shows it.

    Attributes:
        body: as HTML.
        pictures: what is known of the files it shows, by public id; withdrawn ones are not there.
        entries: records and documents it tells of that the public may see today.
    """

    piece: Out
    body: Markup
    pictures: Mapping[str, Picture]
    entries: Sequence[Hit]
    older: Out | None
    newer: Out | None

    @property
    def day(self) -> str:
        """Since when it is out."""
        return day_of(self.piece)

    @property
    def cover(self) -> Picture | None:
        """What is known of the cover, where it may be shown."""
        return self.pictures.get(self.piece.content.cover or "")

    @property
    def files(self) -> Sequence[str]:
        """The public ids of a picture set's pictures, or of the film or recording."""
        return [pid for pid in self.piece.content.assets if pid in self.pictures]


def day_of(piece: Out) -> str:
    """Return since when a piece is out, as people write it."""
    return chinese_day(clock.day_of(piece.out_at))


def shown(connection: Connection, site: Site, piece: Out, *, now: datetime) -> Shown:
    """Return a piece with everything that its page shows."""
    content = piece.content
    text = plain(site, content.body)
    pictures = _pictures(connection, [*content.assets, content.cover or "", *page_html.pids(text)])
    return Shown(
        piece,
        page_html.render(content, pictures, text=text),
        pictures,
        _entries(connection, content.entries, now),
        out.older(connection, piece, now=now),
        out.newer(connection, piece, now=now),
    )


def _pictures(connection: Connection, pids: Sequence[str]) -> Mapping[str, Picture]:
    found = media.find(connection, pids)
    return {
        pid: Picture(one.alt, one.credit, one.width_px or 0, one.height_px or 0)
        for pid, one in found.items()
    }


def _entries(connection: Connection, pids: Sequence[str], now: datetime) -> Sequence[Hit]:
    today = clock.day_of(now)
    hits = (search.by_pid(connection, pid, today=today) for pid in pids[:MOST_ENTRIES])
    return [hit for hit in hits if hit is not None]


def blueprint(services: Services) -> Blueprint:
    """Return the pages of the columns."""
    pages = Blueprint("publishing", __name__, template_folder="templates")
    preview_pages.add(pages, services)
    pages.add_app_template_filter(day_of, "out_day")
    _add_article(pages, services)
    _add_opinions(pages, services)
    _add_list(pages, services)
    return pages


def _add_article(pages: Blueprint, services: Services) -> None:
    door = Door.of(services.settings)

    @pages.get("/h5/articles/<pid>")
    def article(pid: str) -> ResponseReturnValue:
        now = clock.now()
        visitor = find_visitor(services, door, PURPOSE)
        with services.database.reads() as connection:
            piece = out.find(connection, pid, now=now)
            if piece is None:
                abort(HTTPStatus.NOT_FOUND)
            view = shown(connection, services.site, piece, now=now)
            mine = _opinion(connection, piece, visitor)
        g.noted = reading.noted(request, piece.id)
        page = render_template(
            "publishing/h5/article.html",
            shown=view,
            piece=view.piece,
            content=view.piece.content,
            mine=mine,
            csrf=door.form_token(visitor) if visitor else "",
            has_oauth=door.has_oauth,
            bound=opinions.LENGTH,
        )
        # What is withdrawn must be gone at once, from the back button too.
        return private(page)


def _opinion(connection: Connection, piece: Out, visitor: Visitor | None) -> Opinion | None:
    return opinions.of(connection, piece.id, visitor.follower_id) if visitor else None


def _add_opinions(pages: Blueprint, services: Services) -> None:
    @pages.post("/h5/articles/<pid>/opinion")
    @identified(services, PURPOSE)
    def give_opinion(visitor: Visitor, pid: str) -> ResponseReturnValue:
        verdict, now = request.form.get("useful", ""), clock.now()
        if verdict not in ("0", "1"):
            abort(HTTPStatus.BAD_REQUEST)
        with services.database.begin() as session:
            piece = out.find(session.connection(), pid, now=now)
            if piece is None:
                abort(HTTPStatus.NOT_FOUND)
            who = visitor.follower_id
            opinions.give(session, piece.id, who, is_useful=verdict == "1", now=now)
            opinions.say(session, piece.id, who, request.form.get("words", ""), now=now)
        return redirect(f"{piece.path}#opinion", HTTPStatus.SEE_OTHER)


def _add_list(pages: Blueprint, services: Services) -> None:
    door = Door.of(services.settings)

    def page(asked: Asked) -> ResponseReturnValue:
        visitor = find_visitor(services, door, PURPOSE)
        with services.database.reads() as connection:
            topics = _topics(connection, services.site, visitor)
            if asked.mine and not topics:
                asked = asked.for_me(mine=False)
            found = listing.find(connection, asked, now=clock.now(), topics=list(topics))
        return private(
            render_template(
                "publishing/h5/list.html",
                asked=asked,
                found=found,
                topics=topics,
                knows_reader=visitor is not None,
                wants_mine=request.args.get("mine") == "1",
                columns=TITLES,
                title=TITLES[asked.column] if asked.column else "往期文章",
            )
        )

    @pages.get("/h5/articles")
    def articles() -> ResponseReturnValue:
        asked = Asked.of(request.args)
        if asked.column:  # a form's answer: every list has one address
            return redirect(asked.address, HTTPStatus.SEE_OTHER)
        return page(asked)

    @pages.get("/h5/columns/<name>")
    def column(name: str) -> ResponseReturnValue:
        if name not in {one.value for one in Column}:
            abort(HTTPStatus.NOT_FOUND)
        return page(Asked.of(request.args, Column(name)))


def _topics(connection: Connection, site: Site, visitor: Visitor | None) -> Mapping[str, Topic]:
    """Return the reader's own topics by slug, as far as the site has them still."""
    if visitor is None:
        return {}
    chosen = interests.chosen(connection, visitor.follower_id)
    return {slug: topic for slug, topic in interests.topics(site).items() if slug in chosen}
