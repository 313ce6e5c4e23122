"""Passwords: argon2id, and no quicker an answer where there is nobody to compare with."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from wx_archive.core.errors import RefusedError

LONGEST: Final = 128
"""Characters; what is longer is not even tried."""
PATIENCE_S: Final = 2.0
"""How long a login waits for its turn: the threads that wait are those that answer citizens."""

_AT_ONCE: Final = BoundedSemaphore(2)
"""Each hash takes 19 MiB and a core for some tens of milliseconds."""
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP's first choice for argon2id; docs/sources.md#staff."""


class TooManyAtOnceError(RefusedError):
    """More people log in at this instant than this machine compares passwords for."""

    def __init__(self) -> None:
        super().__init__("这会儿登录的人太多，请过几秒再试")


def hash_password(password: str) -> str:
    """Return what is stored of a password.

    Raises:
        TooManyAtOnceError: no turn within `PATIENCE_S`.
    """
    with _turn():
        return _HASHER.hash(_spelled(password))


def is_password(password: str, stored: str | None) -> bool:
    """Tell whether a password is the stored one; takes as long where nothing is stored.

    Raises:
        TooManyAtOnceError: no turn within `PATIENCE_S`.
    """
    with _turn():
        try:
            _HASHER.verify(stored or _nobodys(), _spelled(password))
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


def _spelled(password: str) -> str:
    """Return one spelling of what keyboards write in several, in full width above all."""
    plain = unicodedata.normalize("NFKC", password[: LONGEST + 1])
    return plain.encode("utf-8", "replace").decode()


@contextmanager
def _turn() -> Iterator[None]:
    if not _AT_ONCE.acquire(timeout=PATIENCE_S):
        raise TooManyAtOnceError
    try:
        yield
    finally:
        _AT_ONCE.release()


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody has this password")
