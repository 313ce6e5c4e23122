"""One step of an upload: its row locked, its clock set, its event written, its sender told."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.chat import held
from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.site import Site
from wx_archive.core.workdays import Calendar, calendar_of
from wx_archive.followers.service import hold
from wx_archive.treasures import queries, rules, texts
from wx_archive.treasures.models import Treasure, TreasureEvent
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.rules import Action, State

SENDER: Final = "sender"
BY_CLOCK: Final = "clock"
"""Actor of what happens by itself when a day has passed."""


@dataclass(frozen=True, slots=True)
class Doing:
    """Who does something, when, and how days are counted.

    Attributes:
        actor: as the step keeps it: `sender`, `clock`, a login, `cli:` and a machine's user.
        origin: public address of this service, for links.
        member_id: of the staff; None for everybody else.
    """

    actor: str
    now: datetime
    calendar: Calendar
    origin: str
    member_id: int | None = None

    @classmethod
    def of(cls, site: Site, actor: str, *, now: datetime, member_id: int | None = None) -> "Doing":
        """Return somebody's doing at a site."""
        return cls(actor, now, calendar_of(site.content), site.origin, member_id)

    @property
    def today(self) -> date:
        """The Shanghai day."""
        return clock.day_of(self.now)


class ImpossibleMoveError(RefusedError):
    """An upload cannot go from where it stands to where it was to go.

    Attributes:
        upload: as it stands.
    """

    def __init__(self, upload: Upload, to: State) -> None:
        super().__init__(texts.impossible(upload.state, to))
        self.upload = upload


class StaleError(RefusedError):
    """Somebody else has changed the upload since the page was shown.

    Attributes:
        upload: as it stands now.
    """

    def __init__(self, upload: Upload, by: str) -> None:
        super().__init__(texts.stale(by))
        self.upload = upload


class NoteError(RefusedError):
    """What staff have to say with a step is missing or too long."""


def locked(session: Session, treasure_id: int, *, version: int | None = None) -> Treasure:
    """Return an upload's row, locked; its sender's row is locked before it.

    In this order, as everywhere: an erasure takes them so.

    Args:
        session: one transaction.
        treasure_id: which must be there.
        version: which was looked at; None where nothing was.

    Raises:
        StaleError: it is not the version that was looked at.
    """
    owner = session.scalars(select(Treasure.follower_id).where(Treasure.id == treasure_id)).one()
    if owner is not None:
        hold(session, owner)
    treasure = session.scalars(
        select(Treasure)
        .where(Treasure.id == treasure_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if version is not None and treasure.version != version:
        connection = session.connection()
        last = queries.steps(connection, treasure_id)[-1]
        raise StaleError(queries.by_id(connection, treasure_id), last.actor_name)
    return treasure


def advance(
    session: Session, treasure: Treasure, to: State, doing: Doing, *, note: str = ""
) -> Upload:
    """Take a locked upload to its next state, and tell its sender where that matters to them.

    Raises:
        ImpossibleMoveError: it cannot go there from where it stands.
    """
    standing = State(treasure.state)
    if to not in rules.MOVES[standing]:
        raise ImpossibleMoveError(queries.by_id(session.connection(), treasure.id), to)
    treasure.state, treasure.changed_at = to.value, doing.now
    # Why a piece is taken off may be somebody else's business: the sender is told that it is off.
    is_taken_off = standing is State.PUBLISHED
    treasure.note = "" if doing.actor == SENDER or is_taken_off else note
    treasure.asked_from = standing.value if to is State.NEED_INFO else None
    if doing.member_id is not None and treasure.owner_id is None and to is not State.RECEIVED:
        treasure.owner_id = doing.member_id  # whoever writes it down at the desk hands it on
    wind(treasure, doing)
    if standing is State.NEED_INFO:
        _unask(session, treasure.id)
    event = note_step(session, treasure, standing, doing, note="" if is_taken_off else note)
    if is_taken_off and note:
        note_step(session, treasure, to, doing, note=note, action=Action.NOTE)
    moved = queries.by_id(session.connection(), treasure.id)
    if to in rules.TOLD and doing.actor not in (SENDER, BY_CLOCK):
        told = texts.taken_off(moved) if is_taken_off else texts.told(moved, doing.origin)
        tell(session, treasure, told, event)
    return moved


def wind(treasure: Treasure, doing: Doing) -> None:
    """Set the day by which something must happen, and the one on which the files are deleted."""
    state = State(treasure.state)
    days = rules.DAYS.get(state)
    treasure.act_by = doing.calendar.add_workdays(doing.today, days).day if days else None
    if state in rules.GONE:
        treasure.erase_on = doing.today + timedelta(days=rules.ERASED_AFTER_DAYS)
    elif state is State.DRAFT:
        treasure.erase_on = doing.today + rules.DRAFT_LASTS
    else:
        treasure.erase_on = None


def note_step(
    session: Session,
    treasure: Treasure,
    before: State | None,
    doing: Doing,
    *,
    note: str = "",
    action: Action = Action.MOVE,
) -> TreasureEvent:
    """Write a step down, and count the upload's versions."""
    if before is not None:
        treasure.version += 1
    event = TreasureEvent(
        treasure_id=treasure.id,
        at=doing.now,
        action=action.value,
        from_state=None if before is None else before.value,
        to_state=treasure.state,
        note=note,
        actor=doing.actor[:60],
    )
    session.add(event)
    session.flush()
    return event


def _unask(session: Session, treasure_id: int) -> None:
    """Drop the question that still waits to be fetched: it has been answered, or is over."""
    asked = select(TreasureEvent.id).where(
        TreasureEvent.treasure_id == treasure_id,
        TreasureEvent.to_state == State.NEED_INFO,
        TreasureEvent.action == Action.MOVE,
    )
    last = session.scalars(asked.order_by(TreasureEvent.id.desc()).limit(1)).one_or_none()
    if last is not None:
        held.forget(session, _key(last))


def _key(event_id: int) -> str:
    return f"treasure:{event_id}"


def tell(session: Session, treasure: Treasure, text: str, event: TreasureEvent) -> None:
    """Have the sender told of a step, where WeChat reaches them."""
    if treasure.follower_id is not None:
        held.tell(session, treasure.follower_id, text, key=_key(event.id), now=event.at)
