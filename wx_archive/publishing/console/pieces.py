"""The list of pieces, a new one, a piece's own page and its history."""

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from flask import abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, select

from wx_archive.core.text import xml_safe
from wx_archive.publishing import (
    comparing,
    drafts,
    inbox,
    piece_list,
    piece_templates,
    pieces,
    remarks,
    reviewing,
    rules,
)
from wx_archive.publishing.console import shown
from wx_archive.publishing.console.previewing import preview
from wx_archive.publishing.console.shown import PIECES, find, locked, path_of
from wx_archive.publishing.models import Piece
from wx_archive.publishing.piece_list import Wanted
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.push_models import Push, PushPiece
from wx_archive.publishing.rules import Column, Kind, PieceState, PushState
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission, Person

TITLE_LENGTH: Final = 64
_MOST_WORDS: Final = 60


def add(pages: Pages) -> None:
    """Add the pages."""

    @pages.get("/pieces", needs=Permission.PIECES_READ)
    def piece_listing(visit: Visit) -> ResponseReturnValue:
        return _listing(visit)

    @pages.get("/pieces/new", needs=Permission.PIECES_WRITE)
    def new_piece(visit: Visit) -> ResponseReturnValue:
        return _new(visit)

    @pages.post("/pieces/new", needs=Permission.PIECES_WRITE, audit="piece.begin")
    def begin_piece(act: Act) -> ResponseReturnValue:
        return _begin(act)

    @pages.get("/pieces/<pid>", needs=Permission.PIECES_READ)
    def piece(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            return _piece(visit, connection, find(connection, visit, pid))

    @pages.get("/pieces/<pid>/history", needs=Permission.PIECES_READ)
    def piece_history(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            return _history(visit, connection, find(connection, visit, pid))

    _steps(pages)


def _steps(pages: Pages) -> None:
    @pages.post("/pieces/<pid>/send", needs=Permission.PIECES_WRITE, audit="piece.send_in")
    def send_in(act: Act, pid: str) -> ResponseReturnValue:
        piece = locked(act, pid)
        before = piece.state
        inbox.send_in(act.session, piece, person=act.person, now=act.now)
        _noted(act, piece, before)
        return act.done(path_of(pid), "交给编辑了。编辑接手或者退回，这里都看得到。")

    @pages.post("/pieces/<pid>/submit", needs=Permission.PIECES_EDIT, audit="piece.submit")
    def submit(act: Act, pid: str) -> ResponseReturnValue:
        piece = locked(act, pid)
        before = piece.state
        reviewing.submit(act.session, piece, by=act.person.login, now=act.now)
        _noted(act, piece, before)
        return act.done(path_of(pid), "送审了，等另一个人来审。")

    @pages.post("/pieces/<pid>/recall", needs=Permission.PIECES_EDIT, audit="piece.recall")
    def recall(act: Act, pid: str) -> ResponseReturnValue:
        piece = locked(act, pid)
        before = piece.state
        reviewing.recall(act.session, piece, now=act.now)
        _noted(act, piece, before)
        return act.done(path_of(pid), "收回来了，现在又是草稿。")


def _noted(act: Act, piece: Piece, before: str) -> None:
    act.note(f"piece:{piece.pid}", before={"state": before}, after={"state": piece.state})


def _listing(visit: Visit) -> ResponseReturnValue:
    wanted, asked = _wanted(visit), request.args
    with visit.reads() as connection:
        found = piece_list.page(
            connection,
            wanted,
            today=visit.today,
            below=_number(asked.get("below", "")),
            above=_number(asked.get("above", "")),
        )
        late = Wanted(only_of=wanted.only_of, is_late=True)
        bare = Wanted(only_of=wanted.only_of, is_without_cover=True)
        return visit.page(
            "publishing/console/pieces.html",
            found=found,
            late_count=piece_list.count(connection, late, today=visit.today),
            bare_count=piece_list.count(connection, bare, today=visit.today),
            chosen=asked,
            writers=piece_list.writers(connection) if wanted.only_of is None else (),
            states=rules.PIECE_STATE_NAMES,
            columns=rules.TITLES,
            kinds=rules.KIND_NAMES,
            newer=_address("above", found.newer),
            older=_address("below", found.older),
            is_late=piece_list.is_late,
            may_write=visit.person.may(Permission.PIECES_WRITE),
            sees_all=wanted.only_of is None,
            **shown.words(connection),
        )


def _wanted(visit: Visit) -> Wanted:
    """Return what the filters ask for; what means nothing is not asked for."""
    asked, person = request.args, visit.person
    by = person.login if asked.get("by") == "mine" else asked.get("by") or None
    return Wanted(
        state=PieceState(asked["state"]) if asked.get("state") in set(PieceState) else None,
        column=Column(asked["column"]) if asked.get("column") in set(Column) else None,
        kind=Kind(asked["kind"]) if asked.get("kind") in set(Kind) else None,
        by=by,
        only_of=None if person.may(Permission.PUBLISHING_READ) else person.login,
        words=asked.get("q", "").strip()[:_MOST_WORDS],
        is_late=bool(asked.get("late")),
        is_without_cover=bool(asked.get("bare")),
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _address(way: str, number: int | None) -> str:
    if number is None:
        return ""
    kept = {
        name: value
        for name, value in request.args.items()
        if value and name not in ("below", "above")
    }
    return f"{PIECES}?{urlencode({**kept, way: str(number)})}"


def _new(visit: Visit, problem: str = "", status: int = HTTPStatus.OK) -> ResponseReturnValue:
    return visit.page(
        "publishing/console/new.html",
        status,
        columns=rules.TITLES,
        kinds=rules.KIND_NAMES,
        templates=piece_templates.templates(visit.services.site),
        given=request.form,
        problem=problem,
        title_length=TITLE_LENGTH,
    )


def _begin(act: Act) -> ResponseReturnValue:
    content = _content(act)
    if isinstance(content, str):
        return _new(act, content, HTTPStatus.UNPROCESSABLE_ENTITY)
    piece = drafts.begin(act.session, content, person=act.person, now=act.now)
    act.note(f"piece:{piece.pid}", after={"column": piece.column, "kind": piece.kind})
    return act.done(path_of(piece.pid, "edit"), "新稿子开好了，写吧。")


def _content(act: Act) -> Content | str:
    """Return what a new piece begins with, or what is wrong with the form."""
    given = request.form
    title = " ".join(xml_safe(given.get("title", "")).split())
    if len(title) > TITLE_LENGTH:
        return f"标题最多 {TITLE_LENGTH} 个字"
    if given.get("template"):
        template = piece_templates.templates(act.services.site).get(given["template"])
        return template.content(today=act.today) if template else "没有这个样子的稿子，请重新选"
    if given.get("column") not in set(Column) or given.get("kind") not in set(Kind):
        return "请选栏目和种类"
    return Content(Column(given["column"]), Kind(given["kind"]), title)


def _piece(visit: Visit, connection: Connection, piece: Piece) -> ResponseReturnValue:
    content, person = Content.of(piece), visit.person
    steps = visit.services.site.profile.review_steps
    return visit.page(
        "publishing/console/piece.html",
        piece=piece,
        path=path_of(piece.pid),
        content=content,
        look=preview(visit, connection, content),
        approval=reviewing.standing(connection, piece, steps=steps),
        remarks=remarks.of_piece(connection, piece.id),
        reviews=reviewing.reviews(connection, piece.id),
        pushes=pushes_of(connection, piece.id),
        may=_may(connection, piece, person),
        **shown.words(connection),
    )


def _may(connection: Connection, piece: Piece, person: Person) -> dict[str, bool]:
    """Return what somebody may do with a piece now; the services ask again."""
    is_editor = shown.may_edit(person)
    writes = person.may(Permission.PIECES_WRITE) and not drafts.why_not(person, piece)
    reviews = person.may(Permission.PIECES_REVIEW)
    is_begun = piece.state in (PieceState.DRAFT, PieceState.RETURNED)
    can_review = reviews and reviewing.may_review(connection, piece, person)
    is_shown = piece.out_at is not None and piece.withdrawn_at is None
    return {
        "edit": writes,
        "send": writes and not is_editor and is_begun,
        "submit": is_editor and is_begun,
        "recall": is_editor and piece.state == PieceState.SUBMITTED,
        "inbox": is_editor and piece.state == PieceState.INBOX,
        "review": can_review and piece.state in (PieceState.SUBMITTED, PieceState.APPROVED),
        "withdraw": reviews and is_shown,
        "restore": reviews and piece.withdrawn_at is not None,
        "restore_it_oneself": piece.withdrawn_by != person.login,
    }


def pushes_of(connection: Connection, piece_id: int) -> list[tuple[str, str, Any]]:
    """Return the pushes a piece belongs to: address, state in words, when."""
    rows = connection.execute(
        select(Push.pid, Push.state, Push.sent_at, Push.due_at)
        .join(PushPiece, PushPiece.push_id == Push.id)
        .where(PushPiece.piece_id == piece_id)
        .order_by(Push.id.desc())
    )
    return [
        (row.pid, rules.PUSH_STATE_NAMES[PushState(row.state)], row.sent_at or row.due_at)
        for row in rows
    ]


def _history(visit: Visit, connection: Connection, piece: Piece) -> ResponseReturnValue:
    kept = pieces.contents(connection, piece.id)
    number = _number(request.args.get("revision", ""))
    place = next((at for at, one in enumerate(kept) if one[0] == number), None)
    if number is not None and place is None:
        abort(HTTPStatus.NOT_FOUND)
    compared: dict[str, Any] = {"chosen": None}
    if place is not None and place + 1 < len(kept):
        after, before = kept[place][1], kept[place + 1][1]
        compared = {
            "chosen": number,
            "rows": comparing.paragraphs(before.body, after.body),
            "fields": comparing.changes(
                before, after, shown.namer(connection, visit, before, after)
            ),
        }
    return visit.page(
        "publishing/console/piece_history.html",
        piece=piece,
        path=path_of(piece.pid),
        revisions=_revisions(kept),
        reviews=reviewing.reviews(connection, piece.id),
        remarks=remarks.of_piece(connection, piece.id),
        pushes=pushes_of(connection, piece.id),
        **compared,
        **shown.words(connection),
    )


def _revisions(kept: list[tuple[int, Content, str, Any]]) -> list[tuple[int, str, Any, list[str]]]:
    """Return number, writer, moment and changed fields of every revision, the newest first."""
    found = []
    for at, (number, content, by, moment) in enumerate(kept):
        is_first = at + 1 == len(kept)
        names = [] if is_first else comparing.changed_names(kept[at + 1][1], content)
        found.append((number, by, moment, names))
    return found
