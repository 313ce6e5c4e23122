"""An upload in its sender's hands: begun, told about, finished, withdrawn."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wx_archive.core import ids, wording
from wx_archive.core.errors import RefusedError
from wx_archive.core.site import Site
from wx_archive.treasures import files, numbers, queries, removal, rules, texts
from wx_archive.treasures.files import Incoming
from wx_archive.treasures.models import Treasure, TreasureFile
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.rules import (
    Action,
    Channel,
    Credit,
    Ownership,
    Scope,
    Sign,
    State,
    Wish,
)
from wx_archive.treasures.steps import SENDER, Doing, advance, locked, note_step, wind

PURPOSE: Final = "treasures"
"""Of the consent, and of the pages' sessions."""
SUMMARY: Final = "treasures.batch"
"""Job: tell how a batch came in; payload ``{"treasure": id, "from": place}``."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the sender tells of a piece; every text may be empty: «不知道» is an answer."""

    title: str = ""
    story: str = ""
    year_text: str = ""
    place: str = ""
    people: str = ""

    def tidied(self) -> "Told":
        """Return it as it is kept: no marks that hide, no numbers of persons.

        Raises:
            RefusedError: something is too long; nothing is cut in silence.
        """
        kept = Told(
            wording.take_down(self.title),
            wording.take_down(self.story, lines=True),
            wording.take_down(self.year_text),
            wording.take_down(self.place),
            wording.take_down(self.people),
        )
        for name, words, most in (
            ("题名", kept.title, rules.TITLE_LENGTH),
            ("来历", kept.story, rules.STORY_LENGTH),
            ("年代", kept.year_text, rules.YEAR_LENGTH),
            ("地点", kept.place, rules.PLACE_LENGTH),
            ("人物", kept.people, rules.PEOPLE_LENGTH),
        ):
            if len(words) > most:
                raise RefusedError(texts.too_long(name, most, len(words)))
        return kept


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the sender says of rights.

    Attributes:
        scope_until: it is not to be public before the day after; None: without an end.
        credit_name: as it is to be shown; none where it is anonymous.
    """

    ownership: Ownership
    wish: Wish
    scope: Scope
    credit: Credit
    credit_name: str = ""
    scope_until: date | None = None

    def checked(self, *, today: date) -> "Wishes":
        """Return it as it is kept.

        Raises:
            RefusedError: a name is missing or too long, or the day is not to come.
        """
        name = wording.take_down(self.credit_name)
        if self.credit is Credit.ANONYMOUS:
            name = ""
        elif not name:
            raise RefusedError(texts.CREDIT_MISSING)
        if len(name) > rules.CREDIT_LENGTH:
            raise RefusedError(texts.too_long("署名", rules.CREDIT_LENGTH, len(name)))
        until = self.scope_until if self.scope is not Scope.PUBLIC else None
        if until is not None and until <= today:
            raise RefusedError(texts.UNTIL_PAST)
        return Wishes(self.ownership, self.wish, self.scope, self.credit, name, until)


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was announced.

    Attributes:
        is_first: nothing came shortly before it: it opens a batch, and is answered.
        is_new: this message had not been seen.
    """

    treasure: Treasure
    is_first: bool
    is_new: bool


class NothingSentError(RefusedError):
    """There is not one file to hand in."""

    def __init__(self) -> None:
        super().__init__(texts.NOTHING_SENT)


class TooManyOpenError(RefusedError):
    """The sender has as many uploads under way as the archives look at at a time."""

    def __init__(self) -> None:
        super().__init__(texts.TOO_MANY_OPEN)


class NotEditableError(RefusedError):
    """The archives are past the point where its sender may change it."""

    def __init__(self) -> None:
        super().__init__(texts.NOT_EDITABLE)


