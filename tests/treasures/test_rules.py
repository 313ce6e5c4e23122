"""Numbers in every spelling, names as they may be shown."""

import pytest

from wx_archive.treasures import rules
from wx_archive.treasures.rules import NOBODY, Credit, Sign, Wish


@pytest.mark.parametrize(
    "typed",
    [
        "珍2026-000012",
        "珍2026-12",
        "2026-12",
        "珍号2026-000012",
        "珍\uff12\uff10\uff12\uff16\uff0d\uff10\uff11\uff12",
        "「珍2026—000012」。",
        "珍 2026 - 12",
    ],
)
def test_a_number_is_read_in_any_spelling(typed: str) -> None:
    assert rules.read_number(typed) == "珍2026-000012"


@pytest.mark.parametrize(
    "typed", ["", "珍", "查2026-000012", "珍档", "2026", "珍1826-1", "珍2026-"]
)
def test_what_is_no_number_is_none(typed: str) -> None:
    assert rules.read_number(typed) is None


def test_bare_words_are_a_number_only_with_the_sign() -> None:
    assert rules.read_bare_number("撤回珍2026-3") == "珍2026-000003"
    assert rules.read_bare_number("2026-3") is None


def test_each_book_has_its_sign() -> None:
    assert [rules.number(sign, 2026, 7) for sign in Sign] == [
        "珍2026-000007",
        "协2026-000007",
        "藏2026-000007",
        "证2026-000007",
    ]


@pytest.mark.parametrize(
    ("credit", "name", "shown"),
    [
        (Credit.NAME, "张秀英", "张秀英"),
        (Credit.PSEUDONYM, "车城老张", "车城老张"),
        (Credit.ANONYMOUS, "张秀英", NOBODY),
        (Credit.NAME, "  ", NOBODY),
        (None, "张秀英", NOBODY),
    ],
)
def test_whoever_chose_no_name_has_none(credit: Credit | None, name: str, shown: str) -> None:
    assert rules.credited(credit, name) == shown


def test_a_tip_leads_to_no_accession() -> None:
    assert [wish for wish in Wish if not rules.may_accession(wish)] == [Wish.TIP]
    assert not rules.may_accession(None)
