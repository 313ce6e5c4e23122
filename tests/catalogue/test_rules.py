"""Codes and numbers in one spelling, validity on a day, who may see what."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import wide
from wx_archive.catalogue.rules import (
    Access,
    Disclosure,
    Period,
    Validity,
    document_access,
    document_is_public,
    document_number,
    looks_like_reference_code,
    reference_code,
    validity,
)

DAY = date(2020, 6, 1)
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
REAL = Path(__file__).parents[2].parent / "shared" / "data" / "real_doc_numbers.tsv"


@pytest.mark.parametrize(
    "spelling",
    [
        "十政发〔2004〕12号",
        "十政发[2004]12号",
        "十政发（2004）12号",
        f"十政发【{wide('2004')}】{wide('12')}号",
        "十政发﹝2004﹞12號",
        "十政發〔二〇〇四〕12号",
        "十政发〔二\u25cb\u25cb四〕十二号",
        "十政发 2004 12号",
        "十政发2004 12号",
        "十政发2004年12号",
        "十政发2004-12",
        "十政发〔2004〕第12号",
        "十政发〔2004〕012号",
        "十政发〔2004〕12",
        " 十 政 发 〔 2004 〕 12 号 ",
        "文号：十政发〔2004〕12号",
    ],
)
def test_every_spelling_of_a_number_is_the_same_number(spelling: str) -> None:
    assert document_number(spelling) == "十政发|2004|12"


@pytest.mark.parametrize(
    ("spelling", "key"),
    [
        ("国务院令第350号", "国务院令||350"),
        ("国务院令（第三百五十号）", "国务院令||350"),
        ("主席令第三十五号", "主席令||35"),
        ("主席令第十号", "主席令||10"),
        ("主席令第一百零五号", "主席令||105"),
        ("主席令第二〇号", "主席令||20"),
        ("商务部公告第5号", "商务部公告||5"),
        ("商务部公告2020年第5号", "商务部公告|2020|5"),
    ],
)
def test_decrees_and_notices_have_numbers_of_their_own(spelling: str, key: str) -> None:
    assert document_number(spelling) == key


@pytest.mark.parametrize(
    "words",
    [
        "",
        "公积金",
        "公积金 2010-2019",
        "2004年 房改",
        "60年代",
        "0012-2-0345",
        "〔2004〕12号",
        "2004",
    ],
)
def test_other_words_are_no_document_number(words: str) -> None:
    assert document_number(words) is None


@pytest.mark.skipif(not REAL.exists(), reason="the folder of real data is not here")
def test_real_numbers_as_published_are_understood() -> None:
    lines = REAL.read_text(encoding="utf-8").splitlines()
    lost = [line for line in lines if document_number(line.split("\t")[-1]) is None]
    assert len(lines) > 10_000
    assert len(lost) <= 1


def test_a_reference_code_is_compared_without_spaces_and_width() -> None:
    assert reference_code(f"{wide('0012-')}2 -（0345）") == "0012-2-0345"


@pytest.mark.parametrize("typed", ["0012-2-0345-012", "0012-2", wide("X043-A-1"), "X043·A-WS·2019"])
def test_what_may_be_a_reference_code(typed: str) -> None:
    assert looks_like_reference_code(typed)


@pytest.mark.parametrize("typed", ["公积金", "0012", "甲-乙", "0012-2 公路", "-5", ""])
def test_what_is_no_reference_code(typed: str) -> None:
    assert not looks_like_reference_code(typed)


@pytest.mark.parametrize(
    ("period", "day", "expected"),
    [
        (Period(), DAY, Validity.UNKNOWN),
        (Period(effective_from=DAY), BEFORE, Validity.NOT_YET),
        (Period(effective_from=DAY), DAY, Validity.IN_FORCE),
        (Period(effective_from=BEFORE, effective_to=DAY), DAY, Validity.IN_FORCE),
        (Period(effective_from=BEFORE, effective_to=DAY), AFTER, Validity.EXPIRED),
        (Period(effective_to=DAY), AFTER, Validity.EXPIRED),
        (Period(effective_to=DAY), DAY, Validity.UNKNOWN),
        (Period(effective_from=BEFORE, repealed_on=AFTER), DAY, Validity.IN_FORCE),
        (Period(effective_from=BEFORE, repealed_on=DAY), DAY, Validity.REPEALED),
        (Period(repealed_on=DAY), BEFORE, Validity.UNKNOWN),
        (Period(effective_to=BEFORE, repealed_on=DAY), DAY, Validity.REPEALED),
    ],
)
def test_validity_is_told_for_a_day_and_never_guessed(
    period: Period, day: date, expected: Validity
) -> None:
    assert validity(period, on=day) is expected


def test_an_amended_document_is_in_force_as_amended_until_something_ends_it() -> None:
    amended = Period(effective_from=BEFORE, amended_on=DAY)
    assert validity(amended, on=BEFORE) is Validity.IN_FORCE
    assert validity(amended, on=DAY) is Validity.AMENDED
    assert validity(Period(amended_on=DAY), on=DAY) is Validity.AMENDED
    assert validity(Period(amended_on=DAY), on=BEFORE) is Validity.UNKNOWN
    assert validity(replace(amended, repealed_on=AFTER), on=DAY) is Validity.AMENDED
    assert validity(replace(amended, repealed_on=AFTER), on=AFTER) is Validity.REPEALED
    assert validity(replace(amended, effective_to=DAY), on=AFTER) is Validity.EXPIRED
    not_yet = Period(effective_from=AFTER, amended_on=BEFORE)
    assert validity(not_yet, on=DAY) is Validity.NOT_YET


DAYS = st.none() | st.dates(BEFORE - timedelta(days=3), AFTER + timedelta(days=3))


@given(st.builds(Period, DAYS, DAYS, DAYS, DAYS), st.dates(BEFORE, AFTER))
def test_nothing_comes_back_into_force_by_itself(period: Period, day: date) -> None:
    over = (Validity.REPEALED, Validity.EXPIRED)
    if validity(period, on=day) in over:
        assert validity(period, on=day + timedelta(days=1)) in over


def test_a_document_that_is_not_disclosed_is_not_public() -> None:
    public = {level for level in Disclosure if document_is_public(level)}
    assert public == {Disclosure.FULL, Disclosure.PARTIAL}
    assert document_access(Disclosure.FULL) is Access.ONLINE
    assert document_access(Disclosure.PARTIAL) is Access.APPLY
