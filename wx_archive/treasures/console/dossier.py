"""协议和入藏: one upload after the decision, with all that is agreed, entered and shown of it."""

from collections.abc import Callable
from datetime import date
from http import HTTPStatus
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from wx_archive.core.errors import RefusedError
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission
from wx_archive.staff.seen import version_of
from wx_archive.treasures import (
    accessions,
    certificates,
    queries,
    register_queries,
    register_texts,
    rules,
    showing,
)
from wx_archive.treasures.accessions import CUSTODY, Custody, Plan
from wx_archive.treasures.console.one import subject
from wx_archive.treasures.console.shown import READ, SAY, VIEWS, WORK, doing, find, path_of
from wx_archive.treasures.queries import Step, Upload
from wx_archive.treasures.record import Describing
from wx_archive.treasures.rules import Action, State
from wx_archive.treasures.steps import StaleError

RELEASE: Final = Permission.TREASURES_RELEASE
BELOW: Final = "register"
"""Last part of the page's address, below the upload's."""
_TOLD: Final = frozenset({Action.GRANT, Action.REVOKE, Action.PLAN, Action.CUSTODY, Action.CHECK})
_AFTER: Final = frozenset({State.ACCEPTED, State.AGREEMENT, *rules.KEPT})
BAD_DAY: Final = "日子写成 2026-11-23 的样子"


def add(pages: Pages) -> None:
    """Add the page, and what is done on it: plans, entries, custody."""

    @pages.get(f"/treasures/<pid>/{BELOW}", needs=READ)
    def treasure_dossier(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            return page(visit, connection, find(connection, pid))

    _planning(pages)
    _entering(pages)
    _custody(pages)


def page(
    visit: Visit,
    connection: Connection,
    upload: Upload,
    *,
    problem: str = "",
    status: int = HTTPStatus.OK,
) -> Response:
    """Return the page; a refused form comes back in it, filled in as it was."""
    agreed = register_queries.agreement(connection, upload.id)
    planned = register_queries.plan(connection, upload.id)
    scans = queries.files(connection, upload.id, evidence=True)
    steps = queries.steps(connection, upload.id)
    original = accessions.original(connection, upload.id)
    return visit.page(
        f"{VIEWS}/dossier.html",
        status,
        one=upload,
        path=path_of(upload),
        here=path_of(upload, BELOW),
        agreed=agreed,
        grants=register_queries.grants(connection, upload.id),
        planned=planned,
        is_own_plan=planned is not None and planned.proposed_by == visit.person.login,
        entered=register_queries.accession(connection, upload.id),
        certificate=certificates.of_treasure(connection, upload.id),
        shown=register_queries.showings(connection, upload.id),
        scans=scans,
        history=[step for step in steps if _is_told(step)],
        piece_page=f"{showing.PAGE}/{upload.pid}",
        is_after=upload.state in _AFTER,
        may_work=visit.person.may(WORK),
        may_release=visit.person.may(RELEASE),
        custody=accessions.may_follow(upload.state, original, upload.wish),
        is_back=original is Custody.HANDED_BACK,
        names=register_queries.names(connection),
        given=request.form,
        problem=problem,
        rules=rules,
        State=State,
        lengths=accessions,
        say=SAY,
    )


def _is_told(step: Step) -> bool:
    """Tell whether a step is of the agreement, the register or the original."""
    is_corrected = step.action is Action.NOTE and step.note.startswith(register_texts.CORRECTED)
    return is_corrected or step.action in _TOLD


def takes_scan(upload: Upload) -> bool:
    """Tell whether there is, or is about to be, a paper to be scanned."""
    return upload.state in _AFTER


def tried(act: Act, pid: str, work: Callable[[Upload], ResponseReturnValue]) -> ResponseReturnValue:
    """Do something to an upload; where it is refused its page says why and keeps the words."""
    connection = act.session.connection()
    upload = find(connection, pid)
    try:
        return work(upload)
    except StaleError as err:
        return page(act, connection, err.upload, problem=str(err), status=HTTPStatus.CONFLICT)
    except RefusedError as err:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return page(act, connection, upload, problem=str(err), status=status)


def day_of(text: str) -> date:
    """Return the day that a form's field names.

    Raises:
        RefusedError: it names none.
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError as err:
        raise RefusedError(BAD_DAY) from err


def _planning(pages: Pages) -> None:
    @pages.post("/treasures/<pid>/plan", needs=WORK, audit="treasure.plan")
    def plan_treasure(act: Act, pid: str) -> ResponseReturnValue:
        def work(upload: Upload) -> ResponseReturnValue:
            form = request.form
            wanted = Plan(
                form.get("title", ""),
                day_of(form.get("received_on", "")),
                form.get("fonds", ""),
                form.get("condition", ""),
                form.get("extent", ""),
                form.get("location", ""),
            )
            version = version_of(form)
            accessions.plan(act.session, upload.id, wanted, doing(act), version=version)
            act.note(subject(upload), after={"fonds": wanted.fonds.strip()[:20]})
            return act.done(path_of(upload, BELOW), "方案提好了，请审核的人入藏。")

        return tried(act, pid, work)

    @pages.post("/treasures/<pid>/plan/withdraw", needs=WORK, audit="treasure.plan_withdraw")
    def withdraw_treasure_plan(act: Act, pid: str) -> ResponseReturnValue:
        def work(upload: Upload) -> ResponseReturnValue:
            version = version_of(request.form)
            accessions.withdraw_plan(act.session, upload.id, doing(act), version=version)
            act.note(subject(upload))
            return act.done(path_of(upload, BELOW), "方案收回了，可以另提。")

        return tried(act, pid, work)


def _entering(pages: Pages) -> None:
    services = pages.services

    @pages.post("/treasures/<pid>/accession", needs=RELEASE, audit="treasure.accession")
    def enter_treasure(act: Act, pid: str) -> ResponseReturnValue:
        def work(upload: Upload) -> ResponseReturnValue:
            entered = accessions.enter(
                act.session,
                upload.id,
                doing(act),
                Describing.of(services),
                version=version_of(request.form),
            )
            after = {"number": entered.number, "proposed_by": entered.proposed_by}
            act.note(subject(upload), after=after)
            said = f"已入藏，号码 {entered.number}。目录里有了一条，还没有公开；证书正在画。"
            return act.done(path_of(upload, BELOW), said)

        return tried(act, pid, work)


def _custody(pages: Pages) -> None:
    @pages.post("/treasures/<pid>/custody", needs=WORK, audit="treasure.custody")
    def note_custody(act: Act, pid: str) -> ResponseReturnValue:
        def work(upload: Upload) -> ResponseReturnValue:
            form = request.form
            chosen = form.get("what", "")
            if chosen not in set(Custody):
                raise RefusedError("请选原件怎么了")
            accessions.custody(
                act.session,
                upload.id,
                Custody(chosen),
                form.get("note", ""),
                doing(act),
                location=form.get("place", ""),
                version=version_of(form),
            )
            act.note(subject(upload), after={"what": CUSTODY[Custody(chosen)]})
            return act.done(path_of(upload, BELOW), "原件交接记下了。")

        return tried(act, pid, work)
