"""我的资料 as a page, the doors that lead to it, and WeChat's proof that the domain is ours."""

import json
import logging
import re
from collections.abc import Mapping
from contextlib import closing
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as AnyResponse

from wx_archive.core import clock
from wx_archive.core.services import Services
from wx_archive.followers import consents, interests, oauth, personal_data
from wx_archive.followers import pages as doors
from wx_archive.followers import service as followers
from wx_archive.followers.identity import ANY, Door, Visitor, local_path
from wx_archive.followers.pages import identified, private, refused
from wx_archive.followers.personal_data import Rules
from wx_archive.privacy import service, texts
from wx_archive.privacy.service import AfterWithdrawal
from wx_archive.wechat.client import Platform
from wx_archive.wechat.errors import OAuthCodeError, PlatformError

log = logging.getLogger(__name__)

PAGE: Final = "/h5/me"
PURPOSE: Final = "me"
_PROOF: Final = re.compile(r"[A-Za-z0-9]{1,64}\Z")
_PROOF_BYTES: Final = 1_024


def blueprint(rules: Rules, after: AfterWithdrawal, services: Services) -> Blueprint:
    """Return the pages; only `features.py` knows every rule for personal data there is.

    Args:
        rules: for every table and store that knows a follower.
        after: what ends with a consent.
        services: the installation's.

    Raises:
        FileProblemError: the topics or the consents break their schema.
    """
    interests.check(services.site)
    consents.check(services.site)
    pages = Blueprint("privacy", __name__)
    _add_me(pages, rules, after, services)
    _add_entrance(pages, services)
    _add_oauth(pages, services)
    _add_proof(pages, services)
    return pages


def _add_me(pages: Blueprint, rules: Rules, after: AfterWithdrawal, services: Services) -> None:
    door = Door.of(services.settings)

    @pages.get(PAGE)
    @identified(services, PURPOSE)
    def me(visitor: Visitor) -> ResponseReturnValue:
        with services.database.reads() as connection:
            about = service.about(connection, services.site, visitor.follower_id)
        return render_template(
            "privacy/h5/me.html",
            about=about,
            since=texts.chinese_date(about.known_since),
            purposes=consents.purposes(services.site),
            date=texts.chinese_date,
            csrf=door.form_token(visitor),
            held=_everything(visitor)["资料"],
            readable=texts.readable,
        )

    @pages.post(f"{PAGE}/interests")
    @identified(services, PURPOSE)
    def toggle(visitor: Visitor) -> ResponseReturnValue:
        topic = request.form.get("topic", "")
        if topic not in interests.topics(services.site):
            abort(HTTPStatus.BAD_REQUEST)
        with services.database.begin() as session:
            interests.toggle(session, visitor.follower_id, topic, now=clock.now())
        return redirect(PAGE, HTTPStatus.SEE_OTHER)

    @pages.post(f"{PAGE}/consents")
    @identified(services, PURPOSE)
    def withdraw(visitor: Visitor) -> ResponseReturnValue:
        purpose = request.form.get("purpose", "")
        with services.database.begin() as session:
            service.withdraw_consent(
                session, services.site, visitor.follower_id, purpose, after, now=clock.now()
            )
        return redirect(PAGE, HTTPStatus.SEE_OTHER)

    @pages.get(f"{PAGE}/export")
    @identified(services, PURPOSE)
    def export(visitor: Visitor) -> ResponseReturnValue:
        told = json.dumps(_everything(visitor), ensure_ascii=False, indent=2)
        response = Response(told + "\n", mimetype="application/json")
        response.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
        return response

    def _everything(visitor: Visitor) -> Mapping[str, Any]:
        with services.database.begin() as session:
            case = personal_data.open_case(session, services, follower_id=visitor.follower_id)
            if case is None:
                abort(HTTPStatus.NOT_FOUND)
            return personal_data.export(case, rules, now=clock.now())


def _add_entrance(pages: Blueprint, services: Services) -> None:
    door = Door.of(services.settings)

    @pages.get("/h5/enter/<token>")
    def enter(token: str) -> AnyResponse:
        now = clock.now()
        with services.database.reads() as connection:
            entrance = door.enter(connection, token, now=now)
            if entrance is None:
                return private(refused("link", HTTPStatus.FORBIDDEN))
            cookie = door.new_session(
                connection, entrance.follower_id, purpose=entrance.purpose, now=now
            )
        response = private(redirect(entrance.path, HTTPStatus.SEE_OTHER))
        doors.keep_session(response, door, cookie, purpose=entrance.purpose)
        return response


def _add_oauth(pages: Blueprint, services: Services) -> None:
    door = Door.of(services.settings)

    @pages.get("/h5/oauth/start")
    def start() -> AnyResponse:
        path = local_path(request.args.get("next", PAGE))
        if path is None:
            return private(refused("address", HTTPStatus.BAD_REQUEST))
        if not door.has_oauth:
            return private(refused("chat", HTTPStatus.FORBIDDEN))
        begun = oauth.begin(services.store.steady, path)
        with closing(_platform(services)) as platform:
            address = platform.authorize_url(f"{door.origin}/h5/oauth/callback", begun.state)
        response = private(redirect(address, HTTPStatus.FOUND))
        doors.keep_browser(response, door, begun.browser, oauth.LASTS)
        return response

    @pages.get("/h5/oauth/callback")
    def callback() -> AnyResponse:
        state, code = request.args.get("state", ""), request.args.get("code", "")
        path = (
            oauth.finish(services.store.steady, state, doors.browser_mark(door)) if code else None
        )
        if path is None or not door.has_oauth:
            return private(refused("again", HTTPStatus.BAD_REQUEST))
        try:
            with closing(_platform(services)) as platform:
                openid = platform.oauth_openid(code)
        except OAuthCodeError:
            return private(refused("again", HTTPStatus.BAD_REQUEST))
        except PlatformError as err:
            log.warning("oauth.failed cause=%s", type(err).__name__)
            return private(refused("later", HTTPStatus.SERVICE_UNAVAILABLE))
        return _let_in(services, door, openid, path)


def _let_in(services: Services, door: Door, openid: str, path: str) -> AnyResponse:
    now = clock.now()
    with services.database.begin() as session:
        # Whoever only opens a page has not followed us: they get a row, but no messages.
        follower_id = followers.ensure(session, openid, now=now, is_following=False)
        cookie = door.new_session(session.connection(), follower_id, purpose=ANY, now=now)
    response = private(redirect(path, HTTPStatus.SEE_OTHER))
    doors.forget_browser(response, door)
    doors.keep_session(response, door, cookie, purpose=ANY)
    return response


def _platform(services: Services) -> Platform:
    return Platform(services.settings, services.store, services.database)


def _add_proof(pages: Blueprint, services: Services) -> None:
    """Serve the file that WeChat wants to find at the root; nothing else of the data folder."""

    @pages.get("/MP_verify_<name>.txt")
    def proof(name: str) -> Response:
        path = services.settings.data_dir / f"MP_verify_{name}.txt"
        if not _PROOF.match(name) or path.is_symlink() or not path.is_file():
            abort(HTTPStatus.NOT_FOUND)
        with path.open("rb") as file:
            response = make_response(file.read(_PROOF_BYTES))
        response.headers["Content-Type"] = "text/plain; charset=utf-8"
        return response
