"""Which follower a member of staff is: a one-time code from the console, typed in the chat."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, delete, or_, select
from sqlalchemy.orm import Session

from wx_archive.alerts import rules
from wx_archive.alerts.models import StaffWechat
from wx_archive.core.store import KeyValues
from wx_archive.followers.models import Follower
from wx_archive.staff.models import Member, MemberRole
from wx_archive.staff.rules import Permission, Role, permissions_of

_KEY: Final = "staff-code"


@dataclass(frozen=True, slots=True)
class Bound:
    """A member of staff whose WeChat is known."""

    member_id: int
    login: str
    name: str
    follower_id: int
    bound_at: datetime


def new_code(store: KeyValues, member_id: int, *, secret: str, now: datetime) -> str:
    """Return a code that binds whoever types it to this member, once, for ten minutes."""
    code = f"{secrets.randbelow(10**rules.CODE_DIGITS):0{rules.CODE_DIGITS}d}"
    told = json.dumps({"member": member_id, "at": now.astimezone(UTC).isoformat()})
    store.put({code_key(code, secret): (told.encode(), rules.CODE_LASTS)})
    return code


def code_key(code: str, secret: str) -> str:
    """Return where the short-lived store keeps a code: by a keyed hash, never the code itself."""
    digest = hmac.new(f"{_KEY}\0{secret}".encode(), code.encode(), hashlib.sha256).hexdigest()
    return f"{_KEY}:{digest[:40]}"


def bind(
    session: Session,
    store: KeyValues,
    code: str,
    follower_id: int,
    *,
    secret: str,
    now: datetime,
) -> Bound | None:
    """Bind the follower to whom the code was given; None when no such code is in force.

    Each has one WeChat, and each WeChat one of them: what was bound before gives way. The caller
    drops the code once this has been committed.
    """
    kept = store.get(code_key(code, secret))
    if kept is None:
        return None
    told = json.loads(kept)
    member = session.execute(
        select(Member.id, Member.login, Member.name)
        .where(Member.id == told["member"], Member.is_disabled.is_(False))
        .with_for_update()
    ).one_or_none()
    if member is None:
        return None
    before = session.scalar(select(StaffWechat.bound_at).where(StaffWechat.member_id == member.id))
    if before is not None and before >= datetime.fromisoformat(told["at"]):
        return None  # used already, by whoever is bound now
    session.execute(
        delete(StaffWechat).where(
            or_(StaffWechat.member_id == member.id, StaffWechat.follower_id == follower_id)
        )
    )
    session.add(StaffWechat(member_id=member.id, follower_id=follower_id, bound_at=now))
    session.flush()
    return Bound(member.id, member.login, member.name, follower_id, now)


def unbind(session: Session, *, member_id: int = 0, follower_id: int = 0) -> str | None:
    """End a binding, by either end; return the login whose it was, None when there was none."""
    mine = (
        StaffWechat.member_id == member_id if member_id else StaffWechat.follower_id == follower_id
    )
    ended = session.execute(
        delete(StaffWechat).where(mine).returning(StaffWechat.member_id)
    ).scalar_one_or_none()
    if ended is None:
        return None
    return session.scalars(select(Member.login).where(Member.id == ended)).one()


def of_member(connection: Connection, member_id: int) -> datetime | None:
    """Return since when a member's WeChat is bound, None when it is not."""
    return connection.scalar(select(StaffWechat.bound_at).where(StaffWechat.member_id == member_id))


def openid_of(connection: Connection, member_id: int) -> str | None:
    """Return a member's openid, for what is sent to their phone; None when none is bound."""
    return connection.scalar(
        select(Follower.openid)
        .join(StaffWechat, StaffWechat.follower_id == Follower.id)
        .where(StaffWechat.member_id == member_id, Follower.is_following.is_(True))
    )


def drop_disabled(session: Session) -> None:
    """End the bindings of those who do not work here any more."""
    gone = select(Member.id).where(Member.is_disabled)
    session.execute(
        delete(StaffWechat).where(StaffWechat.member_id.in_(gone)),
        execution_options={"synchronize_session": False},
    )


def who_may(connection: Connection, needs: Permission) -> Sequence[Bound]:
    """Return who has a right and a WeChat, and still works here."""
    roles = [role.value for role in Role if needs in permissions_of([role])]
    rows = connection.execute(
        select(Member.id, Member.login, Member.name, StaffWechat.follower_id, StaffWechat.bound_at)
        .join(StaffWechat, StaffWechat.member_id == Member.id)
        .join(MemberRole, MemberRole.member_id == Member.id)
        .where(Member.is_disabled.is_(False), MemberRole.role.in_(roles))
        .distinct()
        .order_by(Member.id)
    )
    return [Bound(*row) for row in rows]
