"""Filing a request, moving it, withdrawing it: each one change of one row and one event."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wx_archive.chat import held
from wx_archive.core import clock
from wx_archive.core.database import insert_into
from wx_archive.core.errors import ArchiveError, RefusedError
from wx_archive.core.ids import stable_pid
from wx_archive.enquiries import queries, rules, texts, wording
from wx_archive.enquiries.models import Enquiry, EnquiryCounter, EnquiryEvent
from wx_archive.enquiries.queries import Request
from wx_archive.enquiries.rules import Kind, State
from wx_archive.followers.models import Follower

READER: Final = "reader"


class TooManyOpenError(ArchiveError):
    """The follower has as many requests under way as one may have."""


class FollowerGoneError(ArchiveError):
    """The follower was erased a moment ago."""


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


class NoteError(RefusedError):
    """What staff have to say with a step is missing or too long."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody asks for.

    Attributes:
        words: as typed; taken down without numbers of persons.
        follower_id: who asks; None where nobody says who they are.
        about_pid: the entry that it is about.
        form_key: the form it comes by.
    """

    kind: Kind
    words: str
    follower_id: int | None = None
    about_pid: str | None = None
    form_key: str | None = None


@dataclass(frozen=True, slots=True)
class Filed:
    """A request, and whether it was made just now."""

    request: Request
    is_new: bool


def file(session: Session, draft: Draft, *, now: datetime) -> Filed:
    """File a request; the same form, or the same words while under way, are one request.

    Raises:
        TooManyOpenError: the follower has to wait for an answer, or withdraw something.
        FollowerGoneError: there is no such follower (any more).
    """
    if draft.follower_id is not None:
        _hold(session, draft.follower_id)
    kept = wording.take_down(draft.words, lines=draft.kind is Kind.CORRECTION)
    year = clock.day_of(now).year
    _wait_for_turn(session, draft.kind, year)
    if (before := _filed_before(session, draft, kept)) is not None:
        return Filed(Request.of(before), is_new=False)
    number = _next_number(session, draft.kind, year)
    enquiry = Enquiry(
        number=number,
        # Keyed by a secret that nobody keeps: not even we can work it out again.
        pid=stable_pid("enquiry", number, secrets.token_hex(32)),
        kind=draft.kind.value,
        state=rules.FIRST.value,
        follower_id=draft.follower_id,
        words=kept,
        about_pid=draft.about_pid,
        note="",
        form_key=draft.form_key,
        created_at=now,
        changed_at=now,
    )
    session.add(enquiry)
    session.flush()
    _note_step(session, enquiry, None, note="", actor=READER, now=now)
    return Filed(Request.of(enquiry), is_new=True)


def withdraw(
    session: Session, follower_id: int, numbers: tuple[str, ...], *, now: datetime
) -> Request | None:
    """Withdraw one's own request; None where there is none of these numbers.

    Raises:
        ImpossibleMoveError: it was answered, or is over.
    """
    mine = queries.own(session.connection(), follower_id, numbers)
    if mine is None:
        return None
    return _move(session, mine.number, State.WITHDRAWN, note="", actor=READER, now=now)


def supply(
    session: Session, follower_id: int, numbers: tuple[str, ...], words: str, *, now: datetime
) -> Request | None:
    """Add to one's own request what staff asked for; None where there is none of these numbers.

    Raises:
        ImpossibleMoveError: nothing was asked for.
    """
    mine = queries.own(session.connection(), follower_id, numbers)
    if mine is None:
        return None
    if mine.state is not State.NEED_FIX:
        raise ImpossibleMoveError(mine, rules.FIRST)
    return _move(
        session, mine.number, rules.FIRST, note=wording.take_down(words), actor=READER, now=now
    )


def move(
    session: Session, asked: str, to: State, *, note: str = "", actor: str, now: datetime
) -> Request:
    """Move a request as staff decided, and have the follower told where that matters to them.

    Args:
        session: one transaction: the step, its event and the message to the follower.
        asked: the number, in any spelling.
        to: its new state.
        note: what the follower is told with it.
        actor: who of the staff.
        now: the present instant.

    Raises:
        UnknownNumberError: there is no such request.
        ImpossibleMoveError: it cannot go there from where it stands.
        NoteError: the state needs a word, or the word is too long.
    """
    said = wording.tidy(note, lines=True)
    if not said and to in rules.NEEDS_NOTE:
        raise NoteError(texts.note_missing(to))
    if len(said) > wording.NOTE_LENGTH:
        raise NoteError(texts.NOTE_TOO_LONG.format(bound=wording.NOTE_LENGTH))
    found = queries.by_number(session.connection(), rules.read_number(asked))
    if found is None:
        raise UnknownNumberError(asked)
    return _move(session, found.number, to, note=said, actor=actor, now=now)


def _move(
    session: Session, number: str, to: State, *, note: str, actor: str, now: datetime
) -> Request:
    # The follower's row before the request's, as everywhere: an erasure takes them in this order.
    owner = session.scalars(select(Enquiry.follower_id).where(Enquiry.number == number)).one()
    if owner is not None:
        _lock_follower(session, owner)
    enquiry = session.scalars(
        select(Enquiry)
        .where(Enquiry.number == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    standing = State(enquiry.state)
    if to not in rules.TRANSITIONS[standing]:
        raise ImpossibleMoveError(Request.of(enquiry), to)
    enquiry.state, enquiry.changed_at = to.value, now
    enquiry.note = "" if actor == READER else note
    event = _note_step(session, enquiry, standing, note=note, actor=actor, now=now)
    moved = Request.of(enquiry)
    if enquiry.follower_id is not None and to in rules.TOLD:
        key = f"enquiry:{event.id}"
        held.tell(session, enquiry.follower_id, texts.told(moved), key=key, now=now)
    return moved


def _note_step(
    session: Session,
    enquiry: Enquiry,
    before: State | None,
    *,
    note: str,
    actor: str,
    now: datetime,
) -> EnquiryEvent:
    event = EnquiryEvent(
        enquiry_id=enquiry.id,
        at=now,
        from_state=None if before is None else before.value,
        to_state=enquiry.state,
        note=note,
        actor=actor,
    )
    session.add(event)
    session.flush()
    return event


def _filed_before(session: Session, draft: Draft, kept: str) -> Enquiry | None:
    if draft.form_key is not None:
        by_form = select(Enquiry).where(Enquiry.form_key == draft.form_key)
        if (filed := session.scalars(by_form).one_or_none()) is not None:
            return filed
    if draft.follower_id is None:
        return None
    under_way = queries.open_of(session, draft.follower_id, draft.kind)
    same = (draft.about_pid, wording.sameness(kept))
    for enquiry in under_way:
        if (enquiry.about_pid, wording.sameness(enquiry.words)) == same:
            return enquiry
    if len(under_way) >= rules.MOST_OPEN:
        raise TooManyOpenError
    return None


def _wait_for_turn(session: Session, kind: Kind, year: int) -> None:
    """Let one filing of this kind and year in at a time, until its transaction ends.

    What it then reads no other filing can change, and a number it takes and gives back is taken by
    the next: no gaps, no doubles. SQLite has one writer anyhow.
    """
    session.execute(
        insert_into(session, EnquiryCounter)
        .values(kind=kind.value, year=year, last=0)
        .on_conflict_do_nothing()
    )
    session.execute(
        select(EnquiryCounter.last)
        .where(EnquiryCounter.kind == kind.value, EnquiryCounter.year == year)
        .with_for_update()
    )


def _next_number(session: Session, kind: Kind, year: int) -> str:
    running = session.execute(
        update(EnquiryCounter)
        .where(EnquiryCounter.kind == kind.value, EnquiryCounter.year == year)
        .values(last=EnquiryCounter.last + 1)
        .returning(EnquiryCounter.last)
        .execution_options(synchronize_session=False)
    ).scalar_one()
    return rules.number(kind, year, running)


def _hold(session: Session, follower_id: int) -> None:
    if not _lock_follower(session, follower_id):
        raise FollowerGoneError(str(follower_id))


def _lock_follower(session: Session, follower_id: int) -> bool:
    """Wait for, and keep out, every other turn of the follower, their erasure above all.

    Returns:
        False if there is no such follower.
    """
    row = session.execute(
        select(Follower.id).where(Follower.id == follower_id).with_for_update(key_share=True)
    )
    return row.scalar_one_or_none() is not None
