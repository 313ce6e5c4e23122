"""`GET|POST /wechat`: a small WSGI application, mounted beside Flask because it is the hot path."""

import logging
import re
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from wx_archive.chat.answering import DEADLINE_S, Answering
from wx_archive.core import clock, ids
from wx_archive.core.database import is_transient
from wx_archive.core.errors import TransientError
from wx_archive.core.log import begin_trace
from wx_archive.core.settings import Encryption, Settings
from wx_archive.core.store import Store
from wx_archive.wechat.envelope import MAX_BODY_BYTES, Account, Opened
from wx_archive.wechat.errors import ForgedError, MalformedError, TooLargeError, WireError
from wx_archive.wechat.replies import SUCCESS

log = logging.getLogger(__name__)

Environ = dict[str, object]
StartResponse = Callable[[str, list[tuple[str, str]]], object]
_PLAIN_QUERY: Final = re.compile(r"[\w\-]+=[\w\-]*(?:&[\w\-]+=[\w\-]*){0,19}\Z", re.ASCII)
_LENGTH: Final = re.compile(r"[0-9]{1,19}\Z")
_TEXT: Final = "text/plain; charset=utf-8"
_XML: Final = "text/xml; charset=utf-8"


class Webhook:
    """The address that WeChat calls."""

    def __init__(self, settings: Settings, store: Store, answering: Answering) -> None:
        self._account = Account(settings)
        self._is_plain = settings.wechat_encryption is Encryption.PLAIN
        self._window_s = settings.wechat_clock_window_s
        self._store = store.steady
        self._answering = answering

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one delivery; whatever goes wrong is a status, never a detail."""
        begin_trace(ids.new_trace_id())
        try:
            status, kind, body = self._receive(environ)
        except WireError as err:
            log.info("webhook.refused reason=%s", err.reason)
            self._answering.activity.count("refused", err.reason, clock.now())
            status, kind, body = HTTPStatus(err.status), _TEXT, b""
        except TransientError as err:
            log.warning("webhook.unavailable cause=%s", err)
            self._answering.activity.count("unavailable", str(err), clock.now())
            status, kind, body = HTTPStatus.SERVICE_UNAVAILABLE, _TEXT, b""
        except Exception as err:
            if is_transient(err):
                status = HTTPStatus.SERVICE_UNAVAILABLE
            else:
                status = HTTPStatus.INTERNAL_SERVER_ERROR
            log.error("webhook.failed", exc_info=err)  # noqa: TRY400 -- one place for the trace
            kind, body = _TEXT, b""
        headers = [
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            headers.append(("Allow", "GET, POST"))
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    def _receive(self, environ: Environ) -> tuple[HTTPStatus, str, bytes]:
        if environ.get("PATH_INFO", "") not in ("", "/"):
            return HTTPStatus.NOT_FOUND, _TEXT, b""
        deadline = time.monotonic() + DEADLINE_S
        query = _query(environ)
        now = clock.now()
        match environ["REQUEST_METHOD"]:
            case "GET":
                return HTTPStatus.OK, _TEXT, self._account.verify(query, now=now).encode()
            case "POST":
                opened = self._account.open(query, _body(environ), now=now)
            case _:
                return HTTPStatus.METHOD_NOT_ALLOWED, _TEXT, b""
        if self._is_plain:
            self._guard_replay(opened)
        reply = self._answering.reply_to(opened.message, opened.raw, now=now, deadline=deadline)
        sealed = self._account.seal(reply, opened, now=clock.now())
        return HTTPStatus.OK, _TEXT if sealed == SUCCESS else _XML, sealed

    def _guard_replay(self, opened: Opened) -> None:
        """Refuse a known signature with another body: in plain mode the body is not signed."""
        digest = opened.body_digest.encode()
        ttl = clock.seconds(2 * self._window_s)
        if self._store.add(f"signature:{opened.signature}", digest, ttl=ttl) != digest:
            raise ForgedError("replay")


def _query(environ: Environ) -> dict[str, str]:
    text = str(environ.get("QUERY_STRING", ""))
    if len(text) > 2_048:
        raise MalformedError("query-size")
    try:
        if _PLAIN_QUERY.match(text):  # as WeChat's nearly always is: nothing to decode
            pairs = [part.split("=") for part in text.split("&")]
        else:
            found = parse_qsl(text, keep_blank_values=True, max_num_fields=20)
            pairs = [[name, value] for name, value in found]
    except ValueError as err:
        raise MalformedError("query-fields") from err
    query = {name: value for name, value in pairs}  # noqa: C416 -- lists of two
    if len(query) != len(pairs):
        raise MalformedError("query-repeated")
    return query


def _body(environ: Environ) -> bytes:
    length = str(environ.get("CONTENT_LENGTH") or "")
    if length and not _LENGTH.match(length):
        raise MalformedError("content-length")
    if length and int(length) > MAX_BODY_BYTES:
        raise TooLargeError("content-length")
    if not length and not environ.get("wsgi.input_terminated"):
        return b""  # PEP 3333: nobody tells where it would end
    stream = environ["wsgi.input"]
    body = stream.read(int(length) if length else MAX_BODY_BYTES + 1)  # type: ignore[attr-defined]
    return bytes(body)
