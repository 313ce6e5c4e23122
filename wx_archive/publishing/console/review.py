"""Review in the console: red and green, remarks, a name below it; taking down and bringing back."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from wx_archive.core.errors import RefusedError
from wx_archive.publishing import (
    comparing,
    drafts,
    piece_texts,
    pieces,
    remarks,
    reviewing,
    withdrawing,
)
from wx_archive.publishing.console import shown
from wx_archive.publishing.console.previewing import preview
from wx_archive.publishing.console.shown import find, locked, path_of
from wx_archive.publishing.models import Piece
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.reviewing import Verdict
from wx_archive.publishing.rules import PieceState
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission

NEEDS = Permission.PIECES_REVIEW
_HASH = 12


@dataclass(frozen=True, slots=True)
class Base:
    """The text that a reviewer compares with.

    Attributes:
        number: of its revision.
        why: what makes it the one: 上次审定的.
        numbers: every revision that may be chosen instead.
    """

    number: int
    content: Content
    why: str
    numbers: tuple[int, ...]


def add(pages: Pages) -> None:
    """Add the pages."""

    @pages.get("/pieces/<pid>/review", needs=NEEDS)
    def review_piece(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            return _page(visit, connection, find(connection, visit, pid))

    @pages.post("/pieces/<pid>/approve", needs=NEEDS, audit="piece.approve")
    def approve_piece(act: Act, pid: str) -> ResponseReturnValue:
        return _tried(act, pid, lambda piece: _approved(act, piece))

    @pages.post("/pieces/<pid>/return", needs=NEEDS, audit="piece.return")
    def return_piece(act: Act, pid: str) -> ResponseReturnValue:
        return _tried(act, pid, lambda piece: _returned(act, piece))

    _remarks(pages)
    _withdrawing(pages)


def _tried(
    act: Act, pid: str, decide: Callable[[Piece], ResponseReturnValue]
) -> ResponseReturnValue:
    """Decide about a piece; where that is refused its page says why and keeps the words."""
    piece = locked(act, pid)
    try:
        return decide(piece)
    except RefusedError as err:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _page(act, act.session.connection(), piece, problem=str(err), status=status)


def _verdict(field: str) -> Verdict:
    given = request.form
    return Verdict(given.get("shown", ""), given.get(field, ""), "secrecy" in given)


def _approved(act: Act, piece: Piece) -> ResponseReturnValue:
    before, verdict = piece.state, _verdict("note")
    approval = reviewing.approve(
        act.session,
        piece,
        verdict,
        person=act.person,
        steps=act.services.site.profile.review_steps,
        now=act.now,
    )
    after = {
        "state": piece.state,
        "hash": piece.content_hash[:_HASH],
        "secrecy": verdict.signs_secrecy,
        "reason": verdict.note.strip(),
    }
    act.note(f"piece:{piece.pid}", before={"state": before}, after=after)
    if approval.is_complete:
        return act.done(path_of(piece.pid), "审定了，可以排期。以后再改一个字，就要重新审。")
    return act.done(path_of(piece.pid), f"您审过了。{reviewing.said_missing(approval)}。")


def _returned(act: Act, piece: Piece) -> ResponseReturnValue:
    before, verdict = piece.state, _verdict("reason")
    withdrawing.give_back(act.session, piece, verdict, person=act.person, now=act.now)
    after = {"state": piece.state, "reason": verdict.note.strip()}
    act.note(f"piece:{piece.pid}", before={"state": before}, after=after)
    return act.done(path_of(piece.pid), "退回去了，写稿的人会看到您的理由。")


def _remarks(pages: Pages) -> None:
    @pages.post("/pieces/<pid>/remarks", needs=Permission.PUBLISHING_READ, audit="piece.remark")
    def add_remark(act: Act, pid: str) -> ResponseReturnValue:
        piece = locked(act, pid)
        made = remarks.add(
            act.session, piece, request.form.get("words", ""), person=act.person, now=act.now
        )
        act.note(f"piece:{pid}", after={"remark": made.id, "revision": piece.revision})
        return act.done(_back(act, piece), "批注记下了，发稿之前要有人了结它。")

    @pages.post(
        "/pieces/<pid>/remarks/settle", needs=Permission.PUBLISHING_READ, audit="piece.settle"
    )
    def settle_remark(act: Act, pid: str) -> ResponseReturnValue:
        piece = locked(act, pid)
        text = request.form.get("remark", "")
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
        remarks.settle(act.session, piece, number, person=act.person, now=act.now)
        act.note(f"piece:{pid}", after={"remark": number})
        return act.done(_back(act, piece), "了结了。")


def _back(act: Act, piece: Piece) -> str:
    """Return to the review where somebody is reviewing, else to the piece."""
    is_review = request.form.get("back") == "review" and act.person.may(NEEDS)
    return path_of(piece.pid, "review") if is_review else path_of(piece.pid)


def _withdrawing(pages: Pages) -> None:
    @pages.get("/pieces/<pid>/withdraw", needs=NEEDS)
    def ask_withdraw(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            return _asked(visit, connection, find(connection, visit, pid))

    @pages.post("/pieces/<pid>/withdraw", needs=NEEDS, audit="piece.withdraw")
    def withdraw(act: Act, pid: str) -> ResponseReturnValue:
        piece, reason = locked(act, pid), request.form.get("reason", "")
        live = act.services.site.live
        try:
            withdrawing.take_down(
                act.session, piece, reason, person=act.person, now=act.now, live=live
            )
        except RefusedError as err:
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return _asked(act, act.session.connection(), piece, str(err), status)
        act.note(f"piece:{pid}", after={"reason": reason.strip()})
        return act.done(path_of(pid), "撤下了，几秒以后读者就看不到。要恢复，请另一个审核来办。")

    @pages.post("/pieces/<pid>/restore", needs=NEEDS, audit="piece.restore")
    def restore(act: Act, pid: str) -> ResponseReturnValue:
        piece, steps = locked(act, pid), act.services.site.profile.review_steps
        before = {"withdrawn_by": piece.withdrawn_by}
        live = act.services.site.live
        withdrawing.bring_back(act.session, piece, person=act.person, steps=steps, live=live)
        act.note(f"piece:{pid}", before=before)
        return act.done(path_of(pid), "恢复了，读者又能看到这篇。")


def _asked(
    visit: Visit,
    connection: Connection,
    piece: Piece,
    problem: str = "",
    status: int = HTTPStatus.OK,
) -> ResponseReturnValue:
    return visit.page(
        "publishing/console/withdraw.html",
        status,
        piece=piece,
        path=path_of(piece.pid),
        problem=problem,
        given=request.form,
        **shown.words(connection),
    )


def _page(
    visit: Visit,
    connection: Connection,
    piece: Piece,
    *,
    problem: str = "",
    status: int = HTTPStatus.OK,
) -> ResponseReturnValue:
    content, steps = Content.of(piece), visit.services.site.profile.review_steps
    base = _base(connection, piece)
    approval = reviewing.standing(connection, piece, steps=steps)
    return visit.page(
        "publishing/console/review.html",
        status,
        piece=piece,
        path=path_of(piece.pid),
        content=content,
        look=preview(visit, connection, content),
        approval=approval,
        missing=reviewing.said_missing(approval),
        remarks=remarks.of_piece(connection, piece.id),
        reviews=reviewing.reviews(connection, piece.id),
        may_sign=reviewing.may_review(connection, piece, visit.person),
        is_waiting=piece.state == PieceState.SUBMITTED,
        is_returnable=piece.state in (PieceState.SUBMITTED, PieceState.APPROVED),
        secrecy_words=piece_texts.SECRECY,
        problem=problem,
        given=request.form,
        may_see_all=drafts.may_see(visit.person, piece),
        **_compared(visit, connection, base, content),
        **shown.words(connection),
    )


def _compared(visit: Visit, connection: Connection, base: Base, content: Content) -> dict[str, Any]:
    """Return what changed since what somebody has put their name to; nothing for a first text."""
    named = shown.namer(connection, visit, base.content, content)
    return {
        "base": base,
        "rows": comparing.paragraphs(base.content.body, content.body),
        "fields": comparing.changes(base.content, content, named),
    }


def _base(connection: Connection, piece: Piece) -> Base:
    """Return the revision that was asked for, else the last approved, given back, or first one."""
    kept = pieces.contents(connection, piece.id)
    older = tuple(number for number, *_rest in kept if number < piece.revision)
    by_number = {number: content for number, content, *_rest in kept}
    asked = request.args.get("since", "")
    if asked:
        number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
        if number not in by_number:
            abort(HTTPStatus.NOT_FOUND)
        return Base(number, by_number[number], "您选的", older)
    for why, wanted in (
        ("上次审定的", reviewing.last_hash(connection, piece.id, is_approval=True)),
        ("上次退回的", reviewing.last_hash(connection, piece.id, is_approval=False)),
    ):
        for number, content, *_rest in kept:
            if content.fingerprint == wanted:
                return Base(number, content, why, older)
    number, content, *_rest = kept[-1]
    return Base(number, content, "第一次写的", older)
