"""Requests that WeChat would never send: spoilt, forged, replayed, bent, bloated."""

import base64
import random
import secrets
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote_from_bytes
from xml.etree import ElementTree as ET

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from tests.chat.test_mutations import spoilt
from tests.faults.wire import present, request
from tests.wechat.deliveries import (
    AES_KEY,
    APP_ID,
    OTHER_KEY,
    Delivery,
    an_event,
    delivered,
    signed,
    signed_plain,
    xml,
)

KIB: Final = 1_024
_SAFE: Final = "=&%+-_.~/?:"


@dataclass(frozen=True, slots=True)
class Attack:
    """One request.

    Attributes:
        name: what is wrong with it.
        raw: the bytes on the wire.
        is_forged: its signature does not stand for it: it must get no reply.
    """

    name: str
    raw: bytes
    is_forged: bool


Bend = Callable[[random.Random, str], Delivery]


def attacks(number: int, mode: str, seed: int = 20_261_123) -> Iterator[Attack]:
    """Yield so many attacks on an account of this mode, the same ones every time."""
    rng = random.Random(f"{seed} {mode}")  # noqa: S311 -- repeatable on purpose
    bends = list(_bends(mode).items())
    for index in range(number):
        if index % 5 < 3:
            yield _spoilt(rng, mode)
        else:
            name, (bend, is_forged) = bends[index % len(bends)]
            yield _posted(name, bend(rng, mode), is_forged=is_forged)


def good(rng: random.Random, mode: str) -> Delivery:
    """Return a delivery as WeChat would post it."""
    return delivered(a_text(rng), mode, at=present(), nonce=_nonce(rng))


def a_text(rng: random.Random, **nodes: str) -> str:
    number = {"MsgId": str(rng.randrange(10**12))}
    return xml(created_at=present(), **(number | nodes))


def is_genuine(good: Delivery, query: str, body: bytes) -> bool:
    """Tell whether a spoilt delivery still says, under the same signature, what it said before.

    The signature stands for time, nonce and the sealed part; what lies around it is not covered.
    """
    fields = dict(parse_qsl(query, keep_blank_values=True, encoding="latin-1"))
    covered = ("timestamp", "nonce", "msg_signature")
    if any(fields.get(name) != good.query[name] for name in covered):
        return False
    return _sealed_part(body) == _sealed_part(good.body)


def _sealed_part(body: bytes) -> str | None:
    try:
        return ET.fromstring(body).findtext("Encrypt")  # noqa: S314 -- our own, short
    except (ET.ParseError, ValueError):
        return None


def _posted(name: str, delivery: Delivery, *, is_forged: bool) -> Attack:
    raw = request("POST", f"/wechat?{delivery.query_string}", delivery.body)
    return Attack(name, raw, is_forged)


def _spoilt(rng: random.Random, mode: str) -> Attack:
    told = [
        a_text(rng, Content="公积金 2010-2019"),
        a_text(rng, MsgType="image", MediaId="m", PicUrl="http://p", Content=""),
        an_event("CLICK", created_at=present(), EventKey="lookup.start"),
        an_event("subscribe", created_at=present(), EventKey="qrscene_a", Ticket="T"),
    ]
    whole = delivered(rng.choice(told), mode, at=present(), nonce=_nonce(rng))
    query, body = spoilt(rng, whole)
    # A line that is no HTTP never reaches us: what the server itself refuses is not the question.
    target = "/wechat?" + quote_from_bytes(query.encode("latin-1"), safe=_SAFE)
    is_forged = mode == "safe" and not is_genuine(whole, query, body)
    return Attack("spoilt", request("POST", target, body), is_forged)


def _bends(mode: str) -> dict[str, tuple[Bend, bool]]:
    """Return the attacks by name, and whether each is a forgery."""
    forged: dict[str, Bend] = {
        "signature of noise": _wrong_signature,
        "digits moved": _resplit,
        "stale": lambda rng, mode: _dated(rng, mode, -301),
        "from the future": lambda rng, mode: _dated(rng, mode, 400),
        "wrong receiver": _wrong_receiver,
        "unsigned": lambda rng, mode: good(rng, mode).without("signature", "msg_signature"),
        "noise": _noise,
        "outer bomb": lambda rng, mode: _outer(rng, mode, _BOMB),
        "outer depth": lambda rng, mode: _outer(rng, mode, _depth(30_000)),
        "outer bulk": lambda rng, mode: _outer(rng, mode, _bulk(300 * KIB)),
        "outer doubles": lambda rng, mode: _outer(rng, mode, _doubled_outer(rng)),
    }
    odd: dict[str, Bend] = {
        "bomb": lambda rng, mode: _inner(rng, mode, _BOMB.decode()),
        "depth": lambda rng, mode: _inner(rng, mode, _depth(20_000).decode()),
        "bulk": lambda rng, mode: _inner(rng, mode, a_text(rng, Content="档" * 40 * KIB)),
        "doubles": lambda rng, mode: _inner(rng, mode, a_text(rng, Content=_DOUBLE)),
        "missing": _missing,
        "illegal characters": _illegal,
        "numbers": _numbers,
    }
    if mode == "safe":
        forged |= {
            "wrong app": lambda rng, _mode: _sealed(rng, app_id="wxsomebodyelse0001"),
            "wrong key": lambda rng, _mode: _sealed(rng, aes_key=OTHER_KEY),
            "padding 0": lambda rng, _mode: _padded(rng, 0),
            "padding 33": lambda rng, _mode: _padded(rng, 33),
            "padding of two minds": lambda rng, _mode: _padded(rng, 7, last=5),
            "length past the end": lambda rng, _mode: _padded(rng, 32, length=2**31),
            "signed noise": lambda rng, _mode: _signed_noise(rng),
            "plain": lambda rng, _mode: _plain(rng),
            "raw": lambda rng, mode: good(rng, mode).with_query(encrypt_type="raw"),
        }
    return {name: (bend, True) for name, bend in forged.items()} | {
        name: (bend, False) for name, bend in odd.items()
    }


