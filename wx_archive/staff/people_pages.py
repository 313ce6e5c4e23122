"""`/console/people`: who has an account, with which roles; first passwords, closing, resetting."""

from http import HTTPStatus
from typing import Final

from flask import abort, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response
from wtforms import BooleanField, Form, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # older stubs
from wtforms.widgets import CheckboxInput, ListWidget

from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.services import Services
from wx_archive.staff import accounts, password_rules, sessions
from wx_archive.staff.accounts import Account, Changed
from wx_archive.staff.pages import HOME, Act, Pages, Visit
from wx_archive.staff.plugs import Console, Entry
from wx_archive.staff.rules import NEEDS_SECOND_FACTOR, ROLE_NAMES, Permission, Role

PATH: Final = f"{HOME}/people"
OWN: Final = "自己的账号要由另一个管理员来改；自己的密码和动态码在“我的账号”里换"
ROLE_HELP: Final = {
    Role.CORRESPONDENT: "只管自己交来的材料",
    Role.EDITOR: "编目、改文件、提出开放",
    Role.REVIEWER: "放行别人提出的",
    Role.PUBLISHER: "发消息",
    Role.DESK: "代查、接待市民",
    Role.AUDITOR: "只看审计，不能兼别的",
    Role.ADMIN: "人员、设置、系统",
}
_UNFIT: Final = HTTPStatus.UNPROCESSABLE_ENTITY
_NEEDS: Final = Permission.PEOPLE_MANAGE


