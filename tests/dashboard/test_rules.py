"""Spans and periods: what the calendar says, nothing counted twice."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wx_archive.dashboard import forms
from wx_archive.dashboard.rules import Count, Preset, Span, Step, by_period, span_of, total
from wx_archive.staff.plugs import Use, UseChannel

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("preset", "first", "last"),
    [
        (Preset.WEEK, date(2026, 11, 17), TODAY),
        (Preset.DAYS, date(2026, 10, 25), TODAY),
        (Preset.MONTH, date(2026, 11, 1), TODAY),
        (Preset.LAST_MONTH, date(2026, 10, 1), date(2026, 10, 31)),
        (Preset.YEAR, date(2026, 1, 1), TODAY),
    ],
)
def test_presets_are_days_of_the_calendar(preset: Preset, first: date, last: date) -> None:
    assert span_of(preset, today=TODAY) == Span(first, last)


def test_the_month_before_january_is_december() -> None:
    assert span_of(Preset.LAST_MONTH, today=date(2027, 1, 31)) == Span(
        date(2026, 12, 1), date(2026, 12, 31)
    )


def test_months_are_whole_or_called_parts() -> None:
    span = Span(date(2024, 1, 15), date(2024, 3, 30))
    found = by_period([], span, Step.MONTH)
    assert [(each.name, each.is_part) for each in found] == [
        ("2024-01", True),
        ("2024-02", False),  # 29 days
        ("2024-03", True),
    ]


def test_years_are_whole_or_called_parts() -> None:
    found = by_period([], Span(date(2024, 1, 1), TODAY), Step.YEAR)
    assert [(each.name, each.is_part) for each in found] == [
        ("2024", False),
        ("2025", False),
        ("2026", True),
    ]


def test_december_is_whole() -> None:
    span = Span(date(2025, 12, 1), date(2025, 12, 31))
    assert [each.is_part for each in by_period([], span, Step.MONTH)] == [False]


def test_what_several_features_tell_of_a_day_adds_up() -> None:
    uses = [
        Use(TODAY, UseChannel.DESK, 1, 4),
        Use(TODAY, UseChannel.DESK, 2, 5),
        Use(TODAY, UseChannel.CHAT, 7, 0),
    ]
    (day,) = by_period(uses, Span(TODAY, TODAY), Step.DAY)
    assert day.counts[UseChannel.DESK] == Count(3, 9)
    assert day.counts[UseChannel.LETTER] == Count()
    assert day.total == Count(10, 9)


some_uses = st.lists(
    st.builds(
        Use,
        st.integers(0, 799).map(lambda number: date(2024, 11, 23) + timedelta(days=number % 731)),
        st.sampled_from(UseChannel),
        st.integers(0, 99),
        st.integers(0, 99),
    ),
    max_size=60,
)


@given(some_uses)
def test_days_months_and_years_have_the_same_sum(uses: list[Use]) -> None:
    span = Span(date(2024, 11, 23), TODAY)
    sums = {total(by_period(uses, span, step)).total for step in Step}
    assert sums == {Count(sum(use.people for use in uses), sum(use.items for use in uses))}


def test_every_day_of_the_span_has_its_line() -> None:
    span = Span(date(2026, 2, 27), date(2026, 3, 2))
    names = [each.name for each in by_period([], span, Step.DAY)]
    assert names == ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]


@pytest.mark.parametrize(
    ("first", "last", "field", "says"),
    [
        ("2026-11-24", "2026-11-24", "to", "最晚到今天"),
        ("2026-11-23", "2026-11-22", "to", "不能早于"),
        ("1999-12-31", "2000-01-05", "from", "最早从 2000 年开始"),
        ("0001-01-01", "0001-01-02", "from", "最早从 2000 年开始"),
        ("2025-11-22", "2026-11-23", "to", "最多看 366 天"),
        ("2026-11-01", "", "to", "请填一个日子"),
        ("", "2026-11-01", "from", "请填一个日子"),
    ],
)
def test_days_that_cannot_be_are_told_beside_their_field(
    first: str, last: str, field: str, says: str
) -> None:
    choice = forms.choose({"from": first, "to": last}, today=TODAY)
    assert choice.span is None
    told = {"from": choice.form.first.errors, "to": choice.form.last.errors}
    assert says in "".join(told.pop(field))
    assert not any(told.values())


def test_a_leap_year_fits_and_so_does_one_day() -> None:
    for first, last in (("2025-11-23", "2026-11-23"), ("2026-11-23", "2026-11-23")):
        span = forms.choose({"from": first, "to": last}, today=TODAY).span
        assert span == Span(date.fromisoformat(first), date.fromisoformat(last))


def test_no_days_or_an_unknown_name_is_the_last_thirty() -> None:
    for asked in ({}, {"span": "ever"}):
        choice = forms.choose(asked, today=TODAY)
        assert choice.preset is Preset.DAYS
        assert choice.span == span_of(Preset.DAYS, today=TODAY)
