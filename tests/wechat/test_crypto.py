"""Signatures and sealing: the published vectors, and everything a forger may put into a seal."""

import base64
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given
from hypothesis import strategies as st

from tests.simulator import sealing
from tests.wechat.deliveries import AES_KEY, APP_ID, OTHER_KEY
from wx_archive.wechat.crypto import MessageCipher, same, sign
from wx_archive.wechat.errors import ForgedError, MalformedError, WireError

VECTORS = Path(__file__).parents[2].parent / "shared" / "data" / "wechat_crypto_vectors.json"
needs_vectors = pytest.mark.skipif(not VECTORS.exists(), reason="the shared vectors are not here")
COUNT = 6


def vector(index: int) -> dict[str, Any]:
    vectors: list[dict[str, Any]] = json.loads(VECTORS.read_text())["message_vectors"]
    assert len(vectors) == COUNT
    return vectors[index]


@needs_vectors
@pytest.mark.parametrize("index", range(COUNT))
def test_a_published_vector_is_opened_or_refused_as_it_must(index: int) -> None:
    told = vector(index)
    cipher = MessageCipher(told["encoding_aes_key"], told["appid"])
    if told["use_as"] == "positive":
        assert cipher.open(told["encrypt"]).decode() == told["plaintext"]
    else:
        with pytest.raises(WireError):
            cipher.open(told["encrypt"])


@needs_vectors
@pytest.mark.parametrize("index", range(COUNT))
def test_a_published_signature_holds_or_does_not_as_it_must(index: int) -> None:
    told = vector(index)
    if "msg_signature" not in told:
        return
    parts = (told["token"], told["timestamp"], told["nonce"], told["encrypt"])
    ours = sign(*(part.encode() for part in parts))
    assert same(told["msg_signature"], ours) is (told["use_as"] == "positive")
    if "signature" in told:
        assert same(told["signature"], sign(*(part.encode() for part in parts[:3])))


@needs_vectors
def test_the_published_plain_signature_holds() -> None:
    for told in json.loads(VECTORS.read_text())["plain_signatures"]:
        parts = (told["token"], told["timestamp"], told["nonce"])
        assert sign(*(part.encode() for part in parts)) == told["doc_url_signature"]


def test_the_documented_plain_signature_holds() -> None:
    ours = sign(b"AAAAA", b"1714037059", b"486452656")
    assert ours == "899cf89e464efb63f54ddac96b0a0a235f53aa78"


def test_the_official_sample_is_opened() -> None:
    cipher = MessageCipher("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wxb11529c136998cb6")
    sealed = (
        "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="
    )
    assert cipher.open(sealed).decode() == "我是中文abcd123"


@given(st.binary(max_size=300))
def test_what_is_sealed_is_opened_by_another_implementation(message: bytes) -> None:
    text = message.hex()
    sealed = MessageCipher(AES_KEY, APP_ID).seal(text.encode())
    assert sealing.decrypt(sealed, AES_KEY) == (text, APP_ID)


@given(st.binary(max_size=300))
def test_what_is_sealed_is_opened_again(message: bytes) -> None:
    cipher = MessageCipher(AES_KEY, APP_ID)
    assert cipher.open(cipher.seal(message)) == message


def test_the_same_message_is_never_sealed_the_same() -> None:
    cipher = MessageCipher(AES_KEY, APP_ID)
    assert cipher.seal(b"x") != cipher.seal(b"x")


@pytest.mark.parametrize("given_signature", ["", "ä", "\udcff", "0" * 40, "0" * 39 + "\0"])
def test_any_text_may_be_given_as_a_signature(given_signature: str) -> None:
    assert not same(given_signature, sign(b"a", b"b"))


