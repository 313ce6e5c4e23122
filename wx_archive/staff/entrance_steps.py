"""What follows the password: the code, a password of one's own, setting up the second factor."""

from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.services import Services
from wx_archive.core.settings import Settings
from wx_archive.staff import authenticators, pages, qr, secondfactor, signin
from wx_archive.staff.pages import HOME, LOGIN, Guard, Guards
from wx_archive.staff.rules import ABSOLUTE
from wx_archive.staff.sessions import SignedIn, Stage
from wx_archive.staff.signin import Caller, Entered, Refusal, Why

PATHS: Final = {
    Stage.CODE: f"{HOME}/code",
    Stage.PASSWORD: f"{HOME}/password",
    Stage.ENROL: f"{HOME}/enrol",
    Stage.FULL: HOME,
}
"""Where each stage is gone through."""
WRONG_CODE: Final = "这个码不对，或者已经用过。请等动态码换一个再填。"
OVER: Final = "这个初始密码已经放了一个多星期，不能再用。请管理员重新给一个。"
View = Callable[[SignedIn, datetime], Response]


def add(ways: Blueprint, services: Services) -> Guards:
    """Add the steps; each opens only to a session that is at it."""
    _code(ways, services)
    _password(ways, services)
    _enrol(ways, services)
    audits = {
        "enter_code": "account.login",
        "choose_password": "account.password",
        "finish_enrolment": "account.second_factor",
    }
    shown = dict.fromkeys(("code", "password", "enrol"), Guard(None, "GET"))
    return {f"{ways.name}.{name}": guard for name, guard in shown.items()} | {
        f"{ways.name}.{name}": Guard(None, "POST", audit) for name, audit in audits.items()
    }


def caller(now: datetime) -> Caller:
    """Return where the request comes from."""
    agent = "".join(filter(str.isprintable, request.user_agent.string))
    return Caller(request.remote_addr or "", agent, now)


def keep(response: Response, settings: Settings, token: str) -> None:
    """Leave a session with the browser."""
    response.set_cookie(
        pages.cookie_name(settings),
        token,
        max_age=int(ABSOLUTE.total_seconds()),
        path="/",
        secure=pages.is_secure(settings),
        httponly=True,
        samesite="Lax",
    )


def go_on(settings: Settings, entered: Entered, next_path: str) -> Response:
    """Lead to the next step, with the new token."""
    path = PATHS[entered.stage]
    if entered.stage is not Stage.FULL:
        path = f"{path}?next={quote(next_path, safe='')}"
    response = redirect(next_path if entered.stage is Stage.FULL else path, HTTPStatus.SEE_OTHER)
    keep(response, settings, entered.token)
    if entered.codes_left is not None:
        pages.say(response, settings, _left(entered.codes_left))
    return response


def refused(refusal: Refusal, wrong: str) -> tuple[int, str]:
    """Return status and words for somebody who does not come further."""
    match refusal.why:
        case Why.WAIT:
            words = f"试得太多了，请{_in_words(refusal.wait)}后再试。着急请找管理员。"
            return HTTPStatus.TOO_MANY_REQUESTS, words
        case Why.OVER:
            return HTTPStatus.UNPROCESSABLE_ENTITY, OVER
        case _:
            return HTTPStatus.UNPROCESSABLE_ENTITY, wrong


def _code(ways: Blueprint, services: Services) -> None:
    @ways.get("/code")
    def code() -> Response:
        return _at(services, Stage.CODE, lambda signed_in, _now: _page(services, signed_in, "code"))

    @ways.post("/code")
    def enter_code() -> Response:
        def enter(signed_in: SignedIn, now: datetime) -> Response:
            given = request.form.get("code", "")
            entered = signin.by_code(services, signed_in, given, caller(now))
            if isinstance(entered, Refusal):
                status, problem = refused(entered, WRONG_CODE)
                return _page(services, signed_in, "code", status, problem=problem)
            return go_on(services.settings, entered, _next())

        return _at(services, Stage.CODE, enter)


