"""Identifiers: public ids that nobody can guess, trace ids, pseudonyms for logs."""

import hashlib
import hmac
import secrets

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PID_LENGTH = 26


def _base32(value: int, length: int) -> str:
    digits = []
    for _ in range(length):
        value, digit = divmod(value, 32)
        digits.append(_CROCKFORD[digit])
    return "".join(reversed(digits))


def is_pid(text: str) -> bool:
    """Tell whether ``text`` has the shape of a public id."""
    return len(text) == PID_LENGTH and all(char in _CROCKFORD for char in text)


def stable_pid(namespace: str, key: str, secret: str) -> str:
    """Return the public id that ``key`` always has in this installation (keyed, unguessable)."""
    digest = hmac.new(secret.encode(), f"{namespace}\0{key}".encode(), hashlib.sha256).digest()
    return _base32(int.from_bytes(digest[:16], "big"), PID_LENGTH)


def pseudonym(openid: str, secret: str) -> str:
    """Return the keyed hash under which a follower appears in logs and short-lived keys."""
    return hmac.new(secret.encode(), openid.encode(), hashlib.sha256).hexdigest()[:16]


def new_trace_id() -> str:
    """Return a short id that ties together the log lines of one request."""
    return secrets.token_hex(6)


def random_pid() -> str:
    """Return a public id that nobody can guess and nothing leads to."""
    return _base32(secrets.randbits(130), PID_LENGTH)
