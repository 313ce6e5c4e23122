"""The people of the demo: seven to try the console as, four of them printed by the demo."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.staff import accounts
from wx_archive.staff.models import Member
from wx_archive.staff.rules import Role

PASSWORD: Final = "wx-archive-demo"  # noqa: S105 -- printed by the demo; no other profile knows it


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody invented."""

    login: str
    name: str
    role: Role
    is_printed: bool


PEOPLE: Final = (
    DemoPerson("editor", "编辑小陈", Role.EDITOR, is_printed=True),
    DemoPerson("reviewer", "审核王科长", Role.REVIEWER, is_printed=True),
    DemoPerson("publisher", "发布老李", Role.PUBLISHER, is_printed=True),
    DemoPerson("desk", "窗口小周", Role.DESK, is_printed=True),
    DemoPerson("correspondent", "联络员小何", Role.CORRESPONDENT, is_printed=False),
    DemoPerson("admin", "管理员老赵", Role.ADMIN, is_printed=False),
    DemoPerson("auditor", "审计员老吴", Role.AUDITOR, is_printed=False),
)


def seed(session: Session, *, now: datetime) -> None:
    """Give those an account who have none yet."""
    there = set(session.scalars(select(Member.login)))
    for person in PEOPLE:
        if person.login not in there:
            accounts.add(
                session,
                login=person.login,
                name=person.name,
                roles=[person.role],
                password=PASSWORD,
                must_change=False,
                now=now,
            )
