"""An upload's page: its files, what was told and wished, its steps; who has it, what staff note."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from wx_archive.core.errors import RefusedError
from wx_archive.staff.colleagues import Colleague
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.seen import version_of
from wx_archive.treasures import (
    contacts,
    likeness,
    queries,
    replies,
    review,
    rules,
    texts,
)
from wx_archive.treasures.console.shown import READ, SAY, VIEWS, WORK, doing, find, path_of
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.rules import FileState, State
from wx_archive.treasures.steps import StaleError
from wx_archive.treasures.views import Form

NO_COLLEAGUE: Final = "请选要交给哪一位"


def add(pages: Pages) -> None:
    """Add the pages."""

    @pages.get("/treasures/<pid>", needs=READ)
    def treasure(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            return page(visit, connection, find(connection, pid))

    _owner(pages)
    _remarks(pages)
    _rights(pages)


def page(
    visit: Visit,
    connection: Connection,
    upload: Upload,
    *,
    problem: str = "",
    status: int = HTTPStatus.OK,
) -> Response:
    """Return an upload's page; a refused form comes back in it, filled in as it was."""
    every = queries.files(connection, upload.id)
    may_work = visit.person.may(WORK)
    history, colleagues = queries.steps(connection, upload.id), review.colleagues(connection)
    return visit.page(
        f"{VIEWS}/one.html",
        status,
        one=upload,
        path=path_of(upload),
        files=[file for file in every if file.state in rules.STANDING],
        others=[file for file in every if file.state in review.NOT_KEPT],
        likes=likeness.near(connection, every),
        library=likeness.in_library(connection, every),
        history=history,
        handed_in=review.handed_in(upload, history),
        owner=review.owner_of(upload, colleagues),
        next_states=review.next_states(upload) if may_work else [],
        colleagues=colleagues,
        may_work=may_work,
        may_assign=may_work and upload.state in review.ASSIGNABLE,
        may_ask_rights=State.NEED_INFO in review.next_states(upload)
        and not review.has_rights(upload),
        has_contact=contacts.is_kept(connection, upload.id),
        given=request.form,
        problem=problem,
        rules=rules,
        State=State,
        FileState=FileState,
        remark_length=review.REMARK_LENGTH,
        thumb=Form.THUMB.value,
        view=Form.VIEW.value,
        say=SAY,
    )


def tried(
    visit: Act, pid: str, work: Callable[[Upload], ResponseReturnValue]
) -> ResponseReturnValue:
    """Do something to an upload; where it is refused its page says why and keeps the words."""
    upload = find(visit.session.connection(), pid)
    try:
        return work(upload)
    except StaleError as err:
        connection, status = visit.session.connection(), HTTPStatus.CONFLICT
        problem = texts.stale(review.changed_by(connection, err.upload, doing(visit)))
        return page(visit, connection, err.upload, problem=problem, status=status)
    except RefusedError as err:
        connection, status = visit.session.connection(), HTTPStatus.UNPROCESSABLE_ENTITY
        return page(visit, connection, find(connection, pid), problem=str(err), status=status)


def _owner(pages: Pages) -> None:
    @pages.post("/treasures/<pid>/owner", needs=WORK, audit="treasure.assign")
    def assign(visit: Act, pid: str) -> ResponseReturnValue:
        def work(upload: Upload) -> ResponseReturnValue:
            to = _colleague(visit)
            note, version = request.form.get("note", ""), version_of(request.form)
            connection, who = visit.session.connection(), doing(visit)
            if version != upload.version and review.is_given(connection, upload, to, who):
                visit.note(subject(upload))
                return visit.done(path_of(upload), given_said(upload, to.name))
            review.assign(visit.session, upload.id, to, who, note=note, version=version)
            before = {"owner": upload.owner_name}
            visit.note(subject(upload), before=before, after={"owner": to.name})
            return visit.done(path_of(upload), given_said(upload, to.name))

        return tried(visit, pid, work)


def _colleague(visit: Act) -> Colleague:
    chosen = request.form.get("member", "")
    for colleague in review.colleagues(visit.session.connection()):
        if str(colleague.id) == chosen:
            return colleague
    raise RefusedError(NO_COLLEAGUE)


def _remarks(pages: Pages) -> None:
    @pages.post("/treasures/<pid>/remarks", needs=READ, audit="treasure.note")
    def remark(visit: Act, pid: str) -> ResponseReturnValue:
        def work(upload: Upload) -> ResponseReturnValue:
            review.remark(visit.session, upload.id, request.form.get("words", ""), doing(visit))
            visit.note(subject(upload))
            return visit.done(path_of(upload), "备注记下了，只有馆里看得到。")

        return tried(visit, pid, work)


def _rights(pages: Pages) -> None:
    @pages.post("/treasures/<pid>/ask-rights", needs=WORK, audit="treasure.ask")
    def ask_rights(visit: Act, pid: str) -> ResponseReturnValue:
        def work(upload: Upload) -> ResponseReturnValue:
            question = replies.ask_rights(visit.services.site.profile)
            connection = visit.session.connection()
            if review.is_done(connection, upload, State.NEED_INFO, doing(visit), note=question):
                visit.note(subject(upload))
                return visit.done(path_of(upload), asked_said(upload))
            asked = review.move(
                visit.session,
                upload.id,
                State.NEED_INFO,
                doing(visit),
                note=question,
                version=version_of(request.form),
            )
            before, after = {"state": upload.state.value}, {"state": asked.state.value}
            visit.note(subject(upload), before=before, after=after)
            return visit.done(path_of(upload), asked_said(asked))

        return tried(visit, pid, work)


def subject(upload: Upload) -> str:
    """Return what an upload is called in the audit log."""
    return f"treasure:{upload.number}"


def given_said(upload: Upload, name: str) -> str:
    """Say in whose hands an upload is."""
    return f"{upload.number} 现在由{name}办。"


def asked_said(upload: Upload) -> str:
    """Say what became of a question."""
    if upload.follower_id is None:
        return f"{upload.number} 等回答。送件人没有微信，请照经过里的话打电话或者当面问。"
    return f"{upload.number} 已经问了送件人，回答会回到这一页。"
