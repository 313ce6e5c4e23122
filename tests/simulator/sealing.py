"""WeChat's sealing once more, written from the description and not from wechatpy."""

import base64
import hashlib
import struct
from xml.etree import ElementTree as ET

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

BLOCK = 32


def signature(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def _cipher(aes_key: str) -> Cipher[CBC]:
    key = base64.b64decode(aes_key + "=")
    return Cipher(AES(key), CBC(key[:16]))


def decrypt(sealed: str, aes_key: str) -> tuple[str, str]:
    """Return the message and the app id inside, having checked every byte of the padding."""
    decryptor = _cipher(aes_key).decryptor()
    padded = decryptor.update(base64.b64decode(sealed, validate=True)) + decryptor.finalize()
    pad = padded[-1]
    assert 1 <= pad <= BLOCK
    assert len(padded) % BLOCK == 0
    assert padded.endswith(bytes([pad]) * pad)
    (length,) = struct.unpack(">I", padded[16:20])
    return padded[20 : 20 + length].decode(), padded[20 + length : -pad].decode()


def encrypt(xml: str, aes_key: str, app_id: str) -> str:
    inside = b"0123456789abcdef" + struct.pack(">I", len(xml.encode())) + xml.encode()
    inside += app_id.encode()
    pad = BLOCK - len(inside) % BLOCK
    encryptor = _cipher(aes_key).encryptor()
    sealed = encryptor.update(inside + bytes([pad]) * pad) + encryptor.finalize()
    return base64.b64encode(sealed).decode()


def sealed_reply(xml: str, *, token: str, aes_key: str, app_id: str) -> str:
    sealed = encrypt(xml, aes_key, app_id)
    signed = signature(token, "1700000000", "42", sealed)
    return (
        f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt><MsgSignature>{signed}</MsgSignature>"
        "<TimeStamp>1700000000</TimeStamp><Nonce>42</Nonce></xml>"
    )


def node_names(xml: str) -> list[str]:
    """Return the names of all nodes in order, inner ones as `Outer/Inner`."""
    root = ET.fromstring(xml)  # noqa: S314 -- made by the code under test

    def names(element: ET.Element, path: str) -> list[str]:
        inner = [name for child in element for name in names(child, f"{path}{element.tag}/")]
        return [path + element.tag, *inner]

    return [name for child in root for name in names(child, "")]
