"""Who may have something in hand."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from wx_archive.staff.models import Member, MemberRole
from wx_archive.staff.rules import PERMISSIONS, Permission


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who may have it in hand."""

    id: int
    name: str


def who_may(connection: Connection, permission: Permission) -> Sequence[Colleague]:
    """Return everybody at work who has a right."""
    roles = [role.value for role, may in PERMISSIONS.items() if permission in may]
    rows = connection.execute(
        select(Member.id, Member.name)
        .join(MemberRole, MemberRole.member_id == Member.id)
        .where(MemberRole.role.in_(roles), Member.is_disabled.is_(False))
        .distinct()
        .order_by(Member.id)
    )
    return [Colleague(row.id, row.name) for row in rows]
