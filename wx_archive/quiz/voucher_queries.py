"""Reading vouchers: an entry's own, one at the desk, what was handed over, what stands on paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select
from sqlalchemy.orm import aliased

from wx_archive.core import clock
from wx_archive.quiz.rules import STANDING, UNDO_WITHIN, VoucherAction, VoucherState
from wx_archive.quiz.voucher_models import Facsimile, Voucher, VoucherEvent
from wx_archive.staff.models import Member


@dataclass(frozen=True, slots=True)
class Offer:
    """A facsimile that may be chosen.

    Attributes:
        left: pieces nobody was promised.
    """

    facsimile_id: int
    pid: str
    name: str
    left: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A voucher as its owner and the desk see it.

    Attributes:
        entry: 档号 of the record that the facsimile shows; may be empty.
        expires_on: the last Shanghai day on which it is redeemed.
        receipt: empty unless it was redeemed.
        redeemed_at: None unless it was.
        version: what a form that acts on it must name.
    """

    id: int
    code: str
    state: VoucherState
    facsimile_id: int
    facsimile_pid: str
    facsimile: str
    entry: str
    issued_at: datetime
    expires_on: date
    settled_at: datetime | None
    receipt: str
    redeemed_by: str
    version: int

    @property
    def redeemed_at(self) -> datetime | None:
        """When it was redeemed."""
        return self.settled_at if self.state is VoucherState.REDEEMED else None

    def has_expired(self, today: date) -> bool:
        """Tell whether its day has passed, be it noted already or not."""
        passed = self.state is VoucherState.ISSUED and self.expires_on < today
        return passed or self.state is VoucherState.EXPIRED


@dataclass(frozen=True, slots=True)
class HandOver:
    """A receipt: what was handed over, when, by whom.

    Attributes:
        note: empty for the desk; says so where it was written down from the paper list.
        undone_at: None while it stands.
        undone_by: the login of whoever undid it.
    """

    receipt: str
    at: datetime
    facsimile: str
    clerk: str
    clerk_name: str
    note: str
    undone_at: datetime | None
    undone_by: str
    reason: str

    def may_be_undone(self, login: str, now: datetime) -> bool:
        """Tell whether somebody may undo it now: another person, within minutes."""
        stands = self.undone_at is None and login != self.clerk
        return stands and now - self.at <= UNDO_WITHIN


def offered(connection: Connection) -> Sequence[Offer]:
    """Return the facsimiles on offer, those without a free piece too, in their order."""
    rows = connection.execute(
        select(Facsimile.id, Facsimile.pid, Facsimile.name, Facsimile.on_hand, Facsimile.reserved)
        .where(Facsimile.is_offered)
        .order_by(Facsimile.id)
    )
    return [Offer(row.id, row.pid, row.name, row.on_hand - row.reserved) for row in rows]


def of_entry(connection: Connection, entry_id: int) -> Shown | None:
    """Return the voucher of a season's taking part: the one that stands, else the newest."""
    rows = connection.execute(
        _vouchers().where(Voucher.entry_id == entry_id).order_by(Voucher.id.desc())
    ).all()
    found = [_shown(row) for row in rows]
    standing = (one for one in found if one.state in STANDING)
    return next(standing, found[0] if found else None)


def by_code(connection: Connection, code: str) -> Shown | None:
    """Return the voucher of a code as `codes.read` gives it."""
    row = connection.execute(_vouchers().where(Voucher.code == code)).one_or_none()
    return None if row is None else _shown(row)


def of_entries(connection: Connection, entry_ids: Sequence[int]) -> list[Shown]:
    """Return every voucher of somebody, oldest first."""
    rows = connection.execute(
        _vouchers().where(Voucher.entry_id.in_(entry_ids)).order_by(Voucher.id)
    )
    return [_shown(row) for row in rows]


def valid(connection: Connection, today: date) -> list[Shown]:
    """Return the vouchers that are good on a day, by the last characters of their codes."""
    rows = connection.execute(
        _vouchers().where(Voucher.state == VoucherState.ISSUED, Voucher.expires_on >= today)
    )
    return sorted(map(_shown, rows), key=lambda one: one.code[-4:])


def hand_over(connection: Connection, receipt: str) -> HandOver | None:
    """Return what a receipt tells; also one that was undone since."""
    row = connection.execute(_hand_overs(VoucherEvent.receipt == receipt)).one_or_none()
    return None if row is None else _handed(row)


def hand_overs(
    connection: Connection, first: date, last: date, *, clerk: str = ""
) -> list[HandOver]:
    """Return what was handed over from one Shanghai day to another, the newest first."""
    begin, end = midnight(first), midnight(last + timedelta(days=1))
    wanted = and_(VoucherEvent.at >= begin, VoucherEvent.at < end)
    if clerk:
        wanted = and_(wanted, VoucherEvent.actor == clerk)
    return [_handed(row) for row in connection.execute(_hand_overs(wanted))]


def midnight(day: date) -> datetime:
    """Return the instant at which a Shanghai day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=clock.SHANGHAI)


def _vouchers() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Voucher.__table__,
            Facsimile.name.label("facsimile"),
            Facsimile.pid.label("facsimile_pid"),
            Facsimile.entry.label("entry"),
            func.coalesce(Member.name, "").label("redeemed_name"),
        )
        .join(Facsimile, Facsimile.id == Voucher.facsimile_id)
        .outerjoin(Member, Member.id == Voucher.redeemed_by)
    )


def _shown(row: Row[*tuple[Any, ...]]) -> Shown:
    return Shown(
        id=row.id,
        code=row.code,
        state=VoucherState(row.state),
        facsimile_id=row.facsimile_id,
        facsimile_pid=row.facsimile_pid,
        facsimile=row.facsimile,
        entry=row.entry,
        issued_at=row.issued_at,
        expires_on=row.expires_on,
        settled_at=row.settled_at,
        receipt=row.receipt or "",
        redeemed_by=row.redeemed_name,
        version=row.version,
    )


def _hand_overs(wanted: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    undo = aliased(VoucherEvent)
    is_undone = and_(undo.receipt == VoucherEvent.receipt, undo.action == VoucherAction.UNDO)
    return (
        select(
            VoucherEvent.receipt,
            VoucherEvent.at,
            VoucherEvent.note,
            VoucherEvent.actor,
            Facsimile.name.label("facsimile"),
            func.coalesce(Member.name, VoucherEvent.actor).label("clerk_name"),
            undo.at.label("undone_at"),
            undo.actor.label("undone_by"),
            undo.note.label("reason"),
        )
        .join(Voucher, Voucher.id == VoucherEvent.voucher_id)
        .join(Facsimile, Facsimile.id == Voucher.facsimile_id)
        .outerjoin(Member, Member.login == VoucherEvent.actor)
        .outerjoin(undo, is_undone)
        .where(wanted, VoucherEvent.action == VoucherAction.REDEEM)
        .order_by(VoucherEvent.id.desc())
    )


def _handed(row: Row[*tuple[Any, ...]]) -> HandOver:
    return HandOver(
        receipt=row.receipt,
        at=row.at,
        facsimile=row.facsimile,
        clerk=row.actor,
        clerk_name=row.clerk_name,
        note=row.note,
        undone_at=row.undone_at,
        undone_by=row.undone_by or "",
        reason=row.reason or "",
    )
