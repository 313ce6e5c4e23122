"""The states of an upload are as drawn in docs/states/treasures.mmd."""

import re
from pathlib import Path

from wx_archive.treasures.rules import DAYS, GONE, MOVES, OPEN, STATES, State

DIAGRAM = Path(__file__).parents[2] / "docs" / "states" / "treasures.mmd"


def test_the_diagram_shows_the_moves_and_no_others() -> None:
    drawn = DIAGRAM.read_text(encoding="utf-8")
    arrows = set(re.findall(r"^ +(\w+) --> (\w+)$", drawn, flags=re.MULTILINE))
    assert arrows == {(one.value, two.value) for one, ways in MOVES.items() for two in ways}
    begins = re.findall(r"^ +\[\*\] --> (\w+)$", drawn, flags=re.MULTILINE)
    assert begins == [State.DRAFT.value]
    ends = set(re.findall(r"^ +(\w+) --> \[\*\]$", drawn, flags=re.MULTILINE))
    assert ends == {state.value for state, ways in MOVES.items() if not ways}


def test_the_diagram_calls_the_states_what_the_sender_is_told() -> None:
    drawn = DIAGRAM.read_text(encoding="utf-8")
    named = dict(re.findall(r"^ +(\w+): (\S+)$", drawn, flags=re.MULTILINE))
    assert named == {state.value: name for state, name in STATES.items()}


def test_whatever_is_open_has_its_day_and_nothing_else_has() -> None:
    assert set(DAYS) == OPEN


def test_what_is_gone_never_reaches_the_register() -> None:
    assert all(MOVES[state] <= GONE | {State.SCREENING} for state in GONE)
