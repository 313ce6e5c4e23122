"""Ten cards become one voucher with one piece; it expires and gives the piece back."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from tests.quiz.making import NOW, TODAY, a_follower, a_season, known_season
from tests.quiz.vouchers_making import (
    SPEECH,
    a_clerk,
    a_collector,
    a_stock,
    a_voucher,
    adds_up,
    after,
    claims,
    follower_of,
    has_right,
)
from wx_archive.chat.models import HeldAnswer
from wx_archive.core.clock import day_of
from wx_archive.core.database import Database
from wx_archive.quiz import codes, redemption, seasons, stock, vouchers
from wx_archive.quiz.models import Season
from wx_archive.quiz.rules import SeasonState, StockAction, VoucherState
from wx_archive.quiz.stock import Level
from wx_archive.quiz.voucher_models import Facsimile, StockMove, Voucher, VoucherEvent
from wx_archive.quiz.vouchers import Choice, Closed, Issued, Missing, NoneLeft, Outcome


def level(database: Database, facsimile_id: int) -> Level:
    with database.reads() as connection:
        return stock.level(connection, facsimile_id)


def of(outcome: Outcome) -> vouchers.Shown:
    assert isinstance(outcome, Issued), outcome
    return outcome.voucher


def told(database: Database) -> list[str]:
    with database.begin() as session:
        return list(session.scalars(select(HeldAnswer.text).order_by(HeldAnswer.id)))


def expires(database: Database, days: int) -> int:
    now = after(days)
    with database.begin() as session:
        return vouchers.expire(session, today=day_of(now), now=now)


def season_of(database: Database) -> int:
    with database.begin() as session:
        return session.scalars(select(Season.id)).one()


# -- the voucher ------------------------------------------------------------------------------


def test_ten_cards_are_a_voucher_with_a_piece_kept_for_it(database: Database) -> None:
    shown = a_voucher(database)
    assert codes.is_sound(shown.code)
    assert (shown.state, shown.facsimile, shown.version) == (VoucherState.ISSUED, SPEECH, 1)
    assert shown.receipt == ""
    assert shown.redeemed_at is None
    assert level(database, shown.facsimile_id) == Level(42, 1)
    adds_up(database)


def test_asked_again_it_is_the_same_voucher(database: Database) -> None:
    shown = a_voucher(database)
    again = claims(database, follower_of(database), season_of(database))
    assert again == Issued(shown, is_new=False)
    assert level(database, shown.facsimile_id).reserved == 1


@pytest.mark.parametrize("right", [0, 1, 9, 10, 99])
def test_fewer_than_ten_cards_are_no_voucher(database: Database, right: int) -> None:
    with database.begin() as session:
        season_id = a_season(session)
        a_stock(session, 5)
        follower_id = a_collector(session, season_id, right=right)
        season = known_season(session, season_id)
    outcome = claims(database, follower_id, season_id)
    assert outcome == Missing(season, right // 10, right % 10, is_on=True)
    adds_up(database)


@pytest.mark.parametrize(("pick_up_days", "until"), [(50, 50), (200, 60), (60, 60)])
def test_a_voucher_holds_sixty_days_and_never_past_the_pick_up(
    database: Database, pick_up_days: int, until: int
) -> None:
    with database.begin() as session:
        pick_up_until = TODAY + timedelta(days=pick_up_days)
        season_id = a_season(session, pick_up_until=pick_up_until)
        a_stock(session, 5)
        follower_id = a_collector(session, season_id)
    shown = of(claims(database, follower_id, season_id))
    assert shown.expires_on == TODAY + timedelta(days=until)


def test_of_several_facsimiles_one_is_chosen(database: Database) -> None:
    with database.begin() as session:
        season_id = a_season(session)
        first, second = a_stock(session, 2, name="甲"), a_stock(session, 1, name="乙")
        third = a_stock(session, 0, name="丙")
        one = a_collector(session, season_id, "one")
        other = a_collector(session, season_id, "other")
    outcome = claims(database, one, season_id)
    assert isinstance(outcome, Choice)
    assert not outcome.is_gone
    assert [(offer.name, offer.left) for offer in outcome.offers] == [("甲", 2), ("乙", 1)]
    assert of(claims(database, one, season_id, second)).facsimile == "乙"
    assert level(database, second) == Level(1, 1)
    # What was chosen is gone, or never was: the others are offered.
    for gone in (second, third, 999):
        outcome = claims(database, other, season_id, gone)
        assert isinstance(outcome, Choice)
        assert outcome.is_gone
        assert [offer.facsimile_id for offer in outcome.offers] == [first]
    # Chosen once, a second choice changes nothing.
    assert of(claims(database, one, season_id, first)).facsimile == "乙"
    adds_up(database)


def test_only_what_is_on_offer_is_given(database: Database) -> None:
    with database.begin() as session:
        season_id = a_season(session)
        facsimile_id = a_stock(session, 3)
        session.execute(update(Facsimile).values(is_offered=False))
        follower_id = a_collector(session, season_id)
    assert isinstance(claims(database, follower_id, season_id), NoneLeft)
    assert isinstance(claims(database, follower_id, season_id, facsimile_id), NoneLeft)
    with database.begin() as session:
        assert not stock.change(session, facsimile_id, StockAction.RESERVE)


def test_when_nothing_is_left_a_returned_piece_is_the_next_ones(database: Database) -> None:
    with database.begin() as session:
        season_id = a_season(session)
        a_stock(session, 1)
        first = a_collector(session, season_id, "first")
        second = a_collector(session, season_id, "second")
    of(claims(database, first, season_id))
    assert isinstance(claims(database, second, season_id), NoneLeft)
    with database.begin() as session:
        assert vouchers.void_of(session, first, now=NOW) == 1
    of(claims(database, second, season_id))
    adds_up(database)


# -- which season -----------------------------------------------------------------------------


def claim(database: Database, follower_id: int, days: int = 0) -> Outcome:
    with database.begin() as session:
        known = seasons.read(session.connection())
        return vouchers.claim(session, follower_id, known, now=after(days))


def test_a_season_that_has_ended_counts_until_its_pick_up_is_over(database: Database) -> None:
    with database.begin() as session:
        season_id = a_season(session)
        a_stock(session, 5)
        follower_id = a_collector(session, season_id)
        season = known_season(session, season_id)
    assert claim(database, follower_id, 51) == Closed(season)
    assert claims(database, follower_id, season_id, now=after(51)) == Closed(season)
    shown = of(claim(database, follower_id, 50))
    assert shown.expires_on == season.pick_up_until


def test_the_newest_season_counts_and_then_the_one_before(database: Database) -> None:
    with database.begin() as session:
        older = a_season(session)
        newer = a_season(
            session,
            name="下一季",
            starts_on=TODAY + timedelta(days=21),
            ends_on=TODAY + timedelta(days=60),
            pick_up_until=TODAY + timedelta(days=90),
        )
        a_stock(session, 5)
        follower_id = a_collector(session, older)
        has_right(session, follower_id, newer, 100)
        clerk = a_clerk(session)
    first = of(claim(database, follower_id, 30))
    with database.begin() as session:
        redemption.redeem(session, first.code, member=clerk, now=after(31))
    second = of(claim(database, follower_id, 32))
    assert second.code != first.code
    with database.begin() as session:
        redemption.redeem(session, second.code, member=clerk, now=after(33))
    assert of(claim(database, follower_id, 34)).code == first.code
    adds_up(database)


def test_who_never_took_part_learns_of_the_season_that_is_on(database: Database) -> None:
    with database.begin() as session:
        follower_id = a_follower(session)
    assert claim(database, follower_id) == Missing(None)
    with database.begin() as session:
        season = known_season(session, a_season(session))
        a_season(session, name="没放行", state=SeasonState.DRAFT)
    assert claim(database, follower_id) == Missing(season, is_on=True)
    assert claim(database, follower_id, 25) == Missing(None)


def test_what_was_promised_is_kept_when_the_season_is_withdrawn(database: Database) -> None:
    with database.begin() as session:
        season_id = a_season(session)
        a_stock(session, 5)
        one = a_collector(session, season_id, "one")
        other = a_collector(session, season_id, "other")
    shown = of(claim(database, one))
    with database.begin() as session:
        session.execute(update(Season).values(state=SeasonState.WITHDRAWN))
    assert claim(database, one) == Issued(shown, is_new=False)
    assert claim(database, one, 51) == Missing(None)
    assert claim(database, other) == Missing(None)


def test_a_missed_pick_up_is_told_until_the_next_season_was_begun(database: Database) -> None:
    with database.begin() as session:
        old = a_season(
            session,
            name="上一季",
            starts_on=TODAY - timedelta(days=90),
            ends_on=TODAY - timedelta(days=60),
            pick_up_until=TODAY - timedelta(days=20),
        )
        new = a_season(session)
        a_stock(session, 5)
        follower_id = a_collector(session, old)
        closed, on = known_season(session, old), known_season(session, new)
    assert claim(database, follower_id) == Closed(closed)
    with database.begin() as session:
        has_right(session, follower_id, new, 12)
    assert claim(database, follower_id) == Missing(on, 1, 2, is_on=True)


# -- the calendar -----------------------------------------------------------------------------


def test_the_day_after_its_last_a_voucher_expires_and_its_piece_is_free(
    database: Database,
) -> None:
    shown = a_voucher(database)
    assert expires(database, 50) == 0
    assert expires(database, 51) == 1
    assert expires(database, 51) == 0
    assert level(database, shown.facsimile_id) == Level(42, 0)
    assert len(told(database)) == 1
    assert "过期" in told(database)[0]
    adds_up(database)


def test_an_expired_voucher_is_replaced_while_the_season_allows(database: Database) -> None:
    with database.begin() as session:
        season_id = a_season(session, pick_up_until=TODAY + timedelta(days=200))
        facsimile_id = a_stock(session, 1)
        follower_id = a_collector(session, season_id)
    first = of(claims(database, follower_id, season_id))
    assert expires(database, 61) == 1
    outcome = claims(database, follower_id, season_id, now=after(61))
    assert isinstance(outcome, Issued)
    assert outcome.is_new
    assert outcome.replaces == first.expires_on
    assert outcome.voucher.code != first.code
    assert outcome.voucher.expires_on == TODAY + timedelta(days=121)
    assert level(database, facsimile_id) == Level(1, 1)
    adds_up(database)


def test_asked_for_before_the_clocks_job_it_expires_at_once_and_is_replaced(
    database: Database,
) -> None:
    with database.begin() as session:
        season_id = a_season(session, pick_up_until=TODAY + timedelta(days=200))
        facsimile_id = a_stock(session, 1)
        follower_id = a_collector(session, season_id)
    first = of(claims(database, follower_id, season_id))
    outcome = claims(database, follower_id, season_id, now=after(61))
    assert isinstance(outcome, Issued)
    assert outcome.replaces == first.expires_on
    assert level(database, facsimile_id) == Level(1, 1)
    assert told(database) == []  # the answer itself says so
    adds_up(database)


def test_many_vouchers_expire_in_a_few_transactions(database: Database) -> None:
    with database.begin() as session:
        season_id = a_season(session)
        a_stock(session, 300)
        people = [a_collector(session, season_id, f"f{n}") for n in range(12)]
    for follower_id in people:
        of(claims(database, follower_id, season_id))
    assert expires(database, 51) == 12
    assert len(told(database)) == 12
    adds_up(database)


# -- erasure ----------------------------------------------------------------------------------


def test_erasing_voids_what_was_promised_and_keeps_what_was_handed_over(
    database: Database,
) -> None:
    with database.begin() as session:
        older = a_season(session)
        newer = a_season(
            session,
            starts_on=TODAY + timedelta(days=21),
            ends_on=TODAY + timedelta(days=60),
            pick_up_until=TODAY + timedelta(days=90),
        )
        facsimile_id = a_stock(session, 5)
        follower_id = a_collector(session, older)
        has_right(session, follower_id, newer, 100)
        clerk = a_clerk(session)
    taken = of(claims(database, follower_id, older))
    promised = of(claims(database, follower_id, newer, now=after(30)))
    with database.begin() as session:
        redemption.redeem(session, taken.code, member=clerk, now=after(30))
        assert vouchers.void_of(session, follower_id, now=after(31)) == 1
    with database.begin() as session:
        rows = session.execute(select(Voucher.code, Voucher.state, Voucher.entry_id)).all()
    assert {(row.code, row.state, row.entry_id) for row in rows} == {
        (taken.code, "redeemed", None),
        (promised.code, "void", None),
    }
    assert level(database, facsimile_id) == Level(4, 0)


# -- the stock --------------------------------------------------------------------------------


@pytest.mark.parametrize("action", [StockAction.WRITE_OFF, StockAction.HAND_OUT])
def test_more_than_there_is_is_never_taken(database: Database, action: StockAction) -> None:
    with database.begin() as session:
        facsimile_id = a_stock(session, 3)
        assert stock.move(session, facsimile_id, StockAction.RESERVE, actor="reader", now=NOW)
        pieces = 3 if action is StockAction.WRITE_OFF else 2
        moved = stock.move(session, facsimile_id, action, pieces=pieces, actor="desk", now=NOW)
        assert not moved
        assert not stock.move(
            session, facsimile_id, StockAction.RETURN, pieces=2, actor="a", now=NOW
        )
        session.expire_all()
        assert stock.level(session.connection(), facsimile_id) == Level(3, 1)
        count = session.execute(select(func.count()).select_from(StockMove)).scalar_one()
        assert count == 2


def test_a_move_is_of_one_piece_at_least(database: Database) -> None:
    with database.begin() as session:
        facsimile_id = a_stock(session, 3)
        with pytest.raises(ValueError, match="pieces"):
            stock.move(session, facsimile_id, StockAction.RECEIVE, pieces=0, actor="a", now=NOW)
        with pytest.raises(ValueError, match="pieces"):
            stock.move(session, facsimile_id, StockAction.WRITE_OFF, pieces=-1, actor="a", now=NOW)


def test_every_step_stands_in_the_ledger(database: Database) -> None:
    shown = a_voucher(database)
    expires(database, 51)
    with database.begin() as session:
        steps = session.execute(
            select(VoucherEvent.action, VoucherEvent.actor)
            .where(VoucherEvent.voucher_id == shown.id)
            .order_by(VoucherEvent.id)
        )
        assert [tuple(step) for step in steps] == [("issue", "reader"), ("expire", "clock")]
        moves = session.execute(
            select(StockMove.action, StockMove.on_hand, StockMove.reserved, StockMove.actor)
            .where(StockMove.voucher_id == shown.id)
            .order_by(StockMove.id)
        )
        assert [tuple(move) for move in moves] == [
            ("reserve", 0, 1, "reader"),
            ("return", 0, -1, "clock"),
        ]
