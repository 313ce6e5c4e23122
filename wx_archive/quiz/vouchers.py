"""领取: ten cards of a season become the promise of one facsimile, until a day.

Exactly once: the entry is locked, a unique index allows one standing voucher for each, and the
piece is reserved by a conditional UPDATE; voucher, reservation and both ledgers are one commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.database import insert_into
from wx_archive.quiz import codes, queries, stock, voucher_queries, voucher_steps
from wx_archive.quiz.models import Entry
from wx_archive.quiz.queries import Taking
from wx_archive.quiz.redemption import Receipt, redeem, undo
from wx_archive.quiz.rules import (
    PICK_UP_DAYS,
    STANDING,
    StockAction,
    VoucherAction,
    VoucherState,
)
from wx_archive.quiz.seasons import Known
from wx_archive.quiz.voucher_calendar import expire
from wx_archive.quiz.voucher_models import Voucher
from wx_archive.quiz.voucher_queries import Offer, Shown, of_entry, offered
from wx_archive.quiz.voucher_steps import CLOCK, ERASURE, READER, Doing, Owned

__all__ = [
    "Choice",
    "Closed",
    "Issued",
    "Missing",
    "NoneLeft",
    "Offer",
    "Outcome",
    "Receipt",
    "Shown",
    "claim",
    "expire",
    "issue",
    "of_entry",
    "offered",
    "redeem",
    "undo",
    "void_of",
]
_MOST: Final = 1_000
"""More standing vouchers than seasons nobody has."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A voucher stands.

    Attributes:
        is_new: it was issued just now; else it is the one from before.
        replaces: the last day of the one that expired before it.
    """

    voucher: Shown
    is_new: bool
    replaces: date | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """There are not ten cards yet.

    Attributes:
        season: of the cards; None where no season was ever taken part in and none is on.
        cards: how many are there.
        towards_next: right answers that count towards the next one.
        is_on: whether more can be earned.
    """

    season: Known | None
    cards: int = 0
    towards_next: int = 0
    is_on: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """Several facsimiles are offered: one is to be chosen.

    Attributes:
        is_gone: the one that was chosen has no free piece any more.
        replaces: the last day of the one that expired before.
    """

    offers: Sequence[Offer]
    is_gone: bool = False
    replaces: date | None = None


@dataclass(frozen=True, slots=True)
class NoneLeft:
    """No facsimile has a free piece now.

    Attributes:
        replaces: the last day of the one that expired before.
    """

    season: Known
    replaces: date | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """The season's pick-up is over."""

    season: Known


Outcome = Issued | Missing | Choice | NoneLeft | Closed


def claim(
    session: Session,
    follower_id: int,
    known: Sequence[Known],
    facsimile_id: int | None = None,
    *,
    now: datetime,
) -> Outcome:
    """Give somebody the voucher of the newest season that they may pick up for.

    Args:
        session: the effect's.
        follower_id: who asks.
        known: the released seasons, the oldest first.
        facsimile_id: the one that was chosen.
        now: the present instant.
    """
    voucher_steps.keep_owners(session, [follower_id])
    connection, today = session.connection(), clock.day_of(now)
    parts = {one.season_id: one for one in queries.takings(connection, follower_id)}
    complete = [one for one in known if one.id in parts and parts[one.id].is_complete]
    redeemed = None
    for season in reversed([one for one in complete if one.is_picked_up(today)]):
        shown = of_entry(connection, parts[season.id].entry_id)
        if shown is None or shown.state is not VoucherState.REDEEMED:
            return issue(session, follower_id, season, facsimile_id, now=now)
        redeemed = redeemed or Issued(shown, is_new=False)
    return _still_good(session, known, parts, today) or redeemed or _not_yet(known, parts, today)


def _still_good(
    session: Session, known: Sequence[Known], parts: dict[int, Taking], today: date
) -> Issued | None:
    """Return the voucher of a season that was withdrawn since: what was promised is kept."""
    withdrawn = parts.keys() - {season.id for season in known}
    for season_id in sorted(withdrawn, reverse=True):
        shown = of_entry(session.connection(), parts[season_id].entry_id)
        if shown and shown.state is VoucherState.ISSUED and not shown.has_expired(today):
            return Issued(shown, is_new=False)
    return None


def _not_yet(known: Sequence[Known], parts: dict[int, Taking], today: date) -> Outcome:
    season = next((one for one in known if one.is_on(today)), None)
    taken = [one for one in known if one.id in parts]
    if season is None:
        season = taken[-1] if taken else None
    if season is None:
        return Missing(None)
    part = parts.get(season.id)
    if part is None:
        has_missed = bool(taken) and parts[taken[-1].id].is_complete
        return Closed(taken[-1]) if has_missed else Missing(season, is_on=True)
    if part.is_complete:
        return Closed(season)
    return Missing(season, len(part.cards), part.towards_next, season.is_on(today))


