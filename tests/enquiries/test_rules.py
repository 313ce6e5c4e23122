"""States as a graph, numbers in every spelling."""

import re
from pathlib import Path

import pytest

from tests.builders import wide
from wx_archive.enquiries import rules
from wx_archive.enquiries.rules import Kind, State

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
        assert ways == {State.SEARCHING}


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
