"""At the desk: one voucher, one piece, one receipt; undone within minutes by another person."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from tests.chat.talks import SITE
from tests.quiz.making import NOW, TODAY
from tests.quiz.vouchers_making import a_clerk, a_voucher, adds_up, after
from wx_archive.chat.models import HeldAnswer
from wx_archive.core.clock import SHANGHAI
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.followers.models import Follower
from wx_archive.quiz import codes, redemption, voucher_calendar, voucher_queries, vouchers
from wx_archive.quiz.redemption import NotRedeemedError, Receipt, StaleVoucherError, Verdict
from wx_archive.quiz.rules import VoucherState
from wx_archive.quiz.voucher_models import Facsimile, ReceiptCounter, Voucher, VoucherEvent
from wx_archive.staff.rules import Person, Role


@pytest.fixture
def clerk(database: Database) -> Person:
    with database.begin() as session:
        return a_clerk(session)


@pytest.fixture
def reviewer(database: Database) -> Person:
    with database.begin() as session:
        return a_clerk(session, "reviewer", Role.REVIEWER)


def redeems(
    database: Database, code: str, clerk: Person, version: int | None = None, days: int = 0
) -> Receipt:
    with database.begin() as session:
        return redemption.redeem(session, code, member=clerk, version=version, now=after(days))


def refused(database: Database, code: str, clerk: Person, days: int = 0) -> Verdict:
    with pytest.raises(NotRedeemedError) as told:
        redeems(database, code, clerk, days=days)
    assert not str(told.value).endswith("。")
    return told.value.check.verdict


def on_hand(database: Database) -> tuple[int, int]:
    with database.reads() as connection:
        row = connection.execute(select(Facsimile.on_hand, Facsimile.reserved)).one()
    return row.on_hand, row.reserved


def verdict(database: Database, typed: str, days: int = 0) -> Verdict:
    with database.reads() as connection:
        today = TODAY + timedelta(days=days)
        return redemption.check(connection, typed, today=today).verdict


def texts_to(database: Database) -> list[str]:
    with database.begin() as session:
        return list(session.scalars(select(HeldAnswer.text).order_by(HeldAnswer.id)))


def test_a_voucher_is_checked_and_handed_over_with_a_receipt(
    database: Database, clerk: Person
) -> None:
    shown = a_voucher(database)
    assert verdict(database, codes.printed(shown.code).lower()) is Verdict.VALID
    done = redeems(database, f" {codes.printed(shown.code)} ", clerk, version=shown.version)
    assert (done.number, done.on_hand) == ("领2026-000001", 41)
    assert on_hand(database) == (41, 0)
    assert (done.voucher.state, done.voucher.receipt) == (VoucherState.REDEEMED, done.number)
    assert done.voucher.redeemed_by == "窗口小周"
    assert verdict(database, shown.code) is Verdict.REDEEMED
    (text,) = texts_to(database)
    assert text.startswith("已领取，感谢。")
    assert done.number in text
    adds_up(database)


def test_who_was_reminded_and_then_came_is_reminded_no_more(
    database: Database, clerk: Person
) -> None:
    shown = a_voucher(database)
    with database.begin() as session:
        assert voucher_calendar.remind(session, SITE.profile, after=0, now=after(48))
    assert len(texts_to(database)) == 1
    with database.begin() as session:
        # A hand-over that fails drops nothing.
        redemption.redeem(session, shown.code, member=clerk, now=after(49))
        session.rollback()
    assert "提醒您" in texts_to(database)[0]
    redeems(database, shown.code, clerk, days=49)
    (text,) = texts_to(database)
    assert text.startswith("已领取")


def test_the_second_hand_over_is_refused_and_told_of_the_first(
    database: Database, clerk: Person, reviewer: Person
) -> None:
    shown = a_voucher(database)
    done = redeems(database, shown.code, clerk)
    with pytest.raises(NotRedeemedError, match=f"窗口小周.*{done.number}"):
        redeems(database, shown.code, reviewer, version=shown.version)
    assert on_hand(database) == (41, 0)
    adds_up(database)


def test_what_was_looked_at_before_somebody_else_acted_is_refused(
    database: Database, clerk: Person, reviewer: Person
) -> None:
    shown = a_voucher(database)
    done = redeems(database, shown.code, clerk)
    with database.begin() as session:
        redemption.undo(session, done.number, member=reviewer, reason="扫错了人", now=after(0))
    with pytest.raises(StaleVoucherError):
        redeems(database, shown.code, clerk, version=shown.version)
    assert on_hand(database) == (42, 1)


@pytest.mark.parametrize(("days", "said"), [(50, Verdict.VALID), (51, Verdict.EXPIRED)])
def test_the_last_day_is_good_and_the_next_is_not(
    database: Database, clerk: Person, days: int, said: Verdict
) -> None:
    shown = a_voucher(database)
    assert verdict(database, shown.code, days) is said
    if said is Verdict.VALID:
        assert redeems(database, shown.code, clerk, days=days).on_hand == 41
    else:
        assert refused(database, shown.code, clerk, days) is Verdict.EXPIRED
        with database.begin() as session:
            day = after(days)
            vouchers.expire(session, today=day.date(), now=day)
        assert refused(database, shown.code, clerk, days) is Verdict.EXPIRED
    adds_up(database)


def test_the_day_ends_at_midnight_in_shanghai(database: Database, clerk: Person) -> None:
    shown = a_voucher(database)
    last = after(50).replace(hour=23, minute=59)
    with database.begin() as session:
        done = redemption.redeem(session, shown.code, member=clerk, now=last)
    assert done.number
    assert last.tzinfo is SHANGHAI


def test_unknown_mistyped_and_void_codes_are_told_apart(database: Database, clerk: Person) -> None:
    shown = a_voucher(database)
    assert refused(database, codes.new_code(), clerk) is Verdict.UNKNOWN
    wrong = "2" if shown.code[0] != "2" else "3"
    assert refused(database, wrong + shown.code[1:], clerk) is Verdict.SLIP
    assert refused(database, shown.code[:-1], clerk) is Verdict.LENGTH
    assert refused(database, "", clerk) is Verdict.LENGTH
    with database.begin() as session:
        follower_id = session.scalars(select(Follower.id)).one()
        vouchers.void_of(session, follower_id, now=NOW)
    assert refused(database, shown.code, clerk) is Verdict.VOID


def test_a_hand_over_that_fails_leaves_no_gap_in_the_numbers(
    database: Database, clerk: Person
) -> None:
    shown = a_voucher(database)

    class PowerCutError(Exception):
        pass

    def cut() -> None:
        with database.begin() as session:
            redemption.redeem(session, shown.code, member=clerk, now=NOW)
            raise PowerCutError

    with pytest.raises(PowerCutError):
        cut()
    assert on_hand(database) == (42, 1)
    assert texts_to(database) == []
    assert redeems(database, shown.code, clerk).number == "领2026-000001"
    adds_up(database)


def test_numbers_begin_anew_with_the_year_in_shanghai(database: Database, clerk: Person) -> None:
    shown = a_voucher(database)
    assert redeems(database, shown.code, clerk, days=39).number == "领2027-000001"
    with database.begin() as session:
        session.execute(update(ReceiptCounter).values(last=3))
        assert [
            tuple(row) for row in session.execute(select(ReceiptCounter.year, ReceiptCounter.last))
        ] == [(2027, 3)]


# -- undoing ----------------------------------------------------------------------------------


def undoes(
    database: Database, number: str, member: Person, *, reason: str = "扫错了人", minutes: int = 1
) -> voucher_queries.HandOver:
    with database.begin() as session:
        now = after(0) + timedelta(minutes=minutes)
        return redemption.undo(session, number, member=member, reason=reason, now=now)


def test_another_person_undoes_a_hand_over_and_the_voucher_is_good_again(
    database: Database, clerk: Person, reviewer: Person
) -> None:
    shown = a_voucher(database)
    first = redeems(database, shown.code, clerk)
    told = undoes(database, first.number, reviewer, minutes=15)
    assert (told.undone_by, told.reason) == ("reviewer", "扫错了人")
    assert on_hand(database) == (42, 1)
    assert verdict(database, shown.code) is Verdict.VALID
    assert "已经撤销" in texts_to(database)[-1]
    second = redeems(database, shown.code, clerk)
    assert second.number == "领2026-000002"  # the first number is never given again
    assert on_hand(database) == (41, 0)
    with database.reads() as connection:
        rows = voucher_queries.hand_overs(connection, TODAY, TODAY)
    assert [(one.receipt, one.undone_at is None) for one in rows] == [
        (second.number, True),
        (first.number, False),
    ]
    adds_up(database)


@pytest.mark.parametrize(
    ("who", "minutes", "reason", "says"),
    [
        ("desk", 1, "扫错了人", "另一个人"),
        ("reviewer", 16, "扫错了人", "十五分钟"),
        ("reviewer", 1, " ", "为什么"),
        ("reviewer", 1, "长" * 201, "为什么"),
    ],
)
def test_what_may_not_be_undone_stays(
    database: Database,
    clerk: Person,
    reviewer: Person,
    who: str,
    minutes: int,
    reason: str,
    says: str,
) -> None:
    done = redeems(database, a_voucher(database).code, clerk)
    member = clerk if who == "desk" else reviewer
    with pytest.raises(RefusedError, match=says):
        undoes(database, done.number, member, reason=reason, minutes=minutes)
    assert on_hand(database) == (41, 0)
    adds_up(database)


def test_nothing_is_undone_twice_and_nothing_unknown(
    database: Database, clerk: Person, reviewer: Person
) -> None:
    done = redeems(database, a_voucher(database).code, clerk)
    undoes(database, done.number, reviewer)
    with pytest.raises(RefusedError, match="撤销过"):
        undoes(database, done.number, reviewer)
    with pytest.raises(RefusedError, match="没有这个领取号"):
        undoes(database, "领2026-000009", reviewer)
    assert on_hand(database) == (42, 1)


def test_what_nobody_owns_any_more_is_void_once_undone(
    database: Database, clerk: Person, reviewer: Person
) -> None:
    shown = a_voucher(database)
    done = redeems(database, shown.code, clerk)
    with database.begin() as session:
        follower_id = session.scalars(select(Follower.id)).one()
        vouchers.void_of(session, follower_id, now=after(0))
    undoes(database, done.number, reviewer)
    assert verdict(database, shown.code) is Verdict.VOID
    assert on_hand(database) == (42, 0)
    adds_up(database)


# -- the paper list ---------------------------------------------------------------------------


def writes_down(database: Database, code: str, clerk: Person, *, day: int, today: int) -> Receipt:
    with database.begin() as session:
        handed = TODAY + timedelta(days=day)
        return redemption.write_down(session, code, day=handed, member=clerk, now=after(today))


def test_a_hand_over_on_paper_is_written_down_with_its_day(
    database: Database, clerk: Person
) -> None:
    shown = a_voucher(database)
    done = writes_down(database, shown.code, clerk, day=1, today=3)
    with database.reads() as connection:
        told = voucher_queries.hand_over(connection, done.number)
    assert told
    assert told.note == "纸单，2026年11月24日交付"
    assert "2026年11月24日（2026年11月26日 12:00登记）在窗口" in texts_to(database)[-1]
    adds_up(database)


def test_written_down_on_its_own_day_no_second_day_is_told(
    database: Database, clerk: Person
) -> None:
    writes_down(database, a_voucher(database).code, clerk, day=1, today=1)
    assert "，2026年11月24日在窗口交付" in texts_to(database)[-1]


def test_handed_over_on_its_last_day_it_is_written_down_before_the_job_comes(
    database: Database, clerk: Person
) -> None:
    shown = a_voucher(database)
    assert writes_down(database, shown.code, clerk, day=50, today=51).on_hand == 41
    adds_up(database)


@pytest.mark.parametrize(
    ("day", "today", "says"),
    [(1, 0, "今天或以前"), (0, 32, "31 天"), (-1, 0, "还没有发出"), (51, 51, "已经过期")],
)
def test_a_day_that_cannot_be_is_refused(
    database: Database, clerk: Person, day: int, today: int, says: str
) -> None:
    shown = a_voucher(database)
    with pytest.raises(RefusedError, match=says):
        writes_down(database, shown.code, clerk, day=day, today=today)
    assert on_hand(database) == (42, 1)


def test_written_down_after_the_expiry_it_says_what_to_do_with_the_stock(
    database: Database, clerk: Person
) -> None:
    shown = a_voucher(database)
    with database.begin() as session:
        past = after(51)
        assert vouchers.expire(session, today=past.date(), now=past) == 1
    with pytest.raises(RefusedError, match="核减一份"):
        writes_down(database, shown.code, clerk, day=50, today=51)
    assert on_hand(database) == (42, 0)
    adds_up(database)


def test_what_was_redeemed_meanwhile_is_refused_clearly(
    database: Database, clerk: Person, reviewer: Person
) -> None:
    shown = a_voucher(database)
    done = redeems(database, shown.code, reviewer)
    with pytest.raises(NotRedeemedError, match=f"审核王科长.*{done.number}"):
        writes_down(database, shown.code, clerk, day=0, today=1)
    assert on_hand(database) == (41, 0)
    with database.begin() as session:
        count = select(func.count()).where(VoucherEvent.action == "redeem")
        assert session.execute(count).scalar_one() == 1
        assert session.scalars(select(Voucher.receipt)).one() == done.number
