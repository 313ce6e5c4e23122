"""Sessions of the console: known by a random token, checked against the database every time.

So whoever is disabled, or whose session was ended elsewhere, is out with the next click.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, delete, or_, select, update
from sqlalchemy.orm import Session

from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.staff.models import Member, MemberRole, StaffSession
from wx_archive.staff.rules import ABSOLUTE, IDLE, Person, Role, is_over

TOUCH_EVERY: Final = timedelta(minutes=1)
_TOKEN_BYTES: Final = 32
_AGENT_LENGTH: Final = 200


class Stage(StrEnum):
    """What is still missing before a session opens anything."""

    CODE = "code"
    """The second factor."""
    PASSWORD = "password"  # noqa: S105 -- a stage, not a password
    """A password of one's own."""
    ENROL = "enrol"
    """A second factor must be set up."""
    FULL = "full"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session and who it belongs to.

    Attributes:
        confirmed_at: when the password was given last.
    """

    id: int
    person: Person
    stage: Stage
    created_at: datetime
    seen_at: datetime
    confirmed_at: datetime
    token: str = field(repr=False)

    def csrf(self, secret: str) -> str:
        """Return what every form of this session carries."""
        key = hashlib.sha256(f"console-csrf {secret}".encode()).digest()
        return hmac.new(key, self.token.encode(), hashlib.sha256).hexdigest()


def find(connection: Connection, token: str, *, now: datetime) -> SignedIn | None:
    """Return the session of a token, if it still is one; a disabled person has none."""
    rows = connection.execute(
        select(
            StaffSession.id,
            StaffSession.stage,
            StaffSession.created_at,
            StaffSession.seen_at,
            StaffSession.confirmed_at,
            Member.id.label("member_id"),
            Member.login,
            Member.name,
            MemberRole.role,
        )
        .join(Member, Member.id == StaffSession.member_id)
        .join(MemberRole, MemberRole.member_id == Member.id)
        .where(StaffSession.token_hash == hashed(token), Member.is_disabled.is_(False))
    ).all()
    if not rows:
        return None
    first = rows[0]
    if is_over(created_at=first.created_at, seen_at=first.seen_at, now=now):
        return None
    roles = frozenset(Role(row.role) for row in rows)
    return SignedIn(
        first.id,
        Person(first.member_id, first.login, first.name, roles),
        Stage(first.stage),
        first.created_at,
        first.seen_at,
        first.confirmed_at,
        token,
    )


def start(
    session: Session, member_id: int, stage: Stage, *, address: str, agent: str, now: datetime
) -> str:
    """Begin a session; return its token, which nobody else will ever know."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    session.add(
        StaffSession(
            token_hash=hashed(token),
            member_id=member_id,
            stage=stage.value,
            created_at=now,
            seen_at=now,
            confirmed_at=now,
            address=address[:45],
            agent=agent[:_AGENT_LENGTH],
        )
    )
    session.flush()
    return token


def renew(session: Session, signed_in: SignedIn, stage: Stage, *, now: datetime) -> str:
    """Take a session to another stage, under a new token; the old one opens nothing any more.

    Its beginning stays what it was: twelve hours are counted from the password.

    Raises:
        RefusedError: the session was ended, or taken further, at this very instant.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    renewed = (
        update(StaffSession)
        .where(StaffSession.id == signed_in.id, StaffSession.token_hash == hashed(signed_in.token))
        .values(token_hash=hashed(token), stage=stage.value, seen_at=now, confirmed_at=now)
    )
    if session.execute(renewed.returning(StaffSession.id)).first() is None:
        raise RefusedError("这次登录已经结束，请重新登录")
    return token


def propose_secret(session: Session, token: str, sealed: bytes | None) -> None:
    """Note the second factor that is being set up in a session; None when that is over."""
    session.execute(
        update(StaffSession)
        .where(StaffSession.token_hash == hashed(token))
        .values(pending_secret=sealed)
    )


def proposed_secret(connection: Connection, token: str) -> bytes | None:
    """Return the second factor that is being set up in a session, sealed."""
    wanted = select(StaffSession.pending_secret).where(StaffSession.token_hash == hashed(token))
    return connection.execute(wanted).scalar_one_or_none()


def touch(database: Database, signed_in: SignedIn, *, now: datetime) -> None:
    """Note that something was done; written once a minute at most."""
    if now - signed_in.seen_at < TOUCH_EVERY:
        return
    with database.begin() as session:
        session.execute(
            update(StaffSession).where(StaffSession.id == signed_in.id).values(seen_at=now)
        )


def end(session: Session, session_id: int, *, member_id: int) -> bool:
    """End one session of a person; False when they have none of this number."""
    ended = delete(StaffSession).where(
        StaffSession.id == session_id, StaffSession.member_id == member_id
    )
    return session.execute(ended.returning(StaffSession.id)).first() is not None


def end_all(session: Session, member_id: int, *, but: int | None = None) -> int:
    """End all sessions of a person, all but one where one is named; return how many."""
    ended = delete(StaffSession).where(StaffSession.member_id == member_id)
    if but is not None:
        ended = ended.where(StaffSession.id != but)
    return len(session.execute(ended.returning(StaffSession.id)).all())


def sweep(session: Session, *, now: datetime) -> int:
    """Drop sessions that have ended by themselves; return how many."""
    ended = delete(StaffSession).where(
        or_(StaffSession.seen_at <= now - IDLE, StaffSession.created_at <= now - ABSOLUTE)
    )
    return len(session.execute(ended.returning(StaffSession.id)).all())


def of_member(connection: Connection, member_id: int, *, now: datetime) -> Sequence[StaffSession]:
    """Return a person's sessions that have not ended, the one used last first."""
    rows = connection.execute(
        select(StaffSession.__table__)
        .where(StaffSession.member_id == member_id)
        .order_by(StaffSession.seen_at.desc(), StaffSession.id.desc())
    )
    found = [StaffSession(**row._mapping) for row in rows]  # noqa: SLF001 -- a public name
    return [
        row for row in found if not is_over(created_at=row.created_at, seen_at=row.seen_at, now=now)
    ]


def hashed(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
