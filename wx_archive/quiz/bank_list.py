"""The list of the bank: what is looked for, and what each line says."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from wx_archive.core.text import fold
from wx_archive.quiz.bank_view import Known
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import VersionState


class Standing(StrEnum):
    """How a question stands, as one looks for it."""

    ASKED = "asked"
    LATER = "later"
    RETIRED = "retired"
    WAITING = "waiting"
    DRAFT = "draft"
    REFUSED = "refused"
    CONSOLE = "console"
    CONFLICT = "conflict"


STANDINGS: Final[Mapping[Standing, str]] = {
    Standing.ASKED: "在用",
    Standing.LATER: "没到启用日",
    Standing.RETIRED: "已停用",
    Standing.WAITING: "有一稿等放行",
    Standing.DRAFT: "有草稿",
    Standing.REFUSED: "有退回的",
    Standing.CONSOLE: "管理台改过",
    Standing.CONFLICT: "文件和管理台都改过",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for; empty means anything.

    Attributes:
        complained: only questions with complaints that nobody has looked into.
    """

    words: str = ""
    theme: str = ""
    kind: str = ""
    difficulty: str = ""
    state: str = ""
    complained: bool = False


def matching(
    known: Known, wanted: Wanted, complained: Collection[str], today: date
) -> list[Question]:
    """Return the questions that somebody looks for, as they were written last, by theme and id."""
    every = dict(known.bank.questions)
    every |= {key: version.question for key, version in known.open.items()}
    places = {slug: place for place, slug in enumerate(known.bank.themes)}
    found = [
        one
        for one in every.values()
        if _has_facts(one, wanted)
        and (not wanted.complained or one.id in complained)
        and (not wanted.state or wanted.state in set[str](_standings(known, one, today)))
    ]
    return sorted(found, key=lambda one: (places.get(one.theme, len(places)), one.id))


def _has_facts(question: Question, wanted: Wanted) -> bool:
    return (
        wanted.theme in ("", question.theme)
        and wanted.kind in ("", question.kind)
        and wanted.difficulty in ("", str(question.difficulty))
        and _says(question, wanted.words)
    )


def _says(question: Question, words: str) -> bool:
    said = (question.id, question.text, *question.options, *question.answer, *question.tags)
    text = fold("\n".join((*said, question.explanation, question.source.title)))
    return all(word in text for word in fold(words).split())


def _standings(known: Known, question: Question, today: date) -> Iterator[Standing]:
    counting = known.bank.questions.get(question.id)
    if counting is not None:
        if counting.may_be_asked(today):
            yield Standing.ASKED
        else:
            yield Standing.LATER if today < counting.since else Standing.RETIRED
    version = known.open.get(question.id)
    if version is not None:
        yield _OPEN[version.state]
    if question.id in known.released:
        yield Standing.CONSOLE
    if known.conflict(question.id):
        yield Standing.CONFLICT


_OPEN: Final = {
    VersionState.DRAFT: Standing.DRAFT,
    VersionState.WAITING: Standing.WAITING,
    VersionState.REFUSED: Standing.REFUSED,
}
