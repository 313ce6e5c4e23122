"""Pages that belong to one follower: the decorator that lets only them in, and their cookies."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, Final, ParamSpec
from urllib.parse import quote

from flask import Response, abort, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as AnyResponse

from wx_archive.core import clock
from wx_archive.core.services import Services
from wx_archive.followers.identity import ANY, SESSION_LASTS, Door, Visitor, local_path

P = ParamSpec("P")
View = Callable[Concatenate[Visitor, P], ResponseReturnValue]

DOOR_PAGE: Final = "privacy/h5/door.html"
_OAUTH: Final = "oauth"


def identified(services: Services, purpose: str) -> Callable[[View[P]], Callable[P, AnyResponse]]:
    """Let only a follower in whose session is good for ``purpose``; they are the first argument.

    Others are sent to WeChat to say who they are, or told what to write in the chat. A form must
    carry the session's token in its field ``csrf``.
    """
    door = Door.of(services.settings)

    def decorate(view: View[P]) -> Callable[P, AnyResponse]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> AnyResponse:
            visitor = find_visitor(services, door, purpose)
            if visitor is None:
                return private(_show_door(door))
            is_form = request.method == "POST"
            if is_form and not door.is_own_form(visitor, request.form.get("csrf", "")):
                abort(HTTPStatus.FORBIDDEN)
            return private(view(visitor, *args, **kwargs))

        return guarded

    return decorate


def find_visitor(services: Services, door: Door, purpose: str) -> Visitor | None:
    """Return whose session this request brings for the purpose, if it brings one."""
    for kind in (purpose, ANY):
        cookie = request.cookies.get(_name(door, kind), "")
        if not cookie:
            continue
        with services.database.reads() as connection:
            if found := door.visitor(connection, cookie, purpose=kind, now=clock.now()):
                return found
    return None


def private(answer: ResponseReturnValue) -> AnyResponse:
    """Return an answer that nobody may keep a copy of."""
    response = make_response(answer)
    response.headers["Cache-Control"] = "no-store"
    return response


def refused(reason: str, status: HTTPStatus) -> Response:
    """Return the page that says what to do instead."""
    return make_response(render_template(DOOR_PAGE, reason=reason), status)


def keep_session(response: AnyResponse, door: Door, cookie: str, *, purpose: str) -> None:
    """Leave a session with the browser, in place of an older one."""
    _keep(response, door, purpose, cookie, SESSION_LASTS)


def keep_browser(response: AnyResponse, door: Door, browser: str, lasts: timedelta) -> None:
    """Leave the mark that binds an authorisation to this browser."""
    _keep(response, door, _OAUTH, browser, lasts)


def browser_mark(door: Door) -> str:
    """Return the mark that this browser was left with."""
    return request.cookies.get(_name(door, _OAUTH), "")


def forget_browser(response: AnyResponse, door: Door) -> None:
    """Take the mark back."""
    response.delete_cookie(
        _name(door, _OAUTH), secure=door.is_secure, httponly=True, samesite="Lax"
    )


def _show_door(door: Door) -> AnyResponse:
    if request.method != "GET" or not door.has_oauth:
        return refused("chat", HTTPStatus.FORBIDDEN)
    path = local_path(request.full_path.rstrip("?")) or "/h5/me"
    return redirect(f"/h5/oauth/start?next={quote(path, safe='')}", HTTPStatus.SEE_OTHER)


def _name(door: Door, kind: str) -> str:
    # A browser takes a `__Host-` cookie from this very host only, never from a neighbour.
    return f"__Host-h5-{kind}" if door.is_secure else f"h5-{kind}"


def _keep(response: AnyResponse, door: Door, kind: str, value: str, lasts: timedelta) -> None:
    response.set_cookie(
        _name(door, kind),
        value,
        max_age=int(lasts.total_seconds()),
        secure=door.is_secure,
        httponly=True,
        samesite="Lax",
    )
