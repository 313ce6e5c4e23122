"""The wire to the account: sealing messages, delivering them with retries, opening replies.

Signing and encrypting is wechatpy's, on purpose: the account has its own, so that both
sides cannot share a mistake. Source: reference sections 1.1 to 1.3.
"""

import hashlib
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from secrets import randbelow
from time import monotonic
from typing import Final
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import requests
from requests.adapters import HTTPAdapter
from wechatpy.crypto import InvalidAppIdException, InvalidSignatureException, WeChatCrypto

from wx_archive.simulator.config import Encryption, SimulatorConfig
from wx_archive.simulator.errors import BadReplyError
from wx_archive.simulator.messages import Nodes, render
from wx_archive.simulator.wire_faults import WireFaults

MAX_DELIVERIES: Final = 4
MAX_REPLY_BYTES: Final = 1 << 20
_HEADERS: Final = {"Content-Type": "text/xml", "User-Agent": "Mozilla/4.0", "Pragma": "no-cache"}
_CRYPTO_ERRORS: Final = (
    InvalidSignatureException,
    InvalidAppIdException,
    ValueError,
    LookupError,
    struct.error,
)


class Outcome(StrEnum):
    """How one delivery ended, in the words the phones page shows."""

    ANSWERED = "已应答"
    BAD_STATUS = "状态码不是 200"
    TIMEOUT = "超时未答"
    UNREACHABLE = "连接失败"
    LOST = "应答丢失"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is posted: the same query string and body at every retry; ``xml`` is the inside."""

    query: str
    body: str
    xml: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver; ``status`` is None when no whole answer came.

    ``reply_digest`` tells replies of one message apart: SHA-256 of the decrypted XML, the same
    for every way of showing nothing; a lost answer has one too. A ``duplicate`` came although
    the message may have been answered.
    """

    attempt: int
    status: int | None
    elapsed_ms: int
    outcome: Outcome
    reply_digest: str | None = None
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Delivered:
    """All attempts, and the body of the first 200 if there was one."""

    deliveries: tuple[Delivery, ...]
    reply: bytes | None


class _StrictBuilder(ET.TreeBuilder):
    """Refuses a DOCTYPE before any entity can be declared."""

    def doctype(self, *_: str | None) -> None:
        raise BadReplyError("回复里有 DOCTYPE")


def parse_xml(body: bytes | str) -> ET.Element:
    """Return the `<xml>` element of a reply.

    Raises:
        BadReplyError: it is not well-formed, has a DOCTYPE, or is another document.
    """
    parser = ET.XMLParser(target=_StrictBuilder())  # noqa: S314 -- own account, no DOCTYPE
    try:
        parser.feed(body)
        root = parser.close()
    except (ET.ParseError, ValueError) as err:
        raise BadReplyError("回复不是合格的 XML") from err
    if root.tag != "xml":
        raise BadReplyError("回复的根节点不是 <xml>")
    return root


