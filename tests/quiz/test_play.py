"""The play: one open question, an answer counts once, the tenth right one brings a card."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.quiz.making import (
    NOW,
    TODAY,
    a_bank,
    a_follower,
    a_question,
    a_season,
    a_table,
    known_season,
    right,
    some_questions,
    wrong,
)
from wx_archive.core.database import Database
from wx_archive.core.jobs.models import Job
from wx_archive.quiz import play
from wx_archive.quiz.bank import Bank
from wx_archive.quiz.models import Answer, Card, Complaint, Draw, Entry
from wx_archive.quiz.play import Answered, Asked, Judged, NoAnswer, NothingOpen, Over
from wx_archive.quiz.rules import Kind, Reason

BANK = a_bank(some_questions(130))


class Player:
    """Somebody at play, within one transaction."""

    def __init__(self, session: Session, season_id: int, bank: Bank, openid: str) -> None:
        self.session = session
        self.follower_id = a_follower(session, openid)
        self.season = known_season(session, season_id)
        self.bank = bank
        self.now = NOW

    def deal(self) -> Asked | Over:
        table = a_table(self.session, self.bank, now=self.now)
        return play.deal(self.session, self.follower_id, self.season, table)

    def asked(self) -> Asked:
        dealt = self.deal()
        assert isinstance(dealt, Asked)
        return dealt

    def answers(self, typed: str, token: str | None = None) -> object:
        table = a_table(self.session, self.bank, now=self.now)
        return play.answer(self.session, self.follower_id, typed, table, token=token)

    def is_right(self, times: int = 1) -> Judged:
        done: object = None
        for _ in range(times):
            done = self.answers(right(self.asked()))
        assert isinstance(done, Judged)
        return done


@contextmanager
def playing(
    database: Database, bank: Bank = BANK, *, openid: str = "somebody", **season: object
) -> Iterator[Player]:
    with database.begin() as session:
        yield Player(session, a_season(session, **season), bank, openid)


def test_the_same_question_stays_open_until_it_is_answered(database: Database) -> None:
    with playing(database) as player:
        first = player.asked()
        assert player.asked() == first
        player.now += timedelta(days=3)
        assert player.asked() == first
        assert isinstance(player.answers(wrong(first)), Judged)
        assert player.asked().question != first.question


def test_an_answer_counts_once_whatever_is_tapped_later(database: Database) -> None:
    with playing(database) as player:
        first = player.asked()
        done = player.answers(right(first), first.token)
        assert isinstance(done, Judged)
        assert (done.is_right, done.credit) == (True, 1)
        for typed in (right(first), wrong(first)):
            assert player.answers(typed, first.token) == Answered(is_right=True)
        assert player.answers("A") == NothingOpen()
        assert player.session.scalar(select(func.count()).select_from(Answer)) == 1


def test_an_answer_before_any_question_and_with_anothers_token_counts_nothing(
    database: Database,
) -> None:
    with playing(database) as player:
        assert player.answers("A") == NothingOpen()
        asked = player.asked()
        other = Player(player.session, player.season.id, BANK, "somebody-else")
        assert other.answers(right(asked), asked.token) == NothingOpen()
        assert other.answers(right(asked), "MADE-UP") == NothingOpen()
        assert player.session.scalar(select(func.count()).select_from(Answer)) == 0


def test_the_tenth_right_answer_brings_a_card_with_its_picture_to_come(database: Database) -> None:
    with playing(database) as player:
        ninth = player.is_right(9)
        assert (ninth.credit, ninth.card) == (9, None)
        assert isinstance(player.answers(wrong(player.asked())), Judged)
        tenth = player.is_right()
        assert tenth.card is not None
        assert (tenth.credit, tenth.card.ordinal) == (10, 1)
        card = player.session.scalars(select(Card)).one()
        job = player.session.scalars(select(Job).where(Job.kind == play.SHOW_CARD)).one()
        assert str(card.id) in job.payload
        assert job.follower_id == player.follower_id


def test_a_season_has_ten_different_cards_and_no_eleventh(database: Database) -> None:
    with playing(database) as player:
        player.is_right(110)
        cards = player.session.scalars(select(Card.ordinal).order_by(Card.id)).all()
        assert cards == list(range(1, 11))


def test_no_question_comes_twice_and_then_all_have_come(database: Database) -> None:
    with playing(database, a_bank(some_questions(12))) as player:
        seen = set()
        for _ in range(12):
            asked = player.asked()
            seen.add(asked.question.id)
            player.answers(right(asked))
        assert len(seen) == 12
        assert player.deal() == Over(is_day=False, season=player.season)


def test_the_daily_cap_counts_shanghai_days(database: Database) -> None:
    with playing(database, daily_cap=3) as player:
        player.is_right(3)
        assert player.deal() == Over(is_day=True, season=player.season)
        player.now = NOW + timedelta(hours=11, minutes=59)  # 23:59 in Shanghai
        assert isinstance(player.deal(), Over)
        player.now += timedelta(minutes=1)
        assert player.asked().place == 4


def test_what_is_left_over_counts_in_the_next_season(database: Database) -> None:
    with playing(database, ends_on=TODAY, pick_up_until=TODAY) as player:
        player.is_right(13)
        left_open = player.asked()
        following = {
            "starts_on": TODAY + timedelta(days=1),
            "ends_on": TODAY + timedelta(days=9),
            "pick_up_until": TODAY + timedelta(days=9),
        }
        second = a_season(player.session, **following)
        player.season = known_season(player.session, second)
        player.now = NOW + timedelta(days=1)
        assert player.is_right().credit == 4
        assert player.is_right(6).card is not None
        assert player.answers(right(left_open), left_open.token) == Answered(is_right=None)
        carried = player.session.scalars(select(Entry.carried).order_by(Entry.id)).all()
        assert carried == [0, 3]


def test_a_question_answered_after_the_season_is_not_counted(database: Database) -> None:
    with playing(database, ends_on=TODAY, pick_up_until=TODAY) as player:
        asked = player.asked()
        player.now += timedelta(days=1)
        assert player.answers(right(asked)) == Answered(is_right=None)
        assert player.session.scalar(select(func.count()).select_from(Answer)) == 0


def test_a_question_that_staff_change_is_shown_anew_and_one_withdrawn_is_replaced(
    database: Database,
) -> None:
    with playing(database) as player:
        asked = player.asked()
        changed = replace(asked.question, text="改过的题干，哪一个说法对？", answer=("C",))
        player.bank = a_bank([*BANK.questions.values(), changed])
        again = player.answers(right(asked))
        assert isinstance(again, Asked)
        assert again.is_changed
        assert (again.question, again.token) == (changed, asked.token)
        retired = replace(changed, retired=TODAY)
        player.bank = a_bank([*BANK.questions.values(), retired])
        instead = player.asked()
        assert instead.is_changed
        assert instead.question.id != changed.id
        assert player.answers(right(again), again.token) == Answered(is_right=None)


def test_picking_adds_and_takes_back_and_several_letters_are_the_answer(
    database: Database,
) -> None:
    bank = a_bank([a_question(kind=Kind.MULTIPLE, answer=("A", "C"))])
    with playing(database, bank) as player:
        asked = player.asked()
        table = a_table(player.session, bank)

        def picks(letter: str) -> object:
            return play.pick(player.session, player.follower_id, letter, table, token=asked.token)

        for letter, picked in (("B", "B"), ("A", "AB"), ("B", "A"), ("Z", "A")):
            shown = picks(letter)
            assert isinstance(shown, Asked)
            assert shown.picked == picked
        assert player.answers("A") == NoAnswer(replace(asked, picked="A"))
        done = player.answers(right(asked))
        assert isinstance(done, Judged)
        assert (done.is_right, done.given) == (True, "AC")
        assert picks("A") == Answered(is_right=True)


def test_being_shown_the_answer_counts_as_wrong(database: Database) -> None:
    bank = a_bank([a_question(kind=Kind.YEAR, options=(), answer=("1969",), tolerance=1)])
    with playing(database, bank) as player:
        asked = player.asked()
        assert player.answers("公积金") == NoAnswer(asked)
        done = player.answers("", asked.token)
        assert isinstance(done, Judged)
        assert (done.is_right, done.given) == (False, "")


def test_a_complaint_is_kept_once_and_only_about_what_was_dealt(database: Database) -> None:
    with playing(database) as player:
        token = player.asked().token
        for reason in (Reason.ANSWER, Reason.SOURCE):
            assert play.complain(player.session, player.follower_id, token, reason, now=NOW)
        assert not play.complain(
            player.session, player.follower_id, "MADE-UP", Reason.ANSWER, now=NOW
        )
        other = Player(player.session, player.season.id, BANK, "somebody-else")
        assert not play.complain(player.session, other.follower_id, token, Reason.ANSWER, now=NOW)
        kept = player.session.scalars(select(Complaint)).one()
        assert kept.reason == Reason.ANSWER


def test_the_end_of_a_level_tells_how_many_were_right(database: Database) -> None:
    with playing(database) as player:
        told = []
        for number in range(1, 11):
            asked = player.asked()
            done = player.answers(right(asked) if number % 2 else wrong(asked))
            assert isinstance(done, Judged)
            told.append(done.right_in_level)
        assert told == [None] * 9 + [5]
        assert player.is_right().right_in_level is None


def test_draws_are_numbered_without_gaps(database: Database) -> None:
    with playing(database) as player:
        player.is_right(15)
        places = player.session.scalars(select(Draw.place).order_by(Draw.id)).all()
        assert places == list(range(1, 16))
