"""Coming in, step by step: the password, the second factor, a password of one's own, enrolment.

Each step that is done gives the browser a new token. What takes long, and what is counted, happens
before the transaction that lets somebody further.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.core.services import Services
from wx_archive.core.settings import Profile
from wx_archive.staff import (
    accounts,
    audit,
    authenticators,
    password_rules,
    passwords,
    sessions,
    throttle,
)
from wx_archive.staff.audit import Note
from wx_archive.staff.models import Member
from wx_archive.staff.rules import Role, needs_second_factor
from wx_archive.staff.sessions import SignedIn, Stage
from wx_archive.staff.throttle import Kind, Tries

log = logging.getLogger(__name__)

_ORDER: Final = (Stage.CODE, Stage.PASSWORD, Stage.ENROL)


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from, and when.

    Attributes:
        address: of the network, behind the proxies that are ours.
        agent: what the browser calls itself.
    """

    address: str
    agent: str
    now: datetime


class Why(StrEnum):
    """Why somebody does not come further."""

    WRONG = "wrong"
    WAIT = "wait"
    OVER = "over"
    """The password was right, but is the one given out more than a week ago."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Somebody does not come further.

    Attributes:
        wait: how long nothing is looked at; only with `Why.WAIT`.
    """

    why: Why
    wait: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody's password was right, at that instant."""

    member_id: int
    password_hash: str = field(repr=False)
    tries: Tries = field(repr=False)


@dataclass(frozen=True, slots=True)
class Entered:
    """A step is done.

    Attributes:
        token: replaces the one that the browser has.
        stage: what comes next.
        codes_left: unused recovery codes, where one of them was used; else None.
        recovery_codes: new ones, shown once, where a second factor was set up.
    """

    token: str = field(repr=False)
    stage: Stage
    codes_left: int | None = None
    recovery_codes: list[str] = field(default_factory=list, repr=False)


def next_stage(
    *,
    roles: frozenset[Role],
    has_second_factor: bool,
    must_change: bool,
    is_demo: bool,
    after: Stage | None = None,
) -> Stage:
    """Return what is asked for next; the demo's people need no second factor."""
    asked = {
        Stage.CODE: has_second_factor,
        Stage.PASSWORD: must_change,
        Stage.ENROL: needs_second_factor(roles) and not has_second_factor and not is_demo,
    }
    still = _ORDER[_ORDER.index(after) + 1 :] if after else _ORDER
    return next((stage for stage in still if asked[stage]), Stage.FULL)


def know(services: Services, login: str, password: str, caller: Caller) -> Known | Refusal:
    """Tell whether somebody knows the password of an account that is open.

    Whether there is no such account, it is closed or the password is wrong: one answer, after the
    same work. The try stays counted until `throttle.forgive` takes it back.

    Raises:
        TooManyAtOnceError: too many compare passwords at this instant.
    """
    login = accounts.spelled(login)
    tries = _tries(services, Kind.PASSWORD, login, caller)
    if (wait := throttle.count(services.database, tries, now=caller.now)) is not None:
        return _told(Refusal(Why.WAIT, wait))
    with services.database.reads() as connection:
        found = connection.execute(
            select(Member.id, Member.password_hash, Member.is_disabled).where(
                Member.login == (login if accounts.LOGIN.fullmatch(login) else "")
            )
        ).one_or_none()
    try:
        is_right = passwords.is_password(password, found.password_hash if found else None)
    except passwords.TooManyAtOnceError:
        with services.database.begin() as session:
            throttle.take_back(session, tries, now=caller.now)  # it was not looked at
        raise
    if found is None or not is_right or found.is_disabled:
        return _told(Refusal(Why.WRONG))
    return Known(found.id, found.password_hash, tries)


def count_code(services: Services, login: str, caller: Caller) -> Tries | Refusal:
    """Count a try of a code, before it is looked at."""
    tries = _tries(services, Kind.CODE, login, caller)
    if (wait := throttle.count(services.database, tries, now=caller.now)) is not None:
        return _told(Refusal(Why.WAIT, wait))
    return tries


def by_password(
    services: Services, login: str, password: str, caller: Caller, *, instead_of: SignedIn | None
) -> Entered | Refusal:
    """Begin a session for whoever knows the password, and end the one the browser had.

    Raises:
        TooManyAtOnceError: too many compare passwords at this instant.
    """
    known = know(services, login, password, caller)
    if isinstance(known, Refusal):
        return known
    with services.database.begin() as session:
        member = _unchanged(session, known)
        if member is None:
            return _told(Refusal(Why.WRONG))
        throttle.forgive(session, known.tries, now=caller.now)
        set_at = member.password_set_at
        if member.must_change and password_rules.is_initial_over(set_at, now=caller.now):
            return _told(Refusal(Why.OVER))
        if instead_of is not None:
            sessions.end(session, instead_of.id, member_id=instead_of.person.id)
        stage = _stage_of(session, services, member)
        token = sessions.start(
            session,
            member.id,
            stage,
            address=caller.address,
            agent=caller.agent,
            now=caller.now,
        )
        return _arrived(session, services, member, Entered(token, stage), caller)


