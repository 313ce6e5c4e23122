"""The editor of a piece: its form with the phone beside it, saving, its pictures."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from wtforms import Form

from wx_archive.core.errors import RefusedError
from wx_archive.media import service as media
from wx_archive.media.arrivals import Arrival
from wx_archive.media.rules import MediaKind
from wx_archive.publishing import comparing, drafts, piece_texts, rules, sensitive
from wx_archive.publishing.console import piece_form, plating, shown
from wx_archive.publishing.console.piece_form import Given
from wx_archive.publishing.console.previewing import preview
from wx_archive.publishing.console.shown import find, locked, path_of
from wx_archive.publishing.models import Piece
from wx_archive.publishing.pieces import Content, StalePieceError
from wx_archive.publishing.rules import Kind, PieceState
from wx_archive.staff.pages import Act, CarryOut, Pages, Visit
from wx_archive.staff.rules import Permission

MEDIA: Final = "/console/media"
PICKS: Final[Mapping[str, MediaKind | None]] = {
    "cover": MediaKind.IMAGE,
    "body": MediaKind.IMAGE,
    "set": None,
}
"""What the media library is opened for, and which kind of file that takes."""
_ASSET_OF: Final[Mapping[Kind, MediaKind]] = {
    Kind.PICTURES: MediaKind.IMAGE,
    Kind.VIDEO: MediaKind.VIDEO,
    Kind.AUDIO: MediaKind.AUDIO,
}
_HASH: Final = 12
"""Characters of a fingerprint that the audit log shows."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the editor's page says besides the form.

    Attributes:
        problem: why it was not saved.
        theirs: what somebody else has saved meanwhile.
        since: the revision that the next saving is based on.
    """

    since: int
    problem: str = ""
    theirs: Content | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    status: int = HTTPStatus.OK


def add(pages: Pages) -> None:
    """Add the pages."""

    @pages.blueprint.before_request
    def let_long_bodies_in() -> None:
        if (request.endpoint or "").rpartition(".")[2] == "save_piece":
            request.max_content_length = piece_form.MOST_BYTES
            request.max_form_memory_size = piece_form.MOST_BYTES

    @pages.get("/pieces/<pid>/edit", needs=Permission.PIECES_WRITE)
    def edit_piece(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            piece = find(connection, visit, pid)
            drafts.require_writer(visit.person, piece)
            form = piece_form.filled(connection, visit.services.site, piece, today=visit.today)
            return _page(visit, connection, piece, form, Content.of(piece), Shown(piece.revision))

    @pages.in_steps("/pieces/<pid>/edit", needs=Permission.PIECES_WRITE, audit="piece.save")
    def save_piece(visit: Visit, carry_out: CarryOut, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            piece = find(connection, visit, pid)
            drafts.require_writer(visit.person, piece)
            answer = _before_saving(visit, connection, piece)
            if answer is not None:
                return answer
            try:
                cover = _plate(visit, connection, piece)
            except RefusedError as err:
                given = _given(visit, connection, piece)
                kept = Shown(_since(), str(err), status=HTTPStatus.UNPROCESSABLE_ENTITY)
                return _again(visit, connection, piece, given, kept)
        return carry_out(lambda act: _save(act, pid, cover))

    @pages.post("/pieces/<pid>/media", needs=Permission.PIECES_WRITE, audit="piece.media")
    def add_media(act: Act, pid: str) -> ResponseReturnValue:
        return _add_media(act, pid)


def _plate(visit: Visit, connection: Connection, piece: Piece) -> Arrival | None:
    """Draw the cover that was asked for; None where none was."""
    if request.form.get("do") != plating.BUTTON:
        return None
    return plating.draw(visit, _given(visit, connection, piece).content)


def _before_saving(
    visit: Visit, connection: Connection, piece: Piece
) -> ResponseReturnValue | None:
    """Return the answer to what saves nothing; None where there is something to save."""
    given = _given(visit, connection, piece)
    do = request.form.get("do", "save")
    if do == "look":
        if request.headers.get("HX-Request"):
            return visit.page(
                "publishing/console/look.html", look=preview(visit, connection, given.content)
            )
        return _again(visit, connection, piece, given, Shown(_since()))
    if given.problems:
        problem = "还没有存：下面标出来的地方要改一改。"
        kept = Shown(
            _since(), problem, errors=given.problems, status=HTTPStatus.UNPROCESSABLE_ENTITY
        )
        return _again(visit, connection, piece, given, kept)
    is_same = _since() == piece.revision and _is_same(piece, given)
    is_change = not is_same or do in (*PICKS, plating.BUTTON)
    if piece.state == PieceState.APPROVED and is_change and "void" not in request.form:
        problem = "还没有存：这篇已经审定，要改请先勾上“我知道改了要重新审”。"
        kept = Shown(_since(), problem, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        return _again(visit, connection, piece, given, kept)
    if is_same and do != plating.BUTTON:
        return _onward(piece.pid, do)
    return None


def _save(act: Act, pid: str, cover: Arrival | None) -> ResponseReturnValue:
    piece = locked(act, pid)
    connection = act.session.connection()
    given = _given(act, connection, piece)
    if cover is not None:
        content = drafts.with_cover(given.content, plating.enter(act, cover, given.content))
        given = replace(given, content=content)
    old = piece.content_hash
    try:
        saved = drafts.save(
            act.session, piece, given.content, since=_since(), person=act.person, now=act.now
        )
    except StalePieceError:
        return _stale(act, connection, piece, given)
    names = [*saved.names]
    if piece.wanted_at != given.wanted_at:
        piece.wanted_at = given.wanted_at
        names.append("wanted_at")
    _note(act, piece, old, names)
    do = request.form.get("do", "save")
    if do in PICKS:
        return act.done(_library(pid, do))
    said = f"存好了：{piece_texts.names(names)}。"
    return act.done(
        path_of(pid, "edit"), said + ("审定已经作废，要重新审。" if saved.was_approved else "")
    )


def _note(act: Act, piece: Piece, old: str, names: list[str]) -> None:
    """Note which fields were changed, and never what they say."""
    act.note(
        f"piece:{piece.pid}",
        before={"hash": old[:_HASH]},
        after={"hash": piece.content_hash[:_HASH], "fields": names, "revision": piece.revision},
    )


def _given(visit: Visit, connection: Connection, piece: Piece) -> Given:
    """Return what was typed, with what a button changed in the set of pictures."""
    given = piece_form.read(connection, visit.services.site, request.form, Content.of(piece))
    step, _colon, pid = request.form.get("do", "").partition(":")
    content = given.content
    match step:
        case "up":
            content = drafts.moved_asset(content, pid, -1)
        case "down":
            content = drafts.moved_asset(content, pid, 1)
        case "drop":
            content = drafts.without_asset(content, pid)
        case "nocover":
            content = drafts.with_cover(content, None)
        case "mend":
            content = drafts.mended(content, sensitive.wording(visit.services.site), pid)
    return Given(content, given.wanted_at, given.problems)


def _since() -> int:
    text = request.form.get("since", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _is_same(piece: Piece, given: Given) -> bool:
    return piece.content_hash == given.content.fingerprint and piece.wanted_at == given.wanted_at


def _onward(pid: str, do: str) -> ResponseReturnValue:
    path = _library(pid, do) if do in PICKS else path_of(pid, "edit")
    return redirect(path, HTTPStatus.SEE_OTHER)


def _library(pid: str, pick: str) -> str:
    return f"{MEDIA}?for={pid}&as={pick}"


def _stale(act: Act, connection: Connection, piece: Piece, given: Given) -> ResponseReturnValue:
    """Show what was typed beside what somebody else has saved; saving again takes the typed."""
    problem = (
        "还没有存：您打开这一页以后，别人改过这篇稿子。您写的还在下面的框里，别人存的列在上面；"
        "对照好了再存，就以框里的为准。"
    )
    kept = Shown(
        piece.revision, problem, theirs=Content.of(piece), status=HTTPStatus.UNPROCESSABLE_ENTITY
    )
    return _again(act, connection, piece, given, kept)


def _again(
    visit: Visit, connection: Connection, piece: Piece, given: Given, kept: Shown
) -> ResponseReturnValue:
    form = piece_form.typed(visit.services.site, request.form)
    for name, problem in kept.errors.items():
        form[name].errors = [problem]
    return _page(visit, connection, piece, form, given.content, kept)


def _page(
    visit: Visit,
    connection: Connection,
    piece: Piece,
    form: Form,
    content: Content,
    kept: Shown,
) -> ResponseReturnValue:
    look = preview(visit, connection, content)
    theirs = kept.theirs
    return visit.page(
        "publishing/console/edit.html",
        kept.status,
        piece=piece,
        path=path_of(piece.pid),
        form=form,
        look=look,
        kept=kept,
        rows=comparing.paragraphs(theirs.body, content.body) if theirs else (),
        fields=comparing.changes(theirs, content, shown.namer(connection, visit, theirs, content))
        if theirs
        else (),
        body_help=piece_texts.BODY_HELP[Kind(piece.kind)],
        assets_title=piece_texts.ASSETS.get(Kind(piece.kind), ""),
        rules=rules,
        given=request.form,
        **shown.words(connection),
    )


def _add_media(act: Act, pid: str) -> ResponseReturnValue:
    """Make a file of the library part of a piece."""
    piece = locked(act, pid)
    drafts.require_writer(act.person, piece)
    asset, use = request.form.get("asset", ""), request.form.get("as", "")
    found = media.find(act.session.connection(), [asset]).get(asset)
    if found is None:
        raise RefusedError("媒体库里没有这个文件，可能刚刚撤下；请回去另选一个")
    content = _with(Content.of(piece), use, asset, MediaKind(found.kind), found.alt or found.title)
    old = piece.content_hash
    saved = drafts.save(
        act.session, piece, content, since=piece.revision, person=act.person, now=act.now
    )
    _note(act, piece, old, [*saved.names])
    said = "放进去了。" + ("审定已经作废，要重新审。" if saved.was_approved else "")
    return act.done(path_of(pid, "edit"), said)


def _with(content: Content, use: str, asset: str, kind: MediaKind, alt: str) -> Content:
    """Return a content with one more file.

    Raises:
        RefusedError: such a file does not go there.
    """
    if use == "cover" and kind is MediaKind.IMAGE:
        return drafts.with_cover(content, asset)
    if use == "body" and kind is MediaKind.IMAGE and content.kind is not Kind.TEXT:
        return drafts.with_picture(content, asset, alt)
    if use == "set" and _ASSET_OF.get(content.kind) is kind:
        return drafts.with_asset(content, asset)
    raise RefusedError("这个文件放不到那里：封面和正文里只放图片，视频、音频稿只放一个视频或音频")
