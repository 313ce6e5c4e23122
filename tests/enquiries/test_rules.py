"""States as a graph, numbers in every spelling."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.builders import wide
from wx_archive.core.workdays import Calendar
from wx_archive.enquiries import rules
from wx_archive.enquiries.rules import Clock, Kind, Rating, State

DIAGRAM = Path(__file__).parents[2] / "docs" / "states" / "enquiries.mmd"
EDGE = re.compile(r"^\s*(\S+) --> (\S+)$", re.MULTILINE)
NAME = re.compile(r"^\s*(\w+): (\S+)$", re.MULTILINE)


def reachable(state: State) -> set[State]:
    """Return every state that may follow, sooner or later."""
    seen: set[State] = set()
    rest = [state]
    while rest:
        for following in rules.TRANSITIONS[rest.pop()] - seen:
            seen.add(following)
            rest.append(following)
    return seen


# -- the graph --------------------------------------------------------------------------------


def test_every_state_has_its_row_and_its_place_in_one_group() -> None:
    assert set(rules.TRANSITIONS) == set(State)
    groups = (rules.OPEN, rules.ANSWERED, rules.OVER)
    assert sorted(state for group in groups for state in group) == sorted(State)


def test_every_state_can_be_reached_and_left_until_it_is_over() -> None:
    assert reachable(rules.FIRST) | {rules.FIRST} == set(State)
    for state in set(State) - rules.OVER:
        assert reachable(state) & rules.OVER, state


def test_what_is_over_stays_over_and_what_was_answered_is_only_closed() -> None:
    for state in rules.OVER:
        assert rules.TRANSITIONS[state] == frozenset()
    for state in rules.ANSWERED:
        assert rules.TRANSITIONS[state] == {State.CLOSED}


def test_what_is_open_and_only_that_can_be_withdrawn() -> None:
    ways = {state for state, following in rules.TRANSITIONS.items() if State.WITHDRAWN in following}
    assert ways == rules.OPEN


def test_nothing_is_found_or_not_found_without_having_been_searched_for() -> None:
    for result in (State.FOUND, State.NOT_FOUND):
        ways = {state for state, following in rules.TRANSITIONS.items() if result in following}
        assert ways == {State.SEARCHING, State.CONSULTING}
    into = {state for state, after in rules.TRANSITIONS.items() if State.CONSULTING in after}
    assert into == {State.SEARCHING}


def test_who_has_to_do_something_or_gets_an_answer_is_told() -> None:
    assert {State.NEED_FIX, State.FOUND, State.NOT_FOUND, State.REFERRED} <= rules.TOLD
    assert not rules.TOLD & {State.SUBMITTED, State.WITHDRAWN}
    assert rules.NEEDS_NOTE <= rules.TOLD


def test_the_drawing_shows_the_graph_as_it_is() -> None:
    drawing = DIAGRAM.read_text(encoding="utf-8")
    drawn = set(EDGE.findall(drawing))
    ends = {("[*]", rules.FIRST.value), *((state.value, "[*]") for state in rules.OVER)}
    steps = {(one.value, two.value) for one, all_ in rules.TRANSITIONS.items() for two in all_}
    assert drawn == steps | ends
    assert dict(NAME.findall(drawing)) == {
        state.value: rules.label(Kind.SEARCH, state) for state in State
    }


def test_every_state_has_a_chinese_name_of_its_own_for_each_kind() -> None:
    for kind in Kind:
        labels = [rules.label(kind, state) for state in State]
        assert len(set(labels)) == len(labels)
        assert not any(label.isascii() for label in labels)


def test_nothing_stands_still_for_ever() -> None:
    assert set(rules.DEADLINES) == set(State) - rules.OVER
    for state in set(State) - rules.OVER:
        clock = CLOCK.started(5, today=MONDAY, calendar=LIBRARY)
        assert rules.act_by(state, clock, since=MONDAY, calendar=LIBRARY), state
        ends_by_itself = State.CLOSED in rules.TRANSITIONS[state]
        assert ends_by_itself == (state not in rules.STAFF_ACTS), state
    for state in rules.OVER:
        assert rules.act_by(state, CLOCK, since=MONDAY, calendar=LIBRARY) is None


# -- the clock --------------------------------------------------------------------------------

LIBRARY = Calendar()
CLOCK = Clock()
MONDAY = date(2026, 11, 23)


def test_a_promise_begins_with_the_first_acceptance_and_stays() -> None:
    clock = CLOCK.started(5, today=MONDAY, calendar=LIBRARY)
    assert (clock.accepted_on, clock.due_on) == (MONDAY, date(2026, 11, 30))
    again = clock.started(20, today=date(2026, 11, 26), calendar=LIBRARY)
    assert again == clock


def test_the_due_day_moves_by_the_working_days_that_the_clock_stood() -> None:
    clock = CLOCK.started(5, today=MONDAY, calendar=LIBRARY).stopped(today=date(2026, 11, 24))
    assert clock.stopped(today=date(2026, 11, 27)).paused_on == date(2026, 11, 24)
    assert clock.due_on == date(2026, 11, 30)
    on = clock.resumed(today=date(2026, 12, 1), calendar=LIBRARY)  # five working days later
    assert (on.due_on, on.paused_days, on.paused_on) == (date(2026, 12, 7), 5, None)
    assert on.used(today=date(2026, 12, 7), calendar=LIBRARY) == 5
    twice = on.stopped(today=date(2026, 12, 4)).resumed(today=date(2026, 12, 6), calendar=LIBRARY)
    assert twice.due_on == date(2026, 12, 7)  # stood over a weekend only


@pytest.mark.parametrize("stood", range(0, 30, 3))
def test_what_was_left_when_it_stopped_is_left_when_it_goes_on(stood: int) -> None:
    stopped_on = date(2026, 9, 28)  # before the long holiday
    clock = CLOCK.started(10, today=date(2026, 9, 23), calendar=LIBRARY).stopped(today=stopped_on)
    assert clock.due_on
    left = LIBRARY.count_workdays(stopped_on, clock.due_on)
    day = stopped_on + timedelta(days=stood)
    on = clock.resumed(today=day, calendar=LIBRARY)
    assert on.due_on
    assert LIBRARY.count_workdays(day, on.due_on) == left


def test_a_promise_over_new_year_says_that_the_day_is_estimated() -> None:
    known = CLOCK.started(5, today=MONDAY, calendar=LIBRARY)
    assert known.is_due_known
    assert not known.extended(60, calendar=LIBRARY).is_due_known
    later = known.stopped(today=MONDAY).resumed(today=date(2027, 3, 1), calendar=LIBRARY)
    assert not later.is_due_known


def test_before_acceptance_there_is_no_clock_to_stop() -> None:
    assert CLOCK.stopped(today=MONDAY) == CLOCK
    assert CLOCK.resumed(today=MONDAY, calendar=LIBRARY) == CLOCK
    assert CLOCK.extended(3, calendar=LIBRARY).due_on is None
    assert CLOCK.used(today=MONDAY, calendar=LIBRARY) is None


# -- ratings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "score", "words"),
    [
        ("查2026-000123 5", 5, ""),
        ("查2026-123 5分", 5, ""),
        ("2026-123 4 很快，谢谢", 4, "很快，谢谢"),
        ("查 2026—123 1星 等了很久", 1, "等了很久"),
        ("查2026-000123", None, ""),
        ("查2026-000123 9", None, "9"),
        ("查2026-000123 很好", None, "很好"),
    ],
)
def test_a_rating_is_read_with_its_number(text: str, score: int | None, words: str) -> None:
    rating = rules.read_rating(text)
    assert "查2026-000123" in rating.numbers
    assert (rating.score, rating.words) == (score, words)


def test_a_rating_without_a_number_and_what_is_none() -> None:
    assert rules.read_rating("5 很好") == Rating((), 5, "很好")
    assert rules.read_rating("3分") == Rating((), 3, "")
    for text in ("绩效考核办法", "2015年工作", "55", "0", "6 不错"):
        rating = rules.read_rating(text)
        assert (rating.numbers, rating.score) == ((), None), text


# -- numbers ----------------------------------------------------------------------------------


def test_a_number_names_kind_year_and_place() -> None:
    assert rules.number(Kind.SEARCH, 2026, 123) == "查2026-000123"
    assert rules.number(Kind.CORRECTION, 2026, 45) == "纠2026-000045"
    assert rules.number(Kind.SEARCH, 2026, 1_234_567) == "查2026-1234567"


@pytest.mark.parametrize(
    "text",
    [
        "查2026-000123",
        "查2026-123",
        "查 2026-123",
        "查2026 - 0123",
        "查号2026-123",
        "「查2026-000123」",
        "〔查2026-000123〕。",
        "查2026—123",
        "查2026–123",
        "查2026_123",
        "查2026000123",
        "查" + wide("2026-000123"),
        wide("查2026-123"),
        "\u3000查\u30002026\u3000123 ",
    ],
)
def test_a_number_is_read_however_it_is_spelled(text: str) -> None:
    assert rules.read_number(text) == ("查2026-000123",)


def test_without_its_first_character_a_number_may_be_of_either_kind() -> None:
    assert rules.read_number("2026-45") == ("查2026-000045", "纠2026-000045")
    assert rules.read_number("纠2026-45") == ("纠2026-000045",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "查",
        "公积金",
        "查2026",
        "查2026-",
        "20-123",
        "查3026-1",
        "查2026-1234567890",
        "一下",
        "查2026-12a",
        "查2026-1-2",
        "取2026-123",
        "查2026-１２３人",
    ],
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert rules.read_number(text) == ()


@pytest.mark.parametrize("text", ["查2026-000123", "进度查2026-123", "撤回 查2026－000123。"])
def test_a_number_alone_is_known_by_its_shape(text: str) -> None:
    assert rules.read_bare_number(text) == ("查2026-000123",)


@pytest.mark.parametrize(
    "text", ["查2010-2019", "2026-000123", "查2026000123", "查2026-000123公积金", "0012-2-0345-012"]
)
def test_years_and_reference_codes_alone_are_left_to_the_lookup(text: str) -> None:
    assert rules.read_bare_number(text) == ()
