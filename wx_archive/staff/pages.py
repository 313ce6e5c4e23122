"""Pages of the console, safe by construction: none without a guard, no change without its audit.

A feature writes ``@pages.get(path, needs=…)`` and ``@pages.post(path, needs=…, audit=…)``. What
these let in has a session, the right, and, where it changes something, a form of ours from our own
origin; the change and its audit entry commit as one fact, or neither does.
"""

import hmac
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, Final, ParamSpec
from urllib.parse import SplitResult, quote, urlsplit

from flask import Blueprint, current_app, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import Connection
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.services import Services
from wx_archive.core.settings import Profile, Settings
from wx_archive.staff import audit, sessions
from wx_archive.staff.audit import Note
from wx_archive.staff.rules import Permission, Person, is_fresh
from wx_archive.staff.sessions import SignedIn, Stage

log = logging.getLogger(__name__)
P = ParamSpec("P")

HOME: Final = "/console"
LOGIN: Final = "/console/login"
CONFIRM: Final = "/console/confirm"
EXTENSION: Final = "console"
"""Under this name the Flask application keeps the `Guards`."""
_SAID_S: Final = 60


@dataclass(frozen=True, slots=True)
class Guard:
    """What a route asks of whoever comes.

    Attributes:
        needs: the right; None only for the ways in (`public`).
        method: GET or POST.
        audit: the action that is noted; empty for what changes nothing and shows nobody's data.
        is_fresh: the password must have been given in the last minutes.
        is_poll: the page asks by itself; that is not taken for somebody's doing.
        most_bytes: how large the request may be; None for as large as any form.
    """

    needs: Permission | None
    method: str
    audit: str = ""
    is_fresh: bool = False
    is_poll: bool = False
    most_bytes: int | None = None


Guards = dict[str, Guard]
"""By endpoint; what is not in it is not there (`shell`)."""


@dataclass(slots=True)
class Visit:
    """Somebody who may be here, asking for a page.

    Attributes:
        now: the instant of the request; rules and services are given it.
        csrf: goes into every form, as its field `csrf`.
    """

    services: Services
    signed_in: SignedIn
    now: datetime
    csrf: str = field(repr=False)

    @property
    def person(self) -> Person:
        """Who it is."""
        return self.signed_in.person

    @property
    def today(self) -> date:
        """The Shanghai day of the request."""
        return clock.day_of(self.now)

    @contextmanager
    def reads(self) -> Iterator[Connection]:
        """Lend a connection for reading."""
        with self.services.database.reads() as connection:
            yield connection

    def page(self, template: str, status: int = HTTPStatus.OK, **context: Any) -> Response:
        """Return a page of the console; forms that were refused come with 422."""
        return make_response(render_template(template, visit=self, **context), status)


@dataclass(slots=True)
class Act(Visit):
    """Somebody who may change something, in one transaction with its audit.

    Attributes:
        session: commits when the view answers with a redirect or a page; an error page (400 and
            above) or a `RefusedError` undoes everything.
    """

    session: Session = field(kw_only=True)
    action: str = field(kw_only=True)
    notes: list[Note] = field(kw_only=True, default_factory=list)

    def note(
        self,
        subject: str,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        action: str = "",
    ) -> None:
        """Have it written down; every act does at least once.

        Args:
            subject: what it was done to: ``document:PID``; never an openid or a citizen's words.
            before: values that were changed, as they were.
            after: as they are now, and the reason where one was given.
            action: where one route does different things; else the route's.
        """
        self.notes.append(Note(action or self.action, subject, before or {}, after or {}))

    @contextmanager
    def reads(self) -> Iterator[Connection]:
        """Lend the transaction's own connection."""
        yield self.session.connection()

    def done(self, path: str, said: str = "") -> Response:
        """Go on to another page of the console, which says what was done."""
        response = redirect(path, HTTPStatus.SEE_OTHER)
        if said:
            say(response, self.services.settings, said)
        return response


