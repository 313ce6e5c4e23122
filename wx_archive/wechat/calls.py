"""Making a call: counted, repeated where that is safe, with the token, and one line when it fails.

wechatpy's endpoints call through here; so does everything that wechatpy has not.
"""

import json
import logging
import random
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from pathlib import PurePath
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from wechatpy.client import WeChatClient

from wx_archive.core.settings import Settings
from wx_archive.core.store import Store
from wx_archive.wechat.errors import (
    BusyError,
    FollowerError,
    MisconfiguredError,
    OAuthCodeError,
    PlatformError,
    QuotaError,
    UnknownOutcomeError,
)
from wx_archive.wechat.quota import STOPPING, Ledger
from wx_archive.wechat.refusals import BAD_TOKEN, BUSY, MEDIA_GONE, NO_MENU
from wx_archive.wechat.tokens import TOKEN_PATH, TokenKeeper, token_of
from wx_archive.wechat.transport import Answer, Call, Part, Transport

log = logging.getLogger(__name__)
T = TypeVar("T")

TRIES: Final = 3
PAUSE_S: Final = 0.5
"""Before the second try, twice that before the third; a random half more or less."""
FORCED_KEY: Final = f"{TOKEN_PATH}?force_refresh=true"
REPEATABLE: Final = frozenset(
    {
        "/cgi-bin/draft/get",
        "/cgi-bin/freepublish/batchget",
        "/cgi-bin/freepublish/get",
        "/cgi-bin/getcallbackip",
        "/cgi-bin/media/get",
        "/cgi-bin/media/upload",
        "/cgi-bin/media/uploadimg",
        "/cgi-bin/menu/create",
        "/cgi-bin/menu/get",
        "/cgi-bin/message/custom/typing",
        "/cgi-bin/message/mass/get",
        "/cgi-bin/tags/get",
        "/cgi-bin/tags/members/batchtagging",
        "/cgi-bin/tags/members/batchuntagging",
        "/cgi-bin/user/info",
        "/cgi-bin/user/tag/get",
    }
)
"""Calls of which two are as good as one; every other is made again only if nothing was done.

A permanent material is not among them, though a picture for a body is: the first material would
stay in the account's library, count against its thousand films for good, and nobody would know
its number.
"""
_ANSWERS: Final = frozenset({("/cgi-bin/menu/get", NO_MENU), ("/cgi-bin/draft/get", MEDIA_GONE)})
"""Refusals that are what was asked for: «there is none». Staff need not hear of them."""