def issue(
    session: Session, follower_id: int, season: Known, facsimile_id: int | None, *, now: datetime
) -> Outcome:
    """Give somebody the voucher of a season, the one from before where it still stands.

    Args:
        session: the effect's.
        follower_id: who asks.
        season: which ten cards it is for.
        facsimile_id: the one that was chosen; None takes the only one there is.
        now: the present instant.
    """
    voucher_steps.keep_owners(session, [follower_id])
    part = _own_part(session, follower_id, season)
    today = clock.day_of(now)
    if part is None or not part.is_complete:
        told = (len(part.cards), part.towards_next) if part else (0, 0)
        return Missing(season, *told, is_on=season.is_on(today))
    before = of_entry(session.connection(), part.entry_id)
    if before and before.state is VoucherState.ISSUED and before.has_expired(today):
        before = _expire_now(session, before, follower_id, now)
    if before and before.state in STANDING:
        return Issued(before, is_new=False)
    if not season.is_picked_up(today):
        return Closed(season)
    return _issue_new(session, part.entry_id, season, facsimile_id, before=before, now=now)


def _expire_now(session: Session, old: Shown, follower_id: int, now: datetime) -> Shown:
    """Expire a voucher whose day has passed before the clock's job comes to it."""
    voucher_steps.lock(session, [old.id])
    # Its piece is freed and another one promised: everybody takes these locks in one order.
    stock.lock_all(session)
    owner = Owned(old.id, old.facsimile_id, old.version, follower_id)
    doing = Doing(CLOCK, now)
    voucher_steps.release(session, owner, VoucherState.EXPIRED, VoucherAction.EXPIRE, doing)
    return voucher_queries.by_code(session.connection(), old.code) or old


def _own_part(session: Session, follower_id: int, season: Known) -> Taking | None:
    """Return somebody's part in a season, locked: nobody else gives it a voucher meanwhile."""
    entry = select(Entry.id).where(Entry.follower_id == follower_id, Entry.season_id == season.id)
    # FOR NO KEY UPDATE: a desk that redeems refers to the entry while it holds the voucher.
    if session.execute(entry.with_for_update(key_share=True)).first() is None:
        return None
    return queries.taking(session.connection(), follower_id, season.id)


def _issue_new(
    session: Session,
    entry_id: int,
    season: Known,
    facsimile_id: int | None,
    *,
    before: Shown | None,
    now: datetime,
) -> Outcome:
    replaces = before.expires_on if before else None
    offers = [one for one in offered(session.connection()) if one.left > 0]
    chosen = [one for one in offers if one.facsimile_id == facsimile_id]
    if not chosen and len(offers) == 1 and facsimile_id is None:
        chosen = offers
    if not offers:
        return NoneLeft(season, replaces)
    if not chosen:
        return Choice(offers, is_gone=facsimile_id is not None, replaces=replaces)
    taken = chosen[0].facsimile_id
    if not stock.change(session, taken, StockAction.RESERVE):  # somebody was faster
        rest = [one for one in offers if one.facsimile_id != taken]
        return Choice(rest, is_gone=True, replaces=replaces) if rest else NoneLeft(season, replaces)
    _insert(session, entry_id, taken, expires_on(season, now), now)
    shown = of_entry(session.connection(), entry_id)
    if shown is None:
        raise RuntimeError("a voucher that was just issued is not there")
    return Issued(shown, is_new=True, replaces=replaces)


def _insert(session: Session, entry_id: int, facsimile_id: int, until: date, now: datetime) -> None:
    values = {
        "entry_id": entry_id,
        "facsimile_id": facsimile_id,
        "state": VoucherState.ISSUED,
        "issued_at": now,
        "expires_on": until,
        "version": 1,
    }
    voucher_id = None
    while voucher_id is None:  # of 45 random bits, once in a blue moon the same as before
        row = insert_into(session, Voucher).values(code=codes.new_code(), **values)
        row = row.on_conflict_do_nothing(index_elements=["code"])
        voucher_id = session.execute(row.returning(Voucher.id)).scalar_one_or_none()
    doing = Doing(READER, now)
    stock.note_reserved(session, facsimile_id, voucher_id, actor=doing.actor, now=now)
    voucher_steps.note_event(session, voucher_id, VoucherAction.ISSUE, doing)


def expires_on(season: Known, now: datetime) -> date:
    """Return the last day of a voucher issued now."""
    return min(clock.day_of(now) + timedelta(days=PICK_UP_DAYS), season.pick_up_until)


def void_of(session: Session, follower_id: int, *, now: datetime) -> int:
    """Void what somebody was promised and has not picked up, and cut the rest loose from them.

    Returns:
        How many vouchers were voided; their pieces are free again.
    """
    mine = select(Entry.id).where(Entry.follower_id == follower_id)
    session.execute(mine.order_by(Entry.id).with_for_update()).all()
    promised = (Voucher.entry_id.in_(mine)) & (Voucher.state == VoucherState.ISSUED)
    found = voucher_steps.owned(session, promised, most=_MOST)
    voucher_steps.lock(session, [one.id for one in found])
    # Locked now; read again, a desk may have been faster.
    found = voucher_steps.owned(session, promised, most=_MOST)
    doing = Doing(ERASURE, now)
    for one in sorted(found, key=lambda one: (one.facsimile_id, one.id)):
        voucher_steps.release(session, one, VoucherState.VOID, VoucherAction.VOID, doing)
    loose = update(Voucher).where(Voucher.entry_id.in_(mine)).values(entry_id=None)
    session.execute(loose, execution_options={"synchronize_session": False})
    return len(found)
