"""读者的话: what readers said of pieces, nobody's name on it, until an editor has read it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from flask import abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, Row, select

from wx_archive.core.errors import RefusedError
from wx_archive.publishing import figures, opinions, piece_texts
from wx_archive.publishing.models import Piece
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.plugs import Todo
from wx_archive.staff.rules import Permission, Person

LIST: Final = "/console/opinions"
_VIEWS: Final = "publishing/console"


def add(pages: Pages) -> None:
    """Add the pages."""

    @pages.get("/opinions", needs=Permission.PIECES_EDIT)
    def opinions_list(visit: Visit) -> ResponseReturnValue:
        with visit.reads() as connection:
            waiting = opinions.unread_pieces(connection)
        return visit.page(f"{_VIEWS}/opinions.html", waiting=waiting)

    @pages.get("/opinions/<pid>", needs=Permission.PIECES_EDIT)
    def opinions_of(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            piece = _find(connection, pid)
            said = opinions.said_of(connection, piece.id)
            figured = figures.of_piece(connection, piece.id)
        return visit.page(
            f"{_VIEWS}/opinions_piece.html",
            pid=pid,
            title=piece.title,
            said=said,
            figured=figured,
            unread=sum(not one.is_read for one in said),
            until=visit.now.isoformat(),
            day=piece_texts.day,
        )

    @pages.post("/opinions/<pid>/read", needs=Permission.PIECES_EDIT, audit="opinion.read")
    def opinions_read(act: Act, pid: str) -> ResponseReturnValue:
        connection = act.session.connection()
        piece = _find(connection, pid)
        read = opinions.take_note(act.session, piece.id, until=_until(act.now), now=act.now)
        act.note(f"piece:{pid}", after={"read": read})
        return act.done(LIST, f"记下了：{read} 条读者的话有人看过了。")


def todos(connection: Connection, person: Person, _now: datetime) -> Sequence[Todo]:
    """Return how many words wait for an editor."""
    if not person.may(Permission.PIECES_EDIT):
        return ()
    waiting = opinions.unread(connection)
    return (Todo("条读者对文章说的话没人看过", waiting, LIST, Permission.PIECES_EDIT),)


def _find(connection: Connection, pid: str) -> Row[int, str]:
    row = connection.execute(select(Piece.id, Piece.title).where(Piece.pid == pid)).one_or_none()
    if row is None:
        abort(404)
    return row


def _until(now: datetime) -> datetime:
    """Return when the page was shown: words that came since are not read."""
    try:
        shown = datetime.fromisoformat(request.form.get("until", ""))
    except ValueError:
        raise RefusedError("请回到上一页重新打开，再点一次") from None
    if shown.tzinfo is None or shown > now:
        raise RefusedError("请回到上一页重新打开，再点一次")
    return shown
