"""上传: bring a file, look at what is in it, decide; a second person where the site wants one."""

import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.datastructures import CombinedMultiDict, FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response
from wtforms import FileField, Form, RadioField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # older stubs
from wtforms.validators import DataRequired, Length

from wx_archive.catalogue.rules import Disclosure, Kind
from wx_archive.cataloguing import entries, uploads
from wx_archive.cataloguing.console import downloads
from wx_archive.cataloguing.upload_files import LISTED
from wx_archive.cataloguing.upload_models import UploadState
from wx_archive.cataloguing.uploads import Arrival, Seen
from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.services import Services
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.plugs import Alert, Todo
from wx_archive.staff.rules import Permission, Person

LIST: Final = "/console/uploads"
REQUEST_BYTES: Final = uploads.MAX_BYTES + 64 * 1024
"""A file as large as may be, and the rest of its form."""
READ_AWAY_BYTES: Final = 200 * 1024 * 1024
"""Whoever sends more than this sees only that the connection ended."""
AGAIN_S: Final = 3
"""A page of something that is under way loads itself anew after so long."""
PATIENCE: Final = timedelta(minutes=1)
"""What has not begun after so long waits for a worker that may not be running."""
ROWS: Final = 50
"""Bad rows on one page."""
DISCLOSURES: Final = {
    Disclosure.FULL: "完全公开：公众能查到，也能读正文",
    Disclosure.PARTIAL: "只公开目录：公众能查到题名、文号，正文要申请",
    Disclosure.NONE: "不公开：公众查不到",
}
TEMPLATE_NAMES: Final = {Kind.DOCUMENT: "现行文件模板.xlsx", Kind.RECORD: "档案目录模板.xlsx"}
_VIEWS: Final = "cataloguing/console"


class UploadForm(Form):
    """A file and how it is to be read."""

    class Meta:
        """In Chinese."""

        locales = ("zh",)

    kind = RadioField(
        "这份文件里是什么",
        choices=[
            SelectChoice(Kind.DOCUMENT.value, "现行文件"),
            SelectChoice(Kind.RECORD.value, "档案目录"),
        ],
        validate_choice=False,
    )
    openness = RadioField(
        "没有写“公开属性”的行按什么算（只管现行文件）",
        choices=[SelectChoice(level.value, words) for level, words in DISCLOSURES.items()],
        validate_choice=False,
    )
    file = FileField("文件")

    def validate_kind(self, kind: RadioField) -> None:
        """Ask for a choice."""
        if kind.data not in list(Kind):
            raise ValidationError("请选一样：现行文件，还是档案目录")

    def validate_openness(self, openness: RadioField) -> None:
        """Ask for a choice where it counts."""
        if self.kind.data == Kind.DOCUMENT and openness.data not in list(Disclosure):
            raise ValidationError("请选一样；每一行都写明了的，选“不公开”最稳妥")

    def validate_file(self, file: FileField) -> None:
        """Ask for a file."""
        if not isinstance(file.data, FileStorage) or not file.data.filename:
            raise ValidationError("请选一份文件")


class ReturnForm(Form):
    """Why somebody sends an upload back."""

    class Meta:
        """In Chinese."""

        locales = ("zh",)

    reason = TextAreaField("退回的原因", [DataRequired("请写一句原因"), Length(max=300)])


def add(pages: Pages) -> None:
    """Add the pages of uploads."""
    _looking(pages)
    _bringing(pages)
    _starting(pages)
    _releasing(pages)
    _ending(pages)
    pages.blueprint.add_app_template_filter(_shanghai, "shanghai")

    @pages.blueprint.errorhandler(RequestEntityTooLarge)
    def too_large(_err: RequestEntityTooLarge) -> ResponseReturnValue:
        _read_away()
        is_upload = request.path == LIST
        said = uploads.too_large() if is_upload else "这一页收不下这么多内容，请分几次填。"
        back = LIST if is_upload else "/console"
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return render_template(f"{_VIEWS}/upload_too_large.html", said=said, back=back), status


def _looking(pages: Pages) -> None:
    @pages.get("/uploads", needs=Permission.CATALOGUE_READ)
    def uploads_list(visit: Visit) -> ResponseReturnValue:
        return _list(visit, UploadForm())

    @pages.get("/uploads/<pid>", needs=Permission.CATALOGUE_READ)
    def upload(visit: Visit, pid: str) -> ResponseReturnValue:
        return _page(visit, _found(visit, pid))

    @pages.get("/uploads/<pid>/watch", needs=Permission.CATALOGUE_READ, poll=True)
    def upload_watch(visit: Visit, pid: str) -> ResponseReturnValue:
        return _page(visit, _found(visit, pid))

    @pages.get("/uploads/<pid>/bad.csv", needs=Permission.CATALOGUE_READ)
    def upload_bad_rows(visit: Visit, pid: str) -> ResponseReturnValue:
        seen = _found(visit, pid)
        if seen.report is None:
            abort(HTTPStatus.NOT_FOUND)
        rows = [(row.line, row.column, row.reason) for row in seen.report.bad]
        name = f"{Path(seen.name).stem}-有误的行.csv"
        return downloads.table(name, ("行", "列", "哪里不对、怎么改"), rows)