def raw_seal(plain: bytes, aes_key: str = AES_KEY) -> str:
    """Encrypt bytes as they are, whatever they are."""
    key = base64.b64decode(aes_key + "=")
    encryptor = Cipher(AES(key), CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def padded(inside: bytes) -> bytes:
    missing = 32 - len(inside) % 32
    return inside + bytes([missing]) * missing


def inside(message: bytes, *, length: int | None = None, app_id: str = APP_ID) -> bytes:
    told = len(message) if length is None else length
    return b"0123456789abcdef" + struct.pack(">I", told) + message + app_id.encode()


WHOLE = inside(b"m" * (64 - 20 - len(APP_ID) - 7))
"""With seven bytes of padding it fills two blocks."""
BAD_PADDING = {
    "zero": bytes(7),
    "more than a block": bytes([33]) * 7,
    "far too much": bytes([255]) * 7,
    "inconsistent": b"\x07" * 3 + b"\x06" + b"\x07" * 3,
    "inconsistent at its start": b"\x06" + b"\x07" * 6,
    "claims more than the block repeats": b"\x07" * 6 + b"\x08",
}


def test_the_right_padding_is_taken() -> None:
    assert MessageCipher(AES_KEY, APP_ID).open(raw_seal(WHOLE + b"\x07" * 7)).startswith(b"mmm")


@pytest.mark.parametrize("kind", BAD_PADDING)
def test_bad_padding_is_refused(kind: str) -> None:
    with pytest.raises(MalformedError, match="padding"):
        MessageCipher(AES_KEY, APP_ID).open(raw_seal(WHOLE + BAD_PADDING[kind]))


@pytest.mark.parametrize("pad", [33, 48, 64])
def test_padding_longer_than_a_block_is_refused_though_it_repeats(pad: int) -> None:
    whole = inside(b"m" * (128 - 20 - len(APP_ID) - pad))
    with pytest.raises(MalformedError, match="padding"):
        MessageCipher(AES_KEY, APP_ID).open(raw_seal(whole + bytes([pad]) * pad))


@pytest.mark.parametrize("length", [6 + len(APP_ID), 2**31 - 1, 2**32 - 1])
def test_a_length_past_the_end_is_refused(length: int) -> None:
    with pytest.raises(MalformedError, match="length-field"):
        MessageCipher(AES_KEY, APP_ID).open(raw_seal(padded(inside(b"hello", length=length))))


@pytest.mark.parametrize("length", [0, 4, 6, 5 + len(APP_ID)])
def test_a_length_that_lies_is_refused(length: int) -> None:
    with pytest.raises(WireError):
        MessageCipher(AES_KEY, APP_ID).open(raw_seal(padded(inside(b"hello", length=length))))


def test_too_little_inside_is_refused() -> None:
    with pytest.raises(MalformedError):
        MessageCipher(AES_KEY, APP_ID).open(raw_seal(bytes([16]) * 32))
    with pytest.raises(MalformedError):
        MessageCipher(AES_KEY, APP_ID).open(raw_seal(bytes([32]) * 32))


@pytest.mark.parametrize("app_id", ["", "wx0000000000000000", APP_ID + "x", APP_ID[:-1], "你好"])
def test_a_message_for_another_account_is_refused(app_id: str) -> None:
    with pytest.raises(ForgedError):
        MessageCipher(AES_KEY, APP_ID).open(raw_seal(padded(inside(b"hello", app_id=app_id))))


def test_a_message_sealed_with_another_key_is_refused() -> None:
    with pytest.raises(WireError):
        MessageCipher(AES_KEY, APP_ID).open(MessageCipher(OTHER_KEY, APP_ID).seal(b"hello"))


NOISE = [
    "",
    "=",
    "====",
    "a",
    "abc",
    "你好",
    "\udcff",
    "!" * 64,
    "QUJD\nREVG",
    "A" * 65,
    "QUJD" * 5,
]


@pytest.mark.parametrize("sealed", NOISE)
def test_noise_instead_of_base64_is_refused(sealed: str) -> None:
    with pytest.raises(MalformedError):
        MessageCipher(AES_KEY, APP_ID).open(sealed)


def test_base64_with_foreign_characters_inside_is_refused() -> None:
    sealed = MessageCipher(AES_KEY, APP_ID).seal(b"hello")
    for spoilt in (sealed[:8] + "\n" + sealed[8:], " " + sealed, sealed + "!", "*" + sealed):
        with pytest.raises(MalformedError):
            MessageCipher(AES_KEY, APP_ID).open(spoilt)
