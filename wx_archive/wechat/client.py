"""What the account asks of WeChat; the only caller of wechatpy's endpoints.

wechatpy brings endpoints where it has right ones; the way of calling is ours (`calls.py`). Every
method raises `PlatformError` (its class says what to do) or, for what this kind of account may not
do at all, `RefusedError`. Source: docs/sources.md#platform-errors.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, BinaryIO, Final
from urllib.parse import urlencode, urlsplit

from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.core.store import Store
from wx_archive.wechat.account import Capability, Entitlements
from wx_archive.wechat.calls import Client, encoded
from wx_archive.wechat.errors import (
    ContentError,
    OAuthCodeError,
    OversizedError,
    PlatformError,
    UnknownOutcomeError,
)
from wx_archive.wechat.limits import limits
from wx_archive.wechat.publishing import Publishing
from wx_archive.wechat.quota import ApiQuota, Ledger
from wx_archive.wechat.refusals import NO_MENU
from wx_archive.wechat.transport import TIMEOUT_S, Answer, Call, TooMuchError

DOWNLOAD_WITHIN_S: Final = 120.0
OAUTH_PATH: Final = "/sns/oauth2/access_token"
AUTHORIZE_HOST: Final = "https://open.weixin.qq.com"
_FILE_KINDS: Final = ("image/", "audio/", "voice/", "video/", "application/octet-stream")


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that was fetched."""

    content_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class TemplateNotice:
    """A template message.

    Attributes:
        template_id: as the account's own page of templates shows it.
        number: the same for every try of the same notice; up to 32 letters and digits.
        values: by the names of the template's fields: ``thing1``.
        url: what a tap on it opens.
    """

    template_id: str
    number: str
    values: Mapping[str, str]
    url: str


@dataclass(frozen=True, slots=True)
class FollowerInfo:
    """What WeChat tells of a follower: no name and no picture since the end of 2021.

    Attributes:
        subscribed_at: seconds since the epoch; None of somebody who does not follow.
        scene: the code they came through, empty if none.
    """

    openid: str
    is_following: bool
    subscribed_at: int | None
    scene: str
    unionid: str


