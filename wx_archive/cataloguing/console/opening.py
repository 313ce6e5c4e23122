"""Closing at once, and proposing what a second person releases."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from wtforms import DateField, Form, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # older stubs

from wx_archive.catalogue import decisions
from wx_archive.catalogue.decisions import Outcome
from wx_archive.catalogue.edits import ChangedMeanwhileError
from wx_archive.catalogue.rules import Disclosure, Kind
from wx_archive.cataloguing import previews, releases, texts
from wx_archive.cataloguing.console.documents import found, path_of
from wx_archive.cataloguing.console.editing import hand_of
from wx_archive.cataloguing.entries import EntryView
from wx_archive.cataloguing.previews import Preview
from wx_archive.cataloguing.rules import REASON_LENGTH, ReleaseKind
from wx_archive.core.errors import RefusedError
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission

_LEVELS: Final = (Disclosure.PARTIAL, Disclosure.FULL)
_VERBS: Final = {
    ReleaseKind.OPEN: "提出向社会开放",
    ReleaseKind.DEFER: "提出延期开放",
    ReleaseKind.LIVELIHOOD: "提出去掉“民生”",
    ReleaseKind.RESTORE: "提出恢复公开",
    ReleaseKind.DISCLOSE: "提出扩大公开",
}


class ReasonForm(Form):
    """Why it is done."""

    reason = TextAreaField(
        "理由", description=f"留给以后的人看，最长 {REASON_LENGTH} 字。不要写市民的姓名和情况。"
    )


class DeferForm(ReasonForm):
    """Until when, and why."""

    open_on = DateField("从哪天起开放", description="到这一天它自己开放，如 2035-01-01。")


class DiscloseForm(ReasonForm):
    """How far, and why."""

    openness = RadioField(
        "公开到", choices=[SelectChoice(level.value, texts.DISCLOSURE[level]) for level in _LEVELS]
    )


_FORMS: Final[Mapping[ReleaseKind, type[ReasonForm]]] = {
    ReleaseKind.DEFER: DeferForm,
    ReleaseKind.DISCLOSE: DiscloseForm,
}


def add(pages: Pages) -> None:
    """Add the pages that ask once more, and what they do."""
    _add_closing(pages)
    _add_proposing(pages)


def _add_closing(pages: Pages) -> None:
    @pages.get("/documents/<pid>/withdraw", needs=Permission.CATALOGUE_EDIT)
    def ask_withdraw(visit: Visit, pid: str) -> ResponseReturnValue:
        return _ask_closing(visit, Kind.DOCUMENT, pid, ReasonForm())

    @pages.get("/records/<pid>/close", needs=Permission.CATALOGUE_EDIT)
    def ask_close(visit: Visit, pid: str) -> ResponseReturnValue:
        return _ask_closing(visit, Kind.RECORD, pid, ReasonForm())

    @pages.post(
        "/documents/<pid>/withdraw", needs=Permission.CATALOGUE_EDIT, audit="document.withdraw"
    )
    def withdraw(act: Act, pid: str) -> ResponseReturnValue:
        return _close(act, Kind.DOCUMENT, pid)

    @pages.post("/records/<pid>/close", needs=Permission.CATALOGUE_EDIT, audit="record.close")
    def close(act: Act, pid: str) -> ResponseReturnValue:
        return _close(act, Kind.RECORD, pid)


def _ask_closing(
    visit: Visit, kind: Kind, pid: str, form: Form, problem: str = ""
) -> ResponseReturnValue:
    with visit.reads() as connection:
        view = found(connection, visit, kind, pid)
    is_document = kind is Kind.DOCUMENT
    question = _Question(
        "撤下这份文件" if is_document else "收回这条档案，控制使用",
        f"{path_of(kind, pid)}/{'withdraw' if is_document else 'close'}",
        problem,
    )
    return _asked(visit, view, form, previews.of_closing(view), question)


def _close(act: Act, kind: Kind, pid: str) -> ResponseReturnValue:
    form = ReasonForm(request.form)
    with act.reads() as connection:
        before = found(connection, act, kind, pid)
    try:
        reason = releases.checked_reason(form.reason.data or "")
        outcome = _closed(act, kind, pid, reason)
    except RefusedError as err:
        return _ask_closing(act, kind, pid, form, str(err))
    act.note(
        f"{kind.value}:{pid}",
        before={"listed": before.is_public},
        after={"listed": False, "reason": reason, "below": outcome.below},
    )
    below = f"它下面的 {outcome.below} 条也一起。" if outcome.below else ""
    return act.done(path_of(kind, pid), f"已经办好：公众从现在起查不到它。{below}")


def _closed(act: Act, kind: Kind, pid: str, reason: str) -> Outcome:
    close = decisions.withdraw if kind is Kind.DOCUMENT else decisions.close_record
    return close(act.session, pid, reason=reason, now=act.now, today=act.today)


def _add_proposing(pages: Pages) -> None:
    @pages.get("/documents/<pid>/propose", needs=Permission.CATALOGUE_EDIT)
    def ask_document(visit: Visit, pid: str) -> ResponseReturnValue:
        return _ask(visit, Kind.DOCUMENT, pid, request.args.get("what", ""))

    @pages.get("/records/<pid>/propose", needs=Permission.CATALOGUE_EDIT)
    def ask_record(visit: Visit, pid: str) -> ResponseReturnValue:
        return _ask(visit, Kind.RECORD, pid, request.args.get("what", ""))

    @pages.post(
        "/documents/<pid>/propose", needs=Permission.CATALOGUE_EDIT, audit="document.propose"
    )
    def propose_document(act: Act, pid: str) -> ResponseReturnValue:
        return _propose(act, Kind.DOCUMENT, pid)

    @pages.post("/records/<pid>/propose", needs=Permission.CATALOGUE_EDIT, audit="record.propose")
    def propose_record(act: Act, pid: str) -> ResponseReturnValue:
        return _propose(act, Kind.RECORD, pid)


def _kind_of(subject: Kind, what: str) -> ReleaseKind:
    """Return what is to be proposed.

    Raises:
        RefusedError: nothing that can be done to such an entry.
    """
    for kind in ReleaseKind:
        if kind.subject is subject and kind.value == what:
            return kind
    raise RefusedError("没有这样的事可以提出，请回到它的页面重新选")


def _ask(visit: Visit, subject: Kind, pid: str, what: str) -> ResponseReturnValue:
    kind = _kind_of(subject, what)
    return _ask_proposing(visit, kind, pid, _FORMS.get(kind, ReasonForm)())


def _ask_proposing(
    visit: Visit, kind: ReleaseKind, pid: str, form: Form, problem: str = ""
) -> ResponseReturnValue:
    with visit.reads() as connection:
        view = found(connection, visit, kind.subject, pid)
    try:
        preview = previews.of_release(view, kind, _payload(form), today=visit.today)
    except RefusedError:  # the day is not chosen yet
        preview = Preview((), ())
    action = f"{path_of(kind.subject, pid)}/propose"
    question = _Question(_VERBS[kind], action, problem, kind.value)
    return _asked(visit, view, form, preview, question)


def _payload(form: Form) -> dict[str, str]:
    if isinstance(form, DeferForm):
        return {"open_on": form.open_on.data.isoformat() if form.open_on.data else ""}
    if isinstance(form, DiscloseForm):
        return {"openness": form.openness.data or ""}
    return {}


def _propose(act: Act, subject: Kind, pid: str) -> ResponseReturnValue:
    kind = _kind_of(subject, request.form.get("what", ""))
    form = _FORMS.get(kind, ReasonForm)(request.form)
    form.validate()
    with act.reads() as connection:
        view = found(connection, act, subject, pid)
    try:
        if request.form.get("seen") != view.seen:
            raise ChangedMeanwhileError
        reason = form.reason.data or ""
        number = releases.propose(act.session, kind, pid, _payload(form), reason, hand_of(act))
    except RefusedError as err:
        return _ask_proposing(act, kind, pid, form, str(err))
    after = {"release": number, "what": texts.RELEASES[kind], "reason": reason, **_payload(form)}
    act.note(f"{subject.value}:{pid}", after=after)
    return act.done(path_of(subject, pid), "已经提出，等另一个人放行；放行以前公众看不到变化。")


@dataclass(frozen=True, slots=True)
class _Question:
    """A page that says what will happen and asks for the reason.

    Attributes:
        action: where its form goes.
        what: kind of what is proposed; empty for what is done at once.
    """

    title: str
    action: str
    problem: str
    what: str = ""


def _asked(
    visit: Visit, view: EntryView, form: Form, preview: Preview, question: _Question
) -> ResponseReturnValue:
    return visit.page(
        "cataloguing/console/ask.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if question.problem else HTTPStatus.OK,
        entry=view,
        base=path_of(view.kind, view.row.pid),
        form=form,
        preview=preview,
        question=question,
        words=texts,
    )
