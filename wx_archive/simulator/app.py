"""The simulator as a Flask app, for this machine only, and a server for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from threading import Thread
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from wx_archive.simulator.api import api
from wx_archive.simulator.config import SimulatorConfig
from wx_archive.simulator.control import control
from wx_archive.simulator.desk import desk
from wx_archive.simulator.newsroom import newsroom
from wx_archive.simulator.oauth import browsing, sns
from wx_archive.simulator.pages import pages
from wx_archive.simulator.platform import Platform
from wx_archive.simulator.reader import reader
from wx_archive.simulator.traffic import Traffic
from wx_archive.simulator.wire import Wire

MAX_BODY_BYTES: Final = 20 << 20
_POLICY: Final = (
    "default-src 'self'; frame-src http:; img-src 'self' data: http: https:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_TEXTS: Final = {
    403: "模拟器只接受本机的请求。",
    404: "模拟器没有这个地址。",
    405: "模拟器的这个地址不接受这种请求方法。",
    413: "文件太大，模拟器最多收 20 MB。",
}


class _QuietHandler(WSGIRequestHandler):
    """Writes no access log: addresses carry openids and tokens."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def create_app(config: SimulatorConfig) -> Flask:
    """Build the simulator for one account; its `Traffic` is ``app.extensions["simulator"]``."""
    return _app(Traffic(Platform(config), Wire(config)))


def _app(traffic: Traffic) -> Flask:
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.extensions["simulator"] = traffic
    app.before_request(_refuse_strangers)
    app.after_request(_protect)
    app.register_error_handler(HTTPException, _explain)
    for blueprint in (api, sns, browsing, control, desk, newsroom, reader, pages):
        app.register_blueprint(blueprint)
    return app


def _refuse_strangers() -> tuple[Response, int] | None:
    """Refuse other machines' names, and posts that another site's page makes."""
    origin = request.headers.get("Origin")
    foreign = origin is not None and origin != request.host_url.rstrip("/")
    if _is_loopback(request.host) and (request.method in {"GET", "HEAD"} or not foreign):
        return None
    return jsonify(error=_TEXTS[403]), 403


def _is_loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def _protect(response: Response) -> Response:
    """Run only our own scripts; pages of the account stay inside the phone's frame."""
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _explain(err: HTTPException) -> tuple[Response, int]:
    status = err.code or 500
    return jsonify(error=_TEXTS.get(status, "模拟器没能办成这件事。")), status


@contextmanager
def running(config: SimulatorConfig, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Run a simulator in a thread and yield its address; port 0 takes a free one."""
    with _server(config, host, port) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://{host}:{server.port}"
        finally:
            server.shutdown()
            thread.join()


def serve(config: SimulatorConfig, host: str, port: int) -> None:
    """Run a simulator in the foreground until the process is told to stop."""
    with _server(config, host, port) as server:
        server.serve_forever()


@contextmanager
def _server(config: SimulatorConfig, host: str, port: int) -> Iterator[BaseWSGIServer]:
    traffic = Traffic(Platform(config), Wire(config))
    server = make_server(host, port, _app(traffic), threaded=True, request_handler=_QuietHandler)
    try:
        yield server
    finally:
        traffic.close()
        server.server_close()
