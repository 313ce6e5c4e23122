"""Accounts of the people who work here: given, changed, closed, opened; never deleted."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, select
from sqlalchemy.orm import Session

from wx_archive.core.errors import RefusedError
from wx_archive.core.text import fold
from wx_archive.staff import passwords, sessions, throttle
from wx_archive.staff.models import Member, MemberRole, RecoveryCode
from wx_archive.staff.rules import ROLE_NAMES, Role, check_roles, needs_second_factor

LOGIN: Final = re.compile(r"[a-z][a-z0-9._-]{1,39}")
LONGEST_NAME: Final = 40


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody's account, as colleagues see it.

    Attributes:
        must_change: the password was chosen by somebody else.
        has_second_factor: codes of an authenticator are asked for.
    """

    id: int
    login: str
    name: str
    roles: frozenset[Role]
    is_disabled: bool
    must_change: bool
    has_second_factor: bool
    created_at: datetime

    @property
    def role_names(self) -> str:
        """Their roles, as they are shown."""
        return "、".join(ROLE_NAMES[role] for role in Role if role in self.roles)


@dataclass(frozen=True, slots=True)
class Changed:
    """What an act changed, for the audit log; equal when it changed nothing."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]


def spelled(login: str) -> str:
    """Return a login as it is stored, however it was typed."""
    return fold(login)


def add(
    session: Session,
    *,
    login: str,
    name: str,
    roles: Iterable[Role],
    password: str,
    must_change: bool = True,
    now: datetime,
) -> Member:
    """Give somebody an account.

    Raises:
        RefusedError: the login is taken or no login, there is no name, or the roles do not go
            together.
    """
    chosen = check_roles(roles)
    login, name = spelled(login), name.strip()
    if problem := login_problem(login) or name_problem(name):
        raise RefusedError(problem)
    if session.scalar(select(Member.id).where(Member.login == login)) is not None:
        raise RefusedError(f"已经有“{login}”这个账号了，账号用过就不再给别人")
    member = Member(
        login=login,
        name=name,
        password_hash=passwords.hash_password(password),
        password_set_at=now,
        must_change=must_change,
        created_at=now,
    )
    session.add(member)
    session.flush()
    _give(session, member.id, chosen)
    return member


def login_problem(login: str) -> str:
    """Return why something is no login; empty when it is one."""
    if LOGIN.fullmatch(login):
        return ""
    return "账号用 2 到 40 个小写字母、数字和 . _ -，以字母开头"


def name_problem(name: str) -> str:
    """Return why something is no name; empty when it is one."""
    if name and len(name) <= LONGEST_NAME and name.isprintable():
        return ""
    return f"要写姓名，最多 {LONGEST_NAME} 个字"


def everybody(connection: Connection) -> list[Account]:
    """Return all accounts by their login, closed ones last."""
    found = _accounts(connection.execute(_SELECT).all())
    return sorted(found, key=lambda account: (account.is_disabled, account.login))


def find(connection: Connection, login: str) -> Account | None:
    """Return somebody's account."""
    rows = connection.execute(_SELECT.where(Member.login == spelled(login))).all()
    return next(iter(_accounts(rows)), None)


def locked(session: Session, login: str) -> Member:
    """Return an account that nobody else changes now.

    Raises:
        RefusedError: there is none of this login.
    """
    wanted = select(Member).where(Member.login == spelled(login)).with_for_update()
    member = session.scalars(wanted).one_or_none()
    if member is None:
        raise RefusedError(f"没有“{login}”这个账号")
    return member


def set_roles(session: Session, login: str, roles: Iterable[Role]) -> Changed:
    """Give somebody these roles and no others.

    Whoever now needs a second factor and has none is out, and sets one up at the next login.

    Raises:
        RefusedError: the roles do not go together, or nobody would be left to manage people.
    """
    chosen = check_roles(roles)
    admins = _locked_admins(session)
    member = locked(session, login)
    before = roles_of(session, member.id)
    if Role.ADMIN not in chosen:
        _require_other_admin(admins, member)
    session.execute(delete(MemberRole).where(MemberRole.member_id == member.id))
    _give(session, member.id, chosen)
    if needs_second_factor(chosen) and member.totp_secret is None:
        sessions.end_all(session, member.id)
    return Changed({"roles": _listed(before)}, {"roles": _listed(chosen)})


