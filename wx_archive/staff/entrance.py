"""The ways into the console and out: login, the demo's switch of person, logout."""

from http import HTTPStatus
from typing import Final

from flask import Blueprint, abort, make_response, redirect, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from wx_archive.core import clock
from wx_archive.core.services import Services
from wx_archive.core.settings import Profile, Settings
from wx_archive.staff import demo_people, pages, sessions
from wx_archive.staff.models import Member
from wx_archive.staff.pages import HOME, LOGIN, Guard, Guards
from wx_archive.staff.rules import ABSOLUTE
from wx_archive.staff.sessions import Stage

NAME: Final = "console_entrance"


def blueprint(services: Services) -> tuple[Blueprint, Guards]:
    """Return the ways in, with their guards: none of them needs a right."""
    ways = Blueprint(NAME, __name__, url_prefix=HOME)
    settings = services.settings
    is_demo = settings.profile is Profile.DEMO

    @ways.get("/login")
    def login() -> Response:
        people = demo_people.PEOPLE if is_demo else ()
        next_path = pages.local_path(request.args.get("next", HOME))
        return make_response(
            render_template("console/login.html", people=people, next_path=next_path)
        )

    @ways.post("/switch")
    def switch() -> Response:
        if not is_demo or not pages.comes_from_us(settings):
            abort(HTTPStatus.NOT_FOUND)
        wanted = request.form.get("login", "")
        if wanted not in {person.login for person in demo_people.PEOPLE}:
            abort(HTTPStatus.NOT_FOUND)
        now = clock.now()
        before = pages.who(services, now=now)
        with services.database.begin() as session:
            if before is not None:
                sessions.end(session, before.id, member_id=before.person.id)
            member_id = session.scalars(select(Member.id).where(Member.login == wanted)).one()
            token = sessions.start(
                session,
                member_id,
                Stage.FULL,
                address=request.remote_addr or "",
                agent=request.user_agent.string,
                now=now,
            )
        response = redirect(pages.local_path(request.form.get("next", HOME)), HTTPStatus.SEE_OTHER)
        keep(response, settings, token)
        return response

    @ways.post("/logout")
    def logout() -> Response:
        now = clock.now()
        signed_in = pages.who(services, now=now)
        if signed_in is not None and pages.comes_from_us(settings):
            with services.database.begin() as session:
                sessions.end(session, signed_in.id, member_id=signed_in.person.id)
        response = redirect(LOGIN, HTTPStatus.SEE_OTHER)
        response.delete_cookie(pages.cookie_name(settings), secure=pages.is_secure(settings))
        return response

    guards = {
        f"{NAME}.login": Guard(None, "GET"),
        f"{NAME}.switch": Guard(None, "POST"),
        f"{NAME}.logout": Guard(None, "POST"),
    }
    return ways, guards


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
