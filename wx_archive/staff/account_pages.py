"""`/console/account`: one's own password, second factor and sessions; and the fresh login."""

from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.wrappers import Response
from wtforms import Form, PasswordField, StringField

from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.services import Services
from wx_archive.staff import (
    accounts,
    authenticators,
    devices,
    passwords,
    sessions,
    signin,
    throttle,
)
from wx_archive.staff.entrance_steps import WRONG_CODE, caller, drawn, keep, refused
from wx_archive.staff.pages import CONFIRM, HOME, Act, CarryOut, Pages, Visit, local_path
from wx_archive.staff.plugs import Console
from wx_archive.staff.rules import Permission
from wx_archive.staff.sessions import Stage
from wx_archive.staff.signin import Refusal
from wx_archive.staff.throttle import Tries

PATH: Final = f"{HOME}/account"
ENROL: Final = f"{PATH}/second-factor"
WRONG_PASSWORD: Final = "密码不对。"  # noqa: S105 -- words, not a password
WRONG_EITHER: Final = "密码或动态码不对。动态码只能用一次，请等它换一个。"


class PasswordForm(Form):
    """A new password of one's own."""

    old = PasswordField("现在的密码", render_kw={"autocomplete": "current-password"})
    new = PasswordField(
        "新密码",
        description="至少 12 个字，可以是一句别人猜不到的话；不用掺大写和符号。",
        render_kw={"autocomplete": "new-password", "maxlength": passwords.LONGEST},
    )
    again = PasswordField("再填一次新密码", render_kw={"autocomplete": "new-password"})


class CodeForm(Form):
    """The code of a new authenticator."""

    code = StringField(
        "手机上显示的 6 位动态码",
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": 12},
    )


class ConfirmForm(Form):
    """Who one is, once more."""

    password = PasswordField("密码", render_kw={"autocomplete": "current-password"})
    code = StringField("动态码或恢复码", render_kw={"autocomplete": "one-time-code"})


def pages(services: Services) -> Pages:
    """Return everybody's own pages."""
    own = Pages("account", __name__, services)
    _sessions(own)
    _password(own)
    _second_factor(own)
    _confirm(own)
    return own


def _sessions(own: Pages) -> None:
    @own.get("/account", needs=Permission.OWN)
    def account(visit: Visit) -> ResponseReturnValue:
        return _account(visit, PasswordForm())

    @own.post(
        "/account/sessions/<int:session_id>/end", needs=Permission.OWN, audit="account.end_session"
    )
    def end_session(act: Act, session_id: int) -> ResponseReturnValue:
        ended = sessions.end(act.session, session_id, member_id=act.person.id)
        act.note(_subject(act), after={"ended": int(ended)})
        return act.done(PATH, "那个登录已经结束。")

    @own.post("/account/sessions/end-others", needs=Permission.OWN, audit="account.end_sessions")
    def end_others(act: Act) -> ResponseReturnValue:
        ended = sessions.end_all(act.session, act.person.id, but=act.signed_in.id)
        act.note(_subject(act), after={"ended": ended})
        return act.done(PATH, f"其他 {ended} 个登录都已结束。" if ended else "没有别的登录。")


def _password(own: Pages) -> None:
    @own.in_steps("/account/password", needs=Permission.OWN, audit="account.password")
    def change_password(visit: Visit, carry_out: CarryOut) -> ResponseReturnValue:
        form = PasswordForm(request.form)
        old, new = form.old.data or "", form.new.data or ""
        known = signin.know(visit.services, visit.person.login, old, caller(visit.now))
        if isinstance(known, Refusal):
            status, problem = refused(known, WRONG_PASSWORD)
            form.old.errors = [problem]
            return _account(visit, form, status)
        if new != form.again.data:
            form.again.errors = ["两次填的不一样"]
        elif problem := signin.chosen_problem(visit.services, visit.signed_in, new):
            form.new.errors = [problem]
        if form.again.errors or form.new.errors:
            _forgive(visit, known.tries)
            return _account(visit, form, HTTPStatus.UNPROCESSABLE_ENTITY)
        password_hash = passwords.hash_password(new)

        def change(act: Act) -> Response:
            member = accounts.locked(act.session, act.person.login)
            throttle.forgive(act.session, known.tries, now=act.now)
            accounts.set_password(
                act.session, member, password_hash, must_change=False, now=act.now
            )
            ended = sessions.end_all(act.session, member.id, but=act.signed_in.id)
            act.note(_subject(act), after={"sessions_ended": ended})
            return _renewed(act, act.done(PATH, "密码已经换好，别处的登录都已结束。"))

        return carry_out(change)


def _second_factor(own: Pages) -> None:
    @own.post("/account/second-factor", needs=Permission.OWN, audit="account.propose", fresh=True)
    def propose(act: Act) -> ResponseReturnValue:
        key_of = act.services.settings.secret()
        token, member_id = act.signed_in.token, act.person.id
        authenticators.propose(act.session, key_of, token=token, member_id=member_id)
        act.note(_subject(act))
        return act.done(ENROL)

    @own.get("/account/second-factor", needs=Permission.OWN, fresh=True)
    def second_factor(visit: Visit) -> ResponseReturnValue:
        return _enrolment(visit, CodeForm())

    @own.post(
        "/account/second-factor/check",
        needs=Permission.OWN,
        audit="account.second_factor",
        fresh=True,
    )
    def prove(act: Act) -> ResponseReturnValue:
        form = CodeForm(request.form)
        key_of = act.services.settings.secret()
        with act.reads() as connection:
            proven = authenticators.prove(
                connection, key_of, act.signed_in, form.code.data or "", now=act.now
            )
        if proven is None:
            form.code.errors = [WRONG_CODE]
            return _enrolment(act, form, HTTPStatus.UNPROCESSABLE_ENTITY)
        had = accounts.locked(act.session, act.person.login).totp_secret is not None
        codes = authenticators.take_over(act.session, key_of, act.signed_in, proven)
        sessions.end_all(act.session, act.person.id, but=act.signed_in.id)
        act.note(_subject(act), before={"second_factor": had}, after={"second_factor": True})
        return act.page("console/account_recovery.html", codes=codes)

    @own.post("/account/recovery", needs=Permission.OWN, audit="account.new_codes", fresh=True)
    def new_codes(act: Act) -> ResponseReturnValue:
        member = accounts.locked(act.session, act.person.login)
        if member.totp_secret is None:
            raise RefusedError("先设好动态码，才有恢复码")
        codes = authenticators.new_codes(act.session, member.id)
        act.note(_subject(act), after={"recovery_codes": len(codes)})
        return act.page("console/account_recovery.html", codes=codes)


