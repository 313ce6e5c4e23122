"""What the staff do with an upload until it is taken or not: move, ask, hand over, note.

Services: one session, one transaction; whoever calls commits.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from wx_archive.core import wording
from wx_archive.core.errors import RefusedError
from wx_archive.staff.colleagues import Colleague, who_may
from wx_archive.staff.rules import Permission
from wx_archive.treasures import queries, review_texts, rules
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.queries import Step, Upload
from wx_archive.treasures.rules import Action, FileState, State, Wish
from wx_archive.treasures.steps import (
    Doing,
    ImpossibleMoveError,
    NoteError,
    advance,
    locked,
    note_step,
)

REMARK_LENGTH: Final = 1000
"""Of an internal note."""
REVIEWED: Final = frozenset(
    {
        State.RECEIVED,
        State.SCREENING,
        State.NEED_INFO,
        State.APPRAISAL,
        State.ACCEPTED,
        State.DECLINED,
    }
)
"""States that are left by what is here; what comes after is the register's."""
DECIDED: Final = frozenset(
    {
        State.SCREENING,
        State.NEED_INFO,
        State.APPRAISAL,
        State.ACCEPTED,
        State.DECLINED,
        State.WITHDRAWN,
    }
)
"""States that are reached by what is here."""
ASSIGNABLE: Final = rules.OPEN | rules.KEPT
NOT_KEPT: Final = frozenset({FileState.REFUSED, FileState.SAME, FileState.LOST})
"""Files that were brought and do not count; each says why."""


class RightsMissingError(RefusedError):
    """Nobody has said yet how the sender came by it, or what is to be done with it."""

    def __init__(self) -> None:
        super().__init__(review_texts.RIGHTS_MISSING)


class OnlyTipError(RefusedError):
    """The sender wants to tell of it, not to hand it over."""

    def __init__(self) -> None:
        super().__init__(review_texts.ONLY_TIP)


def next_states(upload: Upload) -> list[State]:
    """Return where staff may take an upload from here, in the order of its life."""
    if upload.state not in REVIEWED or upload.erased_at is not None:
        return []
    return [state for state in State if state in rules.MOVES[upload.state] & DECIDED]


def has_rights(upload: Upload) -> bool:
    """Tell whether the sender has said what an acceptance has to know."""
    return upload.wish is not None and upload.ownership is not None


def checked_note(note: str, to: State) -> str:
    """Return what is said with a step, as it is kept.

    Raises:
        NoteError: the step needs a word, or it is too long.
    """
    said = wording.tidy(note, lines=True)
    if not said and (to in rules.NEEDS_NOTE or to is State.WITHDRAWN):
        raise NoteError(review_texts.note_missing(to))
    if len(said) > rules.NOTE_LENGTH:
        raise NoteError(review_texts.too_long(rules.NOTE_LENGTH, len(said)))
    return said


def move(
    session: Session,
    treasure_id: int,
    to: State,
    doing: Doing,
    *,
    note: str = "",
    version: int | None = None,
) -> Upload:
    """Take an upload a step further, as staff decided; its sender is told where that matters.

    Args:
        session: one transaction: the step, its event and the message to the sender.
        treasure_id: which must be there.
        to: its new state, one of `DECIDED`.
        doing: who does it, when.
        note: what the sender is told with it; to ask is to move to NEED_INFO with the question.
        version: which was looked at; None where nothing was.

    Raises:
        ImpossibleMoveError: it cannot go there from where it stands.
        NoteError: the state needs a word, or the word is too long.
        RightsMissingError: it is to be accepted, and nobody knows whose it is or for what.
        OnlyTipError: it is to be accepted, and nothing is offered.
        StaleError: somebody else was faster.
    """
    treasure = locked(session, treasure_id, version=version)
    standing = queries.by_id(session.connection(), treasure_id)
    if to not in next_states(standing):
        raise ImpossibleMoveError(standing, to)
    said = checked_note(note, to)
    if to is State.ACCEPTED:
        _require_rights(standing)
    return advance(session, treasure, to, doing, note=said)


def is_done(
    connection: Connection, upload: Upload, to: State, doing: Doing, *, note: str = ""
) -> bool:
    """Tell whether somebody has taken this very step already, and nothing has followed it.

    A second click, or the way back to the form, is no second step, and no mistake either.
    """
    last = _last(connection, upload.id)
    said = wording.tidy(note, lines=True)
    is_same = (last.action, last.to_state, last.note) == (Action.MOVE, to, said)
    return upload.state is to and is_same and last.actor == doing.actor


