"""Deliveries as WeChat posts them, sealed and signed without the account's own codec."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from tests.simulator import sealing
from wx_archive.core.settings import DEMO_CREDENTIALS, Encryption, Settings
from wx_archive.wechat.envelope import Account

TOKEN = DEMO_CREDENTIALS["wechat_token"]
APP_ID = DEMO_CREDENTIALS["wechat_app_id"]
AES_KEY = DEMO_CREDENTIALS["wechat_aes_key"]
RECEIVER = DEMO_CREDENTIALS["wechat_original_id"]
OPENID = "oCitizen0000000000000000001"
OTHER_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SECOND = int(NOW.timestamp())


@dataclass(frozen=True)
class Delivery:
    """What is posted: the fields of the query and the body."""

    query: dict[str, str]
    body: bytes

    def with_query(self, **changes: str) -> "Delivery":
        return replace(self, query=self.query | changes)

    def without(self, *names: str) -> "Delivery":
        return replace(self, query={k: v for k, v in self.query.items() if k not in names})

    @property
    def query_string(self) -> str:
        return urlencode(self.query)


def settings_for(mode: str = "safe", **overrides: Any) -> Settings:
    return Settings.for_demo(wechat_encryption=Encryption(mode), **overrides)


def account_for(mode: str = "safe", **overrides: Any) -> Account:
    return Account(settings_for(mode, **overrides))


def xml(*, created_at: int = SECOND, **nodes: str) -> str:
    """Return a message; `nodes` bend or add to a plain text message, "" as value drops one."""
    fields = {
        "ToUserName": RECEIVER,
        "FromUserName": OPENID,
        "CreateTime": str(created_at),
        "MsgType": "text",
        "Content": "公积金",
        "MsgId": "23456789012345678",
    } | nodes
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items() if value)
    return f"<xml>{inside}</xml>"


def an_event(event: str, *, created_at: int = SECOND, **nodes: str) -> str:
    return xml(
        created_at=created_at,
        **{"MsgType": "event", "Event": event, "Content": "", "MsgId": ""} | nodes,
    )


def delivered(
    inner: str,
    mode: str = "safe",
    *,
    at: int = SECOND,
    nonce: str = "1372623149",
    aes_key: str = AES_KEY,
    app_id: str = APP_ID,
) -> Delivery:
    """Seal and sign a message the way the account's console says."""
    if mode == "plain":
        return signed_plain(inner.encode(), at=at, nonce=nonce)
    sealed = sealing.encrypt(inner, aes_key, app_id)
    seen = inner.removeprefix("<xml>").removesuffix("</xml>") if mode == "compatible" else ""
    return signed(sealed, at=at, nonce=nonce, seen=seen)


def signed(
    sealed: str, *, at: int | str = SECOND, nonce: str = "1372623149", seen: str = ""
) -> Delivery:
    """Sign whatever claims to be sealed."""
    query = _signed_query(str(at), nonce)
    query |= {
        "encrypt_type": "aes",
        "msg_signature": sealing.signature(TOKEN, str(at), nonce, sealed),
    }
    seen = seen or f"<ToUserName><![CDATA[{RECEIVER}]]></ToUserName>"
    return Delivery(query, f"<xml>{seen}<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode())


def signed_plain(body: bytes, *, at: int | str = SECOND, nonce: str = "1372623149") -> Delivery:
    return Delivery(_signed_query(str(at), nonce), body)


def _signed_query(timestamp: str, nonce: str) -> dict[str, str]:
    return {
        "signature": sealing.signature(TOKEN, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": OPENID,
    }


def opened_reply(sealed: bytes, *, aes_key: str = AES_KEY) -> str:
    """Open a sealed answer, having checked its signature and the app id inside."""
    nodes = {node.tag: node.text or "" for node in ET.fromstring(sealed)}  # noqa: S314 -- our own
    assert list(nodes) == ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"]
    expected = sealing.signature(TOKEN, nodes["TimeStamp"], nodes["Nonce"], nodes["Encrypt"])
    assert nodes["MsgSignature"] == expected
    inner, app_id = sealing.decrypt(nodes["Encrypt"], aes_key)
    assert app_id == APP_ID
    return inner
