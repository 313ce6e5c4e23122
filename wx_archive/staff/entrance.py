"""The ways into the console and out: login, the demo's switch of person, logout."""

from http import HTTPStatus
from typing import Final

from flask import Blueprint, abort, make_response, redirect, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.services import Services
from wx_archive.core.settings import Profile, Settings
from wx_archive.staff import audit, demo_people, entrance_steps, pages, presession, sessions, signin
from wx_archive.staff.audit import Note
from wx_archive.staff.entrance_steps import caller, go_on, keep, refused
from wx_archive.staff.models import Member
from wx_archive.staff.pages import HOME, LOGIN, Guard, Guards
from wx_archive.staff.sessions import Stage
from wx_archive.staff.signin import Refusal

NAME: Final = "console_entrance"
STALE: Final = "这张表单放得太久了，请再填一次。"


def blueprint(services: Services) -> tuple[Blueprint, Guards]:
    """Return the ways in, with their guards: none of them needs a right."""
    ways = Blueprint(NAME, __name__, url_prefix=HOME)
    _login(ways, services)
    _leave(ways, services)
    guards = {
        f"{NAME}.login": Guard(None, "GET"),
        f"{NAME}.log_in": Guard(None, "POST", "account.login"),
        f"{NAME}.logout": Guard(None, "POST", "account.logout"),
    }
    if services.settings.profile is Profile.DEMO:
        _switch(ways, services)
        guards[f"{NAME}.switch"] = Guard(None, "POST")
    guards |= entrance_steps.add(ways, services)
    return ways, guards


def _login(ways: Blueprint, services: Services) -> None:
    settings = services.settings

    @ways.get("/login")
    def login() -> Response:
        next_path = pages.local_path(request.args.get("next", HOME))
        signed_in = pages.who(services, now=clock.now())
        if signed_in is not None and signed_in.stage is Stage.FULL:
            return redirect(next_path, HTTPStatus.SEE_OTHER)
        return _form(settings, next_path)

    @ways.post("/login")
    def log_in() -> Response:
        next_path = pages.local_path(request.form.get("next", HOME))
        if not presession.is_own_form(settings):
            return _form(settings, next_path, HTTPStatus.FORBIDDEN, problem=STALE)
        now = clock.now()
        try:
            entered = signin.by_password(
                services,
                request.form.get("login", ""),
                request.form.get("password", ""),
                caller(now),
                instead_of=pages.who(services, now=now),
            )
        except RefusedError as err:
            return _form(settings, next_path, HTTPStatus.SERVICE_UNAVAILABLE, problem=str(err))
        if isinstance(entered, Refusal):
            status, problem = refused(entered, "账号或密码不对。")
            return _form(settings, next_path, status, problem=problem)
        return go_on(settings, entered, next_path)


def _form(
    settings: Settings, next_path: str, status: int = HTTPStatus.OK, *, problem: str = ""
) -> Response:
    """Return the login form, with a mark for a browser that has none."""
    given = presession.mark_of(settings)
    mark = given or presession.browser_mark()
    is_demo = settings.profile is Profile.DEMO
    response = make_response(
        render_template(
            "console/login.html",
            people=demo_people.PEOPLE if is_demo else (),
            demo_password=demo_people.PASSWORD if is_demo else "",
            csrf=presession.token(settings, mark),
            next_path=next_path,
            login="".join(filter(str.isprintable, request.form.get("login", ""))),
            problem=problem,
        ),
        status,
    )
    if not given:
        presession.keep(response, settings, mark)
    return response


def _leave(ways: Blueprint, services: Services) -> None:
    settings = services.settings

    @ways.post("/logout")
    def logout() -> Response:
        now = clock.now()
        signed_in = pages.who(services, now=now)
        if signed_in is not None and not pages.comes_from_us(settings):
            abort(HTTPStatus.FORBIDDEN)
        if signed_in is not None:
            login = signed_in.person.login
            with services.database.begin() as session:
                sessions.end(session, signed_in.id, member_id=signed_in.person.id)
                note = Note("account.logout", f"member:{login}")
                address = request.remote_addr or ""
                audit.append(session, note, actor=login, address=address, now=now)
        response = redirect(LOGIN, HTTPStatus.SEE_OTHER)
        response.delete_cookie(pages.cookie_name(settings), secure=pages.is_secure(settings))
        return response


def _switch(ways: Blueprint, services: Services) -> None:
    """Let whoever tries the demo be anybody, at a click; nowhere else is there such a way."""
    settings = services.settings

    @ways.post("/switch")
    def switch() -> Response:
        wanted = request.form.get("login", "")
        is_ours = pages.comes_from_us(settings)
        if not is_ours or wanted not in {person.login for person in demo_people.PEOPLE}:
            abort(HTTPStatus.NOT_FOUND)
        now = clock.now()
        before, told = pages.who(services, now=now), caller(now)
        with services.database.begin() as session:
            if before is not None:
                sessions.end(session, before.id, member_id=before.person.id)
            member_id = session.scalars(select(Member.id).where(Member.login == wanted)).one()
            token = sessions.start(
                session,
                member_id,
                Stage.FULL,
                address=told.address,
                agent=told.agent,
                now=now,
            )
        response = redirect(pages.local_path(request.form.get("next", HOME)), HTTPStatus.SEE_OTHER)
        keep(response, settings, token)
        return response
