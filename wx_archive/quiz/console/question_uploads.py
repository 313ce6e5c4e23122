"""导入题目: bring a file, look at everything that is in it, hand the good questions on."""

from http import HTTPStatus
from typing import Final

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import CombinedMultiDict, FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response
from wtforms import FileField, Form, ValidationError

from wx_archive.core.errors import RefusedError
from wx_archive.quiz import bank_desk, bank_import, bank_uploads, bank_view, entries
from wx_archive.quiz.bank_import import Checked
from wx_archive.quiz.bank_uploads import MAX_BYTES, Kept, Seen
from wx_archive.quiz.bank_view import Known
from wx_archive.quiz.console import downloads
from wx_archive.quiz.console import question_shown as shown
from wx_archive.quiz.console.question_shown import UPLOADS, VIEWS, AgainError
from wx_archive.staff.pages import Act, CarryOut, Pages, Visit
from wx_archive.staff.rules import Permission

REQUEST_BYTES: Final = MAX_BYTES + 64 * 1024
MAX_MEGABYTES: Final = MAX_BYTES // 1024 // 1024
READ_AWAY_BYTES: Final = 64 * 1024 * 1024
ROWS: Final = 200
"""So many mistakes stand on the page; all of them in the table to take along."""


class FileForm(Form):
    """A file."""

    class Meta:
        """In Chinese."""

        locales = ("zh",)

    file = FileField("文件", description="Excel（.xlsx）、CSV 或 YAML，最大 4 MB。")

    def validate_file(self, file: FileField) -> None:
        """Ask for a file."""
        if not isinstance(file.data, FileStorage) or not file.data.filename:
            raise ValidationError("请选一份文件")


def add(pages: Pages) -> None:
    """Add the pages."""
    _looking(pages)
    _bringing(pages)
    _taking(pages)
    _dropping(pages)
    _refusing_what_is_too_large(pages)


def _refusing_what_is_too_large(pages: Pages) -> None:
    @pages.blueprint.errorhandler(RequestEntityTooLarge)
    def too_large(_err: RequestEntityTooLarge) -> ResponseReturnValue:
        _read_away()
        most = MAX_MEGABYTES if request.path == UPLOADS else 0
        page = render_template(f"{VIEWS}/question_upload_too_large.html", most=most)
        return page, HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def _read_away() -> None:
    """Take in and forget what the browser is still sending: before that it reads no answer."""
    stream, left = request.environ["wsgi.input"], min(request.content_length or 0, READ_AWAY_BYTES)
    while left > 0 and (block := stream.read(min(left, 64 * 1024))):
        left -= len(block)


def _looking(pages: Pages) -> None:
    @pages.get("/quiz/questions/uploads", needs=Permission.QUIZ_EDIT)
    def question_uploads(visit: Visit) -> ResponseReturnValue:
        return _list(visit, FileForm())

    @pages.get("/quiz/questions/uploads/<pid>", needs=Permission.QUIZ_EDIT)
    def question_upload(visit: Visit, pid: str) -> ResponseReturnValue:
        upload = _found(visit, pid)
        checked = _checked(visit, upload)[1] if upload.state == bank_uploads.WAITING else None
        with visit.reads() as connection:
            words = shown.words(connection)
            left = bank_view.waiting(connection, batch=pid)
            kept = bank_uploads.kept_of(connection, pid)
            known = bank_view.known(visit.services.site.folder, connection)
        return visit.page(
            f"{VIEWS}/question_upload.html",
            upload=upload,
            checked=checked,
            kept=kept,
            taken=[(one, known.newest(one)) for one in kept.ids[:ROWS]],
            rows=ROWS,
            standing=lambda one: shown.standing(known, one, visit.today),
            left=len(left),
            **words,
        )

    @pages.get("/quiz/questions/uploads/<pid>/bad.csv", needs=Permission.QUIZ_EDIT)
    def question_upload_bad_rows(visit: Visit, pid: str) -> ResponseReturnValue:
        upload = _found(visit, pid)
        if upload.state == bank_uploads.DROPPED:
            abort(HTTPStatus.NOT_FOUND)
        if upload.state == bank_uploads.WAITING:
            bad = _checked(visit, upload)[1].bad
        else:
            with visit.reads() as connection:
                bad = bank_uploads.kept_of(connection, pid).bad
        rows = [(row.line, row.column, row.reason) for row in bad]
        return downloads.table("bad-rows.csv", ("行", "列", "哪里不对、怎么改"), rows)


def _bringing(pages: Pages) -> None:
    @pages.in_steps(
        "/quiz/questions/uploads",
        needs=Permission.QUIZ_EDIT,
        audit="question.upload",
        most_bytes=REQUEST_BYTES,
    )
    def question_upload_receive(visit: Visit, carry_out: CarryOut) -> ResponseReturnValue:
        form = FileForm(CombinedMultiDict([request.files, request.form]))
        if not form.validate():
            return _list(visit, form, HTTPStatus.UNPROCESSABLE_ENTITY)
        told: FileStorage = form.file.data
        content = told.stream.read(MAX_BYTES + 1)
        try:
            name = bank_uploads.shown_name(told.filename or "")
            with visit.reads() as connection:
                known = bank_view.known(visit.services.site.folder, connection)
            _check(visit, known, name, content)  # whether it can be read at all
        except RefusedError as err:
            form.file.errors = [str(err)]
            return _list(visit, form, HTTPStatus.UNPROCESSABLE_ENTITY)
        return carry_out(lambda act: _received(act, name, content))


