"""What the form's steps hold: read from an upload or from what was typed, with what is wrong.

What was typed is never changed here, so that a page can give it back as it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar

from wx_archive.core import wording
from wx_archive.treasures import page_texts, rules, saving, texts
from wx_archive.treasures.page_texts import DECADES, UNKNOWN
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.rules import Credit, Ownership, Scope, Wish
from wx_archive.treasures.saving import Chosen
from wx_archive.treasures.uploads import Told

Choice = TypeVar("Choice", bound=StrEnum)
_BESIDE: Final = "，"
"""Between the decade that was chosen and the words that stand beside it."""


@dataclass(frozen=True, slots=True)
class StoryForm:
    """What is told of a piece, as the page has it.

    Attributes:
        decade: one of `DECADES`, or empty.
        year: words of one's own.
        seen: mark of what stood there when the page was made.
    """

    title: str = ""
    decade: str = ""
    year: str = ""
    place: str = ""
    is_place_unknown: bool = False
    people: str = ""
    are_people_unknown: bool = False
    story: str = ""
    seen: str = ""

    @classmethod
    def of(cls, upload: Upload) -> "StoryForm":
        """Return the form as an upload stands."""
        decade, year = _split_year(upload.year_text)
        return cls(
            upload.title,
            decade,
            year,
            "" if upload.place == UNKNOWN else upload.place,
            upload.place == UNKNOWN,
            "" if upload.people == UNKNOWN else upload.people,
            upload.people == UNKNOWN,
            upload.story,
            saving.mark(saving.told_of(upload)),
        )

    @classmethod
    def read(cls, typed: Mapping[str, str]) -> "StoryForm":
        """Return the form as it was sent."""
        decade = typed.get("decade", "")
        return cls(
            typed.get("title", ""),
            decade if decade in DECADES else "",
            typed.get("year", ""),
            typed.get("place", ""),
            bool(typed.get("place_unknown")),
            typed.get("people", ""),
            bool(typed.get("people_unknown")),
            typed.get("story", ""),
            typed.get("seen", ""),
        )

    @property
    def told(self) -> Told:
        """What is taken down of it."""
        year = wording.take_down(self.year)
        parts = [part for part in (self.decade, year) if part]
        return Told(
            self.title,
            self.story,
            _BESIDE.join(parts),
            self.place or (UNKNOWN if self.is_place_unknown else ""),
            self.people or (UNKNOWN if self.are_people_unknown else ""),
        )

    def problems(self) -> dict[str, str]:
        """Return what is too long, by field."""
        told = self.told
        found = {}
        for field, name, words, most in (
            ("title", "题名", wording.take_down(told.title), rules.TITLE_LENGTH),
            ("year", "年代", told.year_text, rules.YEAR_LENGTH),
            ("place", "地点", wording.take_down(told.place), rules.PLACE_LENGTH),
            ("people", "人物", wording.take_down(told.people), rules.PEOPLE_LENGTH),
            ("story", "来历", wording.take_down(told.story, lines=True), rules.STORY_LENGTH),
        ):
            if len(words) > most:
                found[field] = texts.too_long(name, most, len(words))
        return found


@dataclass(frozen=True, slots=True)
class RightsForm:
    """What is chosen of rights, as the page has it."""

    ownership: str = ""
    wish: str = ""
    scope: str = ""
    until: str = ""
    credit: str = ""
    name: str = ""

    @classmethod
    def of(cls, upload: Upload) -> "RightsForm":
        """Return the form as an upload stands."""
        return cls(
            upload.ownership or "",
            upload.wish or "",
            upload.scope or "",
            upload.scope_until.isoformat() if upload.scope_until else "",
            upload.credit or "",
            upload.credit_name,
        )

    @classmethod
    def read(cls, typed: Mapping[str, str]) -> "RightsForm":
        """Return the form as it was sent."""
        names = ("ownership", "wish", "scope", "until", "credit", "name")
        return cls(*(typed.get(name, "") for name in names))

    @property
    def chosen(self) -> Chosen:
        """What is kept of it."""
        return Chosen(
            _one_of(Ownership, self.ownership),
            _one_of(Wish, self.wish),
            _one_of(Scope, self.scope),
            _day(self.until),
            _one_of(Credit, self.credit),
            self.name,
        )

    def wrong(self, *, today: date) -> dict[str, str]:
        """Return what cannot be kept as it was typed, by field."""
        found, chosen = {}, self.chosen
        is_bounded = chosen.scope in (Scope.READING_ROOM, Scope.CLOSED)
        if is_bounded and self.until.strip():
            if chosen.scope_until is None:
                found["until"] = page_texts.NO_DATE
            elif chosen.scope_until <= today:
                found["until"] = texts.UNTIL_PAST
        length = len(wording.take_down(self.name))
        if chosen.credit is not Credit.ANONYMOUS and length > rules.CREDIT_LENGTH:
            found["name"] = texts.too_long("署名", rules.CREDIT_LENGTH, length)
        return found

    def missing(self) -> dict[str, str]:
        """Return what was not said yet, by field."""
        chosen = self.chosen
        found = {
            name: page_texts.CHOOSE
            for name in ("ownership", "wish", "scope", "credit")
            if getattr(chosen, name) is None
        }
        is_named = chosen.credit in (Credit.NAME, Credit.PSEUDONYM)
        if is_named and not wording.take_down(self.name):
            found["name"] = texts.CREDIT_MISSING
        return found


def _split_year(text: str) -> tuple[str, str]:
    first, _comma, rest = text.partition(_BESIDE)
    return (first, rest) if first in DECADES else ("", text)


def _one_of(kind: type[Choice], typed: str) -> Choice | None:
    try:
        return kind(typed)
    except ValueError:
        return None


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        return None