def _bringing(pages: Pages) -> None:
    @pages.post(
        "/uploads",
        needs=Permission.CATALOGUE_EDIT,
        audit="upload.receive",
        most_bytes=REQUEST_BYTES,
    )
    def upload_receive(act: Act) -> ResponseReturnValue:
        form = UploadForm(CombinedMultiDict([request.files, request.form]))
        if not form.validate():
            return _list(act, form, HTTPStatus.UNPROCESSABLE_ENTITY)
        arrival = _arrival(form)
        try:
            pid = uploads.receive(act.session, arrival, person=act.person, now=act.now)
        except RefusedError as err:
            form.file.errors = [str(err)]
            return _list(act, form, HTTPStatus.UNPROCESSABLE_ENTITY)
        kept = uploads.find(act.session, pid)
        if kept is None:
            raise LookupError(pid)
        told = {"file": kept.name, "kind": kept.kind, "bytes": kept.size_bytes}
        act.note(f"upload:{pid}", after=told | {"openness": kept.openness or ""})
        return act.done(f"{LIST}/{pid}", f"收到《{kept.name}》，正在检查。")

    @pages.get("/uploads/template/<kind>", needs=Permission.CATALOGUE_EDIT)
    def upload_template(_visit: Visit, kind: str) -> ResponseReturnValue:
        if kind not in list(Kind):
            abort(HTTPStatus.NOT_FOUND)
        # Only here: the library that writes workbooks starts slowly.
        from wx_archive.catalogue.files.templates import write_template  # noqa: PLC0415

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "template.xlsx"
            write_template(path, Kind(kind))
            return downloads.small(path.read_bytes(), TEMPLATE_NAMES[Kind(kind)])


def _starting(pages: Pages) -> None:
    @pages.get("/uploads/<pid>/import", needs=Permission.CATALOGUE_EDIT)
    def upload_import_asked(visit: Visit, pid: str) -> ResponseReturnValue:
        seen = _found(visit, pid)
        if not seen.can_start or seen.state is not UploadState.CHECKED:
            return _page(visit, seen)
        return visit.page(f"{_VIEWS}/upload_import.html", upload=seen, **_rule(visit, seen))

    @pages.post("/uploads/<pid>/import", needs=Permission.CATALOGUE_EDIT, audit="upload.import")
    def upload_import(act: Act, pid: str) -> ResponseReturnValue:
        skipping = request.form.get("skipping", "")
        state = uploads.start(
            act.session,
            pid,
            person=act.person,
            skipping=int(skipping) if skipping.isdecimal() and len(skipping) < 10 else 0,
            rule=_wants_two(act.services),
            now=act.now,
        )
        seen = _found(act, pid)
        is_proposed = state is UploadState.PROPOSED
        action = "upload.propose" if is_proposed else ""
        act.note(f"upload:{pid}", after=_counts(seen), action=action)
        said = "已送出，等另一个人放行。" if is_proposed else "开始导入。"
        return act.done(f"{LIST}/{pid}", said)

    @pages.post("/uploads/<pid>/again", needs=Permission.CATALOGUE_EDIT, audit="upload.again")
    def upload_again(act: Act, pid: str) -> ResponseReturnValue:
        before = uploads.again(act.session, pid, now=act.now)
        act.note(f"upload:{pid}", before={"state": before.state})
        return act.done(f"{LIST}/{pid}", "再试一次，已经开始。")


