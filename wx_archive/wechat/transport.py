"""One exchange with the platform: bounded in time and size, and honest about its outcome.

WeChat answers 200 even to a mistake; any other status, and any answer that is not whole and
readable, comes from something in between: then nobody knows whether the call had its effect.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, TypeVar

import requests
from urllib3.exceptions import HTTPError, NewConnectionError

from wx_archive.wechat.errors import BusyError, PlatformError, UnknownOutcomeError
from wx_archive.wechat.refusals import DONE, refusal

T = TypeVar("T")
Part = tuple[str | None, bytes]
"""A file of a form: its name and its whole content, the same again for each try.

Without a name it is no file but a field.
"""

TIMEOUT_S: Final = (3.0, 10.0)
"""Seconds for connecting and for each piece of the answer."""
ANSWER_LIMIT_BYTES: Final = 8 * 1024 * 1024
ANSWER_WITHIN_S: Final = 12.0
"""Seconds for the whole of an answer in JSON, however slowly it drips; less than a token's lock."""
_PIECE_BYTES: Final = 65_536

# It warns of odd headers together with the address, which holds the token.
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked of the platform, the same for each try.

    Attributes:
        path: where, below the API's address; also the name of the call in logs and in the ledger.
        repeatable: doing it twice is the same as doing it once.
        quota_key: the name in the ledger where it is not the path.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    files: Mapping[str, Part] | None = None
    repeatable: bool = False
    quota_key: str = ""


class Answer:
    """What came back, unread."""

    def __init__(self, response: requests.Response, path: str) -> None:
        self._response = response
        self.path = path
        self.status = response.status_code
        self.content_type = response.headers.get("Content-Type", "").partition(";")[0].strip()

    def pieces(self, *, limit_bytes: int, within_s: float) -> Iterator[bytes]:
        """Yield the decoded body.

        Raises:
            TooMuchError: it is longer than ``limit_bytes``.
            UnknownOutcomeError: it takes longer than ``within_s`` seconds.
        """
        deadline, total = time.monotonic() + within_s, 0
        while piece := self._response.raw.read1(_PIECE_BYTES, decode_content=True):
            total += len(piece)
            if total > limit_bytes:
                raise TooMuchError("微信接口的回答太长", path=self.path, status=self.status)
            yield piece
            if time.monotonic() > deadline:
                raise UnknownOutcomeError("微信接口的回答太慢", path=self.path, status=self.status)

    def unreadable(self) -> UnknownOutcomeError:
        """Return the error of an answer that is none."""
        sentence = f"微信接口的回答看不懂（HTTP {self.status}），不知道这次调用有没有生效"
        return UnknownOutcomeError(sentence, path=self.path, status=self.status)

    def json(self, *, now: datetime) -> dict[str, Any]:
        """Return the answer's object.

        Raises:
            PlatformError: WeChat refused, or there is no such object.
        """
        if self.status != HTTPStatus.OK:
            raise self.unreadable()
        content = b"".join(self.pieces(limit_bytes=ANSWER_LIMIT_BYTES, within_s=ANSWER_WITHIN_S))
        answer = _object(content)
        code = None if answer is None else answer.get("errcode", 0)
        if answer is None or type(code) is not int:
            raise self.unreadable()
        if code not in DONE:
            raise refusal(code, str(answer.get("errmsg", "")), path=self.path, now=now)
        return answer


class TooMuchError(UnknownOutcomeError):
    """The answer is longer than what was asked for may be."""


class Transport:
    """The way to the platform: one address for every call, no redirects."""

    def __init__(
        self, session: requests.Session, base: str, timeout_s: tuple[float, float]
    ) -> None:
        self._session = session
        self.base = base.rstrip("/")
        self._timeout_s = timeout_s

    def exchange(
        self,
        call: Call,
        read: Callable[[Answer], T],
        *,
        secrets: Mapping[str, str] | None = None,
        address: str = "",
    ) -> T:
        """Send ``call`` once and return what ``read`` makes of the answer.

        Args:
            call: what is asked.
            read: reads the answer while the connection is open.
            secrets: more parameters of the address: token or app secret, never logged.
            address: the whole address where it is not the API's.

        Raises:
            BusyError: there was no connection: nothing was sent.
            UnknownOutcomeError: the connection broke, or there was no answer in time.
        """
        failure: PlatformError
        try:
            with (
                self._line(call) as line,
                line.request(
                    call.method,
                    address or self.base + call.path,
                    params={**(secrets or {}), **call.params},
                    data=call.body,
                    files=call.files,
                    headers={"Content-Type": "application/json"} if call.body is not None else None,
                    timeout=self._timeout_s,
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                return read(Answer(response, call.path))
        except (requests.RequestException, HTTPError) as err:
            failure = _failure(err, call.path)
        # Raised out here, without the cause: its text holds the address with token and secret.
        raise failure

    def _line(self, call: Call) -> AbstractContextManager[requests.Session]:
        """Return the kept connections, or a new one for what must not be lost in a dead one.

        A connection that a firewall forgot while it was idle swallows the call: after such a
        silence nobody may repeat what is not repeatable.
        """
        return nullcontext(self._session) if call.repeatable else requests.Session()


def _failure(err: Exception, path: str) -> PlatformError:
    kind = type(err).__name__
    reason = getattr(err.args[0], "reason", None) if err.args else None
    if isinstance(err, requests.ConnectTimeout) or isinstance(reason, NewConnectionError):
        return BusyError(f"连不上微信接口（{kind}），请检查网络", path=path)
    return UnknownOutcomeError(f"微信接口没有答完（{kind}），不知道这次调用有没有生效", path=path)


def _object(content: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(content.decode("utf-8"), strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
