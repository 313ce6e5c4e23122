"""A piece that was changed in its file and in the console: what differs, and which one counts."""

from flask import abort, request
from flask.typing import ResponseReturnValue

from wx_archive.core.errors import RefusedError
from wx_archive.media.objects import open_objects
from wx_archive.publishing import comparing, sync
from wx_archive.publishing.console import shown
from wx_archive.publishing.console.shown import find, locked, path_of
from wx_archive.publishing.files import FilePiece, read_all
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.sync import Arriving
from wx_archive.staff.pages import Act, CarryOut, Pages, Visit
from wx_archive.staff.rules import Permission

GONE = "这篇稿子的文件不在了，管理台里的就是唯一的一份"
SETTLED = "这篇稿子的文件和管理台已经没有不一致"


def add(pages: Pages) -> None:
    """Add the page and its two buttons."""

    @pages.get("/pieces/<pid>/conflict", needs=Permission.PIECES_EDIT)
    def conflict(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            piece = find(connection, visit, pid)
            if not piece.is_in_conflict:
                abort(404)
            ours, file = Content.of(piece), _file(visit, pid)
            return visit.page(
                "publishing/console/conflict.html",
                piece=piece,
                path=path_of(pid),
                file=file,
                rows=comparing.paragraphs(file.body, ours.body),
                **shown.words(connection),
            )

    @pages.in_steps("/pieces/<pid>/conflict", needs=Permission.PIECES_EDIT, audit="piece.conflict")
    def settle_conflict(visit: Visit, carry_out: CarryOut, pid: str) -> ResponseReturnValue:
        file, use = _file(visit, pid), request.form.get("use", "")
        if use not in ("file", "console"):
            raise RefusedError("请选用文件里的，还是用管理台里的")
        arrivals = sync.received(file, open_objects(visit.services.settings))
        return carry_out(
            lambda act: _settle(act, Arriving(file, arrivals, act.now), takes_file=use == "file")
        )


def _settle(act: Act, arriving: Arriving, *, takes_file: bool) -> ResponseReturnValue:
    piece = locked(act, arriving.file.head.id)
    if not piece.is_in_conflict:
        raise RefusedError(SETTLED)
    before = piece.content_hash[:12]
    live = act.services.site.live
    sync.settle(act.session, piece, arriving, takes_file=takes_file, live=live)
    after = {"use": "file" if takes_file else "console", "hash": piece.content_hash[:12]}
    act.note(f"piece:{piece.pid}", before={"hash": before}, after=after)
    said = "好，以文件里的为准。" if takes_file else "好，以管理台里的为准；文件再改，再来问您。"
    return act.done(path_of(piece.pid), said)


def _file(visit: Visit, pid: str) -> FilePiece:
    """Return the file as it is now.

    Raises:
        RefusedError: it is gone.
    """
    found = read_all(visit.services.site.content).get(pid)
    if found is None:
        raise RefusedError(GONE)
    return found