class CheckboxesField(SelectMultipleField):
    """Several of a few."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def _roles_field() -> CheckboxesField:
    choices = [
        SelectChoice(role.value, f"{ROLE_NAMES[role]}：{ROLE_HELP[role]}{_second(role)}")
        for role in Role
    ]
    return CheckboxesField("可以选几个角色", choices=choices)


def _second(role: Role) -> str:
    return "（登录要动态码）" if role in NEEDS_SECOND_FACTOR else ""


class AddForm(Form):
    """Somebody new."""

    login = StringField(
        "账号",
        description="小写字母、数字和 . _ -，以字母开头，例如 chenxm。以后不能改，也不再给别人。",
        render_kw={"autocomplete": "off", "maxlength": 40, "autocapitalize": "none"},
    )
    name = StringField("姓名", render_kw={"autocomplete": "off", "maxlength": 40})
    roles = _roles_field()


class RolesForm(Form):
    """What somebody may do."""

    roles = _roles_field()


class ResetForm(Form):
    """What somebody has lost."""

    password = BooleanField("密码：给一个新的初始密码，下次登录要换掉")
    second_factor = BooleanField("动态码：手机丢了或换了，恢复码也没有了，取消后重新设置")


def pages(services: Services) -> Pages:
    """Return the pages on the people who work here."""
    people = Pages("people", __name__, services)
    _list(people)
    _adding(people)
    _roles(people)
    _closing(people)
    _resetting(people)
    return people


def _list(people: Pages) -> None:
    @people.get("/people", needs=_NEEDS)
    def everybody(visit: Visit) -> ResponseReturnValue:
        with visit.reads() as connection:
            found = accounts.everybody(connection)
        return visit.page("console/people.html", people=found)

    @people.get("/people/member/<login>", needs=_NEEDS)
    def member(visit: Visit, login: str) -> ResponseReturnValue:
        found = _found(visit, login)
        form = RolesForm(roles=[role.value for role in found.roles])
        return _member(visit, found, form)


def _adding(people: Pages) -> None:
    @people.get("/people/add", needs=_NEEDS, fresh=True)
    def adding(visit: Visit) -> ResponseReturnValue:
        return visit.page("console/people_add.html", form=AddForm())

    @people.post("/people/add", needs=_NEEDS, audit="member.add", fresh=True)
    def add(act: Act) -> ResponseReturnValue:
        form = AddForm(request.form)
        password = password_rules.random_password()
        if not _is_filled_in(form):
            return act.page("console/people_add.html", _UNFIT, form=form)
        try:
            made = accounts.add(
                act.session,
                login=form.login.data or "",
                name=form.name.data or "",
                roles=map(Role, form.roles.data or ()),
                password=password,
                now=act.now,
            )
        except RefusedError as err:
            form.roles.errors = [str(err)]
            return act.page("console/people_add.html", _UNFIT, form=form)
        roles = sorted(form.roles.data or ())
        act.note(_subject(made.login), after={"name": made.name, "roles": roles})
        return _handed_over(act, made.login, made.name, password)


def _roles(people: Pages) -> None:
    @people.post("/people/member/<login>/roles", needs=_NEEDS, audit="member.roles", fresh=True)
    def set_roles(act: Act, login: str) -> ResponseReturnValue:
        found = _found(act, login)
        _require_other(act, found)
        form = RolesForm(request.form)
        if not form.validate():
            form.roles.errors = ["没有这样的角色"]
            return _member(act, found, form, _UNFIT)
        try:
            changed = accounts.set_roles(act.session, login, map(Role, form.roles.data or ()))
        except RefusedError as err:
            form.roles.errors = [str(err)]
            return _member(act, found, form, _UNFIT)
        return _changed(act, found, changed, f"{found.name}的角色已经改好。")


def _closing(people: Pages) -> None:
    @people.get("/people/member/<login>/disable", needs=_NEEDS, fresh=True)
    def closing(visit: Visit, login: str) -> ResponseReturnValue:
        found = _found(visit, login)
        _require_other(visit, found)
        with visit.reads() as connection:
            logins = len(sessions.of_member(connection, found.id, now=visit.now))
        return visit.page("console/people_disable.html", account=found, logins=logins)

    @people.post("/people/member/<login>/disable", needs=_NEEDS, audit="member.disable", fresh=True)
    def disable(act: Act, login: str) -> ResponseReturnValue:
        found = _found(act, login)
        _require_other(act, found)
        changed = accounts.disable(act.session, login)
        return _changed(act, found, changed, f"{found.name}的账号已经停用，登录都已结束。")

    @people.post("/people/member/<login>/enable", needs=_NEEDS, audit="member.enable", fresh=True)
    def enable(act: Act, login: str) -> ResponseReturnValue:
        found = _found(act, login)
        changed = accounts.enable(act.session, login)
        return _changed(act, found, changed, f"{found.name}的账号又能用了，密码照旧。")


def _resetting(people: Pages) -> None:
    @people.get("/people/member/<login>/reset", needs=_NEEDS, fresh=True)
    def resetting(visit: Visit, login: str) -> ResponseReturnValue:
        found = _found(visit, login)
        _require_other(visit, found)
        return visit.page("console/people_reset.html", account=found, form=ResetForm())

    @people.post("/people/member/<login>/reset", needs=_NEEDS, audit="member.reset", fresh=True)
    def reset(act: Act, login: str) -> ResponseReturnValue:
        found = _found(act, login)
        _require_other(act, found)
        form = ResetForm(request.form)
        if not (form.password.data or form.second_factor.data):
            form.password.errors = ["选一样，或者两样都选"]
            return act.page("console/people_reset.html", _UNFIT, account=found, form=form)
        password = password_rules.random_password() if form.password.data else ""
        changed = accounts.reset(
            act.session,
            act.services.settings.secret(),
            login,
            password=password,
            second_factor=bool(form.second_factor.data),
            now=act.now,
        )
        act.note(_subject(found.login), before=changed.before, after=changed.after)
        if password:
            return _handed_over(act, found.login, found.name, password)
        return act.done(
            _path(found), f"{found.name}的动态码已经取消，登录都已结束；下次登录重新设置。"
        )


def _handed_over(act: Act, login: str, name: str, password: str) -> Response:
    """Show a first password: now, and never again."""
    return act.page("console/people_password.html", login=login, name=name, password=password)


def _changed(act: Act, found: Account, changed: Changed, said: str) -> Response:
    act.note(_subject(found.login), before=changed.before, after=changed.after)
    return act.done(_path(found), said)


def _member(visit: Visit, found: Account, form: RolesForm, status: int = HTTPStatus.OK) -> Response:
    with visit.reads() as connection:
        logins = len(sessions.of_member(connection, found.id, now=visit.now))
    return visit.page(
        "console/person.html",
        status,
        account=found,
        form=form,
        logins=logins,
        is_own=found.login == visit.person.login,
        since=clock.day_of(found.created_at),
    )


def _found(visit: Visit, login: str) -> Account:
    with visit.reads() as connection:
        found = accounts.find(connection, login)
    if found is None:
        abort(HTTPStatus.NOT_FOUND)
    return found


def _require_other(visit: Visit, found: Account) -> None:
    if found.login == visit.person.login:
        raise RefusedError(OWN)


def _is_filled_in(form: AddForm) -> bool:
    """Tell whether an account can be made of it; else the fields say what is wrong."""
    is_fit = form.validate()
    problems = (
        (form.login, accounts.login_problem(accounts.spelled(form.login.data or ""))),
        (form.name, accounts.name_problem((form.name.data or "").strip())),
    )
    for field, problem in problems:
        if problem:
            field.errors = [problem]
    return is_fit and not any(problem for _field, problem in problems)


def _path(found: Account) -> str:
    return f"{PATH}/member/{found.login}"


def _subject(login: str) -> str:
    return f"member:{login}"


PEOPLE: Final = Console(pages=pages, entries=(Entry("人员", "/people", Permission.PEOPLE_MANAGE),))
