"""开放审核 of records that are twenty-five years old: decided one by one or many with one reason.

Nothing opens by itself: opening, and opening on a later day, wait for a second person; 控制使用
holds at once. What was decided, or waits for the second person, is off the list.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from wx_archive.catalogue import decisions
from wx_archive.catalogue.edits import Hand
from wx_archive.catalogue.models import OpeningReview, Record
from wx_archive.catalogue.rules import Openness
from wx_archive.catalogue.visibility import is_current
from wx_archive.cataloguing import releases
from wx_archive.cataloguing.models import Release
from wx_archive.cataloguing.rules import BATCH, ReleaseKind, ReleaseState
from wx_archive.core.errors import RefusedError

COUNTED: Final = 1_000
"""Counted up to here; there may be a hundred thousand."""
_CURSOR: Final = re.compile(r"(\d{4}-\d{2}-\d{2})_(\d{1,18})")


class Verdict(StrEnum):
    """What a review comes to."""

    OPEN = "open"
    DEFER = "defer"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Task:
    """A record that is due.

    Attributes:
        due_on: the day on which it became twenty-five years old.
    """

    id: int
    due_on: date
    pid: str
    reference_code: str
    title: str
    author: str
    dated: date | None
    date_end: date | None
    date_precision: str
    is_livelihood: bool


_WAITS: Final = exists().where(
    Release.subject_pid == OpeningReview.record_pid,
    Release.state == ReleaseState.WAITING.value,
    Release.kind.in_([ReleaseKind.OPEN.value, ReleaseKind.DEFER.value]),
)
_IS_DUE: Final = and_(is_current(Record), Record.openness == Openness.UNREVIEWED.value, ~_WAITS)


def tasks(connection: Connection, *, after: str, limit: int) -> tuple[tuple[Task, ...], str]:
    """Return a page of what is due, longest due first, and where the next page begins."""
    columns: Sequence[Any] = (
        *(OpeningReview.id, OpeningReview.due_on, Record.pid, Record.reference_code),
        *(Record.title, Record.author, Record.dated, Record.date_end, Record.date_precision),
        Record.is_livelihood,
    )
    rows = connection.execute(
        select(*columns)
        .join(Record, Record.pid == OpeningReview.record_pid)
        .where(_IS_DUE, *_later_than(after))
        .order_by(OpeningReview.due_on, OpeningReview.id)
        .limit(limit + 1)
    ).all()
    found = tuple(Task(*row) for row in rows[:limit])
    following = f"{found[-1].due_on}_{found[-1].id}" if len(rows) > limit else ""
    return found, following


def _later_than(after: str) -> list[ColumnElement[bool]]:
    match = _CURSOR.fullmatch(after)
    if match is None:
        return []
    try:
        due_on, number = date.fromisoformat(match[1]), int(match[2])
    except ValueError:
        return []
    later = and_(OpeningReview.due_on == due_on, OpeningReview.id > number)
    return [or_(OpeningReview.due_on > due_on, later)]


def count(connection: Connection) -> int:
    """Return how many are due, at most one more than `COUNTED`."""
    due = (
        select(OpeningReview.id)
        .join(Record, Record.pid == OpeningReview.record_pid)
        .where(_IS_DUE)
        .limit(COUNTED + 1)
    )
    return connection.execute(select(func.count()).select_from(due.subquery())).scalar_one()


def decide(
    session: Session,
    pids: Sequence[str],
    verdict: Verdict,
    reason: str,
    hand: Hand,
    *,
    open_on: str = "",
) -> None:
    """Decide on records, all or none.

    Args:
        session: the transaction.
        pids: their public ids, `BATCH` at most.
        verdict: opens through a second person, or controls at once.
        reason: one for all.
        hand: who decides.
        open_on: for 延期开放, the day as typed.

    Raises:
        RefusedError: none or too many are named, no reason is given, or one is not due any more.
    """
    if not pids:
        raise RefusedError("请先勾选要审核的档案")
    if len(pids) > BATCH:
        raise RefusedError(f"一次最多审核 {BATCH} 条，请少勾一些")
    reason = releases.checked_reason(reason)
    for pid in dict.fromkeys(pids):
        record = decisions.record_of(session, pid)
        if record.openness != Openness.UNREVIEWED:
            raise RefusedError(f"《{record.title}》已经审核过了，请刷新列表再选")
        if verdict is Verdict.CONTROL:
            decisions.close_record(session, pid, reason=reason, now=hand.now, today=hand.today)
        elif verdict is Verdict.DEFER:
            told = {"open_on": open_on.strip()}
            releases.propose(session, ReleaseKind.DEFER, pid, told, reason, hand)
        else:
            releases.propose(session, ReleaseKind.OPEN, pid, {}, reason, hand)
