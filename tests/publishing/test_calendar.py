"""The publishing calendar's file, when its slots come round, and the days not to be missed."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from wx_archive.core.errors import FileProblemError
from wx_archive.core.workdays import Calendar, Year
from wx_archive.core.yamlfile import parse
from wx_archive.publishing import important_days, slots
from wx_archive.publishing.calendar import Plan, Shift, Slot, plan_of
from wx_archive.publishing.rules import Column

HERE = Path("calendar.yaml")
SLOT = 'slots: [{column: history, weekdays: [周三], time: "09:00", title: 历史钩沉}]'
WEDNESDAY = date(2026, 11, 25)


def a_slot(**changes: object) -> Slot:
    """Return a slot of every Wednesday at nine."""
    values = {
        "column": Column.HISTORY,
        "weekdays": ("周三",),
        "time": "09:00",
        "title": "历史钩沉 · {month}月{day}日",
    }
    return Slot.model_validate(values | changes)


def holidays(*days: date, worked: tuple[date, ...] = ()) -> Calendar:
    """Return a calendar in which these days of 2026 are off."""
    return Calendar({2026: Year(holidays=list(days), workdays=list(worked))})


def comes_out(slot: Slot, calendar: Calendar, first: date, last: date) -> list[date]:
    """Return the days on which a slot comes out."""
    return [each.day for each in slots.between(Plan(slots=(slot,)), calendar, first, last)]


# -- the file ---------------------------------------------------------------------------------


def test_the_calendar_of_this_site_is_in_order() -> None:
    plan = plan_of(PROJECT / "content")
    assert plan.slots[0].says == "每周三 09:00 历史钩沉"
    assert {"国际档案日", "国家宪法日"} <= {day.name for day in plan.days}
    assert plan.count == len(plan.slots) + len(plan.days)


def test_a_site_without_the_file_has_an_empty_calendar(tmp_path: Path) -> None:
    assert plan_of(tmp_path).count == 0


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("[周三]", "[星期三]", "没有“星期三”这一天"),
        ("[周三]", "[周三, 周三]", "同一天写了两次"),
        ("[周三]", "[]", "不能为空"),
        ('"09:00"', '"9:00"', '时间要写成 "09:00"'),
        ('"09:00"', '"25:00"', '时间要写成 "09:00"'),
        ('"09:00"', '"09:00:30"', '时间要写成 "09:00"'),
        ("title: 历史钩沉", 'title: "历史钩沉 {hour}"', "大括号里只能写"),
        ("column: history", "column: sports", "column"),
        ("column: history", "column: history, colour: red", "没有这一项"),
        ("title: 历史钩沉", "title: 历史钩沉, lead_days: 0", "lead_days"),
    ],
)
def test_a_mistake_in_a_slot_names_its_place_and_remedy(before: str, after: str, said: str) -> None:
    parse(SLOT, Plan, HERE)
    with pytest.raises(FileProblemError, match=r"calendar\.yaml:1:\d+") as refused:
        parse(SLOT.replace(before, after), Plan, HERE)
    assert said in str(refused.value)


def test_one_column_has_no_two_slots_at_the_same_hour() -> None:
    slot = SLOT[len("slots: [") : -1]
    with pytest.raises(FileProblemError, match="排了两次"):
        parse(f"slots: [{slot}, {slot}]", Plan, HERE)
    other = slot.replace("09:00", "10:00")
    assert parse(f"slots: [{slot}, {other}]", Plan, HERE).count == 2


@pytest.mark.parametrize("written", ["6-9", "13-01", "02-30", "2026-02-29", "20260609", "明天"])
def test_a_day_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(FileProblemError, match="日期要写成"):
        parse(f'days: [{{date: "{written}", name: 某日, source: 某个决定}}]', Plan, HERE)


def test_a_day_without_a_source_is_refused() -> None:
    with pytest.raises(FileProblemError, match="source：缺这一项"):
        parse('days: [{date: "06-09", name: 国际档案日}]', Plan, HERE)


# -- slots ------------------------------------------------------------------------------------


def test_a_slot_comes_round_every_week_at_its_hour() -> None:
    plan = Plan(slots=(a_slot(),))
    found = slots.between(plan, Calendar(), date(2026, 11, 23), date(2026, 12, 6))
    assert [each.at for each in found] == [
        datetime(2026, 11, 25, 1, tzinfo=UTC),
        datetime(2026, 12, 2, 1, tzinfo=UTC),
    ]
    assert [each.title for each in found] == ["历史钩沉 · 11月25日", "历史钩沉 · 12月2日"]


@pytest.mark.parametrize(
    ("shift", "day"),
    [
        (Shift.SKIP, []),
        (Shift.BEFORE, [date(2026, 11, 24)]),
        (Shift.AFTER, [date(2026, 11, 27)]),
    ],
)
def test_a_slot_on_a_holiday_is_left_out_or_moved_to_the_nearest_working_day(
    shift: Shift, day: list[date]
) -> None:
    off = holidays(WEDNESDAY, date(2026, 11, 26))
    assert comes_out(a_slot(shift=shift), off, date(2026, 11, 23), date(2026, 11, 29)) == day


def test_a_moved_slot_keeps_its_key_and_takes_the_title_of_its_new_day() -> None:
    plan = Plan(slots=(a_slot(shift=Shift.AFTER),))
    off = holidays(WEDNESDAY)
    [moved] = slots.between(plan, off, date(2026, 11, 26), date(2026, 11, 26))
    [usual] = slots.between(plan, Calendar(), WEDNESDAY, WEDNESDAY)
    assert moved.key == usual.key == "history:2026-11-25T09:00"
    assert moved.title == "历史钩沉 · 11月26日"


def test_a_slot_moves_to_a_weekend_that_is_worked() -> None:
    off = holidays(
        date(2026, 11, 26),
        date(2026, 11, 27),
        WEDNESDAY,
        worked=(date(2026, 11, 28),),
    )
    assert comes_out(a_slot(), off, date(2026, 11, 23), date(2026, 11, 30)) == [date(2026, 11, 28)]


def test_a_slot_that_is_meant_for_the_weekend_stays_there() -> None:
    slot = a_slot(weekdays=("周六",), shift=Shift.SKIP)
    assert comes_out(slot, Calendar(), date(2026, 11, 23), date(2026, 11, 29)) == [
        date(2026, 11, 28)
    ]


def test_a_draft_is_made_so_many_working_days_before() -> None:
    plan = Plan(slots=(a_slot(lead_days=5),))
    [found] = slots.between(plan, Calendar(), WEDNESDAY, WEDNESDAY)
    assert found.draft_at == datetime(2026, 11, 18, 1, tzinfo=UTC)
    assert slots.workdays_before(holidays(date(2026, 11, 23)), WEDNESDAY, 5) == date(2026, 11, 17)
    assert slots.workdays_before(Calendar(), WEDNESDAY, 0) == WEDNESDAY


def test_a_slot_is_due_from_its_lead_until_its_hour() -> None:
    plan = Plan(slots=(a_slot(lead_days=5),))
    begins, ends = datetime(2026, 11, 18, 1, tzinfo=UTC), datetime(2026, 11, 25, 1, tzinfo=UTC)
    second = timedelta(seconds=1)

    def due_at(now: datetime) -> list[str]:
        return [each.key for each in slots.due(plan, Calendar(), now=now)]

    key = "history:2026-11-25T09:00"
    assert key not in due_at(begins - second)
    assert key in due_at(begins)
    assert key in due_at(ends - second)
    assert key not in due_at(ends)


def test_a_year_without_its_notice_says_so() -> None:
    plan = Plan(slots=(a_slot(),))
    [known] = slots.between(plan, Calendar(), WEDNESDAY, WEDNESDAY)
    [unknown] = slots.between(plan, Calendar(), date(2099, 11, 25), date(2099, 11, 25))
    assert known.is_known
    assert not unknown.is_known


# -- important days ---------------------------------------------------------------------------


def a_plan(*days: tuple[str, int]) -> Plan:
    """Return a plan of days with their reminders."""
    return Plan.model_validate(
        {
            "days": [
                {"date": day, "name": f"日子{day}", "remind_days": ahead, "source": "某个决定"}
                for day, ahead in days
            ]
        }
    )


def test_a_yearly_day_comes_every_year_and_another_once() -> None:
    plan = a_plan(("06-09", 1), ("2026-12-01", 1))
    found = important_days.between(plan, date(2026, 1, 1), date(2027, 12, 31))
    assert [each.day for each in found] == [
        date(2026, 6, 9),
        date(2026, 12, 1),
        date(2027, 6, 9),
    ]


def test_the_29th_of_february_comes_in_leap_years() -> None:
    plan = a_plan(("02-29", 1))
    found = important_days.between(plan, date(2026, 1, 1), date(2029, 12, 31))
    assert [each.day for each in found] == [date(2028, 2, 29)]


def test_one_is_reminded_from_so_many_days_before_until_the_day_itself() -> None:
    plan = a_plan(("01-05", 10), ("01-06", 1))

    def names(today: date) -> list[tuple[str, int]]:
        coming = important_days.reminders(plan, today=today)
        return [(each.about.date, each.days_left(today)) for each in coming]

    assert names(date(2026, 12, 25)) == []
    assert names(date(2026, 12, 26)) == [("01-05", 10)]
    assert names(date(2027, 1, 5)) == [("01-05", 0), ("01-06", 1)]
    assert names(date(2027, 1, 7)) == []
