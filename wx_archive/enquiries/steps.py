"""One step of a request: its row locked, its clock set, its event written, its follower told."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.chat import held
from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.site import Site
from wx_archive.core.workdays import Calendar, calendar_of
from wx_archive.enquiries import contacts, entries, queries, rules, texts
from wx_archive.enquiries.models import Enquiry, EnquiryEvent
from wx_archive.enquiries.queries import Request
from wx_archive.enquiries.rules import Action, Clock, Kind, State
from wx_archive.followers.service import hold

READER: Final = "reader"
BY_CLOCK: Final = "clock"
"""Actor of what happens by itself when a day has passed."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the bureau promises, and how its days are counted.

    Attributes:
        origin: public address of this service, for links.
        search_days: working days from acceptance to the answer of a search.
        correction_days: the same for a reported mistake.
    """

    calendar: Calendar
    origin: str
    search_days: int
    correction_days: int

    @classmethod
    def of(cls, site: Site) -> "Terms":
        """Return a site's.

        Raises:
            FileProblemError: its calendar has a mistake.
        """
        profile = site.profile
        calendar = calendar_of(site.content)
        return cls(calendar, site.origin, profile.search_days, profile.correction_days)

    def promised(self, kind: Kind) -> int:
        """Return the working days promised for a kind of request."""
        return self.search_days if kind is Kind.SEARCH else self.correction_days


@dataclass(frozen=True, slots=True)
class Doing:
    """Who does something, when, and by which terms.

    Attributes:
        actor: as the step keeps it: `reader`, `clock`, a login, `cli:` and a machine's user.
        member_id: of the staff; None for everybody else.
    """

    actor: str
    now: datetime
    terms: Terms
    member_id: int | None = None

    @property
    def today(self) -> date:
        """The Shanghai day."""
        return clock.day_of(self.now)


class UnknownNumberError(RefusedError):
    """There is no request of this number."""

    def __init__(self, asked: str) -> None:
        super().__init__(texts.UNKNOWN_NUMBER.format(asked=asked))


class ImpossibleMoveError(RefusedError):
    """A request cannot go from where it stands to where it was to go.

    Attributes:
        request: as it stands.
        to: where it was to go.
    """

    def __init__(self, request: Request, to: State) -> None:
        super().__init__(texts.impossible(request, to))
        self.request = request
        self.to = to


class StaleError(RefusedError):
    """Somebody else has changed the request since the page was shown.

    Attributes:
        request: as it stands now.
    """

    def __init__(self, request: Request, by: str) -> None:
        super().__init__(texts.stale(request, by))
        self.request = request


class NoteError(RefusedError):
    """What staff have to say with a step is missing or too long."""


def locked(session: Session, number: str, *, version: int | None = None) -> Enquiry:
    """Return a request's row, locked; its follower's row is locked before it.

    In this order, as everywhere: an erasure takes them so.

    Raises:
        StaleError: it is not the version that was looked at.
    """
    owner = session.scalars(select(Enquiry.follower_id).where(Enquiry.number == number)).one()
    if owner is not None:
        hold(session, owner)
    enquiry = session.scalars(
        select(Enquiry)
        .where(Enquiry.number == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if version is not None and enquiry.version != version:
        connection = session.connection()
        last = queries.steps(connection, number)[-1]
        raise StaleError(queries.by_id(connection, enquiry.id), last.actor_name)
    return enquiry


def advance(
    session: Session,
    enquiry: Enquiry,
    to: State,
    doing: Doing,
    *,
    note: str = "",
    action: Action = Action.MOVE,
) -> Request:
    """Take a locked request to its next state.

    Raises:
        ImpossibleMoveError: it cannot go there from where it stands.
    """
    standing = State(enquiry.state)
    if to not in rules.TRANSITIONS[standing]:
        raise ImpossibleMoveError(queries.by_id(session.connection(), enquiry.id), to)
    enquiry.state, enquiry.changed_at = to.value, doing.now
    enquiry.note = "" if doing.actor == READER else note
    _set_owner(enquiry, to, doing)
    _set_clock(enquiry, to, doing)
    if to in rules.OVER:
        contacts.wipe(session, enquiry.id)
    event = note_step(session, enquiry, standing, doing, note=note, action=action)
    moved = queries.by_id(session.connection(), enquiry.id)
    # Whoever was asked for something and gets no answer is told why it ends here.
    is_given_up = standing is State.NEED_FIX and to is State.CLOSED and note
    if to in rules.TOLD or is_given_up:
        items = _items(session, moved, doing)
        tell(session, enquiry, texts.told(moved, items, doing.terms.origin), event)
    return moved


def note_step(
    session: Session,
    enquiry: Enquiry,
    before: State | None,
    doing: Doing,
    *,
    note: str = "",
    action: Action = Action.MOVE,
) -> EnquiryEvent:
    """Write a step down, and count the request's versions."""
    if before is not None:
        enquiry.version += 1
    event = EnquiryEvent(
        enquiry_id=enquiry.id,
        at=doing.now,
        from_state=None if before is None else before.value,
        to_state=enquiry.state,
        note=note,
        action=action.value,
        actor=doing.actor[:60],
    )
    session.add(event)
    session.flush()
    return event


def tell(session: Session, enquiry: Enquiry, text: str, event: EnquiryEvent) -> None:
    """Have the follower told of a step, where there is one."""
    if enquiry.follower_id is not None:
        key = f"enquiry:{event.id}"
        held.tell(session, enquiry.follower_id, text, key=key, now=event.at)


def set_clock(enquiry: Enquiry, told: Clock) -> None:
    """Write a clock into the request's row."""
    enquiry.accepted_on, enquiry.promise_days = told.accepted_on, told.promise_days
    enquiry.due_on, enquiry.is_due_known = told.due_on, told.is_due_known
    enquiry.paused_on, enquiry.paused_days = told.paused_on, told.paused_days
    enquiry.extended_days = told.extended_days


def wind(enquiry: Enquiry, told: Clock, doing: Doing) -> None:
    """Set a request's clock, and the day by which something must happen to it."""
    set_clock(enquiry, told)
    since = clock.day_of(enquiry.changed_at)
    enquiry.act_by = rules.act_by(
        State(enquiry.state), told, since=since, calendar=doing.terms.calendar
    )


def _set_owner(enquiry: Enquiry, to: State, doing: Doing) -> None:
    """Fix whoever accepts or answers a request first as the one who answers for it."""
    if doing.member_id is None:
        return
    if enquiry.first_id is None and to in rules.WORKED | rules.ANSWERED:
        enquiry.first_id = doing.member_id
    if enquiry.owner_id is None and to not in rules.OVER:
        enquiry.owner_id = doing.member_id


def _set_clock(enquiry: Enquiry, to: State, doing: Doing) -> None:
    today, calendar = doing.today, doing.terms.calendar
    told = Clock.of(enquiry).resumed(today=today, calendar=calendar)
    if to is State.ACCEPTED:
        days = doing.terms.promised(Kind(enquiry.kind))
        told = told.started(days, today=today, calendar=calendar)
    if to in rules.PAUSED:
        told = told.stopped(today=today)
    if to in rules.ANSWERED:
        enquiry.answered_on = today
        enquiry.used_days = told.used(today=today, calendar=calendar)
    wind(enquiry, told, doing)


def _items(session: Session, request: Request, doing: Doing) -> list[entries.Item]:
    if not request.is_answered:
        return []
    connection = session.connection()
    return entries.items(connection, [request.number], today=doing.today)[request.number]
