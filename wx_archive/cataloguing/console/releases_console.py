"""待放行: what somebody proposed and another person releases or refuses."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from flask import abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, select
from wtforms import Form, TextAreaField

from wx_archive.catalogue import holdings
from wx_archive.catalogue.decisions import Hindrance
from wx_archive.cataloguing import entries, previews, releases, texts
from wx_archive.cataloguing.console.documents import path_of
from wx_archive.cataloguing.console.editing import hand_of
from wx_archive.cataloguing.models import Release
from wx_archive.cataloguing.previews import Preview
from wx_archive.cataloguing.releases import Decided
from wx_archive.cataloguing.rules import BATCH, ReleaseKind, ReleaseState
from wx_archive.core.errors import RefusedError
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission

PER_PAGE: Final = 50
_STILL_HIDDEN: Final = {
    Hindrance.LIVELIHOOD: "它是民生档案，公众仍然查不到。",
    Hindrance.CLOSED_ABOVE: "它所在的上级是控制使用的，公众仍然查不到。",
    Hindrance.NOT_DISCLOSED: "导入时写明不公开，公众仍然查不到。",
}


class NoteForm(Form):
    """What the second person says to it."""

    note = TextAreaField("意见", description="退回一定要写理由；放行可以不写。")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line of the list.

    Attributes:
        title: of the entry; its public id where the catalogue has it no more.
    """

    release: Any
    kind: ReleaseKind
    title: str
    path: str


def add(pages: Pages) -> None:
    """Add the list, the page of one proposal, and what may be done to it."""
    _add_pages(pages)
    _add_deciding(pages)
    _add_others(pages)


def _add_pages(pages: Pages) -> None:
    @pages.get("/releases", needs=Permission.CATALOGUE_READ)
    def all_releases(visit: Visit) -> ResponseReturnValue:
        return _list(visit)

    @pages.get("/releases/<int:number>", needs=Permission.CATALOGUE_READ)
    def one_release(visit: Visit, number: int) -> ResponseReturnValue:
        return _one(visit, number, NoteForm())


def _add_deciding(pages: Pages) -> None:
    @pages.post(
        "/releases/<int:number>/release",
        needs=Permission.CATALOGUE_RELEASE,
        audit="release.release",
    )
    def let_out(act: Act, number: int) -> ResponseReturnValue:
        form = NoteForm(request.form)
        note = form.note.data or ""
        done = releases.release(act.session, number, note, act.person, hand_of(act))
        _note(act, done)
        return act.done("/console/releases", _said(done))

    @pages.post(
        "/releases/<int:number>/refuse", needs=Permission.CATALOGUE_RELEASE, audit="release.refuse"
    )
    def refuse(act: Act, number: int) -> ResponseReturnValue:
        form = NoteForm(request.form)
        note = form.note.data or ""
        try:
            releases.checked_reason(note)
        except RefusedError as err:
            form.note.errors = [str(err)]
            return _one(act, number, form, HTTPStatus.UNPROCESSABLE_ENTITY)
        done = releases.refuse(act.session, number, note, act.person, hand_of(act))
        _note(act, done)
        return act.done("/console/releases", f"已经退回：《{done.title}》。")


def _add_others(pages: Pages) -> None:
    @pages.post(
        "/releases/<int:number>/withdraw",
        needs=Permission.CATALOGUE_EDIT,
        audit="release.withdraw",
    )
    def take_back(act: Act, number: int) -> ResponseReturnValue:
        done = releases.withdraw(act.session, number, hand_of(act))
        _note(act, done)
        return act.done("/console/releases?of=mine", f"已经撤回：《{done.title}》。")

    @pages.post("/releases", needs=Permission.CATALOGUE_RELEASE, audit="release.release")
    def let_many_out(act: Act) -> ResponseReturnValue:
        chosen = [int(one) for one in request.form.getlist("release") if one.isdecimal()]
        if not chosen:
            raise RefusedError("请先勾选要放行的")
        if len(chosen) > BATCH:
            raise RefusedError(f"一次最多放行 {BATCH} 条，请少勾一些")
        for number in dict.fromkeys(chosen):
            note = request.form.get("note", "")
            _note(act, releases.release(act.session, number, note, act.person, hand_of(act)))
        return act.done("/console/releases", f"已经放行 {len(act.notes)} 条。")


