"""Changing an entry: the form, the changes before and after, and saving them."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # older stubs
from wtforms.validators import InputRequired

from wx_archive.catalogue import edits
from wx_archive.catalogue.edits import BadFieldsError, Change, ChangedMeanwhileError, Hand
from wx_archive.catalogue.files import MAX_BODY_CHARACTERS
from wx_archive.catalogue.rules import Disclosure, Kind
from wx_archive.cataloguing import texts
from wx_archive.cataloguing.console.documents import found, path_of
from wx_archive.cataloguing.entries import EntryView
from wx_archive.staff.pages import Act, CarryOut, Pages, Visit
from wx_archive.staff.rules import Permission

LONG = frozenset({"body", "abstract", "note", "keywords", "restriction_note"})
MOST_BYTES = 10 * MAX_BODY_CHARACTERS
"""A body of the longest, as a browser spells it: nine bytes for a Chinese character."""
_SAVING = frozenset({"save_document", "save_record"})


def hand_of(visit: Visit) -> Hand:
    """Return whose hand it is."""
    return Hand(visit.person.login, visit.now, visit.today)


def form_for(view: EntryView, given: Mapping[str, str] | None = None) -> Form:
    """Return the form of an entry, filled with what it says or with what was typed."""
    made: dict[str, Any] = {
        key: _field(view, key, label)
        for key, label in _labels(view.kind).items()
        if key in view.values and _is_offered(view, key)
    }
    model: type[Form] = type("EntryForm", (Form,), made)
    values = {**view.values, **(given or {})}
    return model(MultiDict({key: values[key] for key in made}))


def _labels(kind: Kind) -> Mapping[str, str]:
    names = texts.FIELDS[kind]
    return {key: names[key] for key in edits.fields_of(kind)}


def _field(view: EntryView, key: str, label: str) -> Field:
    told = texts.HELP[view.kind].get(key, "")
    if key == "openness":
        levels = [SelectChoice(level.value, texts.DISCLOSURE[level]) for level in _narrower(view)]
        told = "只能往小里改；要公开得更多，在文件的页面上提出，由另一个人放行。"
        return SelectField(label, choices=levels, description=told)
    if key == "livelihood":
        told = "标为民生，公众立刻查不到。要去掉，在档案的页面上提出，由另一个人放行。"
        return SelectField(
            label, choices=[SelectChoice("0", "否"), SelectChoice("1", "是")], description=told
        )
    required = [InputRequired()] if key == "title" else []
    if key in LONG:
        return TextAreaField(label, required, description=told)
    return StringField(label, required, description=told)


def _is_offered(view: EntryView, key: str) -> bool:
    """Leave out what could only be changed to show more."""
    if key == "openness":
        return len(_narrower(view)) > 1
    return key != "livelihood" or view.values[key] == "0"


def _narrower(view: EntryView) -> list[Disclosure]:
    levels = list(Disclosure)
    return levels[levels.index(Disclosure(view.row.disclosure)) :]


def add(pages: Pages) -> None:
    """Add the forms of both kinds."""

    @pages.blueprint.before_request
    def let_long_texts_in() -> None:
        if (request.endpoint or "").rpartition(".")[2] in _SAVING:
            request.max_content_length = MOST_BYTES
            request.max_form_memory_size = MOST_BYTES

    @pages.get("/documents/<pid>/edit", needs=Permission.CATALOGUE_EDIT)
    def edit_document(visit: Visit, pid: str) -> ResponseReturnValue:
        return _form(visit, Kind.DOCUMENT, pid)

    @pages.get("/records/<pid>/edit", needs=Permission.CATALOGUE_EDIT)
    def edit_record(visit: Visit, pid: str) -> ResponseReturnValue:
        return _form(visit, Kind.RECORD, pid)

    @pages.in_steps("/documents/<pid>/edit", needs=Permission.CATALOGUE_EDIT, audit="document.edit")
    def save_document(visit: Visit, carry_out: CarryOut, pid: str) -> ResponseReturnValue:
        return _save(visit, carry_out, Kind.DOCUMENT, pid)

    @pages.in_steps("/records/<pid>/edit", needs=Permission.CATALOGUE_EDIT, audit="record.edit")
    def save_record(visit: Visit, carry_out: CarryOut, pid: str) -> ResponseReturnValue:
        return _save(visit, carry_out, Kind.RECORD, pid)


def _form(visit: Visit, kind: Kind, pid: str) -> ResponseReturnValue:
    with visit.reads() as connection:
        view = found(connection, visit, kind, pid)
    return _shown(visit, view, form_for(view))


def _save(visit: Visit, carry_out: CarryOut, kind: Kind, pid: str) -> ResponseReturnValue:
    """Check, show the changes, and save them once they were looked at."""
    with visit.reads() as connection:
        view = found(connection, visit, kind, pid)
    given = _given(view)
    if request.form.get("seen", "") != view.seen:
        said = str(ChangedMeanwhileError())
        return _shown(visit, view, form_for(view, given), HTTPStatus.CONFLICT, said=said)
    try:
        changes = edits.changes(view.row, given)
    except BadFieldsError as err:
        return _wrong(visit, view, given, err.problems)
    if not changes or "again" in request.form:
        said = "" if changes else "没有改动：和现在的一样。"
        return _shown(
            visit, view, form_for(view, given), HTTPStatus.UNPROCESSABLE_ENTITY, said=said
        )
    if "confirmed" in request.form:
        return carry_out(lambda act: _saved(act, view, given))
    return visit.page(
        "cataloguing/console/diff.html",
        entry=view,
        base=path_of(kind, pid),
        changes=changes,
        given=given,
        words=texts,
    )


def _given(view: EntryView) -> dict[str, str]:
    """Return what was typed; browsers end lines with two characters."""
    told = request.form
    return {
        key: told[key].replace("\r\n", "\n")
        for key in edits.fields_of(view.kind)
        if key in told and _is_offered(view, key)
    }


def _wrong(
    visit: Visit, view: EntryView, given: Mapping[str, str], problems: Mapping[str, str]
) -> ResponseReturnValue:
    form = form_for(view, given)
    others = []
    for key, problem in problems.items():
        if key in form:
            form[key].errors = [problem]
        else:
            others.append(f"{texts.FIELDS[view.kind].get(key, key)}：{problem}")
    said = "；".join(others)
    return _shown(visit, view, form, HTTPStatus.UNPROCESSABLE_ENTITY, said=said)


def _shown(
    visit: Visit, view: EntryView, form: Form, status: int = HTTPStatus.OK, *, said: str = ""
) -> ResponseReturnValue:
    return visit.page(
        "cataloguing/console/edit.html",
        status,
        entry=view,
        base=path_of(view.kind, view.row.pid),
        form=form,
        words=texts,
        problem=said,
    )


def _saved(act: Act, view: EntryView, given: Mapping[str, str]) -> ResponseReturnValue:
    pid = view.row.pid
    changes = edits.edit(
        act.session, view.kind, pid, given, hand_of(act), seen=request.form["seen"]
    )
    act.note(
        f"{view.kind.value}:{pid}",
        before={change.key: texts.clipped(change.before) for change in changes},
        after={change.key: texts.clipped(change.after) for change in changes},
    )
    said = f"已经改好：{_named(view.kind, changes)}。公众现在看到的就是改过的。"
    return act.done(path_of(view.kind, pid), said if view.is_public else "已经改好。")


def _named(kind: Kind, changes: tuple[Change, ...]) -> str:
    return texts.fields(kind, [change.key for change in changes])
