"""How documents bear on each other, and repeals, as staff state them by hand."""

from datetime import date
from http import HTTPStatus
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from wtforms import DateField, Form, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # older stubs
from wtforms.validators import Optional

from wx_archive.catalogue import relations, repeals
from wx_archive.catalogue.rules import Kind
from wx_archive.cataloguing import releases, texts
from wx_archive.cataloguing.console.documents import found, path_of
from wx_archive.cataloguing.console.editing import hand_of
from wx_archive.core.errors import RefusedError
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission

_EDIT: Final = Permission.CATALOGUE_EDIT
_NO_DAY: Final = "日期要写成 2004-04-02 的样子"


class RelationForm(Form):
    """What this document does to which one."""

    type = SelectField("这份文件", choices=[SelectChoice(*one) for one in relations.TYPES.items()])
    which = StringField(
        "哪一份文件", description="写文号、题名里的词或编号，先“找一找”，再从下面选。"
    )
    target = HiddenField()
    since = DateField(
        "从哪天起", [Optional()], description="空着就从这份文件施行（没有就成文）那天起。"
    )


class RepealForm(Form):
    """Since when a document is repealed, by which, and why that is known."""

    on = DateField("从哪天起废止")
    by = StringField(
        "废止它的文件", description="可以空着；知道的话写文号、题名或编号，要正好是一份。"
    )
    reason = TextAreaField("依据", description="在哪里看到的，留给以后的人看。")


def add(pages: Pages) -> None:
    """Add the pages of relations and of repeals."""
    _add_relations(pages)
    _add_repeals(pages)


def _add_relations(pages: Pages) -> None:
    @pages.get("/documents/<pid>/relate", needs=_EDIT)
    def ask_relate(visit: Visit, pid: str) -> ResponseReturnValue:
        return _relation_page(visit, pid, RelationForm(request.args))

    @pages.post("/documents/<pid>/relate", needs=_EDIT, audit="document.relate")
    def relate(act: Act, pid: str) -> ResponseReturnValue:
        form = RelationForm(request.form)
        if not form.validate():
            return _relation_page(act, pid, form, _NO_DAY)
        target, kind = form.target.data or "", form.type.data
        try:
            other = relations.add(
                act.session, pid, kind, target, hand_of(act), since=form.since.data
            )
        except RefusedError as err:
            return _relation_page(act, pid, form, str(err))
        word = relations.TYPES[kind]
        told = {"relation": word, "target": other.pid, "title": other.title}
        act.note(f"document:{pid}", after={**told, "since": form.since.data or ""})
        act.note(f"document:{other.pid}", after={"relation": f"被{word}", "target": pid})
        return act.done(path_of(Kind.DOCUMENT, pid), f"已经写明：{word}《{other.title}》。")

    @pages.post("/documents/<pid>/unrelate", needs=_EDIT, audit="document.unrelate")
    def unrelate(act: Act, pid: str) -> ResponseReturnValue:
        number = request.form.get("relation", "")
        gone = relations.remove(act.session, int(number) if number.isdecimal() else 0, pid=pid)
        word = relations.NAMES.get(gone.type, gone.type)
        before = {"relation": word, "target": gone.target_pid, "since": gone.since or ""}
        act.note(f"document:{gone.document_pid}", before=before)
        act.note(f"document:{gone.target_pid}", before={**before, "relation": f"被{word}"})
        return act.done(path_of(Kind.DOCUMENT, pid), f"已经去掉这条“{word}”关联。")


def _relation_page(
    visit: Visit, pid: str, form: RelationForm, problem: str = ""
) -> ResponseReturnValue:
    with visit.reads() as connection:
        view = found(connection, visit, Kind.DOCUMENT, pid)
        candidates = relations.candidates(connection, form.which.data or "", but=pid)
    return visit.page(
        "cataloguing/console/relate.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK,
        entry=view,
        base=path_of(Kind.DOCUMENT, pid),
        form=form,
        candidates=candidates,
        problem=problem,
        words=texts,
    )


def _add_repeals(pages: Pages) -> None:
    @pages.get("/documents/<pid>/repeal", needs=_EDIT)
    def ask_repeal(visit: Visit, pid: str) -> ResponseReturnValue:
        return _repeal_page(visit, pid, RepealForm(data={"on": visit.today}))

    @pages.post("/documents/<pid>/repeal", needs=_EDIT, audit="document.repeal")
    def repeal(act: Act, pid: str) -> ResponseReturnValue:
        form = RepealForm(request.form)
        form.validate()
        if form.on.data is None:
            return _repeal_page(act, pid, form, _NO_DAY)
        try:
            return _repealed(act, pid, form, form.on.data)
        except RefusedError as err:
            return _repeal_page(act, pid, form, str(err))

    @pages.get("/documents/<pid>/unrepeal", needs=_EDIT)
    def ask_unrepeal(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            view = found(connection, visit, Kind.DOCUMENT, pid)
        return visit.page(
            "cataloguing/console/unrepeal.html",
            entry=view,
            base=path_of(Kind.DOCUMENT, pid),
            by=request.args.get("by", ""),
        )

    @pages.post("/documents/<pid>/unrepeal", needs=_EDIT, audit="document.unrepeal")
    def unrepeal(act: Act, pid: str) -> ResponseReturnValue:
        by = request.form.get("by", "")
        _title, day = repeals.unrepeal(act.session, pid, by=by or None)
        act.note(f"document:{pid}", before={"repealed_on": day, "by": by})
        return act.done(path_of(Kind.DOCUMENT, pid), "已经撤回：效力重新按日期和关联计算。")


def _repealed(act: Act, pid: str, form: RepealForm, on: date) -> ResponseReturnValue:
    reason = releases.checked_reason(form.reason.data or "")
    by = _named(act, form.by.data or "", pid)
    with act.reads() as connection:
        before = found(connection, act, Kind.DOCUMENT, pid)
    repeals.repeal(act.session, pid, by=by, on=on, now=act.now)
    act.note(
        f"document:{pid}",
        before={"repealed_on": before.row.repealed_on or ""},
        after={"repealed_on": on, "by": by or "", "reason": reason},
    )
    since = "现在起读作“已废止”" if on <= act.today else f"{texts.chinese_date(on)}起读作“已废止”"
    return act.done(path_of(Kind.DOCUMENT, pid), f"已经写明废止，公众查到它时{since}。")


def _named(act: Act, text: str, pid: str) -> str | None:
    """Return the one document that was named; None where none was.

    Raises:
        RefusedError: there is none, or more than one.
    """
    if not text.strip():
        return None
    with act.reads() as connection:
        meant = relations.candidates(connection, text, but=pid)
    exact = [one for one in meant if text.strip() in (one.number, one.title, one.pid)]
    chosen = exact or list(meant)
    if len(chosen) != 1:
        told = "没有找到" if not chosen else f"有 {len(chosen)} 份都像"
        raise RefusedError(f"废止它的文件{told}，请把文号或题名写全")
    return chosen[0].pid


def _repeal_page(
    visit: Visit, pid: str, form: RepealForm, problem: str = ""
) -> ResponseReturnValue:
    with visit.reads() as connection:
        view = found(connection, visit, Kind.DOCUMENT, pid)
    return visit.page(
        "cataloguing/console/repeal.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK,
        entry=view,
        base=path_of(Kind.DOCUMENT, pid),
        form=form,
        problem=problem,
    )