def is_given(connection: Connection, upload: Upload, to: Colleague, doing: Doing) -> bool:
    """Tell whether somebody has put an upload into these hands already, as their last step."""
    last = _last(connection, upload.id)
    is_own = (last.action, last.actor) == (Action.ASSIGN, doing.actor)
    return is_own and upload.owner_id == to.id


def changed_by(connection: Connection, upload: Upload, doing: Doing) -> str:
    """Return who has changed an upload last, as whoever asks is told."""
    last = _last(connection, upload.id)
    return review_texts.YOURSELF if last.actor == doing.actor else last.actor_name


def handed_in(upload: Upload, history: Sequence[Step]) -> datetime:
    """Return when an upload was handed in; to confirm its form once more is no handing in."""
    moves = (
        step.at
        for step in history
        if step.action is Action.MOVE and step.to_state is State.RECEIVED
    )
    return next(moves, upload.created_at)


def owner_of(upload: Upload, may_own: Sequence[Colleague]) -> str:
    """Return who has an upload in hand; whoever may not work on it (any more) has none."""
    return next((one.name for one in may_own if one.id == upload.owner_id), "")


def assign(
    session: Session,
    treasure_id: int,
    to: Colleague,
    doing: Doing,
    *,
    note: str,
    version: int | None,
) -> Upload:
    """Put an upload into somebody's hands: one's own, or a colleague's with a word why.

    Raises:
        NoteError: taking it from somebody, or giving it away, needs a word; or it is too long.
        RefusedError: it is over, or in these hands already.
        StaleError: somebody else was faster.
    """
    treasure = locked(session, treasure_id, version=version)
    may_own = {colleague.id for colleague in colleagues(session.connection())}
    if State(treasure.state) not in ASSIGNABLE:
        raise RefusedError(review_texts.OVER)
    if to.id not in may_own:
        raise RefusedError(review_texts.may_not_own(to.name))
    if treasure.owner_id == to.id:
        raise RefusedError(review_texts.same_owner(to.name))
    said = wording.tidy(note, lines=True)
    is_taken = to.id == doing.member_id
    if not said and (not is_taken or treasure.owner_id in may_own):
        raise NoteError(review_texts.HAND_NOTE_MISSING)
    if len(said) > rules.NOTE_LENGTH:
        raise NoteError(review_texts.too_long(rules.NOTE_LENGTH, len(said)))
    treasure.owner_id = to.id
    return _note(session, treasure, review_texts.assigned(to.name, said), doing, Action.ASSIGN)


def remark(session: Session, treasure_id: int, words: str, doing: Doing) -> Upload:
    """Keep a word of the staff's own with an upload; its sender never reads it.

    Raises:
        NoteError: it says nothing, or is too long.
        RefusedError: it has not been handed in.
    """
    treasure = locked(session, treasure_id)
    if State(treasure.state) is State.DRAFT:
        raise RefusedError(review_texts.OVER)
    said = wording.take_down(words, lines=True)
    if not said:
        raise NoteError(review_texts.REMARK_MISSING)
    if len(said) > REMARK_LENGTH:
        raise NoteError(review_texts.too_long(REMARK_LENGTH, len(said)))
    last = _last(session.connection(), treasure_id)
    if (last.action, last.actor, last.note) == (Action.NOTE, doing.actor, said):
        return queries.by_id(session.connection(), treasure_id)  # a second click
    return _note(session, treasure, said, doing, Action.NOTE)


def colleagues(connection: Connection) -> Sequence[Colleague]:
    """Return everybody who may have uploads in hand."""
    return who_may(connection, Permission.TREASURES_WORK)


def _require_rights(standing: Upload) -> None:
    if not has_rights(standing):
        raise RightsMissingError
    if standing.wish is Wish.TIP:
        raise OnlyTipError


def _last(connection: Connection, treasure_id: int) -> Step:
    return queries.steps(connection, treasure_id)[-1]


def _note(session: Session, treasure: Treasure, words: str, doing: Doing, action: Action) -> Upload:
    note_step(session, treasure, State(treasure.state), doing, note=words, action=action)
    return queries.by_id(session.connection(), treasure.id)