def _received(act: Act, name: str, content: bytes) -> Response:
    pid = bank_uploads.receive(act.session, name, content, by=act.person.login, now=act.now)
    act.note(f"quiz_upload:{pid}", after={"file": name, "bytes": len(content)})
    return act.done(f"{UPLOADS}/{pid}", f"收到《{name}》，下面是检查的结果。")


def _taking(pages: Pages) -> None:
    @pages.in_steps(
        "/quiz/questions/uploads/<pid>/take", needs=Permission.QUIZ_EDIT, audit="question.take"
    )
    def question_upload_take(visit: Visit, carry_out: CarryOut, pid: str) -> ResponseReturnValue:
        upload = _found(visit, pid)
        if upload.state == bank_uploads.DROPPED:
            raise RefusedError("这份文件已经处理过了，别人可能已经办了")
        if upload.state == bank_uploads.TAKEN:
            return shown.once(visit, carry_out, lambda act: _again(act, upload))
        # Reading a workbook takes a while: it is done before anybody has to wait for this.
        before, checked = _checked(visit, upload)
        return shown.once(visit, carry_out, lambda act: _taken(act, upload, before, checked))


def _again(act: Act, upload: Seen) -> Response:
    """Answer who comes for an upload that was decided on.

    Raises:
        AgainError: it was themselves who took it in.
        RefusedError: it was somebody else, or it was dropped.
    """
    if upload.state == bank_uploads.TAKEN and upload.decided_by == act.person.login:
        raise AgainError(f"{UPLOADS}/{upload.pid}", f"{upload.taken} 题已经交给别人放行。")
    raise RefusedError("这份文件已经处理过了，别人可能已经办了")


def _taken(act: Act, upload: Seen, before: Known, checked: Checked) -> Response:
    known = bank_desk.begin(act.session, act.services.site.folder)
    current = _found(act, upload.pid)  # whoever held the bank may have taken it in
    if current.state != bank_uploads.WAITING:
        return _again(act, current)
    if known != before or str(len(checked.good)) != request.form.get("count"):
        raise RefusedError("您看过以后，题库有变化。请回到那一页，看看现在的结果再定")
    if not checked.good:
        raise RefusedError("这份文件里没有要导入的题")
    taken = bank_desk.propose_all(
        act.session,
        known,
        checked.good,
        batch=upload.pid,
        by=act.person.login,
        now=act.now,
    )
    kept = Kept.of(checked)
    bank_uploads.decide(act.session, upload.pid, by=act.person.login, kept=kept)
    told = {
        "file": upload.name,
        "added": [one.id for one in checked.added],
        "changed": [one.id for one in checked.changed],
        "skipped": checked.bad_lines,
    }
    act.note(f"quiz_upload:{upload.pid}", after=told)
    return act.done(f"{UPLOADS}/{upload.pid}", f"{taken} 题已经交给别人放行。")


def _dropping(pages: Pages) -> None:
    @pages.get("/quiz/questions/uploads/<pid>/drop", needs=Permission.QUIZ_EDIT)
    def ask_drop_question_upload(visit: Visit, pid: str) -> ResponseReturnValue:
        upload = _found(visit, pid)
        if upload.state != bank_uploads.WAITING:
            abort(HTTPStatus.NOT_FOUND)
        return visit.page(f"{VIEWS}/question_upload_drop.html", upload=upload)

    @pages.post(
        "/quiz/questions/uploads/<pid>/drop",
        needs=Permission.QUIZ_EDIT,
        audit="question.upload_drop",
    )
    def drop_question_upload(act: Act, pid: str) -> ResponseReturnValue:
        upload = _found(act, pid)
        bank_uploads.decide(act.session, pid, by=act.person.login)
        act.note(f"quiz_upload:{pid}", before={"file": upload.name})
        return act.done(UPLOADS, f"《{upload.name}》已删掉，一题也没有导入。")


def _found(visit: Visit, pid: str) -> Seen:
    with visit.reads() as connection:
        upload = bank_uploads.find(connection, pid)
    if upload is None:
        abort(HTTPStatus.NOT_FOUND)
    return upload


def _checked(visit: Visit, upload: Seen) -> tuple[Known, Checked]:
    """Return the bank as it is now, and what the file would change in it."""
    with visit.reads() as connection:
        content = bank_uploads.content_of(connection, upload.pid)
        known = bank_view.known(visit.services.site.folder, connection)
    return known, _check(visit, known, upload.name, content)


def _check(visit: Visit, known: Known, name: str, content: bytes) -> Checked:
    folder, today = visit.services.site.folder, visit.today

    def is_borne(number: str) -> bool:
        with visit.reads() as connection:  # not held while a workbook is read
            return entries.named(connection, number, today=today) is not None

    with bank_uploads.on_disk(name, content) as path:
        return bank_import.check(path, known, folder, today=today, name=name, is_borne=is_borne)


def _list(visit: Visit, form: FileForm, status: int = HTTPStatus.OK) -> Response:
    with visit.reads() as connection:
        uploads = bank_uploads.listed(connection)
        words = shown.words(connection)
    return visit.page(f"{VIEWS}/question_uploads.html", status, form=form, uploads=uploads, **words)
