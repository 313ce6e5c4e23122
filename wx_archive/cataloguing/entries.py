"""One entry as staff see it: everything it says, what the public sees, and what was done to it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from wx_archive.catalogue import edits, entering, holdings, relations
from wx_archive.catalogue.holdings import Holding
from wx_archive.catalogue.models import AccessDecision, EntryEdit, Record, RepealProposal
from wx_archive.catalogue.relations import Bearing
from wx_archive.catalogue.rules import (
    Disclosure,
    Kind,
    Openness,
    Period,
    Secrecy,
    Validity,
    validity,
)
from wx_archive.catalogue.timeline import Event, State, timeline_for_staff
from wx_archive.catalogue.visibility import is_current
from wx_archive.cataloguing import releases
from wx_archive.cataloguing.rules import Hidden, RecordAccess, hidden_document
from wx_archive.staff.models import AuditEntry, Member

HISTORY = 50
"""So many acts are shown, the newest; the auditor has them all."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done to an entry.

    Attributes:
        who: the name of a colleague, or the login that the audit log has.
        before: what was changed, as it was.
        after: as it was then; with the reason, where one was given.
    """

    at: datetime
    who: str
    action: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StatedRepeal:
    """A repeal that staff stated or accepted, which they may take back.

    Attributes:
        by: public id of the repealing document; empty where none was named.
    """

    by: str
    day: date
    is_announced: bool


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry.

    Attributes:
        row: all its columns.
        values: what may be edited, by the names of the file's columns.
        is_public: the public sees it today.
        hidden: why not; every reason.
        above: what a record lies in, nearest first.
        below: how many descriptions lie directly below it.
        decision: what staff decided about its being open; None where the file decides.
        edit: what staff changed of it.
        releases: what was proposed, newest first.
        is_by_hand: no file has brought it: another part of the house has entered it.
    """

    kind: Kind
    row: Any
    values: Mapping[str, str]
    is_public: bool
    hidden: tuple[Hidden, ...]
    seen: str
    above: Sequence[Any] = ()
    below: int = 0
    validity: Validity | None = None
    timeline: tuple[Event, ...] = ()
    relations: tuple[Bearing, ...] = ()
    repeals: tuple[StatedRepeal, ...] = ()
    decision: Any = None
    edit: Any = None
    releases: Sequence[Any] = ()
    history: tuple[Deed, ...] = ()
    is_by_hand: bool = False

    @property
    def edited(self) -> Mapping[str, str]:
        """The fields in which staff's value stands above the file's, with what the file said."""
        told: dict[str, str] = json.loads(self.edit.stated) if self.edit else {}
        return told

    @property
    def is_withdrawn(self) -> bool:
        """Staff took the document from the public by hand."""
        return self.decision is not None and not self.decision.is_open


def entry(connection: Connection, kind: Kind, pid: str, *, today: date) -> EntryView | None:
    """Return an entry, or None where the catalogue has none such."""
    row = holdings.row_of(connection, kind, pid)
    if row is None:
        return None
    decision = connection.execute(
        select(AccessDecision.__table__).where(AccessDecision.pid == pid)
    ).one_or_none()
    common: dict[str, Any] = {
        "kind": kind,
        "row": row,
        "values": edits.values_of(row),
        "seen": edits.fingerprint(row),
        "is_public": holdings.is_public(connection, kind, pid, today=today),
        "decision": decision,
        "edit": connection.execute(
            select(EntryEdit.__table__).where(EntryEdit.pid == pid)
        ).one_or_none(),
        "releases": releases.about(connection, pid),
        "history": history(connection, kind, pid),
        "is_by_hand": entering.is_by_hand(connection, row.batch_id),
    }
    if kind is Kind.DOCUMENT:
        return _document(connection, row, common, today)
    return _record(connection, row, common, today)


def _document(connection: Connection, row: Any, common: dict[str, Any], today: date) -> EntryView:
    decision = common["decision"]
    is_withdrawn = decision is not None and not decision.is_open
    period = Period(row.effective_from, row.effective_to, row.repealed_on, row.amended_on)
    return EntryView(
        **common,
        hidden=hidden_document(Disclosure(row.disclosure), is_withdrawn=is_withdrawn),
        validity=validity(period, on=today),
        timeline=timeline_for_staff(connection, row.pid, today),
        relations=relations.of(connection, row),
        repeals=_stated_repeals(connection, row.pid),
    )


def _record(connection: Connection, row: Any, common: dict[str, Any], today: date) -> EntryView:
    above = holdings.above(connection, row)
    below = select(func.count()).where(
        Record.parent_key == row.reference_key, Record.pid != row.pid, is_current(Record)
    )
    return EntryView(
        **common,
        hidden=access(row, above).hidden(today),
        above=above,
        below=connection.execute(below).scalar_one(),
    )


def access(row: Any, above: Sequence[Any] = ()) -> RecordAccess:
    """Return what decides whether the public sees a record.

    Args:
        row: the record, or a line of the list.
        above: what it lies in; an unopened record carries no mark of a closed file itself.
    """
    state = row.state if isinstance(row, Holding) else row.openness
    is_closed = any(one.openness == Openness.CONTROLLED for one in above)
    return RecordAccess(
        Openness(state),
        Secrecy(row.secrecy),
        row.open_on,
        row.is_livelihood,
        row.is_closed_above or is_closed,
    )


def why_hidden(line: Holding, today: date, *, is_decided: bool) -> tuple[Hidden, ...]:
    """Return why the public does not see a line of the list; nothing if it does."""
    if line.kind is Kind.DOCUMENT:
        return hidden_document(Disclosure(line.state), is_withdrawn=is_decided)
    return access(line).hidden(today)


def history(connection: Connection, kind: Kind, pid: str) -> tuple[Deed, ...]:
    """Return what was done to an entry, newest first."""
    rows = connection.execute(
        select(AuditEntry, Member.name)
        .outerjoin(Member, Member.login == AuditEntry.actor)
        .where(AuditEntry.subject == f"{kind.value}:{pid}")
        .order_by(AuditEntry.number.desc())
        .limit(HISTORY)
    )
    return tuple(
        Deed(
            row.at,
            row.name or row.actor,
            row.action,
            json.loads(row.before),
            json.loads(row.after),
        )
        for row in rows
    )


def names(connection: Connection, logins: Sequence[str]) -> dict[str, str]:
    """Return what colleagues are called, by their logins."""
    rows = connection.execute(select(Member.login, Member.name).where(Member.login.in_(logins)))
    return {row.login: row.name for row in rows}


def _stated_repeals(connection: Connection, pid: str) -> tuple[StatedRepeal, ...]:
    rows = connection.execute(
        select(RepealProposal.document_pid, RepealProposal.repealed_on, RepealProposal.sentence)
        .where(RepealProposal.target_pid == pid, RepealProposal.state == State.ACCEPTED.value)
        .order_by(RepealProposal.id)
    )
    return tuple(
        StatedRepeal(by, day, bool(sentence)) for by, day, sentence in rows if day is not None
    )