def _password(ways: Blueprint, services: Services) -> None:
    @ways.get("/password")
    def password() -> Response:
        return _at(
            services, Stage.PASSWORD, lambda signed_in, _now: _page(services, signed_in, "password")
        )

    @ways.post("/password")
    def choose_password() -> Response:
        def choose(signed_in: SignedIn, now: datetime) -> Response:
            chosen = request.form.get("new", "")
            entered: Entered | str = "两次填的不一样，请再填一次"
            if chosen == request.form.get("again", ""):
                entered = signin.by_own_password(services, signed_in, chosen, caller(now))
            if isinstance(entered, str):
                status = HTTPStatus.UNPROCESSABLE_ENTITY
                return _page(services, signed_in, "password", status, problem=entered)
            return go_on(services.settings, entered, _next())

        return _at(services, Stage.PASSWORD, choose)


def _enrol(ways: Blueprint, services: Services) -> None:
    @ways.get("/enrol")
    def enrol() -> Response:
        return _at(services, Stage.ENROL, lambda signed_in, _now: _enrolment(services, signed_in))

    @ways.post("/enrol")
    def finish_enrolment() -> Response:
        def finish(signed_in: SignedIn, now: datetime) -> Response:
            given = request.form.get("code", "")
            entered = signin.by_enrolment(services, signed_in, given, caller(now))
            if entered is None:
                return _enrolment(services, signed_in, HTTPStatus.UNPROCESSABLE_ENTITY, WRONG_CODE)
            response = make_response(
                render_template(
                    "console/recovery.html", codes=entered.recovery_codes, next_path=_next()
                )
            )
            keep(response, services.settings, entered.token)
            return response

        return _at(services, Stage.ENROL, finish)


def _enrolment(
    services: Services, signed_in: SignedIn, status: int = HTTPStatus.OK, problem: str = ""
) -> Response:
    with services.database.reads() as connection:
        secret = authenticators.proposed(connection, services.settings.secret(), signed_in)
    if secret is None:
        return redirect(LOGIN, HTTPStatus.SEE_OTHER)
    return _page(
        services, signed_in, "enrol", status, problem=problem, **drawn(services, signed_in, secret)
    )


def drawn(services: Services, signed_in: SignedIn, secret: str) -> dict[str, str]:
    """Return the new authenticator as it is scanned and as it is typed over."""
    address = secondfactor.address_of(
        secret, login=signed_in.person.login, issuer=services.site.profile.account
    )
    return {"picture": qr.draw(address), "secret": secondfactor.grouped(secret)}


def _at(services: Services, stage: Stage, view: View) -> Response:
    """Let the one step be done that a session is at; a form of ours alone may do it."""
    now = clock.now()
    signed_in = pages.who(services, now=now)
    if signed_in is None:
        return redirect(LOGIN, HTTPStatus.SEE_OTHER)
    if signed_in.stage is not stage:
        return redirect(PATHS[signed_in.stage], HTTPStatus.SEE_OTHER)
    csrf = signed_in.csrf(services.settings.secret())
    if request.method == "POST" and not pages.is_own_form(services.settings, csrf):
        return _page(services, signed_in, "stale_step", HTTPStatus.FORBIDDEN)
    try:
        return view(signed_in, now)
    except RefusedError as err:
        return _page(services, signed_in, "stale_step", HTTPStatus.CONFLICT, problem=str(err))


def _page(
    services: Services, signed_in: SignedIn, name: str, status: int = HTTPStatus.OK, **told: str
) -> Response:
    """Return a step's page."""
    return make_response(
        render_template(
            f"console/{name}.html",
            person=signed_in.person,
            csrf=signed_in.csrf(services.settings.secret()),
            next_path=_next(),
            path=PATHS[signed_in.stage],
            **told,
        ),
        status,
    )


def _next() -> str:
    return pages.local_path(request.values.get("next", HOME))


def _left(codes: int) -> str:
    if codes == 0:
        return "恢复码用完了。请现在就到“我的账号”里换一批。"
    return f"用掉了一个恢复码，还剩 {codes} 个。手机找不回来了，请到“我的账号”里换新的动态码。"


def _in_words(wait: timedelta) -> str:
    seconds = int(wait.total_seconds()) + 1
    return f" {seconds} 秒" if seconds <= 60 else f" {-(-seconds // 60)} 分钟"
