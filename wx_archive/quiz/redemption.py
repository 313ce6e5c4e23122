"""At the desk: a code is checked, its facsimile handed over once, a mistake undone within minutes.

One conditional UPDATE decides who hands over; stock, receipt number, both ledgers and the message
to the follower are in its transaction.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, update
from sqlalchemy.orm import Session

from wx_archive.chat import held
from wx_archive.core import clock
from wx_archive.core.database import insert_into
from wx_archive.core.errors import RefusedError
from wx_archive.quiz import codes, stock, voucher_queries, voucher_steps, voucher_texts
from wx_archive.quiz.rules import UNDO_WITHIN, StockAction, VoucherAction, VoucherState
from wx_archive.quiz.stock import Level
from wx_archive.quiz.voucher_models import ReceiptCounter, Voucher
from wx_archive.quiz.voucher_queries import HandOver, Shown
from wx_archive.quiz.voucher_steps import ERASURE, Doing, Owned
from wx_archive.staff.rules import Person

PAPER_WITHIN: Final = timedelta(days=31)
"""So old a paper list may be when it is written down."""


class Verdict(StrEnum):
    """What the desk says to a code, in one large word."""

    VALID = "valid"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    VOID = "void"
    UNKNOWN = "unknown"
    SLIP = "slip"
    """The check character does not fit: mistyped."""
    LENGTH = "length"
    """Too short or too long for a code: 窗口核对码, half of it, or something else."""


@dataclass(frozen=True, slots=True)
class Check:
    """What the desk learns of a code.

    Attributes:
        voucher: None where there is none of this code.
        level: the stock of its facsimile now.
        length: how many characters were typed, without what separates them.
    """

    verdict: Verdict
    voucher: Shown | None = None
    level: Level | None = None
    length: int = codes.LENGTH

    @property
    def why(self) -> str:
        """Why the desk does not hand over."""
        return voucher_texts.not_redeemed(self.verdict, self.voucher, self.length)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A facsimile was handed over.

    Attributes:
        number: 领2026-000001; without gaps within a year.
        on_hand: pieces left on the shelf.
    """

    number: str
    voucher: Shown
    on_hand: int
    at: datetime


class NotRedeemedError(RefusedError):
    """This voucher is not handed over.

    Attributes:
        check: why.
    """

    def __init__(self, check: Check) -> None:
        super().__init__(check.why)
        self.check = check


class StaleVoucherError(RefusedError):
    """It was changed since somebody looked at it."""

    def __init__(self) -> None:
        super().__init__(voucher_texts.STALE)


def check(connection: Connection, typed: str, *, today: date) -> Check:
    """Return what the desk says to a code as it was typed or scanned."""
    code = _read(typed)
    if code is None:
        length = len(codes.tidied(typed))
        return Check(Verdict.SLIP if length == codes.LENGTH else Verdict.LENGTH, length=length)
    shown = voucher_queries.by_code(connection, code)
    if shown is None:
        return Check(Verdict.UNKNOWN)
    return Check(_verdict(shown, today), shown, stock.level(connection, shown.facsimile_id))


def _read(typed: str) -> str | None:
    """Return the code that was typed or scanned.

    A scanner may type in front of what stands in the field already: its address's own ten count.
    """
    code = codes.read(typed)
    if code is None and "code=" in typed:
        code = codes.read(codes.tidied(typed)[: codes.LENGTH])
    return code


def _verdict(shown: Shown, today: date) -> Verdict:
    if shown.has_expired(today):
        return Verdict.EXPIRED
    return {
        VoucherState.ISSUED: Verdict.VALID,
        VoucherState.REDEEMED: Verdict.REDEEMED,
        VoucherState.VOID: Verdict.VOID,
    }[shown.state]


def redeem(
    session: Session, code: str, *, member: Person, version: int | None = None, now: datetime
) -> Receipt:
    """Hand a voucher's facsimile over, once.

    Args:
        session: the effect's.
        code: in any spelling.
        member: who hands it over.
        version: of the voucher that was looked at; None where nothing was.
        now: the present instant.

    Raises:
        NotRedeemedError: there is no such voucher, or it was redeemed, or its day has passed.
        StaleVoucherError: it was changed since it was looked at.
    """
    checked = check(session.connection(), code, today=clock.day_of(now))
    if checked.verdict is not Verdict.VALID or checked.voucher is None:
        raise NotRedeemedError(checked)
    if version is not None and version != checked.voucher.version:
        raise StaleVoucherError
    return _hand_over(session, checked.voucher, member, now)


def write_down(session: Session, code: str, *, day: date, member: Person, now: datetime) -> Receipt:
    """补录: note a voucher that was handed over by the paper list, on a day without network.

    Args:
        session: the effect's.
        code: all ten characters, as they were copied from the follower's phone.
        day: the Shanghai day of the hand-over.
        member: who writes it down and answers for it.
        now: the present instant.

    Raises:
        NotRedeemedError: there is no such voucher, or it was redeemed meanwhile, or was not good.
        RefusedError: the day is to come, or too long ago, or before the voucher was issued; or the
            voucher was good that day, but has expired since and given its piece back.
    """
    today = clock.day_of(now)
    if day > today or today - day > PAPER_WITHIN:
        raise RefusedError(voucher_texts.PAPER_DAY.format(days=PAPER_WITHIN.days))
    checked = check(session.connection(), code, today=day)
    if checked.verdict is Verdict.EXPIRED and checked.voucher and checked.voucher.expires_on >= day:
        raise RefusedError(voucher_texts.PAPER_TOO_LATE)
    if checked.verdict is not Verdict.VALID or checked.voucher is None:
        raise NotRedeemedError(checked)
    if clock.day_of(checked.voucher.issued_at) > day:
        raise RefusedError(voucher_texts.PAPER_BEFORE_ISSUE)
    return _hand_over(session, checked.voucher, member, now, paper_day=day)