def _list(visit: Visit) -> ResponseReturnValue:
    of = request.args.get("of", "")
    before = request.args.get("before", "")
    which = [Release.state == ReleaseState.WAITING.value]
    if of == "mine":
        which = [Release.made_by == visit.person.login]
    elif of == "done":
        which = [Release.state != ReleaseState.WAITING.value]
    if before.isdecimal() and len(before) < 19:
        which.append(Release.id < int(before))
    with visit.reads() as connection:
        rows = connection.execute(
            select(Release.__table__).where(*which).order_by(Release.id.desc()).limit(PER_PAGE + 1)
        ).all()
        lines = [_line(connection, row) for row in rows[:PER_PAGE]]
        people = [row.made_by for row in rows] + [row.decided_by for row in rows]
        names = entries.names(connection, people)
    return visit.page(
        "cataloguing/console/releases.html",
        lines=lines,
        names=names,
        of=of,
        older=rows[PER_PAGE - 1].id if len(rows) > PER_PAGE else 0,
        words=texts,
        may_release=visit.person.may(Permission.CATALOGUE_RELEASE),
    )


def _line(connection: Connection, row: Any) -> Waiting:
    kind = ReleaseKind(row.kind)
    entry = holdings.row_of(connection, kind.subject, row.subject_pid)
    title = entry.title if entry else row.subject_pid
    return Waiting(row, kind, title, path_of(kind.subject, row.subject_pid))


def _one(visit: Visit, number: int, form: Form, status: int = HTTPStatus.OK) -> ResponseReturnValue:
    with visit.reads() as connection:
        row = connection.execute(
            select(Release.__table__).where(Release.id == number)
        ).one_or_none()
        if row is None:
            abort(HTTPStatus.NOT_FOUND)
        kind = ReleaseKind(row.kind)
        entry = entries.entry(connection, kind.subject, row.subject_pid, today=visit.today)
        names = entries.names(connection, [row.made_by, row.decided_by])
    return visit.page(
        "cataloguing/console/release.html",
        status,
        release=row,
        kind=kind,
        entry=entry,
        names=names,
        form=form,
        words=texts,
        path=path_of(kind.subject, row.subject_pid),
        is_stale=entry is None or entry.seen != row.seen,
        preview=_preview(entry, kind, row, visit),
        is_mine=row.made_by == visit.person.login,
        may_release=visit.person.may(Permission.CATALOGUE_RELEASE),
    )


def _preview(entry: entries.EntryView | None, kind: ReleaseKind, row: Any, visit: Visit) -> Preview:
    if entry is None or row.state != ReleaseState.WAITING:
        return Preview((), ())
    return previews.of_release(entry, kind, releases.payload_of(row), today=visit.today)


def _note(act: Act, done: Decided) -> None:
    kind = ReleaseKind(done.release.kind)
    told = {
        "release": done.release.id,
        "what": texts.RELEASES[kind],
        **releases.payload_of(done.release),
    }
    act.note(
        f"{kind.subject.value}:{done.release.subject_pid}",
        before={"state": ReleaseState.WAITING.value, "proposed_by": done.release.made_by},
        after={
            **told,
            "state": done.release.state,
            "reason": done.release.reason,
            "note": done.release.decision_note,
            "listed": done.is_listed,
        },
    )


def _said(done: Decided) -> str:
    kind = ReleaseKind(done.release.kind)
    below = f"它下面的 {done.below} 条一起变动。" if done.below else ""
    if done.is_listed:
        return f"已经放行：《{done.title}》公众从现在起查得到。{below}"
    if kind is ReleaseKind.DEFER:
        return f"已经放行：《{done.title}》到日子自己开放。{below}"
    why = _STILL_HIDDEN[done.hindrance] if done.hindrance else "公众仍然查不到，原因见它的页面。"
    return f"已经放行：《{done.title}》。{why}{below}"
