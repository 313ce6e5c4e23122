"""A released season is changed by two people, forwards only; cards are corrected, never removed."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.quiz.making import NOW, TODAY
from tests.quiz.season_making import EDITOR, REVIEWER, a_card, a_place, a_released, begun
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.ids import random_pid
from wx_archive.core.jobs import Job
from wx_archive.quiz import season_desk, season_proposals, seasons
from wx_archive.quiz.models import CardKind, Season
from wx_archive.quiz.season_plans import CardWords, with_changes
from wx_archive.staff.rules import Person

DAY = timedelta(days=1)


def propose(session: Session, season: Season, **changes: object) -> None:
    """Have the editor propose other days or words."""
    plan = with_changes(season_desk.current_plan(season), changes)
    season_proposals.propose_plan(
        session, season, plan, seen=season.version, by=EDITOR.login, today=TODAY
    )


def correct(session: Session, season: Season, ordinal: int, words: CardWords) -> None:
    """Have the editor propose other words of a card."""
    card = season_desk.cards_of(session, season)[ordinal - 1]
    season_proposals.propose_card(
        session, season, card, words, seen=season.version, by=EDITOR.login
    )


def agree(session: Session, season: Season, *, person: Person = REVIEWER) -> None:
    """Have somebody agree to what is proposed."""
    season_proposals.agree(
        session,
        season,
        a_place(session),
        seen=season.version,
        person=person,
        now=NOW,
    )


def asked_to_draw(session: Session) -> int:
    """Return how often the worker was asked to draw."""
    return len(session.scalars(select(Job.id).where(Job.kind == season_desk.DRAW)).all())


def have_been_drawn(session: Session, season: Season) -> None:
    """Note that the worker has drawn all cards."""
    cards = update(CardKind).where(CardKind.season_id == season.id)
    session.execute(cards.values(art_pid=random_pid()))


def test_what_is_proposed_counts_only_when_a_second_person_agrees(database: Database) -> None:
    with database.begin() as session:
        season = begun(session)
        propose(session, season, ends_on=TODAY, daily_cap=9)
        (known,) = seasons.read(session.connection())
        assert (known.daily_cap, known.ends_on) == (5, TODAY + 30 * DAY)
        with pytest.raises(RefusedError, match="另一个人"):
            agree(session, season, person=EDITOR)
        agree(session, season)
        (known,) = seasons.read(session.connection())
        assert (known.daily_cap, known.ends_on) == (9, TODAY)
        assert (season.proposal, season.proposed_by) == ("", "")


def test_a_card_is_corrected_and_drawn_anew_each_time(database: Database) -> None:
    with database.begin() as session:
        season = begun(session)
        have_been_drawn(session, season)
        for title, drawn in (("错字改正", 2), ("第3件", 3), ("错字改正", 4)):
            correct(session, season, 3, a_card(3, title=title))
            agree(session, season)
            (known,) = seasons.read(session.connection())
            assert known.card(3).title == title
            assert known.card(3).art_pid is None, "what was drawn says something else"
            assert known.card(2).art_pid is not None, "the others are as they were"
            assert asked_to_draw(session) == drawn


def test_another_name_has_every_card_drawn_anew_and_other_days_none(database: Database) -> None:
    with database.begin() as session:
        season = begun(session)
        have_been_drawn(session, season)
        propose(session, season, ends_on=TODAY + DAY)
        agree(session, season)
        assert asked_to_draw(session) == 1
        propose(session, season, name="换个名称")
        agree(session, season)
        assert asked_to_draw(session) == 2
        cards = season_desk.cards_of(session, season)
        assert {card.art_pid for card in cards} == {None}


def test_days_and_cards_are_proposed_together_and_listed_field_by_field(
    database: Database,
) -> None:
    with database.begin() as session:
        season = begun(session)
        propose(session, season, daily_cap=9)
        correct(session, season, 2, a_card(2, source="另一本书"))
        correct(session, season, 4, a_card(4, title="改过"))
        correct(session, season, 4, a_card(4))  # and back again
        cards = season_desk.cards_of(session, season)
        told = [
            (one.ordinal, one.name, one.before, one.after)
            for one in season_proposals.changes(season, cards)
        ]
        assert told == [(0, "daily_cap", "5", "9"), (2, "source", "虚构", "另一本书")]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"starts_on": TODAY - 5 * DAY}, "已经开始"),
        ({"ends_on": TODAY - DAY}, "不能改到过去"),
        ({"pick_up_until": TODAY + 59 * DAY}, "只能往后改"),
        ({}, "没有改动"),
    ],
)
def test_the_past_is_not_even_proposed(
    database: Database, changes: dict[str, object], said: str
) -> None:
    with database.begin() as session:
        season = begun(session)
        with pytest.raises(RefusedError, match=said):
            propose(session, season, **changes)
        assert season.proposal == ""


def test_days_that_passed_meanwhile_are_not_agreed_to(database: Database) -> None:
    with database.begin() as session:
        season = begun(session)
        propose(session, season, ends_on=TODAY)
        place = a_place(session, today=TODAY + DAY)
        with pytest.raises(RefusedError, match="不能改到过去"):
            season_proposals.agree(
                session, season, place, seen=season.version, person=REVIEWER, now=NOW
            )


def test_a_season_does_not_grow_into_the_next_one(database: Database) -> None:
    with database.begin() as session:
        season = begun(session, name="这一季")
        first = season.ends_on + DAY
        a_released(session, name="下一季", starts_on=first, ends_on=first, pick_up_until=first)
        propose(session, season, ends_on=first)
        with pytest.raises(RefusedError, match="下一季"):
            agree(session, season)


def test_a_card_is_not_emptied(database: Database) -> None:
    with database.begin() as session:
        season = begun(session)
        with pytest.raises(RefusedError, match="请写出处"):
            correct(session, season, 1, a_card(1, source=""))
        with pytest.raises(RefusedError, match="已经放行"):
            season_desk.remove_card(session, season, 1, seen=season.version, by=EDITOR.login)


def test_two_cards_are_not_corrected_into_the_same_title(database: Database) -> None:
    with database.begin() as session:
        season = begun(session)
        correct(session, season, 1, a_card(1, title="第2件"))
        with pytest.raises(RefusedError, match="标题相同"):
            agree(session, season)


def test_what_is_given_back_or_taken_back_leaves_the_season_as_it_was(database: Database) -> None:
    with database.begin() as session:
        season = begun(session)
        propose(session, season, daily_cap=9)
        with pytest.raises(RefusedError, match="另一个人"):
            season_proposals.refuse(session, season, "不", seen=season.version, person=EDITOR)
        season_proposals.refuse(session, season, "太多", seen=season.version, person=REVIEWER)
        assert (season.note, season.daily_cap) == ("太多", 5)
        with pytest.raises(RefusedError, match="没有提出的改动"):
            agree(session, season)
        assert season_proposals.is_refused(season)
        season_proposals.take_back(session, season, seen=season.version)
        propose(session, season, daily_cap=8)
        season_proposals.take_back(session, season, seen=season.version)
        assert (season.proposal, season.note, season.daily_cap) == ("", "", 5)
        with pytest.raises(RefusedError, match="没有提出的改动"):
            agree(session, season)


def test_what_was_given_back_is_kept_to_go_on_from(database: Database) -> None:
    with database.begin() as session:
        season = begun(session)
        propose(session, season, daily_cap=9)
        correct(session, season, 3, a_card(3, title="错字改正"))
        season_proposals.refuse(session, season, "九道太少", seen=season.version, person=REVIEWER)
        cards = season_desk.cards_of(session, season)
        assert season_proposals.read(season, cards).plan.daily_cap == 9
        propose(session, season, daily_cap=12)
        assert (season.note, season_proposals.is_refused(season)) == ("", False)
        agree(session, season)
        (known,) = seasons.read(session.connection())
        assert (known.daily_cap, known.card(3).title) == (12, "错字改正")


def test_a_correction_that_nobody_could_draw_is_not_agreed_to(database: Database) -> None:
    with database.begin() as session:
        season = begun(session)
        correct(session, season, 3, a_card(3, story="笑\U0001f600"))
        with pytest.raises(RefusedError, match="第 3 张卡画不出来：字体里没有“\U0001f600”"):
            agree(session, season)


def test_what_was_changed_meanwhile_is_not_agreed_to(database: Database) -> None:
    with database.begin() as session:
        season = begun(session)
        propose(session, season, daily_cap=9)
        seen = season.version
        propose(session, season, daily_cap=200)
        with pytest.raises(RefusedError, match="别人改过"):
            season_proposals.agree(
                session, season, a_place(session), seen=seen, person=REVIEWER, now=NOW
            )
        assert season.daily_cap == 5


def test_a_proposal_says_only_what_would_change(database: Database) -> None:
    with database.begin() as session:
        season = begun(session)
        propose(session, season, daily_cap=9)
        correct(session, season, 2, a_card(2, source="另一本书"))
        assert json.loads(season.proposal) == {
            "cards": {"2": {"source": "另一本书"}},
            "plan": {"daily_cap": 9},
        }