def _releasing(pages: Pages) -> None:
    @pages.post(
        "/uploads/<pid>/release", needs=Permission.CATALOGUE_RELEASE, audit="upload.release"
    )
    def upload_release(act: Act, pid: str) -> ResponseReturnValue:
        seen = uploads.release(act.session, pid, person=act.person, now=act.now)
        act.note(f"upload:{pid}", after=_counts(seen) | {"made_by": seen.made_by})
        return act.done(f"{LIST}/{pid}", "已放行，开始导入。")

    @pages.post("/uploads/<pid>/return", needs=Permission.CATALOGUE_RELEASE, audit="upload.return")
    def upload_return(act: Act, pid: str) -> ResponseReturnValue:
        form = ReturnForm(request.form)
        if not form.validate():
            seen = _found(act, pid)
            return _page(act, seen, returning=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        reason = form.reason.data or ""
        seen = uploads.send_back(act.session, pid, reason=reason)
        act.note(f"upload:{pid}", after={"reason": reason, "made_by": seen.made_by})
        return act.done(f"{LIST}/{pid}", "已退回给上传的人。")


def _ending(pages: Pages) -> None:
    @pages.get("/uploads/<pid>/drop", needs=Permission.CATALOGUE_EDIT)
    def upload_drop_asked(visit: Visit, pid: str) -> ResponseReturnValue:
        return visit.page(f"{_VIEWS}/upload_drop.html", upload=_found(visit, pid))

    @pages.post("/uploads/<pid>/drop", needs=Permission.CATALOGUE_EDIT, audit="upload.drop")
    def upload_drop(act: Act, pid: str) -> ResponseReturnValue:
        before = uploads.drop(act.session, pid, now=act.now)
        act.note(f"upload:{pid}", before={"file": before.name, "state": before.state})
        return act.done(LIST, f"《{before.name}》已删掉，没有导入。")


def _read_away() -> None:
    """Take in and forget what the browser is still sending: before that it reads no answer."""
    stream, left = request.environ["wsgi.input"], min(request.content_length or 0, READ_AWAY_BYTES)
    while left > 0 and (block := stream.read(min(left, 64 * 1024))):
        left -= len(block)


def _shanghai(at: datetime) -> str:
    return f"{at.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M}"


def _found(visit: Visit, pid: str) -> Seen:
    with visit.reads() as connection:
        seen = uploads.find(connection, pid)
    if seen is None:
        abort(HTTPStatus.NOT_FOUND)
    return seen


def _arrival(form: UploadForm) -> Arrival:
    kind = Kind(form.kind.data)
    told: FileStorage = form.file.data
    content = told.stream.read(uploads.MAX_BYTES + 1)
    openness = Disclosure(form.openness.data) if kind is Kind.DOCUMENT else None
    return Arrival(kind, told.filename or "", content, openness)


def _list(visit: Visit, form: UploadForm, status: int = HTTPStatus.OK) -> Response:
    before = request.args.get("before", 0, int)
    with visit.reads() as connection:
        found = uploads.listing(connection, before=max(0, min(before, 2**62)))
        names = entries.names(connection, [seen.made_by for seen in found])
    rows = found[: uploads.PAGE]
    older = f"{LIST}?before={rows[-1].id}" if len(found) > uploads.PAGE else ""
    newer = LIST if before else ""
    return visit.page(
        f"{_VIEWS}/uploads.html",
        status,
        form=form,
        rows=rows,
        names=names,
        older=older,
        newer=newer,
    )


def _page(
    visit: Visit, seen: Seen, *, returning: ReturnForm | None = None, status: int = HTTPStatus.OK
) -> Response:
    page = max(1, min(request.args.get("page", 1, int), 1 + LISTED // ROWS))
    bad = seen.report.bad if seen.report else ()
    with visit.reads() as connection:
        names = entries.names(connection, [seen.made_by, seen.started_by])
    here = f"{LIST}/{seen.pid}"
    response = visit.page(
        f"{_VIEWS}/upload.html",
        status,
        upload=seen,
        bad=bad[(page - 1) * ROWS : page * ROWS],
        newer=f"{here}?page={page - 1}" if page > 1 else "",
        older=f"{here}?page={page + 1}" if len(bad) > page * ROWS else "",
        names=names,
        is_old=visit.now - (seen.started_at or seen.made_at) > PATIENCE,
        returning=returning or ReturnForm(),
        disclosures=DISCLOSURES,
        **_rule(visit, seen),
    )
    if seen.is_running:
        response.headers["Refresh"] = f"{AGAIN_S}; url={here}/watch"
    return response


def _rule(visit: Visit, seen: Seen) -> dict[str, bool]:
    """Return who may start the import, for the page."""
    needs_two = seen.needs_second_person(rule=_wants_two(visit.services))
    is_own = seen.made_by == visit.person.login
    releases = visit.person.may(Permission.CATALOGUE_RELEASE)
    return {
        "needs_two": needs_two,
        "proposes": needs_two and (is_own or not releases),
        "may_release": releases and not is_own,
        "is_own": is_own,
    }


def _wants_two(services: Services) -> bool:
    return services.site.profile.import_needs_second_person


def _counts(seen: Seen) -> dict[str, object]:
    report = seen.report
    if report is None:
        return {}
    return {
        "file": seen.name,
        "kind": seen.kind,
        "added": report.added,
        "changed": report.changed,
        "skipped": report.bad_lines,
        "opens": report.opens,
    }


def todos(connection: Connection, person: Person, _now: datetime) -> Sequence[Todo]:
    """Return the files that wait for somebody's decision."""
    mine = uploads.mine_waiting(connection, person.login)
    others = uploads.others_waiting(connection, person.login)
    return [
        Todo("份上传的文件查好了，等您决定", mine, LIST, Permission.CATALOGUE_EDIT),
        Todo("份导入等您放行", others, LIST, Permission.CATALOGUE_RELEASE),
    ]


def alerts(connection: Connection, _now: datetime) -> Sequence[Alert]:
    """Return the uploads that could not be worked on."""
    said = "一份上传的文件没能处理完，可以再试一次"
    return [
        Alert(f"upload:{pid}", said, f"{LIST}/{pid}", Permission.CATALOGUE_EDIT, at)
        for pid, at in uploads.failed(connection)
    ]
