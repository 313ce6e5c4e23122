"""Answers, cards, vouchers, redemption, expiry, erasure in any order: the ledgers add up."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from tests.quiz.making import (
    a_bank,
    a_follower,
    a_season,
    a_table,
    right,
    some_questions,
    wrong,
)
from wx_archive.core import clock
from wx_archive.core.database import Base, Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.ids import random_pid
from wx_archive.followers.models import Follower
from wx_archive.followers.personal_data import Case
from wx_archive.quiz import personal_data, play, rules, seasons, stock, vouchers
from wx_archive.quiz.models import Answer, Card, Draw, Entry
from wx_archive.quiz.play import Answered, Asked, Judged, NothingOpen
from wx_archive.quiz.rules import DrawState, StockAction, VoucherAction, VoucherState
from wx_archive.quiz.voucher_models import Facsimile, StockMove, Voucher, VoucherEvent
from wx_archive.staff.models import Member
from wx_archive.staff.rules import Person, Role

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
BANK = a_bank(some_questions(140))
IS_FULL = os.environ.get("WX_ARCHIVE_TEST_FAULTS") == "full"  # noqa: TID251 -- about this run only
PEOPLE = st.integers(0, 2)
_AFTER = {
    VoucherAction.ISSUE: (None, VoucherState.ISSUED),
    VoucherAction.REDEEM: (VoucherState.ISSUED, VoucherState.REDEEMED),
    VoucherAction.UNDO: (VoucherState.REDEEMED, VoucherState.ISSUED),
    VoucherAction.EXPIRE: (VoucherState.ISSUED, VoucherState.EXPIRED),
    VoucherAction.VOID: (VoucherState.ISSUED, VoucherState.VOID),
}


class Quiz(RuleBasedStateMachine):
    """Three followers, two facsimiles, a desk, a calendar."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.now = NOON
        self.tokens: dict[int, list[str]] = {}
        self.draws: dict[int, DrawState] = {}
        self.erased = 0

    @initialize(stock=st.tuples(st.integers(0, 3), st.integers(0, 2)))
    def open_the_season(self, stock: tuple[int, int]) -> None:
        with self.database.begin() as session:
            self._empty(session)
            self.season_id = a_season(session)
            self.clerks = [a_clerk(session, login) for login in ("desk", "reviewer")]
            self.people = [a_follower(session, f"f{n}", now=self.now) for n in range(3)]
            self.facsimiles = [a_piece(session, pieces, self.now) for pieces in stock]

    def _empty(self, session: Session) -> None:
        """Empty the tables: the database is made once for all examples."""
        for table in reversed(Base.metadata.sorted_tables):
            if table.name not in {"installation", "live_change"}:
                session.execute(delete(table))

    # -- what happens ---------------------------------------------------------------------------

    @rule(who=PEOPLE, count=st.sampled_from([1, 3, 9, 27, 60]), is_right=st.booleans())
    def answer(self, who: int, count: int, *, is_right: bool) -> None:
        with self.database.begin() as session:
            for _ in range(count):
                dealt = self._deal(session, who)
                if not isinstance(dealt, Asked):
                    return
                typed = right(dealt) if is_right else wrong(dealt)
                done = self._answers(session, who, typed, dealt.token)
                assert isinstance(done, Judged)
                assert done.is_right == is_right
                self.tokens.setdefault(self.people[who], []).append(dealt.token)

    @rule(who=PEOPLE, whose=PEOPLE, letter=st.sampled_from("ABCD"), data=st.data())
    def tap_an_old_question(self, who: int, whose: int, letter: str, data: st.DataObject) -> None:
        """Whatever is tapped later, one's own or somebody else's, changes nothing."""
        tokens = self.tokens.get(self.people[whose], [])
        if not tokens:
            return
        with self.database.begin() as session:
            token = data.draw(st.sampled_from(tokens))
            told = self._answers(session, who, letter, token)
            assert isinstance(told, Answered if who == whose else NothingOpen)

    @rule(who=PEOPLE, place=st.sampled_from([None, 0, 1]))
    def ask_for_the_voucher(self, who: int, place: int | None) -> None:
        chosen = None if place is None else self.facsimiles[place]
        with self.database.begin() as session:
            known = seasons.read(session.connection())
            vouchers.claim(session, self.people[who], known, chosen, now=self.now)

    @rule(data=st.data(), clerk=st.integers(0, 1))
    def redeem(self, data: st.DataObject, clerk: int) -> None:
        def do(session: Session) -> None:
            codes = session.scalars(select(Voucher.code).order_by(Voucher.id)).all()
            if codes:
                code = data.draw(st.sampled_from(codes))
                vouchers.redeem(session, code, member=self.clerks[clerk], now=self.now)

        self._tries(do)

    @rule(data=st.data(), clerk=st.integers(0, 1))
    def undo(self, data: st.DataObject, clerk: int) -> None:
        def do(session: Session) -> None:
            found = select(VoucherEvent.receipt).where(VoucherEvent.receipt != "")
            receipts = session.scalars(found.order_by(VoucherEvent.id)).all()
            if receipts:
                number = data.draw(st.sampled_from(receipts))
                by = self.clerks[clerk]
                vouchers.undo(session, number, member=by, reason="给错了人", now=self.now)

        self._tries(do)

    @rule(place=st.integers(0, 1), pieces=st.integers(1, 3), is_more=st.booleans())
    def count_the_shelf(self, place: int, pieces: int, *, is_more: bool) -> None:
        action = StockAction.RECEIVE if is_more else StockAction.WRITE_OFF
        with self.database.begin() as session:
            one = self.facsimiles[place]
            stock.move(session, one, action, pieces=pieces, actor="editor", now=self.now)

    @rule(hours=st.sampled_from([1, 24, 24 * 20, 24 * 61]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        with self.database.begin() as session:
            vouchers.expire(session, today=clock.day_of(self.now), now=self.now)

    @rule(who=PEOPLE)
    def erase(self, who: int) -> None:
        with self.database.begin() as session:
            erase_quiz(session, self.people[who])
            session.execute(delete(Follower).where(Follower.id == self.people[who]))
            self.draws.clear()  # SQLite may give a number again
            self.tokens.pop(self.people[who], None)  # SQLite may give the number again
            self.erased += 1
            name = f"again-{self.erased}"
            self.people[who] = a_follower(session, name, now=self.now)

    def _deal(self, session: Session, who: int) -> object:
        table = a_table(session, BANK, now=self.now)
        if table.season is None:
            return None
        return play.deal(session, self.people[who], table.season, table)

    def _answers(self, session: Session, who: int, typed: str, token: str) -> object:
        table = a_table(session, BANK, now=self.now)
        return play.answer(session, self.people[who], typed, table, token=token)

    def _tries(self, do: Callable[[Session], None]) -> None:
        try:
            with self.database.begin() as session:
                do(session)
        except RefusedError:
            pass  # and nothing of it is there, as the invariants see

    # -- what always holds ----------------------------------------------------------------------

    @invariant()
    def ten_right_answers_are_a_card(self) -> None:
        with self.database.begin() as session:
            for entry in session.scalars(select(Entry)).all():
                mine = Answer.entry_id == entry.id
                numbers = session.scalars(
                    select(Answer.right_no).where(mine, Answer.is_right).order_by(Answer.id)
                ).all()
                assert numbers == list(range(1, len(numbers) + 1))
                cards = session.scalars(
                    select(Card.ordinal).where(Card.entry_id == entry.id).order_by(Card.id)
                ).all()
                earned = (entry.carried + len(numbers)) // rules.RIGHT_FOR_CARD
                assert cards == list(range(1, min(earned, rules.CARDS) + 1))

    @invariant()
    def a_question_is_answered_once(self) -> None:
        with self.database.begin() as session:
            answered = session.execute(
                select(Draw.entry_id, Draw.question_id).join(Answer, Answer.draw_id == Draw.id)
            ).all()
            assert len(set(answered)) == len(answered)

    @invariant()
    def every_question_went_as_drawn(self) -> None:
        with self.database.begin() as session:
            rows = session.execute(
                select(Draw.id, Draw.closed_at, Answer.is_right).outerjoin(
                    Answer, Answer.draw_id == Draw.id
                )
            ).all()
            now = {
                row.id: rules.draw_state(is_closed=row.closed_at is not None, is_right=row.is_right)
                for row in rows
            }
            for key, state in now.items():
                before = self.draws.get(key, DrawState.OPEN)
                assert state == before or state in rules.DRAW_MOVES[before]
            self.draws = now

    @invariant()
    def the_stock_is_the_sum_of_its_moves(self) -> None:
        with self.database.begin() as session:
            for one in session.scalars(select(Facsimile)).all():
                moved = select(
                    func.coalesce(func.sum(StockMove.on_hand), 0),
                    func.coalesce(func.sum(StockMove.reserved), 0),
                ).where(StockMove.facsimile_id == one.id)
                assert session.execute(moved).one() == (one.on_hand, one.reserved)
                waiting = select(func.count()).where(
                    Voucher.facsimile_id == one.id, Voucher.state == VoucherState.ISSUED
                )
                assert session.scalars(waiting).one() == one.reserved <= one.on_hand

    @invariant()
    def every_voucher_went_as_drawn(self) -> None:
        with self.database.begin() as session:
            for voucher in session.scalars(select(Voucher)).all():
                state: VoucherState | None = None
                steps = select(VoucherEvent).where(VoucherEvent.voucher_id == voucher.id)
                for step in session.scalars(steps.order_by(VoucherEvent.id)):
                    before, after = _AFTER[VoucherAction(step.action)]
                    assert state == before
                    assert state is None or after in rules.VOUCHER_MOVES[state]
                    state = after
                assert state == voucher.state
                assert (voucher.receipt is not None) == (state == VoucherState.REDEEMED)

    @invariant()
    def receipts_have_no_gaps(self) -> None:
        with self.database.begin() as session:
            redeemed = VoucherEvent.action == VoucherAction.REDEEM
            steps = session.execute(
                select(VoucherEvent.receipt, VoucherEvent.at)
                .where(redeemed)
                .order_by(VoucherEvent.id)
            ).all()
            last: dict[int, int] = {}
            for receipt, at in steps:
                year = clock.day_of(at).year
                last[year] = last.get(year, 0) + 1
                assert receipt == f"领{year}-{last[year]:06}"

    @invariant()
    def one_voucher_stands_for_ten_cards(self) -> None:
        with self.database.begin() as session:
            standing = session.execute(
                select(Voucher.entry_id, func.count())
                .where(Voucher.state.in_(rules.STANDING), Voucher.entry_id.is_not(None))
                .group_by(Voucher.entry_id)
            ).all()
            for entry_id, count in standing:
                cards = select(func.count()).where(Card.entry_id == entry_id)
                assert (count, session.scalars(cards).one()) == (1, rules.CARDS)


def erase_quiz(session: Session, follower_id: int) -> None:
    """Erase what the quiz keeps of somebody, by its rules for personal data."""
    nothing = cast("Any", None)  # none of the quiz's rules looks at store or site
    case = Case(session, nothing, nothing, follower_id, "", "", "")
    for one in personal_data.RULES:
        one.erase(case)


def a_piece(session: Session, pieces: int, now: datetime) -> int:
    """Add a facsimile and count some pieces in."""
    one = Facsimile(pid=random_pid(), name="批文", made_by="editor", made_at=now)
    session.add(one)
    session.flush()
    if pieces:
        action = StockAction.RECEIVE
        assert stock.move(session, one.id, action, pieces=pieces, actor="editor", now=now)
    return one.id


def a_clerk(session: Session, login: str) -> Person:
    """Add somebody of the desk."""
    member = Member(
        login=login, name=login, password_hash="", password_set_at=NOON, created_at=NOON
    )
    session.add(member)
    session.flush()
    return Person(member.id, login, login, frozenset({Role.DESK}))


@pytest.mark.timeout(1_800)
def test_the_ledgers_add_up_whatever_happens(database: Database) -> None:
    class OnIt(Quiz):
        def __init__(self) -> None:
            super().__init__(database)

    run_state_machine_as_test(
        OnIt,
        settings=settings(
            max_examples=150 if IS_FULL else 8,
            stateful_step_count=40 if IS_FULL else 25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
