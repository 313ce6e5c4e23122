"""题目放行: the second person compares before and after, one question or a whole upload."""

from collections.abc import Sequence
from http import HTTPStatus
from itertools import groupby
from typing import Final

from flask import abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.wrappers import Response
from wtforms import Form, TextAreaField
from wtforms.validators import DataRequired, Length

from wx_archive.quiz import bank_desk, bank_rows, bank_uploads, bank_view, complaints
from wx_archive.quiz.bank_models import QuestionVersion
from wx_archive.quiz.bank_view import Version
from wx_archive.quiz.console import question_shown as shown
from wx_archive.quiz.console.question_shown import LIST, RELEASES, UPLOADS, VIEWS
from wx_archive.quiz.console.questions import nearest
from wx_archive.quiz.rules import VersionState
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.plugs import Entry, Todo
from wx_archive.staff.rules import Permission, Person

PAGE: Final = 100
"""Questions of an upload on one page."""
ENTRIES: Final = (
    Entry("题库", "/quiz/questions", Permission.QUIZ_READ),
    Entry("题目放行", "/quiz/questions/releases", Permission.QUIZ_RELEASE),
)


class RefuseForm(Form):
    """Why a question goes back to its writer."""

    class Meta:
        """In Chinese."""

        locales = ("zh",)

    note = TextAreaField(
        "退回的理由",
        [
            DataRequired("请写一句理由，好让写的人知道怎么改"),
            Length(max=200, message="最多 200 个字"),
        ],
        render_kw={"rows": 3},
    )

    @property
    def words(self) -> str:
        """What was written, in one line."""
        return " ".join((self.note.data or "").split())


def add(pages: Pages) -> None:
    """Add the pages."""
    _reading(pages)
    _deciding(pages)
    _deciding_all(pages)


def _reading(pages: Pages) -> None:
    @pages.get("/quiz/questions/releases", needs=Permission.QUIZ_RELEASE)
    def question_releases(visit: Visit) -> ResponseReturnValue:
        with visit.reads() as connection:
            waiting = bank_view.waiting(connection)
            names = {one.pid: one.name for one in bank_uploads.listed(connection)}
            words = shown.words(connection)
        by_batch = sorted((one for one in waiting if one.batch), key=lambda one: one.batch)
        batches = [(pid, list(some)) for pid, some in groupby(by_batch, lambda one: one.batch)]
        return visit.page(
            f"{VIEWS}/question_releases.html",
            singles=[one for one in waiting if not one.batch],
            batches=batches,
            files=names,
            **words,
        )

    @pages.get("/quiz/questions/releases/<int:number>", needs=Permission.QUIZ_RELEASE)
    def question_release(visit: Visit, number: int) -> ResponseReturnValue:
        return _page(visit, number, RefuseForm())

    @pages.get("/quiz/questions/releases/batch/<pid>", needs=Permission.QUIZ_RELEASE)
    def question_batch(visit: Visit, pid: str) -> ResponseReturnValue:
        return _batch_page(visit, pid, RefuseForm())


def _deciding(pages: Pages) -> None:
    @pages.post(
        "/quiz/questions/releases/<int:number>",
        needs=Permission.QUIZ_RELEASE,
        audit="question.release",
    )
    def release_question(act: Act, number: int) -> ResponseReturnValue:
        site = act.services.site
        known = bank_desk.begin(act.session, site.folder, site.live)
        version = _found(act, number)
        seen = request.form.get("seen", "")
        before = known.bank.questions.get(version.question_id)
        bank_desk.release(act.session, version, person=act.person, seen=seen, now=act.now)
        told = {"hash": before.fingerprint if before else "", "state": VersionState.WAITING}
        after = {"hash": version.content_hash, "state": version.state}
        act.note(f"question:{version.question_id}", before=told, after=after)
        return act.done(RELEASES, f"{version.question_id} 放行了，两秒以内就按它出题。")

    @pages.post(
        "/quiz/questions/releases/<int:number>/refuse",
        needs=Permission.QUIZ_RELEASE,
        audit="question.refuse",
    )
    def refuse_question(act: Act, number: int) -> ResponseReturnValue:
        form = RefuseForm(request.form)
        if not form.validate():
            return _page(act, number, form, HTTPStatus.UNPROCESSABLE_ENTITY)
        bank_desk.begin(act.session, act.services.site.folder)
        version = _found(act, number)
        bank_desk.refuse(
            act.session,
            version,
            person=act.person,
            seen=request.form.get("seen", ""),
            note=form.words,
            now=act.now,
        )
        after = {"state": version.state, "note": form.words}
        act.note(
            f"question:{version.question_id}", before={"state": VersionState.WAITING}, after=after
        )
        return act.done(RELEASES, "退回去了，写的人会看到理由。")


