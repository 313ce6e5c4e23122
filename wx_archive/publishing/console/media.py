"""媒体库: pictures, films and recordings; brought in, described, withdrawn, picked for a piece."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.media import pages as media_pages
from wx_archive.media import service
from wx_archive.media.objects import ObjectStore, open_objects
from wx_archive.media.rules import KIND_NAMES, MediaKind
from wx_archive.media.service import Held, Wanted
from wx_archive.publishing import piece_list, rules, showing
from wx_archive.publishing.console import media_uploads, shown
from wx_archive.publishing.console.media_uploads import DescriptionForm
from wx_archive.publishing.rules import Kind
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission

LIST: Final = "/console/media"
READ_AWAY_BYTES: Final = 200 * 1024 * 1024
"""Whoever sends more than this sees only that the connection ended."""
_VIEWS: Final = "publishing/console"
_KINDS_OF: Final = {
    Kind.PICTURES: MediaKind.IMAGE,
    Kind.VIDEO: MediaKind.VIDEO,
    Kind.AUDIO: MediaKind.AUDIO,
}
USES: Final = {"cover": "做封面", "body": "放进正文", "set": "放进稿件"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the library was asked; whatever makes no sense is taken as not said.

    Attributes:
        piece: public id of the piece that a file is picked for; empty for just looking.
        use: what for.
    """

    kind: str = ""
    words: str = ""
    before: int = 0
    withdrawn: str = ""
    piece: str = ""
    use: str = ""

    @classmethod
    def of_request(cls) -> "Asked":
        """Return what the address asks."""
        told = request.args
        kind, use = told.get("kind", ""), told.get("as", "")
        return cls(
            kind=kind if kind in set(MediaKind) else "",
            words=told.get("q", "").strip()[:60],
            before=max(0, min(told.get("before", 0, int), 2**62)),
            withdrawn="1" if told.get("withdrawn") == "1" else "",
            piece=told.get("for", "")[:60] if use in USES else "",
            use=use if use in USES else "",
        )

    @property
    def wanted(self) -> Wanted:
        """The same in the library's terms."""
        kind = MediaKind(self.kind) if self.kind else None
        return Wanted(kind, self.words, self.before, is_withdrawn=bool(self.withdrawn))

    @property
    def picked(self) -> dict[str, str]:
        """What goes along to wherever somebody goes who picks."""
        return {"for": self.piece, "as": self.use} if self.piece else {}

    def at(self, **changed: object) -> str:
        """Return the address of the library with other questions."""
        told = {"kind": self.kind, "q": self.words, "withdrawn": self.withdrawn, **self.picked}
        asked = urlencode({name: value for name, value in (told | changed).items() if value})
        return f"{LIST}?{asked}" if asked else LIST

    def new(self) -> str:
        """Return the address of the upload form."""
        return f"{LIST}/new?{urlencode(self.picked)}" if self.piece else f"{LIST}/new"


def add(pages: Pages) -> None:
    """Add the library."""
    store = open_objects(pages.services.settings)
    _looking(pages, store)
    media_uploads.add(pages, store)
    _describing(pages)
    _ending(pages)
    pages.blueprint.add_app_template_filter(_lasting, "media_length")
    pages.blueprint.add_app_template_filter(_size, "media_size")
    pages.blueprint.add_app_template_filter(_moment, "media_moment")

    @pages.blueprint.errorhandler(RequestEntityTooLarge)
    def too_large(_err: RequestEntityTooLarge) -> ResponseReturnValue:
        _read_away()
        is_upload = request.path == LIST
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return render_template(f"{_VIEWS}/media_too_large.html", is_upload=is_upload), status


