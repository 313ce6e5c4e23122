"""Dead letters: messages and jobs that failed, told without a word of anybody's, tried again.

What the command line and the console share. A number is `m12` for a message, `j5` for a job.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, func, select, update
from sqlalchemy.orm import Session

from wx_archive.chat.jobs import ask_again, is_replayable
from wx_archive.chat.models import DeadLetter
from wx_archive.chat.router import Dispatcher
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs import Job, JobState, queue


class LetterState(StrEnum):
    """What became of a message that a handler failed on."""

    OPEN = "open"
    QUEUED = "queued"
    REPLAYED = "replayed"
    CLOSED = "closed"
    """Somebody looked after it and will not have it replayed."""


OVER: Final = (LetterState.REPLAYED, LetterState.CLOSED)
_NUMBER: Final = re.compile(r"[mj][0-9]{1,18}\Z")
_KIND: Final = re.compile(r"[A-Za-z_][\w.]*(?=:|\Z)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Failure:
    """A message or a job that failed.

    Attributes:
        number: `m12` or `j5`.
        what: the handler, or the kind of job.
        cause: the kind of error, `ValueError`; never its words.
        attempts: how often it was tried; 0 where nobody counts.
    """

    number: str
    what: str
    state: str
    failed_at: datetime | None
    cause: str
    attempts: int = 0

    @property
    def is_message(self) -> bool:
        """Whether it is a follower's message and no job."""
        return self.number.startswith("m")


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many failures nobody has looked after, and since when.

    Attributes:
        count: at least one.
    """

    count: int
    since: datetime


def messages(
    connection: Connection, *, all_wanted: bool = False, most: int | None = None
) -> Sequence[Failure]:
    """Return the messages that failed, newest first; without ``all_wanted`` those still open."""
    query = (
        select(
            DeadLetter.id,
            DeadLetter.handler,
            DeadLetter.state,
            DeadLetter.failed_at,
            DeadLetter.cause,
        )
        .order_by(DeadLetter.id.desc())
        .limit(most)
    )
    if not all_wanted:
        query = query.where(DeadLetter.state.not_in(OVER))
    return [
        Failure(f"m{one.id}", one.handler, one.state, one.failed_at, kind_of(one.cause))
        for one in connection.execute(query)
    ]


def dead_jobs(connection: Connection, *, most: int | None = None) -> Sequence[Failure]:
    """Return the jobs that were given up, newest first."""
    query = (
        select(Job.id, Job.kind, Job.state, Job.finished_at, Job.cause, Job.attempts)
        .where(Job.state == JobState.DEAD)
        .order_by(-Job.id)
        .limit(most)
    )
    return [
        Failure(
            f"j{one.id}", one.kind, one.state, one.finished_at, kind_of(one.cause), one.attempts
        )
        for one in connection.execute(query)
    ]


def waiting_messages(connection: Connection) -> Waiting | None:
    """Return how many messages wait for somebody, None when none does."""
    query = select(func.count(), func.min(DeadLetter.failed_at))
    count, since = connection.execute(query.where(DeadLetter.state == LetterState.OPEN)).one()
    return Waiting(count, since) if count else None


def waiting_jobs(connection: Connection) -> Waiting | None:
    """Return how many jobs wait for somebody, None when none does."""
    query = select(func.count(), func.min(Job.finished_at)).where(Job.state == JobState.DEAD)
    count, since = connection.execute(query).one()
    return None if since is None else Waiting(count, since)


def obstacle(failure: Failure, dispatcher: Dispatcher) -> str:
    """Say why a failure cannot be tried again; empty where it can."""
    if not failure.is_message:
        return ""
    if failure.state == LetterState.QUEUED:
        return "已经排队重放"
    return "" if is_replayable(dispatcher.named(failure.what)) else "会改动数据，不能重放"


def replay(session: Session, number: str, dispatcher: Dispatcher, *, now: datetime) -> None:
    """Have the worker try a message or a job once more.

    Raises:
        RefusedError: there is none of this number, or trying again would do harm.
    """
    is_message, key = _read(number)
    if is_message:
        _replay_message(session, key, dispatcher, now=now)
    elif not queue.revive(session, key, now=now):
        raise _unknown(number)


def close(session: Session, number: str, *, now: datetime) -> None:
    """Take a failure off the list without trying again: somebody has looked after it.

    Raises:
        RefusedError: there is none of this number.
    """
    is_message, key = _read(number)
    if is_message:
        closed = (
            update(DeadLetter)
            .where(DeadLetter.id == key, DeadLetter.state == LetterState.OPEN)
            .values(state=LetterState.CLOSED)
            .returning(DeadLetter.id)
        )
    else:
        closed = (
            update(Job)
            .where(Job.id == key, Job.state == JobState.DEAD)
            .values(state=JobState.DONE, finished_at=now)
            .returning(Job.id)
        )
    done = session.execute(closed, execution_options={"synchronize_session": False})
    if done.scalar_one_or_none() is None:
        raise _unknown(number)


def kind_of(cause: str) -> str:
    """Return the error's kind, what stands after the last frame; the rest may quote a follower."""
    lines = cause.rpartition("Traceback (most recent call last):")[2].splitlines()
    kinds = (_KIND.match(line) for line in lines)
    return next((found.group() for found in kinds if found), "")


def _read(number: str) -> tuple[bool, int]:
    if not _NUMBER.match(number):
        raise RefusedError(
            f"“{number}”不是编号，编号像 m12 或 j5，用 wx-archive deadletter list 查"
        )
    return number.startswith("m"), int(number[1:])


def _replay_message(
    session: Session, letter_id: int, dispatcher: Dispatcher, *, now: datetime
) -> None:
    letter = session.get(DeadLetter, letter_id, with_for_update=True)
    if letter is None or letter.state in OVER:
        raise _unknown(f"m{letter_id}")
    if not is_replayable(dispatcher.named(letter.handler)):
        raise RefusedError(
            f"m{letter_id} 由 {letter.handler} 处理，它会改动数据，不能重放；请关注者再发一次"
        )
    letter.state = LetterState.QUEUED
    ask_again(session, letter, now=now)


def _unknown(number: str) -> RefusedError:
    what = "消息" if number.startswith("m") else "任务"
    return RefusedError(f"没有编号为 {number} 的失败{what}")
