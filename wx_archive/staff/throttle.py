"""Brute force is slowed: tries are counted before they are looked at, per account and per address.

The count is a transaction of its own, so that of many tries at once none slips through. Accounts
and addresses are known by keyed hashes only: what somebody typed by mistake is kept nowhere.

The figures. Five tries may fail before anybody waits: people mistype. Then the pause doubles from
five seconds. An account's pause grows to 15 minutes: at most some 100 tries a day, the bound of
NIST SP 800-63B, while its owner, should somebody keep it shut, waits no longer than a coffee takes
(and the admin opens it at once by `reset`). An address's pause grows to 5 minutes only: a whole
office stands behind one; what is tried from there on many accounts stays below 300 a day. A pause
is not prolonged by tries made during it, nor told apart by whether the account exists.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.orm import Session

from wx_archive.core.database import Database, insert_into
from wx_archive.staff.models import LoginAttempt

FREE: Final = 5
FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(minutes=15)
LONGEST_PAUSE_OF_ADDRESS: Final = timedelta(minutes=5)
FORGOTTEN_AFTER: Final = timedelta(days=1)
"""Five free tries a day are fewer than the pauses allow: to wait for them wins nobody anything."""
_NETWORK_BITS: Final = 64
"""Of an IPv6 address; whoever has one has all below it."""


class Kind(StrEnum):
    """What is tried; a right password does not make up for wrong codes."""

    PASSWORD = "password"  # noqa: S105 -- a kind, not a password
    CODE = "code"
    VOUCHER = "voucher"


@dataclass(frozen=True, slots=True)
class Tries:
    """Where a try is counted.

    Attributes:
        address: key of the address's row.
        account: key of the account's row, whether there is such an account or not.
    """

    address: str
    account: str


def pause_after(failures: int, longest: timedelta) -> timedelta:
    """Return how long nothing is looked at after so many failures in a row."""
    if failures < FREE:
        return timedelta(0)
    doublings = min(failures - FREE, 16)
    return min(FIRST_PAUSE * (1 << doublings), longest)


def network_of(address: str) -> str:
    """Return what is counted as one address: an IPv4 address, the /64 of an IPv6 one."""
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Network((parsed, _NETWORK_BITS), strict=False))
    return str(parsed)


def tries(secret: str, kind: Kind, *, login: str, address: str) -> Tries:
    """Return where a try is counted; ``login`` as `accounts.spelled` gives it."""
    return Tries(
        address=_key(secret, f"address {network_of(address)}"),
        account=_key(secret, f"{kind} {login}"),
    )


def count(database: Database, tries: Tries, *, now: datetime) -> timedelta | None:
    """Count a try as failed, before it is looked at; `forgive` takes it back.

    Returns:
        None when it may be looked at; else how long to wait, and nothing was counted.
    """
    with database.begin() as session:
        # Always the address first, so that two transactions never wait for each other.
        rows = [_locked(session, tries.address, now=now)]
        if rows[0].blocked_until <= now:
            rows.append(_locked(session, tries.account, now=now))
        blocked_until = max(row.blocked_until for row in rows)
        if blocked_until > now:
            return blocked_until - now
        longest = (LONGEST_PAUSE_OF_ADDRESS, LONGEST_PAUSE)
        for row, most in zip(rows, longest, strict=True):
            row.failures += 1
            row.last_at = now
            row.blocked_until = now + pause_after(row.failures, most)
    return None


def paused(connection: Connection, tries: Tries, *, now: datetime) -> timedelta | None:
    """Return how long nothing is looked at; None when it may be. Counts nothing."""
    until = connection.scalar(
        select(func.max(LoginAttempt.blocked_until)).where(
            LoginAttempt.key.in_((tries.address, tries.account))
        )
    )
    return until - now if until is not None and until > now else None


def forgive(session: Session, tries: Tries, *, now: datetime) -> None:
    """Take the try back that succeeded; what failed before it counts for the address alone."""
    session.execute(
        update(LoginAttempt)
        .where(LoginAttempt.key == tries.address, LoginAttempt.failures > 0)
        .values(failures=LoginAttempt.failures - 1, blocked_until=now)
    )
    session.execute(delete(LoginAttempt).where(LoginAttempt.key == tries.account))


def take_back(session: Session, tries: Tries, *, now: datetime) -> None:
    """Take a try back that was not looked at; what failed before it stays counted."""
    for key in (tries.address, tries.account):
        session.execute(
            update(LoginAttempt)
            .where(LoginAttempt.key == key, LoginAttempt.failures > 0)
            .values(failures=LoginAttempt.failures - 1, blocked_until=now)
        )


def reopen(session: Session, secret: str, *, login: str) -> None:
    """Forget an account's failures: an admin has looked at it."""
    keys = [tries(secret, kind, login=login, address="").account for kind in Kind]
    session.execute(delete(LoginAttempt).where(LoginAttempt.key.in_(keys)))


def sweep(session: Session, *, now: datetime) -> int:
    """Drop what is forgotten; return how many rows."""
    dropped = delete(LoginAttempt).where(LoginAttempt.last_at <= now - FORGOTTEN_AFTER)
    return len(session.execute(dropped.returning(LoginAttempt.key)).all())


def _locked(session: Session, key: str, *, now: datetime) -> LoginAttempt:
    """Return a row that nobody else changes now; forgotten failures are none."""
    unwritten = insert_into(session, LoginAttempt).values(
        key=key, failures=0, last_at=now, blocked_until=now
    )
    # Writing what is there already locks it, and there is no instant in which it could go.
    locking = unwritten.on_conflict_do_update(index_elements=["key"], set_={"key": key})
    row = session.scalars(locking.returning(LoginAttempt)).one()
    if row.last_at <= now - FORGOTTEN_AFTER:
        row.failures = 0
    return row


def _key(secret: str, what: str) -> str:
    key = hashlib.sha256(f"console-tries {secret}".encode()).digest()
    return hmac.new(key, what.encode(errors="replace"), hashlib.sha256).hexdigest()
