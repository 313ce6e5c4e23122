"""核对证书: what the public may learn of a certificate, and how often somebody may guess."""

import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from wx_archive.core.ids import is_pid, pseudonym
from wx_archive.core.store import Store
from wx_archive.staff.throttle import network_of
from wx_archive.treasures import certificates, rules
from wx_archive.treasures.certificates import TAIL, Known
from wx_archive.treasures.rules import Sign

WITHIN: Final = timedelta(hours=1)
TRIES: Final = 20
"""Wrong ones from a network in that time; what is right does not count.

The six characters are one of 2^30: at this pace a network would guess for six thousand years.
"""
_NUMBER: Final = re.compile(r"证?号?((?:19|20)[0-9]{2})-?([0-9]{1,9})")
_DASHES: Final = re.compile("[\u2010-\u2015\u2212\ufe58\uff0d_~～]")
_ALIKE: Final = str.maketrans("OILU", "011V")
"""Letters that a code never has, as what they are taken for."""
_NOBODYS: Final = "-" * TAIL


@dataclass(frozen=True, slots=True)
class Tries:
    """Counts what a network tries; only a keyed hash of it is kept, for an hour."""

    store: Store
    secret: str

    def take(self, address: str) -> str | None:
        """Take a place for a try, before it is looked at; None when all are taken."""
        alias = pseudonym(f"certificate {network_of(address)}", self.secret)
        mark = secrets.token_bytes(8)
        places = (f"certificate:{alias}:{place}" for place in range(TRIES))
        return next((one for one in places if self.store.add(one, mark, ttl=WITHIN) == mark), None)

    def give_back(self, place: str) -> None:
        """Give the place of a try back that was right."""
        self.store.drop(place)


def by_token(connection: Connection, token: str) -> Known | None:
    """Return the certificate that a QR code names."""
    return certificates.by_token(connection, token) if is_pid(token) else None


def by_printed(connection: Connection, number: str, code: str) -> Known | None:
    """Return the certificate of a printed number and code; wrong ones are told apart by nothing."""
    printed = read_number(number)
    known = certificates.by_number(connection, printed) if printed else None
    tail = _NOBODYS if known is None else known.tail
    is_right = hmac.compare_digest(read_code(code).encode(), tail.encode())
    return known if is_right else None


def read_number(typed: str) -> str | None:
    """Return a certificate's number in any spelling as it is printed; None where it is none."""
    plain = _DASHES.sub("-", "".join(unicodedata.normalize("NFKC", typed).split()))
    found = _NUMBER.fullmatch(plain)
    if found is None:
        return None
    return rules.number(Sign.CERTIFICATE, int(found[1]), int(found[2]))


def read_code(typed: str) -> str:
    """Return the printed code as it is kept: capitals, no spaces, no letters that look alike."""
    plain = "".join(unicodedata.normalize("NFKC", typed).split()).replace("-", "")
    return plain.upper().translate(_ALIKE)