def by_code(
    services: Services, signed_in: SignedIn, code: str, caller: Caller
) -> Entered | Refusal:
    """Take a session further whose owner has the authenticator, or a recovery code."""
    tries = count_code(services, signed_in.person.login, caller)
    if isinstance(tries, Refusal):
        return tries
    key_of = services.settings.secret()
    with services.database.begin() as session:
        member = accounts.locked(session, signed_in.person.login)
        used = authenticators.use(session, key_of, member.id, code, now=caller.now)
        if used is None:
            return _told(Refusal(Why.WRONG))
        throttle.forgive(session, tries, now=caller.now)
        stage = _stage_of(session, services, member, after=Stage.CODE)
        token = sessions.renew(session, signed_in, stage, now=caller.now)
        entered = Entered(token, stage, used.codes_left)
        return _arrived(session, services, member, entered, caller)


def by_own_password(
    services: Services, signed_in: SignedIn, password: str, caller: Caller
) -> Entered | str:
    """Take a session further whose owner chose a password; else return why it will not do.

    Raises:
        TooManyAtOnceError: too many compare passwords at this instant.
    """
    person = signed_in.person
    if problem := chosen_problem(services, signed_in, password):
        return problem
    password_hash = passwords.hash_password(password)
    with services.database.begin() as session:
        member = accounts.locked(session, person.login)
        accounts.set_password(session, member, password_hash, must_change=False, now=caller.now)
        sessions.end_all(session, member.id, but=signed_in.id)
        stage = _stage_of(session, services, member, after=Stage.PASSWORD)
        token = sessions.renew(session, signed_in, stage, now=caller.now)
        _note(session, person.login, "account.password", caller)
        return _arrived(session, services, member, Entered(token, stage), caller)


def by_enrolment(
    services: Services, signed_in: SignedIn, code: str, caller: Caller
) -> Entered | None:
    """Let somebody in whose new authenticator gave the right code."""
    key_of = services.settings.secret()
    with services.database.reads() as connection:
        proven = authenticators.prove(connection, key_of, signed_in, code, now=caller.now)
    if proven is None:
        return None
    with services.database.begin() as session:
        member = accounts.locked(session, signed_in.person.login)
        codes = authenticators.take_over(session, key_of, signed_in, proven)
        token = sessions.renew(session, signed_in, Stage.FULL, now=caller.now)
        _note(session, member.login, "account.second_factor", caller, {"second_factor": True})
        entered = Entered(token, Stage.FULL, recovery_codes=codes)
        return _arrived(session, services, member, entered, caller)


def chosen_problem(services: Services, signed_in: SignedIn, password: str) -> str:
    """Return why somebody may not choose a password; empty when they may.

    Raises:
        TooManyAtOnceError: too many compare passwords at this instant.
    """
    person = signed_in.person
    if problem := password_rules.problem_of(password, login=person.login, name=person.name):
        return problem
    with services.database.reads() as connection:
        present = connection.execute(
            select(Member.password_hash).where(Member.id == person.id)
        ).scalar_one()
    return "和现在的密码一样，请换一个" if passwords.is_password(password, present) else ""


def _arrived(
    session: Session, services: Services, member: Member, entered: Entered, caller: Caller
) -> Entered:
    """Prepare what the next step shows, or write down that somebody is in."""
    if entered.stage is Stage.ENROL:
        authenticators.propose(
            session, services.settings.secret(), token=entered.token, member_id=member.id
        )
    if entered.codes_left is not None:
        left = {"recovery_codes_left": entered.codes_left}
        _note(session, member.login, "account.recovery_code", caller, left)
    if entered.stage is Stage.FULL:
        second = {"second_factor": member.totp_secret is not None or bool(entered.recovery_codes)}
        _note(session, member.login, "account.login", caller, second)
    return entered


def _stage_of(
    session: Session, services: Services, member: Member, *, after: Stage | None = None
) -> Stage:
    return next_stage(
        roles=accounts.roles_of(session, member.id),
        has_second_factor=member.totp_secret is not None,
        must_change=member.must_change,
        is_demo=services.settings.profile is Profile.DEMO,
        after=after,
    )


def _unchanged(session: Session, known: Known) -> Member | None:
    """Return who was known an instant ago, unless the account was closed or changed since."""
    same = select(Member).where(
        Member.id == known.member_id,
        Member.password_hash == known.password_hash,
        Member.is_disabled.is_(False),
    )
    return session.scalars(same.with_for_update()).one_or_none()


def _tries(services: Services, kind: Kind, login: str, caller: Caller) -> Tries:
    secret = services.settings.secret()
    return throttle.tries(secret, kind, login=login, address=caller.address)


def _note(
    session: Session, login: str, action: str, caller: Caller, after: dict[str, Any] | None = None
) -> None:
    audit.append(
        session,
        Note(action, f"member:{login}", after=after or {}),
        actor=login,
        address=caller.address,
        now=caller.now,
    )


def _told(refusal: Refusal) -> Refusal:
    """Count it for whoever watches the log; by nobody's name."""
    log.warning("console.login_refused why=%s", refusal.why)
    return refusal
