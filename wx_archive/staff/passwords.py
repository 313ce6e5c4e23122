"""Passwords: argon2id, and no quicker an answer where there is nobody to compare with."""

from functools import cache
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_AT_ONCE: Final = BoundedSemaphore(2)
"""Each hash takes 19 MiB and a core for some tens of milliseconds."""
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP's first choice for argon2id; docs/sources.md#staff."""


def hash_password(password: str) -> str:
    """Return what is stored of a password."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def is_password(password: str, stored: str | None) -> bool:
    """Tell whether a password is the stored one; takes as long where nothing is stored."""
    with _AT_ONCE:
        try:
            _HASHER.verify(stored or _nobodys(), password)
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody has this password")
