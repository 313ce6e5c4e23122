"""Second factors as they are set up, used, and replaced; what is stored of them."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.orm import Session

from wx_archive.staff import secondfactor, sessions
from wx_archive.staff.models import Member, RecoveryCode
from wx_archive.staff.sessions import SignedIn

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Proven:
    """An authenticator that gave the right code, and is not taken over yet."""

    secret: str = field(repr=False)
    step: int


@dataclass(frozen=True, slots=True)
class Used:
    """A code was right, and is good no more.

    Attributes:
        codes_left: unused recovery codes, where it was one of them; else None.
    """

    codes_left: int | None = None


def propose(session: Session, key_of: str, *, token: str, member_id: int) -> None:
    """Make a secret for a new authenticator, which a session holds until a code proves it."""
    sealed = secondfactor.seal(secondfactor.new_secret(), key_of, member_id=member_id)
    sessions.propose_secret(session, token, sealed)


def proposed(connection: Connection, key_of: str, signed_in: SignedIn) -> str | None:
    """Return the secret that a session holds for its new authenticator."""
    sealed = sessions.proposed_secret(connection, signed_in.token)
    if sealed is None:
        return None
    return secondfactor.unseal(sealed, key_of, member_id=signed_in.person.id)


def prove(
    connection: Connection, key_of: str, signed_in: SignedIn, code: str, *, now: datetime
) -> Proven | None:
    """Return the new authenticator, if this is its code."""
    secret = proposed(connection, key_of, signed_in)
    if secret is None:
        return None
    step = secondfactor.matching_step(secret, code, after=0, now=now)
    return None if step is None else Proven(secret, step)


def take_over(session: Session, key_of: str, signed_in: SignedIn, proven: Proven) -> list[str]:
    """Make a proven authenticator the second factor; return its recovery codes, shown once."""
    member_id = signed_in.person.id
    session.execute(
        update(Member)
        .where(Member.id == member_id)
        .values(
            totp_secret=secondfactor.seal(proven.secret, key_of, member_id=member_id),
            totp_step=proven.step,
        )
    )
    sessions.propose_secret(session, signed_in.token, None)
    return new_codes(session, member_id)


def new_codes(session: Session, member_id: int) -> list[str]:
    """Replace somebody's recovery codes; return them, to be shown once."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.member_id == member_id))
    codes = secondfactor.new_recovery_codes()
    session.add_all(
        RecoveryCode(
            member_id=member_id,
            code_hash=secondfactor.hash_recovery_code(code, member_id=member_id),
        )
        for code in codes
    )
    session.flush()
    return codes


def codes_left(connection: Connection, member_id: int) -> int:
    """Return how many recovery codes somebody has not used."""
    unused = select(func.count()).where(
        RecoveryCode.member_id == member_id, RecoveryCode.used_at.is_(None)
    )
    return connection.execute(unused).scalar_one()


def use(session: Session, key_of: str, member_id: int, code: str, *, now: datetime) -> Used | None:
    """Use up a code of the authenticator, or a recovery code; None when it is neither."""
    if _use_step(session, key_of, member_id, code, now=now):
        return Used()
    code_hash = secondfactor.hash_recovery_code(code, member_id=member_id)
    used = (
        update(RecoveryCode)
        .where(
            RecoveryCode.member_id == member_id,
            RecoveryCode.code_hash == code_hash,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    if session.execute(used.returning(RecoveryCode.id)).first() is None:
        return None
    return Used(codes_left(session.connection(), member_id))


def _use_step(session: Session, key_of: str, member_id: int, code: str, *, now: datetime) -> bool:
    """Use up a time step: of two requests with one code only one finds it unused."""
    row = session.execute(
        select(Member.totp_secret, Member.totp_step).where(Member.id == member_id)
    ).one()
    if row.totp_secret is None:
        return False
    secret = secondfactor.unseal(row.totp_secret, key_of, member_id=member_id)
    if secret is None:
        log.error("console.second_factor_unreadable member=%d remedy=SECRET_KEY", member_id)
        return False
    step = secondfactor.matching_step(secret, code, after=row.totp_step, now=now)
    if step is None:
        return False
    used = update(Member).where(Member.id == member_id, Member.totp_step < step)
    return session.execute(used.values(totp_step=step).returning(Member.id)).first() is not None