def _looking(pages: Pages, store: ObjectStore) -> None:
    @pages.get("/media", needs=Permission.PIECES_READ)
    def media_library(visit: Visit) -> ResponseReturnValue:
        asked = Asked.of_request()
        with visit.reads() as connection:
            picking = _picking(connection, visit, asked)
            if picking and not asked.kind:
                asked = _of_kind(asked, picking)
            found = service.search(connection, asked.wanted, limit=service.PAGE + 1)
        rows = found[: service.PAGE]
        return visit.page(
            f"{_VIEWS}/media.html",
            asked=asked,
            rows=rows,
            picking=picking,
            older=asked.at(before=rows[-1].id) if len(found) > service.PAGE else "",
            newer=asked.at() if asked.before else "",
            kinds=KIND_NAMES,
            uses=USES,
        )

    @pages.get("/media/<pid>", needs=Permission.PIECES_READ)
    def media_file(visit: Visit, pid: str) -> ResponseReturnValue:
        return _page(visit, _found(visit, pid))

    @pages.get("/media/<pid>/<form>", needs=Permission.PIECES_READ)
    def media_bytes(visit: Visit, pid: str, form: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            held = service.find(connection, [pid]).get(pid)
        if held is None:
            abort(HTTPStatus.NOT_FOUND)
        return media_pages.answer(store, held, form)


def _describing(pages: Pages) -> None:
    @pages.post("/media/<pid>", needs=Permission.PIECES_WRITE, audit="media.edit")
    def media_edit(act: Act, pid: str) -> ResponseReturnValue:
        held = _found(act, pid)
        if not _may_edit(act, held):
            raise RefusedError("别人收进来的文件由编辑来改；您可以请编辑改，或自己另传一份")
        form = DescriptionForm(request.form)
        if not form.validate():
            return _page(act, held, form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        changed = service.describe(act.session, pid, form.described())
        if changed is None:
            abort(HTTPStatus.NOT_FOUND)
        before, after = (_words(one) for one in changed)
        act.note(f"media:{pid}", before=before, after=after)
        return act.done(f"{LIST}/{pid}", "说明已经改好。已经推送出去的文章不会跟着变。")


def _ending(pages: Pages) -> None:
    @pages.get("/media/<pid>/withdraw", needs=Permission.PIECES_EDIT)
    def media_withdraw_asked(visit: Visit, pid: str) -> ResponseReturnValue:
        held = _found(visit, pid)
        with visit.reads() as connection:
            uses = showing.uses(connection, pid, now=visit.now)
        states = rules.PIECE_STATE_NAMES
        view = f"{_VIEWS}/media_withdraw.html"
        return visit.page(view, media=held, uses=uses, states=states)

    @pages.post("/media/<pid>/withdraw", needs=Permission.PIECES_EDIT, audit="media.withdraw")
    def media_withdraw(act: Act, pid: str) -> ResponseReturnValue:
        held = service.withdraw(act.session, pid, now=act.now)
        if held is None:
            abort(HTTPStatus.NOT_FOUND)
        act.note(f"media:{pid}", before={"title": held.title})
        return act.done(LIST, f"《{held.title}》已撤下，网页上现在就看不到了。")

    @pages.post("/media/<pid>/restore", needs=Permission.PIECES_EDIT, audit="media.restore")
    def media_restore(act: Act, pid: str) -> ResponseReturnValue:
        held = service.restore(act.session, pid)
        if held is None:
            abort(HTTPStatus.NOT_FOUND)
        act.note(f"media:{pid}", after={"title": held.title})
        return act.done(f"{LIST}/{pid}", "已恢复，用它的稿件又能看到它了。")


def _page(
    visit: Visit,
    held: Held,
    *,
    form: DescriptionForm | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    sees_all = visit.person.may(Permission.PUBLISHING_READ)
    with visit.reads() as connection:
        uses = showing.uses(connection, held.pid, now=visit.now) if sees_all else ()
        who = shown.Words(piece_list.people(connection)).who(held.made_by)
    return visit.page(
        f"{_VIEWS}/media_file.html",
        status,
        media=held,
        form=form or DescriptionForm(obj=held),
        may_edit=_may_edit(visit, held) and not held.is_withdrawn,
        uses=uses,
        states=rules.PIECE_STATE_NAMES,
        made_by=who,
        kinds=KIND_NAMES,
    )


def _picking(connection: Connection, visit: Visit, asked: Asked) -> "Picking | None":
    if not asked.piece:
        return None
    piece = shown.find(connection, visit, asked.piece)
    kind = MediaKind.IMAGE if asked.use != "set" else _KINDS_OF.get(Kind(piece.kind))
    back = shown.path_of(piece.pid, "edit")
    return Picking(piece.title, kind, back, shown.path_of(piece.pid, "media"))


@dataclass(frozen=True, slots=True)
class Picking:
    """The piece that a file is picked for.

    Attributes:
        kind: the one kind of file that goes there.
        back: address of its editor.
        target: where the form that picks goes.
    """

    title: str
    kind: MediaKind | None
    back: str
    target: str


def _of_kind(asked: Asked, picking: Picking) -> Asked:
    kind = picking.kind.value if picking.kind else ""
    return Asked(kind, asked.words, asked.before, asked.withdrawn, asked.piece, asked.use)


def _found(visit: Visit, pid: str) -> Held:
    with visit.reads() as connection:
        held = service.look_up(connection, pid)
    if held is None:
        abort(HTTPStatus.NOT_FOUND)
    return held


def _may_edit(visit: Visit, held: Held) -> bool:
    is_own = held.made_by == visit.person.login and visit.person.may(Permission.PIECES_WRITE)
    return is_own or visit.person.may(Permission.PIECES_EDIT)


def _words(held: Held) -> dict[str, str]:
    return {"title": held.title, "alt": held.alt, "credit": held.credit}


def _lasting(duration_ms: int | None) -> str:
    """Write a length as players do: 1:05."""
    if duration_ms is None:
        return "时长未知"
    seconds = round(duration_ms / 1000)
    return f"{seconds // 60}:{seconds % 60:02}"


def _size(size_bytes: int) -> str:
    if size_bytes >= 1_000_000:
        return f"{size_bytes / 1_000_000:.1f} MB"
    return f"{max(1, size_bytes // 1000)} kB"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M}"


def _read_away() -> None:
    """Take in and forget what the browser is still sending: before that it reads no answer."""
    stream, left = request.environ["wsgi.input"], min(request.content_length or 0, READ_AWAY_BYTES)
    while left > 0 and (block := stream.read(min(left, 64 * 1024))):
        left -= len(block)
