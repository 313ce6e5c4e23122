"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes for a lost one.

The secret is sealed with a key of the installation and bound to its owner; of recovery codes only
hashes are kept. Source: docs/sources.md#staff.
"""

import hashlib
import secrets
import unicodedata
from datetime import datetime
from typing import Final

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

STEP_S: Final = 30
WINDOW: Final = 1
"""Steps that a telephone's clock may be early or late."""
RECOVERY_CODES: Final = 10
_NONCE_BYTES: Final = 12
_CODE_GROUPS: Final = 4
_CODE_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_SPARE: Final = {ord(char): None for char in " -\u3000\u2013\u2014"}
"""What people type between groups."""


def new_secret() -> str:
    """Return a secret for a new authenticator: 160 bits in base 32."""
    return pyotp.random_base32()


def seal(secret: str, key_of: str, *, member_id: int) -> bytes:
    """Return a secret as it is stored.

    Args:
        secret: base 32.
        key_of: the installation's secret.
        member_id: whose it is; nobody else's row opens it.
    """
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + _cipher(key_of).encrypt(nonce, secret.encode(), _bound_to(member_id))


def unseal(sealed: bytes, key_of: str, *, member_id: int) -> str | None:
    """Return a stored secret; None where the installation's secret is not the one it had."""
    nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return _cipher(key_of).decrypt(nonce, rest, _bound_to(member_id)).decode()
    except InvalidTag:
        return None


def matching_step(secret: str, code: str, *, after: int, now: datetime) -> int | None:
    """Return the time step that a code belongs to; None when it is wrong or was used.

    Args:
        secret: base 32.
        code: six digits as typed.
        after: the newest step whose code was used; only later ones count.
        now: the instant, whose step and the ones beside it are tried.
    """
    present = int(now.timestamp()) // STEP_S
    totp = pyotp.TOTP(secret)
    typed = as_typed(code)
    found = None
    for step in range(present - WINDOW, present + WINDOW + 1):
        # All are compared, whichever is right.
        is_right = secrets.compare_digest(
            totp.generate_otp(step).encode(), typed.encode(errors="replace")
        )
        if is_right and step > after:
            found = step
    return found


def as_typed(code: str) -> str:
    """Return a code without what people type between its groups, in lower case half width."""
    return unicodedata.normalize("NFKC", code.strip()).translate(_SPARE).lower()


def grouped(secret: str) -> str:
    """Return a secret in groups of four, for typing it over."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def address_of(secret: str, *, login: str, issuer: str) -> str:
    """Return the `otpauth:` address that an authenticator scans."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def new_recovery_codes() -> list[str]:
    """Return codes that stand in for the second factor, 79 bits each."""
    return [_new_code() for _code in range(RECOVERY_CODES)]


def hash_recovery_code(code: str, *, member_id: int) -> str:
    """Return what is stored of a recovery code, however it is typed."""
    return hashlib.sha256(f"{member_id}:{as_typed(code)}".encode()).hexdigest()


def _new_code() -> str:
    groups = (
        "".join(secrets.choice(_CODE_ALPHABET) for _character in range(4))
        for _group in range(_CODE_GROUPS)
    )
    return "-".join(groups)


def _cipher(key_of: str) -> AESGCM:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"console-second-factor")
    return AESGCM(derived.derive(key_of.encode()))


def _bound_to(member_id: int) -> bytes:
    return f"member:{member_id}".encode()
