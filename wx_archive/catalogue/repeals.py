"""Which documents others have repealed or changed, and since when: stated by files or by staff.

What a text announces («《…》同时废止») is no fact yet: it becomes a proposal, and staff decide.
"""

from datetime import date, datetime
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from wx_archive.catalogue import index
from wx_archive.catalogue.known import Known
from wx_archive.catalogue.models import (
    Document,
    DocumentRelation,
    RepealProposal,
    SearchEntry,
    StatedRelation,
)
from wx_archive.catalogue.proposals import Proposal, pending, propose, propose_all
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.timeline import (
    AMENDING,
    REPEALING,
    SINCE,
    STATED_SINCE,
    Event,
    Happening,
    Other,
    State,
    timeline,
    timeline_for_staff,
)
from wx_archive.catalogue.visibility import is_current
from wx_archive.core.database import insert_into
from wx_archive.core.errors import RefusedError

_STATED: Final = (
    select(StatedRelation.type, Document.pid, StatedRelation.target_pid, STATED_SINCE)
    .join(Document, Document.pid == StatedRelation.document_pid)
    .where(
        is_current(Document),
        StatedRelation.type.in_((*REPEALING, *AMENDING)),
        STATED_SINCE.is_not(None),
    )
)


def resolve(session: Session) -> None:
    """Mark the documents that are repealed or changed, and unmark those that no longer are.

    Linear in the number of documents, because it runs under the write lock.
    """
    known = Known.of(session)
    repealed, amended = _days(session, known)
    for target in known.by_pid.values():
        days = {"repealed_on": repealed.get(target.id), "amended_on": amended.get(target.id)}
        if days == {"repealed_on": target.repealed_on, "amended_on": target.amended_on}:
            continue
        session.execute(update(Document).where(Document.id == target.id).values(**days))
        session.execute(
            update(SearchEntry)
            .where(SearchEntry.kind == Kind.DOCUMENT.value, SearchEntry.target_id == target.id)
            .values(**days)
        )


def _days(session: Session, known: Known) -> tuple[dict[int, date], dict[int, date]]:
    """Return the first day on which each document was repealed, and was changed, by their ids."""
    repealed: dict[int, date] = {}
    amended: dict[int, date] = {}
    relations = session.execute(
        select(
            DocumentRelation.type,
            DocumentRelation.target_number,
            DocumentRelation.target_title,
            Document.id,
            SINCE,
        )
        .join(Document, Document.id == DocumentRelation.document_id)
        .where(
            is_current(Document),
            DocumentRelation.type.in_((*REPEALING, *AMENDING)),
            SINCE.is_not(None),
        )
    )
    for kind, number, title, own_id, since in relations:
        days = repealed if kind in REPEALING else amended
        for target in known.named(number, title, since=since):
            if target.id != own_id:
                days[target.id] = min(since, days.get(target.id, since))
    for kind, own_pid, pid, since in session.execute(_STATED):
        meant = known.by_pid.get(pid)
        if meant is not None and own_pid != pid:
            days = repealed if kind in REPEALING else amended
            days[meant.id] = min(since, days.get(meant.id, since))
    accepted = select(RepealProposal.target_pid, RepealProposal.repealed_on).where(
        RepealProposal.state == State.ACCEPTED.value
    )
    for pid, day in session.execute(accepted):
        stated = known.by_pid.get(pid)
        if day is not None and stated is not None:
            repealed[stated.id] = min(day, repealed.get(stated.id, day))
    return repealed, amended


def accept(session: Session, number: int, *, on: date | None, now: datetime) -> tuple[str, date]:
    """Make a proposal a fact; return the repealed document's title and the first day of it.

    Args:
        session: the transaction.
        number: the proposal's.
        on: the day, where staff know it better than the text.
        now: the present instant.

    Raises:
        RefusedError: there is no such proposal or document, or nobody knows the day.
    """
    proposal = _proposal(session, number)
    since = on or proposal.repealed_on
    if since is None:
        raise RefusedError("原文没有写明从哪天起废止，请加上 --on 2020-01-01 的样子")
    proposal.repealed_on, proposal.state, proposal.decided_at = since, State.ACCEPTED.value, now
    session.flush()
    title = _title(session, proposal.target_pid)
    resolve(session)
    return title, since


def reject(session: Session, number: int, *, now: datetime) -> None:
    """Put a proposal aside; the same text does not propose it again.

    Raises:
        RefusedError: there is no such proposal.
    """
    proposal = _proposal(session, number)
    proposal.state, proposal.decided_at = State.REJECTED.value, now
    session.flush()
    resolve(session)


def repeal(session: Session, pid: str, *, by: str | None, on: date, now: datetime) -> str:
    """State by hand that a document is repealed from a day on; return its title.

    Raises:
        RefusedError: there is no such document, or the repealing one is missing or the same.
    """
    index.lock(session.connection())
    title = _title(session, pid)
    if by == pid:
        raise RefusedError("一份文件不能废止它自己")
    if by is not None:
        _title(session, by)
    facts = {"repealed_on": on, "state": State.ACCEPTED.value, "decided_at": now}
    session.execute(
        insert_into(session, RepealProposal)
        .values(document_pid=by or "", target_pid=pid, sentence="", proposed_at=now, **facts)
        .on_conflict_do_update(index_elements=["document_pid", "target_pid"], set_=facts)
    )
    resolve(session)
    return title


def unrepeal(session: Session, pid: str, *, by: str | None) -> tuple[str, date]:
    """Take back a repeal that staff stated or accepted; return the title and the day it had.

    What a text announces becomes a proposal again; what was stated by hand is forgotten.

    Raises:
        RefusedError: there is no such document, or nobody stated its repeal.
    """
    index.lock(session.connection())
    title = _title(session, pid)
    stated = session.scalars(
        select(RepealProposal).where(
            RepealProposal.target_pid == pid,
            RepealProposal.document_pid == (by or ""),
            RepealProposal.state == State.ACCEPTED.value,
        )
    ).one_or_none()
    if stated is None or stated.repealed_on is None:
        raise RefusedError("这条废止不是在这里写明的，撤不回来；要改就改写明它的那份文件")
    day = stated.repealed_on
    if stated.sentence:
        stated.state, stated.decided_at = State.PROPOSED.value, None
    else:
        session.execute(delete(RepealProposal).where(RepealProposal.id == stated.id))
    session.flush()
    resolve(session)
    return title, day


def _title(session: Session, pid: str) -> str:
    title = session.scalar(select(Document.title).where(Document.pid == pid, is_current(Document)))
    if title is None:
        raise RefusedError(f"现行文件里没有编号 {pid} 的文件")
    return title


def _proposal(session: Session, number: int) -> RepealProposal:
    index.lock(session.connection())
    proposal = session.get(RepealProposal, number)
    if proposal is None:
        raise RefusedError(f"没有编号 {number} 的废止建议，看 wx-archive documents proposals")
    return proposal


__all__ = [
    "Event",
    "Happening",
    "Other",
    "Proposal",
    "State",
    "accept",
    "pending",
    "propose",
    "propose_all",
    "reject",
    "repeal",
    "resolve",
    "timeline",
    "timeline_for_staff",
    "unrepeal",
]