class Caller:
    """Makes one call, in up to three tries."""

    def __init__(
        self,
        transport: Transport,
        ledger: Ledger,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._transport = transport
        self._ledger = ledger
        self._now = now
        self._sleep = sleep

    def make(
        self,
        call: Call,
        read: Callable[[Answer], T],
        *,
        secrets: Mapping[str, str] | None = None,
        tries: int = TRIES,
    ) -> T:
        """Make ``call`` and return what ``read`` makes of its answer.

        Raises:
            PlatformError: it was refused, or nobody knows.
        """
        attempt = 1
        while True:
            try:
                self._ledger.charge(call.quota_key or call.path, now=self._now())
                answer = self._transport.exchange(call, read, secrets=secrets)
            except PlatformError as err:
                self._note(call, err)
                if attempt == tries or not _may_repeat(call, err):
                    raise
            else:
                self._ledger.allow(call.path, now=self._now())
                return answer
            self._sleep(PAUSE_S * attempt * random.uniform(0.5, 1.5))  # noqa: S311 -- spreads the load, guards nothing
            attempt += 1

    def _note(self, call: Call, err: PlatformError) -> None:
        is_answer = (call.path, err.code) in _ANSWERS
        expected = is_answer or isinstance(err, FollowerError | OAuthCodeError)
        log.log(
            logging.INFO if expected else logging.WARNING,
            "wechat.call_failed kind=%s code=%s path=%s rid=%s",
            type(err).__name__,
            err.code,
            call.path,
            err.rid,
        )
        if err.code is not None and not expected:
            self._ledger.refuse(call.path, err.code, now=self._now())
        if isinstance(err, QuotaError) and err.code in STOPPING:
            self._ledger.stop(call.quota_key or call.path, err.until, now=self._now())


def _may_repeat(call: Call, err: PlatformError) -> bool:
    if isinstance(err, BusyError):
        return err.code is None or err.code in BUSY
    broken = isinstance(err, UnknownOutcomeError) and (err.status or 0)
    return call.repeatable and broken >= HTTPStatus.INTERNAL_SERVER_ERROR


class Client(WeChatClient):  # type: ignore[misc] # wechatpy is untyped
    """wechatpy's endpoints on our own way of calling."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        ledger: Ledger,
        *,
        timeout_s: tuple[float, float],
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        super().__init__(
            settings.wechat_app_id,
            settings.wechat_app_secret.get_secret_value(),
            timeout=timeout_s,
            auto_retry=False,
        )
        self._now = now
        self.transport = Transport(self._http, settings.wechat_api_url, timeout_s)
        self.caller = Caller(self.transport, ledger, now=now, sleep=sleep)
        self._tokens = TokenKeeper(store, self.appid, self._fetch_token, now=now, sleep=sleep)

    @property
    def access_token(self) -> str:
        """The token in force."""
        return self._tokens.current()

    def read_json(self, answer: Answer) -> dict[str, Any]:
        """Return the answer's object; raise what it refuses."""
        return answer.json(now=self._now())

    def with_token(self, call: Call, read: Callable[[Answer], T]) -> T:
        """Make ``call`` with the token; once more with another if that one was refused."""
        token = self._tokens.current()
        try:
            return self.caller.make(call, read, secrets={"access_token": token})
        except PlatformError as err:
            if err.code not in BAD_TOKEN:
                raise
            refused = err
        try:
            token = self._tokens.instead_of(token)
        except MisconfiguredError:
            raise
        except PlatformError:
            raise refused from None
        return self.caller.make(call, read, secrets={"access_token": token})

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _fetch_token(self, force: bool) -> tuple[str, Any]:  # noqa: FBT001 -- as TokenKeeper calls it
        call = Call(
            "post",
            TOKEN_PATH,
            body=encoded(
                {
                    "grant_type": "client_credential",
                    "appid": self.appid,
                    "secret": self.secret,
                    "force_refresh": force,
                }
            ),
            quota_key=FORCED_KEY if force else "",
        )
        # Each try is a token call, and those are rationed: no second one here.
        return token_of(self.caller.make(call, self.read_json, tries=1))

    def _request(self, method: str, url_or_endpoint: str, **kwargs: Any) -> Any:
        """Make a call of wechatpy's."""
        base = kwargs.pop("api_base_url", "https://api.weixin.qq.com/cgi-bin/")
        address = url_or_endpoint if "://" in url_or_endpoint else base + url_or_endpoint
        process = kwargs.pop("result_processor", None)
        data = kwargs.pop("data", None)
        files = kwargs.pop("files", None)
        path = urlsplit(address).path
        call = Call(
            method,
            path,
            params=kwargs.pop("params", None) or {},
            body=encoded(data) if isinstance(data, dict) else data,
            files={name: _whole(file) for name, file in files.items()} if files else None,
            repeatable=path in REPEATABLE,
        )
        answer = self.with_token(call, self.read_json)
        if process is None:
            return answer
        try:
            return process(answer)
        except (LookupError, TypeError):
            raise UnknownOutcomeError(
                "微信接口的回答里缺东西", path=path, status=HTTPStatus.OK
            ) from None


def encoded(value: Mapping[str, Any]) -> bytes:
    """Return JSON as WeChat wants it: hanzi as themselves (its menus show escapes as they are)."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", errors="replace")


def _whole(file: Any) -> Part:
    """Read an upload to its end, from its beginning: a second try must not send an empty one.

    Bytes are a field of the form beside its files.
    """
    if isinstance(file, bytes):
        return None, file
    name, source = file if isinstance(file, tuple) else (getattr(file, "name", "file"), file)
    source.seek(0)
    return PurePath(str(name)).name, source.read()
