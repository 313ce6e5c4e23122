"""A sender's words for when, as the catalogue writes dates."""

import pytest

from wx_archive.catalogue.files.dates import read_span
from wx_archive.treasures.dating import catalogued
from wx_archive.treasures.page_texts import DECADES


@pytest.mark.parametrize(
    ("told", "written"),
    [
        ("1975年", "1975年"),
        ("七十年代，1977年", "1977年"),
        ("六十年代，1960年5月1日", "1960年5月1日"),
        ("1977年 5月", "1977年 5月"),
        ("1977年到1979年", "1977年到1979年"),
        ("1977年前后", "1977年前后"),
        ("一九七七年", "1977年"),
        ("不知道，大概1977年吧", "[1977]"),
        ("1977年春节", "[1977]"),
        ("1949年以前，1937年", "1937年"),
        ("七十年代", "[1970-1979]"),
        ("七十年代，77年", "[1970-1979]"),
        ("上世纪80年代初", "[1980-1989]"),
        ("2010年代", "[2010-2019]"),
    ],
)
def test_what_can_be_read_is_a_date_of_the_catalogue(told: str, written: str) -> None:
    assert catalogued(told) == written
    assert read_span(written)


@pytest.mark.parametrize(
    "told",
    [
        *("", "不知道", "1949年以前", "2000年以后", "一九四九年以前", "七十年代以前"),
        *("七八十年代", "七十到八十年代", "60-70年代", "七十年代，六十年代", "19世纪七十年代"),
        *("1949年参军，1977年转业", "1949年春，1977年", "小时候"),
    ],
)
def test_what_is_open_or_contradicts_itself_is_no_date(told: str) -> None:
    assert catalogued(told) == ""


def test_every_decade_that_the_form_offers_is_a_date_or_none() -> None:
    read = {one: catalogued(one) for one in DECADES}
    assert [one for one, date in read.items() if not date] == ["1949年以前", "2000年以后", "不知道"]
