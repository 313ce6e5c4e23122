"""The bank that counts: the files' questions, and in their place what staff have released."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from wx_archive.core.live import Part
from wx_archive.core.site import Site
from wx_archive.quiz import bank_files
from wx_archive.quiz.bank_files import Theme
from wx_archive.quiz.bank_models import QuestionVersion
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import VersionState

log = logging.getLogger(__name__)

LIVE: Final = "quiz_bank"
"""Name of the change that every process notices."""


@dataclass(frozen=True)
class Bank:
    """Every question that counts.

    Attributes:
        questions: by id, in the order of themes and ids.
        themes: by slug.
    """

    questions: Mapping[str, Question] = field(default_factory=dict)
    themes: Mapping[str, Theme] = field(default_factory=dict)

    def askable(self, themes: Sequence[str], today: date) -> Sequence[Question]:
        """Return what may be dealt on a Shanghai day; no themes mean all of them."""
        return [
            one
            for one in self.questions.values()
            if one.may_be_asked(today) and (not themes or one.theme in themes)
        ]


def bank(site: Site) -> Bank:
    """Return the bank as this process knows it; at most two seconds old."""
    return site.live.get(_part(site.folder)) if site.live else of_files(site.folder)


@cache
def of_files(folder: Path) -> Bank:
    """Return the bank of a site's files alone, as they were at the start.

    Raises:
        FileProblemError: a file breaks its schema.
    """
    themes, questions = bank_files.read_all(folder / bank_files.FOLDER)
    return Bank({one.id: one for one in questions}, {one.slug: one for one in themes})


def effective(folder: Path, connection: Connection) -> Bank:
    """Return the bank that counts in a database."""
    files = of_files(folder)
    rows = connection.execute(
        select(QuestionVersion.question_id, QuestionVersion.content, QuestionVersion.state)
        .where(QuestionVersion.state == VersionState.RELEASED)
        .order_by(QuestionVersion.theme, QuestionVersion.question_id)
    )
    merged = dict(files.questions)
    for row in rows:
        try:
            merged[row.question_id] = Question.from_json(row.content)
        except (KeyError, TypeError, ValueError):  # of a version that knew other fields
            log.error("quiz.question_not_valid id=%s", row.question_id)  # noqa: TRY400 -- its trace would tell the words
    return Bank(merged, files.themes)


@cache
def _part(folder: Path) -> Part[Bank]:
    return Part(partial(effective, folder), partial(of_files, folder))
