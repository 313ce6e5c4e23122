"""Days not to be missed: when they come, and from when on the editors are reminded."""

from dataclasses import dataclass
from datetime import date, timedelta

from wx_archive.publishing.calendar import ImportantDay, Plan


@dataclass(frozen=True, slots=True)
class Coming:
    """An important day in a year."""

    day: date
    about: ImportantDay

    def days_left(self, today: date) -> int:
        """Return in how many days it is; 0 today."""
        return (self.day - today).days


def between(plan: Plan, first: date, last: date) -> list[Coming]:
    """Return the days from the first to the last, both included, in order."""
    years = range(first.year, last.year + 1)
    found = [
        Coming(day, about)
        for about in plan.days
        for year in years
        if (day := about.in_year(year)) is not None and first <= day <= last
    ]
    return sorted(found, key=lambda coming: (coming.day, coming.about.name))


def reminders(plan: Plan, *, today: date) -> list[Coming]:
    """Return the days that it is time to prepare for."""
    longest = max((day.remind_days for day in plan.days), default=0)
    coming = between(plan, today, today + timedelta(days=longest))
    return [each for each in coming if each.days_left(today) <= each.about.remind_days]
