"""服务指南 as pages."""

from flask import Blueprint, abort, render_template

from wx_archive.chat.replies import plain
from wx_archive.core.markdown import to_html
from wx_archive.core.services import Services
from wx_archive.guide.service import guides


def blueprint(services: Services) -> Blueprint:
    """Return the pages of the guides."""
    pages = Blueprint("guide", __name__, template_folder="templates")

    @pages.get("/h5/guides/")
    def index() -> str:
        return render_template("guide/h5/index.html", guides=guides(services.site).values())

    @pages.get("/h5/guides/<slug>")
    def show(slug: str) -> str:
        guide = guides(services.site).get(slug)
        if guide is None:
            abort(404)
        body = to_html(plain(services.site, guide.body))
        return render_template("guide/h5/guide.html", guide=guide, body=body)

    return pages
