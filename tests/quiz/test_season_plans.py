"""What a plan must be, and what of it may still change: its past and its promises may not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.quiz.making import TODAY
from tests.quiz.season_making import a_card, a_plan
from wx_archive.quiz.season_plans import (
    Plan,
    card_problems,
    change_problems,
    changed,
    next_plan,
    plan_problems,
    with_changes,
)

DAY = timedelta(days=1)
RUNNING = a_plan(starts_on=TODAY - 10 * DAY)
TO_COME = a_plan()
OVER = a_plan(starts_on=TODAY - 40 * DAY, ends_on=TODAY - DAY)


def test_a_good_plan_has_no_problems() -> None:
    assert plan_problems(a_plan()) == {}
    assert plan_problems(a_plan(starts_on=TODAY, ends_on=TODAY, pick_up_until=TODAY)) == {}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "名" * 41}, "name"),
        ({"ends_on": TODAY}, "ends_on"),
        ({"ends_on": TODAY + 367 * DAY, "pick_up_until": TODAY + 400 * DAY}, "ends_on"),
        ({"pick_up_until": TODAY + 29 * DAY}, "pick_up_until"),
        ({"daily_cap": 0}, "daily_cap"),
        ({"daily_cap": 201}, "daily_cap"),
        ({"rules": "字" * 4001}, "rules"),
    ],
)
def test_each_mistake_is_told_beside_its_field(changes: dict[str, object], field: str) -> None:
    assert set(plan_problems(a_plan(**changes))) == {field}


@pytest.mark.parametrize("field", ["number", "title", "story", "source"])
def test_a_card_says_all_that_it_must(field: str) -> None:
    for said in ("", "字" * 401):
        words = replace(a_card(), **{field: said})
        assert set(card_problems(words)) == {field}


@pytest.mark.parametrize(
    ("before", "changes", "field"),
    [
        (RUNNING, {"starts_on": TODAY - 9 * DAY}, "starts_on"),
        (RUNNING, {"starts_on": TODAY + DAY}, "starts_on"),
        (RUNNING, {"ends_on": TODAY - DAY}, "ends_on"),
        (RUNNING, {"ends_on": TODAY}, None),
        (RUNNING, {"pick_up_until": RUNNING.pick_up_until - DAY}, "pick_up_until"),
        (RUNNING, {"pick_up_until": RUNNING.pick_up_until + DAY}, None),
        (RUNNING, {"daily_cap": 9, "rules": "新的规则", "themes": ("things",)}, None),
        (TO_COME, {"starts_on": TODAY}, None),
        (TO_COME, {"starts_on": TODAY - DAY}, "starts_on"),
        (TO_COME, {"starts_on": TODAY + 2 * DAY}, None),
        (OVER, {"pick_up_until": OVER.pick_up_until + DAY}, None),
        (OVER, {"ends_on": TODAY - 2 * DAY}, "ends_on"),
    ],
)
def test_the_past_and_what_was_promised_stay(
    before: Plan, changes: dict[str, object], field: str | None
) -> None:
    after = with_changes(before, changes)
    assert set(change_problems(before, after, TODAY)) == ({field} if field else set())


def test_what_changed_makes_the_one_into_the_other() -> None:
    before = a_plan()
    after = a_plan(name="改名", ends_on=TODAY + 20 * DAY, themes=("papers", "things"))
    told = changed(before, after)
    assert told == {"name": "改名", "ends_on": "2026-12-13", "themes": ["papers", "things"]}
    assert with_changes(before, told) == after


def test_the_next_season_begins_on_the_day_after() -> None:
    made = next_plan(a_plan(name="名" * 40), after=TODAY)
    assert made.starts_on == TODAY + DAY
    assert made.days == 30
    assert plan_problems(made) == {}
