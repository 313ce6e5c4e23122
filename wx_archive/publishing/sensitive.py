"""Words that are easily wrong or better not said, as `content/wording.yaml` has them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, StringConstraints, field_validator

from wx_archive.core.errors import FileProblemError
from wx_archive.core.site import Site
from wx_archive.core.yamlfile import FileModel, load

Word = Annotated[str, StringConstraints(min_length=2, max_length=40)]
Why = Annotated[str, StringConstraints(min_length=2, max_length=80)]

_UNFINISHED: Final = re.compile(
    r"TODO|FIXME|待(?:补充?|核实?|定稿)(?=[，。；：）)\s]|$)|此处(?:待补|插图|插入)"
    r"|[\u00d7xX]{3,}|〔待[^〕]*〕"
    r"|【(?:\s*|[^】\n]{0,20}(?:待|填|补|此处|插入|某)[^】\n]{0,20})】"
)
"""Marks that a writer leaves for later; 【编者按】 is none of them."""


class Typo(FileModel):
    """A way of writing that is wrong, and the right one."""

    wrong: Word
    right: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    why: Why
    unless: list[Word] = Field(default_factory=list)


class Caution(FileModel):
    """A word that somebody should look at again."""

    word: Word
    why: Why


class Wording(FileModel):
    """The whole file."""

    typos: list[Typo] = Field(default_factory=list)
    names: list[Typo] = Field(default_factory=list)
    caution: list[Caution] = Field(default_factory=list)

    @field_validator("typos", "names")
    @classmethod
    def _distinct(cls, typos: list[Typo]) -> list[Typo]:
        seen: set[str] = set()
        for typo in typos:
            if typo.wrong in seen:
                message = f"“{typo.wrong}”写了两次"
                raise ValueError(message)
            if typo.wrong in typo.right:
                message = f"“{typo.wrong}”在“{typo.right}”里面，改了还会再提醒"
                raise ValueError(message)
            seen.add(typo.wrong)
        return typos


@dataclass(frozen=True, slots=True)
class Spot:
    """A word that was found.

    Attributes:
        word: as it stands there.
        right: what should stand there; empty where only a person can say.
        count: how often it stands there.
    """

    word: str
    right: str
    why: str
    count: int = 1


@cache
def _of_file(folder: Path) -> Wording:
    path = folder / "content" / "wording.yaml"
    return load(path, Wording) if path.is_file() else Wording()


def wording(site: Site) -> Wording:
    """Return the site's list of words; a site without the file has none.

    Raises:
        FileProblemError: the file breaks its schema.
    """
    return _of_file(site.folder)


def check(site: Site) -> int:
    """Check the file; return how many words it has.

    Raises:
        FileProblemError: as `wording`, and where a word stands in two lists.
    """
    found = wording(site)
    words = [*(one.wrong for one in (*found.typos, *found.names)), *(w.word for w in found.caution)]
    for word in words:
        if words.count(word) > 1:
            raise FileProblemError(f"content/wording.yaml: “{word}”写了两次，请留一个")
    return len(words)


def spots(known: Wording, text: str) -> Iterator[Spot]:
    """Yield the words of a text that are wrong or want another look."""
    for typo in (*known.typos, *known.names):
        if count := _count(text, typo.wrong, typo.unless):
            yield Spot(typo.wrong, typo.right, typo.why, count)
    for caution in known.caution:
        if count := text.count(caution.word):
            yield Spot(caution.word, "", caution.why, count)


def unfinished(text: str) -> Iterator[str]:
    """Yield the marks of what is not finished yet, each once."""
    yield from dict.fromkeys(_UNFINISHED.findall(text))


def mended(known: Wording, text: str) -> str:
    """Return a text with every wrong word put right («一键改»)."""
    for typo in (*known.typos, *known.names):
        text = _outside(text, typo.wrong, typo.unless, typo.right)
    return text


def _count(text: str, wrong: str, unless: Sequence[str]) -> int:
    for phrase in unless:
        text = text.replace(phrase, "")
    return text.count(wrong)


def _outside(text: str, wrong: str, unless: Sequence[str], right: str) -> str:
    """Replace a word wherever it is not part of a phrase in which it is right."""
    phrases = "|".join(map(re.escape, (*unless, wrong)))
    return re.sub(phrases, lambda found: right if found[0] == wrong else found[0], text)
