"""What few may see, each look noted: the sealed originals, and who a sender really is.

Pictures are shown as they were made anew (`views`); an original leaves as an attachment, never as
a page.
"""

import re
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import BinaryIO, Final
from urllib.parse import quote

from flask import abort, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response
from werkzeug.wsgi import wrap_file

from wx_archive.core.errors import RefusedError
from wx_archive.core.sealing import Contact
from wx_archive.media.objects import MissingObjectError
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.treasures import contacts, sealed, views
from wx_archive.treasures.console.one import subject
from wx_archive.treasures.console.shown import (
    ORIGINALS,
    READ,
    VIEWS,
    find,
    find_file,
    path_of,
)
from wx_archive.treasures.queries import File, Upload
from wx_archive.treasures.rules import FileState
from wx_archive.treasures.views import Form, NoSuchFormError

POLICY: Final = "default-src 'none'; sandbox"
_PLAIN: Final = re.compile(r"[^A-Za-z0-9]+")
_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{1,5}")


def add(pages: Pages) -> None:
    """Add the pages."""
    store = sealed.open_sealed(pages.services.settings)
    own = contacts.sealer(pages.services.settings)

    @pages.get("/treasures/<pid>/files/<file_pid>/<form>", needs=READ)
    def treasure_view(visit: Visit, pid: str, file_pid: str, form: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            _upload, file = find_file(connection, pid, file_pid)
        if form not in set(Form) or not file.is_picture:
            abort(HTTPStatus.NOT_FOUND)
        try:
            with views.opened(store, file, Form(form)) as opened:
                return _harmless(Response(opened.read()), views.CONTENT_TYPE)
        except (MissingObjectError, NoSuchFormError):
            abort(HTTPStatus.NOT_FOUND)

    @pages.reading(
        "/treasures/<pid>/files/<file_pid>/original",
        needs=ORIGINALS,
        audit="treasure.original",
        fresh=True,
    )
    def treasure_original(act: Act, pid: str, file_pid: str) -> ResponseReturnValue:
        upload, file = find_file(act.session.connection(), pid, file_pid)
        if file.state is not FileState.CLEAN or file.object_key is None:
            raise RefusedError("这一件还没有检查完，或者没有收下，原件不能取")
        try:
            opened = store.open(file.object_key)
        except MissingObjectError as err:
            raise RefusedError("这一件的原件不在库里，请看“核对原件”") from err
        act.note(subject(upload), after={"file_pid": file.pid, "sha256": file.sha256})
        return _attached(opened, upload, file)

    @pages.reading(
        "/treasures/<pid>/contact", needs=ORIGINALS, audit="treasure.contact", fresh=True
    )
    def treasure_contact(act: Act, pid: str) -> ResponseReturnValue:
        upload = find(act.session.connection(), pid)
        act.note(subject(upload))
        told = contacts.read(act.session, upload.id, own)
        return act.page(
            f"{VIEWS}/contact.html",
            one=upload,
            path=path_of(upload),
            contact=told or Contact(),
            is_kept=contacts.is_kept(act.session.connection(), upload.id),
            is_unreadable=told is None,
        )


def attachment(plain: str, name: str) -> str:
    """Return the header that has a browser save a file under a name, whatever is in the name.

    Source: docs/sources.md#treasures (RFC 6266, RFC 5987: a plain name, and the whole one encoded).
    """
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def names(upload: Upload, file: File) -> tuple[str, str]:
    """Return under which names an original leaves: one for every machine, and the owner's own."""
    own = PurePosixPath(file.name.replace("\\", "/")).name
    found = _ENDING.search(PurePosixPath(own).suffix)
    ending = found[0].lower() if found else ""
    number = _PLAIN.sub("", (upload.number or "").removeprefix("珍"))
    plain = f"treasure-{number}-{file.place:02d}{ending}"
    return plain, f"{upload.number}-{file.place:02d}-{own}" if own else plain


def _attached(opened: BinaryIO, upload: Upload, file: File) -> Response:
    """Return an original bit by bit; its file is closed with the answer."""
    size_bytes = opened.seek(0, 2)
    opened.seek(0)
    body = Response(wrap_file(request.environ, opened), direct_passthrough=True)
    body.call_on_close(opened.close)
    body.content_length = size_bytes
    body.headers["Content-Disposition"] = attachment(*names(upload, file))
    return _harmless(body, "application/octet-stream")


def _harmless(response: Response, content_type: str) -> Response:
    """Return a file that runs nothing, is nobody's page and stays nowhere."""
    response.mimetype = content_type
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
