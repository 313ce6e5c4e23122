"""Vouchers and the calendar: expiry returns the piece; three days before, the owner is reminded."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.chat import held
from wx_archive.core import clock
from wx_archive.core.site import Profile
from wx_archive.quiz import voucher_queries, voucher_steps, voucher_texts
from wx_archive.quiz.models import Entry
from wx_archive.quiz.rules import REMIND_BEFORE, VoucherAction, VoucherState
from wx_archive.quiz.voucher_models import Facsimile, Voucher
from wx_archive.quiz.voucher_steps import CLOCK, Doing, Owned

AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Reminded:
    """How far the reminding has come.

    Attributes:
        last_id: of the vouchers that were looked at.
        count: how many owners were told now.
    """

    last_id: int
    count: int


def expire(session: Session, *, today: date, now: datetime) -> int:
    """Expire vouchers whose last day has passed, some at a time; return how many.

    All owners, then all vouchers, then all facsimiles, each in order: no two of us, and nobody at
    the desk, wait for each other.
    """
    is_due = (Voucher.state == VoucherState.ISSUED) & (Voucher.expires_on < today)
    due = voucher_steps.owned(session, is_due, most=AT_ONCE)
    voucher_steps.lock(session, [one.id for one in due])
    in_order = sorted(due, key=lambda one: (one.facsimile_id, one.id))
    return sum(_expire_one(session, one, now=now) for one in in_order)


def _expire_one(session: Session, one: Owned, *, now: datetime) -> bool:
    """Expire a voucher, free its piece and tell its owner; False when somebody was faster."""
    doing = Doing(CLOCK, now)
    if not voucher_steps.release(session, one, VoucherState.EXPIRED, VoucherAction.EXPIRE, doing):
        return False
    if one.follower_id is not None:
        row = session.execute(
            select(Facsimile.name, Voucher.expires_on)
            .join(Voucher, Voucher.facsimile_id == Facsimile.id)
            .where(Voucher.id == one.id)
        ).one()
        text = voucher_texts.told_expired(row.name, row.expires_on)
        held.tell(session, one.follower_id, text, key=f"quiz.expired:{one.id}", now=now)
    return True


def remind(session: Session, profile: Profile, *, after: int, now: datetime) -> Reminded | None:
    """Remind the next owners whose vouchers expire within three days; None when nobody is left.

    Each is told once: the second time the key is known. It may be read until the last day ends.
    """
    today = clock.day_of(now)
    rows = session.execute(
        select(Voucher.id, Voucher.expires_on, Entry.follower_id, Facsimile.name)
        .join(Entry, Entry.id == Voucher.entry_id)
        .join(Facsimile, Facsimile.id == Voucher.facsimile_id)
        .where(
            Voucher.id > after,
            Voucher.state == VoucherState.ISSUED,
            Voucher.expires_on >= today,
            Voucher.expires_on <= today + REMIND_BEFORE,
            # Whoever was given it today has just read its last day.
            Voucher.issued_at < voucher_queries.midnight(today),
        )
        .order_by(Voucher.id)
        .limit(AT_ONCE)
    ).all()
    if not rows:
        return None
    count = 0
    voucher_steps.keep_owners(session, {row.follower_id for row in rows})
    for row in rows:
        text = voucher_texts.told_reminder(row.name, row.expires_on, profile)
        key = voucher_steps.reminder_key(row.id)
        lasts = voucher_queries.midnight(row.expires_on + timedelta(days=1)) - now
        count += held.tell(session, row.follower_id, text, key=key, now=now, lasts=lasts)
    return Reminded(rows[-1].id, count)
