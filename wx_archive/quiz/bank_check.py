"""What `wx-archive quiz check` says of the bank's files: mistakes, and what is worth a look."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from wx_archive.core.errors import FileProblemError
from wx_archive.core.site import Site
from wx_archive.quiz.bank_files import FOLDER, Placed, read_placed
from wx_archive.quiz.near import Neighbours
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import KIND_NAMES, LETTERS, Kind

FEW: Final = 20
"""Among fewer questions an uneven spread is chance."""
TOO_OFTEN_PERCENT: Final = {Kind.SINGLE: 45, Kind.JUDGE: 75}
"""Whoever always gives the answer that is right so often needs to know nothing."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found.

    Attributes:
        problems: one line each, ``file:line:column: reason``.
        hints: the same for what is no mistake.
    """

    themes: int
    questions: int
    problems: tuple[str, ...]
    hints: tuple[str, ...]


def check(site: Site) -> int:
    """Return how many questions the site's files hold.

    Raises:
        FileProblemError: a file breaks its schema.
    """
    return len(read_placed(site.folder / FOLDER)[1])


def report(site: Site) -> Report:
    """Look at all files of the bank."""
    try:
        themes, placed = read_placed(site.folder / FOLDER)
    except FileProblemError as err:
        return Report(0, 0, tuple(str(err).splitlines()), ())
    if not placed:
        said = "没有题目文件：每个主题要有一个 .yaml；文件夹放错地方了，就设 WX_ARCHIVE_SITE_DIR"
        return Report(0, 0, (f"{site.folder / FOLDER}: {said}",), ())
    hints = (*_alike(placed), *_uneven([one.question for one in placed]))
    return Report(len(themes), len(placed), (), hints)


def _alike(placed: Sequence[Placed]) -> Iterator[str]:
    before = Neighbours()
    for one in placed:
        question = one.question
        if near := before.nearest(question.text):
            yield (
                f"{one.path}:{one.places[0]}: {question.id} 与 {near.key} 相似 {near.percent}%，"
                "请看看是不是同一题"
            )
        before.add(question.id, question.text)


def _uneven(questions: Sequence[Question]) -> Iterator[str]:
    for kind, most in TOO_OFTEN_PERCENT.items():
        asked = [one for one in questions if one.kind is kind and not _is_ordered(one)]
        if len(asked) < FEW:
            continue
        answer, count = Counter(one.answer[0] for one in asked).most_common(1)[0]
        if 100 * count > most * len(asked):
            way = "请把正确选项换换位置" if answer in LETTERS else "请补几道答案相反的题"
            yield (
                f"{KIND_NAMES[kind]} {len(asked)} 道，{count} 道的答案是 {answer}，太多了；{way}"
            )


def _is_ordered(question: Question) -> bool:
    return question.kind is Kind.SINGLE and question.keep_order