def _hand_over(
    session: Session,
    shown: Shown,
    member: Person,
    now: datetime,
    *,
    paper_day: date | None = None,
) -> Receipt:
    (one,) = voucher_steps.owned(session, Voucher.id == shown.id, most=1)
    if one.version != shown.version or not voucher_steps.step(
        session, one, VoucherState.ISSUED, VoucherState.REDEEMED, now, redeemed_by=member.id
    ):
        raise _beaten(session, shown.code, clock.day_of(now))
    doing = Doing(member.login, now)
    _move(session, one, StockAction.HAND_OUT, doing)
    number = _next_number(session, clock.day_of(now).year)
    session.execute(
        update(Voucher)
        .where(Voucher.id == one.id)
        .values(receipt=number)
        .execution_options(synchronize_session="fetch")
    )
    note = voucher_texts.paper_note(paper_day) if paper_day else ""
    action = VoucherAction.REDEEM
    voucher_steps.note_event(session, one.id, action, doing, receipt=number, note=note)
    if one.follower_id is not None:
        text = voucher_texts.told_redeemed(shown.facsimile, number, now, paper_day)
        held.tell(session, one.follower_id, text, key=f"quiz.redeemed:{number}", now=now)
    connection = session.connection()
    after = voucher_queries.by_code(connection, shown.code) or shown
    return Receipt(number, after, stock.level(connection, one.facsimile_id).on_hand, now)


def _beaten(session: Session, code: str, today: date) -> RefusedError:
    """Return why somebody else was faster."""
    checked = check(session.connection(), code, today=today)
    return StaleVoucherError() if checked.verdict is Verdict.VALID else NotRedeemedError(checked)


def _move(session: Session, one: Owned, action: StockAction, doing: Doing) -> None:
    moved = stock.move(
        session,
        one.facsimile_id,
        action,
        voucher_id=one.id,
        actor=doing.actor,
        now=doing.now,
    )
    if not moved:
        raise RuntimeError(f"voucher {one.id} had no piece reserved")


def _next_number(session: Session, year: int) -> str:
    """Return the year's next receipt number; a transaction that fails leaves no gap."""
    row = insert_into(session, ReceiptCounter).values(year=year, last=1)
    raised = row.on_conflict_do_update(
        index_elements=["year"], set_={"last": ReceiptCounter.last + 1}
    )
    last = session.execute(raised.returning(ReceiptCounter.last)).scalar_one()
    return f"领{year}-{last:06d}"


def undo(session: Session, receipt: str, *, member: Person, reason: str, now: datetime) -> HandOver:
    """Undo a hand-over that was a mistake: the piece is on the shelf, and promised again.

    Args:
        session: the effect's.
        receipt: its number; the number is not given again.
        member: who undoes it: never whoever handed over.
        reason: why, for the ledger.
        now: the present instant.

    Raises:
        RefusedError: there is no such receipt, it was undone before, too much time has passed,
            it is the same person, or no reason is given.
    """
    told = voucher_queries.hand_over(session.connection(), receipt)
    said = " ".join(reason.split())
    if problem := _why_not(told, member, said, now):
        raise RefusedError(problem)
    mine = voucher_steps.owned(session, Voucher.receipt == receipt, most=1)
    old, new = VoucherState.REDEEMED, VoucherState.ISSUED
    if not mine or not voucher_steps.step(
        session, mine[0], old, new, now, receipt=None, redeemed_by=None
    ):
        raise RefusedError(voucher_texts.UNDONE_BEFORE)
    one, doing = mine[0], Doing(member.login, now)
    _move(session, one, StockAction.TAKE_BACK, doing)
    action = VoucherAction.UNDO
    voucher_steps.note_event(session, one.id, action, doing, receipt=receipt, note=said)
    _after_undo(session, one, receipt, now)
    undone = voucher_queries.hand_over(session.connection(), receipt)
    if undone is None:
        raise RuntimeError("a receipt that was undone is gone")
    return undone


def _why_not(told: HandOver | None, member: Person, reason: str, now: datetime) -> str:
    if told is None:
        return voucher_texts.NO_RECEIPT
    if told.undone_at is not None:
        return voucher_texts.UNDONE_BEFORE
    if told.clerk == member.login:
        return voucher_texts.OWN_HAND_OVER
    if now - told.at > UNDO_WITHIN:
        return voucher_texts.UNDO_TOO_LATE
    is_said = 2 <= len(reason) <= voucher_steps.NOTE_LENGTH
    return "" if is_said else voucher_texts.REASON_MISSING


def _after_undo(session: Session, one: Owned, receipt: str, now: datetime) -> None:
    """Tell the owner that the voucher is good again; what nobody owns is good for nobody."""
    if one.follower_id is not None:
        text = voucher_texts.told_undone(receipt)
        held.tell(session, one.follower_id, text, key=f"quiz.undone:{receipt}", now=now)
        return
    again = Owned(one.id, one.facsimile_id, one.version + 1, None)
    doing = Doing(ERASURE, now)
    voucher_steps.release(session, again, VoucherState.VOID, VoucherAction.VOID, doing)
