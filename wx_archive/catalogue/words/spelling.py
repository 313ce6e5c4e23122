"""How a word may be mistyped: another character of the same sound, one wrong, missing or too many.

Both sides of a comparison are cut down by one character, so that one look-up finds every word
at that distance (symmetric deletion, as in SymSpell).
"""

from collections.abc import Container, Iterator
from enum import IntEnum
from typing import Final

from wx_archive.catalogue.words.sounds import Syllables, sound

SHORTEST: Final = 3
"""Characters. Of two, one wrong leaves only one: too little to know what was meant."""


class Slip(IntEnum):
    """What happened to the word; the likelier, the smaller."""

    SAME_SOUND = 1
    LIKE_SOUND = 2
    SWAPPED = 3
    MISSING = 4
    EXTRA = 5
    WRONG = 6


def variants(text: str) -> Iterator[str]:
    """Return the word and, unless it is too short, the word less any one character."""
    yield text
    if len(text) >= SHORTEST:
        for at in range(len(text)):
            yield text[:at] + text[at + 1 :]


def slip_of_sound(typed: Syllables, meant: Syllables) -> Slip | None:
    """Tell whether both sound the same, or the same to an ear of the south-west."""
    if len(typed) != len(meant):
        return None
    if typed == meant:
        return Slip.SAME_SOUND
    return Slip.LIKE_SOUND if sound(typed) == sound(meant) else None


def slip_of_hand(typed: str, meant: str) -> Slip | None:
    """Return what one slip makes ``typed`` of ``meant``; None where none does."""
    if max(len(typed), len(meant)) < SHORTEST:
        return None
    if len(typed) == len(meant):
        different = [at for at, char in enumerate(typed) if char != meant[at]]
        if len(different) == 1:
            return Slip.WRONG
        first, second = different[0], different[-1]
        is_swap = (
            second == first + 1 and typed[first : second + 1] == meant[first : second + 1][::-1]
        )
        return Slip.SWAPPED if is_swap else None
    if len(meant) == len(typed) + 1:
        return Slip.MISSING if typed in variants(meant) else None
    if len(typed) == len(meant) + 1:
        return Slip.EXTRA if meant in variants(typed) else None
    return None


def words_inside(run: str, known: Container[str], *, longest: int) -> list[tuple[int, str]]:
    """Return the known words that make up a run, from the left and the longest first, and where."""
    found: list[tuple[int, str]] = []
    at = 0
    while at < len(run):
        ends = range(min(len(run), at + longest), at + 1, -1)
        word = next((run[at:end] for end in ends if run[at:end] in known), "")
        found += [(at, word)] if word else []
        at += len(word) or 1
    return found
