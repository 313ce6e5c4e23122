"""废止线索: announced repeals, decided on in one go, and taken back.

`catalogue.repeals` decides on one; here many are decided on at once, the consequences are worked
out once, and what somebody else has decided meanwhile is left as it is.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from wx_archive.catalogue import index, repeals
from wx_archive.catalogue.models import Document, RepealProposal
from wx_archive.catalogue.proposals import Proposal, pending
from wx_archive.catalogue.timeline import State
from wx_archive.catalogue.visibility import is_current
from wx_archive.core.errors import RefusedError

PAGE: Final = 50
RECENT: Final = 20
"""So many decisions are shown, to be taken back."""
_ANNOUNCED: Final = and_(RepealProposal.document_pid != "", RepealProposal.sentence != "")
"""What a text says; the others were stated by hand, and are no proposals."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A proposal that was decided on, to be looked at again."""

    id: int
    document_pid: str
    document: str | None
    target_pid: str
    target: str | None
    is_accepted: bool
    repealed_on: date | None
    decided_at: datetime | None


@dataclass(slots=True)
class Outcome:
    """What became of the proposals that somebody chose, by number and title.

    Attributes:
        decided: number, title of the document that would be repealed, the day, if any.
        undated: nobody knows the day.
        gone: decided on by somebody else, or no longer said, or not in the catalogue any more.
    """

    decided: list[tuple[int, str, date | None]] = field(default_factory=list)
    undated: list[str] = field(default_factory=list)
    gone: int = 0


def page(connection: Connection, *, after: int = 0) -> tuple[Sequence[Proposal], bool]:
    """Return one page of what waits, oldest first, and whether there is more."""
    found = pending(connection, after=after, most=PAGE + 1)
    return found[:PAGE], len(found) > PAGE


def waiting(connection: Connection) -> int:
    """Return how many wait."""
    statement = select(func.count()).select_from(RepealProposal)
    return connection.execute(
        statement.where(RepealProposal.state == State.PROPOSED.value)
    ).scalar_one()


def recent(connection: Connection) -> list[Decision]:
    """Return the newest decisions."""
    document, target = aliased(Document), aliased(Document)
    statement = (
        select(
            *(RepealProposal.id, RepealProposal.document_pid, document.title),
            *(RepealProposal.target_pid, target.title),
            *(RepealProposal.state == State.ACCEPTED.value, RepealProposal.repealed_on),
            RepealProposal.decided_at,
        )
        .select_from(RepealProposal)
        .outerjoin(document, _named(document, RepealProposal.document_pid))
        .outerjoin(target, _named(target, RepealProposal.target_pid))
        .where(_ANNOUNCED, RepealProposal.decided_at.is_not(None))
        .order_by(RepealProposal.decided_at.desc(), RepealProposal.id.desc())
        .limit(RECENT)
    )
    return [Decision(*row) for row in connection.execute(statement)]


def accept(
    session: Session, numbers: Collection[int], *, on: date | None, now: datetime
) -> Outcome:
    """Make proposals facts; those that cannot be are left waiting and named.

    Args:
        session: the transaction.
        numbers: the proposals'.
        on: the day for all of them, where staff know it better than the texts.
        now: the present instant.
    """
    outcome = Outcome()
    for proposal, title in _chosen(session, numbers, outcome):
        since = on or proposal.repealed_on
        if since is None:
            outcome.undated.append(title)
            continue
        proposal.repealed_on, proposal.decided_at = since, now
        proposal.state = State.ACCEPTED.value
        outcome.decided.append((proposal.id, title, since))
    session.flush()
    if outcome.decided:
        repeals.resolve(session)
    return outcome


def refuse(session: Session, numbers: Collection[int], *, now: datetime) -> Outcome:
    """Put proposals aside; the same texts do not make them again."""
    outcome = Outcome()
    for proposal, title in _chosen(session, numbers, outcome, with_gone=True):
        proposal.state, proposal.decided_at = State.REJECTED.value, now
        outcome.decided.append((proposal.id, title, proposal.repealed_on))
    session.flush()
    return outcome


def undo(session: Session, number: int, *, now: datetime) -> tuple[str, bool]:
    """Let a decided proposal wait again, as its text says; return the title, and what it was.

    Returns:
        The title of the document that it repealed or would have, and whether it was accepted.

    Raises:
        RefusedError: it is not decided, or was stated by hand.
    """
    index.lock(session.connection())
    proposal = session.scalars(
        select(RepealProposal).where(RepealProposal.id == number, _ANNOUNCED).with_for_update()
    ).one_or_none()
    if proposal is None or proposal.state == State.PROPOSED.value:
        raise RefusedError("这一条已经不用撤销了：它正等着决定，或者原文已经不这样写")
    was_accepted = proposal.state == State.ACCEPTED.value
    title = _titles(session, [proposal]).get(proposal.target_pid, proposal.target_pid)
    proposal.state, proposal.decided_at = State.PROPOSED.value, None
    session.flush()
    document = session.scalars(
        select(Document).where(_named(Document, proposal.document_pid))
    ).all()
    if was_accepted:
        repeals.resolve(session)
        session.expire_all()
    # The day may have been staff's: what the text says is read from the text again.
    repeals.propose(session, document, now=now)
    return title, was_accepted


def _chosen(
    session: Session, numbers: Collection[int], outcome: Outcome, *, with_gone: bool = False
) -> list[tuple[RepealProposal, str]]:
    """Return those that still wait, with the title of what they repeal; count the others.

    Args:
        session: the transaction; nobody else decides meanwhile.
        numbers: what somebody has chosen.
        outcome: gets the count.
        with_gone: also those that repeal what is no longer in the catalogue.
    """
    index.lock(session.connection())
    found = session.scalars(
        select(RepealProposal)
        .where(RepealProposal.id.in_(numbers), RepealProposal.state == State.PROPOSED.value)
        .order_by(RepealProposal.id)
        .with_for_update()
    ).all()
    titles = _titles(session, found)
    kept = [
        (proposal, titles.get(proposal.target_pid, proposal.target_pid))
        for proposal in found
        if with_gone or proposal.target_pid in titles
    ]
    outcome.gone = len(set(numbers)) - len(kept)
    return kept


def _titles(session: Session, proposals: Sequence[RepealProposal]) -> dict[str, str]:
    pids = {proposal.target_pid for proposal in proposals}
    rows = session.execute(
        select(Document.pid, Document.title).where(Document.pid.in_(pids), is_current(Document))
    )
    return {str(pid): str(title) for pid, title in rows}


def _named(document: type[Document], pid: InstrumentedAttribute[str] | str) -> ColumnElement[bool]:
    return and_(document.pid == pid, is_current(document))
