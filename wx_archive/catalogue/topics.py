"""Citizens' topics: what people come for, as groups of words that documents' titles use.

Beside issuer, year and kind, documents are to be found by the matters of daily life. A topic is a
set of words, so that a change of the file needs no new index.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, RootModel

from wx_archive.catalogue import tokens
from wx_archive.catalogue.query import Query, Word
from wx_archive.catalogue.rules import Kind
from wx_archive.core.errors import FileProblemError
from wx_archive.core.yamlfile import load

LONGEST_NAME: Final = 6


@dataclass(frozen=True, slots=True)
class Topic:
    """One matter of daily life.

    Attributes:
        name: as shown.
        words: normalised; what any of them finds belongs to the topic.
    """

    name: str
    words: tuple[str, ...]

    @property
    def query(self) -> Query:
        """What finds the documents of the topic."""
        first, *others = self.words
        return Query(self.name, (Word(first, tuple(others)),), kind=Kind.DOCUMENT)


class _TopicFile(
    RootModel[list[dict[str, dict[str, Annotated[list[str], Field(min_length=1, max_length=20)]]]]]
):
    """`content/topics.yaml`: groups of topics, each with its words."""


@cache
def load_topics(path: Path) -> Mapping[str, tuple[Topic, ...]]:
    """Return the topics by the group that they stand in, as the file orders them.

    Raises:
        FileProblemError: says where and what to do.
    """
    if not path.exists():
        return {}
    groups: dict[str, tuple[Topic, ...]] = {}
    seen: set[str] = set()
    for part in load(path, _TopicFile).root:
        for group, topics in part.items():
            groups[group] = tuple(_topic(path, name, words) for name, words in topics.items())
            for topic in groups[group]:
                if topic.name in seen:
                    raise FileProblemError(f"{path}:1:1: 主题“{topic.name}”写了两次，请留一处")
                seen.add(topic.name)
    return groups


def find_topic(path: Path, name: str) -> Topic | None:
    """Return the topic of that name, if there is one."""
    every = (topic for topics in load_topics(path).values() for topic in topics)
    return next((topic for topic in every if topic.name == name.strip()), None)


def _topic(path: Path, name: str, written: list[str]) -> Topic:
    if not 2 <= len(name) <= LONGEST_NAME:
        raise FileProblemError(f"{path}:1:1: 主题名“{name}”要两到六个字")
    words = [tokens.normalise(word) for word in written]
    for word in words:
        if len(word) < 2 or tokens.words(word) != [word]:
            raise FileProblemError(f"{path}:1:1: 主题“{name}”里的“{word}”要是一个至少两个字的词")
    shortest = [word for word in words if not any(o != word and o in word for o in words)]
    return Topic(name, tuple(dict.fromkeys(shortest)))
