"""Reading requests: a follower's own, one by its number, one with its steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session, aliased

from wx_archive.enquiries import rules
from wx_archive.enquiries.models import Enquiry, EnquiryEvent
from wx_archive.enquiries.rules import Action, Channel, Clock, Kind, State
from wx_archive.staff.models import Member

_OPEN: Final = sorted(rules.OPEN)
_UNFINISHED: Final = sorted(set(State) - rules.OVER)


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it is shown.

    Attributes:
        version: counts its changes; a form of the console brings it back.
        is_followed: a follower stands behind it, whom the chat can reach.
        first_name: 首问责任人, as colleagues know them; empty where nobody accepted it yet.
        owner_id: the member of the staff who has it in hand.
        act_by: the day by which something must happen to it (`rules.DEADLINES` says what).
    """

    number: str
    pid: str
    kind: Kind
    state: State
    channel: Channel
    words: str
    note: str
    about_pid: str | None
    created_at: datetime
    changed_at: datetime
    version: int
    is_followed: bool
    first_name: str
    owner_id: int | None
    owner_name: str
    act_by: date | None
    clock: Clock
    answered_on: date | None
    rating: int | None
    rating_words: str

    @classmethod
    def of(cls, row: Any) -> "Request":
        """Return what a row of `COLUMNS` says."""
        return cls(
            number=row.number,
            pid=row.pid,
            kind=Kind(row.kind),
            state=State(row.state),
            channel=Channel(row.channel),
            words=row.words,
            note=row.note,
            about_pid=row.about_pid,
            created_at=row.created_at,
            changed_at=row.changed_at,
            version=row.version,
            is_followed=row.follower_id is not None,
            first_name=row.first_name or "",
            owner_id=row.owner_id,
            owner_name=row.owner_name or "",
            act_by=row.act_by,
            clock=Clock.of(row),
            answered_on=row.answered_on,
            rating=row.rating,
            rating_words=row.rating_words,
        )

    @property
    def label(self) -> str:
        """The state in the citizen's words."""
        return rules.label(self.kind, self.state)

    @property
    def is_open(self) -> bool:
        """Whether it may still be withdrawn."""
        return self.state in rules.OPEN

    @property
    def is_answered(self) -> bool:
        """Whether it has an answer that still waits to be rated."""
        return self.state in rules.ANSWERED

    @property
    def may_be_rated(self) -> bool:
        """Whether the citizen may still say how it was."""
        return self.answered_on is not None and self.rating is None

    def is_late(self, today: date) -> bool:
        """Tell whether the staff have let its day pass."""
        return self.state in rules.STAFF_ACTS and self.act_by is not None and self.act_by < today


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a request."""

    at: datetime
    from_state: State | None
    to_state: State
    note: str
    actor: str
    action: Action
    actor_name: str
    """As colleagues know them; empty where it was nobody of the staff."""


_First = aliased(Member, name="first")
_Owner = aliased(Member, name="owner")
COLUMNS: Final = (
    select(
        *Enquiry.__table__.c,
        _First.name.label("first_name"),
        _Owner.name.label("owner_name"),
    )
    .select_from(Enquiry)
    .outerjoin(_First, _First.id == Enquiry.first_id)
    .outerjoin(_Owner, _Owner.id == Enquiry.owner_id)
)


def of_follower(connection: Connection, follower_id: int, *, limit: int) -> Sequence[Request]:
    """Return a follower's requests, newest first."""
    mine = COLUMNS.where(Enquiry.follower_id == follower_id)
    rows = connection.execute(mine.order_by(Enquiry.id.desc()).limit(limit))
    return [Request.of(row) for row in rows]


def own(connection: Connection, follower_id: int, numbers: Sequence[str]) -> Request | None:
    """Return the follower's own request of one of these numbers; anybody else's is none."""
    if not numbers:
        return None
    mine = COLUMNS.where(Enquiry.follower_id == follower_id, Enquiry.number.in_(numbers))
    row = connection.execute(mine.order_by(Enquiry.kind.desc()).limit(1)).one_or_none()
    return None if row is None else Request.of(row)


def listed(connection: Connection, *, all_wanted: bool = False) -> Sequence[Request]:
    """Return the requests that staff still have to do something about, oldest first."""
    wanted = COLUMNS if all_wanted else COLUMNS.where(Enquiry.state.in_(_UNFINISHED))
    return [Request.of(row) for row in connection.execute(wanted.order_by(Enquiry.id))]


def by_id(connection: Connection, enquiry_id: int) -> Request:
    """Return the request of a row."""
    return Request.of(connection.execute(COLUMNS.where(Enquiry.id == enquiry_id)).one())


def by_number(connection: Connection, numbers: Sequence[str]) -> Request | None:
    """Return the request of one of these numbers, whoever asked."""
    row = connection.execute(COLUMNS.where(Enquiry.number.in_(numbers)).limit(1)).one_or_none()
    return None if row is None else Request.of(row)


def by_pid(connection: Connection, pid: str) -> Request | None:
    """Return the request of a public id, for whoever holds it."""
    row = connection.execute(COLUMNS.where(Enquiry.pid == pid)).one_or_none()
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
            EnquiryEvent.action,
            Member.name,
        )
        .join(Enquiry, Enquiry.id == EnquiryEvent.enquiry_id)
        .outerjoin(Member, Member.login == EnquiryEvent.actor)
        .where(Enquiry.number == number)
        .order_by(EnquiryEvent.id)
    )
    return [
        Step(at, State(old) if old else None, State(new), note, actor, Action(action), name or "")
        for at, old, new, note, actor, action, name in rows
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


def follower_of(session: Session, number: str) -> int | None:
    """Return whose request a number is, in any spelling; None where that is nobody, or not one."""
    mine = select(Enquiry.follower_id).where(
        Enquiry.number.in_(rules.read_number(number)), Enquiry.follower_id.is_not(None)
    )
    found = set(session.scalars(mine))
    return found.pop() if len(found) == 1 else None


def ratable(connection: Connection, follower_id: int) -> Sequence[Request]:
    """Return a follower's answered requests that nobody rated, newest first."""
    waits = COLUMNS.where(
        Enquiry.follower_id == follower_id,
        Enquiry.state.in_(sorted(rules.ANSWERED)),
        Enquiry.rating.is_(None),
    )
    rows = connection.execute(waits.order_by(Enquiry.id.desc()).limit(rules.SHOWN))
    return [Request.of(row) for row in rows]
