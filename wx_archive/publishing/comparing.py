"""Two states of a piece side by side: paragraphs that changed, and in them the words that did."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from difflib import SequenceMatcher
from typing import Final

from wx_archive.publishing.pieces import Content

_WORD: Final = re.compile(r"[A-Za-z0-9]+|\s+|.", re.DOTALL)
"""Chinese has no spaces: each character is a word; numbers and Latin words stay whole."""
_MOST: Final = 4_000_000
"""Beyond so many pairs of words a paragraph counts as replaced: more takes seconds."""
_ALIKE: Final = 0.3
"""Paragraphs that have less than this in common are two different paragraphs."""
_GLUE: Final = 1
"""So few words between two changes read better as part of them."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some words of a side; `is_changed` where the other side does not have them."""

    words: str
    is_changed: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Paragraphs that changed, before and after; or how many stayed as they were.

    Attributes:
        kept: so many paragraphs in a row are the same on both sides; then there is nothing else.
    """

    before: tuple[Part, ...] = ()
    after: tuple[Part, ...] = ()
    kept: int = 0


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field beside the body that says something else than before."""

    name: str
    before: tuple[Part, ...]
    after: tuple[Part, ...]


def paragraphs(before: str, after: str) -> list[Row]:
    """Return what changed from one text to the other; blank lines are no difference."""
    old, new = _lines(before), _lines(after)
    rows = []
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            rows.append(Row(kept=j - i))
        else:
            rows.append(Row(*words("\n".join(old[i:j]), "\n".join(new[k:m]))))
    return rows


def words(before: str, after: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Return both sides, cut where they differ."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    whole = _side(before), _side(after)
    if not old or not new or len(old) * len(new) > _MOST:
        return whole
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return whole
    left: list[Part] = []
    right: list[Part] = []
    for is_changed, i, j, k, m in _spans(matcher):
        left.append(Part("".join(old[i:j]), is_changed))
        right.append(Part("".join(new[k:m]), is_changed))
    return _shown(left), _shown(right)


def changes(
    before: Content, after: Content, named: Callable[[str, str], str] = lambda _name, value: value
) -> list[FieldChange]:
    """Return every field except the body that differs, as text; lists have one line each.

    Args:
        before: what was there.
        after: what is there now.
        named: names a field's value for people: an asset by its title.
    """
    found = []
    for name in (name for name in changed_names(before, after) if name != "body"):
        old, new = (_text(name, getattr(one, name), named) for one in (before, after))
        found.append(FieldChange(name, *words(old, new)))
    return found


def changed_names(before: Content, after: Content) -> list[str]:
    """Return the names of the fields that differ, the body too; never what they say."""
    names = (field.name for field in fields(Content))
    return [name for name in names if getattr(before, name) != getattr(after, name)]


def _text(name: str, value: object, named: Callable[[str, str], str]) -> str:
    values = value if isinstance(value, tuple) else () if value is None else (str(value),)
    return "\n".join(named(name, one) for one in values)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _side(text: str) -> tuple[Part, ...]:
    return (Part(text, is_changed=True),) if text else ()


def _shown(parts: Sequence[Part]) -> tuple[Part, ...]:
    return tuple(part for part in parts if part.words)


def _spans(matcher: SequenceMatcher[str]) -> Iterator[tuple[bool, int, int, int, int]]:
    """Yield spans in turn kept and changed; a single word between changes belongs to them."""
    codes = matcher.get_opcodes()
    held: tuple[int, int, int, int] | None = None
    for place, (kind, i, j, k, m) in enumerate(codes):
        is_between = 0 < place < len(codes) - 1 and j - i <= _GLUE
        if kind != "equal" or is_between:
            held = (held[0], j, held[2], m) if held else (i, j, k, m)
            continue
        if held:
            yield True, *held
            held = None
        yield False, i, j, k, m
    if held:
        yield True, *held
