"""`content/synonyms.yaml`: groups of words that mean the same, read strictly, written back."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import yaml
from pydantic import RootModel

from wx_archive.catalogue import tokens
from wx_archive.core.errors import FileProblemError, RefusedError
from wx_archive.core.yamlfile import load

Group = tuple[str, ...]
"""Words that mean the same, normalised; the first is the group's name."""
LONGEST: Final = 30
_GROUP_LINE: Final = re.compile(r"^- *\[.*\]\s*(?:#.*)?$")
_ADDED: Final = "# 馆里后来添加的"


class _File(RootModel[list[list[str]]]):
    """A list of groups, each a list of words."""


def read(path: Path) -> list[Group]:
    """Return the groups of the file; none where there is no file.

    Raises:
        FileProblemError: a group breaks the rules; says which line and why.
    """
    if not path.exists():
        return []
    groups: list[Group] = []
    owner: dict[str, Group] = {}
    for words in load(path, _File).root:
        try:
            group = checked(words)
        except RefusedError as err:
            raise FileProblemError(f"{path}:{_line(path, words)}:1: {err}") from err
        for word in group:
            if word in owner:
                other = "、".join(owner[word])
                reason = f"“{word}”已经在“{other}”那一组里，一个词只能放在一组，请留一处"
                raise FileProblemError(f"{path}:{_line(path, words)}:1: {reason}")
            owner[word] = group
        groups.append(group)
    return groups


def checked(words: Iterable[str]) -> Group:
    """Return the words of a group, normalised and each once.

    Raises:
        RefusedError: a word is too short, too long or several, or there is only one.
    """
    group: list[str] = []
    for typed in words:
        word = tokens.normalise(typed.strip())
        if len(word) < 2:
            raise RefusedError(f"“{typed}”太短，近义词至少两个字")
        if len(word) > LONGEST:
            raise RefusedError(f"“{typed}”太长，近义词最多 {LONGEST} 个字")
        if tokens.words(word) != [word]:
            raise RefusedError(f"“{typed}”里有空格或标点，一个近义词只能是连着写的一个词")
        if word not in group:
            group.append(word)
    if len(group) < 2:
        raise RefusedError(f"“{'、'.join(group)}”只有一个词，一组近义词至少两个")
    return tuple(group)


def write(text: str, groups: Sequence[Group]) -> str:
    """Return the file's ``text`` with exactly these groups; its comments and order stay."""
    left = {group[0]: group for group in groups}
    lines: list[str] = []
    for line in text.splitlines():
        if not _GROUP_LINE.match(line):
            lines.append(line)
            continue
        (words,) = yaml.safe_load(line)
        group = left.pop(tokens.normalise(str(words[0])), None)
        if group is None:
            continue
        is_same = group == tuple(tokens.normalise(str(word)) for word in words)
        lines.append(line if is_same else _line_of(group))
    if left:
        lines += ["", _ADDED] if _ADDED not in lines else []
        lines += map(_line_of, left.values())
    return "\n".join(lines) + "\n"


def _line_of(group: Group) -> str:
    return f"- [{', '.join(group)}]"


def _line(path: Path, words: Sequence[str]) -> int:
    """Return the line on which the group stands, as nearly as it can be told."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    holding = (at for at, line in enumerate(lines, 1) if all(word in line for word in words))
    return max(holding, default=1)
