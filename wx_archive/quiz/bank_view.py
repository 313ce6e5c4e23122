"""What staff look at in the bank: versions, what waits, where a file and the console differ."""

import logging
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, case, func, select

from wx_archive.quiz import bank
from wx_archive.quiz.bank import Bank
from wx_archive.quiz.bank_models import QuestionVersion
from wx_archive.quiz.models import Answer, Draw
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import VersionState

log = logging.getLogger(__name__)

OPEN: Final = (VersionState.DRAFT, VersionState.WAITING, VersionState.REFUSED)
"""Not asked yet, and still to be written on."""
RATED_FROM: Final = 5
"""Fewer answers say nothing about a question."""
_NUMBER: Final = re.compile(r"-([0-9]+)$")
_SOME_IDS: Final = 500
_TABLE: Final = QuestionVersion.__table__


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a question; see `bank_models.QuestionVersion`."""

    id: int
    question: Question
    state: VersionState
    content_hash: str
    seed_hash: str
    made_by: str
    made_at: datetime
    released_by: str
    released_at: datetime | None
    note: str
    batch: str

    @property
    def is_open(self) -> bool:
        """Whether it is still to be written on."""
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class Figures:
    """How a question does."""

    answered: int = 0
    right: int = 0

    @property
    def percent(self) -> int | None:
        """How many in a hundred answered rightly; None while too few did at all."""
        return round(100 * self.right / self.answered) if self.answered >= RATED_FROM else None


@dataclass(frozen=True)
class Known:
    """Everything that is known of the bank at one moment.

    Attributes:
        bank: what counts.
        files: the files' questions, by id.
        released: what staff have released, by id.
        open: what is being written or waits, by id.
        ids: every id that was ever given.
    """

    bank: Bank
    files: Mapping[str, Question]
    released: Mapping[str, Version] = field(default_factory=dict)
    open: Mapping[str, Version] = field(default_factory=dict)
    ids: Collection[str] = ()

    def newest(self, question_id: str) -> Question | None:
        """Return a question as it was written last."""
        waiting = self.open.get(question_id)
        return waiting.question if waiting else self.bank.questions.get(question_id)

    def seed_of(self, question_id: str) -> str:
        """Return the fingerprint of the file's question; empty where no file has it."""
        seed = self.files.get(question_id)
        return seed.fingerprint if seed else ""

    def conflict(self, question_id: str) -> Question | None:
        """Return the file's question where it was changed after staff had changed theirs."""
        seed = self.files.get(question_id)
        version = self.open.get(question_id) or self.released.get(question_id)
        if seed is None or version is None:
            return None
        is_settled = seed.fingerprint in (version.seed_hash, version.content_hash)
        return None if is_settled else seed

    def conflicts(self) -> list[str]:
        """Return the ids of all questions that were changed on both sides."""
        return [one for one in sorted({*self.open, *self.released}) if self.conflict(one)]

    def next_id(self, theme: str) -> str:
        """Return an id of a theme that no question ever had."""
        return next(self.next_ids(theme))

    def next_ids(self, theme: str, also: Iterable[str] = ()) -> Iterator[str]:
        """Yield ids of a theme that no question ever had.

        Args:
            theme: slug.
            also: ids that are being given just now.
        """
        mine = (one for one in (*self.ids, *also) if one.rpartition("-")[0] == theme)
        numbers = [int(found[1]) for one in mine if (found := _NUMBER.search(one))]
        for number in count(max(numbers, default=0) + 1):
            yield f"{theme}-{number:03d}"


def known(folder: Path, connection: Connection) -> Known:
    """Return everything that is known of a site's bank."""
    rows = connection.execute(
        select(_TABLE).where(QuestionVersion.state.in_((*OPEN, VersionState.RELEASED)))
    )
    found = [one for row in rows if (one := _version(row))]
    given = connection.scalars(select(QuestionVersion.question_id).distinct())
    files = bank.of_files(folder).questions
    return Known(
        bank.effective(folder, connection),
        files,
        {one.question.id: one for one in found if not one.is_open},
        {one.question.id: one for one in found if one.is_open},
        frozenset({*files, *given}),
    )


def versions(
    connection: Connection, question_id: str, *, limit: int | None = 50
) -> list[tuple[int, Version]]:
    """Return the versions of a question, the newest first, each with its number from 1."""
    rows = connection.execute(
        select(QuestionVersion.id)
        .where(QuestionVersion.question_id == question_id)
        .order_by(QuestionVersion.id)
    )
    numbers = {row[0]: number for number, row in enumerate(rows, start=1)}
    asked = select(_TABLE).where(QuestionVersion.question_id == question_id)
    newest = _listed(connection, asked.order_by(QuestionVersion.id.desc()).limit(limit))
    return [(numbers[one.id], one) for one in newest]


def numbered(
    connection: Connection, question_id: str, number: int
) -> tuple[Version, Version | None] | None:
    """Return a version by its number within its question, and the one before it."""
    told = dict(versions(connection, question_id, limit=None))
    found = told.get(number)
    return (found, told.get(number - 1)) if found else None


def version(connection: Connection, number: int) -> Version | None:
    """Return one version."""
    found = _listed(connection, select(_TABLE).where(QuestionVersion.id == number))
    return found[0] if found else None


def waiting(connection: Connection, *, batch: str | None = None) -> list[Version]:
    """Return the versions that wait for a second person, of one upload or of all."""
    asked = select(_TABLE).where(QuestionVersion.state == VersionState.WAITING)
    if batch is not None:
        asked = asked.where(QuestionVersion.batch == batch)
    return _listed(connection, asked.order_by(QuestionVersion.theme, QuestionVersion.question_id))


def counts(connection: Connection, *, login: str) -> tuple[int, int]:
    """Return how many versions wait for this person's release, and how many of theirs came back."""
    state, maker = QuestionVersion.state, QuestionVersion.made_by
    wait = select(func.count()).where(state == VersionState.WAITING, maker != login)
    back = select(func.count()).where(state == VersionState.REFUSED, maker == login)
    return connection.execute(wait).scalar_one(), connection.execute(back).scalar_one()


def figures(connection: Connection, ids: Sequence[str]) -> dict[str, Figures]:
    """Return how often questions were answered, and how often rightly; without an answer none."""
    right = func.sum(case((Answer.is_right.is_(True), 1), else_=0))
    told: dict[str, Figures] = {}
    for start in range(0, len(ids), _SOME_IDS):
        rows = connection.execute(
            select(Draw.question_id, func.count(), right)
            .join(Answer, Answer.draw_id == Draw.id)
            .where(Draw.question_id.in_(ids[start : start + _SOME_IDS]))
            .group_by(Draw.question_id)
        )
        told |= {str(row[0]): Figures(int(row[1]), int(row[2])) for row in rows}
    return told


def _listed(connection: Connection, asked: Select[*tuple[Any, ...]]) -> list[Version]:
    return [one for row in connection.execute(asked) if (one := _version(row))]


def _version(row: Row[*tuple[Any, ...]]) -> Version | None:
    try:
        question = Question.from_json(row.content)
    except (KeyError, TypeError, ValueError):  # of a version that knew other fields
        log.error("quiz.version_not_valid number=%d", row.id)  # noqa: TRY400 -- its trace would tell the words
        return None
    return Version(
        row.id,
        question,
        VersionState(row.state),
        row.content_hash,
        row.seed_hash,
        row.made_by,
        row.made_at,
        row.released_by,
        row.released_at,
        row.note,
        row.batch,
    )
