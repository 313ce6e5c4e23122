"""The platform's API, as far as the account calls it; the only caller of wechatpy's endpoints.

wechatpy brings the endpoints; the transport is ours: one base address for every call, timeouts,
`stable_token` in the shared store, one refresh and one retry, and no answer that is not JSON ever
counts as success. Source: docs/sources.md#platform-errors.
"""

import json
import logging
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from wechatpy.client import WeChatClient
from wechatpy.exceptions import WeChatClientException

from wx_archive.core.errors import ArchiveError
from wx_archive.core.settings import Settings
from wx_archive.core.store import Store

log = logging.getLogger(__name__)

TIMEOUT_S: Final = (3.0, 10.0)
TOKEN_MARGIN_S: Final = 300
BAD_TOKEN: Final = frozenset({40001, 40014, 42001})
NO_MENU: Final = 46003


class PlatformError(ArchiveError):
    """WeChat refused a call.

    Attributes:
        code: WeChat's errcode; None when there was no usable answer and the outcome is unknown.
    """

    def __init__(self, code: int | None, message: str) -> None:
        super().__init__(f"{code}: {message}" if code is not None else message)
        self.code = code


class _Transport(WeChatClient):  # type: ignore[misc] # wechatpy is untyped
    """wechatpy's client with our own way of calling."""

    def __init__(self, settings: Settings, store: Store, timeout_s: tuple[float, float]) -> None:
        super().__init__(
            settings.wechat_app_id,
            settings.wechat_app_secret.get_secret_value(),
            timeout=timeout_s,
            auto_retry=False,
        )
        self._base = settings.wechat_api_url.rstrip("/")
        self._store = store

    @property
    def access_token(self) -> str:
        """The shared token, fetched when the store has none."""
        held = self._store.get(f"token:{self.appid}")
        return held.decode() if held else self.renew_token(force=False)

    def renew_token(self, *, force: bool) -> str:
        answer = self._send(
            "post",
            f"{self._base}/cgi-bin/stable_token",
            json={
                "grant_type": "client_credential",
                "appid": self.appid,
                "secret": self.secret,
                "force_refresh": force,
            },
        )
        token, life_s = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not isinstance(life_s, int):
            raise PlatformError(None, "微信接口没有给出 access_token")
        life = max(60, life_s - TOKEN_MARGIN_S)
        self._store.put({f"token:{self.appid}": (token.encode(), timedelta(seconds=life))})
        return token

    def _request(self, method: str, url_or_endpoint: str, **kwargs: Any) -> Any:
        """Call an endpoint, at most twice: once more when the token was refused."""
        base = kwargs.pop("api_base_url", "https://api.weixin.qq.com/cgi-bin/")
        path = urlsplit(
            url_or_endpoint if "://" in url_or_endpoint else base + url_or_endpoint
        ).path
        process = kwargs.pop("result_processor", None)
        if isinstance(kwargs.get("data"), dict):
            kwargs["data"] = json.dumps(kwargs["data"], ensure_ascii=False).encode()
        params = dict(kwargs.pop("params", None) or {})
        token = self.access_token
        for attempt in (1, 2):
            try:
                answer = self._send(
                    method, self._base + path, params={"access_token": token} | params, **kwargs
                )
            except PlatformError as err:
                if err.code not in BAD_TOKEN or attempt == 2:
                    raise
                self._store.drop(f"token:{self.appid}")
                refused, token = token, self.renew_token(force=False)
                if token == refused:
                    token = self.renew_token(force=True)
                continue
            return process(answer) if process else answer
        message = "unreachable"
        raise AssertionError(message)

    def _send(self, method: str, url: str, **kwargs: Any) -> dict[str, Any]:
        try:
            response = self._http.request(
                method, url, timeout=self.timeout, allow_redirects=False, **kwargs
            )
        except requests.RequestException as err:
            raise PlatformError(None, f"连不上微信接口（{type(err).__name__}）") from err
        unreadable = f"微信接口的回答看不懂（HTTP {response.status_code}）"
        try:
            answer = json.loads(response.content)
        except ValueError as err:
            raise PlatformError(None, unreadable) from err
        # WeChat answers 200 even to a mistake; anything else comes from something in between.
        if response.status_code != HTTPStatus.OK or not isinstance(answer, dict):
            raise PlatformError(None, unreadable)
        code = answer.get("errcode", 0)
        if not isinstance(code, int):
            raise PlatformError(None, unreadable)
        if code:
            raise PlatformError(code, str(answer.get("errmsg", "")))
        return answer


class Platform:
    """What the account asks of WeChat."""

    def __init__(
        self, settings: Settings, store: Store, *, timeout_s: tuple[float, float] = TIMEOUT_S
    ) -> None:
        self._client = _Transport(settings, store, timeout_s)

    def menu(self) -> list[dict[str, Any]] | None:
        """Return the buttons of the account's menu, or None if it has none."""
        try:
            answer = self._client.get("menu/get")
        except PlatformError as err:
            if err.code == NO_MENU:
                return None
            raise
        held = answer.get("menu")
        buttons = held.get("button") if isinstance(held, dict) else None
        if not isinstance(buttons, list):
            raise PlatformError(None, "微信接口的回答里没有菜单")
        return buttons

    def push_menu(self, buttons: list[dict[str, Any]]) -> None:
        """Replace the account's menu."""
        try:
            self._client.menu.create({"button": buttons})
        except WeChatClientException as err:  # pragma: no cover -- wechatpy's own checks
            raise PlatformError(err.errcode, str(err.errmsg)) from err

    def close(self) -> None:
        """Close the connections."""
        self._client._http.close()  # noqa: SLF001 -- wechatpy keeps its session private