def _deciding_all(pages: Pages) -> None:
    @pages.post(
        "/quiz/questions/releases/batch/<pid>",
        needs=Permission.QUIZ_RELEASE,
        audit="question.batch_release",
    )
    def release_question_batch(act: Act, pid: str) -> ResponseReturnValue:
        site = act.services.site
        bank_desk.begin(act.session, site.folder, site.live)
        seen = request.form.get("seen", "")
        found = bank_desk.waiting_of(act.session, pid, person=act.person, seen=seen)
        for version in found:
            bank_desk.release(
                act.session, version, person=act.person, seen=version.content_hash, now=act.now
            )
        ids = [version.question_id for version in found]
        act.note(f"quiz_upload:{pid}", after={"questions": ids})
        return act.done(RELEASES, f"{len(ids)} 题放行了，两秒以内就按它们出题。")

    @pages.post(
        "/quiz/questions/releases/batch/<pid>/refuse",
        needs=Permission.QUIZ_RELEASE,
        audit="question.batch_refuse",
    )
    def refuse_question_batch(act: Act, pid: str) -> ResponseReturnValue:
        form = RefuseForm(request.form)
        if not form.validate():
            return _batch_page(act, pid, form, HTTPStatus.UNPROCESSABLE_ENTITY)
        bank_desk.begin(act.session, act.services.site.folder)
        seen = request.form.get("seen", "")
        found = bank_desk.waiting_of(act.session, pid, person=act.person, seen=seen)
        for version in found:
            bank_desk.refuse(
                act.session,
                version,
                person=act.person,
                seen=version.content_hash,
                note=form.words,
                now=act.now,
            )
        ids = [version.question_id for version in found]
        act.note(f"quiz_upload:{pid}", after={"questions": ids, "note": form.words})
        return act.done(RELEASES, f"{len(ids)} 题退回去了，上传的人会看到理由。")


def _page(visit: Visit, number: int, form: RefuseForm, status: int = HTTPStatus.OK) -> Response:
    with visit.reads() as connection:
        version = bank_view.version(connection, number)
        if version is None:
            abort(HTTPStatus.NOT_FOUND)
        known = bank_view.known(visit.services.site.folder, connection)
        hints = shown.hints(connection, version.question, visit.today)
        words = shown.words(connection)
    question, origin = version.question, shown.origin_of(visit)
    before = known.bank.questions.get(question.id)
    return visit.page(
        f"{VIEWS}/question_release.html",
        status,
        version=version,
        bubbles=shown.on_phone(question, origin),
        before=before,
        before_bubbles=shown.on_phone(before, origin) if before else [],
        changes=bank_rows.changes(before, question, known.bank.themes),
        theme=known.bank.themes.get(question.theme),
        near=nearest(known)(question),
        hints=hints,
        is_own=version.made_by == visit.person.login,
        form=form,
        **words,
    )


def _batch_page(visit: Visit, pid: str, form: RefuseForm, status: int = HTTPStatus.OK) -> Response:
    with visit.reads() as connection:
        waiting = bank_view.waiting(connection, batch=pid)
        upload = bank_uploads.find(connection, pid)
        if not waiting or upload is None:
            abort(HTTPStatus.NOT_FOUND)
        known = bank_view.known(visit.services.site.folder, connection)
        page = max(1, min(request.args.get("page", 1, int), 1 + (len(waiting) - 1) // PAGE))
        listed = waiting[(page - 1) * PAGE : page * PAGE]
        hints = {one.id: shown.hints(connection, one.question, visit.today) for one in listed}
        words = shown.words(connection)
    here, questions = f"{RELEASES}/batch/{pid}", known.bank.questions
    find_near = nearest(known)
    changes = {
        one.id: bank_rows.changes(before, one.question, known.bank.themes)
        for one in listed
        if (before := questions.get(one.question.id))
    }
    return visit.page(
        f"{VIEWS}/question_batch.html",
        status,
        upload=upload,
        count=len(waiting),
        changed=sum(one.question.id in questions for one in waiting),
        listed=listed,
        changes=changes,
        themes=known.bank.themes,
        near={one.id: find_near(one.question) for one in listed},
        hints=hints,
        seen=bank_desk.seal(one.content_hash for one in waiting),
        is_own=_is_own(waiting, visit.person),
        form=form,
        page=page,
        newer=f"{here}?page={page - 1}" if page > 1 else "",
        older=f"{here}?page={page + 1}" if len(waiting) > page * PAGE else "",
        **words,
    )


def _is_own(waiting: Sequence[Version], person: Person) -> bool:
    return any(one.made_by == person.login for one in waiting)


def _found(act: Act, number: int) -> QuestionVersion:
    version = bank_desk.find(act.session, number)
    if version is None:
        abort(HTTPStatus.NOT_FOUND)
    return version


def todos(connection: Connection, person: Person) -> Sequence[Todo]:
    """Return what waits for somebody in the bank."""
    waiting, refused = bank_view.counts(connection, login=person.login)
    complained = len(complaints.open_counts(connection))
    uploads = bank_uploads.waiting_of(connection, login=person.login)
    back = f"{LIST}?state=refused"
    return (
        Todo("等您放行的题目", waiting, RELEASES, Permission.QUIZ_RELEASE),
        Todo("退回给您改的题目", refused, back, Permission.QUIZ_EDIT),
        Todo("读者提了意见的题目", complained, f"{LIST}?complained=1", Permission.QUIZ_EDIT),
        Todo("查好了、等您决定的题目文件", uploads, UPLOADS, Permission.QUIZ_EDIT),
    )