def disable(session: Session, login: str) -> Changed:
    """Close somebody's account and end their sessions: the next click finds the door shut.

    Raises:
        RefusedError: nobody would be left to manage people.
    """
    admins = _locked_admins(session)
    member = locked(session, login)
    _require_other_admin(admins, member)
    changed = Changed({"disabled": member.is_disabled}, {"disabled": True})
    member.is_disabled = True
    sessions.end_all(session, member.id)
    session.flush()
    return changed


def enable(session: Session, login: str) -> Changed:
    """Open a closed account again, as it was."""
    member = locked(session, login)
    changed = Changed({"disabled": member.is_disabled}, {"disabled": False})
    member.is_disabled = False
    session.flush()
    return changed


def set_password(
    session: Session, member: Member, password_hash: str, *, must_change: bool, now: datetime
) -> None:
    """Store a password; `passwords.hash_password` has made the hash, before the transaction."""
    member.password_hash = password_hash
    member.password_set_at = now
    member.must_change = must_change
    session.flush()


def reset(
    session: Session,
    secret: str,
    login: str,
    *,
    password: str = "",
    second_factor: bool = False,
    now: datetime,
) -> Changed:
    """Give somebody a first password anew, or take a lost second factor away, or both.

    Their sessions end, and what failed so far is forgotten.

    Args:
        session: of the act.
        secret: the installation's.
        login: whose.
        password: to be handed over and changed; empty leaves the present one.
        second_factor: take it away, with its recovery codes.
        now: the instant.
    """
    member = locked(session, login)
    had = member.totp_secret is not None
    after: dict[str, Any] = {"second_factor": had and not second_factor}
    if password:
        password_hash = passwords.hash_password(password)
        set_password(session, member, password_hash, must_change=True, now=now)
        after["password_reset"] = True
    if second_factor:
        member.totp_secret = None
        session.execute(delete(RecoveryCode).where(RecoveryCode.member_id == member.id))
    sessions.end_all(session, member.id)
    throttle.reopen(session, secret, login=member.login)
    session.flush()
    return Changed({"second_factor": had}, after)


def roles_of(session: Session, member_id: int) -> frozenset[Role]:
    """Return somebody's roles."""
    rows = session.scalars(select(MemberRole.role).where(MemberRole.member_id == member_id))
    return frozenset(map(Role, rows))


_SELECT: Final = (
    select(
        Member.id,
        Member.login,
        Member.name,
        Member.is_disabled,
        Member.must_change,
        Member.totp_secret.is_not(None).label("has_second_factor"),
        Member.created_at,
        MemberRole.role,
    )
    .join(MemberRole, MemberRole.member_id == Member.id)
    .order_by(Member.login)
)


def _accounts(rows: Sequence[Any]) -> list[Account]:
    roles: dict[int, set[Role]] = {}
    for row in rows:
        roles.setdefault(row.id, set()).add(Role(row.role))
    return [
        Account(
            row.id,
            row.login,
            row.name,
            frozenset(roles[row.id]),
            row.is_disabled,
            row.must_change,
            row.has_second_factor,
            row.created_at,
        )
        for row in {row.id: row for row in rows}.values()
    ]


def _give(session: Session, member_id: int, roles: Iterable[Role]) -> None:
    session.add_all(MemberRole(member_id=member_id, role=role.value) for role in sorted(roles))
    session.flush()


def _locked_admins(session: Session) -> set[int]:
    """Return whose accounts are open to manage people, while nobody else closes one."""
    admins = (
        select(Member.id)
        .join(MemberRole, MemberRole.member_id == Member.id)
        .where(MemberRole.role == Role.ADMIN.value, Member.is_disabled.is_(False))
        .order_by(Member.id)
        .with_for_update()
    )
    return set(session.scalars(admins))


def _require_other_admin(admins: set[int], member: Member) -> None:
    if admins == {member.id}:
        raise RefusedError("这是最后一个能用的管理员，先给别人加上管理员再来")


def _listed(roles: Iterable[Role]) -> list[str]:
    return sorted(role.value for role in roles)
