"""The web application: `/wechat` beside Flask's pages. `create_app()` suits any WSGI server."""

import atexit
import logging
import multiprocessing
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, g, jsonify, render_template, request
from sqlalchemy import text
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from wx_archive import __version__, features, metrics
from wx_archive.chat.answering import Answering
from wx_archive.chat.replies import load_replies
from wx_archive.chat.turn import Witness
from wx_archive.chat.webhook import Webhook
from wx_archive.core import h5, ids, log, schema
from wx_archive.core.database import Database
from wx_archive.core.errors import ArchiveError
from wx_archive.core.processes import die_with_parent
from wx_archive.core.services import Services, open_services
from wx_archive.core.settings import Profile, Settings
from wx_archive.core.site import Site
from wx_archive.core.tidy import TidyRequest
from wx_archive.followers.identity import Door
from wx_archive.staff import shell

logger = logging.getLogger(__name__)
MAX_FORM_BYTES: Final = 1024 * 1024
"""What a page takes; one that takes files says so itself (`staff.pages.Guard.most_bytes`)."""


@dataclass(frozen=True, slots=True)
class Application:
    """The WSGI callable and the call that lets go of everything it holds."""

    wsgi: Callable[..., Any]
    services: Services
    close: Callable[[], None]


def build(settings: Settings) -> Application:
    """Wire the account together.

    Raises:
        SettingsError: the settings are not fit to serve.
        ArchiveError: the database's schema is not this version's, or a content file is wrong.
    """
    settings.require_servable()
    with ExitStack() as held:
        services = held.enter_context(open_services(settings))
        schema.require_current(services.database, demo=settings.profile is Profile.DEMO)
        load_replies(services.site.folder)
        witnesses = features.witnesses(services)
        for witness in witnesses:
            held.callback(witness.close)
        answering = Answering(
            dispatcher=features.dispatcher(),
            database=services.database,
            store=services.store,
            site=services.site,
            secret=settings.secret(),
            door=Door.of(settings),
        )
        answering.witnesses = witnesses
        held.callback(answering.close)
        webhook = Webhook(settings, services.store, answering)
        flask = _flask(settings, services)
        add_witnesses(flask, witnesses)
        flask.register_blueprint(metrics.blueprint(services, lambda: answering.activity.skew_s))
        wsgi = _behind_proxies(settings, DispatcherMiddleware(flask, {"/wechat": webhook}))
        return Application(wsgi, services, held.pop_all().close)


def create_app() -> Callable[..., Any]:
    """Return the WSGI application for the settings of the environment."""
    settings = Settings.load()
    log.configure(json=settings.profile is Profile.PRODUCTION)
    if (parent := multiprocessing.parent_process()) is not None and parent.pid:
        die_with_parent(parent.pid)  # a worker of the server's own tree
    application = build(settings)
    # Held on to until the end: collected as garbage it would close its services under way.
    atexit.register(application.close)
    return application.wsgi


def _behind_proxies(settings: Settings, wsgi: Callable[..., Any]) -> Callable[..., Any]:
    """Take the caller's address from our own proxies; what a stranger claims is not looked at."""
    if not settings.trusted_proxies:
        return wsgi
    return ProxyFix(wsgi, x_for=settings.trusted_proxies, x_proto=0, x_host=0)


def _flask(settings: Settings, services: Services) -> Flask:
    flask = Flask("wx_archive")
    flask.request_class = TidyRequest
    flask.config["MAX_CONTENT_LENGTH"] = MAX_FORM_BYTES
    flask.add_template_filter(h5.badge_mark)
    flask.add_template_filter(h5.dial)
    flask.add_template_filter(h5.with_big)
    flask.add_template_filter(h5.without_big)
    flask.add_template_global(h5.asset)
    for feature in features.FEATURES:
        if feature.pages:
            flask.register_blueprint(feature.pages(services))
    shell.install(
        flask,
        services,
        features.consoles(),
        badge=features.alert_badge,
        facts=features.facts_of_today,
    )
    _add_health(flask, services.database)
    _add_frame(flask, settings, services.site)
    _add_own_pages(flask)
    return flask


def _add_health(flask: Flask, database: Database) -> None:
    @flask.get("/-/live")
    def live() -> Response:
        return jsonify(status="ok")

    @flask.get("/-/ready")
    def ready() -> tuple[Response, int]:
        try:
            with database.reads() as connection:
                connection.execute(text("SELECT 1"))
        except Exception:  # noqa: BLE001 -- whatever is wrong, the answer is «not ready»
            logger.warning("health.not_ready")
            return jsonify(status="unavailable"), HTTPStatus.SERVICE_UNAVAILABLE
        return jsonify(status="ok"), HTTPStatus.OK

    @flask.get("/-/version")
    def version() -> Response:
        return jsonify(name="wx-archive", version=__version__)


def _add_frame(flask: Flask, settings: Settings, site: Site) -> None:
    """Add what every page has in common: the site's data, headers, the page for errors."""
    frames = "'none'"
    if settings.profile is not Profile.PRODUCTION:
        # The simulated phone shows our pages in a frame; WeChat's own browser needs none.
        port = settings.simulator_port
        frames = f"http://127.0.0.1:{port} http://localhost:{port}"
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; "
        f"form-action 'self'; base-uri 'none'; frame-ancestors {frames}"
    )

    @flask.before_request
    def begin() -> None:
        g.trace = ids.new_trace_id()
        log.begin_trace(g.trace)

    @flask.context_processor
    def common() -> dict[str, Any]:
        return {"site": site, "profile": site.profile, "big": h5.wants_big(request)}

    @flask.after_request
    def headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        h5.remember_big(request, response)
        if (
            "v" in request.args
            and request.endpoint == "static"
            and response.status_code == HTTPStatus.OK
        ):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        else:
            response.headers.setdefault("Cache-Control", "no-cache")
        return response


def add_witnesses(flask: Flask, witnesses: tuple[Witness, ...]) -> None:
    """Hand over what a page noted (`g.noted`), once it is ready to be shown."""

    @flask.after_request
    def hand_over(response: Response) -> Response:
        if response.status_code == HTTPStatus.OK and "noted" in g:
            for witness in witnesses:
                witness.take(g.noted)
        return response


def _add_own_pages(flask: Flask) -> None:
    """Add what this account is, and one page for everything that is missing or went wrong."""

    @flask.get("/")
    def about() -> str:
        return render_template("h5/about.html")

    @flask.errorhandler(HTTPException)
    def refused(err: HTTPException) -> tuple[str, int]:
        status = err.code or HTTPStatus.INTERNAL_SERVER_ERROR
        return render_template(_error_page(), status=status), status

    @flask.errorhandler(Exception)
    def failed(err: Exception) -> tuple[str, int]:
        level = logging.WARNING if isinstance(err, ArchiveError) else logging.ERROR
        # By its rule: the address itself may be somebody's signed link.
        logger.log(level, "page.failed page=%s", request.url_rule, exc_info=err)
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        return render_template(_error_page(), status=status.value), status


def _error_page() -> str:
    """Return the template for what went wrong here: staff stay in the console."""
    return "console/error.html" if shell.is_console(request.path) else "h5/error.html"
