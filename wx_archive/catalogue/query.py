"""Understanding what was typed: words, scope, years."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from wx_archive.catalogue import tokens
from wx_archive.catalogue.rules import Kind

MAX_LENGTH: Final = 64
"""Characters; longer questions are asked to be shorter."""
_RANGE: Final = re.compile(
    r"(?<![0-9])((?:19|20)\d{2})\s*年?\s*(?:-|~|至|到)\s*((?:19|20)\d{2})\s*年?(?![0-9])"
)
_YEAR: Final = re.compile(r"(?<![0-9〔a-z-])((?:19|20)\d{2})(?:\s*年(?!代)|(?![0-9〕a-z年-]))")
_DECADE: Final = re.compile(
    r"((?:上|20|二十)世纪)?(?<![0-9])(19|20)?(?:(\d)0|([二三四五六七八九])十)\s*年代"
)
_TENS: Final = "〇一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Word:
    """One searched word and the spellings that mean the same."""

    text: str
    alternatives: tuple[str, ...] = ()

    @property
    def spellings(self) -> tuple[str, ...]:
        """The word itself first."""
        return (self.text, *self.alternatives)


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for.

    Attributes:
        text: as typed, without the scope word, for showing and for asking again.
        words: all of them must be found; empty when only years were given.
        years: first and last year of the date, both included.
        year_in_words: the one year stands inside other words (2004年工作报告), so that it may be
            part of a title: text that names it counts like the date.
        kind: only documents or only records; None for both.
        in_force: only documents that are known to be in force.
    """

    text: str
    words: tuple[Word, ...]
    years: tuple[int, int] | None = None
    kind: Kind | None = None
    year_in_words: bool = False
    in_force: bool = False

    @property
    def is_empty(self) -> bool:
        """Nothing that could be looked for was typed."""
        return not self.words and self.years is None

    @property
    def single_character(self) -> str | None:
        """The one Chinese character that is the whole question, if it is so."""
        if len(self.words) == 1 and tokens.is_single_character(self.words[0].text):
            return self.words[0].text
        return None


def understand(
    text: str, *, kind: Kind | None = None, synonyms: Mapping[str, Sequence[str]] | None = None
) -> Query:
    """Return the query that ``text`` means."""
    normal = tokens.normalise(text.strip())
    rest, years, year_in_words = _take_years(normal)
    known = synonyms or {}
    words = [
        Word(word, tuple(other for other in known.get(word, ()) if word not in other))
        for word in dict.fromkeys(tokens.words(rest))
    ]
    if len(words) > 1:  # a lone character beside other words narrows nothing reliably
        words = [word for word in words if not tokens.is_single_character(word.text)] or words[:1]
    return Query(text.strip(), tuple(words), years, kind, year_in_words)


def _take_years(normal: str) -> tuple[str, tuple[int, int] | None, bool]:
    """Split off the years; a year inside a document number stays where it is.

    Returns:
        The rest, the years, and whether the year stood inside other words.
    """
    glued = False
    if match := _RANGE.search(normal):
        first, last = sorted((int(match.group(1)), int(match.group(2))))
    elif match := _DECADE.search(normal):
        of_last, century, digit, spelled = match.groups()
        tens = int(digit) if digit else _TENS.index(spelled)
        guessed = 20 if tens <= 1 and not of_last else 19
        first = int(century or guessed) * 100 + tens * 10
        last = first + 9
    elif match := _YEAR.search(normal):
        first = last = int(match.group(1))
        around = normal[: match.start()][-1:] + normal[match.end() :][:1]
        glued = any(char.isalnum() for char in around)
    else:
        return normal, None, False
    return f"{normal[: match.start()]} {normal[match.end() :]}", (first, last), glued