def _confirm(own: Pages) -> None:
    @own.get("/confirm", needs=Permission.OWN)
    def confirm(visit: Visit) -> ResponseReturnValue:
        return _confirmation(visit, ConfirmForm())

    @own.in_steps("/confirm", needs=Permission.OWN, audit="account.confirm")
    def confirm_again(visit: Visit, carry_out: CarryOut) -> ResponseReturnValue:
        form = ConfirmForm(request.form)
        known = signin.know(
            visit.services, visit.person.login, form.password.data or "", caller(visit.now)
        )
        if isinstance(known, Refusal):
            return _not_confirmed(visit, form, known)
        _forgive(visit, known.tries)
        tries: Tries | Refusal | None = None
        if _has_second_factor(visit):
            tries = signin.count_code(visit.services, visit.person.login, caller(visit.now))
        if isinstance(tries, Refusal):
            return _not_confirmed(visit, form, tries)
        return carry_out(lambda act: _confirmed(act, form, tries))


def _confirmed(act: Act, form: ConfirmForm, tries: Tries | None) -> Response:
    after: dict[str, Any] = {}
    if tries is not None:
        key_of, code = act.services.settings.secret(), form.code.data or ""
        used = authenticators.use(act.session, key_of, act.person.id, code, now=act.now)
        if used is None:
            form.code.errors = [WRONG_EITHER]
            return _confirmation(act, form, HTTPStatus.UNPROCESSABLE_ENTITY)
        if used.codes_left is not None:
            after["recovery_codes_left"] = used.codes_left
        throttle.forgive(act.session, tries, now=act.now)
    act.note(_subject(act), after=after)
    return _renewed(act, redirect(_next(), HTTPStatus.SEE_OTHER))


def _not_confirmed(visit: Visit, form: ConfirmForm, refusal: Refusal) -> Response:
    status, problem = refused(
        refusal, WRONG_EITHER if _has_second_factor(visit) else WRONG_PASSWORD
    )
    form.password.errors = [problem]
    return _confirmation(visit, form, status)


def _confirmation(visit: Visit, form: ConfirmForm, status: int = HTTPStatus.OK) -> Response:
    return visit.page(
        "console/confirm.html",
        status,
        form=form,
        needs_code=_has_second_factor(visit),
        next_path=_next(),
        action=CONFIRM,
    )


def _account(visit: Visit, form: PasswordForm, status: int = HTTPStatus.OK) -> Response:
    with visit.reads() as connection:
        own = accounts.find(connection, visit.person.login)
        left = authenticators.codes_left(connection, visit.person.id)
        logins = _logins(connection, visit)
    return visit.page(
        "console/account.html", status, account=own, codes_left=left, logins=logins, form=form
    )


def _enrolment(visit: Visit, form: CodeForm, status: int = HTTPStatus.OK) -> Response:
    key_of = visit.services.settings.secret()
    with visit.reads() as connection:
        secret = authenticators.proposed(connection, key_of, visit.signed_in)
    if secret is None and status != HTTPStatus.OK:
        raise RefusedError("没有正在设置的动态码，请从“我的账号”重新开始。")
    if secret is None:
        return redirect(PATH, HTTPStatus.SEE_OTHER)
    told = drawn(visit.services, visit.signed_in, secret)
    return visit.page("console/account_enrol.html", status, form=form, **told)


def _logins(connection: Connection, visit: Visit) -> list[dict[str, Any]]:
    """Return one's sessions as they are shown."""
    return [
        {
            "id": row.id,
            "is_this": row.id == visit.signed_in.id,
            "browser": devices.described(row.agent),
            "address": row.address,
            "begun": _moment(row.created_at),
            "seen": _moment(row.seen_at),
        }
        for row in sessions.of_member(connection, visit.person.id, now=visit.now)
    ]


def _renewed(act: Act, response: Response) -> Response:
    """Give the browser a new token: the password was just proven."""
    token = sessions.renew(act.session, act.signed_in, Stage.FULL, now=act.now)
    keep(response, act.services.settings, token)
    return response


def _forgive(visit: Visit, tries: Tries) -> None:
    with visit.services.database.begin() as session:
        throttle.forgive(session, tries, now=visit.now)


def _has_second_factor(visit: Visit) -> bool:
    with visit.reads() as connection:
        own = accounts.find(connection, visit.person.login)
    return own is not None and own.has_second_factor


def _subject(act: Act) -> str:
    return f"member:{act.person.login}"


def _next() -> str:
    return local_path(request.values.get("next", HOME))


def _moment(instant: datetime) -> str:
    there = instant.astimezone(clock.SHANGHAI)
    return f"{there.month}月{there.day}日 {there:%H:%M}"


ACCOUNT: Final = Console(pages=pages)
