"""The states of a question and of a voucher are as drawn in docs/states/quiz.mmd."""

import re
from pathlib import Path

from wx_archive.quiz import rules

DIAGRAM = Path(__file__).parents[2] / "docs" / "states" / "quiz.mmd"
_NAMED = re.compile(r"^ {8}(\w+): (\S+)$", re.MULTILINE)
_MOVED = re.compile(r"^ {8}(\w+) --> (\w+)$", re.MULTILINE)
_ENDS = re.compile(r"^ {8}(\w+) --> \[\*\]$", re.MULTILINE)


def test_the_states_are_as_drawn() -> None:
    names = dict(_NAMED.findall(DIAGRAM.read_text(encoding="utf-8")))
    draws = {state.value: name for state, name in rules.DRAW_STATES.items()}
    vouchers = {state.value: name for state, name in rules.VOUCHER_STATES.items()}
    assert names == draws | vouchers
    assert set(rules.DRAW_STATES) == set(rules.DrawState)
    assert set(rules.VOUCHER_STATES) == set(rules.VoucherState)


def test_the_moves_are_as_drawn() -> None:
    drawn = set(_MOVED.findall(DIAGRAM.read_text(encoding="utf-8")))
    known = {(old.value, new.value) for old, moves in rules.DRAW_MOVES.items() for new in moves}
    known |= {(old.value, new.value) for old, moves in rules.VOUCHER_MOVES.items() for new in moves}
    assert drawn == known


def test_what_may_be_an_end_is_drawn_as_one() -> None:
    ends = set(_ENDS.findall(DIAGRAM.read_text(encoding="utf-8")))
    last = {str(state) for state, moves in rules.DRAW_MOVES.items() if not moves}
    last |= {str(state) for state, moves in rules.VOUCHER_MOVES.items() if not moves}
    assert ends == last | {rules.VoucherState.REDEEMED.value}


def test_a_card_comes_with_every_tenth_right_answer_and_never_an_eleventh() -> None:
    cards = [rules.card_at(credit) for credit in range(251)]
    assert [card for card in cards if card] == list(range(1, 11))
    assert all(cards[10 * ordinal] == ordinal for ordinal in range(1, 11))


def test_levels_have_ten_questions_and_titles_do_not_run_out() -> None:
    assert [rules.level_of(place) for place in (1, 10, 11, 120)] == [
        (1, 1),
        (1, 10),
        (2, 1),
        (12, 10),
    ]
    assert len({rules.title_after(level) for level in range(1, 11)}) == 10
    assert rules.title_after(99) == rules.TITLES[-1]
