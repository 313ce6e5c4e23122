"""Working days: known facts, weekends worked, years that nobody has announced yet."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.sites import write
from wx_archive.core.errors import FileProblemError
from wx_archive.core.workdays import FILE, Calendar, Reckoned, Year, calendar_of

PROJECT = Path(__file__).parents[2]
LIBRARY = Calendar()
ANNOUNCED = """
years:
  2027:
    notice: 试
    holidays: [2027-01-01, 2027-02-08, 2027-02-09]
    workdays: [2027-02-06]
"""


@pytest.mark.parametrize(
    ("day", "count", "due"),
    [
        (date(2025, 9, 25), 20, date(2025, 10, 29)),
        (date(2026, 2, 10), 20, date(2026, 3, 16)),
        (date(2025, 1, 24), 1, date(2025, 1, 26)),
        (date(2026, 11, 23), 5, date(2026, 11, 30)),
        (date(2026, 11, 23), 0, date(2026, 11, 23)),
    ],
)
def test_counting_goes_by_days_off_and_weekends_worked(day: date, count: int, due: date) -> None:
    assert LIBRARY.add_workdays(day, count) == Reckoned(due, is_known=True)


def test_a_sunday_may_be_worked_and_a_wednesday_off() -> None:
    assert LIBRARY.is_workday(date(2025, 1, 26))
    assert not LIBRARY.is_workday(date(2025, 10, 8))
    assert not LIBRARY.is_workday(date(2025, 10, 12))


def test_a_year_that_nobody_has_announced_counts_by_weekends_and_says_so() -> None:
    assert not LIBRARY.is_workday(date(2031, 5, 3))  # a Saturday
    assert LIBRARY.is_workday(date(2031, 5, 1))  # certainly off; nobody knows yet
    assert LIBRARY.add_workdays(date(2026, 12, 30), 1).is_known
    beyond = LIBRARY.add_workdays(date(2031, 4, 30), 3)
    assert beyond == Reckoned(date(2031, 5, 5), is_known=False)
    assert not LIBRARY.add_workdays(date(2003, 12, 30), 5).is_known


def test_counting_back_agrees_with_counting_on() -> None:
    for start in range(40):
        day = date(2025, 9, 20) + timedelta(days=start)
        for count in (1, 3, 7):
            assert LIBRARY.count_workdays(day, LIBRARY.add_workdays(day, count).day) == count
    assert LIBRARY.count_workdays(date(2025, 10, 9), date(2025, 10, 1)) == 0


def test_nobody_counts_backwards() -> None:
    with pytest.raises(ValueError, match="-1"):
        LIBRARY.add_workdays(date(2026, 1, 1), -1)


def test_a_site_adds_the_years_that_the_library_does_not_know(tmp_path: Path) -> None:
    write(tmp_path / FILE, ANNOUNCED)
    own = calendar_of(tmp_path)
    assert own.is_workday(date(2027, 2, 6))
    assert not own.is_workday(date(2027, 2, 8))
    assert own.add_workdays(date(2027, 2, 5), 2) == Reckoned(date(2027, 2, 10), is_known=True)
    assert not own.knows(date(2027, 12, 1), date(2028, 1, 1))


def test_a_sites_own_year_wins_over_the_library() -> None:
    own = Calendar({2025: Year(holidays=[date(2025, 1, 26)])})
    assert not own.is_workday(date(2025, 1, 26))
    assert own.is_workday(date(2025, 10, 8))


def test_without_a_file_the_library_alone_counts(tmp_path: Path) -> None:
    assert calendar_of(tmp_path) == LIBRARY


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("years: {2027: {holidays: [2026-01-01]}}", "不在 2027 年里"),
        ("years: {2027: {holidays: [2027-02-06], workdays: [2027-02-06]}}", "又放假又上班"),
        ("years: {2027: {holidays: [2027-01-01], workdays: [2027-02-08]}}", "本来就是工作日"),
        ("years: {2027: {holidays: []}}", "不能为空"),
        ("years: {2027: {holidays: [春节]}}", "2027"),
    ],
)
def test_a_mistake_in_the_file_names_its_place(tmp_path: Path, text: str, says: str) -> None:
    path = write(tmp_path / FILE, text)
    with pytest.raises(FileProblemError, match=says) as refused:
        calendar_of(tmp_path)
    assert str(refused.value).startswith(f"{path}:1:")


def test_the_sample_sites_file_is_valid() -> None:
    assert calendar_of(PROJECT / "content").is_workday(date(2026, 11, 23))
