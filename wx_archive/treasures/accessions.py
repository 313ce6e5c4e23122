"""The register: planned by one person, entered by another; where the originals are."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, delete, select
from sqlalchemy.orm import Session

from wx_archive.core import wording
from wx_archive.core.errors import RefusedError
from wx_archive.staff.rules import SamePersonError
from wx_archive.treasures import (
    certificates,
    contacts,
    numbers,
    record,
    register_queries,
    rules,
)
from wx_archive.treasures import register_texts as texts
from wx_archive.treasures.models import Treasure, TreasureEvent
from wx_archive.treasures.record import Describing
from wx_archive.treasures.register_models import Accession, AccessionPlan
from wx_archive.treasures.register_queries import Entered, Planned
from wx_archive.treasures.rules import Action, Sign, State, Wish
from wx_archive.treasures.steps import Doing, advance, locked, note_step

TITLE_LENGTH: Final = 200
CONDITION_LENGTH: Final = 200
EXTENT_LENGTH: Final = 60
LOCATION_LENGTH: Final = 60
CUSTODY_LENGTH: Final = 200
_FONDS: Final = re.compile(r"[0-9A-Za-z]+(?:-[0-9A-Za-z]+)*")
_FONDS_LENGTH: Final = 20


class Custody(StrEnum):
    """What became of an original."""

    RECEIVED = "received"
    MOVED = "moved"
    LENT = "lent"
    BACK = "back"
    """Lent, and here again."""
    HANDED_BACK = "handed_back"
    """Its giver has it again: after copying, or after a deposit."""


CUSTODY: Final = {
    Custody.RECEIVED: "收到原件",
    Custody.MOVED: "移库",
    Custody.LENT: "借出",
    Custody.BACK: "借出收回",
    Custody.HANDED_BACK: "原件还给送件人",
}
_BEFORE: Final = frozenset({Custody.RECEIVED, Custody.HANDED_BACK})
"""What may happen before it is in the register."""
_EARLY: Final = frozenset({State.ACCEPTED, State.AGREEMENT})
_HERE: Final = frozenset(Custody) - {Custody.BACK}  # more of it may be brought
_FOLLOWS: Final = {
    None: frozenset(Custody) - {Custody.BACK},
    Custody.RECEIVED: _HERE,
    Custody.MOVED: _HERE,
    Custody.BACK: _HERE,
    Custody.LENT: frozenset({Custody.BACK}),
    Custody.HANDED_BACK: frozenset({Custody.RECEIVED}),
}
"""What may happen to an original after what; None: nothing was written down of it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is proposed for the register; see `register_models.AccessionPlan`."""

    title: str
    received_on: date
    fonds: str
    condition: str = ""
    extent: str = ""
    location: str = ""

    def checked(self, *, today: date) -> "Plan":
        """Return it as it is kept.

        Raises:
            RefusedError: something is missing, wrong or too long.
        """
        kept = Plan(
            wording.take_down(self.title),
            self.received_on,
            self.fonds.strip(),
            wording.take_down(self.condition),
            wording.take_down(self.extent),
            wording.take_down(self.location),
        )
        if not kept.title:
            raise RefusedError(texts.TITLE_MISSING)
        if not kept.fonds:
            raise RefusedError(texts.FONDS_MISSING)
        if len(kept.fonds) > _FONDS_LENGTH or not _FONDS.fullmatch(kept.fonds):
            raise RefusedError(texts.FONDS_FORM)
        if kept.received_on > today:
            raise RefusedError(texts.RECEIVED_LATER)
        for name, words, most in (
            ("题名", kept.title, TITLE_LENGTH),
            ("保存状况", kept.condition, CONDITION_LENGTH),
            ("数量", kept.extent, EXTENT_LENGTH),
            ("存放位置", kept.location, LOCATION_LENGTH),
        ):
            if len(words) > most:
                raise RefusedError(texts.too_long(name, most))
        return kept


def plan(
    session: Session, treasure_id: int, wanted: Plan, doing: Doing, *, version: int | None = None
) -> None:
    """Propose an accession, to be entered by somebody else.

    Raises:
        StaleError: somebody was faster.
        RefusedError: there is no agreement, a plan stands, or this one is not whole.
    """
    treasure = locked(session, treasure_id, version=version)
    if State(treasure.state) is not State.AGREEMENT:
        raise RefusedError(texts.NOT_PLANNED)
    if register_queries.plan(session.connection(), treasure_id) is not None:
        raise RefusedError(texts.PLAN_STANDS)
    kept = wanted.checked(today=doing.today)
    session.add(
        AccessionPlan(
            treasure_id=treasure_id,
            title=kept.title,
            received_on=kept.received_on,
            condition=kept.condition,
            extent=kept.extent,
            location=kept.location,
            fonds=kept.fonds,
            proposed_by=doing.actor[:60],
            proposed_at=doing.now,
        )
    )
    _step(session, treasure, texts.planned(kept.title), doing, Action.PLAN)


def withdraw_plan(
    session: Session, treasure_id: int, doing: Doing, *, version: int | None = None
) -> None:
    """Take a proposed accession back.

    Raises:
        StaleError: somebody was faster.
        RefusedError: there is none, or it was entered.
    """
    treasure = locked(session, treasure_id, version=version)
    if State(treasure.state) is not State.AGREEMENT or not _drop_plan(session, treasure_id):
        raise RefusedError(texts.NO_PLAN)
    _step(session, treasure, texts.PLAN_WITHDRAWN, doing, Action.PLAN)


def enter(
    session: Session,
    treasure_id: int,
    doing: Doing,
    describing: Describing,
    *,
    version: int | None = None,
) -> Entered:
    """Enter a planned accession: number, catalogue record, certificate, and the sender is told.

    Args:
        session: one transaction; what is undone gives both numbers back.
        treasure_id: of the upload.
        doing: who enters it; not who planned it.
        describing: what the catalogue needs.
        version: which was looked at.

    Raises:
        StaleError: somebody was faster.
        SamePersonError: one's own plan.
        RefusedError: nothing is planned or agreed on, or the catalogue refuses the record.
    """
    treasure = locked(session, treasure_id, version=version)
    connection = session.connection()
    planned = register_queries.plan(connection, treasure_id)
    agreed = register_queries.agreement(connection, treasure_id)
    if agreed is None:
        raise RefusedError(texts.NO_AGREEMENT)
    if planned is None or State(treasure.state) is not State.AGREEMENT:
        raise RefusedError(texts.NO_PLAN)
    if planned.proposed_by == doing.actor:
        raise SamePersonError
    accession = _accession(session, planned, doing)
    accession.record_pid = record.describe(
        session, accession, treasure, agreed, planned.fonds, describing, doing
    )
    session.flush()
    _drop_plan(session, treasure_id)
    advance(session, treasure, State.ACCESSIONED, doing)
    certificates.issue(session, accession, doing)
    return Entered.of(accession)


def custody(
    session: Session,
    treasure_id: int,
    what: Custody,
    note: str,
    doing: Doing,
    *,
    location: str = "",
    version: int | None = None,
) -> None:
    """Write down what became of an original; where it lies now goes into the register.

    Raises:
        StaleError: somebody was faster.
        RefusedError: it does not go with where the original is, or the words or the new place
            are missing.
    """
    said, place = wording.take_down(note), wording.take_down(location)
    if not said or len(said) > CUSTODY_LENGTH:
        raise RefusedError(texts.CUSTODY_NOTE)
    treasure = locked(session, treasure_id, version=version)
    state, before = State(treasure.state), original(session.connection(), treasure_id)
    wish = None if treasure.wish is None else Wish(treasure.wish)
    if what not in may_follow(state, before, wish):
        raise RefusedError(_why_not(state, before, what))
    if what is Custody.MOVED:
        _move(session, treasure_id, place)
    where = f"（{place}）" if place else ""
    _step(session, treasure, f"{CUSTODY[what]}：{said}{where}", doing, Action.CUSTODY)
    _settle(session, treasure, what, doing)


def original(connection: Connection, treasure_id: int) -> Custody | None:
    """Return what last became of an original; None where nothing was written down.

    A copy may be moved after its original was handed back: that does not bring it here again.
    """
    notes = select(TreasureEvent.note).where(
        TreasureEvent.treasure_id == treasure_id, TreasureEvent.action == Action.CUSTODY
    )
    last = None
    for note in connection.scalars(notes.order_by(TreasureEvent.id)):
        became = next(what for what, name in CUSTODY.items() if note.startswith(f"{name}："))
        if became is not Custody.MOVED or last is not Custody.HANDED_BACK:
            last = became
    return last


def may_follow(state: State, before: Custody | None, wish: Wish | None) -> list[Custody]:
    """Return what may become of an original now, in the order of the form."""
    possible = _FOLLOWS[before]
    if before is Custody.HANDED_BACK and wish is Wish.COPY:
        possible |= {Custody.MOVED}  # the copy
    if state in rules.GONE:
        possible &= {Custody.HANDED_BACK} if before else frozenset()
    elif state not in rules.KEPT:
        possible &= _BEFORE if state in _EARLY else frozenset()
    return [what for what in Custody if what in possible]


def _why_not(state: State, before: Custody | None, what: Custody) -> str:
    if state not in {*_EARLY, *rules.KEPT} and not (state in rules.GONE and before):
        return texts.NO_CUSTODY
    if state in rules.GONE:
        return texts.ONLY_BACK
    if state in _EARLY and what not in _BEFORE:
        return texts.NOT_ENTERED
    return texts.custody_order(CUSTODY[what], "" if before is None else CUSTODY[before])


def _settle(session: Session, treasure: Treasure, what: Custody, doing: Doing) -> None:
    """Let record and contact follow an original that has come or gone."""
    if what is Custody.HANDED_BACK and treasure.erased_at is not None:
        contacts.wipe(session, treasure.id)  # kept for this alone
    if what not in _BEFORE:
        return
    entered = select(Accession).where(Accession.treasure_id == treasure.id)
    accession = session.scalars(entered).one_or_none()
    if accession is not None:
        is_copy = what is Custody.HANDED_BACK or treasure.wish == Wish.COPY
        record.only_copy(session, accession, doing, is_copy=is_copy)


def _move(session: Session, treasure_id: int, place: str) -> None:
    if not place:
        raise RefusedError(texts.LOCATION_MISSING)
    if len(place) > LOCATION_LENGTH:
        raise RefusedError(texts.too_long("存放位置", LOCATION_LENGTH))
    entered = select(Accession).where(Accession.treasure_id == treasure_id).with_for_update()
    session.scalars(entered).one().location = place
    session.flush()


def _accession(session: Session, planned: Planned, doing: Doing) -> Accession:
    accession = Accession(
        number=numbers.next_number(session, Sign.ACCESSION, doing.today.year),
        treasure_id=planned.treasure_id,
        title=planned.title,
        received_on=planned.received_on,
        condition=planned.condition,
        extent=planned.extent,
        location=planned.location,
        proposed_by=planned.proposed_by,
        entered_by=doing.actor[:60],
        entered_at=doing.now,
    )
    session.add(accession)
    session.flush()
    return accession


def _drop_plan(session: Session, treasure_id: int) -> bool:
    dropped = delete(AccessionPlan).where(AccessionPlan.treasure_id == treasure_id)
    return session.execute(dropped.returning(AccessionPlan.treasure_id)).first() is not None


def _step(session: Session, treasure: Treasure, note: str, doing: Doing, action: Action) -> None:
    note_step(session, treasure, State(treasure.state), doing, note=note, action=action)
