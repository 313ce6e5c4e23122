"""A hand-over that was a mistake is undone within minutes, by another person, with a reason."""

from http import HTTPStatus

from flask import request
from flask.typing import ResponseReturnValue

from wx_archive.core.errors import RefusedError
from wx_archive.quiz import redemption, voucher_texts
from wx_archive.quiz.console.desk import RECEIPTS, SAY, found
from wx_archive.quiz.voucher_queries import HandOver
from wx_archive.quiz.voucher_steps import NOTE_LENGTH
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission

_NEEDS = Permission.QUIZ_RELEASE


def add(pages: Pages) -> None:
    """Add the pages."""

    @pages.get("/quiz/receipts/<number>/undo", needs=_NEEDS)
    def ask_undo(visit: Visit, number: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            one = found(connection, number)
        return _page(visit, one, HTTPStatus.OK)

    @pages.post("/quiz/receipts/<number>/undo", needs=_NEEDS, audit="voucher.undo")
    def undo_hand_over(act: Act, number: str) -> ResponseReturnValue:
        one, reason = found(act.session.connection(), number), request.form.get("reason", "")
        try:
            done = redemption.undo(
                act.session, number, member=act.person, reason=reason, now=act.now
            )
        except RefusedError as err:
            return _page(act, one, HTTPStatus.UNPROCESSABLE_ENTITY, problem=str(err))
        after = {"state": "issued", "reason": done.reason}
        act.note(f"voucher:{number}", before={"state": "redeemed"}, after=after)
        return act.done(f"{RECEIPTS}/{number}", voucher_texts.undone(number))


def _page(visit: Visit, one: HandOver, status: int, *, problem: str = "") -> ResponseReturnValue:
    return visit.page(
        "quiz/console/voucher_undo.html",
        status,
        one=one,
        may_undo=one.may_be_undone(visit.person.login, visit.now),
        is_own=one.clerk == visit.person.login,
        problem=problem,
        given=request.form,
        bound=NOTE_LENGTH,
        say=SAY,
    )
