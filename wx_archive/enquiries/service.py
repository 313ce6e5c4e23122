"""Filing a request, and what its citizen does with it: one change of one row and one event."""

import secrets
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wx_archive.core.database import insert_into
from wx_archive.core.errors import ArchiveError
from wx_archive.core.ids import stable_pid
from wx_archive.enquiries import queries, rules, wording
from wx_archive.enquiries.models import Enquiry, EnquiryCounter
from wx_archive.enquiries.queries import Request
from wx_archive.enquiries.rules import Action, Channel, Clock, Kind, State
from wx_archive.enquiries.steps import (
    Doing,
    ImpossibleMoveError,
    advance,
    locked,
    note_step,
    wind,
)
from wx_archive.followers.service import hold


class TooManyOpenError(ArchiveError):
    """The follower has as many requests under way as one may have."""


class FollowerGoneError(ArchiveError):
    """The follower was erased a moment ago."""


class NotRatableError(ArchiveError):
    """There is no answer to rate, or it was rated before.

    Attributes:
        request: as it stands.
    """

    def __init__(self, request: Request) -> None:
        super().__init__(request.number)
        self.request = request


@dataclass(frozen=True, slots=True)
class Opinion:
    """How a citizen found the answer: 1 to 5, and a word that may be empty."""

    score: int
    words: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no rating."""
        if self.score not in rules.RATINGS:
            raise ValueError(self.score)


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody asks for.

    Attributes:
        words: as typed; taken down without numbers of persons.
        follower_id: who asks; None where nobody says who they are.
        about_pid: the entry that it is about.
        form_key: the form it comes by.
        channel: how it comes in.
    """

    kind: Kind
    words: str
    follower_id: int | None = None
    about_pid: str | None = None
    form_key: str | None = None
    channel: Channel = Channel.CHAT


@dataclass(frozen=True, slots=True)
class Filed:
    """A request, and whether it was made just now."""

    request: Request
    is_new: bool


def file(session: Session, draft: Draft, doing: Doing) -> Filed:
    """File a request; the same form, or the same words while under way, are one request.

    Raises:
        TooManyOpenError: the follower has to wait for an answer, or withdraw something.
        FollowerGoneError: there is no such follower (any more).
    """
    if draft.follower_id is not None:
        _hold(session, draft.follower_id)
    kept = wording.take_down(draft.words, lines=draft.kind is Kind.CORRECTION)
    year = doing.today.year
    _wait_for_turn(session, draft.kind, year)
    if (before := _filed_before(session, draft, kept)) is not None:
        return Filed(queries.by_id(session.connection(), before.id), is_new=False)
    number = _next_number(session, draft.kind, year)
    enquiry = Enquiry(
        number=number,
        # Keyed by a secret that nobody keeps: not even we can work it out again.
        pid=stable_pid("enquiry", number, secrets.token_hex(32)),
        kind=draft.kind.value,
        state=rules.FIRST.value,
        channel=draft.channel.value,
        follower_id=draft.follower_id,
        words=kept,
        about_pid=draft.about_pid,
        note="",
        form_key=draft.form_key,
        created_at=doing.now,
        changed_at=doing.now,
    )
    wind(enquiry, Clock(), doing)
    session.add(enquiry)
    session.flush()
    note_step(session, enquiry, None, doing)
    return Filed(queries.by_id(session.connection(), enquiry.id), is_new=True)


def withdraw(
    session: Session, follower_id: int, numbers: tuple[str, ...], doing: Doing
) -> Request | None:
    """Withdraw one's own request; None where there is none of these numbers.

    Raises:
        ImpossibleMoveError: it was answered, or is over.
    """
    mine = queries.own(session.connection(), follower_id, numbers)
    if mine is None:
        return None
    return advance(session, locked(session, mine.number), State.WITHDRAWN, doing)


def supply(
    session: Session, follower_id: int, numbers: tuple[str, ...], words: str, doing: Doing
) -> Request | None:
    """Add to one's own request what staff asked for; None where there is none of these numbers.

    Raises:
        ImpossibleMoveError: nothing was asked for.
    """
    mine = queries.own(session.connection(), follower_id, numbers)
    if mine is None:
        return None
    enquiry = locked(session, mine.number)
    if State(enquiry.state) is not State.NEED_FIX:
        raise ImpossibleMoveError(queries.by_id(session.connection(), enquiry.id), rules.FIRST)
    return advance(session, enquiry, rules.FIRST, doing, note=wording.take_down(words))


def rate(
    session: Session, follower_id: int, numbers: tuple[str, ...], opinion: Opinion, doing: Doing
) -> Request | None:
    """Say how one's own request was answered, once; it is closed then.

    Returns:
        None where there is none of these numbers.

    Raises:
        NotRatableError: it has no answer yet, or was rated before.
    """
    mine = queries.own(session.connection(), follower_id, numbers)
    if mine is None:
        return None
    enquiry = locked(session, mine.number)
    standing = State(enquiry.state)
    if enquiry.answered_on is None or enquiry.rating is not None:
        raise NotRatableError(queries.by_id(session.connection(), enquiry.id))
    said = wording.take_down(opinion.words)[: wording.RATING_LENGTH]
    enquiry.rating, enquiry.rating_words = opinion.score, said
    if standing in rules.ANSWERED:
        answer = enquiry.note
        advance(session, enquiry, State.CLOSED, doing, action=Action.RATE)
        enquiry.note = answer  # the answer stays to be read
    else:
        note_step(session, enquiry, standing, doing, action=Action.RATE)
    session.flush()
    return queries.by_id(session.connection(), enquiry.id)


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
    if not hold(session, follower_id):
        raise FollowerGoneError(str(follower_id))
