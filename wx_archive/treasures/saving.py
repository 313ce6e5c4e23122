"""What the form saves of an upload at each step, half-filled as it may be; twice is once.

What must be there before it is handed in, `missing` says.
"""

import hashlib
from dataclasses import astuple, dataclass
from datetime import date

from sqlalchemy.orm import Session

from wx_archive.core import wording
from wx_archive.followers import consents
from wx_archive.treasures import rules, uploads
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.rules import Action, Credit, Ownership, Scope, State, Wish
from wx_archive.treasures.steps import Doing, note_step, wind
from wx_archive.treasures.uploads import NotEditableError, Told


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen of rights so far; None and empty where nothing was."""

    ownership: Ownership | None = None
    wish: Wish | None = None
    scope: Scope | None = None
    scope_until: date | None = None
    credit: Credit | None = None
    credit_name: str = ""

    def settled(self) -> "Chosen":
        """Return what is kept of it: no name where none is shown, no day where it is public."""
        hidden = self.credit is None or self.credit is Credit.ANONYMOUS
        name = "" if hidden else wording.take_down(self.credit_name)[: rules.CREDIT_LENGTH]
        until = None if self.scope in (None, Scope.PUBLIC) else self.scope_until
        return Chosen(self.ownership, self.wish, self.scope, until, self.credit, name)


def told_of(upload: Upload | Treasure) -> Told:
    """Return what is told of an upload."""
    return Told(upload.title, upload.story, upload.year_text, upload.place, upload.people)


def chosen_of(upload: Upload) -> Chosen:
    """Return what was chosen for an upload."""
    return Chosen(
        upload.ownership,
        upload.wish,
        upload.scope,
        upload.scope_until,
        upload.credit,
        upload.credit_name,
    )


def mark(told: Told) -> str:
    """Return a mark of what was told, by which a form knows what it was filled in from."""
    text = "\0".join(astuple(told))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def save_told(session: Session, treasure: Treasure, told: Told, doing: Doing) -> bool:
    """Take down what is told of a locked upload; False if it stands like that already.

    Raises:
        RefusedError: something is too long; nothing is cut.
        NotEditableError: it is past that.
    """
    if told.tidied() == told_of(treasure):
        return False
    uploads.describe(session, treasure, told, doing)
    return True


def save_chosen(session: Session, treasure: Treasure, chosen: Chosen, doing: Doing) -> bool:
    """Take down what was chosen for a locked upload; False if it stands like that already.

    Raises:
        NotEditableError: it is past that.
    """
    if State(treasure.state) not in rules.EDITABLE:
        raise NotEditableError
    kept = chosen.settled()
    values = {
        "ownership": kept.ownership.value if kept.ownership else None,
        "wish": kept.wish.value if kept.wish else None,
        "scope": kept.scope.value if kept.scope else None,
        "scope_until": kept.scope_until,
        "credit": kept.credit.value if kept.credit else None,
        "credit_name": kept.credit_name,
    }
    if all(getattr(treasure, name) == value for name, value in values.items()):
        return False
    for name, value in values.items():
        setattr(treasure, name, value)
    _changed(session, treasure, doing)
    return True


def missing(upload: Upload, *, standing_files: int) -> list[str]:
    """Return which steps of the form are not done: `photos`, `story`, `rights`; in their order.

    A clue needs no picture, but then it needs words.
    """
    is_clue = upload.wish is Wish.TIP and bool(upload.story)
    needs_name = upload.credit in (Credit.NAME, Credit.PSEUDONYM)
    is_chosen = None not in (upload.ownership, upload.wish, upload.scope, upload.credit)
    found = []
    if not standing_files and not is_clue:
        found.append("photos")
    if not is_chosen or (needs_name and not upload.credit_name):
        found.append("rights")
    return found


def hand_in(
    session: Session, treasure: Treasure, follower_id: int, doing: Doing, *, consent_version: int
) -> None:
    """Confirm a locked upload that was gone through; a draft is handed in and numbered.

    Raises:
        NothingSentError: there is nothing to look at, and nothing told.
        NotEditableError: it is past that.
    """
    consents.give(session, follower_id, uploads.PURPOSE, version=consent_version, now=doing.now)
    if State(treasure.state) is State.DRAFT:
        treasure.confirmed_at = doing.now
        uploads.finish(session, treasure, doing, consent_version=consent_version)
        return
    treasure.consent_version, treasure.consented_at = consent_version, doing.now
    uploads.confirm(session, treasure, doing)


def _changed(session: Session, treasure: Treasure, doing: Doing) -> None:
    standing = State(treasure.state)
    if standing is State.DRAFT:
        treasure.version += 1
        wind(treasure, doing)
        session.flush()
        return
    note_step(session, treasure, standing, doing, action=Action.TELL)
