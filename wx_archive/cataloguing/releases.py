"""What shows the public more: proposed by one person, released or refused by another one.

A proposal keeps the fingerprint of the entry as it was seen. Whatever changes the entry meanwhile,
an import or another decision, makes it stale: what is released is what was proposed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Select, exists, func, select, text
from sqlalchemy.orm import Session, aliased

from wx_archive.catalogue import decisions, edits, index
from wx_archive.catalogue.decisions import Hindrance
from wx_archive.catalogue.edits import Hand
from wx_archive.catalogue.models import AccessDecision, Document, Record
from wx_archive.catalogue.rules import Disclosure, Openness, Secrecy
from wx_archive.cataloguing.models import Release
from wx_archive.cataloguing.rules import (
    REASON_LENGTH,
    SHORTEST_REASON,
    ReleaseKind,
    ReleaseState,
)
from wx_archive.core.database import insert_into
from wx_archive.core.errors import RefusedError
from wx_archive.staff.rules import Person, require_second_person

Payload = dict[str, str]
LATELY: Final = timedelta(days=14)
"""For so long a refusal is among its maker's to-dos."""
_BREADTH: Final = {level.value: place for place, level in enumerate(reversed(Disclosure))}


class StaleError(RefusedError):
    """The entry is not what was proposed any more."""

    def __init__(self) -> None:
        super().__init__(
            "提出以后，这一条又变过了，不能照原来的样子放行。请退回，让提出的人看过再提"
        )


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a proposal.

    Attributes:
        is_listed: the public finds the entry now.
        hindrance: why not, although it was released.
        below: how many descriptions below it changed with it.
    """

    release: Release
    title: str
    is_listed: bool = False
    hindrance: Hindrance | None = None
    below: int = 0


def propose(
    session: Session,
    kind: ReleaseKind,
    pid: str,
    payload: Mapping[str, str],
    reason: str,
    hand: Hand,
) -> int:
    """Propose to show the public more of an entry; return the proposal's number.

    Raises:
        RefusedError: there is no such entry, it makes no sense, no reason is given, or the same
            waits already.
    """
    reason = checked_reason(reason)
    target = edits.entry_of(session, kind.subject, pid)
    told = dict(payload)
    _check(session, kind, target, told, hand.today)
    new = insert_into(session, Release).values(
        kind=kind.value,
        subject_pid=pid,
        payload=json.dumps(told, ensure_ascii=False, sort_keys=True),
        seen=edits.fingerprint(target),
        reason=reason,
        made_by=hand.login,
        made_at=hand.now,
        state=ReleaseState.WAITING.value,
        decided_by="",
        decision_note="",
    )
    once = new.on_conflict_do_nothing(
        index_elements=["subject_pid", "kind"], index_where=text("state = 'waiting'")
    )
    number = session.execute(once.returning(Release.id)).scalar()
    if number is None:
        raise RefusedError("已经有人提出过了，正在等另一个人放行")
    return number


def release(session: Session, number: int, note: str, person: Person, hand: Hand) -> Decided:
    """Carry out what somebody else proposed.

    Raises:
        RefusedError: it does not wait any more, it is one's own (`SamePersonError`), or the entry
            has changed since (`StaleError`).
    """
    waiting = _to_decide(session, number)
    require_second_person(waiting.made_by, person)
    kind, payload = ReleaseKind(waiting.kind), payload_of(waiting)
    target = edits.entry_of(session, kind.subject, waiting.subject_pid)
    if edits.fingerprint(target) != waiting.seen:
        raise StaleError
    _check(session, kind, target, payload, hand.today)
    _close(waiting, ReleaseState.RELEASED, note, hand)
    session.flush()
    return _carry_out(session, waiting, kind, payload, hand)


def refuse(session: Session, number: int, note: str, person: Person, hand: Hand) -> Decided:
    """Put aside what somebody else proposed, with the reason.

    Raises:
        RefusedError: it does not wait any more, it is one's own, or no reason is given.
    """
    waiting = _to_decide(session, number)
    require_second_person(waiting.made_by, person)
    _close(waiting, ReleaseState.REFUSED, checked_reason(note), hand)
    return Decided(waiting, _title(session, waiting))


def withdraw(session: Session, number: int, hand: Hand) -> Decided:
    """Take back what one proposed oneself.

    Raises:
        RefusedError: it does not wait any more, or somebody else proposed it.
    """
    waiting = _to_decide(session, number)
    if waiting.made_by != hand.login:
        raise RefusedError("这不是您提出的；不同意可以退回")
    _close(waiting, ReleaseState.WITHDRAWN, "", hand)
    return Decided(waiting, _title(session, waiting))


def checked_reason(reason: str) -> str:
    """Return a reason as it is kept.

    Raises:
        RefusedError: there is none.
    """
    told = " ".join(reason.split())[:REASON_LENGTH]
    if len(told) < SHORTEST_REASON:
        raise RefusedError("请写上理由，留给以后的人看")
    return told


def payload_of(waiting: Any) -> Payload:
    """Return what a proposal needs besides its kind."""
    told: Payload = json.loads(waiting.payload)
    return told


# -- what is proposed --------------------------------------------------------------------------


def _check(
    session: Session,
    kind: ReleaseKind,
    target: Document | Record,
    payload: Mapping[str, str],
    today: date,
) -> None:
    """Refuse what makes no sense for this entry.

    Raises:
        RefusedError: says why.
    """
    if isinstance(target, Document):
        _check_document(session, kind, target, payload)
    else:
        _check_record(kind, target, payload, today)


def _check_record(
    kind: ReleaseKind, record: Record, payload: Mapping[str, str], today: date
) -> None:
    if kind is ReleaseKind.LIVELIHOOD:
        if not record.is_livelihood:
            raise RefusedError("这条档案没有标为民生，不用去掉")
        return
    if record.secrecy != Secrecy.PUBLIC:
        raise RefusedError("这条档案的密级是“内部”，不能向社会开放；先解密、改好密级再导入")
    has_come = record.open_on is None or record.open_on <= today
    if record.openness == Openness.OPEN and has_come:
        raise RefusedError("这条档案已经是开放的；要推迟，请先收回")
    if kind is ReleaseKind.DEFER and opening_day(payload) <= today:
        raise RefusedError("延期开放要写今天以后的日子")


def _check_document(
    session: Session, kind: ReleaseKind, document: Document, payload: Mapping[str, str]
) -> None:
    decision = session.get(AccessDecision, document.pid)
    is_withdrawn = decision is not None and not decision.is_open
    if kind is ReleaseKind.RESTORE:
        if not is_withdrawn:
            raise RefusedError("这份文件没有撤下过，不用恢复")
        return
    if is_withdrawn:
        raise RefusedError("这份文件是撤下的：请提出恢复公开")
    wanted = payload.get("openness", "")
    if wanted not in _BREADTH or _BREADTH[wanted] <= _BREADTH[document.disclosure]:
        raise RefusedError("现在已经公开到这个程度；要缩小公开，直接改就行")


def opening_day(payload: Mapping[str, str]) -> date:
    """Return the day on which a deferred record opens.

    Raises:
        RefusedError: there is none.
    """
    try:
        return date.fromisoformat(payload.get("open_on", ""))
    except ValueError as err:
        raise RefusedError("请写明延期到哪一天，如 2035-01-01") from err


def _carry_out(
    session: Session, waiting: Release, kind: ReleaseKind, payload: Payload, hand: Hand
) -> Decided:
    if kind in (ReleaseKind.LIVELIHOOD, ReleaseKind.DISCLOSE):
        return _widened(session, waiting, kind, payload, hand)
    done = _decided(session, waiting, kind, payload, hand)
    return Decided(waiting, done.title, done.is_listed, done.hindrance, done.below)


def _decided(
    session: Session, waiting: Release, kind: ReleaseKind, payload: Payload, hand: Hand
) -> decisions.Outcome:
    pid, reason = waiting.subject_pid, waiting.reason
    if kind is ReleaseKind.RESTORE:
        return decisions.restore(session, pid, today=hand.today)
    if kind is ReleaseKind.DEFER:
        day = opening_day(payload)
        return decisions.defer_record(
            session, pid, open_on=day, reason=reason, now=hand.now, today=hand.today
        )
    return decisions.open_record(session, pid, reason=reason, now=hand.now, today=hand.today)


def _widened(
    session: Session, waiting: Release, kind: ReleaseKind, payload: Payload, hand: Hand
) -> Decided:
    """Change the one field that hid the entry; later imports do not change it back."""
    is_document = kind is ReleaseKind.DISCLOSE
    given = {"openness": payload["openness"]} if is_document else {"livelihood": "0"}
    edits.edit(session, kind.subject, waiting.subject_pid, given, hand, may_widen=True)
    target = edits.entry_of(session, kind.subject, waiting.subject_pid)
    is_listed = decisions.reindex(session, target, today=hand.today)
    return Decided(waiting, target.title, is_listed)


# -- rows --------------------------------------------------------------------------------------


def _to_decide(session: Session, number: int) -> Release:
    index.lock(session.connection())  # first, as in every decision about entries
    waiting = session.scalars(
        select(Release).where(Release.id == number).with_for_update()
    ).one_or_none()
    if waiting is None:
        raise RefusedError("没有这一条，请回到待放行的列表")
    if waiting.state != ReleaseState.WAITING:
        raise RefusedError("这一条已经有人办过了，请看列表")
    return waiting


def _close(waiting: Release, state: ReleaseState, note: str, hand: Hand) -> None:
    waiting.state, waiting.decided_by, waiting.decided_at = state.value, hand.login, hand.now
    waiting.decision_note = " ".join(note.split())[:REASON_LENGTH]


def _title(session: Session, waiting: Release) -> str:
    kind = ReleaseKind(waiting.kind).subject
    try:
        return edits.entry_of(session, kind, waiting.subject_pid).title
    except RefusedError:
        return waiting.subject_pid


# -- lists -------------------------------------------------------------------------------------


def waiting_pids() -> Select[str]:
    """Select the public ids of the entries that something is proposed for."""
    return select(Release.subject_pid).where(Release.state == ReleaseState.WAITING.value)


def waiting_count(connection: Connection, *, but_of: str) -> int:
    """Return how many wait for anybody but their maker."""
    waits = Release.state == ReleaseState.WAITING.value
    counted = select(func.count()).select_from(Release).where(waits, Release.made_by != but_of)
    return connection.execute(counted).scalar_one()


def refused_count(connection: Connection, login: str, *, now: datetime) -> int:
    """Return how many of somebody's proposals were refused lately and not made again since."""
    again = aliased(Release)
    made_again = exists().where(
        again.subject_pid == Release.subject_pid, again.kind == Release.kind, again.id > Release.id
    )
    counted = (
        select(func.count())
        .select_from(Release)
        .where(
            Release.made_by == login,
            Release.state == ReleaseState.REFUSED.value,
            Release.decided_at > now - LATELY,
            ~made_again,
        )
    )
    return connection.execute(counted).scalar_one()


def about(connection: Connection, pid: str) -> Sequence[Any]:
    """Return what was ever proposed about an entry, newest first."""
    return connection.execute(
        select(Release.__table__).where(Release.subject_pid == pid).order_by(Release.id.desc())
    ).all()