class Platform:
    """WeChat, as the account uses it. Keep one per process: it remembers the token."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        database: Database | None = None,
        *,
        timeout_s: tuple[float, float] = TIMEOUT_S,
        now: Callable[[], datetime] = clock.now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Open nothing yet.

        Args:
            settings: credentials and address.
            store: shares the token between processes.
            database: holds the count of calls; without it nothing is counted.
            timeout_s: for connecting and for each piece of an answer.
            now: the clock.
            sleep: waits between tries, in seconds.
        """
        self._settings = settings
        self._now = now
        self._ledger = Ledger(database, limits().quotas)
        self._client = Client(
            settings, store, self._ledger, timeout_s=timeout_s, now=now, sleep=sleep
        )
        self.account = Entitlements.of(settings)
        self.publishing = Publishing(self._client, self.account)

    @property
    def app_id(self) -> str:
        """Whose material it is that is uploaded here."""
        return self._settings.wechat_app_id

    def menu(self) -> list[dict[str, Any]] | None:
        """Return the buttons of the account's menu, or None if it has none."""
        self.account.require(Capability.CUSTOM_MENU)
        try:
            answer = self._client.get("menu/get")
        except PlatformError as err:
            if err.code == NO_MENU:
                return None
            raise
        held = answer.get("menu")
        buttons = held.get("button") if isinstance(held, dict) else None
        if not isinstance(buttons, list):
            raise _incomplete("/cgi-bin/menu/get")
        return buttons

    def push_menu(self, buttons: list[dict[str, Any]]) -> None:
        """Replace the account's menu."""
        self.account.require(Capability.CUSTOM_MENU)
        _require_done(self._client.menu.create({"button": buttons}), "/cgi-bin/menu/create")

    def send_text(self, openid: str, text: str) -> None:
        """Send a service message; after an unknown outcome it must not be sent again.

        Raises:
            FollowerError: the follower's window is closed or used up, or the follower is gone.
            UnknownOutcomeError: it may have arrived: WeChat knows no number against doubles here.
        """
        self.account.require(Capability.SERVICE_MESSAGES)
        answer = self._client.message.send_text(openid, text)
        _require_done(answer, "/cgi-bin/message/custom/send")

    def send_image(self, openid: str, media_id: str) -> None:
        """Send a picture as a service message; see `send_text`.

        Raises:
            ContentError: WeChat does not know the picture (any more).
        """
        self.account.require(Capability.SERVICE_MESSAGES)
        answer = self._client.message.send_image(openid, media_id)
        _require_done(answer, "/cgi-bin/message/custom/send")

    def send_template(self, openid: str, notice: TemplateNotice) -> None:
        """Send a template message.

        After an unknown outcome the same notice may be sent again within ten minutes: WeChat
        knows its number. Source: docs/sources.md#template-messages.

        Raises:
            FollowerError: the follower is gone, or takes no such messages.
            ContentError: the template is not the account's, or a value breaks its rules.
        """
        self.account.require(Capability.TEMPLATE_NOTICES)
        told = {
            "touser": openid,
            "template_id": notice.template_id,
            "url": notice.url,
            "client_msg_id": notice.number,
            "data": {name: {"value": value} for name, value in notice.values.items()},
        }
        answer = self._client.post("message/template/send", data=told)
        _require_done(answer, "/cgi-bin/message/template/send")

    def typing(self, openid: str) -> None:
        """Show the follower that an answer is being written."""
        self.account.require(Capability.SERVICE_MESSAGES)
        self._client.post("message/custom/typing", data={"touser": openid, "command": "Typing"})

    def user_info(self, openid: str) -> FollowerInfo:
        """Return what WeChat tells of a follower."""
        self.account.require(Capability.USER_INFO)
        answer = self._client.user.get(openid)
        if answer.get("openid") != openid or answer.get("subscribe") not in (0, 1):
            raise _incomplete("/cgi-bin/user/info")
        followed_at = answer.get("subscribe_time")
        return FollowerInfo(
            openid=openid,
            is_following=answer["subscribe"] == 1,
            subscribed_at=followed_at if type(followed_at) is int else None,
            scene=str(answer.get("qr_scene_str") or answer.get("qr_scene") or ""),
            unionid=str(answer.get("unionid") or ""),
        )

    def upload(self, kind: str, file: BinaryIO) -> str:
        """Lend WeChat a file for three days; return its media_id.

        Args:
            kind: ``image``, ``voice``, ``video`` or ``thumb``.
            file: read from its beginning to its end.
        """
        self.account.require(Capability.MEDIA)
        answer = self._client.media.upload(kind, file)
        media_id = answer.get("thumb_media_id" if kind == "thumb" else "media_id")
        if not isinstance(media_id, str) or not media_id:
            raise _incomplete("/cgi-bin/media/upload")
        return media_id

    def download(self, media_id: str, into: BinaryIO, *, max_bytes: int) -> Downloaded:
        """Write what a follower sent into ``into``, from where that stands.

        Raises:
            ContentError: WeChat has it no more, it is larger than ``max_bytes`` (`OversizedError`),
                or it is a video that lies outside of WeChat's domains. What was written of it is
                cut off again.
        """
        self.account.require(Capability.MEDIA)
        start = into.tell()

        def save(answer: Answer) -> Downloaded | dict[str, Any]:
            into.seek(start)
            into.truncate()
            if answer.status != HTTPStatus.OK or not _is_file(answer):
                return self._client.read_json(answer)
            return _saved(answer, into, max_bytes)

        call = Call("get", "/cgi-bin/media/get", {"media_id": media_id}, repeatable=True)
        try:
            result = self._client.with_token(call, save)
            if isinstance(result, dict):
                # Without the token: a video lies elsewhere, and that is none of its business.
                address = self._video_address(result)
                result = self._client.transport.exchange(
                    Call("get", "video"), save, address=address
                )
        except PlatformError:
            into.seek(start)
            into.truncate()
            raise
        if isinstance(result, dict):
            raise _incomplete(call.path)
        return result

    def _video_address(self, answer: dict[str, Any]) -> str:
        address = answer.get("video_url")
        if not isinstance(address, str):
            raise _incomplete("/cgi-bin/media/get")
        parts, own = urlsplit(address), urlsplit(self._settings.wechat_api_url)
        known = f".{parts.hostname or ''}".endswith(limits().video_hosts.names)
        if parts.scheme not in ("http", "https") or not (known or parts.netloc == own.netloc):
            raise ContentError("视频的地址不在微信的域名下，没有去取", path="/cgi-bin/media/get")
        return address

    def authorize_url(self, redirect_uri: str, state: str) -> str:
        """Return where a citizen's browser goes to tell us their openid.

        Args:
            redirect_uri: where WeChat sends the browser back to, with ``code`` and ``state``.
            state: random, for one time, up to 128 letters and digits.
        """
        self.account.require(Capability.OAUTH)
        api = self._settings.wechat_api_url.rstrip("/")
        is_wechat = api == Settings.model_fields["wechat_api_url"].default
        query = urlencode(
            {
                "appid": self._settings.wechat_app_id,
                "redirect_uri": redirect_uri,
                "response_type": "code",
                "scope": "snsapi_base",
                "state": state,
            }
        )
        base = AUTHORIZE_HOST if is_wechat else api
        return f"{base}/connect/oauth2/authorize?{query}#wechat_redirect"

    def oauth_openid(self, code: str) -> str:
        """Return whose browser came back with ``code``.

        Raises:
            OAuthCodeError: the code is used, old or forged, or belongs to nobody real (WeChat shows
                pages to visitors in a preview with invented openids).
        """
        self.account.require(Capability.OAUTH)
        call = Call("get", OAUTH_PATH, {"grant_type": "authorization_code"})
        secrets = {
            "appid": self._settings.wechat_app_id,
            "secret": self._settings.wechat_app_secret.get_secret_value(),
            "code": code,
        }
        answer = self._client.caller.make(call, self._client.read_json, secrets=secrets)
        openid = answer.get("openid")
        if not isinstance(openid, str) or not openid:
            raise _incomplete(OAUTH_PATH)
        if answer.get("is_snapshotuser") == 1:
            raise OAuthCodeError("这是网页快照里的虚拟用户，请点“使用完整服务”", path=OAUTH_PATH)
        return openid

    def callback_addresses(self) -> list[str]:
        """Return the addresses that WeChat's deliveries come from."""
        addresses = self._client.misc.get_wechat_ips()
        if not isinstance(addresses, list):
            raise _incomplete("/cgi-bin/getcallbackip")
        return [str(address) for address in addresses]

    def quota(self) -> list[ApiQuota]:
        """List today's calls and their limits, as this installation has counted them."""
        return self._ledger.today(now=self._now())

    def clear_quota(self) -> None:
        """Have WeChat begin today's counts anew: ten times a month.

        Raises:
            QuotaError: this month's ten are used.
        """
        call = Call(
            "post", "/cgi-bin/clear_quota", body=encoded({"appid": self._settings.wechat_app_id})
        )
        _require_done(self._client.with_token(call, self._client.read_json), call.path)
        self._ledger.clear(now=self._now())

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _is_file(answer: Answer) -> bool:
    return answer.content_type.lower().startswith(_FILE_KINDS)


def _saved(answer: Answer, into: BinaryIO, max_bytes: int) -> Downloaded:
    size_bytes = 0
    try:
        for piece in answer.pieces(limit_bytes=max_bytes, within_s=DOWNLOAD_WITHIN_S):
            into.write(piece)
            size_bytes += len(piece)
    except TooMuchError:
        size_mb = max_bytes / 1024 / 1024
        raise OversizedError(f"文件超过 {size_mb:g} MB，没有收下", path=answer.path) from None
    if not size_bytes:
        raise answer.unreadable()
    return Downloaded(answer.content_type.lower(), size_bytes)


def _require_done(answer: dict[str, Any], path: str) -> None:
    """Take for done only what WeChat says is done: ``errcode`` 0, in so many words."""
    if "errcode" not in answer:
        raise _incomplete(path)


def _incomplete(path: str) -> UnknownOutcomeError:
    sentence = "微信接口的回答里缺东西，不知道这次调用有没有生效"
    return UnknownOutcomeError(sentence, path=path, status=HTTPStatus.OK)