class _UndoneError(Exception):
    """The view answered with an error page: nothing that it wrote may stay."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


GetView = Callable[Concatenate[Visit, P], ResponseReturnValue]
ActView = Callable[Concatenate[Act, P], ResponseReturnValue]
CarryOut = Callable[[Callable[[Act], ResponseReturnValue]], Response]
StepsView = Callable[Concatenate[Visit, CarryOut, P], ResponseReturnValue]


class Pages:
    """A feature's pages below `/console`; templates in `templates/<feature>/console/`."""

    def __init__(self, name: str, import_name: str, services: Services) -> None:
        self.name = f"console_{name}"
        self.services = services
        self.blueprint = Blueprint(
            self.name, import_name, url_prefix=HOME, template_folder="templates"
        )
        self.guards: Guards = {}

    def get(
        self, path: str, *, needs: Permission, fresh: bool = False, poll: bool = False
    ) -> Callable[[GetView[P]], Callable[P, Response]]:
        """Register a page that changes nothing."""
        guard = Guard(needs, "GET", is_fresh=fresh, is_poll=poll)

        def decorate(view: GetView[P]) -> Callable[P, Response]:
            @wraps(view)
            def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
                visit = admit(self.services, guard)
                if not isinstance(visit, Visit):
                    return visit
                try:
                    return make_response(view(visit, *args, **kwargs))
                except RefusedError as err:
                    return _refused(visit, err)

            self._add(path, guard, view.__name__, guarded)
            return guarded

        return decorate

    def post(
        self,
        path: str,
        *,
        needs: Permission,
        audit: str,
        fresh: bool = False,
        most_bytes: int | None = None,
    ) -> Callable[[ActView[P]], Callable[P, Response]]:
        """Register a form's target: one transaction, with an audit entry."""
        return self._acts(path, Guard(needs, "POST", audit, fresh, most_bytes=most_bytes))

    def reading(
        self, path: str, *, needs: Permission, audit: str, fresh: bool = False
    ) -> Callable[[ActView[P]], Callable[P, Response]]:
        """Register a page or download whose being read is noted: personal data, exports."""
        return self._acts(path, Guard(needs, "GET", audit, fresh))

    def in_steps(
        self,
        path: str,
        *,
        needs: Permission,
        audit: str,
        fresh: bool = False,
        most_bytes: int | None = None,
    ) -> Callable[[StepsView[P]], Callable[P, Response]]:
        """Register a form's target that works before its transaction begins.

        It hashes a password, or counts a try that stays counted whatever comes of it. The view is
        handed what carries out the change; without it nothing can be changed.
        """
        guard = Guard(needs, "POST", audit, fresh, most_bytes=most_bytes)

        def decorate(view: StepsView[P]) -> Callable[P, Response]:
            @wraps(view)
            def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
                visit = admit(self.services, guard)
                if not isinstance(visit, Visit):
                    return visit
                try:
                    answer = view(visit, lambda act: _act(visit, guard, act), *args, **kwargs)
                except RefusedError as err:
                    return _refused(visit, err)
                return make_response(answer)

            self._add(path, guard, view.__name__, guarded)
            return guarded

        return decorate

    def _acts(self, path: str, guard: Guard) -> Callable[[ActView[P]], Callable[P, Response]]:
        def decorate(view: ActView[P]) -> Callable[P, Response]:
            @wraps(view)
            def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
                visit = admit(self.services, guard)
                if not isinstance(visit, Visit):
                    return visit
                return _act(visit, guard, lambda act: view(act, *args, **kwargs))

            self._add(path, guard, view.__name__, guarded)
            return guarded

        return decorate

    def _add(self, path: str, guard: Guard, name: str, view: Callable[..., Response]) -> None:
        endpoint = f"{self.name}.{name}"
        if endpoint in self.guards:
            raise ValueError(f"two pages of the console are called {endpoint}")
        self.guards[endpoint] = guard
        self.blueprint.add_url_rule(path, name, view, methods=[guard.method])


def admit(services: Services, guard: Guard) -> Visit | Response:
    """Return the visit, or the answer for somebody who may not come in."""
    now = clock.now()
    if guard.most_bytes is not None:
        request.max_content_length = guard.most_bytes
    signed_in = who(services, now=now)
    if signed_in is None or signed_in.stage is not Stage.FULL:
        return _to_login()
    visit = Visit(services, signed_in, now, signed_in.csrf(services.settings.secret()))
    if guard.needs is None or not visit.person.may(guard.needs):
        log.info("console.forbidden member=%d endpoint=%s", visit.person.id, request.endpoint)
        return visit.page("console/forbidden.html", HTTPStatus.FORBIDDEN)
    if guard.method == "POST" and not is_own_form(services.settings, visit.csrf):
        log.warning("console.foreign_form endpoint=%s", request.endpoint)
        return visit.page("console/stale.html", HTTPStatus.FORBIDDEN)
    if guard.is_fresh and not is_fresh(signed_in.confirmed_at, now=now):
        return redirect(f"{CONFIRM}?next={quote(_where(), safe='')}", HTTPStatus.SEE_OTHER)
    if not guard.is_poll:
        sessions.touch(services.database, signed_in, now=now)
    return visit


