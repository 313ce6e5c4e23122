"""Reading requests: a follower's own, the open ones, one with its steps; titles of entries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from wx_archive.catalogue import visibility
from wx_archive.catalogue.models import Document, Record
from wx_archive.enquiries import rules
from wx_archive.enquiries.models import Enquiry, EnquiryEvent
from wx_archive.enquiries.rules import Kind, State

_OPEN: Final = sorted(rules.OPEN)
_UNFINISHED: Final = sorted(set(State) - rules.OVER)


class _Row(Protocol):
    """A row of the table, however it was read."""

    number: str
    pid: str
    kind: str
    state: str
    words: str
    note: str
    about_pid: str | None
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it is shown."""

    number: str
    pid: str
    kind: Kind
    state: State
    words: str
    note: str
    about_pid: str | None
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, row: _Row) -> "Request":
        """Return what a row says."""
        return cls(
            row.number,
            row.pid,
            Kind(row.kind),
            State(row.state),
            row.words,
            row.note,
            row.about_pid,
            row.created_at,
            row.changed_at,
        )

    @property
    def label(self) -> str:
        """The state in the citizen's words."""
        return rules.label(self.kind, self.state)

    @property
    def is_open(self) -> bool:
        """Whether it may still be withdrawn."""
        return self.state in rules.OPEN


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a request."""

    at: datetime
    from_state: State | None
    to_state: State
    note: str
    actor: str


_COLUMNS: Final = select(
    Enquiry.number,
    Enquiry.pid,
    Enquiry.kind,
    Enquiry.state,
    Enquiry.words,
    Enquiry.note,
    Enquiry.about_pid,
    Enquiry.created_at,
    Enquiry.changed_at,
)


def of_follower(connection: Connection, follower_id: int, *, limit: int) -> Sequence[Request]:
    """Return a follower's requests, newest first."""
    mine = _COLUMNS.where(Enquiry.follower_id == follower_id)
    rows = connection.execute(mine.order_by(Enquiry.id.desc()).limit(limit))
    return [Request.of(row) for row in rows]


def own(connection: Connection, follower_id: int, numbers: Sequence[str]) -> Request | None:
    """Return the follower's own request of one of these numbers; anybody else's is none."""
    if not numbers:
        return None
    mine = _COLUMNS.where(Enquiry.follower_id == follower_id, Enquiry.number.in_(numbers))
    row = connection.execute(mine.order_by(Enquiry.kind.desc()).limit(1)).one_or_none()
    return None if row is None else Request.of(row)


def listed(connection: Connection, *, all_wanted: bool = False) -> Sequence[Request]:
    """Return the requests that staff still have to do something about, oldest first."""
    wanted = _COLUMNS if all_wanted else _COLUMNS.where(Enquiry.state.in_(_UNFINISHED))
    return [Request.of(row) for row in connection.execute(wanted.order_by(Enquiry.id))]


def by_number(connection: Connection, numbers: Sequence[str]) -> Request | None:
    """Return the request of one of these numbers, whoever asked."""
    row = connection.execute(_COLUMNS.where(Enquiry.number.in_(numbers)).limit(1)).one_or_none()
    return None if row is None else Request.of(row)


def by_pid(connection: Connection, pid: str) -> Request | None:
    """Return the request of a public id, for whoever holds it."""
    row = connection.execute(_COLUMNS.where(Enquiry.pid == pid)).one_or_none()
    return None if row is None else Request.of(row)


def steps(connection: Connection, number: str) -> Sequence[Step]:
    """Return what happened to a request, first to last."""
    rows = connection.execute(
        select(
            EnquiryEvent.at,
            EnquiryEvent.from_state,
            EnquiryEvent.to_state,
            EnquiryEvent.note,
            EnquiryEvent.actor,
        )
        .join(Enquiry, Enquiry.id == EnquiryEvent.enquiry_id)
        .where(Enquiry.number == number)
        .order_by(EnquiryEvent.id)
    )
    return [
        Step(at, State(old) if old else None, State(new), note, actor)
        for at, old, new, note, actor in rows
    ]


def open_of(session: Session, follower_id: int, kind: Kind) -> Sequence[Enquiry]:
    """Return the follower's requests of a kind that are under way; `rules.MOST_OPEN` at most."""
    return session.scalars(
        select(Enquiry)
        .where(
            Enquiry.follower_id == follower_id,
            Enquiry.kind == kind.value,
            Enquiry.state.in_(_OPEN),
        )
        .order_by(Enquiry.id)
    ).all()


def count_of(connection: Connection, follower_id: int) -> int:
    """Return how many requests a follower has made."""
    mine = select(func.count()).select_from(Enquiry).where(Enquiry.follower_id == follower_id)
    return connection.execute(mine).scalar_one()


def visible_title(connection: Connection, pid: str, *, today: date) -> str | None:
    """Return the title of an entry that the public may see; a hidden one is as good as none."""
    found = connection.execute(
        select(Document.title)
        .where(Document.pid == pid, visibility.public_documents())
        .union_all(
            select(Record.title).where(Record.pid == pid, visibility.public_records(today)),
        )
        .limit(1)
    )
    return found.scalar_one_or_none()
