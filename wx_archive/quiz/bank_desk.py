"""Questions written by one person and released by another; the command line releases at once.

Whoever changes the bank waits for whoever is changing it (`core.live.changed`), so that no number
is given twice and nobody overwrites what they have not seen.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wx_archive.core.errors import RefusedError
from wx_archive.core.live import Live, changed
from wx_archive.quiz import bank_view
from wx_archive.quiz.bank import LIVE
from wx_archive.quiz.bank_models import QuestionVersion
from wx_archive.quiz.bank_view import OPEN, Known
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import VersionState
from wx_archive.staff.rules import Person, require_second_person

_SOME: Final = 500
_SEEN_OTHERWISE: Final = "您看过以后，这一题又有人改过。请重新看一遍再定"


def begin(session: Session, folder: Path, live: Live | None = None) -> Known:
    """Wait for whoever is changing the bank, then return what is known of it."""
    changed(session, LIVE, live)
    return bank_view.known(folder, session.connection())


def save(
    session: Session,
    known: Known,
    question: Question,
    *,
    seen: str,
    by: str,
    now: datetime,
    is_ready: bool,
) -> QuestionVersion:
    """Keep what somebody wrote; what is asked stays as it is until a second person releases this.

    Args:
        session: of the change, begun with `begin`.
        known: what that returned.
        question: of the schema; without an id it gets the next one of its theme.
        seen: fingerprint of the question that was written on; empty for a new one.
        by: the writer's login.
        now: when.
        is_ready: it waits for a second person from now on.

    Raises:
        RefusedError: somebody else has changed the question meanwhile, or nothing is changed.
    """
    if not question.id:
        question = replace(question, id=known.next_id(question.theme))
    before = known.newest(question.id)
    if (before.fingerprint if before else "") != seen:
        raise RefusedError("您打开以后，这一题有人改过。请回到这一题，看看现在的样子再改")
    counting = known.bank.questions.get(question.id)
    waiting = known.open.get(question.id)
    if waiting is None and counting and counting.fingerprint == question.fingerprint:
        raise RefusedError("和现在的一样，没有改动，所以没有存")
    version = _open_version(session, question.id)
    if version is None:
        version = QuestionVersion(question_id=question.id)
        session.add(version)
    _fill(version, question, seed=known.seed_of(question.id), by=by, now=now)
    version.state = VersionState.WAITING if is_ready else VersionState.DRAFT
    version.released_by, version.released_at, version.note = "", None, ""
    version.batch = ""  # written anew by hand, it is looked at by itself
    session.flush()
    return version


def came_by(session: Session, version: QuestionVersion, form_key: str | None) -> None:
    """Note by which form a new question came, in the transaction that saves it (`of_form`)."""
    if form_key:
        version.form_key = form_key
        session.flush()


def of_form(session: Session, form_key: str | None) -> QuestionVersion | None:
    """Return what a form has made already; begun with `begin`, nobody makes it meanwhile."""
    if not form_key:
        return None
    asked = select(QuestionVersion).where(QuestionVersion.form_key == form_key)
    return session.scalars(asked).one_or_none()


def submit(session: Session, version: QuestionVersion, *, seen: str) -> None:
    """Have a draft wait for a second person, as it stands.

    Raises:
        RefusedError: it is no draft any more, or not what was seen.
    """
    if version.state != VersionState.DRAFT:
        raise RefusedError("这一稿已经不是草稿，别人可能已经交了")
    if version.content_hash != seen:
        raise RefusedError("您看过以后，这一稿又有人改过。请重新看一遍再交")
    version.state = VersionState.WAITING
    session.flush()


def propose_all(
    session: Session,
    known: Known,
    questions: Iterable[Question],
    *,
    batch: str,
    by: str,
    now: datetime,
) -> int:
    """Have new versions wait for a second person, all of one upload; return how many.

    None of the questions has a version that is being written (`bank_import` sees to that).
    """
    made = [
        _version(one, known, VersionState.WAITING, by=by, now=now, batch=batch) for one in questions
    ]
    session.add_all(made)
    session.flush()
    return len(made)


def release_at_once(
    session: Session, known: Known, questions: Sequence[Question], *, by: str, now: datetime
) -> None:
    """Have questions count without a second person: for who operates the machine."""
    _replace(session, [one.id for one in questions])
    for one in questions:
        version = _version(one, known, VersionState.RELEASED, by=by, now=now)
        version.released_by, version.released_at = by, now
        session.add(version)
    session.flush()


def find(session: Session, number: int) -> QuestionVersion | None:
    """Return a version, locked for the change that follows."""
    asked = select(QuestionVersion).where(QuestionVersion.id == number).with_for_update()
    return session.scalars(asked).one_or_none()


def release(
    session: Session, version: QuestionVersion, *, person: Person, seen: str, now: datetime
) -> None:
    """Have a version count in the place of the one before it.

    Args:
        session: of the change, begun with `begin`.
        version: the one.
        person: the second person.
        seen: `content_hash` of what they read.
        now: when.

    Raises:
        RefusedError: it is the writer, or the version is not what was read, or waits no more.
    """
    _require_waiting(version, person, seen)
    _replace(session, [version.question_id])
    version.state = VersionState.RELEASED
    version.released_by, version.released_at = person.login, now
    session.flush()


def refuse(
    session: Session,
    version: QuestionVersion,
    *,
    person: Person,
    seen: str,
    note: str,
    now: datetime,
) -> None:
    """Give a version back to its writer, with the reason.

    Raises:
        RefusedError: it is the writer, or the version is not what was read, or waits no more.
    """
    _require_waiting(version, person, seen)
    version.state, version.note = VersionState.REFUSED, note
    version.released_by, version.released_at = person.login, now
    session.flush()


def waiting_of(session: Session, batch: str, *, person: Person, seen: str) -> list[QuestionVersion]:
    """Return what still waits of an upload, locked, for somebody who has seen all of it.

    Raises:
        RefusedError: nothing waits, it is the uploader, or something has changed since.
    """
    asked = (
        select(QuestionVersion)
        .where(QuestionVersion.batch == batch, QuestionVersion.state == VersionState.WAITING)
        .order_by(QuestionVersion.id)
        .with_for_update()
    )
    found = list(session.scalars(asked))
    if not found:
        raise RefusedError("这一批已经没有等放行的题，别人可能已经办了")
    for version in found:
        require_second_person(version.made_by, person)
    if seal([version.content_hash for version in found]) != seen:
        raise RefusedError("您看过以后，这一批里有的题改过或办过了。请重新看一遍再定")
    return found


def seal(hashes: Iterable[str]) -> str:
    """Return one fingerprint for many, whatever their order."""
    return hashlib.sha256("\n".join(sorted(hashes)).encode()).hexdigest()


def drop(session: Session, version: QuestionVersion) -> None:
    """Give up a version that was never released; what is asked stays as it is.

    Raises:
        RefusedError: there is nothing to give up.
    """
    if version.state not in OPEN:
        raise RefusedError("这一稿已经放行或作废，不用再作废")
    version.state = VersionState.WITHDRAWN
    session.flush()


def retire(
    session: Session,
    known: Known,
    question: Question,
    *,
    on: date,
    note: str,
    by: str,
    now: datetime,
) -> None:
    """Deal a question no more from a day on: it only takes away, so one person suffices.

    Raises:
        RefusedError: it is dealt no more already.
    """
    if question.retired and question.retired <= on:
        raise RefusedError("这一题已经停用了")
    told = replace(question, retired=max(on, question.since))
    release_at_once(session, known, [told], by=by, now=now)
    made = session.scalars(
        select(QuestionVersion).where(
            QuestionVersion.question_id == told.id, QuestionVersion.state == VersionState.RELEASED
        )
    ).one()
    made.note = note
    session.flush()


def keep_ours(session: Session, known: Known, question_id: str) -> None:
    """Go on with the console's version although the file has changed since.

    Raises:
        RefusedError: there is nothing to decide.
    """
    if known.conflict(question_id) is None:
        raise RefusedError("这一题文件和管理台没有不一致，别人可能已经办了")
    session.execute(
        update(QuestionVersion)
        .where(
            QuestionVersion.question_id == question_id,
            QuestionVersion.state.in_((*OPEN, VersionState.RELEASED)),
        )
        .values(seed_hash=known.seed_of(question_id))
    )


def follow_file(
    session: Session, known: Known, question_id: str, *, by: str, now: datetime
) -> QuestionVersion:
    """Propose the file's question in the place of the console's.

    Raises:
        RefusedError: there is nothing to decide, or somebody is writing on the question.
    """
    seed = known.conflict(question_id)
    if seed is None:
        raise RefusedError("这一题文件和管理台没有不一致，别人可能已经办了")
    if question_id in known.open:
        raise RefusedError("这一题还有一稿没有放行。请先放行或作废那一稿")
    version = _version(seed, known, VersionState.WAITING, by=by, now=now)
    session.add(version)
    session.flush()
    return version


def _require_waiting(version: QuestionVersion, person: Person, seen: str) -> None:
    if version.state != VersionState.WAITING:
        raise RefusedError("这一稿已经不在等放行，别人可能已经办了")
    require_second_person(version.made_by, person)
    if version.content_hash != seen:
        raise RefusedError(_SEEN_OTHERWISE)


def _open_version(session: Session, question_id: str) -> QuestionVersion | None:
    asked = select(QuestionVersion).where(
        QuestionVersion.question_id == question_id, QuestionVersion.state.in_(OPEN)
    )
    return session.scalars(asked.with_for_update()).one_or_none()


def _replace(session: Session, ids: Sequence[str]) -> None:
    """Have the released versions of some questions count no more."""
    for start in range(0, len(ids), _SOME):
        session.execute(
            update(QuestionVersion)
            .where(
                QuestionVersion.question_id.in_(ids[start : start + _SOME]),
                QuestionVersion.state == VersionState.RELEASED,
            )
            .values(state=VersionState.REPLACED)
        )


def _version(
    question: Question,
    known: Known,
    state: VersionState,
    *,
    by: str,
    now: datetime,
    batch: str = "",
) -> QuestionVersion:
    made = QuestionVersion(
        question_id=question.id, state=state, released_by="", note="", batch=batch
    )
    _fill(made, question, seed=known.seed_of(question.id), by=by, now=now)
    return made


def _fill(
    version: QuestionVersion, question: Question, *, seed: str, by: str, now: datetime
) -> None:
    version.theme, version.content = question.theme, question.to_json()
    version.content_hash, version.seed_hash = question.fingerprint, seed
    version.made_by, version.made_at = by, now