def begin(
    session: Session, channel: Channel, doing: Doing, *, follower_id: int | None = None
) -> Treasure:
    """Begin an upload.

    Raises:
        TooManyOpenError: the sender has enough under way.
    """
    if follower_id is not None and has_enough(session, follower_id):
        raise TooManyOpenError
    treasure = Treasure(
        # Keyed by a secret that nobody keeps: not even we can work it out again.
        pid=ids.stable_pid("treasure", secrets.token_hex(16), secrets.token_hex(32)),
        state=State.DRAFT.value,
        channel=channel.value,
        follower_id=follower_id,
        created_at=doing.now,
        changed_at=doing.now,
    )
    wind(treasure, doing)
    session.add(treasure)
    session.flush()
    note_step(session, treasure, None, doing)
    return treasure


def has_enough(session: Session, follower_id: int) -> bool:
    """Tell whether a follower has as many uploads under way as the archives look at at a time."""
    under_way = select(func.count()).where(
        Treasure.follower_id == follower_id, Treasure.state.in_(sorted(rules.OPEN))
    )
    return (session.scalar(under_way) or 0) >= rules.MOST_OPEN


def draft(session: Session, follower_id: int, channel: Channel, doing: Doing) -> Treasure:
    """Return the upload that the follower has begun, locked; begun now if there is none.

    The follower's row is locked by whoever calls (`followers.service.hold`).
    """
    begun = queries.draft_of(session.connection(), follower_id)
    if begun is None:
        return begin(session, channel, doing, follower_id=follower_id)
    return locked(session, begun.id)


def take(session: Session, treasure: Treasure, incoming: Incoming, doing: Doing) -> Taken:
    """Announce a file of a locked draft, as it comes in the chat: one batch, one answer.

    Raises:
        TooManyFilesError: the upload takes no more.
    """
    before = treasure.last_file_at
    is_first = before is None or doing.now - before > rules.BATCH
    file = files.reserve(session, treasure, incoming, now=doing.now)
    if file is None:
        return Taken(treasure, is_first=False, is_new=False)
    treasure.last_file_at = doing.now
    if is_first:
        treasure.batch_from = file.place
    wind(treasure, doing)
    session.flush()
    return Taken(treasure, is_first, is_new=True)


def tell(session: Session, treasure: Treasure, words: str, doing: Doing) -> None:
    """Add words from the chat to a locked upload's story.

    Raises:
        RefusedError: the story would be too long; nothing was added.
        NotEditableError: it is past that.
    """
    _require_editable(treasure)
    kept = wording.take_down(words, lines=True)
    story = f"{treasure.story}\n{kept}".strip()
    if len(story) > rules.STORY_LENGTH:
        raise RefusedError(texts.too_long("来历", rules.STORY_LENGTH, len(story)))
    treasure.story = story
    _changed(session, treasure, doing)


def describe(session: Session, treasure: Treasure, told: Told, doing: Doing) -> None:
    """Take down what the form tells of a locked upload.

    Raises:
        RefusedError: something is too long.
        NotEditableError: it is past that.
    """
    _require_editable(treasure)
    kept = told.tidied()
    treasure.title, treasure.story = kept.title, kept.story
    treasure.year_text, treasure.place, treasure.people = kept.year_text, kept.place, kept.people
    _changed(session, treasure, doing)


def state_wishes(session: Session, treasure: Treasure, wishes: Wishes, doing: Doing) -> None:
    """Take down what the form says of rights on a locked upload.

    Raises:
        RefusedError: something is missing or wrong.
        NotEditableError: it is past that.
    """
    _require_editable(treasure)
    kept = wishes.checked(today=doing.today)
    treasure.ownership, treasure.wish = kept.ownership.value, kept.wish.value
    treasure.scope, treasure.scope_until = kept.scope.value, kept.scope_until
    treasure.credit, treasure.credit_name = kept.credit.value, kept.credit_name
    _changed(session, treasure, doing)