class Wire:
    """Speaks to one account; safe to use from several threads."""

    def __init__(self, config: SimulatorConfig) -> None:
        self._config = config
        self._crypto = WeChatCrypto(config.token, config.aes_key, config.app_id)
        self.faults = WireFaults()
        self._closed = threading.Event()
        self._late: set[threading.Thread] = set()
        self._session = requests.Session()
        # Neither proxies of this machine nor the account's cookies belong on this wire.
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=32))

    def close(self) -> None:
        """Close the connections; a delivery under way gives up at its next pause."""
        self._closed.set()
        for thread in tuple(self._late):
            thread.join(self._config.first_timeout_s)
        self._session.close()

    def seal(self, nodes: Nodes, *, openid: str, now: datetime) -> Envelope:
        """Sign a message and, where the mode says so, encrypt it."""
        xml = render(nodes)
        timestamp, nonce = str(int(now.timestamp())), str(randbelow(10**10))
        query = {
            "signature": self._signature(timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "openid": openid,
        }
        if self._config.encryption == Encryption.PLAIN:
            return Envelope(urlencode(query), xml, xml)
        sealed = ET.fromstring(self._crypto.encrypt_message(xml, nonce, timestamp))  # noqa: S314 -- our own
        encrypt = sealed.findtext("Encrypt", "")
        query |= {"encrypt_type": "aes", "msg_signature": sealed.findtext("MsgSignature", "")}
        seen = (
            nodes
            if self._config.encryption == Encryption.COMPATIBLE
            else {"ToUserName": self._config.original_id}
        )
        return Envelope(urlencode(query), render({**seen, "Encrypt": encrypt}), xml)

    def _signature(self, timestamp: str, nonce: str) -> str:
        signed = "".join(sorted((self._config.token, timestamp, nonce)))
        return hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest()

    def deliver(self, envelope: Envelope) -> Delivered:
        """Post until the first 200, at most four times, with WeChat's pauses."""
        deliveries: list[Delivery] = []
        for attempt in range(1, MAX_DELIVERIES + 1):
            started = monotonic()
            delivery, reply = self._post(envelope, attempt)
            deliveries.append(delivery)
            if delivery.outcome is Outcome.ANSWERED:
                return Delivered(tuple(deliveries), reply)
            # WeChat comes back when the five seconds are up, however early the line broke.
            left_s = started + self._config.first_timeout_s - monotonic()
            if delivery.status is None and attempt < MAX_DELIVERIES and self._pause(left_s):
                break
        return Delivered(tuple(deliveries), None)

    def duplicate(self, envelope: Envelope) -> Delivery:
        """Post once more, whatever became of the message."""
        return replace(self._post(envelope, 1)[0], duplicate=True)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something on this wire after a while, unless it is closed by then."""

        def wait() -> None:
            if not self._pause(seconds):
                act()
            self._late.discard(threading.current_thread())

        thread = threading.Thread(target=wait, daemon=True)
        self._late.add(thread)
        thread.start()

    def _pause(self, seconds: float) -> bool:
        """Wait, and tell whether the wire was closed meanwhile."""
        return self._closed.wait(max(0.0, seconds))

    def _post(self, envelope: Envelope, attempt: int) -> tuple[Delivery, bytes]:
        started = monotonic()
        status, reply, digest = None, b"", None
        try:
            status, reply = self._exchange(
                envelope, deadline=started + self._config.first_timeout_s
            )
            outcome = Outcome.ANSWERED if status == HTTPStatus.OK else Outcome.BAD_STATUS
            digest = self._digest(reply) if outcome is Outcome.ANSWERED else None
            if self.faults.loses_answer():
                status, reply, outcome = None, b"", Outcome.LOST
        except requests.Timeout:
            outcome = Outcome.TIMEOUT
        except requests.RequestException as err:
            # A body that stalls is reported as a broken connection; for WeChat both are silence.
            stalled = "timed out" in str(err).lower()
            outcome = Outcome.TIMEOUT if stalled else Outcome.UNREACHABLE
        elapsed_ms = round((monotonic() - started) * 1000)
        return Delivery(attempt, status, elapsed_ms, outcome, digest), reply

    def _digest(self, reply: bytes) -> str:
        try:
            seen = (self.unseal(reply) or "").encode()
        except BadReplyError:
            seen = reply
        return hashlib.sha256(seen).hexdigest()

    def _exchange(self, envelope: Envelope, *, deadline: float) -> tuple[int, bytes]:
        """Post once and read the whole answer before ``deadline`` (monotonic)."""
        reply = b""
        with self._session.post(
            f"{self._config.account_url.rstrip('/')}/wechat?{envelope.query}",
            data=envelope.body.encode(),
            headers=_HEADERS,
            timeout=self._config.first_timeout_s,
            allow_redirects=False,
            stream=True,
        ) as answer:
            for piece in answer.iter_content(1024):
                reply += piece
                if monotonic() > deadline:
                    raise requests.Timeout
                if len(reply) > MAX_REPLY_BYTES:
                    break
            return answer.status_code, reply

    def unseal(self, reply: bytes) -> str | None:
        """Return the account's reply as plain XML, or None when it wants nothing shown.

        Raises:
            BadReplyError: WeChat could not read it.
        """
        if reply.strip() in {b"", b"success"}:
            return None
        if len(reply) > MAX_REPLY_BYTES:
            raise BadReplyError("回复太大")
        root = parse_xml(reply)
        if root.find("Encrypt") is not None:
            return self._decrypt(root)
        if self._config.encryption == Encryption.SAFE:
            raise BadReplyError("安全模式下回复没有加密")
        return reply.decode(errors="replace")

    def _decrypt(self, root: ET.Element) -> str:
        if self._config.encryption == Encryption.PLAIN:
            raise BadReplyError("明文模式下回复却加了密")
        signature, timestamp, nonce, encrypt = (
            root.findtext(name, "") for name in ("MsgSignature", "TimeStamp", "Nonce", "Encrypt")
        )
        try:
            sealed = {"Encrypt": encrypt}
            return str(self._crypto.decrypt_message(sealed, signature, timestamp, nonce))
        except InvalidSignatureException as err:
            raise BadReplyError("回复的 MsgSignature 不对") from err
        except InvalidAppIdException as err:
            raise BadReplyError("密文里的 AppID 不是本账号") from err
        except _CRYPTO_ERRORS as err:
            raise BadReplyError("回复解不开") from err
