"""The code of a voucher: every slip is found, every spelling is read, nobody guesses one."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import wide
from wx_archive.quiz import codes
from wx_archive.quiz.codes import ALPHABET, LENGTH

SOUND = "7K3M9QX2" + "4D"


def a_code() -> str:
    return codes.new_code()


def replaced(code: str, place: int, character: str) -> str:
    return code[:place] + character + code[place + 1 :]


def swapped(code: str, one: int, other: int) -> str:
    characters = list(code)
    characters[one], characters[other] = characters[other], characters[one]
    return "".join(characters)


def test_the_alphabet_has_32_characters_and_none_that_is_taken_for_another() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET) == 32
    assert not set("0O1I") & set(ALPHABET)


def test_codes_have_ten_characters_and_differ() -> None:
    some = {a_code() for _ in range(2_000)}
    assert len(some) == 2_000
    assert {len(code) for code in some} == {LENGTH}
    assert set("".join(some)) == set(ALPHABET)
    assert all(codes.read(code) == code for code in some)


def test_every_single_wrong_character_is_found() -> None:
    for code in [a_code() for _ in range(50)]:
        for place in range(LENGTH):
            for character in ALPHABET:
                if character != code[place]:
                    assert codes.read(replaced(code, place, character)) is None


def test_every_swap_of_two_characters_is_found_neighbours_or_not() -> None:
    for code in [a_code() for _ in range(200)]:
        for one, other in combinations(range(LENGTH), 2):
            if code[one] != code[other]:
                assert codes.read(swapped(code, one, other)) is None


def test_the_two_proofs_hold_for_every_value_at_every_place() -> None:
    """What a difference changes in the sum is never nothing: then it holds for all 2⁴⁵ codes."""
    zero = [0] * LENGTH
    for place in range(LENGTH):
        sums = {
            codes.weighted_sum([*zero[:place], value, *zero[place + 1 :]]) for value in range(32)
        }
        assert len(sums) == 32  # one wrong character: the sum moves by something else than 0
    for one, other in combinations(range(LENGTH), 2):
        for value in range(1, 32):
            both = list(zero)
            both[one] = both[other] = value
            assert codes.weighted_sum(both) != 0  # a swap adds the same difference at both places


def test_one_in_32_of_all_others_passes() -> None:
    passing = sum(codes.is_sound(SOUND[:9] + character) for character in ALPHABET)
    assert passing == 1


@pytest.mark.parametrize("spell", [str, str.lower, wide, codes.printed])
def test_case_width_and_hyphens_do_not_matter(spell: object) -> None:
    assert callable(spell)
    code = a_code()
    assert codes.read(spell(code)) == code


@pytest.mark.parametrize(
    "typed", [" {} ", "{}\n", "\u3000{}\u3000", "https://a.example.org/console/quiz/desk?code={}"]
)
def test_spaces_and_a_scanned_address_do_not_matter(typed: str) -> None:
    code = a_code()
    assert codes.read(typed.format(code)) == code
    assert codes.read(typed.format(codes.printed(code))) == code
    assert codes.read(typed.format(" ".join(code) if "?" not in typed else code)) == code


def test_the_address_of_a_qr_code_reads_back() -> None:
    code = a_code()
    assert codes.read(codes.address("http://127.0.0.1:8000", code)) == code


def test_a_code_is_printed_in_groups() -> None:
    assert codes.printed("7K3M9QX24D") == "7K3M-9QX2-4D"


@pytest.mark.parametrize(
    "typed",
    ["", "-", "7K3M", "0000000000", "7K3M9QX24D7K3M9QX24D", "凭证", "http://[x?code=1", "%00" * 9],
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert codes.read(typed) is None


@given(st.text(max_size=400))
def test_whatever_is_typed_is_read_or_refused(typed: str) -> None:
    found = codes.read(typed)
    assert found is None or codes.is_sound(found)


def test_the_desks_check_needs_the_secret_and_the_code() -> None:
    code = a_code()
    check = codes.desk_check(code, "a-secret")
    assert len(check) == 4
    assert check.isdecimal()
    assert check == codes.desk_check(code, "a-secret")
    others = {codes.desk_check(a_code(), "a-secret") for _ in range(200)}
    assert len(others) > 150
    assert {codes.desk_check(code, f"secret-{n}") for n in range(20)} != {check}
