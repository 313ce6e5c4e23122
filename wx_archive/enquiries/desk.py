"""What staff do with a request: write it down, move, answer, hand over, extend, attach entries."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.orm import Session

from wx_archive.core.database import insert_into
from wx_archive.core.errors import RefusedError
from wx_archive.enquiries import contacts, entries, queries, rules, service, texts, wording
from wx_archive.enquiries.contacts import Contact, Sealer
from wx_archive.enquiries.models import Enquiry, EnquiryItem
from wx_archive.enquiries.queries import Request
from wx_archive.enquiries.rules import Action, Clock, State
from wx_archive.enquiries.service import Draft
from wx_archive.enquiries.steps import (
    Doing,
    NoteError,
    UnknownNumberError,
    advance,
    locked,
    note_step,
    tell,
    wind,
)
from wx_archive.staff.colleagues import Colleague, who_may
from wx_archive.staff.rules import Permission


def write_down(
    session: Session, draft: Draft, contact: Contact, sealer: Sealer, doing: Doing
) -> Request:
    """File and accept what somebody asked for at the desk, by letter or by telephone.

    Whoever is asked first answers for it: the two are one step for the staff.
    """
    filed = service.file(session, draft, doing).request
    enquiry = locked(session, filed.number)
    if not contact.is_empty:
        contacts.keep(session, enquiry.id, contact, sealer)
    return advance(session, enquiry, State.ACCEPTED, doing)


def move(
    session: Session,
    asked: str,
    to: State,
    doing: Doing,
    *,
    note: str = "",
    version: int | None = None,
) -> Request:
    """Move a request as staff decided, and have the follower told where that matters to them.

    Args:
        session: one transaction: the step, its event and the message to the follower.
        asked: the number, in any spelling.
        to: its new state.
        doing: who does it, when.
        note: what the follower is told with it.
        version: which was looked at; None where nothing was.

    Raises:
        UnknownNumberError: there is no such request.
        ImpossibleMoveError: it cannot go there from where it stands.
        NoteError: the state needs a word, or the word is too long.
        StaleError: somebody else was faster.
        RefusedError: an entry attached to the answer is not public any more.
    """
    enquiry = _found(session, asked, version)
    connection = session.connection()
    attached = entries.attached(connection, enquiry.number) if to in rules.ANSWERED else []
    said = checked_note(note, to, items=len(attached))
    public = entries.items(connection, [enquiry.number], today=doing.today)[enquiry.number]
    if len(public) < len(attached):
        raise RefusedError(texts.HIDDEN_ITEM)
    return advance(session, enquiry, to, doing, note=said)


def checked_note(note: str, to: State, *, items: int = 0) -> str:
    """Return a note as it is kept.

    Raises:
        NoteError: the state needs one, or it is too long beside so many entries.
    """
    said = wording.tidy(note, lines=True)
    if not said and to in rules.NEEDS_NOTE:
        raise NoteError(texts.note_missing(to))
    _check_length(said, wording.note_bound(items))
    return said


def hand(
    session: Session, asked: str, to: Colleague, doing: Doing, *, note: str, version: int | None
) -> Request:
    """Put a request into somebody's hands: one's own, or a colleague's with a word why.

    Raises:
        UnknownNumberError: there is no such request.
        NoteError: taking it from somebody, or giving it away, needs a word.
        RefusedError: it is over, or in these hands already.
        StaleError: somebody else was faster.
    """
    enquiry = _found(session, asked, version)
    standing = State(enquiry.state)
    if standing in rules.OVER:
        raise RefusedError(texts.OVER)
    if enquiry.owner_id == to.id:
        raise RefusedError(texts.SAME_OWNER.format(name=to.name))
    said = wording.tidy(note, lines=True)
    is_taken = to.id == doing.member_id
    if not said and (not is_taken or enquiry.owner_id is not None):
        raise NoteError(texts.HAND_NOTE_MISSING)
    _check_length(said, wording.NOTE_LENGTH)
    enquiry.owner_id = to.id
    action = Action.TAKE if is_taken else Action.HAND
    told = said if is_taken else f"{texts.HANDED.format(name=to.name)}{said}"
    note_step(session, enquiry, standing, doing, note=told, action=action)
    return queries.by_id(session.connection(), enquiry.id)


def extend(
    session: Session, asked: str, days: int, doing: Doing, *, note: str, version: int | None
) -> Request:
    """Extend a promise, once, before its day has passed; the follower is told why.

    Raises:
        UnknownNumberError: there is no such request.
        NoteError: no reason is given.
        RefusedError: there is nothing to extend, it was extended before, or its day has passed.
        StaleError: somebody else was faster.
    """
    enquiry = _found(session, asked, version)
    standing, told = State(enquiry.state), Clock.of(enquiry)
    said = wording.tidy(note, lines=True)
    if not said:
        raise NoteError(texts.EXTEND_NOTE_MISSING)
    _check_length(said, wording.NOTE_LENGTH)
    if not 1 <= days <= rules.MOST_EXTENDED:
        raise RefusedError(texts.EXTEND_DAYS)
    if standing not in rules.WORKED or told.due_on is None:
        raise RefusedError(texts.NOT_EXTENDABLE)
    if told.extended_days:
        raise RefusedError(texts.EXTENDED_BEFORE)
    if told.paused_on is None and told.due_on < doing.today:
        raise RefusedError(texts.EXTENDED_LATE)
    enquiry.note = said
    wind(enquiry, told.extended(days, calendar=doing.terms.calendar), doing)
    event = note_step(session, enquiry, standing, doing, note=said, action=Action.EXTEND)
    extended = queries.by_id(session.connection(), enquiry.id)
    tell(session, enquiry, texts.extended(extended), event)
    return extended


def attach(
    session: Session, asked: str, named: str, doing: Doing, *, version: int | None
) -> list[entries.Item]:
    """Attach the public entry that a pid, 文号 or 档号 names; the answer will lead to it.

    Returns:
        What several entries of that name are to be chosen from; nothing where it is done.

    Raises:
        UnknownNumberError: there is no such request.
        RefusedError: nothing public is called that, or the request takes no more.
        StaleError: somebody else was faster.
    """
    enquiry = _found(session, asked, version)
    _require_open(enquiry)
    found = entries.find_entries(session.connection(), named, today=doing.today)
    if not found:
        raise RefusedError(texts.NO_SUCH_ENTRY.format(named=texts.one_line(named)[:60]))
    if len(found) > 1:
        return found
    (item,) = found
    mine = select(func.count()).where(EnquiryItem.enquiry_id == enquiry.id)
    if session.execute(mine).scalar_one() >= rules.MOST_ITEMS:
        raise RefusedError(texts.TOO_MANY_ITEMS)
    row = insert_into(session, EnquiryItem).values(enquiry_id=enquiry.id, pid=item.pid)
    is_new = session.execute(row.on_conflict_do_nothing().returning(EnquiryItem.id)).first()
    if is_new is None:
        raise RefusedError(texts.ITEM_BEFORE)
    note = (item.number or item.title)[:200]
    note_step(session, enquiry, State(enquiry.state), doing, note=note, action=Action.ATTACH)
    return []


def detach(session: Session, asked: str, pid: str, doing: Doing, *, version: int | None) -> None:
    """Take an entry off an answer that was not given yet.

    Raises:
        UnknownNumberError: there is no such request.
        RefusedError: it was answered, or the entry is not on it.
        StaleError: somebody else was faster.
    """
    enquiry = _found(session, asked, version)
    _require_open(enquiry)
    gone = delete(EnquiryItem).where(EnquiryItem.enquiry_id == enquiry.id, EnquiryItem.pid == pid)
    if session.execute(gone.returning(EnquiryItem.id)).first() is None:
        raise RefusedError(texts.ITEM_GONE)
    note_step(session, enquiry, State(enquiry.state), doing, note=pid, action=Action.DETACH)


def keep_contact(
    session: Session,
    asked: str,
    contact: Contact,
    sealer: Sealer,
    doing: Doing,
    *,
    version: int | None,
) -> Request:
    """Write down how somebody can be reached, or forget it where nothing is written.

    Raises:
        UnknownNumberError: there is no such request.
        RefusedError: it is over.
        StaleError: somebody else was faster.
    """
    enquiry = _found(session, asked, version)
    if State(enquiry.state) in rules.OVER:
        raise RefusedError(texts.OVER)
    contacts.keep(session, enquiry.id, contact, sealer)
    note_step(session, enquiry, State(enquiry.state), doing, action=Action.CONTACT)
    return queries.by_id(session.connection(), enquiry.id)


def colleagues(connection: Connection) -> Sequence[Colleague]:
    """Return everybody who may have requests in hand."""
    return who_may(connection, Permission.ENQUIRIES_WORK)


def _found(session: Session, asked: str, version: int | None) -> Enquiry:
    found = queries.by_number(session.connection(), rules.read_number(asked))
    if found is None:
        raise UnknownNumberError(asked)
    return locked(session, found.number, version=version)


def _require_open(enquiry: Enquiry) -> None:
    if State(enquiry.state) not in rules.OPEN:
        raise RefusedError(texts.ANSWERED_BEFORE)


def _check_length(said: str, bound: int) -> None:
    if len(said) > bound:
        raise NoteError(texts.NOTE_TOO_LONG.format(bound=bound))
