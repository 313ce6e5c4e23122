"""The form that anybody may send: sealed, good once, and not too often from one place."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from itsdangerous import BadData, URLSafeSerializer

from wx_archive.core.ids import pseudonym
from wx_archive.core.store import Store

LASTS: Final = timedelta(hours=2)
OFTEN: Final = 20
"""Forms from one network in `WITHIN`; behind one address of a mobile carrier are many people."""
WITHIN: Final = timedelta(hours=1)
_KEY_BYTES: Final = 12
_HOME_BITS: Final = 64
"""An IPv6 household has as many addresses as it likes; its network is one."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a form of ours carries back.

    Attributes:
        key: this one form, filed once however often it is sent.
    """

    key: str
    owner: str

    def is_of(self, session: str) -> bool:
        """Tell whether the form was made for this follower's session."""
        return hmac.compare_digest(self.owner, _mark(session))


class Forms:
    """Seals forms and reads the seals."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeSerializer(
            secret,
            salt="enquiries-form",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )

    def issue(self, about: str, session: str, *, now: datetime) -> str:
        """Return the seal of a new form about an entry, for a session or (empty) for nobody."""
        return self._serializer.dumps(
            {
                "k": secrets.token_hex(_KEY_BYTES),
                "a": about,
                "s": _mark(session),
                "u": int((now + LASTS).timestamp()),
            }
        )

    def read(self, token: str, about: str, *, now: datetime) -> Sealed | None:
        """Return what a seal says; None if it is forged, too old, or of another entry."""
        try:
            told = self._serializer.loads(token)
        except (BadData, ValueError):
            return None
        match told:
            case {"k": str(key), "a": str(of), "s": str(owner), "u": int(until)}:
                return Sealed(key, owner) if of == about and now.timestamp() < until else None
            case _:
                return None


class Gate:
    """Lets a sender's forms in, so many in a while."""

    def __init__(self, store: Store, secret: str) -> None:
        self._store = store
        self._secret = secret

    def admits(self, sender: str, key: str) -> bool:
        """Take a place for the form ``key``; False when all are taken. Sent again it keeps its own.

        Only a keyed hash of the sender is kept, as long as the place holds.
        """
        alias, mark = pseudonym(f"form {sender}", self._secret), key.encode()
        places = (f"form:{alias}:{place}" for place in range(OFTEN))
        return any(self._store.add(place, mark, ttl=WITHIN) == mark for place in places)


def network_of(peer: str, forwarded: str) -> str:
    """Return where a request comes from, as far as forms are counted by it.

    Args:
        peer: who connects. The proxy in front of us has a private address, or none (a socket):
            then the last entry of ``forwarded`` counts, which that proxy wrote; what a sender put
            before it does not.
        forwarded: the X-Forwarded-For header.
    """
    address = _address(peer)
    if address is None or address.is_private:
        address = _address(forwarded.rpartition(",")[2].strip()) or address
    if address is None:
        return peer
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ip_network((address, _HOME_BITS), strict=False))
    return str(address)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _mark(session: str) -> str:
    return hashlib.sha256(session.encode()).hexdigest()[:32]
