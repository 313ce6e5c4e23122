"""`/h5/treasures/<pid>/certificate`: the sender's own certificate, to be kept and printed."""

from http import HTTPStatus

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from wx_archive.core.ids import is_pid
from wx_archive.core.services import Services
from wx_archive.core.text import written_day
from wx_archive.followers.identity import Visitor
from wx_archive.followers.pages import identified
from wx_archive.media.objects import MissingObjectError, ObjectStore
from wx_archive.treasures import certificates, queries
from wx_archive.treasures.certificate_texts import VERIFY
from wx_archive.treasures.certificates import Known
from wx_archive.treasures.sealed import open_sealed
from wx_archive.treasures.uploads import PURPOSE
from wx_archive.treasures.verify_pages import NO_ROBOTS


def add(pages: Blueprint, services: Services) -> None:
    """Add the pages."""
    store = open_sealed(services.settings)

    @pages.get("/h5/treasures/<pid>/certificate")
    @identified(services, PURPOSE)
    def own_certificate(visitor: Visitor, pid: str) -> ResponseReturnValue:
        known = _own(services, visitor, pid)
        return render_template(
            "treasures/h5/certificate.html",
            one=known,
            path=f"/h5/treasures/{pid}",
            verify=f"{VERIFY}/{known.token}",
            day=written_day,
        )

    @pages.get("/h5/treasures/<pid>/certificate.png")
    @identified(services, PURPOSE)
    def own_certificate_picture(visitor: Visitor, pid: str) -> ResponseReturnValue:
        return file_of(store, _own(services, visitor, pid), is_pdf=False)

    @pages.get("/h5/treasures/<pid>/certificate.pdf")
    @identified(services, PURPOSE)
    def own_certificate_sheet(visitor: Visitor, pid: str) -> ResponseReturnValue:
        return file_of(store, _own(services, visitor, pid), is_pdf=True)


def file_of(store: ObjectStore, known: Known, *, is_pdf: bool) -> Response:
    """Return a certificate's picture, or its sheet as a download; 404 until it is drawn.

    Its name tells the number, never a person.
    """
    if known.png_key is None:
        abort(HTTPStatus.NOT_FOUND)
    key = certificates.pdf_key(known.png_key) if is_pdf else known.png_key
    try:
        with store.open(key) as file:
            data = file.read()
    except MissingObjectError:
        abort(HTTPStatus.NOT_FOUND)
    response = Response(data, mimetype="application/pdf" if is_pdf else "image/png")
    name = f"certificate-{known.number[1:]}.{'pdf' if is_pdf else 'png'}"
    kind = "attachment" if is_pdf else "inline"
    response.headers["Content-Disposition"] = f'{kind}; filename="{name}"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Robots-Tag"] = NO_ROBOTS
    response.headers["Cache-Control"] = "no-store"
    return response


def _own(services: Services, visitor: Visitor, pid: str) -> Known:
    """Return the certificate of one's own upload; somebody else's and none end here alike."""
    with services.database.reads() as connection:
        upload = queries.by_pid(connection, pid) if is_pid(pid) else None
        if upload is None or upload.follower_id != visitor.follower_id:
            abort(HTTPStatus.NOT_FOUND)
        known = certificates.of_treasure(connection, upload.id)
    if known is None:
        abort(HTTPStatus.NOT_FOUND)
    return known
