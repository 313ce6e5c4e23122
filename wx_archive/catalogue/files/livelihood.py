"""Which records are about private life where the file does not say: the site's own rules."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from wx_archive.catalogue.files.rows import RecordRow
from wx_archive.catalogue.tokens import normalise
from wx_archive.core.yamlfile import FileModel, load


def _two_characters(word: str) -> str:
    if len(word) < 2:
        message = f"“{word}”太短：一个字到处都有，请写至少两个字"
        raise ValueError(message)
    return word


Code = Annotated[str, Field(min_length=1, max_length=40)]
Word = Annotated[Code, AfterValidator(_two_characters)]


class TitleRule(FileModel):
    """A title with one word of ``any`` and, where given, one of ``with``, and none of ``not``."""

    any: list[Word] = Field(min_length=1)
    together_with: list[Code] = Field(default_factory=list, alias="with")
    but_not: list[Code] = Field(default_factory=list, alias="not")


class LivelihoodRules(FileModel):
    """`content/livelihood.yaml`."""

    fonds: list[Code] = Field(default_factory=list)
    categories: list[Code] = Field(default_factory=list)
    titles: list[TitleRule] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Livelihood:
    """The rules, ready to be asked.

    Attributes:
        count: how many rules there are.
        fingerprint: changes when the rules do; it, or `str()` of all this, is part of what makes
            an import the same import.
    """

    count: int
    fingerprint: str
    _fonds: frozenset[str] = field(repr=False)
    _categories: frozenset[str] = field(repr=False)
    _titles: tuple[Callable[[str], bool], ...] = field(repr=False)

    def covers(self, row: RecordRow) -> bool:
        """Tell whether a record is a livelihood record."""
        if normalise(row.fonds) in self._fonds or normalise(row.category) in self._categories:
            return True
        title = normalise(row.title)
        return any(matches(title) for matches in self._titles)


@cache
def load_livelihood(path: Path) -> Livelihood:
    """Read the site's rules, once.

    Raises:
        FileProblemError: the file is missing or breaks its schema.
    """
    return prepare(load(path, LivelihoodRules))


def livelihood_of(content: Path) -> Livelihood | None:
    """Return the rules of a site's `content` folder, None where it has none.

    Raises:
        FileProblemError: the file breaks its schema.
    """
    path = content / "livelihood.yaml"
    return load_livelihood(path) if path.exists() else None


def prepare(rules: LivelihoodRules) -> Livelihood:
    """Return the rules ready to be asked."""
    return Livelihood(
        len(rules.fonds) + len(rules.categories) + len(rules.titles),
        rules.model_dump_json(),
        frozenset(map(normalise, rules.fonds)),
        frozenset(map(normalise, rules.categories)),
        tuple(map(_matcher, rules.titles)),
    )


_NEVER: Final = re.compile(r"(?!)")


def _matcher(rule: TitleRule) -> Callable[[str], bool]:
    some, also, none = map(_one_of, (rule.any, rule.together_with, rule.but_not))
    return lambda title: bool(
        some.search(title)
        and (not rule.together_with or also.search(title))
        and not none.search(title)
    )


def _one_of(words: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(normalise(word)) for word in words)) if words else _NEVER
