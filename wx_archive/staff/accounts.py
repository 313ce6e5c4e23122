"""Accounts of the people who work here."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.core.errors import RefusedError
from wx_archive.staff import passwords
from wx_archive.staff.models import Member, MemberRole
from wx_archive.staff.rules import Role, check_roles


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
        RefusedError: the login is taken, or the roles do not go together.
    """
    chosen = check_roles(roles)
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
    session.add_all(MemberRole(member_id=member.id, role=role.value) for role in sorted(chosen))
    session.flush()
    return member
