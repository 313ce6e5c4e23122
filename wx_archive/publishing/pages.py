"""Articles and columns as pages."""

from flask import Blueprint, abort, render_template

from wx_archive.chat.replies import plain
from wx_archive.core import clock
from wx_archive.core.markdown import to_html
from wx_archive.core.services import Services
from wx_archive.publishing import service
from wx_archive.publishing.rules import TITLES, Column


def blueprint(services: Services) -> Blueprint:
    """Return the pages of the columns."""
    pages = Blueprint("publishing", __name__, template_folder="templates")

    @pages.get("/h5/articles/<pid>")
    def article(pid: str) -> str:
        piece = service.piece(services.site, pid, today=clock.today())
        if piece is None:
            abort(404)
        body = to_html(plain(services.site, piece.body))
        return render_template(
            "publishing/h5/article.html", piece=piece, column=TITLES[piece.column], body=body
        )

    @pages.get("/h5/columns/<name>")
    def column(name: str) -> str:
        if name not in {one.value for one in Column}:
            abort(404)
        chosen = Column(name)
        pieces = service.latest(services.site, chosen, today=clock.today(), limit=100)
        return render_template("publishing/h5/column.html", title=TITLES[chosen], pieces=pieces)

    return pages
