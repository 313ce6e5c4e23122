"""Repeals that texts announce («《…》同时废止»): proposals, until staff accept them.

Whom a text means is decided here: by number where it gives one, else by exact title, with the
days that the sentence names.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.orm import Session, aliased

from wx_archive.catalogue.announcements import Announcement, announcements
from wx_archive.catalogue.known import Known, Target
from wx_archive.catalogue.models import Document, RepealProposal
from wx_archive.catalogue.rules import document_number
from wx_archive.catalogue.timeline import State, title_key
from wx_archive.catalogue.visibility import is_current
from wx_archive.core.batches import batches
from wx_archive.core.database import Database, insert_into

_CHUNK: Final = 500
_SPEAKING: Final = (
    select(
        Document.id,
        Document.pid,
        Document.title,
        Document.dated,
        Document.effective_from,
        Document.body,
    )
    .where(is_current(Document), Document.body.contains("废止"), Document.id > bindparam("last"))
    .order_by(Document.id)
    .limit(200)
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """An announced repeal that staff are to decide on.

    Attributes:
        document: title of the text that announces it; None where it is no longer in the catalogue.
        target: title of the text that would be repealed, likewise.
    """

    id: int
    document_pid: str
    document: str | None
    target_pid: str
    target: str | None
    sentence: str
    repealed_on: date | None


def propose_all(database: Database, *, now: datetime) -> int:
    """Note what all current texts announce; return how many proposals are new.

    All, not only those that have just come in: what they repeal may have come in just now. Read
    bit by bit and without a lock; the transaction that writes is short.
    """
    announced: list[_Telling] = []
    last = 0
    while True:
        with database.reads() as connection:
            rows = connection.execute(_SPEAKING, {"last": last}).all()
        if not rows:
            break
        last = rows[-1].id
        announced += filter(None, (_telling(*row[1:]) for row in rows))
    with database.begin(unhurried=True) as session:
        return _note(session, announced, None, now)


def propose(session: Session, documents: Iterable[Document], *, now: datetime) -> int:
    """Note what the texts of ``documents`` announce about other current ones; return how many.

    What staff have decided stays decided; what a text no longer says is no proposal any more.
    """
    asked = list(documents)
    told = (
        _telling(each.pid, each.title, each.dated, each.effective_from, each.body) for each in asked
    )
    return _note(session, list(filter(None, told)), {each.pid for each in asked}, now)


@dataclass(frozen=True, slots=True)
class _Telling:
    """A document and what its text announces."""

    pid: str
    title: str
    dated: date | None
    told: tuple[Announcement, ...]


def _telling(
    pid: str, title: str, dated: date | None, effective_from: date | None, body: str
) -> _Telling | None:
    told = announcements(body, dated=dated, effective_from=effective_from)
    return _Telling(pid, title, dated, told) if told else None


def _note(
    session: Session, announced: Sequence[_Telling], asked: Collection[str] | None, now: datetime
) -> int:
    """Write what is announced; proposals keep their numbers as long as a text makes them.

    Args:
        session: the transaction.
        announced: what the texts say.
        asked: public ids of the documents that were read; None for all there are.
        now: the present instant.
    """
    known = Known.of(session)
    rows = [row for telling in announced for row in _rows(telling, known, now)]
    wanted = {(row["document_pid"], row["target_pid"]) for row in rows}
    waiting = select(
        RepealProposal.id, RepealProposal.document_pid, RepealProposal.target_pid
    ).where(RepealProposal.state == State.PROPOSED.value, RepealProposal.document_pid != "")
    stale = [
        number
        for number, document, target in session.execute(waiting)
        if (asked is None or document in asked) and (document, target) not in wanted
    ]
    for chunk in batches(stale, _CHUNK):
        session.execute(delete(RepealProposal).where(RepealProposal.id.in_(chunk)))
    return sum(_write(session, row) for row in rows)


def _write(session: Session, row: Mapping[str, object]) -> bool:
    """Write one proposal, or what its text says by now; tell whether it is new."""
    new = insert_into(session, RepealProposal).values(**row)
    keys = ["document_pid", "target_pid"]
    new = new.on_conflict_do_nothing(index_elements=keys)
    if session.execute(new.returning(RepealProposal.id)).first() is not None:
        return True
    session.execute(
        update(RepealProposal)
        .where(
            RepealProposal.document_pid == row["document_pid"],
            RepealProposal.target_pid == row["target_pid"],
            RepealProposal.state == State.PROPOSED.value,
        )
        .values(sentence=row["sentence"], repealed_on=row["repealed_on"])
    )
    return False


def _rows(document: _Telling, known: Known, now: datetime) -> Iterator[dict[str, object]]:
    """Return one row for each document that is meant and not known to be repealed by then."""
    for announcement in document.told:
        for target in meant(document, announcement, known):
            since = announcement.repealed_on
            if target.repealed_on and (since is None or target.repealed_on <= since):
                continue
            yield {
                "document_pid": document.pid,
                "target_pid": target.pid,
                "sentence": announcement.sentence,
                "repealed_on": since,
                "state": State.PROPOSED.value,
                "proposed_at": now,
            }


def meant(document: _Telling, told: Announcement, known: Known) -> list[Target]:
    """Return the current documents that an announcement can mean.

    A number decides; where the catalogue has none, the title. Titles come back: a later text of
    the same title is not meant, and of the document's own title only one of a day or of a number's
    year that the sentence names. Others may have been revised since that day.
    """
    until = told.repealed_on or document.dated
    key = document_number(told.number) if told.number else None
    if key and key in known.by_number:
        named = [each for each in known.by_number[key] if _fits(told.title, each.title)]
    else:
        named = known.by_title.get(title_key(told.title), []) if told.title else []
        if title_key(told.title) == title_key(document.title):
            named = [each for each in named if each.dated in told.days or _is_of_year(each, key)]
    return [
        each
        for each in named
        if each.pid != document.pid and (until is None or each.dated is None or each.dated < until)
    ]


def _is_of_year(target: Target, key: str | None) -> bool:
    year = key.split("|")[1] if key else ""
    return target.dated is not None and str(target.dated.year) == year


def _fits(told: str, title: str) -> bool:
    """Tell whether a printed title is that of a document, which may have its issuer before it."""
    return not told or title_key(title).endswith(title_key(told))


def pending(
    connection: Connection, *, after: int = 0, most: int | None = None
) -> tuple[Proposal, ...]:
    """Return what staff have to decide on, oldest first.

    Args:
        connection: for reading.
        after: only those of a greater number.
        most: how many at most; None for all.
    """
    document, target = aliased(Document), aliased(Document)
    statement = (
        select(
            *(RepealProposal.id, RepealProposal.document_pid, document.title),
            *(RepealProposal.target_pid, target.title),
            *(RepealProposal.sentence, RepealProposal.repealed_on),
        )
        .select_from(RepealProposal)
        .outerjoin(document, (document.pid == RepealProposal.document_pid) & is_current(document))
        .outerjoin(target, (target.pid == RepealProposal.target_pid) & is_current(target))
        .where(RepealProposal.state == State.PROPOSED.value, RepealProposal.id > after)
        .order_by(RepealProposal.id)
        .limit(most)
    )
    return tuple(Proposal(*row) for row in connection.execute(statement))