_DOUBLE: Final = "一</Content><Content>二"
_BOMB: Final = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(8))
    + b"]><xml><ToUserName>&i;</ToUserName></xml>"
)


def _nonce(rng: random.Random) -> str:
    return str(rng.randrange(10**9, 10**10))


def _inner(rng: random.Random, mode: str, inner: str) -> Delivery:
    return delivered(inner, mode, at=present(), nonce=_nonce(rng))


def _outer(rng: random.Random, mode: str, body: bytes) -> Delivery:
    whole = good(rng, mode)
    # In plain mode the signature does not cover the body: a fresh one would be genuine.
    query = whole.query | ({"signature": secrets.token_hex(20)} if mode == "plain" else {})
    return Delivery(query, body)


def _doubled_outer(rng: random.Random) -> bytes:
    body = good(rng, "safe").body
    return body.replace(b"<xml>", b"<xml><Encrypt>AAAA</Encrypt>")


def _wrong_signature(rng: random.Random, mode: str) -> Delivery:
    noise = f"{rng.randrange(16**40):040x}"
    name = "signature" if mode == "plain" else "msg_signature"
    return good(rng, mode).with_query(**{name: noise})


def _resplit(rng: random.Random, mode: str) -> Delivery:
    """Move the nonce's first digit to the time: joined, both sign alike."""
    whole = good(rng, mode)
    at, nonce = whole.query["timestamp"], whole.query["nonce"]
    return whole.with_query(timestamp=at + nonce[0], nonce=nonce[1:])


def _dated(rng: random.Random, mode: str, away_s: int) -> Delivery:
    return delivered(a_text(rng), mode, at=present() + away_s, nonce=_nonce(rng))


def _wrong_receiver(rng: random.Random, mode: str) -> Delivery:
    return _inner(rng, mode, a_text(rng, ToUserName="gh_somebodyelse"))


def _noise(rng: random.Random, mode: str) -> Delivery:
    return _outer(rng, mode, rng.randbytes(rng.randrange(2_000)))


def _depth(levels: int) -> bytes:
    return b"<xml>" + b"<a>" * levels + b"</a>" * levels + b"</xml>"


def _bulk(size: int) -> bytes:
    return b"<xml><Encrypt>" + b"A" * size + b"</Encrypt></xml>"


def _missing(rng: random.Random, mode: str) -> Delivery:
    name = rng.choice(["FromUserName", "ToUserName", "CreateTime", "MsgType", "MsgId"])
    return _inner(rng, mode, a_text(rng, **{name: ""}))


def _illegal(rng: random.Random, mode: str) -> Delivery:
    piece = rng.choice(["\0", "\x0b", "\ufffe", "&#0;", "&#xD800;", "&nothing;", "]]>", "<"])
    return _inner(rng, mode, a_text(rng, Content=f"公积金{piece}"))


def _numbers(rng: random.Random, mode: str) -> Delivery:
    name = rng.choice(["MsgId", "CreateTime"])
    number = rng.choice(["9" * 5_000, "-1", "1e9", "٣", "0x10", " ", str(2**63), "1.5"])
    return _inner(rng, mode, a_text(rng, **{name: number}))


def _sealed(rng: random.Random, *, app_id: str = APP_ID, aes_key: str = AES_KEY) -> Delivery:
    text, nonce = a_text(rng), _nonce(rng)
    return delivered(text, "safe", at=present(), nonce=nonce, app_id=app_id, aes_key=aes_key)


def _padded(
    rng: random.Random, pad: int, *, last: int | None = None, length: int | None = None
) -> Delivery:
    """Seal a message with padding of this value, its last byte or its length perhaps a lie."""
    text = a_text(rng).encode()
    told = len(text) if length is None else length
    inside = rng.randbytes(16) + struct.pack(">I", told) + text + APP_ID.encode()
    inside += bytes([pad]) * (-len(inside) % 32 or 32)
    if last is not None:
        inside = inside[:-1] + bytes([last])
    key = base64.b64decode(AES_KEY + "=")
    encryptor = Cipher(AES(key), CBC(key[:16])).encryptor()
    sealed = base64.b64encode(encryptor.update(inside) + encryptor.finalize()).decode()
    return signed(sealed, at=present(), nonce=_nonce(rng))


def _signed_noise(rng: random.Random) -> Delivery:
    noise = base64.b64encode(rng.randbytes(rng.choice([0, 1, 15, 16, 31, 32, 64, 4_096]))).decode()
    return signed(noise, at=present(), nonce=_nonce(rng))


def _plain(rng: random.Random) -> Delivery:
    return signed_plain(a_text(rng).encode(), at=present(), nonce=_nonce(rng))
