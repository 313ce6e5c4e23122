"""Signatures and AES sealing of messages, stricter than the official samples.

Source: docs/sources.md#message-encryption. Key: 32 bytes from the 43-character EncodingAESKey;
AES-256-CBC, IV = first 16 key bytes; plaintext = 16 random bytes, length (4, big-endian), message,
app id; PKCS#7 padding to a multiple of 32.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from wx_archive.wechat.errors import ForgedError, MalformedError

BLOCK = 32
_NOISE = 16
_HEADER = _NOISE + 4


def sign(*parts: bytes) -> str:
    """Return WeChat's signature: SHA-1 over the sorted, joined parts."""
    return hashlib.sha1(b"".join(sorted(parts))).hexdigest()  # noqa: S324 -- WeChat's choice


def same(given: str, expected: str) -> bool:
    """Compare signatures in constant time; any text may be given."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


class MessageCipher:
    """Seals and opens messages of one account with one EncodingAESKey."""

    def __init__(self, aes_key: str, app_id: str) -> None:
        key = base64.b64decode(aes_key + "=")
        self._cipher = Cipher(AES(key), CBC(key[:16]))
        self._app_id = app_id.encode()

    def open(self, sealed: str) -> bytes:
        """Return the message inside ``sealed`` (base64).

        Raises:
            MalformedError: not base64, wrong length, or padding that no key of ours made.
            ForgedError: made for another account.
        """
        try:
            raw = base64.b64decode(sealed, validate=True)
        except (binascii.Error, ValueError) as err:
            raise MalformedError("not-base64") from err
        if not raw or len(raw) % 16:
            raise MalformedError("cipher-length")
        decryptor = self._cipher.decryptor()
        plain = _unpad(decryptor.update(raw) + decryptor.finalize())
        if len(plain) < _HEADER:
            raise MalformedError("too-short")
        (length,) = struct.unpack_from(">I", plain, _NOISE)
        if length > len(plain) - _HEADER:
            raise MalformedError("length-field")
        message, app_id = plain[_HEADER : _HEADER + length], plain[_HEADER + length :]
        if not hmac.compare_digest(app_id, self._app_id):
            raise ForgedError("app-id")
        return message

    def seal(self, message: bytes) -> str:
        """Return ``message`` sealed, as base64."""
        plain = secrets.token_bytes(_NOISE) + struct.pack(">I", len(message))
        plain += message + self._app_id
        missing = BLOCK - len(plain) % BLOCK
        encryptor = self._cipher.encryptor()
        sealed = encryptor.update(plain + bytes([missing]) * missing) + encryptor.finalize()
        return base64.b64encode(sealed).decode()


def _unpad(plain: bytes) -> bytes:
    pad = plain[-1]
    if not 1 <= pad <= BLOCK or plain[-pad:] != bytes([pad]) * pad:
        raise MalformedError("padding")
    return plain[:-pad]
