"""The envelope: who may speak to us, and sealing the answer with the key that opened the question.

Source: docs/sources.md#verification. Plain mode signs only token, timestamp and nonce, never the
body; safe and compatible mode are accepted only with a valid `msg_signature` over the sealed body.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from wx_archive.core.settings import Encryption, Settings
from wx_archive.core.text import xml_safe
from wx_archive.wechat import decoder
from wx_archive.wechat.crypto import MessageCipher, same, sign
from wx_archive.wechat.errors import ForgedError, MalformedError, TooLargeError
from wx_archive.wechat.inbound import Inbound
from wx_archive.wechat.replies import SUCCESS
from wx_archive.wechat.xmltree import read_tree

MAX_BODY_BYTES: Final = 256 * 1024
_TIMESTAMP: Final = re.compile(r"[0-9]{10}\Z")
_NONCE: Final = re.compile(r"[0-9A-Za-z_\-]{1,64}\Z")


@dataclass(frozen=True, slots=True)
class Opened:
    """A genuine message and the way to seal its answer.

    Attributes:
        message: what the follower sent.
        raw: the message as decrypted XML.
        signature: the request's signature, for the replay guard of plain mode.
        body_digest: SHA-256 of the body as posted.
        cipher: the key that opened it; None in plain mode.
    """

    message: Inbound
    raw: bytes
    signature: str
    body_digest: str
    cipher: MessageCipher | None


class Account:
    """The account's credentials, ready to open and seal."""

    def __init__(self, settings: Settings) -> None:
        self._token = settings.wechat_token.get_secret_value().encode()
        self._receiver = settings.wechat_original_id
        self._encryption = settings.wechat_encryption
        self._window_s = settings.wechat_clock_window_s
        keys = (settings.wechat_aes_key, settings.wechat_previous_aes_key)
        self._ciphers = [
            MessageCipher(key.get_secret_value(), settings.wechat_app_id)
            for key in keys
            if key.get_secret_value()
        ]

    def verify(self, query: Mapping[str, str], *, now: datetime) -> str:
        """Answer WeChat's check of the address: return `echostr`.

        Raises:
            ForgedError: the signature does not hold.
            MalformedError: there is nothing to repeat.
        """
        self._check_signature(query, now)
        if "echostr" not in query:
            raise MalformedError("no-echostr")
        return xml_safe(query["echostr"])[:512]

    def open(self, query: Mapping[str, str], body: bytes, *, now: datetime) -> Opened:
        """Check and decode one delivery.

        Raises:
            TooLargeError: over 256 KiB.
            ForgedError: signature, freshness or receiver do not hold, or it is not sealed.
            MalformedError: it is genuine or unsigned rubbish, but no message.
        """
        if len(body) > MAX_BODY_BYTES:
            raise TooLargeError("body-size")
        if self._encryption is Encryption.PLAIN:
            signature, cipher, raw = self._check_signature(query, now), None, body
        else:
            signature, cipher, raw = self._unseal(query, body, now)
        message = decoder.decode(raw)
        if message.header.to_user != self._receiver:
            raise ForgedError("receiver")
        digest = hashlib.sha256(body).hexdigest()
        return Opened(message, raw, signature, digest, cipher)

    def seal(self, reply: bytes, opened: Opened, *, now: datetime) -> bytes:
        """Return the reply as WeChat wants it: sealed with the key that opened the question."""
        if opened.cipher is None or reply == SUCCESS:
            return reply
        sealed = opened.cipher.seal(reply)
        timestamp, nonce = str(int(now.timestamp())), secrets.token_hex(8)
        signature = sign(self._token, timestamp.encode(), nonce.encode(), sealed.encode())
        return (
            f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt>"
            f"<MsgSignature><![CDATA[{signature}]]></MsgSignature>"
            f"<TimeStamp>{timestamp}</TimeStamp>"
            f"<Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        ).encode()

    def _check_fresh(self, query: Mapping[str, str], now: datetime) -> tuple[bytes, bytes]:
        """Return timestamp and nonce as signed.

        The strict shapes matter: the signature covers the parts joined without a separator, so
        digits moved from one part to the other would sign the same.
        """
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        if not _TIMESTAMP.match(timestamp) or not _NONCE.match(nonce):
            raise ForgedError("shape")
        if abs(now.timestamp() - int(timestamp)) > self._window_s:
            raise ForgedError("stale")
        return timestamp.encode(), nonce.encode()

    def _check_signature(self, query: Mapping[str, str], now: datetime) -> str:
        timestamp, nonce = self._check_fresh(query, now)
        signature = query.get("signature", "")
        if not same(signature, sign(self._token, timestamp, nonce)):
            raise ForgedError("signature")
        return signature

    def _unseal(
        self, query: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[str, MessageCipher, bytes]:
        if query.get("encrypt_type", "").lower() != "aes":
            raise ForgedError("not-sealed")
        timestamp, nonce = self._check_fresh(query, now)
        outer = read_tree(body)
        sealed = outer.get("Encrypt")
        if not isinstance(sealed, str) or not sealed:
            raise MalformedError("no-encrypt")
        signature = query.get("msg_signature", "")
        expected = sign(self._token, timestamp, nonce, sealed.encode())
        if not same(signature, expected):
            raise ForgedError("msg-signature")
        cipher, raw = self._open_with_any_key(sealed)
        return signature, cipher, raw

    def _open_with_any_key(self, sealed: str) -> tuple[MessageCipher, bytes]:
        """During a key rotation the previous key still opens what was sealed before it."""
        failure: MalformedError | ForgedError | None = None
        for cipher in self._ciphers:
            try:
                return cipher, cipher.open(sealed)
            except (MalformedError, ForgedError) as err:
                failure = failure or err
        raise failure or ForgedError("no-key")
