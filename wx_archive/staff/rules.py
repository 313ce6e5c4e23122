"""Who may do what, and for how long one is taken for oneself: one table, no I/O.

Source: docs/sources.md#staff (separation of duties, two factors, time-outs).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from wx_archive.core.errors import RefusedError

IDLE: Final = timedelta(minutes=30)
"""A session ends when nothing was done for so long; a page that refreshes itself does nothing."""
ABSOLUTE: Final = timedelta(hours=12)
FRESH: Final = timedelta(minutes=10)
"""For so long after the password was given one may send, change rights and export."""


class Role(StrEnum):
    """The parts people play; one person may play several."""

    CORRESPONDENT = "correspondent"
    EDITOR = "editor"
    REVIEWER = "reviewer"
    PUBLISHER = "publisher"
    DESK = "desk"
    AUDITOR = "auditor"
    ADMIN = "admin"


ROLE_NAMES: Final[Mapping[Role, str]] = {
    Role.CORRESPONDENT: "联络员",
    Role.EDITOR: "编辑",
    Role.REVIEWER: "审核",
    Role.PUBLISHER: "发布",
    Role.DESK: "窗口",
    Role.AUDITOR: "审计",
    Role.ADMIN: "管理员",
}


class Permission(StrEnum):
    """What a route of the console needs."""

    OWN = "own"
    """One's own account, sessions and WeChat: everybody who is logged in."""
    CATALOGUE_READ = "catalogue.read"
    CATALOGUE_EDIT = "catalogue.edit"
    """Upload, edit, relate, repeal, close; propose what opens."""
    CATALOGUE_RELEASE = "catalogue.release"
    """The second person: release or refuse what somebody else proposed."""
    CATALOGUE_EXPORT = "catalogue.export"
    ENQUIRIES_WORK = "enquiries.work"
    FOLLOWERS_SERVE = "followers.serve"
    """Hand out or erase what is known of a follower who asks for it."""
    WORDS_EDIT = "words.edit"
    WORDS_RELEASE = "words.release"
    PIECES_WRITE = "pieces.write"
    """Write one's own pieces, bring in media, send a piece in."""
    PIECES_READ = "pieces.read"
    """See pieces: one's own; every one with `PUBLISHING_READ`."""
    PIECES_EDIT = "pieces.edit"
    """Take what was sent in, edit every piece, submit it for review, answer readers' words."""
    PIECES_REVIEW = "pieces.review"
    """Approve what somebody else wrote, sign its secrecy review, give it back, take it down."""
    PUBLISHING_READ = "publishing.read"
    """See every piece, push and the calendar."""
    PUSHES_SEND = "pushes.send"
    """Schedule, call back and decide about pushes."""
    QUIZ_READ = "quiz.read"
    """See the bank, the seasons, the facsimiles and their stock."""
    QUIZ_EDIT = "quiz.edit"
    """Write and import questions, settle complaints, plan seasons, their cards, facsimiles."""
    QUIZ_RELEASE = "quiz.release"
    """The second person of questions and seasons; undo a redemption of the last minutes."""
    STOCK_KEEP = "stock.keep"
    """Count facsimiles in and write them off."""
    VOUCHERS_REDEEM = "vouchers.redeem"
    """Check vouchers at the desk and hand facsimiles over."""
    TREASURES_ENTER = "treasures.enter"
    """Write an upload down for a visitor at the desk, and bring in its files."""
    TREASURES_READ = "treasures.read"
    """See uploads, their pictures made anew, the register, certificates."""
    TREASURES_WORK = "treasures.work"
    """Screen uploads, ask their senders, write agreements, propose accessions."""
    TREASURES_RELEASE = "treasures.release"
    """The second person of an accession; show and withdraw pieces; revoke certificates."""
    TREASURES_ORIGINALS = "treasures.originals"
    """Take a sealed original out, and read who its sender is."""
    FIGURES_READ = "figures.read"
    SYSTEM_READ = "system.read"
    SYSTEM_WORK = "system.work"
    PROFILE_EDIT = "profile.edit"
    PEOPLE_MANAGE = "people.manage"
    AUDIT_READ = "audit.read"


PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.CORRESPONDENT: frozenset(
        {Permission.OWN, Permission.PIECES_READ, Permission.PIECES_WRITE}
    ),
    Role.EDITOR: frozenset(
        {
            Permission.OWN,
            Permission.CATALOGUE_READ,
            Permission.CATALOGUE_EDIT,
            Permission.CATALOGUE_EXPORT,
            Permission.WORDS_EDIT,
            Permission.PIECES_WRITE,
            Permission.PIECES_EDIT,
            Permission.PIECES_READ,
            Permission.PUBLISHING_READ,
            Permission.QUIZ_READ,
            Permission.QUIZ_EDIT,
            Permission.STOCK_KEEP,
            Permission.TREASURES_READ,
            Permission.TREASURES_WORK,
            Permission.FIGURES_READ,
        }
    ),
    Role.REVIEWER: frozenset(
        {
            Permission.OWN,
            Permission.CATALOGUE_READ,
            Permission.CATALOGUE_RELEASE,
            Permission.CATALOGUE_EXPORT,
            Permission.WORDS_RELEASE,
            Permission.PIECES_REVIEW,
            Permission.PIECES_READ,
            Permission.PUBLISHING_READ,
            Permission.QUIZ_READ,
            Permission.QUIZ_RELEASE,
            Permission.TREASURES_READ,
            Permission.TREASURES_RELEASE,
            Permission.TREASURES_ORIGINALS,
            Permission.FIGURES_READ,
        }
    ),
    Role.PUBLISHER: frozenset(
        {
            Permission.OWN,
            Permission.PIECES_READ,
            Permission.PUBLISHING_READ,
            Permission.PUSHES_SEND,
            Permission.FIGURES_READ,
        }
    ),
    Role.DESK: frozenset(
        {
            Permission.OWN,
            Permission.CATALOGUE_READ,
            Permission.ENQUIRIES_WORK,
            Permission.FOLLOWERS_SERVE,
            Permission.QUIZ_READ,
            Permission.STOCK_KEEP,
            Permission.VOUCHERS_REDEEM,
            Permission.TREASURES_ENTER,
            Permission.FIGURES_READ,
        }
    ),
    Role.AUDITOR: frozenset({Permission.OWN, Permission.AUDIT_READ}),
    Role.ADMIN: frozenset(
        {
            Permission.OWN,
            Permission.FIGURES_READ,
            Permission.SYSTEM_READ,
            Permission.SYSTEM_WORK,
            Permission.PROFILE_EDIT,
            Permission.PEOPLE_MANAGE,
        }
    ),
}
"""THE table of rights."""

NEEDS_SECOND_FACTOR: Final = frozenset({Role.PUBLISHER, Role.ADMIN})


class RoleConflictError(RefusedError):
    """These roles do not go together."""


class SamePersonError(RefusedError):
    """Whoever proposed something may not be its second person."""

    def __init__(self) -> None:
        super().__init__("这是您自己提出的，要由另一个人来放行")


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """Return everything that somebody with these roles may do."""
    return frozenset().union(*(PERMISSIONS[role] for role in roles))


def needs_second_factor(roles: Iterable[Role]) -> bool:
    """Tell whether somebody with these roles may not come in by a password alone."""
    return bool(NEEDS_SECOND_FACTOR.intersection(roles))


def check_roles(roles: Iterable[Role]) -> frozenset[Role]:
    """Return the roles as a set.

    Raises:
        RoleConflictError: none at all, or the auditor is to do what the auditor looks at.
    """
    chosen = frozenset(roles)
    if not chosen:
        raise RoleConflictError("至少要给一个角色")
    if Role.AUDITOR in chosen and len(chosen) > 1:
        raise RoleConflictError("审计要独立：审计员不能再兼别的角色")
    return chosen


def require_second_person(made_by: str, person: "Person") -> None:
    """Refuse somebody who would release what they proposed themselves.

    Raises:
        SamePersonError: they are the same.
    """
    if made_by == person.login:
        raise SamePersonError


@dataclass(frozen=True, slots=True)
class Person:
    """Who is at the console.

    Attributes:
        login: unique, never given to somebody else; stands in the audit log.
        name: as colleagues know them.
    """

    id: int
    login: str
    name: str
    roles: frozenset[Role]

    @property
    def permissions(self) -> frozenset[Permission]:
        """Everything they may do."""
        return permissions_of(self.roles)

    def may(self, permission: Permission) -> bool:
        """Tell whether they may do something."""
        return permission in self.permissions

    @property
    def role_names(self) -> str:
        """Their roles, as they are shown."""
        return "、".join(ROLE_NAMES[role] for role in Role if role in self.roles)


def is_over(*, created_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """Tell whether a session has ended by itself."""
    return now - seen_at >= IDLE or now - created_at >= ABSOLUTE


def is_fresh(confirmed_at: datetime, *, now: datetime) -> bool:
    """Tell whether the password was given recently enough for what cannot be undone."""
    return now - confirmed_at < FRESH
