"""档案查询 as pages: a search page and one page for each entry, complete without script."""

from flask import Blueprint, abort, render_template, request

from wx_archive.catalogue.query import MAX_LENGTH
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.search import COUNT_BOUND
from wx_archive.core import clock
from wx_archive.core.ids import is_pid
from wx_archive.core.services import Services
from wx_archive.lookup import rules, service, texts

PER_PAGE = 10


def blueprint(services: Services) -> Blueprint:
    """Return the pages of the lookup."""
    pages = Blueprint("lookup", __name__, template_folder="templates")
    pages.add_app_template_filter(texts.chinese_date, "chinese_date")

    @pages.get("/h5/lookup")
    def lookup() -> str:
        text, kind = rules.split_scope(request.args.get("q", "")[: MAX_LENGTH + 1])
        kind = _kind(request.args.get("kind", "")) or kind
        page = _page(request.args.get("page", ""))
        found, instead = None, None
        if text and len(text) <= MAX_LENGTH:
            with services.database.reads() as connection:
                found = service.find(
                    connection,
                    services.site,
                    text,
                    today=clock.today(),
                    kind=kind,
                    offset=(page - 1) * PER_PAGE,
                    limit=PER_PAGE,
                )
                if found.total == 0:
                    instead = service.find_instead(
                        connection, services.site, text, today=clock.today(), kind=kind
                    )
        return render_template(
            "lookup/h5/lookup.html",
            text=text,
            kind=kind,
            page=page,
            pages=-(-found.total // PER_PAGE) if found else 0,
            found=found,
            instead=instead,
            total=texts.total(found) if found else "",
            badge=service.badge,
            livelihood=rules.touches_livelihood(text),
            too_long=len(text) > MAX_LENGTH,
        )

    @pages.get("/h5/documents/<pid>")
    def document(pid: str) -> str:
        with services.database.reads() as connection:
            view = service.document(connection, pid, today=clock.today()) if is_pid(pid) else None
        if view is None:
            abort(404)
        return render_template("lookup/h5/document.html", document=view)

    @pages.get("/h5/records/<pid>")
    def record(pid: str) -> str:
        with services.database.reads() as connection:
            view = service.record(connection, pid, today=clock.today()) if is_pid(pid) else None
        if view is None:
            abort(404)
        return render_template("lookup/h5/record.html", record=view)

    return pages


def _kind(text: str) -> Kind | None:
    return Kind(text) if text in {kind.value for kind in Kind} else None


def _page(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 1
    return min(max(number, 1), COUNT_BOUND // PER_PAGE)
