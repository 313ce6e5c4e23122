"""`/h5/media/<pid>`: what readers see and hear, for as long as a piece that is out shows it."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import BinaryIO, Final

from flask import Blueprint, abort, request
from sqlalchemy import Connection
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wrappers import Response
from werkzeug.wsgi import wrap_file

from wx_archive.core import clock
from wx_archive.core.services import Services
from wx_archive.media import forms, service
from wx_archive.media.objects import MissingObjectError, ObjectStore, open_objects
from wx_archive.media.rules import PAGE_BYTES, SHOWN, Form, MediaKind
from wx_archive.media.service import Held

POLICY: Final = "default-src 'none'; sandbox"
FRESHNESS: Final = "private, no-cache"
"""Kept, but asked about every time: what is withdrawn is gone with the next look."""

IsShown = Callable[[Connection, str, datetime], bool]
"""Tells whether something that is out shows an asset, by its public id."""


def nowhere(_connection: Connection, _pid: str, _now: datetime) -> bool:
    """Tell that nothing shows it."""
    return False


def blueprint(services: Services, *, is_shown: IsShown, is_lent: IsShown = nowhere) -> Blueprint:
    """Return the page of media files.

    Args:
        services: the installation's.
        is_shown: what the features that show files of the library say of one.
        is_lent: whether a page of its own shows one that the library need not offer.
    """
    pages = Blueprint("media", __name__)
    store = open_objects(services.settings)

    @pages.get("/h5/media/<pid>")
    def media(pid: str) -> Response:
        with services.database.reads() as connection:
            held = _found(connection, pid, clock.now())
        if held is None:
            abort(HTTPStatus.NOT_FOUND)
        return answer(store, held, request.args.get("form", ""))

    def _found(connection: Connection, pid: str, now: datetime) -> Held | None:
        if is_lent(connection, pid, now):
            return service.look_up(connection, pid)
        held = service.find(connection, [pid]).get(pid)
        return held if held and is_shown(connection, pid, now) else None

    return pages


def answer(store: ObjectStore, held: Held, wanted: str) -> Response:
    """Return a form of an asset as an answer: parts of it, and «not changed», too.

    A form that a kind of file has not, or that never leaves the house, ends with 404.
    """
    form = _form(held.kind, wanted)
    try:
        response, size_bytes = _body(forms.opened(store, held, form))
    except MissingObjectError:
        abort(HTTPStatus.NOT_FOUND)
    response.mimetype = forms.content_type_of(held, form)
    response.content_length = size_bytes
    response.set_etag(forms.key_of(held, form))
    response.headers["Cache-Control"] = FRESHNESS
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    try:
        return response.make_conditional(
            request.environ, accept_ranges=True, complete_length=size_bytes
        )
    except RequestedRangeNotSatisfiable:
        response.close()
        raise


def _body(file: BinaryIO) -> tuple[Response, int]:
    """Return an answer with a file in it, and its size; a small one is read and done with."""
    size_bytes = file.seek(0, 2)
    file.seek(0)
    if size_bytes < PAGE_BYTES:
        with file:
            return Response(file.read()), size_bytes
    response = Response(wrap_file(request.environ, file), direct_passthrough=True)
    response.call_on_close(file.close)
    return response, size_bytes


def _form(kind: MediaKind, wanted: str) -> Form:
    """Return the form that is asked for; of pictures the page's by default."""
    usual = Form.PAGE if kind is MediaKind.IMAGE else Form.ORIGINAL
    told = wanted or usual.value
    if told not in {form.value for form in SHOWN[kind]}:
        abort(HTTPStatus.NOT_FOUND)
    return Form(told)