def finish(session: Session, treasure: Treasure, doing: Doing, *, consent_version: int) -> Upload:
    """Hand a locked draft in: it gets its number, and the archives' clock starts.

    Args:
        session: one transaction; the number is given back if it is undone.
        treasure: locked.
        doing: who does it, when.
        consent_version: the version of the text that the sender has agreed to.

    Raises:
        NothingSentError: there is nothing to look at, and nothing told.
        ImpossibleMoveError: it was handed in before.
    """
    mine = TreasureFile.treasure_id == treasure.id
    standing = select(func.count()).where(mine, TreasureFile.state.in_(sorted(rules.STANDING)))
    if not session.scalar(standing) and not (treasure.wish == Wish.TIP and treasure.story):
        raise NothingSentError
    treasure.consent_version, treasure.consented_at = consent_version, doing.now
    if State(treasure.state) is State.DRAFT:
        treasure.number = numbers.next_number(session, Sign.UPLOAD, doing.today.year)
    return advance(session, treasure, State.RECEIVED, doing)


def confirm(session: Session, treasure: Treasure, doing: Doing) -> None:
    """Note that the sender went through all four steps of a locked upload.

    Raises:
        NotEditableError: it is past that.
    """
    _require_editable(treasure)
    treasure.confirmed_at = doing.now
    _changed(session, treasure, doing)


def answer(session: Session, treasure: Treasure, words: str, doing: Doing) -> Upload:
    """Take down what the sender answers to a question; a locked upload goes back to where it was.

    Raises:
        RefusedError: it is too long, or nothing.
        ImpossibleMoveError: nothing was asked.
    """
    said = wording.take_down(words, lines=True)
    if not said or len(said) > rules.NOTE_LENGTH:
        raise RefusedError(texts.ANSWER_LENGTH)
    standing = State(treasure.state)
    to = State(treasure.asked_from or State.SCREENING)
    if to is State.RECEIVED:
        to = State.SCREENING
    if standing is State.NEED_INFO:
        note_step(session, treasure, standing, doing, note=said, action=Action.ANSWER)
    return advance(session, treasure, to, doing)


def withdraw(session: Session, treasure: Treasure, doing: Doing) -> Upload:
    """Withdraw a locked upload while that is possible; its files are deleted thirty days later.

    Raises:
        ImpossibleMoveError: it has been taken in, or is over; an agreement is revoked otherwise.
    """
    return advance(session, treasure, State.WITHDRAWN, doing)


def drop(session: Session, treasure: Treasure, doing: Doing) -> list[str]:
    """Forget a locked draft altogether.

    Returns:
        The names of its objects, to be deleted once this has committed.
    """
    every = session.scalars(
        select(TreasureFile.id).where(TreasureFile.treasure_id == treasure.id)
    ).all()
    keys = files.erase(session, list(every), now=doing.now)
    session.delete(treasure)
    session.flush()
    return keys


def consent_withdrawn(session: Session, site: Site, follower_id: int, now: datetime) -> None:
    """Stop whatever is under way of a follower, as the consent's text promises.

    What an agreement was signed for is the agreement's matter; drafts are dropped at once.
    """
    doing = Doing.of(site, SENDER, now=now)
    states = sorted(rules.WITHDRAWABLE | {State.DRAFT})
    own = select(Treasure.id).where(Treasure.follower_id == follower_id, Treasure.state.in_(states))
    for treasure_id in session.scalars(own.order_by(Treasure.id)).all():
        treasure = locked(session, treasure_id)
        if State(treasure.state) is State.DRAFT:
            removal.later(session, drop(session, treasure, doing), now=now)
        elif State(treasure.state) in rules.WITHDRAWABLE:
            withdraw(session, treasure, doing)


def is_batch_over(treasure: Treasure, doing: Doing) -> timedelta | None:
    """Return how long to wait until a batch is at its end; None when it is."""
    if treasure.last_file_at is None:
        return None
    left = treasure.last_file_at + rules.SETTLED - doing.now
    return left if left > timedelta(0) else None


def _changed(session: Session, treasure: Treasure, doing: Doing) -> None:
    """Count a change of the sender's; once it was handed in, it is a step that staff see."""
    if State(treasure.state) is State.DRAFT:
        treasure.version += 1
        wind(treasure, doing)
        session.flush()
        return
    standing = State(treasure.state)
    note_step(session, treasure, standing, doing, action=Action.TELL)


def _require_editable(treasure: Treasure) -> None:
    if State(treasure.state) not in rules.EDITABLE:
        raise NotEditableError
