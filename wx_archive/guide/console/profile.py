"""本馆资料: who the bureau is, everywhere within two seconds; every state of it is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, assert_never

from flask import abort, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response
from wtforms import BooleanField, StringField, TextAreaField
from wtforms.fields.core import UnboundField
from wtforms.form import BaseForm

from wx_archive.core.errors import RefusedError
from wx_archive.core.site import Profile
from wx_archive.guide import profile, texts
from wx_archive.guide.console.shown import moment, names
from wx_archive.guide.profile import Item, Kind, Standing
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission

PATH: Final = "/console/profile"
NEEDS: Final = Permission.PROFILE_EDIT


def add(pages: Pages) -> None:
    """Add the pages."""
    _editing(pages)
    _going_back(pages)
    _file(pages)


def _editing(pages: Pages) -> None:
    @pages.get("/profile", needs=NEEDS)
    def bureau(visit: Visit) -> ResponseReturnValue:
        stands = _stands(visit)
        return _page(visit, stands, _form(profile.flat(stands.profile)))

    @pages.post("/profile", needs=NEEDS, audit="profile.edit")
    def edit_bureau(act: Act) -> ResponseReturnValue:
        stands, form = _stands(act), _form()
        given = {item.path: _given(item.path, item.kind) for item in profile.items()}
        edited, problems = profile.parsed(given, stands.profile)
        for path, told in problems.items():
            form[path].errors = told
        general = _general(act, stands, edited)
        if edited is None or general:
            return _page(act, stands, form, problems=general, status=422)
        _keep(act, stands, edited)
        return act.done(PATH, "改好了，两秒以内聊天、手机页面和管理台都换成新的。")


def _going_back(pages: Pages) -> None:
    @pages.get("/profile/revisions/<int:number>", needs=NEEDS)
    def bureau_then(visit: Visit, number: int) -> ResponseReturnValue:
        stands = _stands(visit)
        with visit.reads() as connection:
            then = profile.at(connection, number)
        if then is None:
            abort(HTTPStatus.NOT_FOUND)
        return _confirm(visit, stands, then, f"回到第 {number} 次改动之后的样子", str(number))

    @pages.post("/profile/revisions/<int:number>", needs=NEEDS, audit="profile.restore")
    def restore_bureau(act: Act, number: int) -> ResponseReturnValue:
        stands = _stands(act)
        with act.reads() as connection:
            then = profile.at(connection, number)
        if then is None:
            abort(HTTPStatus.NOT_FOUND)
        if problems := _general(act, stands, then):
            raise RefusedError("；".join(problems))
        _keep(act, stands, then)
        return act.done(PATH, f"已经回到第 {number} 次改动之后的样子。")


def _file(pages: Pages) -> None:
    @pages.get("/profile/file", needs=NEEDS)
    def bureau_of_file(visit: Visit) -> ResponseReturnValue:
        stands = _stands(visit)
        if stands.in_file is None:
            abort(HTTPStatus.NOT_FOUND)
        return _confirm(visit, stands, stands.in_file, "改用文件里的本馆资料", "")

    @pages.post("/profile/file", needs=NEEDS, audit="profile.file")
    def take_file(act: Act) -> ResponseReturnValue:
        _keep(act, _stands(act), None)
        return act.done(PATH, "已经改用 content/site.yaml 里的。以后文件改了，重新启动就按新的。")

    @pages.post("/profile/keep", needs=NEEDS, audit="profile.keep")
    def keep_bureau(act: Act) -> ResponseReturnValue:
        stands = _stands(act)
        if not stands.is_conflict:
            raise RefusedError("文件和管理台没有不一致，不用再定")
        _keep(act, stands, stands.profile)
        return act.done(PATH, "留用管理台改的；文件再变，还会提醒。")


def _keep(act: Act, stands: Standing, wanted: Profile | None) -> None:
    seen = replace(stands, number=request.form.get("since", -1, type=int))
    site = act.services.site
    profile.keep(act.session, site, seen, wanted, by=act.person.login, now=act.now)
    diff = profile.changes(stands.profile, wanted or stands.in_file or stands.profile)
    act.note(
        "profile",
        before={path: before for path, _label, before, _after in diff},
        after={path: after for path, _label, _before, after in diff},
    )


def _general(act: Act, stands: Standing, wanted: Profile | None) -> list[str]:
    """Return what is wrong with a profile as a whole."""
    if wanted is None:
        return []
    if wanted == stands.profile:
        return ["和现在的一样，没有改动"]
    long = profile.overflows(act.services.site, wanted)
    return [texts.too_long(long[:3])] if long else []


def _stands(visit: Visit) -> Standing:
    with visit.reads() as connection:
        return profile.standing(connection, visit.services.site)


def _form(data: Mapping[str, str] | None = None) -> BaseForm:
    fields = {item.path: _field(item) for item in profile.items()}
    form = BaseForm(fields)
    form.process(None if data is not None else request.form, data=data)
    return form


def _field(item: Item) -> "UnboundField[Any]":
    label, told = item.label, item.help
    match item.kind:
        case Kind.CHECK:
            return UnboundField(BooleanField, label, description=told)
        case Kind.LINES:
            return UnboundField(TextAreaField, label, description=told, render_kw={"rows": 5})
        case Kind.NUMBER:
            keys = {"inputmode": "numeric"}
            return UnboundField(StringField, label, description=told, render_kw=keys)
        case Kind.LINE:
            return UnboundField(StringField, label, description=told)
        case _:
            assert_never(item.kind)


def _given(path: str, kind: Kind) -> str:
    value = request.form.get(path, "")
    return ("是" if value else "") if kind is Kind.CHECK else value


def _page(
    visit: Visit,
    stands: Standing,
    form: BaseForm,
    *,
    problems: Sequence[str] = (),
    status: int = HTTPStatus.OK,
) -> Response:
    conflict = []
    if stands.is_conflict and stands.in_file is not None:
        conflict = profile.changes(stands.in_file, stands.profile)
    with visit.reads() as connection:
        return visit.page(
            "guide/console/profile.html",
            status,
            form=form,
            stands=stands,
            since=request.form.get("since", stands.number, type=int),
            conflict=conflict,
            problems=problems,
            steps=profile.history(connection),
            names=names(connection),
            moment=moment,
        )


def _confirm(
    visit: Visit, stands: Standing, then: Profile, title: str, number: str
) -> ResponseReturnValue:
    return visit.page(
        "guide/console/profile_back.html",
        title=title,
        path=f"{PATH}/revisions/{number}" if number else f"{PATH}/file",
        since=stands.number,
        diff=profile.changes(stands.profile, then),
        is_file=not number,
    )