def who(services: Services, *, now: datetime) -> SignedIn | None:
    """Return whose session this request brings, at whatever stage it is."""
    token = request.cookies.get(cookie_name(services.settings), "")
    if not token:
        return None
    with services.database.reads() as connection:
        return sessions.find(connection, token, now=now)


def cookie_name(settings: Settings) -> str:
    """Return the session cookie's name; a `__Host-` cookie comes from no neighbour."""
    return "__Host-console" if is_secure(settings) else "console"


def is_secure(settings: Settings) -> bool:
    """Tell whether the console is reached over TLS."""
    return settings.origin.startswith("https://")


def comes_from_us(settings: Settings) -> bool:
    """Tell whether a form was sent from a page of our own origin."""
    told = request.headers.get("Origin") or request.headers.get("Referer", "")
    return _origin_of(told) in _origins(settings)


def say(response: Response, settings: Settings, said: str) -> None:
    """Have the next page of the console say something, once."""
    response.set_cookie(
        "console-said",
        _sealer(settings).dumps(said),
        max_age=_SAID_S,
        path=HOME,
        secure=is_secure(settings),
        httponly=True,
        samesite="Lax",
    )


def take_said(settings: Settings) -> str:
    """Return what the page before wanted said; it is gone with this answer."""
    sealed = request.cookies.get("console-said", "")
    if not sealed:
        return ""
    g.console_said = True
    try:
        return str(_sealer(settings).loads(sealed, max_age=_SAID_S))
    except BadData:
        return ""


def local_path(wanted: str) -> str:
    """Return an address of the console, the first page where it is none."""
    parts = _split(wanted)
    is_ours = not parts.scheme and not parts.netloc and "\\" not in wanted
    inside = parts.path == HOME or parts.path.startswith(f"{HOME}/")
    return wanted if is_ours and inside and wanted.isprintable() else HOME


def _act(visit: Visit, guard: Guard, view: Callable[[Act], ResponseReturnValue]) -> Response:
    try:
        with visit.services.database.begin() as session:
            act = Act(
                visit.services,
                visit.signed_in,
                visit.now,
                visit.csrf,
                session=session,
                action=guard.audit,
            )
            return _noted(act, make_response(view(act)))
    except _UndoneError as undone:
        return undone.response
    except RefusedError as err:
        return _refused(visit, err)


def _refused(visit: Visit, err: RefusedError) -> Response:
    return visit.page("console/refused.html", HTTPStatus.CONFLICT, reason=str(err))


def _noted(act: Act, response: Response) -> Response:
    """Write down what was done, in its transaction.

    Raises:
        _UndoneError: the answer is an error page.
    """
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        raise _UndoneError(response)
    if not act.notes:
        raise RuntimeError(f"{request.endpoint} changes something and notes nothing")
    for note in act.notes:
        audit.append(
            act.session,
            note,
            actor=act.person.login,
            address=request.remote_addr or "",
            now=act.now,
        )
    return response


def is_own_form(settings: Settings, csrf: str) -> bool:
    """Tell whether a form was sent from our own origin, with its session's token."""
    given = request.form.get("csrf", "")
    return comes_from_us(settings) and hmac.compare_digest(given.encode(), csrf.encode())


def _origins(settings: Settings) -> frozenset[str]:
    own = _origin_of(settings.origin)
    if settings.profile is Profile.PRODUCTION:
        return frozenset({own})
    hosts = ("127.0.0.1", "localhost")
    return frozenset({own, *(f"http://{host}:{settings.port}" for host in hosts)})


def _origin_of(address: str) -> str:
    """Return an address's origin as browsers write it: small letters, without the usual port."""
    parts = _split(address)
    usual = ":443" if parts.scheme == "https" else ":80"
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(usual)}"


def _split(address: str) -> SplitResult:
    """Return the parts of what somebody sent as an address; those of none where it is none."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


def _where() -> str:
    """Return where to come back to: a form is filled in anew from its page."""
    if request.method == "GET":
        return local_path(request.full_path.rstrip("?"))
    parts = _split(request.headers.get("Referer", ""))
    return local_path(f"{parts.path}?{parts.query}".rstrip("?"))


def _to_login() -> Response:
    if request.headers.get("HX-Request"):
        response = make_response("", HTTPStatus.UNAUTHORIZED)
        response.headers["HX-Redirect"] = LOGIN
        return response
    return redirect(f"{LOGIN}?next={quote(_where(), safe='')}", HTTPStatus.SEE_OTHER)


def _sealer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret(), salt="console-said")


def guards() -> Guards:
    """Return the guards of the application that is asked."""
    found: Guards = current_app.extensions[EXTENSION].guards
    return found
