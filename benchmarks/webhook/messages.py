"""What followers send, sealed as WeChat seals it, and the check of what came back.

Sealing and opening is wechatpy's: neither side of the account's own code judges itself.
"""

import hashlib
import itertools
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import yaml
from wechatpy.crypto import WeChatCrypto

from wx_archive.core import clock
from wx_archive.core.settings import DEMO_CREDENTIALS

WORKLOADS: Final = ("menu", "lookup", "mixed")
WORDS: Final = (
    "公积金", "养犬", "房改", "公租房", "物业管理", "低保", "养老保险", "高龄津贴", "残疾人",
    "退役军人", "义务教育", "宅基地", "停车管理", "电动自行车", "垃圾分类", "水源保护区",
)  # fmt: skip
"""Each finds something in the demo's catalogue, and its answer says the word again."""
FOLLOWERS: Final = 500
_TOKEN: Final = DEMO_CREDENTIALS["wechat_token"]
_ACCOUNT: Final = DEMO_CREDENTIALS["wechat_original_id"]
_BATCHES: Final = itertools.count(1)
_MSG_IDS: Final = itertools.count(24_000_000_000_000_001)


@dataclass(frozen=True, slots=True)
class Message:
    """One message, ready to send.

    Attributes:
        request: the whole HTTP request.
        openid: whom the reply must be addressed to.
        words: what a true answer says again; empty for a tap on the menu.
    """

    request: bytes
    openid: str
    words: str


class Postbox:
    """Seals messages for the demo's account and opens what it answers."""

    def __init__(self, project: Path) -> None:
        self._crypto = WeChatCrypto(
            _TOKEN, DEMO_CREDENTIALS["wechat_aes_key"], DEMO_CREDENTIALS["wechat_app_id"]
        )
        self.keys = _menu_keys(project / "menus" / "default.yaml")

    def prepare(self, workload: str, count: int) -> list[Message]:
        """Return ``count`` distinct messages, fresh as of now.

        No two share sender and second: by that alone tutorials tell one event from another.
        """
        batch, now = next(_BATCHES), int(clock.now().timestamp())
        messages = []
        for index in range(count):
            turn, who = divmod(index, FOLLOWERS)
            openid = f"oBench{batch:06d}{who:016d}"
            is_text = workload == "lookup" or (workload == "mixed" and index % 10 < 7)
            pool = WORDS if is_text else self.keys
            told = pool[index % len(pool)]
            inner = _xml(openid, now - turn, told, is_text=is_text)
            messages.append(self._sealed(inner, openid, now, told if is_text else ""))
        return messages

    def _sealed(self, inner: str, openid: str, now: int, words: str) -> Message:
        timestamp, nonce = str(now), str(secrets.randbelow(9 * 10**9) + 10**9)
        told = ET.fromstring(self._crypto.encrypt_message(inner, nonce, timestamp))  # noqa: S314 -- our own
        sealed = told.findtext("Encrypt", "")
        signed = "".join(sorted((_TOKEN, timestamp, nonce))).encode()
        query = urlencode(
            {
                "signature": hashlib.sha1(signed, usedforsecurity=False).hexdigest(),
                "timestamp": timestamp,
                "nonce": nonce,
                "openid": openid,
                "encrypt_type": "aes",
                "msg_signature": told.findtext("MsgSignature", ""),
            }
        )
        body = (
            f"<xml><ToUserName><![CDATA[{_ACCOUNT}]]></ToUserName>"
            f"<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        )
        head = (
            f"POST /wechat?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/4.0\r\n"
            "Accept: */*\r\nPragma: no-cache\r\nContent-Type: text/xml\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return Message((head + body).encode(), openid, words)

    def wrong(
        self, messages: Sequence[Message], replies: Sequence[tuple[int, bytes] | None]
    ) -> int:
        """Count the messages without their true, sealed answer."""
        pairs = zip(messages, replies, strict=True)
        return sum(not self._is_right(message, reply) for message, reply in pairs)

    def _is_right(self, message: Message, reply: tuple[int, bytes] | None) -> bool:
        if reply is None or reply[0] != 200:
            return False
        try:
            answer = self._opened(reply[1])
        except Exception:  # noqa: BLE001 -- whatever it is, WeChat could not read it
            return False
        told = (answer.findtext("Content") or "") + "".join(
            item.findtext("Title") or "" for item in answer.iter("item")
        )
        is_ours = answer.findtext("ToUserName") == message.openid
        return is_ours and bool(told.strip()) and message.words in told

    def _opened(self, body: bytes) -> Any:
        outer = ET.fromstring(body)  # noqa: S314 -- a server that we started
        names = ("MsgSignature", "TimeStamp", "Nonce")
        signature, timestamp, nonce = (outer.findtext(name) or "" for name in names)
        sealed = {"Encrypt": outer.findtext("Encrypt") or ""}
        plain = self._crypto.decrypt_message(sealed, signature, timestamp, nonce)
        return ET.fromstring(plain)  # noqa: S314 -- a server that we started


def _menu_keys(path: Path) -> list[str]:
    """Return the keys of the menu that are answered from files: columns and guides."""
    menu = yaml.safe_load(path.read_text(encoding="utf-8"))
    entries = [entry for column in menu["button"] for entry in column["sub_button"]]
    keys = [str(entry["key"]) for entry in entries if "key" in entry]
    return [key for key in keys if key.startswith(("guide.", "publishing."))]


def _xml(openid: str, second: int, told: str, *, is_text: bool) -> str:
    head = (
        f"<xml><ToUserName><![CDATA[{_ACCOUNT}]]></ToUserName>"
        f"<FromUserName><![CDATA[{openid}]]></FromUserName><CreateTime>{second}</CreateTime>"
    )
    if is_text:
        return (
            f"{head}<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{told}]]></Content>"
            f"<MsgId>{next(_MSG_IDS)}</MsgId></xml>"
        )
    return (
        f"{head}<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[CLICK]]></Event>"
        f"<EventKey><![CDATA[{told}]]></EventKey></xml>"
    )
