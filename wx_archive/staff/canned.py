"""Beginnings of what the staff say often; filled in, and editable before they go out."""

from collections.abc import Sequence
from dataclasses import dataclass

from wx_archive.core.site import Profile


@dataclass(frozen=True, slots=True)
class Canned:
    """A beginning: what it is called, and its text with the bureau's placeholders."""

    title: str
    text: str


def filled(given: Sequence[Canned], profile: Profile) -> list[Canned]:
    """Return beginnings filled in for the bureau."""
    return [Canned(each.title, profile.fill(each.text)) for each in given]


def chosen(given: Sequence[Canned], number: str) -> str:
    """Return the text of the one that an address names, counted from 1; nothing where none."""
    return next((each.text for place, each in enumerate(given, 1) if str(place) == number), "")
